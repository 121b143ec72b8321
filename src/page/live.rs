//! What comes too often for the state: steps, hundreds a second, and characters as they are
//! written. They are gathered here and told once a frame; the numbers on the page only a few
//! times a second, since nobody reads faster.

use super::chart::history::History;
use super::pace::Pace;
use super::state::Action;
use crate::client::{Notice, Started};
use crate::protocol::StepReport;
use gloo::render::{AnimationFrame, request_animation_frame};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// Milliseconds between two changes of the numbers.
const PAUSE: f64 = 120.0;

/// Where training is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    pub step: u32,
    /// Smoothed over the last steps.
    pub train_loss: Option<f32>,
    /// At the last validation.
    pub val_loss: Option<f32>,
    /// `None` until a step was done.
    pub ms_per_step: Option<f64>,
}

impl Progress {
    /// Before the first step of this visit.
    pub fn at(step: u32) -> Self {
        Progress {
            step,
            ..Progress::default()
        }
    }
}

/// Changes the state.
type Tell = Rc<dyn Fn(Action)>;

/// Has the chart drawn.
pub type Draw = Rc<dyn Fn()>;

/// What is gathered until the next frame.
#[derive(Default)]
struct Gathered {
    steps: bool,
    text: String,
}

#[derive(Default)]
struct Inner {
    history: RefCell<History>,
    /// The run that the history is of.
    run: RefCell<Option<Rc<Started>>>,
    /// The curve of a run that was stopped, while a ready-made model is looked into.
    stopped: RefCell<Option<(Rc<Started>, History)>>,
    /// Since the run came to its engine.
    pace: Cell<Pace>,
    gathered: RefCell<Gathered>,
    frame: RefCell<Option<AnimationFrame>>,
    last_told: Cell<f64>,
    tell: RefCell<Option<Tell>>,
    chart: RefCell<Option<Draw>>,
}

/// The shared place of a run's live numbers; clones share it.
#[derive(Clone, Default)]
pub struct Live(Rc<Inner>);

impl PartialEq for Live {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Live {
    /// Sends actions there from now on.
    pub fn tell_to(&self, tell: impl Fn(Action) + 'static) {
        *self.0.tell.borrow_mut() = Some(Rc::new(tell));
    }

    /// Calls the chart when there is something new to draw.
    pub fn draw_with(&self, draw: Option<Draw>) {
        *self.0.chart.borrow_mut() = draw;
    }

    /// Looks at the losses.
    pub fn with_history<T>(&self, look: impl FnOnce(&History) -> T) -> T {
        look(&self.0.history.borrow())
    }

    /// The pace of the latest steps, `None` until it is known.
    pub fn ms_per_step(&self) -> Option<f64> {
        self.0.pace.get().ms_per_step()
    }

    /// Takes in what the client tells; `training` asks it whether the present run trains.
    pub fn hear(&self, notice: &Notice, training: impl FnOnce() -> bool) {
        match notice {
            Notice::Steps(reports) => {
                self.gather_steps(reports);
                self.schedule();
            }
            Notice::Wrote(text) => {
                self.0.gathered.borrow_mut().text.push_str(text);
                self.schedule();
            }
            other => {
                // In order: what was gathered happened before.
                self.flush();
                self.tell(match other {
                    Notice::Run(started) => {
                        self.begin(started);
                        Action::Began {
                            started: Rc::clone(started),
                            // A run that was moved trains on without saying so again.
                            training: training(),
                        }
                    }
                    other => Action::Heard(other.clone()),
                });
            }
        }
    }

    fn tell(&self, action: Action) {
        let tell = self.0.tell.borrow().clone();
        if let Some(tell) = tell {
            tell(action);
        }
    }

    fn draw(&self) {
        let draw = self.0.chart.borrow().clone();
        if let Some(draw) = draw {
            draw();
        }
    }

    /// A run that was moved, whose worker was replaced, or that was stopped and is resumed goes on with
    /// its curve; any other begins a new one.
    fn begin(&self, started: &Rc<Started>) {
        let info = &started.info;
        let before = self.0.run.replace(Some(Rc::clone(started)));
        let mut history = self.0.history.borrow_mut();
        let mut stopped = self.0.stopped.borrow_mut();
        if let Some(before) = before
            && before.ready_made.is_none()
        {
            *stopped = Some((before, std::mem::take(&mut *history)));
        }
        history.clear();
        let same = |(before, _): &mut (Rc<Started>, History)| {
            before.label == started.label && before.info.config == info.config
        };
        if info.step > 0
            && let Some((_, curve)) = stopped.take_if(same)
        {
            *history = curve;
            history.rewind(info.step + 1);
        }
        drop(history);
        self.0.pace.set(Pace::default());
        self.draw();
    }

    fn gather_steps(&self, reports: &[StepReport]) {
        let mut history = self.0.history.borrow_mut();
        for report in reports {
            history.push(report);
            let pace = self.0.pace.get();
            self.0.pace.set(pace.after(f64::from(report.ms)));
        }
        self.0.gathered.borrow_mut().steps |= !reports.is_empty();
    }

    fn schedule(&self) {
        let mut frame = self.0.frame.borrow_mut();
        if frame.is_none() {
            let live = self.clone();
            *frame = Some(request_animation_frame(move |now| live.on_frame(now)));
        }
    }

    fn on_frame(&self, now: f64) {
        self.0.frame.take();
        let text = std::mem::take(&mut self.0.gathered.borrow_mut().text);
        if !text.is_empty() {
            self.tell(Action::Wrote(text));
        }
        if !self.0.gathered.borrow().steps {
            return;
        }
        self.draw();
        if now - self.0.last_told.get() >= PAUSE {
            self.0.last_told.set(now);
            self.tell_progress();
        } else {
            self.schedule();
        }
    }

    /// Tells everything at once.
    fn flush(&self) {
        let text = std::mem::take(&mut self.0.gathered.borrow_mut().text);
        if !text.is_empty() {
            self.tell(Action::Wrote(text));
        }
        if self.0.gathered.borrow().steps {
            self.draw();
            self.tell_progress();
        }
    }

    fn tell_progress(&self) {
        self.0.gathered.borrow_mut().steps = false;
        let progress = self.with_history(|history| Progress {
            step: history.last_step(),
            train_loss: history.buckets().last().map(|bucket| bucket.smooth),
            val_loss: history.validation().last().map(|point| point.loss),
            ms_per_step: self.0.pace.get().ms_per_step(),
        });
        self.tell(Action::Progressed(progress));
    }
}
