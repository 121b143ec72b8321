//! The lines above the stage: what the model learned, sentences to try, and on a first visit, until
//! it is closed, what there is to see here at all.

use super::characters::visible;
use super::telling::way;
use crate::models::telling::telling;
use crate::page::deeds::Page;
use crate::page::field::on_click;
use crate::page::format::percent;
use crate::page::letters::capital;
use crate::page::memory;
use crate::page::state::explore::ExploreAction;
use crate::page::state::{Action, State};
use crate::text::corpus::Corpus;
use yew::prelude::*;

/// Under which name the browser keeps that the opening was closed.
const CLOSED: &str = "glassformer.opening.closed";

/// What this is; a phone has no room for more.
const OPENING: &str = "A small language model reads this sentence and guesses its next character.";

/// Of a model of several texts, so many examples of each.
const OF_EACH: usize = 2;

#[derive(PartialEq, Properties)]
pub struct LessonProps {
    pub page: Page,
    pub state: State,
    /// Whether the opening is closed.
    pub closed: UseStateHandle<bool>,
}

/// Whether the opening is closed, as this browser has kept it.
#[hook]
pub fn use_closed() -> UseStateHandle<bool> {
    use_state_eq(|| memory::recall(CLOSED).unwrap_or(false))
}

/// Closes the opening, or opens it again.
fn keep(closed: &UseStateHandle<bool>, to: bool) -> impl Fn(MouseEvent) + use<> {
    let closed = closed.clone();
    move |_| {
        memory::remember(CLOSED, &to);
        closed.set(to);
    }
}

/// Brings the opening back.
pub fn ask(closed: &UseStateHandle<bool>) -> Html {
    html! {
        <button type="button" class="quiet small" onclick={keep(closed, false)}>
            { "What is this?" }
        </button>
    }
}

#[component]
pub fn Lesson(props: &LessonProps) -> Html {
    let LessonProps {
        page,
        state,
        closed,
    } = props;
    let corpora = state.corpora();
    let looking = &state.explore;
    let corpus = Corpus::of_line(&corpora, last_line(&looking.text));
    html! {
        <section class="lesson facts" aria-label="What there is to see">
            <div>
                if !**closed {
                    <div class="opening">
                        <p>
                            { OPENING }
                            <span class="rest">{ opening(state) }</span>
                        </p>
                        <button type="button" class="small" onclick={keep(closed, true)}>{ "Close" }</button>
                    </div>
                }
                if let Some(corpus) = corpus {
                    <p class="learned">
                        <b>{ match state.own_run() {
                            Some(_) => "What there is to learn: ",
                            None => "What it learned: ",
                        } }</b>
                        { capital(corpus.help()) }
                        { "." }
                        if let Some(form) = corpus.form() {
                            { " " }{ form }
                        }
                    </p>
                }
            </div>
            { examples(page, state, &corpora) }
        </section>
    }
}

/// What is followed.
fn opening(state: &State) -> String {
    let looking = &state.explore;
    let chosen = looking.shown.as_ref().and_then(|slot| {
        let character = slot.characters().get(looking.token).copied()?;
        Some(format!(" ({})", visible(character)))
    });
    format!(
        " Every bar on the stage is a number of its own. It reads one character at a time, and the lit \
         one{} is followed here, scene by scene, to the guess that comes of it.",
        chosen.unwrap_or_default()
    )
}

/// Sentences that end where there is something to see; each opens there.
fn examples(page: &Page, state: &State, corpora: &[Corpus]) -> Html {
    let present = &state.explore.text;
    let model = match (&state.run, &state.explore.shown) {
        (Some(run), _) => Some(&run.started.label),
        (None, shown) => shown.as_ref().map(|slot| &slot.label),
    };
    let most = match corpora.len() {
        0 | 1 => usize::MAX,
        _ => OF_EACH,
    };
    let all = corpora
        .iter()
        .flat_map(|corpus| corpus.examples().iter().take(most))
        .map(|example| {
            let telling = model.and_then(|model| telling(model, example.text));
            (example, telling.map(|telling| way(example.text, telling)))
        });
    html! {
        <div class="examples" role="group" aria-label="Sentences to try">
            for (example, way) in all {
                <button
                    key={example.text}
                    type="button"
                    class="chip"
                    title={capital(example.shows)}
                    aria-pressed={(example.text == present).to_string()}
                    onclick={on_click(page, move |page| page.dispatch(match &way {
                        Some(way) => Action::Follow(way.clone()),
                        None => Action::Explore(ExploreAction::Text(example.text.into())),
                    }))}
                >
                    { example.text.chars().map(visible).collect::<String>() }
                </button>
            }
        </div>
    }
}

/// What is wrong with the form of a sentence that the model can read, and that is of no use to it.
pub fn misfit(state: &State) -> Option<String> {
    let (corpora, line) = (state.corpora(), last_line(&state.explore.text));
    if line.is_empty() || corpora.iter().any(|corpus| corpus.begins(line)) {
        return None;
    }
    let corpus = Corpus::of_line(&corpora, line)?;
    Some(format!(
        "This is not like the lines that the model learned, such as “{}”: what it makes of it says \
         little.",
        corpus.sample()
    ))
}

/// That a model is wrong where an example shows what is right: nobody is to explain its guess as what it
/// learned.
pub fn missed(state: &State) -> Option<String> {
    let looking = &state.explore;
    // A run has still to learn it.
    let of_other = state.own_run().is_none();
    let clean = looking.unchanged.as_ref().or(looking.shown.as_ref());
    let slot = clean.filter(|slot| of_other && slot.trace.about.text == looking.text)?;
    let corpora = state.corpora().into_iter();
    let mut examples = corpora.filter_map(|corpus| corpus.example_of(&looking.text));
    let (example, (guess, p)) = (examples.next()?, slot.likeliest(slot.last()?)?);
    (guess != example.next).then(|| {
        format!(
            "Here this model is wrong: “{}” would be right, and it holds “{}” for likelier, with {}.",
            visible(example.next),
            visible(guess),
            percent(p.into()),
        )
    })
}

/// A model looks at lines one by one.
fn last_line(text: &str) -> &str {
    text.rsplit('\n').next().unwrap_or_default()
}
