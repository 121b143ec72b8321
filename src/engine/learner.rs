//! The weights, and who moves them: burn's step, or the fast one.
//!
//! The fast step has the weights in memory of its own. They come back into burn's model when somebody
//! looks, and only then: [`Learner::model`] is the one way to it, so that nobody sees old weights.

use super::fast::cpu::Cpu;
use super::fast::plan::{Job, Parameter, Plan, Uncovered};
use super::fast::threads::Threads;
use super::fast::threads::alone::{self, Alone};
use super::fast::threads::crew::Crew;
use super::fast::threads::share::Share;
use super::gpt::Gpt;
use super::hire;
use super::optim::{self, AdamW};
use super::params;
use super::run::{input, numbers, unread};
use crate::config::RunConfig;
use crate::protocol::{Fault, FaultKind, Path};
use burn::tensor::{Device, Tensor, TensorData};
use std::cell::OnceCell;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A model and its optimizer, wherever their numbers are.
#[derive(Debug)]
pub struct Learner {
    place: Place,
    /// The path that was asked for; the best there is where none was.
    asked: Option<Path>,
    /// Why there is no fast step, once that is known.
    uncovered: Option<Uncovered>,
    /// Who will help the fast step that is made next, if that is known.
    crew: Option<Result<Crew, Alone>>,
}

#[derive(Debug)]
enum Place {
    Burn(Box<(Gpt, AdamW)>),
    Fast(Box<Fast>),
}

/// Weights in the fast step's memory.
#[derive(Debug)]
struct Fast {
    threads: Threads,
    /// A model of the right form, with weights from earlier.
    form: Gpt,
    /// Today's model and optimizer, where somebody has looked since the last step.
    model: OnceCell<Gpt>,
    optimizer: OnceCell<AdamW>,
}

impl Learner {
    /// A model and an optimizer that has seen nothing.
    pub fn new(model: Gpt) -> Self {
        let optimizer = AdamW::new(&model);
        Learner::with_optimizer(model, optimizer)
    }

    /// A model with the optimizer that trained it.
    pub fn with_optimizer(model: Gpt, optimizer: AdamW) -> Self {
        Learner {
            place: Place::Burn(Box::new((model, optimizer))),
            asked: None,
            uncovered: None,
            crew: None,
        }
    }

    /// The model as it is now.
    pub fn model(&self) -> &Gpt {
        match &self.place {
            Place::Burn(both) => &both.0,
            Place::Fast(fast) => fast.model(),
        }
    }

    /// The optimizer as it is now.
    pub fn optimizer(&self) -> &AdamW {
        match &self.place {
            Place::Burn(both) => &both.1,
            Place::Fast(fast) => fast.optimizer.get_or_init(|| {
                let [m, v] = [1, 2].map(|n| fast.tensor(n)); // [n] each
                AdamW::with_moments(fast.model(), m, v)
            }),
        }
    }

    /// A model of the same form, whose weights may be of an earlier step.
    pub(super) fn form(&self) -> &Gpt {
        match &self.place {
            Place::Burn(both) => &both.0,
            Place::Fast(fast) => fast.model.get().unwrap_or(&fast.form),
        }
    }

    /// The parameters' numbers, and after them m's and v's with the optimizer, as little-endian bytes:
    /// `[n]` each.
    ///
    /// # Errors
    /// When the device does not give them back.
    pub async fn bytes(&self, with_optimizer: bool) -> Result<Vec<u8>, Fault> {
        let some = if with_optimizer { 3 } else { 1 };
        match &self.place {
            Place::Burn(both) => {
                let (model, optimizer) = &**both;
                let mut tensors: Vec<Tensor<1>> =
                    params::list(model).into_iter().map(|p| p.tensor).collect();
                if with_optimizer {
                    tensors.extend([optimizer.m.clone(), optimizer.v.clone()]);
                }
                let all = Tensor::cat(tensors, 0); // [some n]
                Ok(little_endian(&[&numbers(all).await?]))
            }
            Place::Fast(fast) => Ok(little_endian(&fast.threads.state()[..some])),
        }
    }

