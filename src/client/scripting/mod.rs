//! `window.glassformer`: the page for teachers' scripts, notebooks and tests.
//!
//! The same [`Client`] as the page's, so that what a script does is seen. `docs/scripting.md`
//! documents it; what comes in is read in `spec`, what goes out is shaped in `answer`.

mod answer;
mod event;
mod spec;

use super::notice::Subscription;
use super::{Client, ReadOn, fault};
use crate::protocol::Fault;
use crate::trace::{Array, Trace};
use answer::{Losses, Model, Ran, Ready, Rows, Stand, Traced, Trained, Written};
use event::Happening;
use futures::future::LocalBoxFuture;
use js_sys::{Error, Float32Array, Function, JSON, Object, Promise, Reflect, Uint8Array};
use serde::Serialize;
use serde_json::Value as Json;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::future_to_promise;

/// The name on `window`.
const NAME: &str = "glassformer";

type Reply = Result<JsValue, Fault>;

/// Puts the interface on `window`, and tells the document by an event of the same name.
///
/// # Errors
/// What the browser throws when `window.glassformer` cannot be set.
pub fn install(client: &Client) -> Result<(), JsValue> {
    let object = Object::new();
    getter(&object, "ready", client, |client| {
        Box::pin(async move { js(&Ready::from(client.ready().await?)) })
    })?;
    getter(&object, "models", client, |client| {
        Box::pin(async move {
            let manifest = client.pretrained().await?;
            js(&manifest.models.iter().map(Model::from).collect::<Vec<_>>())
        })
    })?;
    for (name, value) in [
        ("corpora", answer::corpora()),
        ("presets", answer::presets()),
        ("recipes", answer::recipes()),
        ("kinds", answer::kinds()),
        ("options", answer::options()),
        ("analyses", answer::analyses()),
    ] {
        Reflect::set(&object, &name.into(), &plain(&value)?)?;
    }
    runs(&object, client)?;
    model(&object, client)?;
    passes(&object, client)?;
    kept(&object, client)?;
    listening(&object, client)?;
    debugging(&object, client)?;
    let window = gloo::utils::window();
    Reflect::set(&window, &NAME.into(), &object)?;
    window.dispatch_event(&web_sys::Event::new(NAME)?)?;
    Ok(())
}

fn runs(object: &Object, client: &Client) -> Result<(), JsValue> {
    method(object, "newRun", client, |client, [wish, ..]| {
        Box::pin(async move {
            let wish = spec::NewRun::read(&json(&wish)?)?;
            js(&Ran::from(&*client.new_run(wish.run()?).await?))
        })
    })?;
    method(object, "restart", client, |client, _| {
        Box::pin(async move { js(&Ran::from(&*client.restart().await?)) })
    })?;
    method(object, "train", client, |client, [steps, ..]| {
        Box::pin(async move {
            let steps = spec::steps(&json(&steps)?)?;
            js(&Trained::from(client.train(steps).await?))
        })
    })?;
    method(object, "pause", client, |client, _| {
        Box::pin(async move { nothing(client.pause().await) })
    })?;
    method(object, "resume", client, |client, _| {
        Box::pin(async move { js(&Trained::from(client.resume().await?)) })
    })?;
    method(object, "stop", client, |client, _| {
        Box::pin(async move { nothing(client.stop().await) })
    })?;
    method(object, "moveTo", client, |client, [backend, ..]| {
        Box::pin(async move {
            let backend = spec::backend(&json(&backend)?)?;
            js(&Ran::from(&*client.move_to(backend).await?))
        })
    })?;
    method(object, "status", client, |client, _| {
        Box::pin(async move { js(&Stand::from(client.status())) })
    })
}

fn model(object: &Object, client: &Client) -> Result<(), JsValue> {
    method(object, "evaluate", client, |client, _| {
        Box::pin(async move {
            let (train_loss, val_loss) = client.evaluate().await?;
            js(&Losses {
                train_loss,
                val_loss,
            })
        })
    })?;
    method(object, "generate", client, |client, [wish, ..]| {
        Box::pin(async move {
            let (prompt, sampling) = spec::generate(json(&wish)?)?;
            let text = client.generate(prompt, sampling, |_| {}).await?;
            js(&Written { text })
        })
    })?;
    method(object, "stopGenerating", client, |client, _| {
        Box::pin(async move { nothing(client.stop_generating().await) })
    })?;
    method(object, "checkpoint", client, |client, [wish, ..]| {
        Box::pin(async move {
            let wish = spec::Checkpoint::read(&json(&wish)?)?;
            let bytes = client.checkpoint(wish.optimizer).await?;
            Ok(Uint8Array::from(bytes.as_slice()).into())
        })
    })?;
    method(object, "load", client, |client, [bytes, wish, _]| {
        Box::pin(async move {
            let bytes = bytes_of(&bytes)?;
            let text = spec::Load::read(&json(&wish)?)?.text()?;
            js(&Ran::from(&*client.load(bytes, text).await?))
        })
    })?;
    method(object, "open", client, |client, [name, ..]| {
        Box::pin(async move {
            let name = spec::model(&json(&name)?)?;
            js(&Ran::from(&*client.open(&name, &|_, _| {}).await?))
        })
    })
}

