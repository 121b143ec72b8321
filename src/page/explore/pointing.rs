//! A scene's text on the page: pointing at a term lights its numbers on the stage, and the number
//! that is looked at lights its term.

use super::idea::Word;
use super::journey::Stop;
use super::scene::Role;
use super::term::Term;
use super::words::Part;
use crate::page::field::on_click;
use gloo::events::EventListener;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};
use yew::prelude::*;

/// Which term the reader points at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pointing {
    /// In which scene's text; in the next one it is forgotten.
    at: Option<Stop>,
    /// Under the pointer, or the one that has the focus.
    near: Option<Word>,
    /// Pressed: it stays lit.
    held: Option<Word>,
}

impl Pointing {
    fn of(self, stop: Stop) -> Self {
        match self.at == Some(stop) {
            true => self,
            false => Pointing {
                at: Some(stop),
                ..Pointing::default()
            },
        }
    }

    /// What is pointed at in that scene.
    fn word(self, stop: Stop) -> Option<Word> {
        let here = self.of(stop);
        here.near.or(here.held)
    }

    /// What is lit there.
    pub fn term(self, stop: Stop) -> Option<Term> {
        self.word(stop).and_then(Word::term)
    }

    fn near(self, word: Option<Word>) -> Self {
        Pointing { near: word, ..self }
    }

    /// Pressed once it stays, pressed again it goes, also from under the pointer.
    fn pressed(self, word: Word) -> Self {
        match self.held == Some(word) {
            true => Pointing {
                near: None,
                held: None,
                ..self
            },
            false => Pointing {
                held: Some(word),
                ..self
            },
        }
    }
}

/// Which word is pointed at: forgotten with Escape, with a click on anything else, and when something
/// else is shown.
#[hook]
pub fn use_pointing(shown: (Stop, bool, String)) -> UseStateHandle<Pointing> {
    let pointing = use_state_eq(Pointing::default);
    {
        let setter = pointing.setter();
        use_effect_with(shown, move |_| setter.set(Pointing::default()));
    }
    let setter = pointing.setter();
    use_effect_with((), move |()| {
        let window = gloo::utils::window();
        let listeners = ["keydown", "click"].map(|kind| {
            let setter = setter.clone();
            EventListener::new(&window, kind, move |event| {
                let ends = match event.dyn_ref::<KeyboardEvent>() {
                    Some(key) => key.key() == "Escape",
                    None => !is_on_a_term(event),
                };
                if ends {
                    setter.set(Pointing::default());
                }
            })
        });
        move || drop(listeners)
    });
    pointing
}

fn is_on_a_term(event: &Event) -> bool {
    let target = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|target| target.closest(".term").ok().flatten().is_some())
}

/// The text, with its words as buttons, and what the one means that is pointed at. `shown` is the term
/// of the number that is looked at.
pub fn told(
    parts: Vec<Part>,
    stop: Stop,
    pointing: &UseStateHandle<Pointing>,
    shown: Option<Term>,
) -> Html {
    let meaning = pointing.word(stop).map(Word::meaning);
    let shown = shown.map(Word::Term);
    let parts = parts.into_iter().map(|part| match part {
        Part::Say(words) => html! { { words } },
        Part::Count(n) => html! { { n } },
        Part::Point(term, words) => button(Word::Term(term), words, stop, pointing, shown),
        Part::Mean(idea, words) => button(Word::Idea(idea), words, stop, pointing, shown),
    });
    html! {
        <>
            for part in parts {
                { part }
            }
            // Always there, so that what comes into it is read out.
            <span class="meaning" role="status">{ meaning }</span>
        </>
    }
}

fn button(
    word: Word,
    words: &'static str,
    stop: Stop,
    pointing: &UseStateHandle<Pointing>,
    shown: Option<Word>,
) -> Html {
    let now = pointing.of(stop);
    let set = |next: Pointing| {
        let pointing = pointing.clone();
        Callback::from(move |()| pointing.set(next))
    };
    let (near, away) = (set(now.near(Some(word))), set(now.near(None)));
    let lit = (now.near.or(now.held) == Some(word)).then_some("lit");
    let shown = (shown == Some(word)).then_some("shown");
    let role = word.term().map_or(Role::Ink, Term::role);
    html! {
        <button
            type="button"
            class={classes!("term", of_role(role), lit, shown)}
            aria-pressed={(now.held == Some(word)).to_string()}
            onclick={on_click(&set(now.pressed(word)), |set| set.emit(()))}
            onpointerenter={near.reform(|_: PointerEvent| ())}
            onpointerleave={away.reform(|_: PointerEvent| ())}
            onfocus={near.reform(|_: FocusEvent| ())}
            onblur={away.reform(|_: FocusEvent| ())}
        >
            { words }
        </button>
    }
}

/// The class that has the role's colour and underline.
fn of_role(role: Role) -> &'static str {
    match role {
        Role::Query => "of-query",
        Role::Key => "of-key",
        Role::Value => "of-value",
        Role::Attention => "of-attention",
        Role::Residual => "of-residual",
        Role::Gate | Role::Below => "of-gate",
        Role::Span => "of-span",
        Role::Ink | Role::Faint | Role::White | Role::Black => "of-ink",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::explore::journey::Scene;

    const HERE: Stop = Stop {
        scene: Scene::Embed,
        layer: 0,
    };

    #[test]
    fn what_is_pressed_stays_until_it_is_pressed_again() {
        let over = Pointing::default()
            .of(HERE)
            .near(Some(Word::Term(Term::Query)));
        assert_eq!(over.term(HERE), Some(Term::Query));
        assert_eq!(over.near(None).term(HERE), None);
        let held = over.pressed(Word::Term(Term::Query));
        assert_eq!(held.near(None).term(HERE), Some(Term::Query));
        // Another one is looked at meanwhile.
        assert_eq!(
            held.near(Some(Word::Term(Term::Key))).term(HERE),
            Some(Term::Key)
        );
        assert_eq!(held.pressed(Word::Term(Term::Query)).term(HERE), None);
        assert_eq!(
            held.pressed(Word::Term(Term::Key)).near(None).term(HERE),
            Some(Term::Key)
        );
    }

    #[test]
    fn another_scene_begins_unlit() {
        let held = Pointing::default()
            .of(HERE)
            .pressed(Word::Term(Term::Stream));
        let next = Stop {
            scene: Scene::Lens,
            layer: 0,
        };
        assert_eq!(held.term(next), None);
        assert_eq!(held.term(HERE), Some(Term::Stream));
    }
}
