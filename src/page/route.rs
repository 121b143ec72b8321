//! Which page is open, from the address's hash, so that any static host works.

/// The pages there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    #[default]
    Train,
}

impl Route {
    /// Reads `#/train`; an address that names no page opens the first.
    pub fn from_hash(hash: &str) -> Self {
        match hash.trim_start_matches(['#', '/']) {
            "train" => Route::Train,
            _ => Route::default(),
        }
    }
}
