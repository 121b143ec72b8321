use super::run::Preparation;
use super::*;
use crate::client::{EngineInfo, Started};
use crate::config::attention::Normaliser;
use crate::config::{Attention, Kind, Preset, Recipe, RunConfig};
use crate::models::{Manifest, Pretrained};
use crate::page::link::Link;
use crate::page::link::reader::Reader;
use crate::protocol::{FaultKind, RunInfo};
use serde_json::json;

fn engine(backend: Backend) -> EngineInfo {
    EngineInfo {
        backend,
        adapter: None,
        reason: "a test".into(),
        version: 1,
    }
}

fn started(step: u32) -> Rc<Started> {
    let config = RunConfig::new(Preset::Laptop, Recipe::Notes);
    Rc::new(Started {
        info: RunInfo {
            config,
            params: 1,
            vocab: vec!['a', 'b'],
            step,
            train_chars: 900,
            val_chars: 100,
            unigram_entropy: 0.5,
        },
        engine: engine(Backend::Cpu),
        label: "test".into(),
        ready_made: None,
    })
}

/// A run of an earlier visit.
fn kept() -> SavedRun {
    SavedRun {
        step: 5,
        max_steps: 10,
        label: "test".into(),
        when: 0.0,
        preset: Preset::Glass,
    }
}

/// A ready-made model's record.
pub(in crate::page) fn ready_made(corpus: &str, kind: Kind) -> Pretrained {
    let mut config = RunConfig::default();
    config.model.attention = Attention::of(kind, Normaliser::default());
    let record = json!({
        "name": format!("{corpus}-{}", kind.name()),
        "kind": kind,
        "corpora": [corpus],
        "prompt": "ab",
        "config": config,
        "parameters": 1,
        "steps": 100,
        "seconds": 1.0,
        "train_loss": 0.5,
        "val_loss": 0.5,
        "scores": {},
        "passes": true,
    });
    serde_json::from_value(record).expect("a record")
}

/// The run that such a model is when it is open.
fn opened(model: Pretrained) -> Rc<Started> {
    let mut started = Rc::unwrap_or_clone(started(model.steps));
    started.info.config = model.config;
    (started.info.train_chars, started.info.val_chars) = (0, 0);
    started.label = model.name.clone();
    started.ready_made = Some(Rc::new(model));
    Rc::new(started)
}

fn after(actions: impl IntoIterator<Item = Action>) -> State {
    let start = Rc::new(State::default());
    let end = actions.into_iter().fold(start, State::reduce);
    Rc::unwrap_or_clone(end)
}

fn fault(message: &str) -> Action {
    Action::Failed(Fault::new(FaultKind::Device, message))
}

fn began(started: Rc<Started>) -> Action {
    let training = false;
    Action::Began { started, training }
}

fn heard(notices: impl IntoIterator<Item = Notice>) -> impl Iterator<Item = Action> {
    notices.into_iter().map(Action::Heard)
}

fn progress(step: u32) -> Action {
    Action::Progressed(Progress {
        step,
        train_loss: Some(2.0),
        val_loss: None,
        ms_per_step: Some(4.0),
    })
}

#[test]
fn from_start_to_the_first_step_the_bar_always_says_what_is_happening() {
    let backend = Backend::Cpu;
    let mut actions = vec![Action::Asked];
    let preparing = |actions: &[Action]| match after(actions.to_vec()).phase() {
        Phase::Preparing(what) => what,
        other => panic!("not preparing: {other:?}"),
    };
    assert_eq!(preparing(&actions), Preparation::Asking);
    let (received, total) = (10, Some(100));
    for (notice, expected) in [
        (
            Notice::Download {
                backend,
                received,
                total,
            },
            Preparation::Downloading {
                backend,
                received,
                total,
            },
        ),
        (Notice::Starting(backend), Preparation::Device(backend)),
        (Notice::Ready(engine(backend)), Preparation::Model),
    ] {
        actions.push(Action::Heard(notice));
        assert_eq!(preparing(&actions), expected);
    }
    actions.extend([began(started(0)), Action::Answered]);
    actions.extend(heard([Notice::Training(true)]));
    assert_eq!(preparing(&actions), Preparation::FirstStep);
    actions.extend(heard([Notice::Warming(0.5)]));
    assert_eq!(preparing(&actions), Preparation::Warming(backend, 0.5));
    actions.push(progress(1));
    assert_eq!(after(actions).phase(), Phase::Training);
}

