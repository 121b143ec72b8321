//! The time of a scene, which moves sixty times a second and is therefore no part of the page's
//! state: the canvas and the scrubber are drawn from here, and the state hears when a scene ends.

use super::drawing::Marked;
use super::paint::{Sheet, Style, paint};
use super::scene::{Mark, Picture, Rect, View, picture};
use super::term::Term;
use super::words;
use crate::config::ModelConfig;
use crate::explain::Cell;
use crate::page::deeds::Page;
use crate::page::explore::journey::Stop;
use crate::page::explore::overview;
use crate::page::state::Action;
use crate::page::state::explore::{Explore, ExploreAction, Playhead, Slot};
use crate::protocol::Sampling;
use gloo::render::{AnimationFrame, request_animation_frame};
use std::cell::{Cell as Held, RefCell};
use std::collections::HashSet;
use std::rc::Rc;
use web_sys::{HtmlCanvasElement, HtmlInputElement};
use yew::{Callback, NodeRef};

/// Seconds that a scene stays when it is over, before the next one.
const REST: f64 = 0.9;
/// Seconds of a scene that is only seen to happen, and of its stay: one a second, with the pass that
/// comes between them.
const GLANCE: f64 = 0.7;
const BRISK_REST: f64 = 0.2;
/// The longest step of the clock: a page that was away goes on where it was.
const LONGEST: f64 = 0.1;
/// The narrowest that a stage is drawn; less room scrolls sideways.
const NARROWEST: f64 = 300.0;
/// How much taller bars become at most, to fill a high stage, and how much lower, to be seen whole on
/// a low one.
const TALLEST: f64 = 3.0;
const LOWEST: f64 = 0.4;

/// What is drawn but for the time.
#[derive(Clone, PartialEq)]
pub struct Wanted {
    pub slot: Slot,
    /// The same pass without what the reader changed.
    pub before: Option<Slot>,
    pub stop: Stop,
    pub token: usize,
    pub head: usize,
    pub open: bool,
    pub threshold: f64,
    /// How a character is drawn, the first of them with this seed.
    pub sampling: Sampling,
    /// So many of the last tokens were drawn.
    pub written: usize,
    /// What the reader picked.
    pub picked: Option<Cell>,
    /// Whether grids show queries as columns.
    pub flipped: bool,
    /// What the card explains.
    pub chosen: Option<Cell>,
    pub inputs: Rc<HashSet<Cell>>,
}

impl Wanted {
    pub fn of(
        explore: &Explore,
        slot: &Slot,
        stop: Stop,
        sampling: Sampling,
        chosen: Option<Cell>,
        inputs: Rc<HashSet<Cell>>,
    ) -> Self {
        Wanted {
            slot: slot.clone(),
            before: explore.unchanged.clone(),
            stop,
            token: explore.token,
            head: explore.head,
            open: explore.open,
            threshold: explore.threshold,
            sampling,
            written: explore.write_on.shown(),
            picked: explore.picked,
            flipped: explore.flipped,
            chosen,
            inputs,
        }
    }

    fn model(&self) -> &ModelConfig {
        &self.slot.trace.about.model
    }

    fn marked(&self) -> Marked<'_> {
        Marked {
            chosen: self.chosen,
            inputs: &self.inputs,
            lit: None,
        }
    }

    /// The picture at a time, for a stage of that width.
    pub fn picture(&self, width: f64, time: f64) -> Picture {
        self.stretched(width, 1.0, time)
    }

    /// How tall the bars can be on a stage of that size, as a multiple of what is usual, so that all is
    /// still seen. As usual where it cannot be, or where the stage is as high as its picture.
    fn stretch(&self, width: f64, room: f64) -> f64 {
        let fits = |stretch: f64| self.stretched(width, stretch, 1.0).height <= room;
        if !fits(LOWEST) {
            return 1.0;
        }
        let (mut fitting, mut step) = (LOWEST, TALLEST - LOWEST);
        // Halves of halves: a hundredth is less than anybody sees.
        while step > 0.01 {
            if fitting + step <= TALLEST && fits(fitting + step) {
                fitting += step;
            }
            step /= 2.0;
        }
        fitting
    }

    fn stretched(&self, width: f64, stretch: f64, time: f64) -> Picture {
        let view = View {
            source: self.slot.drawing(self.sampling),
            before: self.before.as_ref().map(Slot::source),
            stop: self.stop,
            token: self.token,
            head: self.head,
            written: self.written,
            picked: self.picked,
            flipped: self.flipped,
            width: width.max(NARROWEST),
            stretch,
            time,
        };
        match self.open {
            true => picture(&view),
            false => overview::picture(&view, self.threshold),
        }
    }
}