    /// The fast step's memory, where the weights are in it and may be used: for windows of that many
    /// tokens.
    pub(super) fn evaluator(&mut self, tokens: usize) -> Option<&mut Cpu> {
        match &mut self.place {
            Place::Fast(fast) if self.asked != Some(Path::Readable) => {
                fast.threads.evaluator(tokens)
            }
            Place::Fast(_) | Place::Burn(_) => None,
        }
    }

    /// Which path steps take from now on; `None` for the best there is.
    pub fn choose(&mut self, path: Option<Path>) {
        self.asked = path;
    }

    /// The path of the latest step; [`Path::Readable`] before the first.
    pub fn path(&self) -> Path {
        match self.place {
            Place::Burn(_) => Path::Readable,
            Place::Fast(_) => Path::Fast,
        }
    }

    /// The path that was asked for, if one was.
    pub fn asked(&self) -> Option<Path> {
        self.asked
    }

    /// Why the fast step was not taken, if it could not be.
    pub fn uncovered(&self) -> Option<&Uncovered> {
        self.uncovered.as_ref()
    }

    /// On how many threads the latest step was computed.
    ///
    /// # Errors
    /// Why on one.
    pub fn threads(&self) -> Result<usize, &Alone> {
        match &self.place {
            Place::Burn(_) => Err(&Alone::Readable),
            Place::Fast(fast) => fast.threads.count(),
        }
    }

    /// Every parameter's gradient of the latest step, `[n]`, where that was a fast one.
    pub fn gradients(&self) -> Option<&[f32]> {
        match &self.place {
            Place::Burn(_) => None,
            Place::Fast(fast) => Some(fast.threads.gradients()),
        }
    }

    /// Who helps the fast step, once it is made for the job that they are for.
    pub fn hire(&mut self, crew: Result<Crew, Alone>) {
        self.crew = Some(crew);
    }

    /// Sees to helpers for the fast step, where the next step is the first of that shape, `[B, T]`.
    /// Until they are there no step is made, since a run must not depend on when that is.
    pub(super) async fn hire_for(&mut self, config: &RunConfig, shape: [usize; 2]) {
        let readable = self.asked == Some(Path::Readable) || self.uncovered.is_some();
        if readable || self.fits(shape) || self.crew.is_some() {
            return;
        }
        let job = job(self.model(), config, shape);
        // Where there is no plan the step itself will say so.
        let Ok((plan, _)) = Plan::new(&job, Share::all(shape[0])) else {
            return;
        };
        let crew = match alone::threads(plan.work(), shape[0], hire::surroundings()) {
            Ok(threads) => hire::crew(job, threads).await,
            Err(why) => Err(why),
        };
        self.hire(crew);
    }

    fn fits(&self, shape: [usize; 2]) -> bool {
        match &self.place {
            Place::Fast(fast) => fast.threads.fits(shape),
            Place::Burn(_) => false,
        }
    }

    /// The fast step with the weights in it, for batches of that shape; `None` where the step is to be
    /// readable. `on_cpu` says whether burn's tensors are on the CPU, where alone they can be fetched
    /// at once.
    ///
    /// # Errors
    /// When the fast step was asked for and does not cover the configuration.
    pub(super) fn fast(
        &mut self,
        config: &RunConfig,
        shape: [usize; 2],
        on_cpu: bool,
    ) -> Result<Option<&mut Threads>, Fault> {
        match self.asked {
            Some(Path::Readable) => return Ok(None),
            None if !on_cpu || self.uncovered.is_some() => return Ok(None),
            Some(Path::Fast) if !on_cpu => {
                return Err(input(
                    "This device has no fast step; take the readable path.",
                ));
            }
            None | Some(Path::Fast) => {}
        }
        if !self.fits(shape) {
            self.readable();
            let crew = self.crew.take().unwrap_or(Err(Alone::Native));
            match enter(self.model(), self.optimizer(), config, shape, crew)? {
                Ok(threads) => {
                    let form = self.model().clone();
                    self.place = Place::Fast(Box::new(Fast {
                        threads,
                        form,
                        model: OnceCell::new(),
                        optimizer: OnceCell::new(),
                    }));
                }
                Err(why) if self.asked.is_none() => {
                    self.uncovered = Some(why);
                    return Ok(None);
                }
                Err(why) => return Err(input(format!("{why}; take the readable path."))),
            }
        }
        match &mut self.place {
            Place::Fast(fast) => {
                // What was looked at is of yesterday once the step is done.
                if let Some(model) = fast.model.take() {
                    fast.form = model;
                }
                fast.optimizer.take();
                Ok(Some(&mut fast.threads))
            }
            Place::Burn(_) => Ok(None),
        }
    }