#[test]
fn a_run_pauses_ends_and_is_dropped() {
    let mut actions = vec![began(started(0)), Action::Heard(Notice::Training(true))];
    actions.push(progress(5));
    actions.extend(heard([Notice::Training(false)]));
    assert_eq!(after(actions.clone()).phase(), Phase::Paused);
    actions.push(progress(2000));
    assert_eq!(after(actions.clone()).phase(), Phase::Finished);
    actions.extend(heard([Notice::Stopped]));
    assert_eq!(after(actions).phase(), Phase::Idle);
}

#[test]
fn a_model_without_a_text_only_writes() {
    let mut bare = Rc::unwrap_or_clone(started(7));
    bare.info.train_chars = 0;
    let state = after([began(Rc::new(bare))]);
    assert_eq!(state.phase(), Phase::WritesOnly);
}

#[test]
fn a_refusal_is_said_once_and_start_can_be_pressed_again() {
    let state = after([Action::Asked, fault("no adapter"), fault("no adapter")]);
    assert_eq!(state.phase(), Phase::Idle);
    assert_eq!(state.alerts.len(), 1);
    assert_eq!(state.alerts[0].message, "No adapter.");
    let id = state.alerts[0].id;
    let state = Rc::new(state).reduce(Action::Dismiss(id));
    assert!(state.alerts.is_empty());
}

#[test]
fn alerts_do_not_pile_up() {
    let state = after((0..10).map(|n| fault(&format!("fault {n}"))));
    let last = state.alerts.last().map(|alert| alert.message.as_str());
    assert_eq!((state.alerts.len(), last), (ALERTS, Some("Fault 9.")));
}

#[test]
fn what_was_said_of_a_choice_ends_with_the_next_one() {
    let of = |label: &str| Action::ToldOf(label.into(), format!("{label} is open instead"));
    let other = Action::Told(Tone::Notice, "the disk is full".into());
    let said = |actions: &[Action]| -> Vec<String> {
        let alerts = after(actions.to_vec()).alerts.into_iter();
        alerts.map(|alert| alert.message).collect()
    };
    let model = ready_made("copy", Kind::Standard);
    let mut actions = vec![other, of(&model.name), began(opened(model))];
    let disk = "The disk is full.";
    assert_eq!(said(&actions), [disk, "Copy-standard is open instead."]);
    actions.push(of("facts-additive"));
    assert_eq!(said(&actions), [disk, "Facts-additive is open instead."]);
    // Without a word of its own.
    actions.push(began(opened(ready_made("addition", Kind::Standard))));
    assert_eq!(said(&actions), [disk]);
}

#[test]
fn a_run_from_elsewhere_sets_the_options_and_a_replaced_worker_does_not() {
    let run = started(0);
    let mut actions = vec![began(Rc::clone(&run))];
    assert_eq!(after(actions.clone()).setup.config, run.info.config);

    actions.push(Action::Setup(SetupAction::Edit("n_layer", "1".into())));
    actions.push(Action::Heard(Notice::Replaced {
        reason: "the device was lost".into(),
        backend: Backend::Cpu,
        step: 40,
    }));
    actions.push(began(started(40)));
    let state = after(actions);
    assert_eq!(state.setup.config.model.n_layer, 1);
    assert_eq!(state.run.map(|run| run.progress.step), Some(40));
    let said = &state.alerts[0].message;
    assert!(said.starts_with("The device was lost. ") && said.contains("after step 40"));
}

#[test]
fn the_offer_to_resume_ends_with_a_new_run() {
    let mut actions = vec![Action::Kept(Some(kept()))];
    assert!(after(actions.clone()).kept.is_some());
    actions.push(began(started(0)));
    assert!(after(actions).kept.is_none());
}

