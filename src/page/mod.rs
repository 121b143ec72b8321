//! What is drawn, and what happens when it is touched.
//!
//! `state` is everything the page knows and the one reducer that changes it; `deeds` is what it
//! asks of the client; `live` gathers what the engine tells too often to be drawn each time; `link`
//! is what an address says, `following` reads and writes it. The rest are components: `app` the
//! frame, `explore` the page on which a sentence's way through the model is seen, `train` the one on
//! which a model learns, `chart` the losses.

mod alerts;
mod app;
mod badge;
mod chart;
mod deeds;
mod explore;
mod fetching;
mod field;
mod following;
mod format;
mod icons;
mod knobs;
mod letters;
mod link;
mod live;
mod memory;
mod pace;
mod route;
mod saving;
mod state;
mod survey;
mod theme;
mod top_bar;
mod train;

use crate::client::Client;

/// Draws the page in the place of what stood in the document's body while it was loading.
pub fn mount(client: Client) {
    theme::Theme::remembered().apply();
    yew::Renderer::<app::App>::with_props(app::AppProps { client }).render();
}
