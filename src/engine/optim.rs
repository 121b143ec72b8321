//! AdamW (Loshchilov and Hutter 2019), its learning-rate schedule and clipping by global norm.
//!
//! burn's own optimizer clips each parameter by itself; the texts that we follow clip the gradient
//! as a whole, and a checkpoint needs the moments by name. So this is ours.

use super::params;
use crate::config::TrainConfig;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

/// Keeps a division by a vanishing deviation finite, as PyTorch does.
pub(super) const EPS: f64 = 1e-8;

/// The optimizer's state. All parameters stand in one flat tensor, in the order of
/// [`params::list`], and the model's own are slices of it: a step is then a dozen operations on
/// long vectors instead of a dozen for each parameter.
#[derive(Clone, Debug)]
pub struct AdamW {
    /// Every parameter: `[n]`.
    values: Tensor<1>,
    /// Running average of the gradient: `[n]`.
    pub m: Tensor<1>,
    /// Running average of its square: `[n]`.
    pub v: Tensor<1>,
    /// 1 where the number belongs to a tensor that decays: `[n]`.
    decays: Tensor<1>,
}

impl AdamW {
    /// All moments 0.
    pub fn new<M: Module>(model: &M) -> Self {
        let named = params::list(model);
        let decays = decay_flags(model);
        let values = Tensor::cat(named.into_iter().map(|p| p.tensor).collect(), 0); // [n]
        let n = decays.len();
        AdamW {
            m: values.zeros_like(),
            v: values.zeros_like(),
            decays: Tensor::from_data(TensorData::new(decays, [n]), &values.device()),
            values,
        }
    }

    /// With moments taken from elsewhere: `[n]` each.
    pub fn with_moments<M: Module>(model: &M, m: Tensor<1>, v: Tensor<1>) -> Self {
        AdamW {
            m,
            v,
            ..AdamW::new(model)
        }
    }

    /// Of a model with those parameters and moments, `[n]` each, which lie on the host.
    pub fn filled<M: Module>(model: &M, [values, m, v]: [&[f32]; 3], device: &Device) -> Self {
        let tensor = |numbers: &[f32]| {
            let n = numbers.len();
            Tensor::from_data(TensorData::new(numbers.to_vec(), [n]), device)
        };
        AdamW {
            values: tensor(values),
            m: tensor(m),
            v: tensor(v),
            decays: tensor(&decay_flags(model)),
        }
    }

    /// One step along the gradients `g`, `[n]` in the order of [`params::list`], whose [`norm`] is
    /// given; `step` counts from 0. Returns the model.
    pub fn step<M: Module>(
        &mut self,
        model: M,
        g: Tensor<1>,
        norm: Tensor<1>,
        train: &TrainConfig,
        step: u32,
    ) -> M {
        let g = if train.clip > 0.0 {
            // min(1, clip / norm), with PyTorch's guard against a norm of 0.
            let scale = norm.add_scalar(1e-6).recip(); // [1]
            g * scale.mul_scalar(train.clip).clamp_max(1.0)
        } else {
            g
        }; // [n]

        let lr = learning_rate(train, step);
        let t = f64::from(step) + 1.0;
        let correction1 = 1.0 - train.beta1.powf(t);
        let correction2 = 1.0 - train.beta2.powf(t);

        self.m = self.m.clone().mul_scalar(train.beta1) + g.clone().mul_scalar(1.0 - train.beta1);
        self.v =
            self.v.clone().mul_scalar(train.beta2) + (g.clone() * g).mul_scalar(1.0 - train.beta2);
        let deviation = self
            .v
            .clone()
            .div_scalar(correction2)
            .sqrt()
            .add_scalar(EPS); // [n]
        let update = self.m.clone().mul_scalar(lr / correction1) / deviation; // [n]
        let decay = self
            .decays
            .clone()
            .mul_scalar(-lr * train.weight_decay)
            .add_scalar(1.0); // [n]
        self.values = self.values.clone() * decay - update; // [n]
        params::replace(model, &self.values)
    }
}

/// The global norm of gradients, `[n]`: a `[1]` tensor that stays on the device.
pub fn norm(g: &Tensor<1>) -> Tensor<1> {
    (g.clone() * g.clone()).sum().sqrt()
}

/// 1 for each number that decays, 0 for each that does not: `[n]`.
fn decay_flags<M: Module>(model: &M) -> Vec<f32> {
    let named = params::list(model);
    let of_each = named.iter().flat_map(|p| {
        let decays = f32::from(u8::from(decays(p)));
        std::iter::repeat_n(decays, p.shape.iter().product())
    });
    of_each.collect()
}

/// Matrices that project or embed are pulled to 0; what shifts, stretches or scores is not, also
/// where it has two axes: the biases of distances, the span's and the additive scores' vectors.
pub(super) fn decays(parameter: &params::Named) -> bool {
    let free = ["attn.rel_bias", "attn.span.weight", "attn.additive.v"];
    parameter.shape.len() > 1 && !free.iter().any(|name| parameter.name.ends_with(name))
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
