//! Making runs, taking them up again, and keeping them alive when their engine breaks.
//!
//! Whatever changes the engine or the run takes its turn ([`super::Inner::turn`]). A request that
//! finds the engine broken replaces it within its turn; so does `hear` when nobody asks.

use super::build::Build;
use super::choice::Wish;
use super::engine::{Engine, Place, within};
use super::fault::{internal, state};
use super::link::{Link, Lost};
use super::notice::{Notice, Started};
use super::remedy::{Remedy, remedy};
use super::state::{Origin, Run, Saved};
use super::{Client, NamedText, RunSpec};
use crate::models::Pretrained;
use crate::protocol::{Backend, Command, Fault, FaultKind, Reply, RunInfo};
use js_sys::Uint8Array;
use std::rc::Rc;

/// Milliseconds that a run which is to be dropped has for its step in progress, before its worker
/// is ended instead.
const LAST_STEP: u32 = 10_000;

/// What the engine makes a run from.
#[derive(Clone)]
enum Material {
    New(Rc<Origin>),
    Kept { bytes: Uint8Array, text: Rc<str> },
}

impl Material {
    /// As a message; the bytes are copied, since a second engine may need them too.
    fn message(&self) -> (Command, Vec<Vec<u8>>) {
        match self {
            Material::New(origin) => {
                let config = origin.config;
                let text = origin.text.as_bytes().to_vec();
                (Command::NewRun { config }, vec![text])
            }
            Material::Kept { bytes, text } => {
                let text = text.as_bytes().to_vec();
                (Command::Resume, vec![bytes.to_vec(), text])
            }
        }
    }
}

impl Client {
    pub(super) async fn make_run(&self, spec: RunSpec) -> Result<Rc<Started>, Fault> {
        let refused = |e: crate::config::ConfigError| super::fault::input(e.to_string());
        spec.config.check().map_err(refused)?;
        let wish = self.wish(spec.backend)?;
        self.ask();
        let _turn = self.0.turn.lock().await;
        self.settle().await;
        let origin = Origin::new(spec);
        let material = Material::New(Rc::clone(&origin));
        let (engine, info) = self.take_up(Place::Chosen(wish), &material).await?;
        Ok(self.install(engine, info, origin, None, None))
    }

    pub(super) async fn load_run(
        &self,
        bytes: &[u8],
        text: Option<NamedText>,
    ) -> Result<Rc<Started>, Fault> {
        self.ask();
        let _turn = self.0.turn.lock().await;
        let text = text.unwrap_or_else(|| NamedText {
            label: "a loaded model".into(),
            text: String::new(),
        });
        self.take_up_kept(&Uint8Array::from(bytes), text, None)
            .await
    }

    pub(super) async fn load_kept(&self) -> Result<Rc<Started>, Fault> {
        self.ask();
        let _turn = self.0.turn.lock().await;
        let kept = self.0.storage.run().await.map_err(state)?;
        let nothing = || state("No run is kept in this browser; start one.");
        let kept = kept.ok_or_else(nothing)?;
        let text = NamedText {
            label: kept.about.label,
            text: kept.text.to_string(),
        };
        self.take_up_kept(&kept.bytes, text, None).await
    }

    /// Makes a saved state the present run, for who has the turn.
    pub(super) async fn take_up_kept(
        &self,
        bytes: &Uint8Array,
        named: NamedText,
        ready_made: Option<Rc<Pretrained>>,
    ) -> Result<Rc<Started>, Fault> {
        self.settle().await;
        let material = Material::Kept {
            bytes: bytes.clone(),
            text: named.text.as_str().into(),
        };
        let (engine, info) = self.take_up(Place::Present, &material).await?;
        let origin = Origin::new(RunSpec {
            config: info.config,
            text: named.text,
            label: named.label,
            backend: None,
        });
        let saved = Saved {
            step: info.step,
            bytes: bytes.clone(),
        };
        Ok(self.install(engine, info, origin, Some(saved), ready_made))
    }

    pub(super) async fn move_run(&self, backend: Backend) -> Result<Rc<Started>, Fault> {
        let _turn = self.0.turn.lock().await;
        let (link, _) = self.ensure().await?;
        let place = Place::Chosen(Wish::Caller(backend));
        let engine = self.engine_for(place).await?;
        self.move_between(&link, engine).await
    }

    /// Sees to it that the run's engine has its backend's plain operations.
    pub(super) async fn move_to_readable(&self) -> Result<(), Fault> {
        let _turn = self.0.turn.lock().await;
        let (link, _) = self.ensure().await?;
        match link.build {
            Build::Cpu | Build::Readable => Ok(()),
            Build::Webgpu => {
                let engine = self.readable_engine().await?;
                self.move_between(&link, engine).await.map(|_| ())
            }
        }
    }

