//! Which number is picked as one goes on: a key that was picked stays so in all scenes that have keys.

use super::Explore;
use crate::config::Kind;
use crate::explain::{Cell, Place, Quantity};
use crate::page::explore::journey::Scene;

/// What a scene has for each key of a query.
pub fn each_key(scene: Scene, kind: Kind) -> Option<Quantity> {
    match scene {
        Scene::Score(place) => Some(Quantity::Dot(place)),
        Scene::Mask(place) if kind != Kind::Additive && place.pass.is_some() => {
            Some(Quantity::ScaledDot(place))
        }
        Scene::AdditiveScore(place) | Scene::Mask(place) | Scene::Sharpen(place) => {
            Some(Quantity::Scores(place))
        }
        Scene::Softmax(place) | Scene::Mix(place) => Some(Quantity::Pattern(place)),
        Scene::Embed
        | Scene::Norm(_)
        | Scene::Project(_)
        | Scene::Gate
        | Scene::Span
        | Scene::Window
        | Scene::Heads
        | Scene::Add(_)
        | Scene::FeedForward
        | Scene::Cache
        | Scene::Lens
        | Scene::Logits
        | Scene::Sample => None,
    }
}

/// Where a score or a weight stands.
fn place_of(quantity: Quantity) -> Option<Place> {
    match quantity {
        Quantity::Dot(place)
        | Quantity::ScaledDot(place)
        | Quantity::Scores(place)
        | Quantity::Pattern(place) => Some(place),
        _ => None,
    }
}

/// The query in whose row it stands, where the stage has the rows of all queries.
fn query_of(cell: Cell) -> Option<usize> {
    match cell.quantity {
        Quantity::Window(_) => Some(cell.index[0]),
        other => place_of(other).map(|_| cell.index[1]),
    }
}

impl Explore {
    /// Picks a number. One in the row of another query makes that one the chosen: what else stands on
    /// the stage is of its row too.
    pub(super) fn pick(&mut self, cell: Option<Cell>) {
        let query = cell.and_then(query_of).filter(|_| self.open);
        if let Some(query) = query.filter(|query| *query != self.token) {
            self.choose_token(query);
        }
        self.picked = cell;
    }

    /// The key of the chosen query that is picked.
    pub(super) fn picked_key(&self) -> Option<usize> {
        let cell = self.picked?;
        place_of(cell.quantity)?;
        let [head, query, key] = cell.index;
        (self.open && (head, query) == (self.head, self.token)).then_some(key)
    }

    /// What the scene that is open has for a key.
    pub(super) fn of_key(&self, key: usize) -> Option<Cell> {
        let kind = self.shown.as_ref()?.trace.about.model.attention.kind();
        let quantity = each_key(self.at()?.scene, kind)?;
        Some(Cell::new(quantity, &[self.head, self.token, key]))
    }

    /// Opens the scene in which the score behind a weight comes about, with that key picked.
    pub(super) fn look_at(&mut self, weight: Cell) {
        let (Some(place), Some(shown)) = (place_of(weight.quantity), &self.shown) else {
            return;
        };
        let score =
            |scene| matches!(scene, Scene::Score(at) | Scene::AdditiveScore(at) if at == place);
        let Some(stop) = shown.journey.iter().position(|stop| score(stop.scene)) else {
            return;
        };
        let [head, query, key] = weight.index;
        (self.head, self.token) = (head, query);
        (self.head_chosen, self.token_chosen) = (true, true);
        // Whoever asks for one number wants to read it.
        self.playhead.playing = false;
        self.go(stop);
        self.picked = self.of_key(key);
    }
}
