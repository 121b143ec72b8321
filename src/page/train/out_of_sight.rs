//! What became of a run while nobody saw the page: browsers slow what is out of sight, and whoever
//! comes back is told by how much.

use crate::page::format;
use crate::page::live::Live;
use gloo::events::EventListener;
use std::cell::Cell;
use yew::prelude::*;

/// Glances away that are shorter, in seconds, are not worth a word.
const GLANCE: f64 = 2.0;
/// A run that keeps this share of its pace was not slowed.
const UNSLOWED: f64 = 0.8;

#[derive(PartialEq, Properties)]
pub struct OutOfSightProps {
    pub live: Live,
}

/// A run as it was when the page went out of sight.
#[derive(Clone, Copy)]
struct Left {
    /// By the browser's clock, in milliseconds.
    at: f64,
    step: u32,
    /// Steps a second, once they are known.
    pace: Option<f64>,
}

/// What a run did out of sight.
#[derive(Clone, Copy, PartialEq)]
struct Away {
    seconds: f64,
    steps: u32,
    pace_before: Option<f64>,
}

/// A line below the run bar's, once the page of a run that trains has been out of sight.
#[component]
pub fn OutOfSight(props: &OutOfSightProps) -> Html {
    let away = use_state(|| None);
    {
        let away = away.clone();
        use_effect_with(props.live.clone(), move |live| {
            let document = gloo::utils::document();
            let left = Cell::new(document.hidden().then(|| Left::now(live)));
            let live = live.clone();
            let listener = EventListener::new(&document.clone(), "visibilitychange", move |_| {
                if document.hidden() {
                    left.set(Some(Left::now(&live)));
                } else if let Some(left) = left.take() {
                    away.set(Some(left.until_now(&live)));
                }
            });
            move || drop(listener)
        });
    }
    match away.filter(|away| away.seconds >= GLANCE) {
        Some(away) => html! { <p class="out-of-sight" role="status">{ away.told() }</p> },
        None => Html::default(),
    }
}

impl Left {
    fn now(live: &Live) -> Self {
        Left {
            at: js_sys::Date::now(),
            step: step(live),
            pace: live.ms_per_step().map(|ms| 1e3 / ms),
        }
    }

    fn until_now(self, live: &Live) -> Away {
        Away {
            seconds: (js_sys::Date::now() - self.at) / 1e3,
            steps: step(live).saturating_sub(self.step),
            pace_before: self.pace,
        }
    }
}

/// The step that has arrived, whether or not it has been drawn.
fn step(live: &Live) -> u32 {
    live.with_history(|history| history.last_step())
}

impl Away {
    fn told(self) -> String {
        let steps = format::count(u64::from(self.steps));
        let told = format!(
            "Out of sight for {}, the run made {steps} steps",
            format::duration(self.seconds)
        );
        let pace = f64::from(self.steps) / self.seconds;
        match self.pace_before {
            Some(before) if pace < UNSLOWED * before => format!(
                "{told}, {} a second instead of {}: browsers slow a page that nobody sees. In view, \
                 in a window of its own, it trains at full speed.",
                format::short(pace),
                format::short(before)
            ),
            _ => format!("{told}, as fast as before."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slower_is_said_and_how_much() {
        let away = Away {
            seconds: 60.0,
            steps: 120,
            pace_before: Some(50.0),
        };
        assert!(
            away.told().contains("2.00 a second instead of 50.0"),
            "{}",
            away.told()
        );
        let unslowed = Away {
            steps: 2950,
            ..away
        };
        assert!(
            unslowed.told().contains("2,950 steps, as fast"),
            "{}",
            unslowed.told()
        );
    }
}
