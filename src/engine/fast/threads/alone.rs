//! How many threads a step is shared out to, and why sometimes it is one.

/// The most threads. The sum of their gradients is made by one of them, so that each further thread
/// brings less.
pub const MOST: usize = 4;

/// Operations ([`Plan::work`](crate::engine::fast::plan::Plan::work)) of the smallest step that is
/// shared out. It takes one thread about 2 ms. Waking a helper, hearing from it and copying parameters
/// and gradients take some tenths of a millisecond of that: a step of a quarter of this size, half a
/// millisecond, would lose by it what it gains.
pub const LEAST_WORK: f64 = 1e8;

/// What the engine finds around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// Processor cores, as far as the browser tells.
    pub cores: usize,
    /// Whether threads may share memory.
    pub isolated: bool,
}

/// Why a step is computed on one thread.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Alone {
    #[error("a batch of one sequence cannot be shared out")]
    OneSequence,
    #[error("a step of so small a model is done before it is shared out")]
    Small,
    #[error("the browser shows the page one processor core")]
    OneCore,
    #[error(
        "browsers let a page compute on several threads only where it is isolated from other sites, \
         and this page is not; where the browser allows it, it will be at the next visit"
    )]
    NotIsolated,
    #[error("the plain operations are computed on one")]
    Readable,
    #[error("outside the browser the engine has no helpers")]
    Native,
    #[error("helpers could not be started ({0})")]
    NotHired(String),
    #[error("a helper was lost ({0}), and the run went on from the same state")]
    Lost(String),
}

/// On how many threads a step of that work, with so many sequences, is computed: at least 2.
///
/// # Errors
/// Why it is 1.
pub fn threads(work: f64, sequences: usize, around: Surroundings) -> Result<usize, Alone> {
    let Surroundings { cores, isolated } = around;
    match () {
        () if sequences < 2 => Err(Alone::OneSequence),
        () if work < LEAST_WORK => Err(Alone::Small),
        () if cores < 2 => Err(Alone::OneCore),
        () if !isolated => Err(Alone::NotIsolated),
        () => Ok(cores.min(sequences).min(MOST)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_threads_as_help() {
        let around = |cores, isolated| Surroundings { cores, isolated };
        let large = 10.0 * LEAST_WORK;
        assert_eq!(threads(large, 8, around(2, true)), Ok(2));
        assert_eq!(threads(large, 8, around(64, true)), Ok(MOST));
        assert_eq!(threads(large, 3, around(8, true)), Ok(3));
        assert_eq!(threads(large, 1, around(8, true)), Err(Alone::OneSequence));
        assert_eq!(threads(1e7, 8, around(8, true)), Err(Alone::Small));
        assert_eq!(threads(large, 8, around(1, true)), Err(Alone::OneCore));
        assert_eq!(threads(large, 8, around(8, false)), Err(Alone::NotIsolated));
    }
}
