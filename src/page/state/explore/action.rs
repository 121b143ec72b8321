//! What one can do on the Explore page, and what the engine answers.

use super::write_on::WriteOnAction;
use super::{Searched, Slot};
use crate::explain::Cell;
use crate::trace::Intervention;

/// What can be done on the Explore page.
#[derive(Clone, Debug)]
pub enum ExploreAction {
    Text(String),
    /// A character that the model thought likely joins the sentence.
    Append(char),
    /// Back to the sentence without what the model wrote.
    TakeBack,
    /// A pass made beforehand, for as long as there is no engine to make one.
    FirstLook(Slot),
    /// The same pass as the one that comes next, without its changes.
    Beside(Slot),
    /// The pass that was asked for is here, or will not come.
    Traced(Result<Slot, String>),
    /// What a pass hangs on.
    Searched(Searched),
    Token(usize),
    /// So many tokens down, or up.
    StepToken(isize),
    StepLayer(isize),
    Head(usize),
    NextHead,
    /// To a scene, by its place in the journey.
    Stop(usize),
    StepScene(isize),
    /// The scene that played has come to its end.
    Ended,
    TogglePlay,
    /// To a moment of the scene, where it then stays.
    Time(f64),
    Speed(f64),
    Pick(Option<Cell>),
    /// From a line of the overview to the scene where that weight's score comes about.
    LookAt(Cell),
    /// From the first number on to the second, which it is made of.
    Into(Cell, Cell),
    /// Back to the number one came from.
    Back,
    /// Into the blocks, or back to the overview.
    Open(bool),
    ToggleOpen,
    Freeze(bool),
    /// The list of keys.
    Help,
    /// Out of the list of keys where it stands open, else back to the scene's own number.
    Leave,
    /// Large, with less around the stage, or as usual.
    Present,
    Poke(Intervention),
    /// Takes the change of the same thing back.
    Unpoke(Intervention),
    UnpokeAll,
    /// Attention below it is drawn without a line.
    Threshold(f64),
    /// Queries as columns, or as rows.
    Flip(bool),
    /// The block whose kept keys and values are shown.
    Kept(usize),
    WriteOn(WriteOnAction),
}

impl ExploreAction {
    /// Whether the reader asks for another pass.
    pub(super) fn changes_the_pass(&self) -> bool {
        match self {
            ExploreAction::Text(_)
            | ExploreAction::Append(_)
            | ExploreAction::TakeBack
            | ExploreAction::Poke(_)
            | ExploreAction::Unpoke(_)
            | ExploreAction::UnpokeAll => true,
            ExploreAction::FirstLook(_)
            | ExploreAction::Beside(_)
            | ExploreAction::Traced(_)
            | ExploreAction::Searched(_)
            | ExploreAction::Token(_)
            | ExploreAction::StepToken(_)
            | ExploreAction::StepLayer(_)
            | ExploreAction::Head(_)
            | ExploreAction::NextHead
            | ExploreAction::Stop(_)
            | ExploreAction::StepScene(_)
            | ExploreAction::Ended
            | ExploreAction::TogglePlay
            | ExploreAction::Time(_)
            | ExploreAction::Speed(_)
            | ExploreAction::Pick(_)
            | ExploreAction::LookAt(_)
            | ExploreAction::Into(..)
            | ExploreAction::Back
            | ExploreAction::Open(_)
            | ExploreAction::ToggleOpen
            | ExploreAction::Freeze(_)
            | ExploreAction::Help
            | ExploreAction::Leave
            | ExploreAction::Present
            | ExploreAction::Flip(_)
            | ExploreAction::Kept(_)
            | ExploreAction::WriteOn(_)
            | ExploreAction::Threshold(_) => false,
        }
    }
}