/// The picture that stands on the stage, and how it looks there.
pub struct OnStage<'a> {
    pub style: Style,
    /// As wide as the picture was laid out.
    pub width: f64,
    pub picture: &'a Picture,
    pub marked: Marked<'a>,
}

/// What the height of a picture follows from. Its numbers are none of it: a pass that a finger asks
/// for sixty times a second is not fitted anew.
#[derive(Clone, Copy, PartialEq)]
struct Outline {
    stop: Stop,
    open: bool,
    token: usize,
    tokens: usize,
    model: ModelConfig,
    width: f64,
    room: f64,
}

/// How tall bars are in such a picture.
#[derive(Clone, Copy)]
struct Fitted {
    outline: Outline,
    stretch: f64,
}

/// The number at which the stage is at work, and what it then shows.
#[derive(Clone, Copy, PartialEq)]
pub struct Working {
    /// Scene, whether it is open, token, head.
    pub at: (Stop, bool, usize, usize),
    pub cell: Cell,
}

/// What a stage that is lower than its picture scrolls to when it is another.
#[derive(Clone, Copy, Default, PartialEq)]
struct Brought {
    picked: Option<Cell>,
    /// The chosen token, where the overview shows it.
    row: Option<usize>,
}

/// The stage's clock and its drawing.
pub struct Clock {
    page: Page,
    pub canvas: NodeRef,
    pub scrubber: NodeRef,
    wanted: RefCell<Option<Wanted>>,
    lit: Held<Option<Term>>,
    playhead: Held<Option<Playhead>>,
    /// Of the scene: 0 to 1, and beyond while it rests.
    time: Held<f64>,
    last: Held<Option<f64>>,
    frame: RefCell<Option<AnimationFrame>>,
    style: RefCell<Option<Style>>,
    drawn: RefCell<Picture>,
    fitted: Held<Option<Fitted>>,
    /// Hears at which number the stage is at work.
    hears: RefCell<Option<Callback<Working>>>,
    told: Held<Option<Working>>,
    /// What was last brought into sight.
    brought: Held<Brought>,
    still: bool,
}

impl Clock {
    pub fn new(page: Page, canvas: NodeRef, scrubber: NodeRef) -> Self {
        let window = gloo::utils::window();
        let query = window.match_media("(prefers-reduced-motion: reduce)");
        Clock {
            page,
            canvas,
            scrubber,
            wanted: RefCell::default(),
            lit: Held::default(),
            playhead: Held::default(),
            time: Held::new(0.0),
            last: Held::default(),
            frame: RefCell::default(),
            style: RefCell::default(),
            drawn: RefCell::default(),
            fitted: Held::default(),
            hears: RefCell::default(),
            told: Held::default(),
            brought: Held::default(),
            still: query.ok().flatten().is_some_and(|query| query.matches()),
        }
    }

    /// Draws that from now on, and moves as the playhead says.
    pub fn show(self: &Rc<Self>, wanted: Option<Wanted>, playhead: Playhead) {
        let before = self.playhead.replace(Some(playhead));
        let moved = before.is_none_or(|before| before.moved != playhead.moved);
        let played = before.is_some_and(|before| before.playing);
        let (started, stopped) = (playhead.playing && !played, played && !playhead.playing);
        if moved {
            self.time.set(playhead.time);
        } else if started && self.time.get() >= 1.0 {
            // What had come to its end plays again.
            self.time.set(0.0);
        } else if stopped && self.still {
            // It stops at what is seen.
            self.time.set(1.0);
        }
        *self.wanted.borrow_mut() = wanted;
        self.request();
    }

    /// From now on the numbers of that term stand out.
    pub fn light(self: &Rc<Self>, term: Option<Term>) {
        self.lit.set(term);
        self.request();
    }

