//! Getting an engine: choosing the backend, downloading, starting the worker.

use super::build::Build;
use super::choice::{Choice, Gpu, Wish, choose};
use super::download::{self, Program};
use super::fault::internal;
use super::link::{Link, Lost};
use super::notice::{EngineInfo, Notice};
use super::probe::probe;
use super::{Client, address};
use crate::protocol::{Backend, Command, Fault, FaultKind, Reply, VERSION};
use futures::future::{Either, select};
use gloo::timers::future::TimeoutFuture;
use std::pin::pin;
use std::rc::Rc;

/// A worker that has its device.
#[derive(Clone)]
pub(super) struct Engine {
    pub(super) link: Rc<Link>,
    pub(super) info: EngineInfo,
}

/// Which engine a request is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// The one in use; where there is none, as if nobody had asked.
    Present,
    Chosen(Wish),
}

/// Milliseconds until a worker that does not come up counts as broken.
const START_PATIENCE: u32 = 60_000;
/// Milliseconds until a device that is not made counts as lost.
const DEVICE_PATIENCE: u32 = 120_000;

impl Client {
    /// What the caller asked for, else the address.
    pub(super) fn wish(&self, backend: Option<Backend>) -> Result<Wish, Fault> {
        Ok(match (backend, address::backend()?) {
            (Some(backend), _) => Wish::Caller(backend),
            (None, Some(backend)) => Wish::Address(backend),
            (None, None) => Wish::Open,
        })
    }

    /// An engine for that place: the one in use if it fits, else a new one, which does not take
    /// its place yet. WebGPU that fails to start is replaced by the CPU, unless it was asked for.
    ///
    /// # Errors
    /// What was asked for cannot be had, or no engine can.
    pub(super) async fn engine_for(&self, place: Place) -> Result<Engine, Fault> {
        let present = self.with(|state| state.engine.clone());
        let wish = match (place, present.as_ref()) {
            (Place::Present, Some(engine)) => return Ok(engine.clone()),
            (Place::Present, None) => self.wish(None)?,
            (Place::Chosen(wish), _) => wish,
        };
        let choice = choose(&self.gpu_for(wish).await, wish)?;
        if let Some(engine) = present.filter(|engine| engine.link.build.backend() == choice.backend)
        {
            let mut engine = engine;
            engine.info.reason = engine.link.build.said(choice.reason);
            return Ok(engine);
        }
        match self.start(choice).await {
            Err((Backend::Webgpu, fault)) if !wish.is_firm() => {
                self.give_up_gpu(&fault);
                let choice = choose(&self.gpu_for(wish).await, wish)?;
                self.start(choice).await.map_err(|(_, fault)| fault)
            }
            started => started.map_err(|(_, fault)| fault),
        }
    }

    /// The engine with all of WebGPU's paths, which does not take its place yet.
    ///
    /// # Errors
    /// WebGPU cannot be had, or not by that build.
    pub(super) async fn readable_engine(&self) -> Result<Engine, Fault> {
        let wish = Wish::Caller(Backend::Webgpu);
        let choice = choose(&self.gpu_for(wish).await, wish)?;
        self.start_build(Build::Readable, choice).await
    }

    /// Remembers that WebGPU does not work on this visit, and why.
    pub(super) fn give_up_gpu(&self, fault: &Fault) {
        let why = super::runs::ended(fault);
        let sentence = format!("WebGPU is there, but could not be used: {why}");
        self.with(|state| state.gpu_broke = Some(sentence));
    }

    async fn gpu_for(&self, wish: Wish) -> Gpu {
        let broke = self.with(|state| state.gpu_broke.clone());
        match (wish, broke) {
            // Not looked at: the answer does not depend on it.
            (Wish::Address(Backend::Cpu) | Wish::Caller(Backend::Cpu), _) => Gpu::Absent,
            (Wish::Open, Some(sentence)) => Gpu::Broke(sentence),
            // It may work again, and whoever asks for it may try.
            (Wish::Open | Wish::Address(_) | Wish::Caller(_), _) => probe().await,
        }
    }

    async fn start(&self, choice: Choice) -> Result<Engine, (Backend, Fault)> {
        let backend = choice.backend;
        let started = self.start_build(Build::of(backend), choice).await;
        started.map_err(|fault| (backend, fault))
    }

    async fn start_build(&self, build: Build, choice: Choice) -> Result<Engine, Fault> {
        let backend = build.backend();
        let program = self.program(build).await?;
        self.tell(&Notice::Starting(backend));
        let client = Rc::downgrade(&self.0);
        let (link, up) = Link::start(build, &program, move |link, heard| {
            if let Some(inner) = client.upgrade() {
                Client(inner).hear(link, heard);
            }
        })?;
        if within(START_PATIENCE, up)
            .await
            .is_none_or(|up| up.is_err())
        {
            let slow = || internal("the engine's worker does not start");
            return Err(link.fault().unwrap_or_else(slow));
        }
        let (_, ready) = link.ask(Command::Init { version: VERSION }, Vec::new());
        let ready = within(DEVICE_PATIENCE, ready).await.unwrap_or_else(|| {
            Err(Lost::Gone(Fault::new(
                FaultKind::Device,
                "the engine's device does not answer",
            )))
        });
        match ready.map_err(Lost::into_fault)?.0 {
            Reply::Ready {
                version,
                backend: own,
                adapter,
            } if version == VERSION && own == backend => Ok(Engine {
                link,
                info: EngineInfo {
                    backend,
                    // The probe may know it where the engine does not.
                    adapter: adapter.or(choice.adapter),
                    reason: build.said(choice.reason),
                    version,
                },
            }),
            other => Err(internal(format!(
                "the engine is not the one that this page knows ({other:?}): reload the page"
            ))),
        }
    }

    async fn program(&self, build: Build) -> Result<Program, Fault> {
        let programs = &self.0.programs;
        let here = programs
            .borrow()
            .iter()
            .find(|(other, _)| *other == build)
            .map(|(_, program)| program.clone());
        if let Some(program) = here {
            return Ok(program);
        }
        let progress = |received, total| {
            self.tell(&Notice::Download {
                backend: build.backend(),
                received,
                total,
            });
        };
        progress(0, None);
        let program = download::engine(build, &progress).await?;
        programs.borrow_mut().push((build, program.clone()));
        Ok(program)
    }
}

/// The future's value, or `None` when it takes longer than that many milliseconds.
pub(super) async fn within<F: Future>(milliseconds: u32, future: F) -> Option<F::Output> {
    match select(pin!(future), pin!(TimeoutFuture::new(milliseconds))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(((), _)) => None,
    }
}
