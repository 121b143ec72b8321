use super::names::{find_cell, find_like, find_quantity, find_scene, of_cell, of_scene};
use super::reader::{Kept, Present, Reader, reader};
use super::*;
use crate::config::attention::Normaliser;
use crate::config::{Attention, Norm, RunConfig};
use crate::explain::Cell;
use crate::explain::golden::{ALL, golden};
use crate::models::Manifest;
use crate::page::explore::journey::journey;
use crate::page::state::tests::ready_made;
use crate::random::Stream;
use crate::trace::{Branch, Pass};

/// Characters that mean something in an address, in JSON or to a reader, and some of every width.
const SIGNS: &str = "ab 0+-&=%#?/\"'{}[]:,.;<>\\\n\t\r\0ß€語🙂\u{202e}\u{feff}\u{fffd}";

fn words(chance: &mut Stream) -> String {
    let signs: Vec<char> = SIGNS.chars().collect();
    let length = chance.below(12);
    let one = |chance: &mut Stream| match chance.below(4) {
        0 => char::from_u32(chance.below(0x11_0000) as u32).unwrap_or('x'),
        _ => chance.choose(&signs).copied().unwrap_or('y'),
    };
    (0..length).map(|_| one(chance)).collect()
}

fn change(chance: &mut Stream) -> Intervention {
    let (layer, head) = (chance.below(9), chance.below(9));
    let passes = [None, Some(Pass::Global), Some(Pass::Local)];
    let pass = chance.choose(&passes).copied().flatten();
    let position = Some(chance.below(70)).filter(|n| n % 2 == 0);
    let number = chance.normal() as f32;
    let branch = match chance.below(2) {
        0 => Branch::Attn,
        _ => Branch::Mlp,
    };
    match chance.below(8) {
        0 => Intervention::Head {
            layer,
            head,
            pass,
            scale: number,
        },
        1 => Intervention::Cell {
            layer,
            head,
            pass,
            query: chance.below(70),
            key: chance.below(70),
            weight: number,
            renormalise: chance.below(2) == 0,
        },
        2 => Intervention::Row {
            layer,
            head,
            pass,
            query: 1,
            weights: vec![number, 0.5],
            renormalise: true,
        },
        3 => Intervention::Branch { layer, branch },
        4 => Intervention::Residual { layer, branch },
        5 => Intervention::Embedding {
            position: chance.below(70),
            values: vec![number; 3],
        },
        6 => Intervention::Temperature {
            layer,
            position,
            value: number,
        },
        _ => Intervention::Span {
            layer,
            position,
            tokens: number,
        },
    }
}

/// Any link whatever.
fn any(chance: &mut Stream) -> Link {
    let maybe = |chance: &mut Stream| Some(chance.below(1_000)).filter(|n| n % 3 > 0);
    let share = |chance: &mut Stream| maybe(chance).map(|n| n as f64 / 1e3);
    let mut link = Link {
        step: maybe(chance).map(|n| n as u32),
        layer: maybe(chance),
        token: maybe(chance),
        head: maybe(chance),
        overview: chance.below(2) == 0,
        lines: share(chance),
        time: share(chance),
        drawn: maybe(chance),
        ..Link::default()
    };
    for (knob, value) in [
        (Knob::Temperature, chance.below(101) as f32 / 10.0),
        (Knob::TopK, chance.below(60) as f32),
        (Knob::TopP, (1 + chance.below(99)) as f32 / 100.0),
        (Knob::Seed, chance.below(1_000) as f32),
    ] {
        if chance.below(2) == 0 {
            link.draw.insert(knob, value.to_string());
        }
    }
    link.model = match chance.below(3) {
        0 => Some(Model::ReadyMade(words(chance))),
        1 => Some(Model::Own(words(chance))),
        _ => None,
    };
    link.kind = chance.choose(&Kind::ALL).copied().filter(|_| link.overview);
    for part in [&mut link.text, &mut link.scene, &mut link.cell] {
        *part = Some(words(chance)).filter(|words| words.len() % 5 > 0);
    }
    link.changes = (0..chance.below(4)).map(|_| change(chance)).collect();
    link
}

#[test]
fn every_link_comes_back_from_its_address() {
    let mut chance = Stream::new(1, "links");
    for _ in 0..4_000 {
        let link = any(&mut chance);
        let hash = link.hash();
        assert!(
            hash.is_ascii() && !hash.contains(char::is_whitespace),
            "{hash}"
        );
        assert_eq!(Link::read(&hash), (link, Vec::new()), "{hash}");
    }
}

