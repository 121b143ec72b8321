//! The kernels by name, their sources and their pipelines.
//!
//! Sizes and places are in each operation's uniforms and not in the source, so that a pipeline
//! serves every operation of its sort and every model: what a browser compiles before the first
//! step does not grow with the model.

use std::sync::{Arc, Mutex, PoisonError};

/// What one dispatch runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    Embedding,
    EmbeddingBack,
    Norm,
    NormBack,
    Linear,
    Attention,
    AttentionQueries,
    AttentionKeys,
    Additive,
    AdditiveQueries,
    AdditiveKeys,
    Columns,
    /// Of head_gated.
    AttentionWithStats,
    AttentionQueriesWithStats,
    Gate,
    GateBack,
    /// Of adaptive_span, whose global pass has the plain ones.
    AttentionWithin,
    AttentionQueriesWithin,
    AttentionKeysWithin,
    Gist,
    GistBack,
    Reach,
    ReachBack,
    Join,
    CrossEntropy,
    Losses,
    ClipShares,
    ClipTotal,
    AdamW,
}

impl Kernel {
    /// The entry point and the source after the common beginning.
    fn source(self) -> (&'static str, &'static str) {
        let attention = include_str!("attention.wgsl");
        let additive = concat!(
            include_str!("attention.wgsl"),
            include_str!("additive.wgsl")
        );
        let with_stats = concat!(include_str!("attention.wgsl"), include_str!("stats.wgsl"));
        let within = concat!(include_str!("attention.wgsl"), include_str!("span.wgsl"));
        let gate = include_str!("gate.wgsl");
        let gist = include_str!("gist.wgsl");
        let reach = include_str!("reach.wgsl");
        let clip = include_str!("clip.wgsl");
        match self {
            Kernel::Embedding => ("main", include_str!("embedding.wgsl")),
            Kernel::EmbeddingBack => ("main", include_str!("embedding_back.wgsl")),
            Kernel::Norm => ("main", include_str!("norm.wgsl")),
            Kernel::NormBack => ("main", include_str!("norm_back.wgsl")),
            Kernel::Linear => ("main", include_str!("linear.wgsl")),
            Kernel::Attention => ("forward", attention),
            Kernel::AttentionQueries => ("queries", attention),
            Kernel::AttentionKeys => ("keys", attention),
            Kernel::Additive => ("additive_forward", additive),
            Kernel::AdditiveQueries => ("additive_queries", additive),
            Kernel::AdditiveKeys => ("additive_keys", additive),
            Kernel::Columns => ("main", include_str!("columns.wgsl")),
            Kernel::AttentionWithStats => ("forward_with_stats", with_stats),
            Kernel::AttentionQueriesWithStats => ("queries_with_stats", with_stats),
            Kernel::Gate => ("forward", gate),
            Kernel::GateBack => ("backward", gate),
            Kernel::AttentionWithin => ("forward_within", within),
            Kernel::AttentionQueriesWithin => ("queries_within", within),
            Kernel::AttentionKeysWithin => ("keys_within", within),
            Kernel::Gist => ("forward", gist),
            Kernel::GistBack => ("backward", gist),
            Kernel::Reach => ("forward", reach),
            Kernel::ReachBack => ("backward", reach),
            Kernel::Join => ("main", include_str!("join.wgsl")),
            Kernel::CrossEntropy => ("main", include_str!("cross_entropy.wgsl")),
            Kernel::Losses => ("main", include_str!("losses.wgsl")),
            Kernel::ClipShares => ("shares", clip),
            Kernel::ClipTotal => ("total", clip),
            Kernel::AdamW => ("main", include_str!("adamw.wgsl")),
        }
    }
}

/// A device, and the pipelines that were made on it. One for each device: a second run finds them
/// made.
#[derive(Clone, Debug)]
pub struct Kernels {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    /// What every kernel is given: the arena, the step, the operation's uniforms.
    pub bindings: wgpu::BindGroupLayout,
    layout: wgpu::PipelineLayout,
    made: Arc<Mutex<Vec<(Kernel, wgpu::ComputePipeline)>>>,
}

impl Kernels {
    pub fn new(device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let bindings = bindings(&device);
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&bindings)],
            immediate_size: 0,
        });
        Kernels {
            device,
            queue,
            bindings,
            layout,
            made: Arc::default(),
        }
    }

    /// The kernel's pipeline; made where nobody has asked for it before.
    pub fn pipeline(&self, kernel: Kernel) -> wgpu::ComputePipeline {
        // Nothing panics while it is held; and if it did, what is in it would still be whole.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, pipeline)) = made.iter().find(|(other, _)| *other == kernel) {
            return pipeline.clone();
        }
        let (entry, source) = kernel.source();
        let source = format!("{}\n{source}", include_str!("arena.wgsl"));
        let module = self
            .device
            .create_shader_module(wgpu::ShaderModuleDescriptor {
                label: None,
                source: wgpu::ShaderSource::Wgsl(source.into()),
            });
        let descriptor = wgpu::ComputePipelineDescriptor {
            label: None,
            layout: Some(&self.layout),
            module: &module,
            entry_point: Some(entry),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        };
        let pipeline = self.device.create_compute_pipeline(&descriptor);
        made.push((kernel, pipeline.clone()));
        pipeline
    }
}

fn bindings(device: &wgpu::Device) -> wgpu::BindGroupLayout {
    let entry = |binding, ty, has_dynamic_offset| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty,
            has_dynamic_offset,
            min_binding_size: None,
        },
        count: None,
    };
    let storage = |read_only| wgpu::BufferBindingType::Storage { read_only };
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &[
            entry(0, storage(false), false),
            entry(1, storage(true), false),
            entry(2, wgpu::BufferBindingType::Uniform, true),
        ],
    })
}
