//! What scenes and numbers are called in an address. These words stay: a link that was sent years
//! ago is still to open. A place in the journey would not do, since journeys differ between kinds.

use crate::explain::{Cell, NormSite, Place, Quantity};
use crate::page::explore::journey::{Scene, Stop};
use crate::trace::{Branch, Pass};

/// A scene's name; the block that it plays in stands beside it in the link.
pub fn of_scene(scene: Scene) -> String {
    let of_pass = |name: &str, place: Place| match place.pass {
        Some(pass) => format!("{name}-{}", pass.name()),
        None => name.into(),
    };
    match scene {
        Scene::Embed => "embed".into(),
        Scene::Norm(NormSite::Attention(_)) => "norm-attention".into(),
        Scene::Norm(NormSite::Global(_)) => "norm-global".into(),
        Scene::Norm(NormSite::FeedForward(_)) => "norm-feed-forward".into(),
        Scene::Norm(NormSite::Final) => "norm-final".into(),
        Scene::Project(place) => of_pass("project", place),
        Scene::Score(place) => of_pass("score", place),
        Scene::AdditiveScore(place) => of_pass("additive-score", place),
        Scene::Mask(place) => of_pass("mask", place),
        Scene::Sharpen(place) => of_pass("sharpen", place),
        Scene::Softmax(place) => of_pass("softmax", place),
        Scene::Mix(place) => of_pass("mix", place),
        Scene::Gate => "gate".into(),
        Scene::Span => "span".into(),
        Scene::Window => "window".into(),
        Scene::Heads => "heads".into(),
        Scene::Add(Branch::Attn) => "add-attention".into(),
        Scene::Add(Branch::Mlp) => "add-feed-forward".into(),
        Scene::FeedForward => "feed-forward".into(),
        Scene::Cache => "cache".into(),
        Scene::Lens => "lens".into(),
        Scene::Logits => "logits".into(),
        Scene::Sample => "sample".into(),
    }
}

/// Where a scene of that name stands in a journey. A block counts only for scenes that play in one.
pub fn find_scene(journey: &[Stop], name: &str, layer: usize) -> Option<usize> {
    let here = |stop: &Stop| stop.layer == layer || !stop.scene.is_in_block();
    journey
        .iter()
        .position(|stop| here(stop) && of_scene(stop.scene) == name)
}

/// The same where the journey is of another kind: the two passes of `adaptive_span` stand for the one
/// pass of the others, and a sum of tanh for a dot product.
pub fn find_like(journey: &[Stop], name: &str, layer: usize) -> Option<usize> {
    let stem = |name: &str| -> String {
        let bare = [Pass::Local, Pass::Global]
            .into_iter()
            .find_map(|pass| name.strip_suffix(pass.name())?.strip_suffix('-'));
        let bare = bare.unwrap_or(name);
        bare.strip_prefix("additive-").unwrap_or(bare).into()
    };
    let wanted = stem(name);
    let here = |stop: &Stop| stop.layer == layer || !stop.scene.is_in_block();
    journey
        .iter()
        .position(|stop| here(stop) && stem(&of_scene(stop.scene)) == wanted)
}

/// A number's name: that of its array in a trace, then its places.
pub fn of_cell(cell: Cell) -> String {
    let mut name = cell.quantity.name();
    for place in cell.places() {
        name += &format!("-{place}");
    }
    name
}

/// The number of that name in a model of so many blocks.
pub fn find_cell(name: &str, layers: usize) -> Option<Cell> {
    let mut parts = name.split('-');
    let quantity = find_quantity(parts.next()?, layers)?;
    let places: Result<Vec<usize>, _> = parts.map(str::parse).collect();
    let places = places.ok()?;
    (places.len() == quantity.shape().rank()).then(|| Cell::new(quantity, &places))
}

/// What a trace's array is of.
pub fn find_quantity(name: &str, layers: usize) -> Option<Quantity> {
    // From the name's own number: a model may be said to have any number of blocks.
    let layer = name.split('.').nth(1).and_then(|n| n.parse().ok());
    let layer = layer.filter(|layer| *layer <= layers).unwrap_or(0);
    quantities(layer)
        .into_iter()
        .find(|quantity| quantity.name() == name)
}

/// Everything that there is a name for, in one block.
fn quantities(layer: usize) -> Vec<Quantity> {
    let mut all = vec![
        Quantity::TokenRow,
        Quantity::PositionRow,
        Quantity::ResidPre(layer),
        Quantity::AttnOut(layer),
        Quantity::ResidMid(layer),
        Quantity::MlpOut(layer),
        Quantity::ResidPost(layer),
        Quantity::PassOut(layer, Pass::Global),
        Quantity::PassOut(layer, Pass::Local),
        Quantity::GateStats(layer),
        Quantity::Gate(layer),
        Quantity::SpanContext(layer),
        Quantity::SpanScale(layer),
        Quantity::Span(layer),
        Quantity::Temperature(layer),
        Quantity::Gain(layer),
        Quantity::Window(layer),
        Quantity::RelBias(layer),
        Quantity::MlpPre(layer),
        Quantity::MlpPost(layer),
        Quantity::Logits,
        Quantity::Probabilities,
        Quantity::Chance,
        Quantity::LogitsChange,
        Quantity::LensLogit(layer),
        Quantity::LensProbability(layer),
    ];
    for site in [
        NormSite::Attention(layer),
        NormSite::Global(layer),
        NormSite::FeedForward(layer),
        NormSite::Final,
    ] {
        all.extend([Quantity::NormScale(site), Quantity::Normalized(site)]);
    }
    for pass in [None, Some(Pass::Global), Some(Pass::Local)] {
        let place = Place { layer, pass };
        all.extend([
            Quantity::Query(place),
            Quantity::Key(place),
            Quantity::Value(place),
            Quantity::Dot(place),
            Quantity::ScaledDot(place),
            Quantity::Scores(place),
            Quantity::Pattern(place),
            Quantity::Mixed(place),
            Quantity::HeadResult(place),
        ]);
    }
    all
}
