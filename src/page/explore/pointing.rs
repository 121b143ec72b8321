//! A scene's text on the page: pointing at a term lights its numbers on the stage, and the number
//! that is looked at lights its term.

use super::journey::Stop;
use super::scene::Role;
use super::term::Term;
use super::words::Part;
use crate::page::field::on_click;
use yew::prelude::*;

/// Which term the reader points at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pointing {
    /// In which scene's text; in the next one it is forgotten.
    at: Option<Stop>,
    /// Under the pointer, or the one that has the focus.
    near: Option<Term>,
    /// Pressed: it stays lit.
    held: Option<Term>,
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

    /// What is lit in that scene.
    pub fn term(self, stop: Stop) -> Option<Term> {
        let here = self.of(stop);
        here.near.or(here.held)
    }

    fn near(self, term: Option<Term>) -> Self {
        Pointing { near: term, ..self }
    }

    /// Pressed once it stays, pressed again it goes, also from under the pointer.
    fn pressed(self, term: Term) -> Self {
        match self.held == Some(term) {
            true => Pointing {
                near: None,
                held: None,
                ..self
            },
            false => Pointing {
                held: Some(term),
                ..self
            },
        }
    }
}

/// The text, with its terms as buttons. `shown` is the term of the number that is looked at.
pub fn told(
    parts: Vec<Part>,
    stop: Stop,
    pointing: &UseStateHandle<Pointing>,
    shown: Option<Term>,
) -> Html {
    parts
        .into_iter()
        .map(|part| match part {
            Part::Say(words) => html! { { words } },
            Part::Count(n) => html! { { n } },
            Part::Point(term, words) => button(term, words, stop, pointing, shown),
        })
        .collect()
}

fn button(
    term: Term,
    words: &'static str,
    stop: Stop,
    pointing: &UseStateHandle<Pointing>,
    shown: Option<Term>,
) -> Html {
    let now = pointing.of(stop);
    let set = |next: Pointing| {
        let pointing = pointing.clone();
        Callback::from(move |()| pointing.set(next))
    };
    let (near, away) = (set(now.near(Some(term))), set(now.near(None)));
    let lit = (now.near.or(now.held) == Some(term)).then_some("lit");
    let shown = (shown == Some(term)).then_some("shown");
    html! {
        <button
            type="button"
            class={classes!("term", of_role(term.role()), lit, shown)}
            aria-pressed={(now.held == Some(term)).to_string()}
            title="Light its numbers on the stage"
            onclick={on_click(&set(now.pressed(term)), |set| set.emit(()))}
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
        Role::Ink | Role::Faint => "of-ink",
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
        let over = Pointing::default().of(HERE).near(Some(Term::Query));
        assert_eq!(over.term(HERE), Some(Term::Query));
        assert_eq!(over.near(None).term(HERE), None);
        let held = over.pressed(Term::Query);
        assert_eq!(held.near(None).term(HERE), Some(Term::Query));
        // Another one is looked at meanwhile.
        assert_eq!(held.near(Some(Term::Key)).term(HERE), Some(Term::Key));
        assert_eq!(held.pressed(Term::Query).term(HERE), None);
        assert_eq!(
            held.pressed(Term::Key).near(None).term(HERE),
            Some(Term::Key)
        );
    }

    #[test]
    fn another_scene_begins_unlit() {
        let held = Pointing::default().of(HERE).pressed(Term::Stream);
        let next = Stop {
            scene: Scene::Lens,
            layer: 0,
        };
        assert_eq!(held.term(next), None);
        assert_eq!(held.term(HERE), Some(Term::Stream));
    }
}