    /// From now on tells at which number the stage is at work, whenever it is another.
    pub fn tell(&self, hears: Callback<Working>) {
        self.told.set(None);
        self.hears.replace(Some(hears));
    }

    /// Other colours hold, or another size.
    pub fn restyle(self: &Rc<Self>) {
        self.style.take();
        self.request();
    }

    /// The stage is gone: nothing moves any more.
    pub fn leave(&self) {
        self.wanted.take();
        self.frame.take();
        self.last.set(None);
    }

    /// The time that is shown. Without motion a scene that plays is there at once, and gives way to the
    /// next after its time.
    pub fn time(&self) -> f64 {
        let playing = self.playhead.get().is_some_and(|playhead| playhead.playing);
        match self.still && playing {
            true => 1.0,
            false => self.passed(),
        }
    }

    /// How much of the scene's time is over.
    fn passed(&self) -> f64 {
        self.time.get().min(1.0)
    }

    /// The last picture.
    pub fn look<T>(&self, look: impl FnOnce(&Picture) -> T) -> T {
        look(&self.drawn.borrow())
    }

    /// Where on the picture a point of the canvas is, given in CSS pixels.
    pub fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let style = self.style.borrow();
        let scale = style.as_ref().map_or(1.0, |style| style.scale);
        (x / scale, y / scale)
    }

    /// What a file of the stage is made from; `None` while there is no stage.
    pub fn with_stage<T>(&self, make: impl FnOnce(OnStage) -> T) -> Option<T> {
        let canvas = self.canvas.cast::<HtmlCanvasElement>()?;
        let (wanted, picture) = (self.wanted.borrow(), self.drawn.borrow());
        let wanted = wanted.as_ref()?;
        let style = Style::of(&canvas)?;
        Some(make(OnStage {
            width: Sheet::of(&canvas, &style).width,
            style,
            picture: &picture,
            marked: wanted.marked(),
        }))
    }

    fn request(self: &Rc<Self>) {
        let mut frame = self.frame.borrow_mut();
        if frame.is_none() {
            let clock = Rc::clone(self);
            *frame = Some(request_animation_frame(move |now| {
                clock.frame.take();
                clock.on_frame(now);
            }));
        }
    }

    fn on_frame(self: &Rc<Self>, now: f64) {
        let playhead = self.playhead.get();
        let scene = self.wanted.borrow().as_ref().map(|wanted| {
            (
                words::seconds(wanted.stop.scene, wanted.model()),
                wanted.open,
            )
        });
        let playing = playhead.filter(|playhead| playhead.playing);
        let (Some(playing), Some((seconds, true))) = (playing, scene) else {
            self.last.set(None);
            self.draw();
            return;
        };
        let before = self.last.replace(Some(now)).unwrap_or(now);
        let passed = ((now - before) / 1e3).clamp(0.0, LONGEST) * playing.speed;
        let (duration, rest) = match playing.brisk {
            true => (GLANCE, BRISK_REST),
            false => (seconds, REST),
        };
        self.time.set(self.time.get() + passed / duration);
        self.draw();
        if self.time.get() >= 1.0 + rest / duration {
            self.last.set(None);
            // The next scene comes with another count of moves; until then nothing is asked twice.
            self.time.set(1.0);
            self.page.dispatch(Action::Explore(ExploreAction::Ended));
        } else {
            self.request();
        }
    }

    /// As such a picture was last fitted to the stage, or fitted anew.
    fn stretch(&self, wanted: &Wanted, sheet: &Sheet, style: &Style) -> f64 {
        let canvas = self.canvas.cast::<web_sys::Element>();
        let parent = canvas.and_then(|canvas| canvas.parent_element());
        let room = match parent.filter(|_| style.fills) {
            Some(parent) => f64::from(parent.client_height()) / style.scale,
            None => 0.0,
        };
        let outline = Outline {
            stop: wanted.stop,
            open: wanted.open,
            token: wanted.token,
            tokens: wanted.slot.source().tokens(),
            model: wanted.slot.trace.about.model,
            width: sheet.width,
            room,
        };
        let same = |fitted: &Fitted| fitted.outline == outline;
        let fitted = self.fitted.get().filter(same).unwrap_or_else(|| Fitted {
            outline,
            stretch: wanted.stretch(sheet.width, room),
        });
        self.fitted.set(Some(fitted));
        fitted.stretch
    }

    fn draw(&self) {
        if let Some(scrubber) = self.scrubber.cast::<HtmlInputElement>() {
            scrubber.set_value(&format!("{:.3}", self.passed()));
        }
        let Some(canvas) = self.canvas.cast::<HtmlCanvasElement>() else {
            return;
        };
        let wanted = self.wanted.borrow();
        let Some(wanted) = wanted.as_ref() else {
            return;
        };
        let mut style = self.style.borrow_mut();
        if style.is_none() {
            *style = Style::of(&canvas);
        }
        let Some(style) = style.as_ref() else {
            return;
        };
        let sheet = Sheet::of(&canvas, style);
        let stretch = self.stretch(wanted, &sheet, style);
        let picture = wanted.stretched(sheet.width, stretch, self.time());
        let marked = Marked {
            lit: self.lit.get(),
            ..wanted.marked()
        };
        paint(&canvas, &sheet, style, &picture, &marked);
        tell(&canvas, &picture, self.lit.get());
        let now = Brought {
            picked: wanted.picked,
            row: (!wanted.open).then_some(wanted.token),
        };
        let before = self.brought.replace(now);
        if before.row.is_some()
            && now.row.is_none()
            && let Some(stage) = canvas.parent_element()
        {
            // A scene begins at its top, wherever the overview was.
            stage.set_scroll_top(0);
        }
        if let Some(cell) = now.picked.filter(|_| now.picked != before.picked) {
            bring(&canvas, &picture, cell, style.scale);
        } else if let Some(cell) = picture.focus.filter(|_| now.row != before.row)
            && now.row.is_some()
        {
            bring_row(&canvas, &picture, cell, style.scale);
        }
        let working = picture.focus.map(|cell| Working {
            at: (wanted.stop, wanted.open, wanted.token, wanted.head),
            cell,
        });
        self.drawn.replace(picture);
        if working != self.told.replace(working)
            && let (Some(working), Some(hears)) = (working, self.hears.borrow().as_ref())
        {
            hears.emit(working);
        }
    }
}