    /// Takes the run from the one engine to the other, for who has the turn.
    async fn move_between(&self, link: &Rc<Link>, engine: Engine) -> Result<Rc<Started>, Fault> {
        if Rc::ptr_eq(&engine.link, link) {
            return self.started();
        }
        let (_, checkpoint) = link.ask(
            Command::Checkpoint {
                with_optimizer: true,
            },
            Vec::new(),
        );
        let (_, mut payloads) = checkpoint.await.map_err(Lost::into_fault)?;
        let bytes = payloads
            .pop()
            .ok_or_else(|| internal("a checkpoint without bytes"))?;
        let material = Material::Kept {
            bytes: Uint8Array::from(bytes.as_slice()),
            text: self.text(),
        };
        let info = has_run(&engine, &material)
            .await
            .map_err(Lost::into_fault)?;
        self.reinstall(engine, info);
        self.started()
    }

    /// Ends training before the run is replaced or dropped, within [`LAST_STEP`]. An engine that
    /// does not answer is ended.
    pub(super) async fn settle(&self) {
        let training = self.with(|state| {
            let run = state.run.as_mut()?;
            run.training.as_mut()?.pausing = true;
            Some(state.engine.as_ref()?.link.clone())
        });
        let Some(link) = training else { return };
        let (_, paused) = link.ask(Command::Pause, Vec::new());
        if within(LAST_STEP, paused).await.is_none() {
            let fault = internal("the engine did not pause in time");
            if link.put_away(&fault) {
                self.with(|state| {
                    state.broken = Some((link.build.backend(), fault));
                    state.engine = None;
                });
            }
        }
    }

    /// The engine of the present run and the run's number; waits while a broken one is replaced.
    ///
    /// # Errors
    /// No run, or no engine to be had.
    pub(super) async fn live(&self) -> Result<(Rc<Link>, u32), Fault> {
        let _turn = self.0.turn.lock().await;
        self.ensure().await
    }

    /// [`Client::live`] for who has the turn.
    async fn ensure(&self) -> Result<(Rc<Link>, u32), Fault> {
        loop {
            let (engine, run) = self.with(|state| {
                let link = state.engine.as_ref().map(|engine| engine.link.clone());
                (link, state.run.as_ref().map(|run| run.id))
            });
            match (engine, run) {
                (_, None) => {
                    return Err(state(
                        "There is no run: press Start, or call newRun in a script.",
                    ));
                }
                (Some(link), Some(id)) => return Ok((link, id)),
                (None, Some(_)) => self.revive().await?,
            }
        }
    }

    /// Puts the run on a new engine, after the one before broke.
    async fn revive(&self) -> Result<(), Fault> {
        let broken = self.with(|state| state.broken.clone());
        let (mut backend, mut fault) =
            broken.unwrap_or_else(|| (Backend::Cpu, internal("the engine is gone")));
        loop {
            let failures = self.with(|state| {
                let run = state.run.as_mut();
                run.map_or(u32::MAX, |run| {
                    run.failures += 1;
                    run.failures
                })
            });
            let (to, reason) = match remedy(fault.kind, backend, failures) {
                Remedy::Again => {
                    let reason =
                        format!("The engine was restarted after an error: {}", ended(&fault));
                    (backend, reason)
                }
                Remedy::Cpu => {
                    self.give_up_gpu(&fault);
                    (
                        Backend::Cpu,
                        format!(
                            "The run moved to the CPU, since WebGPU broke: {}",
                            ended(&fault)
                        ),
                    )
                }
                Remedy::GiveUp => return Err(self.bury(fault)),
            };
            match self.revive_on(to, &reason).await {
                Ok(()) => return Ok(()),
                Err(Lost::Gone(again)) => (backend, fault) = (to, again),
                Err(Lost::Refused(again)) => return Err(self.bury(again)),
            }
        }
    }

    async fn revive_on(&self, backend: Backend, reason: &str) -> Result<(), Lost> {
        let material = self.with(|state| {
            let run = state.run.as_ref()?;
            Some(match &run.saved {
                Some(saved) => Material::Kept {
                    bytes: saved.bytes.clone(),
                    text: Rc::clone(&run.origin.text),
                },
                None => Material::New(Rc::clone(&run.origin)),
            })
        });
        let material = material.ok_or_else(|| Lost::Refused(state("the run was dropped")))?;
        let place = Place::Chosen(Wish::Caller(backend));
        let mut engine = self.engine_for(place).await.map_err(Lost::Gone)?;
        engine.info.reason = reason.into();
        let info = has_run(&engine, &material).await?;
        self.tell(&Notice::Replaced {
            reason: reason.into(),
            backend,
            step: info.step,
        });
        self.reinstall(engine, info);
        Ok(())
    }

