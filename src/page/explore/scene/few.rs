//! Of many keys those that a picture has room for.

/// Rows of a key each, up to which all are drawn: of more the last would be out of sight, and the
/// result with it.
const ROWS: usize = 25;
/// Rows that are drawn of more: high enough for their bars and the character of each.
const DRAWN: usize = 16;

/// The keys that have a row, in order: all where there is room, else those that rank highest, and
/// `also` in any case.
pub fn few(ranks: &[f64], also: &[usize]) -> Vec<usize> {
    let mut keys: Vec<usize> = (0..ranks.len()).collect();
    if keys.len() > ROWS {
        keys.sort_by(|a, b| {
            let first = |key| !also.contains(key);
            (first(a).cmp(&first(b))).then(ranks[*b].total_cmp(&ranks[*a]))
        });
        keys.truncate(DRAWN);
        keys.sort_unstable();
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_are_drawn_where_there_is_room() {
        let ranks = [0.3, f64::NAN, 0.1];
        assert_eq!(few(&ranks, &[]), [0, 1, 2]);
        assert_eq!(few(&[0.0; ROWS], &[3]).len(), ROWS);
    }

    #[test]
    fn of_many_the_largest_stay_in_their_order_with_what_is_picked() {
        let ranks: Vec<f64> = (0..90u32).map(|n| f64::from(n * 37 % 90)).collect();
        let drawn = few(&ranks, &[]);
        assert_eq!(drawn.len(), DRAWN);
        assert!(drawn.is_sorted() && drawn.iter().all(|key| ranks[*key] >= 74.0));
        let least = 0;
        assert!(!drawn.contains(&least));
        let picked = few(&ranks, &[least]);
        assert_eq!(picked.len(), DRAWN);
        assert!(picked.is_sorted() && picked.contains(&least));
        // Only the last of the others gives way.
        assert_eq!(drawn.iter().filter(|key| !picked.contains(key)).count(), 1);
    }
}
