//! In which order functions stand.
//!
//! Compressors look for what they have seen before, and take less to say so when it was not long ago;
//! gzip has forgotten it after 32 KB. Much of a Rust program is the same function compiled for another
//! type, which the linker puts wherever that type is used. So each function is followed by the one
//! that is most like it of those that are left.

use std::collections::HashMap;

/// Functions are as alike as they share pieces, four bytes each: about the shortest that a compressor
/// refers back to.
type Piece = [u8; 4];
/// A piece that more functions have says little of any, and would take long to follow up.
const COMMON: usize = 1000;

/// Where each function goes to: the first stays the first.
pub fn by_likeness(functions: &[&[u8]]) -> Vec<usize> {
    let pieces: Vec<Vec<Piece>> = functions.iter().map(|code| distinct_pieces(code)).collect();
    // By piece, the functions that have it.
    let mut owners: HashMap<Piece, Vec<usize>> = HashMap::new();
    for (function, pieces) in pieces.iter().enumerate() {
        for piece in pieces {
            owners.entry(*piece).or_default().push(function);
        }
    }
    owners.retain(|_, owners| (2..=COMMON).contains(&owners.len()));

    let mut order = Vec::with_capacity(functions.len());
    let mut left = vec![true; functions.len()];
    // How many pieces of the present function each of the others has.
    let mut shared = vec![0usize; functions.len()];
    let mut next = (!functions.is_empty()).then_some(0);
    let mut first_left = 0;
    while let Some(present) = next {
        left[present] = false;
        order.push(present);
        let mut met = Vec::new();
        for owners in pieces[present].iter().filter_map(|piece| owners.get(piece)) {
            for &other in owners.iter().filter(|other| left[**other]) {
                if shared[other] == 0 {
                    met.push(other);
                }
                shared[other] += 1;
            }
        }
        let mut best = (0.0, None);
        for other in met {
            let both = std::mem::take(&mut shared[other]);
            let either = pieces[present].len() + pieces[other].len() - both;
            let likeness = both as f64 / either as f64;
            if likeness > best.0 {
                best = (likeness, Some(other));
            }
        }
        while left.get(first_left) == Some(&false) {
            first_left += 1;
        }
        next = best.1.or((first_left < left.len()).then_some(first_left));
    }
    order
}

fn distinct_pieces(code: &[u8]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = code.array_windows().copied().collect();
    pieces.sort_unstable();
    pieces.dedup();
    pieces
}

#[cfg(test)]
mod tests {
    use super::by_likeness;

    #[test]
    fn functions_that_are_alike_stand_side_by_side() {
        let functions: [&[u8]; 5] = [
            b"first and long",
            b"something else altogether",
            b"first and longer",
            b"x",
            b"something else again",
        ];
        assert_eq!(by_likeness(&functions), [0, 2, 1, 4, 3]);
    }

    #[test]
    fn every_function_comes_once() {
        let bytes: Vec<u8> = (0..4000u32).map(|n| (n % 50) as u8).collect();
        let functions: Vec<&[u8]> = bytes.chunks(37).collect();
        let mut order = by_likeness(&functions);
        assert_ne!(order, (0..functions.len()).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..functions.len()).collect::<Vec<_>>());
        assert!(by_likeness(&[]).is_empty());
    }
}
