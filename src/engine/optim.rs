//! AdamW (Loshchilov and Hutter 2019), its learning-rate schedule and clipping by global norm.
//!
//! burn's own optimizer clips each parameter by itself; the texts that we follow clip the gradient
//! as a whole, and a checkpoint needs the moments by name. So this is ours.

use super::params;
use crate::config::TrainConfig;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// Keeps a division by a vanishing deviation finite, as PyTorch does.
const EPS: f64 = 1e-8;

/// The running averages of a parameter's gradient and of its square, flattened like it.
#[derive(Clone, Debug)]
pub struct Moments {
    /// [n]
    pub m: Tensor<1>,
    /// [n]
    pub v: Tensor<1>,
}

/// The optimizer's state: moments in the order of [`params::list`].
#[derive(Clone, Debug)]
pub struct AdamW {
    pub moments: Vec<Moments>,
    /// Whether the parameter has two or more dimensions: those decay.
    decays: Vec<bool>,
}

impl AdamW {
    /// All moments 0.
    pub fn new<M: Module>(model: &M) -> Self {
        let named = params::list(model);
        AdamW {
            decays: named.iter().map(|p| p.shape.len() > 1).collect(),
            moments: named
                .into_iter()
                .map(|p| Moments {
                    m: p.tensor.zeros_like(),
                    v: p.tensor.zeros_like(),
                })
                .collect(),
        }
    }

    /// One step along `gradients`, which are in the order of [`params::list`].
    ///
    /// `step` counts from 0. Returns the model and the gradient's global norm before clipping, a
    /// `[1]` tensor that stays on the device.
    pub fn step<M: Module>(
        &mut self,
        model: M,
        gradients: Vec<Tensor<1>>,
        train: &TrainConfig,
        step: u32,
        device: &Device,
    ) -> (M, Tensor<1>) {
        let norm = global_norm(&gradients, device); // [1]
        let scale = (train.clip > 0.0).then(|| {
            // min(1, clip / norm), with PyTorch's guard against a norm of 0.
            norm.clone()
                .add_scalar(1e-6)
                .recip()
                .mul_scalar(train.clip)
                .clamp_max(1.0) // [1]
        });

        let lr = learning_rate(train, step);
        let t = f64::from(step) + 1.0;
        let correction1 = 1.0 - train.beta1.powf(t);
        let correction2 = 1.0 - train.beta2.powf(t);

        let values = params::list(&model);
        let mut updated = Vec::with_capacity(values.len());
        let states = self.moments.iter_mut().zip(&self.decays);
        for ((param, gradient), (moments, decays)) in values.into_iter().zip(gradients).zip(states)
        {
            let g = match &scale {
                Some(scale) => gradient * scale.clone(),
                None => gradient,
            }; // [n]
            let m =
                moments.m.clone().mul_scalar(train.beta1) + g.clone().mul_scalar(1.0 - train.beta1); // [n]
            let v = moments.v.clone().mul_scalar(train.beta2)
                + (g.clone() * g).mul_scalar(1.0 - train.beta2); // [n]
            let deviation = v.clone().div_scalar(correction2).sqrt().add_scalar(EPS); // [n]
            let update = m.clone().mul_scalar(lr / correction1) / deviation; // [n]
            let decayed = if *decays {
                param.tensor.mul_scalar(1.0 - lr * train.weight_decay)
            } else {
                param.tensor
            }; // [n]
            updated.push(decayed - update);
            *moments = Moments { m, v };
        }
        (params::replace(model, updated), norm)
    }
}

/// The length of all gradients as one vector: `[1]`.
fn global_norm(gradients: &[Tensor<1>], device: &Device) -> Tensor<1> {
    gradients
        .iter()
        .map(|g| (g.clone() * g.clone()).sum())
        .reduce(|a, b| a + b)
        .unwrap_or_else(|| Tensor::zeros([1], device))
        .sqrt()
}

/// Linear warm-up, then a cosine from `lr` to `min_lr` at `max_steps`, then `min_lr`; `step` counts
/// from 0. As nanoGPT's `get_lr`.
pub fn learning_rate(train: &TrainConfig, step: u32) -> f64 {
    if step < train.warmup {
        return train.lr * f64::from(step + 1) / f64::from(train.warmup + 1);
    }
    if step >= train.max_steps {
        return train.min_lr;
    }
    let done = f64::from(step - train.warmup) / f64::from((train.max_steps - train.warmup).max(1));
    let share = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done));
    train.min_lr + share * (train.lr - train.min_lr)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;

    #[test]
    fn the_schedule_rises_then_falls_to_its_ends() {
        let train = TrainConfig {
            warmup: 10,
            max_steps: 110,
            lr: 1.0,
            min_lr: 0.1,
            ..RunConfig::default().train
        };
        assert!((learning_rate(&train, 0) - 1.0 / 11.0).abs() < 1e-12);
        assert!((learning_rate(&train, 10) - 1.0).abs() < 1e-12);
        assert!((learning_rate(&train, 60) - 0.55).abs() < 1e-12);
        assert_eq!(learning_rate(&train, 110), 0.1);
        assert_eq!(learning_rate(&train, 9999), 0.1);
        let falls = |s| learning_rate(&train, s) >= learning_rate(&train, s + 1);
        assert!((10..120).all(falls));
    }
}
