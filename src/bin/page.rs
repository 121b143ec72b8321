//! The page: one client, the scripting over it, and the picture of it.

use glassformer::client::{Client, scripting};
use glassformer::page;

fn main() {
    std::panic::set_hook(Box::new(|info| {
        console_error_panic_hook::hook(info);
        confess();
    }));
    let client = Client::new();
    if let Err(thrown) = scripting::install(&client) {
        gloo::console::error!("window.glassformer could not be made", thrown);
    }
    page::mount(client);
}

/// Says on the page that it has stopped, since nothing on it answers any more.
fn confess() {
    let document = gloo::utils::document();
    let (Ok(note), Some(body)) = (document.create_element("p"), document.body()) else {
        return;
    };
    note.set_id("stopped");
    note.set_text_content(Some(
        "This page stopped on an error of its own. Reload it: a run that was training goes on \
         from its last saved state.",
    ));
    // Where even this fails, the console has the error.
    let _ = note.set_attribute("role", "alert");
    let _ = body.prepend_with_node_1(&note);
}