/// Scrolls a stage that is lower than its picture to a number of which nothing is in sight: never to
/// one that is under the pointer.
fn bring(canvas: &HtmlCanvasElement, picture: &Picture, cell: Cell, scale: f64) {
    let Some(stage) = canvas.parent_element() else {
        return;
    };
    let height = f64::from(stage.client_height()) / scale;
    let above = f64::from(stage.scroll_top()) / scale;
    let seen = |area: &Rect| area.y < above + height && area.y + area.h > above;
    let marks = picture
        .marks
        .iter()
        .filter(|mark| mark.cell() == Some(cell));
    let mut areas = marks.map(Mark::area).peekable();
    let first = areas.peek().copied();
    if let Some(area) = first.filter(|_| !areas.any(|area| seen(&area))) {
        stage.set_scroll_top((scale * (area.centre().1 - height / 2.0)) as i32);
    }
}

/// Scrolls a stage that is lower than the overview to the row of the chosen token, where it is not in
/// sight: to its foot, since what it looks at stands above it.
fn bring_row(canvas: &HtmlCanvasElement, picture: &Picture, cell: Cell, scale: f64) {
    let (Some(stage), Some(row)) = (canvas.parent_element(), picture.place_of(cell)) else {
        return;
    };
    let height = f64::from(stage.client_height()) / scale;
    let above = f64::from(stage.scroll_top()) / scale;
    if row.y < above || row.y + row.h > above + height {
        let foot = row.y + 1.5 * row.h;
        stage.set_scroll_top((scale * (foot - height)).ceil() as i32);
    }
}

/// Leaves at the canvas how many of its numbers are lit.
fn tell(canvas: &HtmlCanvasElement, picture: &Picture, lit: Option<Term>) {
    // Both fail only for a name that is none.
    let _ = match lit {
        Some(term) => canvas.set_attribute("data-lit", &picture.of(term).count().to_string()),
        None => canvas.remove_attribute("data-lit"),
    };
}
