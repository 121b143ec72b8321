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

    /// Reads `#/train`; an address that names no page opens the first.
    pub fn from_hash(hash: &str) -> Self {
        let named = Route::ALL.into_iter().find(|route| route.hash() == hash);
        named.unwrap_or_default()
    }
}
