//! The scenes of a pass in their order: which there are depends on the model's configuration.

use crate::config::{Attention, Kind, ModelConfig, Norm};
use crate::explain::{NormSite, Place};
use crate::trace::{Branch, Pass};

/// One thing that happens on the way from characters to logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scene {
    Embed,
    Norm(NormSite),
    Project(Place),
    Score(Place),
    /// `additive`: the sum, bent, read off by a vector.
    AdditiveScore(Place),
    /// Divided by the root of D, and the future hidden.
    Mask(Place),
    /// `adaptive_span`: what the distance is worth, and the temperature.
    Sharpen(Place),
    Softmax(Place),
    Mix(Place),
    /// `head_gated`: what is measured of each head, and what the gate makes of it.
    Gate,
    /// `adaptive_span`: how far back, from what the global pass found.
    Span,
    /// `adaptive_span`: where the local pass may look.
    Window,
    Heads,
    Add(Branch),
    FeedForward,
    /// The keys and values that later tokens will look back at.
    Cache,
    Lens,
    Logits,
    /// What is left to draw from, after temperature, top k and top p.
    Sample,
}

/// A scene, and in which block it plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stop {
    pub scene: Scene,
    pub layer: usize,
}

impl Stop {
    /// The part of the journey that it is in.
    pub fn part(self) -> String {
        match (self.scene.is_in_block(), self.scene) {
            (true, _) => format!("Block {}", self.layer),
            (false, Scene::Embed) => "Begin".into(),
            (false, _) => "End".into(),
        }
    }
}

/// Every scene of a model, from the characters to the next one.
pub fn journey(model: &ModelConfig) -> Vec<Stop> {
    let mut stops = vec![Stop {
        scene: Scene::Embed,
        layer: 0,
    }];
    for layer in 0..model.n_layer {
        let scenes = block(model, layer).into_iter();
        stops.extend(scenes.map(|scene| Stop { scene, layer }));
    }
    let last = model.n_layer.saturating_sub(1);
    let mut end = vec![Scene::Cache];
    end.extend((model.norm == Norm::Pre).then_some(Scene::Norm(NormSite::Final)));
    end.extend([Scene::Lens, Scene::Logits, Scene::Sample]);
    stops.extend(end.into_iter().map(|scene| Stop { scene, layer: last }));
    stops
}

/// Where a journey has that stop, or what comes nearest to it: the same step of its pass or of another,
/// in the last block where there is no such block; else the step before or after.
pub fn nearest(journey: &[Stop], wanted: Stop) -> usize {
    let last = journey.iter().map(|stop| stop.layer).max().unwrap_or(0);
    let layer = wanted.layer.min(last);
    let inside = wanted.scene.is_in_block();
    let (step, scene) = (wanted.scene.step(), wanted.scene.in_layer(layer));
    let near = journey
        .iter()
        .enumerate()
        .filter(|(_, stop)| stop.scene.is_in_block() == inside && (!inside || stop.layer == layer));
    let place = near.min_by_key(|(_, stop)| {
        let other = stop.scene.step();
        // What comes after is nearer to what one was about to see than what one has seen.
        (stop.scene != scene, step.abs_diff(other), other < step)
    });
    place.map_or(0, |(n, _)| n)
}

fn block(model: &ModelConfig, layer: usize) -> Vec<Scene> {
    let (pre, post) = (model.norm == Norm::Pre, model.norm == Norm::Post);
    let place = |pass| Place { layer, pass };
    let norm = |site| pre.then_some(Scene::Norm(site));
    let mut scenes = Vec::new();
    match model.attention {
        Attention::Standard(_) | Attention::HeadGated(_) | Attention::Additive(_) => {
            scenes.extend(norm(NormSite::Attention(layer)));
            scenes.extend(attention(model, place(None)));
        }
        Attention::AdaptiveSpan(_) => {
            scenes.extend(norm(NormSite::Global(layer)));
            scenes.extend(attention(model, place(Some(Pass::Global))));
            scenes.push(Scene::Span);
            scenes.extend(norm(NormSite::Attention(layer)));
            scenes.extend(attention(model, place(Some(Pass::Local))));
        }
    }
    if model.attention.kind() == Kind::HeadGated {
        scenes.push(Scene::Gate);
    }
    scenes.extend([Scene::Heads, Scene::Add(Branch::Attn)]);
    scenes.extend(post.then_some(Scene::Norm(NormSite::Attention(layer))));
    scenes.extend(norm(NormSite::FeedForward(layer)));
    scenes.extend([Scene::FeedForward, Scene::Add(Branch::Mlp)]);
    scenes.extend(post.then_some(Scene::Norm(NormSite::FeedForward(layer))));
    scenes
}

