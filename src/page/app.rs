//! The frame: one state, the top bar, and the page that the address names.

use super::alerts::Alerts;
use super::deeds::Page;
use super::explore::Explore;
use super::following::use_followed;
use super::live::Live;
use super::route::Route;
use super::state::State;
use super::theme::Theme;
use super::top_bar::TopBar;
use super::train::Train;
use crate::client::Client;
use std::rc::Rc;
use yew::prelude::*;

#[derive(PartialEq, Properties)]
pub struct AppProps {
    pub client: Client,
}

#[component]
pub fn App(props: &AppProps) -> Html {
    let state = use_reducer(|| State::new(Theme::remembered()));
    let page = {
        let (client, dispatch) = (props.client.clone(), state.dispatcher());
        use_memo((), move |()| Page::new(client, Live::default(), dispatch))
    };
    {
        let page = Rc::clone(&page);
        use_effect_with((), move |()| {
            let told = (*page).clone();
            page.live.tell_to(move |action| told.dispatch(action));
            let (live, client) = (page.live.clone(), page.client.clone());
            let subscription = page.client.subscribe(move |notice| {
                live.hear(notice, || client.status().training);
            });
            page.open();
            move || drop(subscription)
        });
    }
    use_followed(&page);
    let route = use_route();

    let run = state.run.as_ref();
    html! {
        <>
            <TopBar
                page={(*page).clone()}
                route={route}
                engine={state.engine.clone()}
                prefer={state.prefer}
                running={run.map(|run| run.started.engine.backend)}
                threads={run.and_then(|run| run.threads.clone())}
                busy={state.asked}
                theme={state.theme}
            />
            <Alerts page={(*page).clone()} alerts={state.alerts.clone()} />
            { match route {
                Route::Explore => html! {
                    <Explore page={(*page).clone()} state={(*state).clone()} />
                },
                Route::Train => html! { <Train page={(*page).clone()} state={(*state).clone()} /> },
            } }
        </>
    }
}

/// The page that the address names, as it changes.
#[hook]
fn use_route() -> Route {
    let here = || Route::from_hash(&super::following::hash());
    let route = use_state(here);
    {
        let route = route.clone();
        use_effect_with((), move |()| {
            let window = gloo::utils::window();
            let listener = gloo::events::EventListener::new(&window, "hashchange", move |_| {
                route.set(here());
            });
            move || drop(listener)
        });
    }
    *route
}
