//! Which head each guess of a pass hangs on, where the engine was asked: a pass without each of them.

use super::{Explore, Slot};
use crate::analysis::falls::Fall;

/// What came of that for one pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Searched {
    pass: Slot,
    /// After each token; none where it would have taken too long.
    falls: Vec<Fall>,
}

impl Searched {
    pub fn new(slot: &Slot, falls: Vec<Fall>) -> Self {
        let pass = slot.clone();
        Searched { pass, falls }
    }
}

impl Explore {
    /// The pass of which it is to be asked, if that model is there after that step: one that stands
    /// unchanged, and of which nothing is known yet.
    pub fn unsearched(&self, label: &str, step: u32) -> Option<Slot> {
        let shown = self.shown.as_ref()?;
        let of_model = (shown.label.as_str(), shown.trace.about.step) == (label, step);
        let stands = self.is_shown(shown) && !shown.is_changed() && !self.write_on.on;
        let wanted = of_model && stands && !self.is_known();
        wanted.then(|| shown.clone())
    }

    /// Whether it is known what the guesses of this sentence hang on, or that nobody will know.
    pub fn is_known(&self) -> bool {
        self.telling().is_some() || self.found().is_some()
    }

    /// What the guess after the chosen token hangs on, by the passes that were asked for.
    pub fn fall(&self) -> Option<Fall> {
        self.found()?.falls.get(self.token).copied()
    }

    fn found(&self) -> Option<&Searched> {
        let shown = self.shown.as_ref()?;
        let found = self.searched.as_ref();
        found.filter(|found| found.pass.is_beside(shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::golden::{ALL, golden};
    use crate::models::telling::TELLING;
    use crate::page::state::explore::ExploreAction;
    use crate::page::state::explore::write_on::WriteOnAction;
    use crate::trace::Intervention;

    /// A model's pass over a text, and one that has switched something off in it.
    fn passes(model: &str, text: &str) -> [Slot; 2] {
        let (mut trace, _) = golden(ALL[0]);
        trace.about.text = text.into();
        trace.about.tokens = vec![0; text.chars().count()];
        let mut changed = trace.clone();
        changed.about.interventions = vec![off()];
        [trace, changed].map(|trace| Slot::new(model, trace, None))
    }

    fn off() -> Intervention {
        Intervention::Head {
            layer: 0,
            head: 1,
            pass: None,
            scale: 0.0,
        }
    }

    #[test]
    fn a_pass_that_stands_is_searched_once() {
        let [clean, changed] = passes("mine", "abc");
        let step = clean.trace.about.step;
        let mut explore = Explore::default();
        explore.reduce(ExploreAction::Text("abc".into()));
        assert_eq!(explore.unsearched("mine", step), None, "there is no pass");
        explore.reduce(ExploreAction::Traced(Ok(clean.clone())));
        assert_eq!(explore.unsearched("mine", step), Some(clean.clone()));
        // The engine has another model by now.
        assert_eq!(explore.unsearched("mine", step + 1), None);
        assert_eq!(explore.unsearched("another", step), None);
        let mut writing = explore.clone();
        writing.reduce(ExploreAction::WriteOn(WriteOnAction::Toggle));
        assert_eq!(writing.unsearched("mine", step), None);
        // It is on its way to be another.
        let mut typed = explore.clone();
        typed.reduce(ExploreAction::Text("abcd".into()));
        assert_eq!(typed.unsearched("mine", step), None);
        let mut poked = explore.clone();
        poked.reduce(ExploreAction::Poke(off()));
        assert_eq!(poked.unsearched("mine", step), None);
        poked.reduce(ExploreAction::Traced(Ok(changed.clone())));
        assert_eq!(poked.unsearched("mine", step), None);

        explore.reduce(ExploreAction::Searched(Searched::new(&clean, Vec::new())));
        assert!(explore.is_known() && explore.fall().is_none());
        assert_eq!(explore.unsearched("mine", step), None);
        // It holds beside changes, and when they are taken back.
        explore.reduce(ExploreAction::Poke(off()));
        explore.reduce(ExploreAction::Traced(Ok(changed)));
        assert!(explore.is_known());
        explore.reduce(ExploreAction::UnpokeAll);
        explore.reduce(ExploreAction::Traced(Ok(clean)));
        assert_eq!(explore.unsearched("mine", step), None);
        // Another sentence is searched anew.
        let [other, _] = passes("mine", "abd");
        explore.reduce(ExploreAction::Text("abd".into()));
        explore.reduce(ExploreAction::Traced(Ok(other.clone())));
        assert_eq!(explore.unsearched("mine", step), Some(other));
    }

    #[test]
    fn an_example_that_is_known_is_not_searched() {
        let (model, text, _) = TELLING[0];
        let [pass, _] = passes(model, text);
        let step = pass.trace.about.step;
        let mut explore = Explore::default();
        explore.reduce(ExploreAction::Text(text.into()));
        explore.reduce(ExploreAction::Traced(Ok(pass)));
        assert!(explore.is_known());
        assert_eq!(explore.unsearched(model, step), None);
    }
}
