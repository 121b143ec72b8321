//! The top bar: name, pages, backend, theme.

use super::badge::Badge;
use super::deeds::Page;
use super::icons::{Icon, logo};
use super::route::Route;
use super::state::Action;
use super::state::run::Engine;
use super::theme::Theme;
use crate::protocol::{Backend, Threads};
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct TopBarProps {
    pub page: Page,
    pub route: Route,
    pub engine: Engine,
    pub prefer: Option<Backend>,
    /// The backend of the present run, when there is one.
    pub running: Option<Backend>,
    /// Its threads, on the CPU.
    pub threads: Option<Threads>,
    pub busy: bool,
    pub theme: Theme,
}

#[component]
pub fn TopBar(props: &TopBarProps) -> Html {
    let theme = props.theme;
    let sign = match theme {
        Theme::System => Icon::System,
        Theme::Light => Icon::Light,
        Theme::Dark => Icon::Dark,
    };
    let toggle = {
        let page = props.page.clone();
        move |_| {
            theme.next().apply();
            page.dispatch(Action::Theme(theme.next()));
        }
    };
    let label = format!(
        "Colours: {}. Change to {}",
        theme.label(),
        theme.next().label()
    );
    html! {
        <header class="top-bar">
            <h1>{ logo() }<span>{ "Glassformer" }</span></h1>
            <nav aria-label="Pages">
                for route in Route::ALL {
                    <a href={route.hash()} aria-current={(route == props.route).then_some("page")}>
                        { route.title() }
                    </a>
                }
            </nav>
            <p class="motto">{ "A small language model, open to look into" }</p>
            <Badge
                page={props.page.clone()}
                engine={props.engine.clone()}
                prefer={props.prefer}
                running={props.running}
                threads={props.threads.clone()}
                busy={props.busy}
            />
            <button type="button" class="quiet" title={label.clone()} aria-label={label} onclick={toggle}>
                { sign.draw() }
            </button>
        </header>
    }
}
