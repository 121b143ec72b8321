use super::*;
use crate::config::RunConfig;
use crate::random::Stream;

fn small(seed: u32) -> Trace {
    let mut stream = Stream::new(seed, "trace");
    let entries: Vec<Entry> = [
        ("hook_embed", vec![3, 4]),
        ("blocks.0.attn.hook_attn_scores", vec![2, 3, 3]),
        ("blocks.0.attn.hook_span", vec![3]),
    ]
    .map(|(name, shape)| Entry {
        name: name.into(),
        shape,
    })
    .into();
    let data = (0..12 + 18 + 3)
        .map(|n| match n % 7 {
            5 => f32::NEG_INFINITY,
            _ => stream.normal() as f32,
        })
        .collect();
    let about = About {
        version: VERSION,
        text: "abé".into(),
        tokens: vec![0, 1, 2],
        cut: 0,
        vocab: vec!['a', 'b', 'é'],
        model: RunConfig::default().model,
        step: 7,
        path: Path::Readable,
        backend: Backend::Cpu,
        interventions: vec![Intervention::Head {
            layer: 0,
            head: 1,
            pass: None,
            scale: 0.0,
        }],
        first: 0,
        entries,
    };
    Trace::new(about, data).expect("the lengths add up")
}

#[test]
fn every_format_gives_back_what_it_was_given() {
    for format in Format::ALL {
        let trace = small(1);
        let bytes = trace.export(format).expect("written");
        assert_eq!(Trace::import(&bytes, format), Ok(trace), "{format:?}");
        for other in Format::ALL.into_iter().filter(|other| *other != format) {
            assert!(
                Trace::import(&bytes, other).is_err(),
                "{format:?} as {other:?}"
            );
        }
    }
}

#[test]
fn arrays_are_found_by_name_and_index() {
    let trace = small(2);
    let scores = trace.get("blocks.0.attn.hook_attn_scores").expect("there");
    assert_eq!(scores.shape, [2, 3, 3]);
    assert_eq!(scores.at(&[1, 2, 0]), Some(trace.data()[12 + 9 + 6]));
    assert_eq!(scores.at(&[2, 0, 0]), None);
    assert_eq!(scores.at(&[0, 0]), None);
    assert_eq!(trace.get("hook_pos_embed"), None);
    assert_eq!(trace.names().count(), 3);
}

#[test]
fn what_does_not_add_up_is_named() {
    let trace = small(4);
    let with = |change: fn(&mut About)| {
        let mut about = trace.about.clone();
        change(&mut about);
        let error = Trace::new(about, trace.data().to_vec());
        error.expect_err("must be refused").to_string()
    };
    assert!(with(|about| about.version = 2).contains("version 2"));
    assert!(with(|about| about.entries[0].shape[0] = 4).contains("37"));
    assert!(with(|about| about.entries[1].shape = vec![usize::MAX, 2]).contains("larger"));
    assert!(with(|about| about.entries[2].name = "hook_embed".into()).contains("twice"));
}