/// Forward passes.
fn passes(object: &Object, client: &Client) -> Result<(), JsValue> {
    method(object, "trace", client, |client, [text, wish, _]| {
        Box::pin(async move {
            let text = spec::trace_text(&json(&text)?)?;
            let wish = spec::TraceOptions::read(&json(&wish)?)?;
            let trace = client.trace(text, wish.interventions).await?;
            trace_object(js(&Traced::from(&trace))?, trace)
        })
    })?;
    method(object, "readOn", client, |client, [text, wish, _]| {
        Box::pin(async move {
            let text = spec::trace_text(&json(&text)?)?;
            let wish = spec::ReadOptions::read(&json(&wish)?)?;
            let ReadOn { rows, rebuilt } = client.read_on(text, wish.fresh).await?;
            let object = js(&Rows {
                traced: Traced::from(&rows),
                first: rows.about.first,
                rebuilt,
            })?;
            trace_object(object, rows)
        })
    })?;
    method(object, "weights", client, |client, _| {
        Box::pin(async move {
            let weights = client.weights().await?;
            let names: Vec<String> = weights.names().map(String::from).collect();
            let object = js(&serde_json::json!({ "names": names }))?;
            let get = move |name: &str| weights.get(name).map(copied);
            with_arrays(object, "model", names, get)
        })
    })?;
    method(object, "analyse", client, |client, [name, wish, _]| {
        Box::pin(async move {
            let analysis = spec::analysis(&json(&name)?)?;
            let options = spec::analysis_options(&json(&wish)?)?;
            js(&client.analyse(analysis, options).await?)
        })
    })?;
    method(
        object,
        "exportTrace",
        client,
        |client, [text, format, wish]| {
            Box::pin(async move {
                let text = spec::trace_text(&json(&text)?)?;
                let format = spec::format(&json(&format)?)?;
                let wish = spec::TraceOptions::read(&json(&wish)?)?;
                let bytes = client.export_trace(text, wish.interventions, format);
                Ok(Uint8Array::from(bytes.await?.as_slice()).into())
            })
        },
    )
}

fn trace_object(object: JsValue, trace: Trace) -> Reply {
    let names = trace.names().map(String::from).collect();
    let get = move |name: &str| trace.get(name).map(copied);
    with_arrays(object, "trace", names, get)
}

/// Arrays as scripts see them: `get(name)` beside what the object says already.
fn with_arrays(
    object: JsValue,
    whose: &'static str,
    names: Vec<String>,
    get: impl Fn(&str) -> Option<(Vec<usize>, Float32Array)> + 'static,
) -> Reply {
    let get = move |name: JsValue| -> Result<JsValue, JsValue> {
        let name = name.as_string().unwrap_or_default();
        let (shape, data) = get(&name).ok_or_else(|| {
            let there = names.join(", ");
            error(&fault::input(format!(
                "the {whose} has no \"{name}\"; it has {there}"
            )))
        })?;
        let found = plain(&serde_json::json!({ "shape": shape }))?;
        Reflect::set(&found, &"data".into(), &data)?;
        Ok(found)
    };
    let get = Closure::<dyn Fn(JsValue) -> Result<JsValue, JsValue>>::new(get);
    Reflect::set(&object, &"get".into(), &get.into_js_value())
        .map_err(|thrown| fault::internal(fault::words(&thrown)))?;
    Ok(object)
}

fn copied(array: Array) -> (Vec<usize>, Float32Array) {
    (array.shape.to_vec(), Float32Array::from(array.data))
}

fn kept(object: &Object, client: &Client) -> Result<(), JsValue> {
    method(object, "savedRun", client, |client, _| {
        Box::pin(async move { js(&client.saved_run().await.map(answer::Saved::from)) })
    })?;
    method(object, "resumeSaved", client, |client, _| {
        Box::pin(async move { js(&Ran::from(&*client.resume_saved().await?)) })
    })?;
    method(object, "forgetSaved", client, |client, _| {
        Box::pin(async move {
            client.forget_saved().await;
            nothing(Ok(()))
        })
    })
}

/// `debug`: what helps to try the page out, and nobody else.
fn debugging(object: &Object, client: &Client) -> Result<(), JsValue> {
    let debug = Object::new();
    method(&debug, "crashEngine", client, |client, _| {
        Box::pin(async move { nothing(client.crash_engine()) })
    })?;
    method(&debug, "trainBy", client, |client, [path, ..]| {
        Box::pin(async move {
            let path = spec::path(&json(&path)?)?;
            nothing(client.train_by(path).await)
        })
    })?;
    Reflect::set(object, &"debug".into(), &debug).map(|_| ())
}

