//! From the stream to logits: the last norm and the unembedding, from the model's weights.

use super::AnalysisError;
use super::head::{unshaped, weight};
use super::vectors::{mean, product, wide};
use crate::config::{ModelConfig, Norm};
use crate::trace::{Array, Arrays};

/// Added to the variance, as the model does.
const EPS: f64 = 1e-5;

/// LN x = stretch * (x - mean x) / scale + shift, scale = sqrt(variance + 1e-5).
#[derive(Clone, Debug)]
pub struct LayerNorm {
    stretch: Vec<f64>,
    /// 0 where the model has no biases.
    shift: Vec<f64>,
}

impl LayerNorm {
    /// The one whose weights begin with that name, as `transformer.ln_f`.
    ///
    /// # Errors
    /// A name that is not there.
    pub fn named(weights: &Arrays, name: &str) -> Result<Self, AnalysisError> {
        let stretch = wide(weight(weights, &format!("{name}.weight"))?.data);
        let shift = match weights.get(&format!("{name}.bias")) {
            Some(bias) => wide(bias.data),
            None => vec![0.0; stretch.len()],
        };
        Ok(LayerNorm { stretch, shift })
    }

    /// `[C]` to `[C]`.
    pub fn forward(&self, x: &[f64]) -> Vec<f64> {
        let centre = mean(x);
        let squares: Vec<f64> = x.iter().map(|x| (x - centre) * (x - centre)).collect();
        let scale = (mean(&squares) + EPS).sqrt();
        let part = self.part(x, scale);
        part.iter().zip(&self.shift).map(|(y, b)| y + b).collect()
    }

    /// What a summand of the stream becomes when the scale is held: stretch * (x - mean x) / scale.
    /// The parts of all summands and the shift add up to the norm of their sum, since centring is
    /// linear and only the scale is not. `[C]` to `[C]`.
    pub fn part(&self, x: &[f64], scale: f64) -> Vec<f64> {
        let centre = mean(x);
        let stretched = x.iter().zip(&self.stretch);
        stretched.map(|(x, w)| w * (x - centre) / scale).collect()
    }
}

/// The head of the model: `norm` (where there is one), then a row of the matrix for each character.
#[derive(Clone, Debug)]
pub struct Unembedding<'a> {
    /// Only under `norm: pre`.
    norm: Option<LayerNorm>,
    /// W: `[V, C]`
    matrix: &'a [f32],
    n_embd: usize,
}

impl<'a> Unembedding<'a> {
    /// Of weights under their checkpoint names: `lm_head.weight`, or `transformer.wte.weight` where
    /// it is tied.
    ///
    /// # Errors
    /// A weight that is not there, or not of the model's width.
    pub fn of(model: &ModelConfig, weights: &'a Arrays) -> Result<Self, AnalysisError> {
        let name = match model.tied {
            true => "transformer.wte.weight",
            false => "lm_head.weight",
        };
        let Array { shape, data } = weight(weights, name)?;
        if shape.last() != Some(&model.n_embd) || shape.len() != 2 {
            return Err(unshaped(name.into(), "[V, C]", shape));
        }
        let norm = match model.norm {
            Norm::Pre => Some(LayerNorm::named(weights, "transformer.ln_f")?),
            Norm::Post | Norm::None => None,
        };
        Ok(Unembedding {
            norm,
            matrix: data,
            n_embd: model.n_embd,
        })
    }

    /// The vector that meets the matrix: the stream's, normed where the model does so. `[C]` to
    /// `[C]`.
    pub fn normed(&self, stream: &[f64]) -> Vec<f64> {
        match &self.norm {
            Some(norm) => norm.forward(stream),
            None => stream.to_vec(),
        }
    }

    /// W y of a vector that was normed: `[C]` to `[V]`.
    pub fn logits(&self, normed: &[f64]) -> Vec<f64> {
        product(self.matrix, normed)
    }

    /// A character's row of W: `[C]`; empty where there is none.
    pub fn direction(&self, token: usize) -> Vec<f64> {
        let row = self.matrix.chunks_exact(self.n_embd.max(1)).nth(token);
        row.map(wide).unwrap_or_default()
    }

    /// The mean of all rows of W: `[C]`. What is added along it changes all logits alike and no
    /// probability.
    pub fn mean_direction(&self) -> Vec<f64> {
        let rows = self.matrix.chunks_exact(self.n_embd.max(1));
        let n = rows.len().max(1) as f64;
        let mut sum = vec![0.0; self.n_embd];
        for row in rows {
            super::vectors::add_scaled(&mut sum, 1.0 / n, &wide(row));
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::vectors::minus;
    use crate::random::Stream;
    use crate::trace::Entry;

    fn norm(stretch: &[f32], shift: &[f32]) -> LayerNorm {
        let entry = |name: &str| Entry {
            name: format!("ln.{name}"),
            shape: vec![stretch.len()],
        };
        let entries = vec![entry("weight"), entry("bias")];
        let arrays = Arrays::new(entries, [stretch, shift].concat()).expect("adds up");
        LayerNorm::named(&arrays, "ln").expect("both are there")
    }

    #[test]
    fn a_norm_by_hand() {
        // Mean 2, variance 1.
        let y = norm(&[1.0, 3.0], &[0.0, 0.5]).forward(&[1.0, 3.0]);
        assert!(
            (y[0] + 1.0).abs() < 1e-5 && (y[1] - 3.5).abs() < 2e-5,
            "{y:?}"
        );
    }

    #[test]
    fn parts_at_one_scale_add_up_to_the_norm_of_the_sum() {
        let mut stream = Stream::new(1, "parts");
        for _ in 0..100 {
            let mut draw = || -> Vec<f32> { (0..6).map(|_| stream.normal() as f32).collect() };
            let (stretch, shift) = (draw(), draw());
            let ln = norm(&stretch, &shift);
            let (a, b) = (wide(&draw()), wide(&draw()));
            let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a + b).collect();
            let centre = mean(&sum);
            let variance = sum.iter().map(|x| (x - centre).powi(2)).sum::<f64>() / 6.0;
            let scale = (variance + 1e-5).sqrt();
            let parts = minus(&ln.forward(&sum), &ln.part(&a, scale));
            let rest = minus(&parts, &ln.part(&b, scale));
            for (rest, shift) in rest.iter().zip(&shift) {
                assert!((rest - f64::from(*shift)).abs() < 1e-9);
            }
        }
    }
}
