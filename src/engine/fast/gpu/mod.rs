//! The plan, carried out on the GPU.
//!
//! One storage buffer is the arena. Sizes and places of every operation stand in a second one, made
//! once; what is new at a step (its batch, its learning rate, its masks' keys) in a third. One bind
//! group names the three, with an offset into the second: so a step makes no buffer, no bind group
//! and no pipeline, and the host's work is one write and three short calls for each dispatch, in one
//! pass and one submission. WebGPU itself makes each dispatch wait for what the ones before it wrote.
//!
//! burn's own way to a kernel of one's own, CubeCL and its extension interface, was not taken: it
//! makes a bind group for each dispatch and goes through fusion and the autodiff graph, which is the
//! host's time that the fast step is there to save.
//!
//! A step whose gradients are not finite is not taken, nor is any that was queued behind it: nobody
//! needs to look at a step's numbers before the next one begins.
//!
//! Loss and gradient norm go into a ring in the arena. Every `EVERY` steps the ring is copied to a
//! buffer that the host may read, and while it waits for one such copy the steps of the next are
//! already queued.
//!
//! [`lower`] turns a plan into dispatches, and [`lists`] has those of a model; [`kernels`] has the
//! kernels' sources, one `.wgsl` for each operation; [`step`] writes what is new, [`reading`] brings
//! numbers back. [`evaluate`] asks the weights without moving them.

pub mod evaluate;
pub mod kernels;
pub mod lists;
pub mod lower;
pub mod reading;
pub mod step;

use super::arena::{Layout, Slot};
use super::cpu::Lesson;
use super::plan::{Job, Parameter, Plan, Uncovered};
use super::threads::share::Share;
use crate::config::{ModelConfig, TrainConfig};
use kernels::Kernels;
use lists::Lists;
use lower::{Dispatch, RING};
use reading::{Reading, Unread, numbers};
use std::collections::VecDeque;

/// Steps whose numbers are read together.
const EVERY: usize = 4;
/// Readings that may be under way while steps go on. Two and the open one have room in the ring.
const AHEAD: usize = 1;
/// Bytes from one operation's uniforms to the next: the coarsest step WebGPU may ask for.
const UNIFORMS: usize = 256;

/// A plan, its memory on the GPU, and everything that its steps need.
#[derive(Debug)]
pub struct Gpu {
    device: wgpu::Device,
    queue: wgpu::Queue,
    plan: Plan,
    lists: Lists,
    arena: wgpu::Buffer,
    step: wgpu::Buffer,
    group: wgpu::BindGroup,
    commands: Commands,
    /// The step's words, and their bytes: kept from step to step.
    words: Vec<u32>,
    bytes: Vec<u8>,
    /// Steps queued in all.
    steps: usize,
    /// Steps since the ring was last copied.
    open: usize,
    /// Copies of the ring on their way, each with its steps.
    readings: VecDeque<(Reading, std::ops::Range<usize>)>,
    /// Buffers of copies that have been read.
    free: Vec<wgpu::Buffer>,
}

/// The commands of each list.
#[derive(Debug)]
struct Commands {
    training: Vec<Command>,
    evaluation: Vec<Command>,
}

/// One dispatch, ready to be encoded.
#[derive(Debug)]
struct Command {
    /// Where it differs from the one before.
    pipeline: Option<wgpu::ComputePipeline>,
    /// Bytes from the beginning of the uniforms.
    uniforms: u32,
    groups: [u32; 3],
}

impl Gpu {
    /// Plan, memory and pipelines of a configuration, for batches of that shape, `[B, T]`; all
    /// parameters are 0.
    ///
    /// # Errors
    /// [`Uncovered`], when there is no plan for it, or the device has no room.
    pub async fn new(
        kernels: &Kernels,
        config: &ModelConfig,
        vocab: usize,
        shape: [usize; 2],
        parameters: &[Parameter],
    ) -> Result<Self, Uncovered> {
        let job = Job {
            config: *config,
            vocab,
            shape,
            parameters: parameters.to_vec(),
        };
        let (plan, mut layout) = Plan::new(&job, Share::all(shape[0]))?;
        let lists = Lists::new(&job, &plan, &mut layout)?;
        let device = &kernels.device;
        let limits = device.limits();
        within(&limits, &layout)?;
        lists.within(&limits)?;
        let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let validity = device.push_error_scope(wgpu::ErrorFilter::Validation);
        let gpu = Gpu::make(kernels, plan, lists, &layout, parameters);
        // The scope opened last is closed first, whatever it caught.
        let invalid = validity.pop().await;
        if memory.pop().await.is_some() {
            return Err(uncovered(&layout));
        }
        match invalid {
            Some(_) => Err(Uncovered::Gpu("what this device refuses to run")),
            None => Ok(gpu),
        }
    }

