//! Which page is open, from the address's hash, so that any static host works.

/// The pages there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Route {
    #[default]
    Explore,
    Train,
}

impl Route {
    pub const ALL: [Route; 2] = [Route::Explore, Route::Train];

    /// The address's hash that opens it.
    pub fn hash(self) -> &'static str {
        match self {
            Route::Explore => "#/explore",
            Route::Train => "#/train",
        }
    }

    /// What the top bar calls it.
    pub fn title(self) -> &'static str {
        match self {
            Route::Explore => "Explore",
            Route::Train => "Train",
        }
    }

    /// The page of that name, without what follows a question mark.
    pub fn named(path: &str) -> Option<Self> {
        Route::ALL.into_iter().find(|route| route.hash() == path)
    }

    /// Reads `#/train`; an address that names no page opens the first. What follows a question mark
    /// is the page's own affair (`link`).
    pub fn from_hash(hash: &str) -> Self {
        let path = hash.split_once('?').map_or(hash, |(path, _)| path);
        Route::named(path).unwrap_or_default()
    }
}