#[test]
fn no_address_whatever_is_too_much() {
    let mut chance = Stream::new(2, "addresses");
    for n in 0..20_000 {
        let mut hash = any(&mut chance).hash();
        if n % 2 == 0 {
            // A link that lost something on its way: cut, or a piece put in.
            let at = chance.below(hash.len() + 1);
            match n % 4 {
                0 => hash.truncate(at),
                _ => hash.insert_str(at, &words(&mut chance)),
            }
        } else {
            hash = format!(
                "{}{}",
                chance.choose(&["", "#", "#/explore?"]).unwrap_or(&""),
                words(&mut chance)
            );
        }
        let (link, unread) = Link::read(&hash);
        assert!(unread.iter().all(|words| !words.is_empty()));
        // What was understood is a link like any other.
        assert_eq!(Link::read(&link.hash()).0.hash(), link.hash(), "{hash}");
    }
}

#[test]
fn an_address_is_read_as_one_writes_it_by_hand() {
    let hash = "#/explore?model=glass-standard&text=the+big%20dog&scene=softmax&layer=1&token=4&head=2&time=0.5";
    let (link, unread) = Link::read(hash);
    assert_eq!(unread, [] as [String; 0]);
    let expected = Link {
        model: Some(Model::ReadyMade("glass-standard".into())),
        text: Some("the big dog".into()),
        scene: Some("softmax".into()),
        layer: Some(1),
        token: Some(4),
        head: Some(2),
        time: Some(0.5),
        ..Link::default()
    };
    assert_eq!(link, expected);
    for bare in [
        "",
        "#",
        "#/",
        "#/explore",
        "#/explore?",
        "#/train",
        "#/train?token=x",
    ] {
        let (link, unread) = Link::read(bare);
        assert!(link.is_empty() && unread.is_empty(), "{bare}: {unread:?}");
    }
}

#[test]
fn what_is_damaged_is_named_and_the_rest_is_used() {
    let hash = "#/explore?token=many&colour=red&time=7&layer=-1&kind=glass&change=%7B%7D&view=inside&head=3&temperature=-1&top-p=0&seed=x&top-k=7.50&drawn=few";
    let (link, unread) = Link::read(hash);
    assert_eq!(
        (link.head, link.token, link.time, link.layer),
        (Some(3), None, None, None)
    );
    assert!(link.kind.is_none() && link.changes.is_empty() && !link.overview);
    assert!(link.draw.is_empty() && link.drawn.is_none());
    let named = [
        "“many” as its token",
        "“colour”",
        "“7” as its time",
        "“-1” as its layer",
    ];
    let rest = [
        "“glass” as its kind",
        "“{}” as its change",
        "“inside” as its view",
        "“-1” as its temperature",
        "“0” as its top-p",
        "“x” as its seed",
        "“7.50” as its top-k",
        "“few” as its drawn",
    ];
    assert_eq!(unread.len(), named.len() + rest.len());
    for (words, part) in unread.iter().zip(named.into_iter().chain(rest)) {
        assert!(words.contains(part), "{words} does not name {part}");
    }
    let (_, unread) = Link::read("#/explain?token=3");
    assert!(unread[0].contains("“/explain”"), "{unread:?}");
    let long = quoted(&"x".repeat(4_000));
    assert!(long.chars().count() < 60, "{long}");
}

/// Every configuration that has other scenes.
fn journeys() -> impl Iterator<Item = Vec<crate::page::explore::journey::Stop>> {
    let norms = [Norm::Pre, Norm::Post, Norm::None];
    let kinds = Kind::ALL.into_iter();
    kinds.flat_map(move |kind| {
        norms.map(|norm| {
            let mut model = RunConfig::default().model;
            model.attention = Attention::of(kind, Normaliser::default());
            model.norm = norm;
            journey(&model)
        })
    })
}

#[test]
fn every_scene_of_every_kind_is_found_by_its_name() {
    for journey in journeys() {
        for (n, stop) in journey.iter().enumerate() {
            let name = of_scene(stop.scene);
            assert!(
                name.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{name}"
            );
            assert_eq!(find_scene(&journey, &name, stop.layer), Some(n), "{name}");
        }
        assert_eq!(find_scene(&journey, "", 0), None);
        assert_eq!(find_scene(&journey, "softmax", 900), None);
    }
}

#[test]
fn a_scene_of_another_kind_has_its_like() {
    let of = |kind| {
        let mut model = RunConfig::default().model;
        model.attention = Attention::of(kind, Normaliser::default());
        journey(&model)
    };
    let like = |kind, name| {
        let journey = of(kind);
        find_like(&journey, name, 1).map(|n| of_scene(journey[n].scene))
    };
    let is = |name: &str| Some(name.to_string());
    assert_eq!(like(Kind::Standard, "softmax-local"), is("softmax"));
    assert_eq!(like(Kind::AdaptiveSpan, "softmax"), is("softmax-global"));
    assert_eq!(like(Kind::Additive, "score-global"), is("additive-score"));
    assert_eq!(like(Kind::Standard, "additive-score"), is("score"));
    assert_eq!(like(Kind::Standard, "gate"), None);
}