    /// Drops a run that cannot be saved.
    fn bury(&self, fault: Fault) -> Fault {
        let fault = Fault::new(
            fault.kind,
            format!(
                "The run could not go on: {} What was saved of it can be resumed.",
                ended(&fault)
            ),
        );
        self.with(|state| state.run = None);
        self.tell(&Notice::Failed(fault.clone()));
        self.tell(&Notice::Stopped);
        fault
    }

    /// Has an engine make the run. WebGPU that breaks at it is replaced by the CPU, unless it was
    /// asked for.
    async fn take_up(&self, place: Place, material: &Material) -> Result<(Engine, RunInfo), Fault> {
        let engine = self.engine_for(place).await?;
        let may_move = match place {
            Place::Present => true,
            Place::Chosen(wish) => !wish.is_firm(),
        };
        match has_run(&engine, material).await {
            Ok(info) => Ok((engine, info)),
            Err(Lost::Gone(fault))
                if may_move && engine.link.build.backend() == Backend::Webgpu =>
            {
                self.give_up_gpu(&fault);
                let engine = self.engine_for(Place::Chosen(Wish::Open)).await?;
                let info = has_run(&engine, material).await.map_err(Lost::into_fault)?;
                Ok((engine, info))
            }
            Err(lost) => Err(lost.into_fault()),
        }
    }

    /// Makes a new run the present one, on its engine.
    fn install(
        &self,
        engine: Engine,
        info: RunInfo,
        origin: Rc<Origin>,
        saved: Option<Saved>,
        ready_made: Option<Rc<Pretrained>>,
    ) -> Rc<Started> {
        let started = Rc::new(Started {
            info,
            engine: engine.info.clone(),
            label: origin.label.clone(),
            ready_made,
        });
        self.use_engine(engine);
        self.with(|state| {
            state.runs += 1;
            let mut run = Run::new(state.runs, Rc::clone(&origin), Rc::clone(&started));
            run.saved = saved;
            state.run = Some(run);
            // A ready-made model has no text: there is nothing to start again from.
            if started.ready_made.is_none() {
                state.last = Some(origin);
            }
        });
        self.tell(&Notice::Run(Rc::clone(&started)));
        started
    }

    /// Lets the present run go on on another engine.
    fn reinstall(&self, engine: Engine, info: RunInfo) {
        let engine_info = engine.info.clone();
        self.use_engine(engine);
        let started = self.with(|state| {
            let run = state.run.as_mut()?;
            run.step = info.step;
            run.last = run.last.filter(|last| last.step <= info.step);
            run.started = Rc::new(Started {
                info,
                engine: engine_info,
                label: run.started.label.clone(),
                ready_made: run.started.ready_made.clone(),
            });
            Some(Rc::clone(&run.started))
        });
        if let Some(started) = started {
            self.tell(&Notice::Run(started));
        }
    }

    /// Makes an engine the one in use, and puts the one before away.
    pub(super) fn use_engine(&self, engine: Engine) {
        let info = engine.info.clone();
        let before = self.with(|state| {
            state.broken = None;
            if info.backend == Backend::Webgpu {
                state.gpu_broke = None;
            }
            state.engine.replace(engine.clone())
        });
        let changed = before.as_ref().is_none_or(|before| before.info != info);
        if let Some(before) = before
            && !Rc::ptr_eq(&before.link, &engine.link)
        {
            before
                .link
                .put_away(&state("the run went on on another engine"));
        }
        if changed {
            self.tell(&Notice::Ready(info));
        }
    }

    fn started(&self) -> Result<Rc<Started>, Fault> {
        let started = self.with(|state| Some(Rc::clone(&state.run.as_ref()?.started)));
        started.ok_or_else(|| state("the run was dropped"))
    }

    fn text(&self) -> Rc<str> {
        let text = self.with(|state| {
            let run = state.run.as_ref()?;
            Some(Rc::clone(&run.origin.text))
        });
        text.unwrap_or_else(|| Rc::from(""))
    }
}

/// The fault's first line with one full stop; what may follow is for the console.
pub(super) fn ended(fault: &Fault) -> String {
    let line = fault.message.lines().next().unwrap_or_default();
    format!("{}.", line.trim_end_matches(['.', ':']))
}

/// Has that engine make the run.
async fn has_run(engine: &Engine, material: &Material) -> Result<RunInfo, Lost> {
    let (command, payloads) = material.message();
    let (_, answer) = engine.link.ask(command, payloads);
    match answer.await?.0 {
        Reply::Run(info) => Ok(info),
        other => Err(Lost::Gone(Fault::new(
            FaultKind::Internal,
            format!("the engine answers {other:?} where it should describe a run"),
        ))),
    }
}
