//! Light or dark: as the system has it, or as the reader chose, which the browser remembers.
//!
//! The colours themselves are custom properties in `www/style/colours.css`; here is only which of
//! the two sets holds, as the attribute `data-theme` of the document.

use crate::page::memory;
use serde::{Deserialize, Serialize};

/// Under which name the choice is kept in the browser.
const KEY: &str = "glassformer.theme";

/// What the reader wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// The choice that was remembered.
    pub fn remembered() -> Self {
        memory::recall(KEY).unwrap_or_default()
    }

    /// Draws the page in it, and remembers it.
    pub fn apply(self) {
        let root = gloo::utils::document_element();
        // An attribute of that name can be set.
        let _ = match self {
            Theme::System => root.remove_attribute("data-theme"),
            Theme::Light => root.set_attribute("data-theme", "light"),
            Theme::Dark => root.set_attribute("data-theme", "dark"),
        };
        memory::remember(KEY, &self);
    }

    /// The next one that the button goes to.
    pub fn next(self) -> Self {
        match self {
            Theme::System => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::System,
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Theme::System => "as the system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }
}