#[test]
fn a_ready_made_model_writes_and_changes_neither_setup_nor_offer() {
    let awaited = after([]);
    assert!(awaited.is_exhibiting());
    let model = ready_made("copy", Kind::Additive);
    let mut actions = vec![Action::Kept(Some(kept())), began(opened(model))];
    let state = after(actions.clone());
    assert_eq!((state.phase(), state.is_exhibiting()), (Phase::Idle, true));
    assert_eq!(state.setup, awaited.setup);
    assert!(state.kept.is_some() && state.own_run().is_none());
    assert_eq!(state.writing.prompt, "ab");

    // A run with the very same configuration is another run all the same.
    let mut own = Rc::unwrap_or_clone(started(0));
    own.info.config = opened(ready_made("copy", Kind::Additive)).info.config;
    actions.push(began(Rc::new(own.clone())));
    let state = after(actions);
    assert_eq!(state.setup.config, own.info.config);
    assert!(state.kept.is_none() && state.own_run().is_some());
    assert!(!state.is_exhibiting());
}

#[test]
fn a_prompt_that_the_opened_model_cannot_read_gives_way_to_its_own() {
    let typed = |text: &str| Action::Writing(WritingAction::Prompt(text.into()));
    let open = || began(opened(ready_made("copy", Kind::Standard)));
    assert_eq!(after([typed("ba"), open()]).writing.prompt, "ba");
    assert_eq!(after([typed("xyz"), open()]).writing.prompt, "ab");
}

#[test]
fn a_model_that_does_not_come_leaves_the_page_as_it_is() {
    let fault = Fault::new(FaultKind::Input, "the list is missing");
    let state = after([
        Action::Shelf(ShelfAction::Listed(Err(fault))),
        Action::Shelf(ShelfAction::First(None)),
    ]);
    assert!(!state.is_exhibiting() && state.alerts.is_empty());
    assert_eq!(state.phase(), Phase::Idle);
    let missing = shelf::Models::Missing("The list is missing.".into());
    assert_eq!(state.shelf.models, missing);
}

#[test]
fn without_a_run_the_page_is_bare_until_a_model_is_on_its_way() {
    let manifest = Manifest {
        models: vec![ready_made("copy", Kind::Standard)],
    };
    let listed = Action::Shelf(ShelfAction::Listed(Ok(Rc::new(manifest))));
    let over = || Action::Shelf(ShelfAction::First(None));
    assert!(!after([listed.clone()]).is_bare(), "the first is awaited");
    let stopped = [
        listed.clone(),
        over(),
        began(started(0)),
        Action::Heard(Notice::Stopped),
    ];
    assert!(after(stopped.clone()).is_bare());
    let mut actions = stopped.to_vec();
    actions.push(Action::Shelf(ShelfAction::Expected));
    assert!(!after(actions.clone()).is_bare());
    // What cannot be opened is not tried again and again.
    let fault = Fault::new(FaultKind::Input, "damaged");
    actions.push(Action::Shelf(ShelfAction::First(Some(fault))));
    assert!(!after(actions).is_bare());
}

/// A run on a text of that label and with those characters.
fn run_on(label: &str, characters: &str) -> Action {
    let mut run = Rc::unwrap_or_clone(started(0));
    run.label = label.into();
    run.info.vocab = characters.chars().collect();
    began(Rc::new(run))
}

#[test]
fn a_run_of_ones_own_is_looked_into_where_there_is_something_to_guess() {
    let text = "abcdefghijklmnopqrstuvwxyz .?!";
    let example = Corpus::Adjectives {}.examples()[0].text;
    let state = after([run_on("adjectives", text)]);
    assert_eq!(state.explore.text, example);
    // The prompt that the person wrote comes first, where the model can read it.
    let typed = |text: &str| Action::Writing(WritingAction::Prompt(text.into()));
    let state = after([typed("this tiny "), run_on("adjectives", text)]);
    assert_eq!(state.explore.text, "this tiny ");
    let state = after([typed("THIS"), run_on("adjectives", text)]);
    assert_eq!(state.explore.text, example);
}

#[test]
fn a_ready_made_model_is_looked_into_with_an_example_of_what_it_learned() {
    let open = |characters: &str| {
        let mut started = Rc::unwrap_or_clone(opened(ready_made("facts", Kind::Additive)));
        started.info.vocab = characters.chars().collect();
        after([began(Rc::new(started))]).explore.text
    };
    let example = Corpus::Facts {}.examples()[0].text;
    assert_eq!(open("abcdefghijklmnopqrstuvwxyz .?"), example);
    // Its own prompt where it could not read that.
    assert_eq!(open("ab"), "ab");
}

