//! The curve as a table, for those who do not see it and those who want the numbers.

use super::history::History;
use crate::page::format;
use yew::prelude::*;

/// Rows that tell a run's story.
const ROWS: u32 = 12;

/// A row: step, smoothed training loss, last validation loss.
pub type Row = (u32, f32, Option<f32>);

/// Steps spread evenly over the run, the last one included.
pub fn rows(history: &History) -> Vec<Row> {
    let last = history.last_step();
    let first = history.buckets().first().map_or(0, |bucket| bucket.first);
    let mut rows: Vec<Row> = Vec::new();
    for n in 1..=ROWS {
        let span = f64::from(last - first);
        let wanted = first + (span * f64::from(n) / f64::from(ROWS)).round() as u32;
        let Some(bucket) = history.nearest(wanted) else {
            continue;
        };
        if rows.last().is_none_or(|row| row.0 < bucket.last) {
            let validation = history.validated(bucket.last).map(|v| v.loss);
            rows.push((bucket.last, bucket.smooth, validation));
        }
    }
    rows
}

pub fn table(history: &History) -> Html {
    let cell = |loss: Option<f32>| loss.map_or("–".to_string(), format::loss);
    html! {
        <table>
            <thead>
                <tr>
                    <th scope="col">{ "Step" }</th>
                    <th scope="col">{ "Training loss, smoothed" }</th>
                    <th scope="col">{ "Validation loss" }</th>
                </tr>
            </thead>
            <tbody class="number">
                for (step, train, validation) in rows(history) {
                    <tr>
                        <th scope="row">{ format::count(u64::from(step)) }</th>
                        <td>{ format::loss(train) }</td>
                        <td>{ cell(validation) }</td>
                    </tr>
                }
            </tbody>
        </table>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::StepReport;

    #[test]
    fn rows_are_spread_over_the_run_and_end_with_it() {
        let mut history = History::default();
        assert!(rows(&history).is_empty());
        for step in 1..=1000 {
            history.push(&StepReport {
                step,
                train_loss: 2.0,
                val_loss: (step % 250 == 0).then_some(2.5),
                lr: 0.0,
                grad_norm: 0.0,
                ms: 1.0,
            });
        }
        let rows = rows(&history);
        assert_eq!(rows.len(), ROWS as usize);
        assert_eq!(
            rows.last().map(|row| (row.0, row.2)),
            Some((1000, Some(2.5)))
        );
        assert_eq!(rows[0].2, None);
    }

    #[test]
    fn a_short_run_has_no_row_twice() {
        let mut history = History::default();
        for step in 1..=3 {
            history.push(&StepReport {
                step,
                train_loss: 2.0,
                val_loss: None,
                lr: 0.0,
                grad_norm: 0.0,
                ms: 1.0,
            });
        }
        let steps: Vec<u32> = rows(&history).iter().map(|row| row.0).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(steps.last(), Some(&3));
    }
}
