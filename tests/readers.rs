//! Files from anywhere: truncated, foreign, damaged, made up. None makes a reader panic, or take more
//! memory than the file's own size times a stated factor.

use glassformer::config::RunConfig;
use glassformer::engine::{checkpoint, device::Place, run::Run};
use glassformer::protocol::Backend;
use glassformer::random::Stream;
use glassformer::trace::{About, Entry, Format, Path, Trace, VERSION};
use pollster::block_on;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts what this thread holds, and the most that it held.
struct Counting;

thread_local! {
    static HELD: Cell<usize> = const { Cell::new(0) };
    static MOST: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: memory comes from the system's allocator and goes back to it; counting touches none.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no counters any more.
        let _ = HELD.try_with(|held| {
            held.set(held.get() + layout.size());
            let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
        });
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        let _ = HELD.try_with(|held| held.set(held.get().saturating_sub(layout.size())));
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What a reader may hold at most, of a file of so many bytes.
fn most_allowed(file: usize) -> usize {
    // What it takes whatever the file, such as an error's words and a backtrace.
    const ALWAYS: usize = 256 << 10;
    100 * file + ALWAYS
}

/// Reads, and complains when it took too much memory.
fn frugally<T>(file: &[u8], read: impl FnOnce(&[u8]) -> T) -> T {
    let before = HELD.get();
    MOST.set(before);
    let result = read(file);
    let taken = MOST.get() - before;
    assert!(
        taken <= most_allowed(file.len()),
        "{taken} bytes for a file of {}",
        file.len()
    );
    result
}

fn a_trace() -> Trace {
    let mut stream = Stream::new(1, "trace");
    let entries = [
        ("hook_embed", vec![3, 4]),
        ("blocks.0.attn.hook_attn_scores", vec![2, 3, 3]),
        ("blocks.0.attn.hook_span", vec![3]),
    ];
    let entries = entries.map(|(name, shape)| Entry {
        name: name.into(),
        shape,
    });
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
        interventions: vec![],
        first: 0,
        entries: entries.into(),
    };
    let data = (0..12 + 18 + 3).map(|_| stream.normal() as f32).collect();
    Trace::new(about, data).expect("the lengths add up")
}

fn a_checkpoint() -> Vec<u8> {
    let mut config = RunConfig::default();
    config.model.n_layer = 1;
    config.model.n_head = 1;
    config.model.n_embd = 4;
    config.model.block_size = 4;
    let run = Run::new(config, &"abcab".repeat(20), &Place::cpu()).expect("a run");
    block_on(checkpoint::save(&run, false)).expect("saved")
}

/// The file with a few bytes changed, cut out, put in or put elsewhere.
fn damaged(good: &[u8], stream: &mut Stream) -> Vec<u8> {
    let mut bad = good.to_vec();
    for _ in 0..=stream.below(4) {
        let place = stream.below(bad.len());
        match stream.below(8) {
            0 => drop(bad.drain(place..(place + 1 + stream.below(9)).min(bad.len()))),
            1 => bad.insert(place, stream.below(256) as u8),
            2 => bad.truncate(place + 1),
            // Where lengths and sizes stand, large numbers are the dangerous ones.
            3 => {
                for byte in bad.iter_mut().skip(place).take(1 + stream.below(8)) {
                    *byte = 0xff;
                }
            }
            // A digit more in a number of the text.
            4 => bad.insert(place, b'9'),
            _ => bad[place] = stream.below(256) as u8,
        }
        if bad.is_empty() {
            bad.push(0);
        }
    }
    bad
}

fn noise(stream: &mut Stream) -> Vec<u8> {
    let n = stream.below(300);
    (0..n).map(|_| stream.below(256) as u8).collect()
}

#[test]
fn three_quarters_of_a_million_files_are_no_trace_or_a_whole_one() {
    for format in Format::ALL {
        let good = a_trace().export(format).expect("written");
        let mut stream = Stream::new(format as u32, "damage");
        let mut whole = 0;
        for n in 0..250_000 {
            let bad = match n % 8 {
                0 => noise(&mut stream),
                _ => damaged(&good, &mut stream),
            };
            // Some damage only changes a number or a space, which no reader can know.
            if let Ok(trace) = frugally(&bad, |bad| Trace::import(bad, format)) {
                assert_eq!(
                    trace.arrays().map(|(_, a)| a.data.len()).sum::<usize>(),
                    trace.data().len()
                );
                whole += 1;
            }
        }
        // Else the damage is so large that nothing deep is ever reached.
        assert!(whole > 1000, "{whole} of {format:?}");
    }
}

#[test]
fn a_quarter_of_a_million_files_are_no_checkpoint_or_a_whole_one() {
    let good = a_checkpoint();
    let mut stream = Stream::new(1, "damage");
    let (mut whole, place) = (0, Place::cpu());
    for n in 0..250_000 {
        let bad = match n % 8 {
            0 => noise(&mut stream),
            _ => damaged(&good, &mut stream),
        };
        let read = frugally(&bad, |bad| checkpoint::load(bad, None, &place));
        whole += usize::from(read.is_ok());
    }
    assert!(whole > 1000, "{whole}");
}

#[test]
fn a_small_file_does_not_make_a_large_model() {
    let good = a_checkpoint();
    let small = b"\\\"n_embd\\\":4,";
    let at = good.windows(small.len()).position(|w| w == small);
    let at = at.expect("the header has the configuration");
    let mut bad = good.clone();
    bad.splice(at..at + small.len(), b"\\\"n_embd\\\":768,".iter().copied());
    // The header begins with its own length, and ends with spaces.
    let length = u64::from_le_bytes(good[..8].try_into().expect("eight bytes")) + 2;
    bad[..8].copy_from_slice(&length.to_le_bytes());
    let refused = frugally(&bad, |bad| checkpoint::load(bad, None, &Place::cpu()));
    let message = refused.expect_err("must be refused").to_string();
    assert!(message.contains("has room for"), "{message}");
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    for format in Format::ALL {
        let good = a_trace().export(format).expect("written");
        for end in 0..good.len() {
            let cut = frugally(&good[..end], |cut| Trace::import(cut, format));
            assert!(cut.is_err(), "{format:?} cut at {end}");
        }
    }
    let good = a_checkpoint();
    for end in 0..good.len() {
        let cut = frugally(&good[..end], |cut| {
            checkpoint::load(cut, None, &Place::cpu())
        });
        assert!(cut.is_err(), "cut at {end}");
    }
}