#[test]
fn an_example_of_another_task_gives_way_and_what_a_person_wrote_stays() {
    let text = "abcdefghijklmnopqrstuvwxyz .?!<>";
    let open = |corpus: &str, kind: Kind| {
        let mut started = Rc::unwrap_or_clone(opened(ready_made(corpus, kind)));
        started.info.vocab = text.chars().collect();
        began(Rc::new(started))
    };
    let write = |text: &str| Action::Explore(ExploreAction::Text(text.into()));
    let link_to = |model: &str, text: &str| {
        let link = Link {
            text: Some(text.into()),
            ..Link::default()
        };
        Action::Follow(Arrival::new(link, Reader::Called(model.into())))
    };
    let link = |text: &str| link_to("adjectives-standard", text);
    let sentence = |actions: Vec<Action>| after(actions).explore.text;
    let [first, second] = [0, 1].map(|n| Corpus::Adjectives {}.examples()[n].text);
    let facts = Corpus::Facts {}.examples()[0].text;
    let ways: [&dyn Fn(&str) -> Action; 2] = [&write, &link];
    for come in ways {
        let there = || vec![open("adjectives", Kind::Standard), come(second)];
        // The other kind of attention has learned the same.
        let mut actions = there();
        actions.push(open("adjectives", Kind::Additive));
        assert_eq!(sentence(actions.clone()), second);
        actions.push(open("facts", Kind::Additive));
        assert_eq!(sentence(actions.clone()), facts);
        actions.push(open("adjectives", Kind::Additive));
        assert_eq!(sentence(actions), first);
        let mut actions = there();
        actions.push(run_on("facts", text));
        assert_eq!(sentence(actions), facts);
        // A link to that model with that sentence means it.
        let mut actions = there();
        actions.extend([
            open("facts", Kind::Additive),
            link_to("facts-additive", second),
        ]);
        assert_eq!(sentence(actions), second);
        let mut actions = there();
        actions.extend([come("the big cat "), open("facts", Kind::Additive)]);
        assert_eq!(sentence(actions), "the big cat ");
    }
}

#[test]
fn a_prompt_that_a_person_wrote_stays_where_the_new_run_can_read_it() {
    let typed = |text: &str| Action::Writing(WritingAction::Prompt(text.into()));
    let start = |prompt: &str| {
        let open = began(opened(ready_made("copy", Kind::Standard)));
        after([
            open,
            typed(prompt),
            Action::Asked,
            run_on("facts", "the ab?"),
        ])
    };
    let state = start("a bat");
    assert_eq!(
        (state.writing.prompt.as_str(), state.alerts.len()),
        ("a bat", 0)
    );
    let state = start("a BAT");
    assert_ne!(state.writing.prompt, "a BAT");
    let said = &state.alerts[0].message;
    assert!(said.contains("“a BAT”"), "{said}");
}

#[test]
fn a_line_is_taken_up_to_where_its_end_is_to_be_guessed() {
    for (line, beginning) in [
        ("ann is not wet. wet? no.", "ann is not wet. wet? "),
        ("321+654=9750", "321+654="),
        ("hello", "hel"),
        ("été", "ét"),
        ("x", "x"),
        ("", ""),
        ("...", ".."),
        (
            "A line that is much longer than what one looks at…",
            "A line that is much longer than what ",
        ),
    ] {
        assert_eq!(beginning_of(line), beginning, "{line:?}");
    }
}

#[test]
fn holding_a_picture_ends_with_the_run_that_it_is_of() {
    let model = ready_made("facts", Kind::Standard);
    let held = |actions: Vec<Action>| {
        let hold = Action::Explore(ExploreAction::Freeze(true));
        let begin = [began(started(0)), hold];
        after(begin.into_iter().chain(actions)).explore.frozen
    };
    assert!(held(vec![progress(5)]));
    // Its worker was replaced, or it was moved.
    assert!(held(vec![began(started(5))]));
    let mut other = Rc::unwrap_or_clone(started(5));
    other.label = "another".into();
    let stopped: Vec<Action> = heard([Notice::Stopped]).collect();
    for ends in [
        stopped.clone(),
        vec![began(started(0))],
        vec![began(Rc::new(other))],
        vec![began(opened(model))],
        [stopped, vec![began(started(5))]].concat(),
    ] {
        assert!(!held(ends.clone()), "{ends:?}");
    }
}
