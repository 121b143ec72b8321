//! The page on which a model is made, learns and writes.

mod corpus;
mod model;
mod options;
mod out_of_sight;
mod prompt;
mod resume;
mod run_bar;
mod setup;
mod shelf;

use super::chart::{LossChart, Reference};
use super::deeds::Page;
use super::state::State;
use super::state::run::{Phase, Run};
use model::ModelCard;
use prompt::{PromptAwaited, PromptCard};
use resume::ResumeCard;
use run_bar::RunBar;
use setup::SetupCard;
use shelf::ShelfCard;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct TrainProps {
    pub page: Page,
    pub state: State,
}

#[component]
pub fn Train(props: &TrainProps) -> Html {
    let TrainProps { page, state } = props;
    let phase = state.phase();
    let exhibiting = state.is_exhibiting();
    // A model that only writes has no curve.
    let training = state.run.as_ref().filter(|run| run.has_text());
    let setup = html! {
        <SetupCard
            key="setup"
            page={page.clone()}
            setup={state.setup.clone()}
            differs={state.own_run().is_some_and(|run| differs(state, run))}
            busy={state.asked}
            prefer={state.prefer}
        />
    };
    let work = html! {
        <div key="work" class="work">
            <LossChart
                live={page.live.clone()}
                reference={reference(state, training)}
                max_steps={max_steps(state)}
                progress={training.map(|run| run.progress)}
                theme={state.theme}
                text={state.setup.text().map(|text| text.label().to_string())}
            />
            if let Some(run) = &state.run {
                <PromptCard
                    page={page.clone()}
                    writing={state.writing.clone()}
                    started={run.started.clone()}
                />
            } else if exhibiting {
                <PromptAwaited />
            }
            <ShelfCard
                page={page.clone()}
                shelf={state.shelf.clone()}
                run={state.run.clone()}
                busy={state.asked}
            />
            <ModelCard page={page.clone()} run={state.run.clone()} busy={state.asked} />
        </div>
    };
    // On a narrow screen what matters now comes first: the setup, or what can be watched or asked
    // to write.
    let order = if phase == Phase::Idle && !exhibiting {
        vec![setup, work]
    } else {
        vec![work, setup]
    };
    html! {
        <main>
            if let Some(kept) = &state.kept {
                <ResumeCard page={page.clone()} kept={kept.clone()} busy={state.asked} />
            }
            <RunBar
                page={page.clone()}
                phase={phase}
                run={state.run.clone()}
                setup={state.setup.clone()}
                prefer={state.prefer}
            />
            <div class={classes!("columns", exhibiting.then_some("exhibit"))}>{ order }</div>
        </main>
    }
}

/// Whether the setup would make another run than the present one.
fn differs(state: &State, run: &Run) -> bool {
    let info = &run.started.info;
    let other_text = state.setup.text().is_some_and(|text| {
        text.label() != run.started.label
            || text.survey().chars != info.train_chars + info.val_chars
    });
    other_text || state.setup.config != info.config
}

/// The losses to read the curve by: of the run's text, or of the chosen one before there is a run.
fn reference(state: &State, training: Option<&Run>) -> Option<Reference> {
    match (training, state.setup.text()) {
        (Some(run), _) => Some(Reference {
            vocab: run.started.info.vocab.len(),
            counting: f64::from(run.started.info.unigram_entropy),
        }),
        (None, Some(text)) => Some(Reference {
            vocab: text.survey().vocab.len(),
            counting: text.survey().entropy,
        }),
        (None, None) => None,
    }
}

fn max_steps(state: &State) -> u32 {
    match state.own_run() {
        Some(run) => run.max_steps(),
        None => state.setup.config.train.max_steps,
    }
}