#[test]
fn every_number_of_every_pass_is_found_by_its_name() {
    for bytes in ALL {
        let (trace, _) = golden(bytes);
        let layers = trace.about.model.n_layer;
        for (name, array) in trace.arrays() {
            let quantity = find_quantity(name, layers);
            let quantity = quantity.unwrap_or_else(|| panic!("{name} is not known"));
            let places = vec![0; quantity.shape().rank()];
            let cell = Cell::new(quantity, &places);
            assert_eq!(find_cell(&of_cell(cell), layers), Some(cell), "{name}");
            assert!(array.shape.len() >= places.len());
        }
    }
    for name in [
        "",
        "logits",
        "logits-1",
        "logits-x-y",
        "logits-1-2-3",
        "blocks.9.hook_attn_out-0-0",
    ] {
        assert_eq!(find_cell(name, 2), None, "{name}");
    }
}

fn manifest() -> Manifest {
    let models = [("glass", Kind::Standard), ("glass", Kind::HeadGated)];
    let models = models.map(|(corpus, kind)| ready_made(corpus, kind));
    Manifest {
        models: models.into(),
    }
}

fn present(label: &str, kind: Kind, own: bool) -> Present {
    Present {
        label: label.into(),
        kind,
        step: 70,
        own,
    }
}

fn linked(model: Model, kind: Kind) -> Link {
    Link {
        model: Some(model),
        kind: Some(kind),
        step: Some(50),
        ..Link::default()
    }
}

#[test]
fn a_ready_made_model_is_opened_by_its_name_and_never_in_the_place_of_a_run() {
    let models = manifest();
    let name = &models.models[1].name;
    let link = linked(Model::ReadyMade(name.clone()), Kind::HeadGated);
    let decide = |present: Option<&Present>| reader(&link, present, Some(&models), None);
    assert_eq!(decide(None), (Reader::Open(name.clone()), None));
    let other = present("glass-standard", Kind::Standard, false);
    assert_eq!(decide(Some(&other)), (Reader::Open(name.clone()), None));
    let open = present(name, Kind::HeadGated, false);
    assert_eq!(decide(Some(&open)), (Reader::Called(name.clone()), None));
    let own = present("copy", Kind::Standard, true);
    let (reads, said) = decide(Some(&own));
    assert_eq!(reads, Reader::Called("copy".into()));
    assert!(said.is_some_and(|said| said.contains(name) && said.contains("would end it")));
}

#[test]
fn what_is_missing_is_said_and_the_nearest_model_reads() {
    let models = manifest();
    let gated = models.models[1].name.clone();
    let decide = |link: &Link, kept| reader(link, None, Some(&models), kept);
    let own = linked(Model::Own("my text".into()), Kind::HeadGated);
    let (reads, said) = decide(&own, None);
    let said = said.expect("words");
    assert_eq!(reads, Reader::Open(gated.clone()));
    for part in [
        "“my text”",
        "head-gated",
        "step 50",
        "not in this browser",
        &gated,
    ] {
        assert!(said.contains(part), "{said} does not say {part}");
    }
    let kept = |label, step| Some(Kept { label, step });
    let other = decide(&own, kept("other", 50));
    assert_eq!(other.0, Reader::Open(gated.clone()));
    // A run that is kept is taken up again.
    let mine = Reader::Kept("my text".into());
    assert_eq!(decide(&own, kept("my text", 50)), (mine.clone(), None));
    let (reads, said) = decide(&own, kept("my text", 70));
    assert_eq!(reads, mine);
    assert!(said.is_some_and(|said| said.contains("step 50") && said.contains("step 70")));
    let gone = linked(Model::ReadyMade("gone".into()), Kind::HeadGated);
    let (reads, said) = decide(&gone, None);
    assert_eq!(reads, Reader::Open(gated));
    assert!(said.is_some_and(|said| said.contains("“gone”")));
    assert_eq!(reader(&gone, None, None, None).0, Reader::Any);
    assert_eq!(
        reader(&Link::default(), None, Some(&models), None),
        (Reader::Any, None)
    );
}

#[test]
fn ones_own_run_is_known_again_and_its_step_is_compared() {
    let models = manifest();
    let run = present("my text", Kind::HeadGated, true);
    let decide = |link: &Link| reader(link, Some(&run), Some(&models), None);
    let mut link = linked(Model::Own("my text".into()), Kind::HeadGated);
    let (reads, said) = decide(&link);
    assert_eq!(reads, Reader::Called("my text".into()));
    assert!(said.is_some_and(|said| said.contains("step 50") && said.contains("step 70")));
    link.step = Some(70);
    assert_eq!(decide(&link).1, None);
    link.kind = Some(Kind::Additive);
    assert!(
        decide(&link)
            .1
            .is_some_and(|said| said.contains("not in this browser"))
    );
}
