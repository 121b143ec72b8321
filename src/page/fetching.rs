//! The bar of something that is on its way over the network.

use super::format;
use yew::prelude::*;

/// How much of `what` ("the text") came, and of how much, where the server said so.
pub fn fetching(what: &str, received: u64, total: Option<u64>) -> Html {
    let share = total
        .filter(|total| *total > 0)
        .map(|total| (received as f64 / total as f64).min(1.0));
    let line = match (received, total) {
        (0, _) => format!("Fetching {what}"),
        (_, Some(total)) => format!(
            "Fetching {what}, {} of {}",
            format::bytes(received),
            format::bytes(total)
        ),
        (_, None) => format!("Fetching {what}, {} so far", format::bytes(received)),
    };
    html! {
        <div class="journey">
            <p class="line">{ &line }</p>
            <div
                class={classes!("progress", share.is_none().then_some("unsure"))}
                role="progressbar"
                aria-label={what.to_string()}
                aria-valuetext={line.clone()}
            >
                <div style={share.map(|share| format!("transform: scaleX({share:.3})"))} />
            </div>
        </div>
    }
}
