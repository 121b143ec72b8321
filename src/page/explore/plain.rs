//! For who asks: what a scene is for, and what its words and letters mean.

use super::beside::{self, Beside};
use super::formulas::mathml;
use super::journey::Scene;
use super::words::{Part, word};
use crate::config::ModelConfig;
use crate::explain::symbols::signs;
use crate::trace::Branch;
use yew::prelude::*;

/// What the button and the words are called.
const TITLE: &str = "In plain words";

/// What a scene is for: modest, since nobody set what a trained model does.
fn purpose(scene: Scene) -> &'static str {
    match scene {
        Scene::Embed => {
            "A model can only reckon, so a character must become numbers. What each of them means by \
             itself nobody has said, and mostly it means nothing: only the whole row says something. \
             The rows, like all weights here, were learned: they began as chance and were moved, step \
             by step, so that the guesses got better. The Train page shows it."
        }
        Scene::Norm(_) => {
            "Numbers that are added to again and again may grow or shrink without end. The norm keeps \
             the rows in one range; it tells no token about another."
        }
        Scene::Softmax(_) => {
            "A query has one look to share out, and scores can be any numbers. The exponential makes \
             all of them positive, and a score that is higher by 1 always gets 2.718 times the \
             weight: what counts is how far scores lie apart, not how large they are."
        }
        Scene::Score(_) => {
            "Why products say how well two rows fit: two numbers of one sign make something above 0, two \
             of different signs something below. The rows (2, 1) and (3, 1) agree: 6 + 1 = 7. (2, 1) and \
             (−3, −1) are opposed: −6 − 1 = −7. (2, 1) and (−1, 2) have nothing to do with each other: \
             −2 + 2 = 0. What a direction stands for was learned, and it often has no name."
        }
        Scene::AdditiveScore(_) => {
            "A small network in the place of a product: it can answer to more in a query and a key than \
             to how far they agree, and costs more."
        }
        Scene::Project(_) => {
            "Three rows and not one, because what a token looks for, what it can be found by and what \
             it has to say are different things: a noun could look for its adjectives, be found as a noun, \
             and hand over which one it is. What a head really looks for was not set by \
             anyone but learned, and it often has no name."
        }
        Scene::Mask(_) => {
            "Only what stands before can be known when the next character is guessed. The scores of \
             all queries are shown, each in a row of its own."
        }
        Scene::Mix(_) => {
            "Here something of one token comes to another. Norms, sums and what feeds forward are made \
             for each token alone."
        }
        Scene::Gate => {
            "A head that found nothing for this token may still add something. The gate can turn it \
             down there, and up elsewhere."
        }
        Scene::Span | Scene::Window | Scene::Sharpen(_) => {
            "Many characters need only what stands close by. A first pass over everything decides how \
             far back a second, finer one may look."
        }
        Scene::Heads => {
            "One head gives one look. Several can look for several things at the same time, and what \
             they found is added up. Not every head turns out to be of use: switch one off and see."
        }
        Scene::Add(Branch::Attn | Branch::Mlp) => {
            "Since a block only adds, a later block can use what an earlier one wrote, and whatever \
             stood there before."
        }
        Scene::FeedForward => {
            "Attention moves what is there from token to token; here something new is made of it, for \
             each token by itself. A neuron answers to some pattern in the row, and writes something \
             where it finds it. What pattern was learned, and it often has no name."
        }
        Scene::Cache => "So that nothing is computed twice while a text is written on.",
        Scene::Lens => {
            "A look into an unfinished guess. The model itself reads only the last row, so an early one \
             need not make sense."
        }
        Scene::Logits => {
            "From a row of numbers back to characters, as the first scene went the other way."
        }
        Scene::Sample => {
            "Always taking the likeliest makes dull texts that go in circles; a draw lets others in, as \
             often as the model holds them likely."
        }
    }
}

/// The same for the closed view.
const OF_BLOCKS: &str = "Each block reads what those before it have written, so that a later one can \
    build on what an earlier one found. What each does was not set by anyone, but learned. A line \
    stands for a weight that is at least as large as the slider says.";

/// The button that opens and closes them.
pub fn switch(beside: &UseStateHandle<Beside>) -> Html {
    let words = html! {
        <span><span class="word">{ "In plain " }</span><span class="rest">{ "words" }</span></span>
    };
    beside::switch(beside, Beside::Plain, "ask-plain", words)
}

/// Of a scene, or of the closed view. `card` is the formula on the card.
pub fn plain(
    scene: Option<Scene>,
    model: &ModelConfig,
    text: &[Part],
    card: &str,
    beside: &UseStateHandle<Beside>,
) -> Html {
    let mut words = Vec::new();
    for word in text.iter().filter_map(word) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let formula = scene.map_or(String::new(), |scene| mathml(scene, model));
    let letters = signs(&format!("{formula} {card}"));
    let content = html! {
        <>
            <p>{ scene.map_or(OF_BLOCKS, purpose) }</p>
            <ul>
                for word in words {
                    <li>{ word.meaning() }</li>
                }
            </ul>
            <dl class="facts-of">
                for letter in letters.into_iter().flatten() {
                    <dt>{ letter.sign() }</dt>
                    <dd>{ letter.meaning() }</dd>
                }
            </dl>
        </>
    };
    beside::panel(beside, "plain", TITLE, content)
}