/// From queries to what the heads took.
fn attention(model: &ModelConfig, place: Place) -> Vec<Scene> {
    let mut scenes = vec![Scene::Project(place)];
    match model.attention.kind() {
        Kind::Additive => scenes.push(Scene::AdditiveScore(place)),
        Kind::Standard | Kind::HeadGated | Kind::AdaptiveSpan => {
            scenes.push(Scene::Score(place));
        }
    }
    scenes.push(Scene::Mask(place));
    if place.pass == Some(Pass::Local) {
        scenes.extend([Scene::Sharpen(place), Scene::Window]);
    }
    scenes.extend([Scene::Softmax(place), Scene::Mix(place)]);
    scenes
}

impl Scene {
    /// The same scene of another block, as far as the name goes.
    pub fn in_layer(self, layer: usize) -> Scene {
        let place = |place: Place| Place { layer, ..place };
        match self {
            Scene::Norm(NormSite::Attention(_)) => Scene::Norm(NormSite::Attention(layer)),
            Scene::Norm(NormSite::Global(_)) => Scene::Norm(NormSite::Global(layer)),
            Scene::Norm(NormSite::FeedForward(_)) => Scene::Norm(NormSite::FeedForward(layer)),
            Scene::Project(p) => Scene::Project(place(p)),
            Scene::Score(p) => Scene::Score(place(p)),
            Scene::AdditiveScore(p) => Scene::AdditiveScore(place(p)),
            Scene::Mask(p) => Scene::Mask(place(p)),
            Scene::Sharpen(p) => Scene::Sharpen(place(p)),
            Scene::Softmax(p) => Scene::Softmax(place(p)),
            Scene::Mix(p) => Scene::Mix(place(p)),
            other @ (Scene::Norm(NormSite::Final)
            | Scene::Embed
            | Scene::Gate
            | Scene::Span
            | Scene::Window
            | Scene::Heads
            | Scene::Add(_)
            | Scene::FeedForward
            | Scene::Cache
            | Scene::Lens
            | Scene::Logits
            | Scene::Sample) => other,
        }
    }

    /// Which step of a block it is, or of the way outside of blocks, whatever the kind of attention and
    /// its pass.
    fn step(self) -> usize {
        match self {
            Scene::Embed => 0,
            // It comes before the norm of the pass that it is for.
            Scene::Span => 1,
            Scene::Norm(NormSite::Attention(_) | NormSite::Global(_)) => 2,
            Scene::Project(_) => 3,
            Scene::Score(_) | Scene::AdditiveScore(_) => 4,
            Scene::Mask(_) => 5,
            Scene::Sharpen(_) => 6,
            Scene::Window => 8,
            Scene::Softmax(_) => 9,
            Scene::Mix(_) => 10,
            Scene::Gate => 12,
            Scene::Heads => 13,
            Scene::Add(Branch::Attn) => 14,
            Scene::Norm(NormSite::FeedForward(_)) => 15,
            Scene::FeedForward => 16,
            Scene::Add(Branch::Mlp) => 17,
            // Nearer than what is kept.
            Scene::Cache => 18,
            Scene::Norm(NormSite::Final) => 20,
            Scene::Lens => 21,
            Scene::Logits => 22,
            Scene::Sample => 23,
        }
    }

    /// Whether it plays in a block, and not before the first or after the last.
    pub fn is_in_block(self) -> bool {
        match self {
            Scene::Embed
            | Scene::Norm(NormSite::Final)
            | Scene::Cache
            | Scene::Lens
            | Scene::Logits
            | Scene::Sample => false,
            Scene::Norm(_)
            | Scene::Project(_)
            | Scene::Score(_)
            | Scene::AdditiveScore(_)
            | Scene::Mask(_)
            | Scene::Sharpen(_)
            | Scene::Softmax(_)
            | Scene::Mix(_)
            | Scene::Gate
            | Scene::Span
            | Scene::Window
            | Scene::Heads
            | Scene::Add(_)
            | Scene::FeedForward => true,
        }
    }

