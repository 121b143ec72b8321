//! How long a step takes at present.

/// How much of the past is remembered after a second.
const MEMORY: f64 = 0.8;

/// The time that the last steps took and how many they were, both fading: what is divided is the time
/// of all by their number, so that a single long step counts as one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace {
    ms: f64,
    steps: f64,
    /// Steps that were ever done.
    all: u32,
}

impl Pace {
    /// With one step more, of so many milliseconds.
    pub fn after(self, ms: f64) -> Pace {
        let ms = ms.max(1e-3);
        // The first step fills caches and compiles: it says nothing of the second.
        let kept = match self.all {
            0 | 1 => 0.0,
            _ => MEMORY.powf(ms / 1e3),
        };
        Pace {
            ms: kept * self.ms + ms,
            steps: kept * self.steps + 1.0,
            all: self.all.saturating_add(1),
        }
    }

    /// Milliseconds a step; `None` before the first.
    pub fn ms_per_step(self) -> Option<f64> {
        (self.all > 0).then(|| self.ms / self.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(steps: impl IntoIterator<Item = f64>) -> f64 {
        let pace = steps.into_iter().fold(Pace::default(), Pace::after);
        pace.ms_per_step().expect("steps were done")
    }

    #[test]
    fn the_pace_is_the_time_of_the_steps_by_their_number() {
        assert_eq!(Pace::default().ms_per_step(), None);
        assert!((of([900.0]) - 900.0).abs() < 1e-9);
        // Of the first there is nothing left.
        assert!((of([900.0, 5.0]) - 5.0).abs() < 1e-9);
        // One in twenty hangs: 1000 steps of 10 ms and 50 of 210 take 20 ms each.
        let uneven = (0..1050).map(|n| if n % 21 == 20 { 210.0 } else { 10.0 });
        let pace = of(uneven);
        assert!((17.0..23.0).contains(&pace), "{pace}");
        // What was long ago is forgotten.
        let faster = [vec![100.0; 50], vec![10.0; 2000]].concat();
        assert!((of(faster) - 10.0).abs() < 0.5);
    }
}