/// `on(event, f)`, which gives the function that ends the listening.
fn listening(object: &Object, client: &Client) -> Result<(), JsValue> {
    // Kept here and not in the function given out: whoever drops that one goes on listening.
    let subscriptions: Rc<RefCell<Vec<Option<Subscription>>>> = Rc::default();
    let client = client.clone();
    let on = move |name: JsValue, f: JsValue| -> Result<JsValue, JsValue> {
        let happening = Happening::read(&name).map_err(|fault| error(&fault))?;
        let f: Function = f
            .dyn_into()
            .map_err(|_| error(&fault::input("on takes the event's name and a function")))?;
        let subscription = client.subscribe(move |notice| {
            if Happening::of(notice) != happening {
                return;
            }
            let called = event::detail(notice).and_then(|detail| f.call1(&JsValue::NULL, &detail));
            if let Err(thrown) = called {
                gloo::console::error!("a listener of glassformer threw", thrown);
            }
        });
        let place = subscriptions.borrow().len();
        subscriptions.borrow_mut().push(Some(subscription));
        let subscriptions = Rc::clone(&subscriptions);
        let off = Closure::<dyn Fn()>::new(move || {
            let ended = subscriptions
                .borrow_mut()
                .get_mut(place)
                .and_then(Option::take);
            drop(ended);
        });
        Ok(off.into_js_value())
    };
    let on = Closure::<dyn Fn(JsValue, JsValue) -> Result<JsValue, JsValue>>::new(on);
    Reflect::set(object, &"on".into(), &on.into_js_value()).map(|_| ())
}

/// Adds a function of up to three arguments that answers with a promise.
fn method(
    object: &Object,
    name: &str,
    client: &Client,
    act: fn(Client, [JsValue; 3]) -> LocalBoxFuture<'static, Reply>,
) -> Result<(), JsValue> {
    let client = client.clone();
    let function = Closure::<dyn Fn(JsValue, JsValue, JsValue) -> Promise>::new(
        move |first, second, third| promise(act(client.clone(), [first, second, third])),
    );
    Reflect::set(object, &name.into(), &function.into_js_value()).map(|_| ())
}

/// Adds a property that is a promise, made anew each time it is read: a script that comes after a
/// failure may try again, and nobody's failure goes unhandled.
fn getter(
    object: &Object,
    name: &str,
    client: &Client,
    act: fn(Client) -> LocalBoxFuture<'static, Reply>,
) -> Result<(), JsValue> {
    let client = client.clone();
    let get = Closure::<dyn Fn() -> Promise>::new(move || promise(act(client.clone())));
    let property = Object::new();
    Reflect::set(&property, &"get".into(), &get.into_js_value())?;
    Reflect::set(&property, &"enumerable".into(), &JsValue::TRUE)?;
    Reflect::define_property(object, &name.into(), &property).map(|_| ())
}

fn promise(reply: LocalBoxFuture<'static, Reply>) -> Promise {
    future_to_promise(async move { reply.await.map_err(|fault| error(&fault)) })
}

/// An `Error` with the fault's sentence, and its sort as `kind`.
fn error(fault: &Fault) -> JsValue {
    let error = Error::new(&fault.message);
    if let Ok(kind) = plain(&fault.kind) {
        // A property on a fresh object can be set.
        let _ = Reflect::set(&error, &"kind".into(), &kind);
    }
    error.into()
}

fn nothing(done: Result<(), Fault>) -> Reply {
    done.map(|()| JsValue::UNDEFINED)
}

fn js(value: &impl Serialize) -> Reply {
    plain(value).map_err(|thrown| fault::internal(fault::words(&thrown)))
}

/// A plain JavaScript value.
fn plain(value: &impl Serialize) -> Result<JsValue, JsValue> {
    let text = serde_json::to_string(value).map_err(|e| Error::new(&e.to_string()))?;
    JSON::parse(&text)
}

/// What a script gave, `null` for nothing. Functions and the like are no data and count as
/// nothing, as everywhere in JSON.
fn json(value: &JsValue) -> Result<Json, Fault> {
    if value.is_undefined() {
        return Ok(Json::Null);
    }
    let text = JSON::stringify(value).map_err(|thrown| {
        fault::input(format!("this is no plain data: {}", fault::words(&thrown)))
    })?;
    let text = text.as_string().unwrap_or_else(|| "null".into());
    serde_json::from_str(&text).map_err(|e| fault::input(format!("this is no plain data: {e}")))
}

fn bytes_of(value: &JsValue) -> Result<Vec<u8>, Fault> {
    if let Some(bytes) = value.dyn_ref::<Uint8Array>() {
        return Ok(bytes.to_vec());
    }
    if let Some(buffer) = value.dyn_ref::<js_sys::ArrayBuffer>() {
        return Ok(Uint8Array::new(buffer).to_vec());
    }
    Err(fault::input(
        "load takes the bytes of a checkpoint, as a Uint8Array or an ArrayBuffer",
    ))
}