    /// Whether it shows one head and not the others.
    pub fn is_of_a_head(self) -> bool {
        match self {
            Scene::Project(_)
            | Scene::Score(_)
            | Scene::AdditiveScore(_)
            | Scene::Mask(_)
            | Scene::Sharpen(_)
            | Scene::Softmax(_)
            | Scene::Mix(_)
            | Scene::Cache => true,
            Scene::Embed
            | Scene::Norm(_)
            | Scene::Gate
            | Scene::Span
            | Scene::Window
            | Scene::Heads
            | Scene::Add(_)
            | Scene::FeedForward
            | Scene::Lens
            | Scene::Logits
            | Scene::Sample => false,
        }
    }

    /// Seconds that what moves in it needs at the normal speed; its text may need more
    /// (`words::seconds`).
    pub fn duration(self) -> f64 {
        match self {
            Scene::Project(_) | Scene::Score(_) | Scene::AdditiveScore(_) | Scene::Mix(_) => 7.0,
            Scene::Embed | Scene::Norm(_) | Scene::Softmax(_) | Scene::Heads => 5.5,
            Scene::Mask(_)
            | Scene::Sharpen(_)
            | Scene::Gate
            | Scene::Span
            | Scene::Window
            | Scene::Add(_)
            | Scene::FeedForward
            | Scene::Cache
            | Scene::Lens
            | Scene::Logits
            | Scene::Sample => 4.5,
        }
    }