    /// Burn's model and optimizer, to be moved by burn.
    pub(super) fn readable(&mut self) -> &mut (Gpt, AdamW) {
        if let Place::Fast(_) = &self.place {
            let both = (self.model().clone(), self.optimizer().clone());
            self.place = Place::Burn(Box::new(both));
        }
        match &mut self.place {
            Place::Burn(both) => both,
            Place::Fast(_) => unreachable!("the weights were just taken out of it"),
        }
    }
}

impl Fast {
    fn model(&self) -> &Gpt {
        self.model
            .get_or_init(|| params::replace(self.form.clone(), &self.tensor(0)))
    }

    /// Parameters, m or v: `[n]`.
    fn tensor(&self, which: usize) -> Tensor<1> {
        let numbers = self.threads.state()[which].to_vec();
        let n = numbers.len();
        Tensor::from_data(TensorData::new(numbers, [n]), &Device::flex())
    }
}

/// The fast step with the model's weights and the optimizer's moments in it.
fn enter(
    model: &Gpt,
    optimizer: &AdamW,
    config: &RunConfig,
    shape: [usize; 2],
    crew: Result<Crew, Alone>,
) -> Result<Result<Threads, Uncovered>, Fault> {
    let mut threads = match Threads::new(&job(model, config, shape), crew) {
        Ok(threads) => threads,
        Err(why) => return Ok(Err(why)),
    };
    let named = params::list(model).into_iter();
    let values = Tensor::cat(named.map(|p| p.tensor).collect(), 0); // [n]
    let [values, m, v] = [values, optimizer.m.clone(), optimizer.v.clone()].map(at_once);
    threads.set_state([&values?, &m?, &v?]);
    Ok(Ok(threads))
}

/// What a fast step of that model is made for, with batches of that shape.
fn job(model: &Gpt, config: &RunConfig, shape: [usize; 2]) -> Job {
    Job {
        config: config.model,
        vocab: model.vocab(),
        shape,
        parameters: parameters(model),
    }
}

/// The model's parameters as a plan needs to know them, in order.
pub fn parameters(model: &Gpt) -> Vec<Parameter> {
    let named = params::list(model).into_iter();
    named
        .map(|p| Parameter {
            len: p.shape.iter().product(),
            decays: optim::decays(&p),
            name: p.name,
        })
        .collect()
}

/// All numbers, one part after the other.
fn little_endian(parts: &[&[f32]]) -> Vec<u8> {
    let mut bytes = vec![0; 4 * parts.iter().map(|part| part.len()).sum::<usize>()];
    let mut rest = bytes.as_mut_slice();
    for part in parts {
        let (head, tail) = rest.split_at_mut(4 * part.len());
        // Place by place, which becomes a plain copy.
        for (to, x) in head.as_chunks_mut::<4>().0.iter_mut().zip(*part) {
            *to = x.to_le_bytes();
        }
        rest = tail;
    }
    bytes
}

/// The numbers of a tensor on the CPU, which are there without waiting. (Burn's own way to them
/// without waiting is not to be had in the browser.)
pub(super) fn at_once(tensor: Tensor<1>) -> Result<Vec<f32>, Fault> {
    let future = pin!(tensor.into_data_async());
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(data) => Ok(data.map_err(unread)?.iter::<f32>().collect()),
        Poll::Pending => Err(Fault::new(
            FaultKind::Internal,
            "The weights are on the CPU, and yet they cannot be read at once.",
        )),
    }
}