    fn make(
        kernels: &Kernels,
        plan: Plan,
        lists: Lists,
        layout: &Layout,
        parameters: &[Parameter],
    ) -> Self {
        use wgpu::BufferUsages as Use;
        let mut first = 0;
        let [training, evaluation] = lists.dispatches().map(|list| {
            let commands = commands(kernels, list, first);
            first += list.len();
            commands
        });
        let Kernels { device, queue, .. } = kernels;
        let buffer = |bytes: usize, usage| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: bytes as u64,
                usage: usage | Use::COPY_DST,
                mapped_at_creation: false,
            })
        };
        let arena = buffer(4 * layout.numbers(), Use::STORAGE | Use::COPY_SRC);
        let step = buffer(4 * lists.training.step.size(), Use::STORAGE);
        let bytes = lists.uniforms();
        let uniforms = buffer(bytes.len(), Use::UNIFORM);
        queue.write_buffer(&uniforms, 0, &bytes);
        let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &kernels.bindings,
            entries: &[
                wgpu::BindGroupEntry {
                    binding: 0,
                    resource: arena.as_entire_binding(),
                },
                wgpu::BindGroupEntry {
                    binding: 1,
                    resource: step.as_entire_binding(),
                },
                wgpu::BindGroupEntry {
                    binding: 2,
                    resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                        buffer: &uniforms,
                        offset: 0,
                        size: std::num::NonZeroU64::new(UNIFORMS as u64),
                    }),
                },
            ],
        });
        let gpu = Gpu {
            commands: Commands {
                training,
                evaluation,
            },
            device: device.clone(),
            queue: queue.clone(),
            plan,
            lists,
            arena,
            step,
            group,
            words: Vec::new(),
            bytes: Vec::new(),
            steps: 0,
            open: 0,
            readings: VecDeque::new(),
            free: Vec::new(),
        };
        let decay = |p: &Parameter| std::iter::repeat_n(if p.decays { 1.0 } else { 0.0 }, p.len);
        let decays: Vec<f32> = parameters.iter().flat_map(decay).collect();
        gpu.set(gpu.lists.training.decays, &decays);
        gpu
    }

    /// Dispatches of a step.
    pub fn dispatches(&self) -> usize {
        self.commands.training.len()
    }

    /// Takes parameters and moments over, `[n]` each, and steps from there.
    pub fn set_state(&self, state: [&[f32]; 3]) {
        let optimizer = &self.plan.optimizer;
        let slots = [optimizer.values, optimizer.m, optimizer.v];
        for (slot, numbers) in slots.into_iter().zip(state) {
            self.set(slot, numbers);
        }
        self.go_on();
    }

    /// Has steps taken again after one that was not.
    pub fn go_on(&self) {
        self.set(self.lists.training.norm, &[0.0]);
    }

    fn set(&self, slot: Slot, numbers: &[f32]) {
        let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.queue
            .write_buffer(&self.arena, 4 * slot.start() as u64, &bytes);
    }

    /// Queues one training step, which counts from 0: forwards, backwards, AdamW. Where its norm is not
    /// finite, neither it nor any later one moves the state, until [`Gpu::go_on`].
    pub fn step(&mut self, lesson: &Lesson, train: &TrainConfig, step: u32) {
        let place = (self.steps % RING) as u32;
        let layout = &self.lists.training.step;
        layout.write(&mut self.words, lesson, train, step, place);
        self.upload();
        let encoder = self.encoded(&self.commands.training);
        self.steps += 1;
        self.open += 1;
        match self.open {
            EVERY => self.submit_with_ring(encoder),
            _ => {
                self.queue.submit([encoder.finish()]);
            }
        }
    }

    /// Brings the words that are new to the GPU.
    fn upload(&mut self) {
        self.bytes.clear();
        self.bytes
            .extend(self.words.iter().flat_map(|word| word.to_le_bytes()));
        self.queue.write_buffer(&self.step, 0, &self.bytes);
    }

    /// The commands in one pass.
    fn encoded(&self, commands: &[Command]) -> wgpu::CommandEncoder {
        let mut encoder = self.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            for Command {
                pipeline,
                uniforms,
                groups: [x, y, z],
            } in commands
            {
                if let Some(pipeline) = pipeline {
                    pass.set_pipeline(pipeline);
                }
                pass.set_bind_group(0, &self.group, &[*uniforms]);
                pass.dispatch_workgroups(*x, *y, *z);
            }
        }
        encoder
    }

    /// Loss and gradient norm (before clipping) of steps, oldest first, each once: those that are
    /// due, so that a bounded number is under way; or of all that were queued.
    ///
    /// # Errors
    /// [`Unread`], when the device is lost.
    pub async fn numbers(&mut self, all: bool) -> Result<Vec<[f32; 2]>, Unread> {
        if all && self.open > 0 {
            let encoder = self.device.create_command_encoder(&Default::default());
            self.submit_with_ring(encoder);
        }
        let ahead = if all { 0 } else { AHEAD };
        let mut all_numbers = Vec::new();
        while self.readings.len() > ahead
            && let Some((reading, steps)) = self.readings.pop_front()
        {
            let (ring, buffer) = reading.finish().await?;
            self.free.push(buffer);
            let ring = numbers(&ring);
            let places = steps.map(|step| 2 * (step % RING));
            all_numbers.extend(places.map(|place| [ring[place], ring[place + 1]]));
        }
        Ok(all_numbers)
    }

    /// Leaves the numbers of queued steps unread.
    pub fn forget(&mut self) {
        self.readings.clear();
        self.open = 0;
    }

    /// Submits, and asks for the ring as it is then.
    fn submit_with_ring(&mut self, mut encoder: wgpu::CommandEncoder) {
        let ring = self.lists.training.report;
        let buffer = match self.free.pop() {
            Some(buffer) => buffer,
            None => self.staging(ring.len()),
        };
        self.copy(&mut encoder, ring, &buffer, 0);
        self.queue.submit([encoder.finish()]);
        let steps = self.steps - self.open..self.steps;
        self.open = 0;
        self.readings
            .push_back((Reading::new(&self.device, buffer), steps));
    }

    /// Parameters and both moments after all queued steps: `[n]` each.
    ///
    /// # Errors
    /// [`Unread`], when the device is lost or has no room.
    pub async fn state(&self) -> Result<[Vec<f32>; 3], Unread> {
        let n = self.plan.optimizer.values.len();
        let all = self.bytes(true).await?;
        Ok([0, 1, 2].map(|which| numbers(&all[4 * which * n..][..4 * n])))
    }

    /// Parameters, and after them both moments with the optimizer, after all queued steps, as
    /// little-endian bytes: `[n]` each.
    ///
    /// # Errors
    /// As [`Gpu::state`].
    pub async fn bytes(&self, with_optimizer: bool) -> Result<Vec<u8>, Unread> {
        let optimizer = &self.plan.optimizer;
        let slots = [optimizer.values, optimizer.m, optimizer.v];
        let some = if with_optimizer { 3 } else { 1 };
        self.read(&slots[..some]).await
    }

    /// The latest batch's logits: `[B, T, V]`.
    ///
    /// # Errors
    /// As [`Gpu::state`].
    pub async fn logits(&self) -> Result<Vec<f32>, Unread> {
        Ok(numbers(&self.read(&[self.plan.logits.value]).await?))
    }

    /// Every parameter's gradient before clipping, of the step that was queued last: `[n]`.
    ///
    /// # Errors
    /// As [`Gpu::state`].
    pub async fn gradients(&self) -> Result<Vec<f32>, Unread> {
        Ok(numbers(&self.read(&[self.plan.optimizer.grads]).await?))
    }

    /// Several places, one after the other.
    async fn read(&self, slots: &[Slot]) -> Result<Vec<u8>, Unread> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffer = self.staging(slots.iter().map(|slot| slot.len()).sum());
        if memory.pop().await.is_some() {
            return Err(Unread("there is no room for a copy".into()));
        }
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut to = 0;
        for slot in slots {
            self.copy(&mut encoder, *slot, &buffer, to);
            to += slot.len();
        }
        self.queue.submit([encoder.finish()]);
        let (bytes, buffer) = Reading::new(&self.device, buffer).finish().await?;
        // At once, and not when the browser gets round to it: a checkpoint's is large.
        buffer.destroy();
        Ok(bytes)
    }

    /// A buffer for that many numbers, which the host may read.
    fn staging(&self, len: usize) -> wgpu::Buffer {
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 4 * len as u64,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    }

    fn copy(&self, encoder: &mut wgpu::CommandEncoder, slot: Slot, to: &wgpu::Buffer, at: usize) {
        let (from, len) = (4 * slot.start() as u64, 4 * slot.len() as u64);
        encoder.copy_buffer_to_buffer(&self.arena, from, to, 4 * at as u64, len);
    }
}

/// Whether the device takes so much memory.
fn within(limits: &wgpu::Limits, layout: &Layout) -> Result<(), Uncovered> {
    let bytes = 4 * layout.numbers() as u64;
    match bytes > limits.max_buffer_size || bytes > limits.max_storage_buffer_binding_size {
        true => Err(uncovered(layout)),
        false => Ok(()),
    }
}

fn uncovered(layout: &Layout) -> Uncovered {
    Uncovered::Memory {
        megabytes: layout.numbers() / (1 << 18),
    }
}

/// The dispatches with their pipelines; `first` is the place of the first one's uniforms.
fn commands(kernels: &Kernels, dispatches: &[Dispatch], first: usize) -> Vec<Command> {
    let mut last = None;
    let one = |(n, Dispatch { kernel, groups, .. }): (usize, &Dispatch)| {
        let again = last.replace(*kernel) == Some(*kernel);
        Command {
            pipeline: (!again).then(|| kernels.pipeline(*kernel)),
            uniforms: ((first + n) * UNIFORMS) as u32,
            groups: *groups,
        }
    };
    dispatches.iter().enumerate().map(one).collect()
}