    /// Its name on the timeline.
    pub fn title(self, model: &ModelConfig) -> String {
        let of_pass = |words: &str, place: Place| match place.pass {
            Some(pass) => format!("{words}, {} pass", pass.name()),
            None => words.to_string(),
        };
        match self {
            Scene::Embed => "Embed".into(),
            Scene::Norm(NormSite::Final) => "Last norm".into(),
            Scene::Norm(NormSite::Global(_)) => "Norm, global pass".into(),
            // After the sum it is of both passes.
            Scene::Norm(NormSite::Attention(_))
                if model.attention.kind() == Kind::AdaptiveSpan && model.norm == Norm::Pre =>
            {
                "Norm, local pass".into()
            }
            Scene::Norm(_) => "Norm".into(),
            Scene::Project(place) => of_pass("Query, key, value", place),
            Scene::Score(place) => of_pass("Score", place),
            Scene::AdditiveScore(place) => of_pass("Additive score", place),
            Scene::Mask(place) => match place.pass {
                Some(_) => of_pass("Scale and mask", place),
                // Additive scores are not scaled.
                None if model.attention.kind() == Kind::Additive => "Mask".into(),
                None => "Scale and mask".into(),
            },
            Scene::Sharpen(_) => "Bias and temperature".into(),
            Scene::Softmax(place) => of_pass("Softmax", place),
            Scene::Mix(place) => of_pass("Mix values", place),
            Scene::Gate => "Measure and gate".into(),
            Scene::Span => "Span".into(),
            Scene::Window => "Window".into(),
            Scene::Heads => "Heads out".into(),
            Scene::Add(_) => "Add".into(),
            Scene::FeedForward => "Feed forward".into(),
            Scene::Cache => "Keys and values kept".into(),
            Scene::Lens => "Lens".into(),
            Scene::Logits => "Logits".into(),
            Scene::Sample => "Next character".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;
    use crate::config::attention::Normaliser;

    fn scenes(kind: Kind, norm: Norm) -> Vec<Stop> {
        let mut model = RunConfig::default().model;
        model.attention = Attention::of(kind, Normaliser::default());
        model.norm = norm;
        journey(&model)
    }

    fn has(stops: &[Stop], wanted: impl Fn(Scene) -> bool) -> bool {
        stops.iter().any(|stop| wanted(stop.scene))
    }

    #[test]
    fn a_journey_begins_with_a_character_and_ends_with_the_next() {
        for kind in Kind::ALL {
            for norm in [Norm::Pre, Norm::Post, Norm::None] {
                let stops = scenes(kind, norm);
                assert_eq!(stops.first().map(|stop| stop.scene), Some(Scene::Embed));
                assert_eq!(stops.last().map(|stop| stop.scene), Some(Scene::Sample));
                let norms = has(&stops, |scene| matches!(scene, Scene::Norm(_)));
                assert_eq!(norms, norm != Norm::None);
                let mut unique = stops.clone();
                unique.dedup();
                assert_eq!(unique, stops);
            }
        }
    }

    #[test]
    fn every_scene_has_its_like_in_every_other_kind() {
        let norms = [Norm::Pre, Norm::Post, Norm::None];
        let all = Kind::ALL
            .into_iter()
            .flat_map(|kind| norms.map(|norm| (kind, norm)));
        let journeys: Vec<Vec<Stop>> = all.map(|(kind, norm)| scenes(kind, norm)).collect();
        for (from, to) in journeys
            .iter()
            .flat_map(|a| journeys.iter().map(move |b| (a, b)))
        {
            for (n, stop) in from.iter().enumerate() {
                let found = nearest(to, *stop);
                let like = to[found];
                assert_eq!(
                    like.scene == Scene::Embed,
                    n == 0,
                    "{stop:?} becomes {like:?}"
                );
                assert_eq!(like.layer, stop.layer);
                assert_eq!(like.scene.is_in_block(), stop.scene.is_in_block());
                if let Some(same) = to.iter().position(|other| other == stop) {
                    assert_eq!(found, same);
                }
                // Between norms that stand before and after nothing is lost.
                let steps = to.iter().map(|other| other.scene.step());
                if steps.into_iter().any(|step| step == stop.scene.step()) {
                    assert_eq!(like.scene.step(), stop.scene.step(), "{stop:?}");
                }
            }
        }
    }

    #[test]
    fn attention_keeps_its_step_whatever_makes_it() {
        let place = |pass| Place { layer: 1, pass };
        let (only, global, local) = (
            place(None),
            place(Some(Pass::Global)),
            place(Some(Pass::Local)),
        );
        for (kind, from, to) in [
            (
                Kind::AdaptiveSpan,
                Scene::Softmax(only),
                Scene::Softmax(global),
            ),
            (
                Kind::AdaptiveSpan,
                Scene::AdditiveScore(only),
                Scene::Score(global),
            ),
            (Kind::AdaptiveSpan, Scene::Gate, Scene::Heads),
            (
                Kind::Additive,
                Scene::Score(local),
                Scene::AdditiveScore(only),
            ),
            (Kind::Additive, Scene::Mix(global), Scene::Mix(only)),
            (Kind::Standard, Scene::Softmax(local), Scene::Softmax(only)),
            (Kind::Standard, Scene::Sharpen(local), Scene::Mask(only)),
            (Kind::Standard, Scene::Window, Scene::Softmax(only)),
            (
                Kind::HeadGated,
                Scene::Span,
                Scene::Norm(NormSite::Attention(1)),
            ),
        ] {
            let stops = scenes(kind, Norm::Pre);
            let wanted = Stop {
                scene: from,
                layer: 1,
            };
            assert_eq!(
                stops[nearest(&stops, wanted)].scene,
                to,
                "{from:?} in {kind:?}"
            );
        }
        // A model of fewer blocks shows its last.
        let stops = scenes(Kind::Standard, Norm::Pre);
        let deep = Stop {
            scene: Scene::Heads,
            layer: 70,
        };
        let last = stops.iter().map(|stop| stop.layer).max();
        let found = stops[nearest(&stops, deep)];
        assert_eq!((found.scene, Some(found.layer)), (Scene::Heads, last));
    }

    #[test]
    fn every_kind_has_its_own_scenes() {
        let of = |kind| scenes(kind, Norm::Pre);
        assert!(has(&of(Kind::HeadGated), |scene| scene == Scene::Gate));
        assert!(!has(&of(Kind::Standard), |scene| scene == Scene::Gate));
        let additive = |scene| matches!(scene, Scene::AdditiveScore(_));
        assert!(has(&of(Kind::Additive), additive));
        let dots = |scene| matches!(scene, Scene::Score(_));
        assert!(!has(&of(Kind::Additive), dots));
        let span = of(Kind::AdaptiveSpan);
        for scene in [Scene::Span, Scene::Window] {
            assert!(has(&span, |other| other == scene));
        }
        assert!(span.len() > of(Kind::Standard).len());
        // After the sum a norm is of both passes.
        let mut model = RunConfig::default().model;
        model.attention = Attention::of(Kind::AdaptiveSpan, Normaliser::default());
        for (norm, blocks) in [(Norm::Pre, model.n_layer), (Norm::Post, 0)] {
            model.norm = norm;
            let titles = journey(&model)
                .into_iter()
                .map(|stop| stop.scene.title(&model));
            let of_local = titles.filter(|title| title == "Norm, local pass").count();
            assert_eq!(of_local, blocks, "{norm:?}");
        }
    }
}
