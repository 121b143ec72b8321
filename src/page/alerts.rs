//! Messages: what went wrong and what to do, until they are dismissed.

use super::deeds::Page;
use super::field::on_click;
use super::icons::Icon;
use super::state::{Action, Alert, Tone};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct AlertsProps {
    pub page: Page,
    pub alerts: Vec<Alert>,
}

#[component]
pub fn Alerts(props: &AlertsProps) -> Html {
    // The region is there before the first message: only then do screen readers announce it.
    html! {
        <div class="alerts" role="log" aria-live="polite" aria-label="Messages">
            for alert in &props.alerts {
                <div key={alert.id} class={classes!("alert", class(alert.tone))}>
                    <p>
                        <strong>{ heading(alert.tone) }</strong>
                        { " " }
                        { &alert.message }
                    </p>
                    <button
                        type="button"
                        class="quiet small"
                        aria-label="Dismiss this message"
                        onclick={on_click(&(props.page.clone(), alert.id), |(page, id)| {
                            page.dispatch(Action::Dismiss(*id));
                        })}
                    >
                        { Icon::Close.draw() }
                    </button>
                </div>
            }
        </div>
    }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "good",
        Tone::Notice => "notice",
        Tone::Wrong => "wrong",
    }
}

/// Colour alone would not say it.
fn heading(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "Done.",
        Tone::Notice => "Note.",
        Tone::Wrong => "Problem.",
    }
}
