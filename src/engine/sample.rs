//! Writing: logits to a character, one at a time.
//!
//! A text is written by one model, the one that there is when it begins, on the CPU: a character is
//! one row read on, milliseconds there, and on a GPU a whole pass.

use super::gpt::Gpt;
use super::reading::Reading;
use super::run::{Run, numbers};
use crate::analysis::ranked;
use crate::protocol::{Fault, Sampling};
use crate::random::Stream;
use crate::text::tokenizer::Tokenizer;
use burn::module::Module;
use burn::tensor::{Int, Tensor, TensorData};

/// A text in the making.
#[derive(Debug)]
pub struct Generation {
    /// On the CPU, without a graph.
    model: Gpt,
    tokenizer: Tokenizer,
    /// The prompt and what was written, as tokens.
    tokens: Vec<u32>,
    prompt_len: usize,
    reading: Reading,
    /// How many tokens were read.
    read: usize,
    options: Sampling,
    stream: Stream,
}

impl Generation {
    /// By that model, which is on the CPU and learns no more.
    ///
    /// # Errors
    /// An option outside its range, or a prompt with characters outside the vocabulary (named).
    pub fn new(
        model: Gpt,
        tokenizer: &Tokenizer,
        prompt: &str,
        options: Sampling,
    ) -> Result<Self, Fault> {
        check(&options)?;
        let tokens = tokenizer.encode(prompt).map_err(super::run::input)?;
        Ok(Generation {
            model,
            tokenizer: tokenizer.clone(),
            prompt_len: tokens.len(),
            tokens,
            reading: Reading::default(),
            read: 0,
            options,
            stream: Stream::new(options.seed, "sample"),
        })
    }

    /// Whether as much is written as was asked for.
    pub fn is_done(&self) -> bool {
        self.tokens.len() - self.prompt_len >= self.options.tokens as usize
    }

    /// What was written, without the prompt.
    pub fn written(&self) -> String {
        self.tokenizer.decode(&self.tokens[self.prompt_len..])
    }

    /// Writes one more character.
    ///
    /// # Errors
    /// When the device fails.
    pub async fn advance(&mut self) -> Result<String, Fault> {
        let seen = seen(&self.tokens);
        // The made-up first character is forgotten as soon as there is a real one.
        if self.read == seen.len() {
            (self.reading, self.read) = (Reading::default(), 0);
        }
        let new = &seen[self.read..];
        self.read = seen.len();
        let logits = self.reading.next_logits(&self.model, new).await?; // [V]
        let token = draw(&logits, &self.options, &mut self.stream) as u32;
        self.tokens.push(token);
        Ok(self.tokenizer.decode(&[token]))
    }
}

/// The tokens; the first character of all where there are none, since any may follow nothing.
fn seen(tokens: &[u32]) -> &[u32] {
    match tokens.is_empty() {
        true => &[0],
        false => tokens,
    }
}

/// The logits after every token of rows of one length: B of T of V numbers.
///
/// # Errors
/// Rows that are empty, of several lengths or longer than the block, a token that is no character's,
/// or a device that fails.
pub async fn all_logits(run: &Run, rows: &[Vec<u32>]) -> Result<Vec<Vec<Vec<f32>>>, Fault> {
    let t = rows.first().map_or(0, Vec::len);
    let (block_size, vocab) = (run.config.model.block_size, run.tokenizer.size());
    if t == 0 || t > block_size || rows.iter().any(|row| row.len() != t) {
        return Err(super::run::input(format!(
            "The rows of tokens must all have one length, from 1 to {block_size}."
        )));
    }
    if let Some(token) = rows.iter().flatten().find(|t| **t as usize >= vocab) {
        return Err(super::run::input(format!(
            "There is no token {token}: the model knows {vocab} characters, from 0 on."
        )));
    }
    let tokens: Vec<i32> = rows.iter().flatten().map(|t| *t as i32).collect();
    let tokens = TensorData::new(tokens, [rows.len(), t]);
    let tokens = Tensor::<2, Int>::from_data(tokens, &run.place.plain()); // [B, T]
    let logits = run.model().valid().forward(tokens); // [B, T, V]
    let numbers = numbers(logits).await?;
    let places: Vec<Vec<f32>> = numbers.chunks_exact(vocab).map(<[f32]>::to_vec).collect();
    Ok(places.chunks_exact(t).map(<[Vec<f32>]>::to_vec).collect())
}

fn check(options: &Sampling) -> Result<(), Fault> {
    let wrong = |message: String| Err(super::run::input(message));
    if options.tokens == 0 || options.tokens > 100_000 {
        return wrong(format!(
            "tokens is {}, but it must lie between 1 and 100000",
            options.tokens
        ));
    }
    if !(0.0..=10.0).contains(&options.temperature) {
        return wrong(format!(
            "temperature is {}, but it must lie between 0 and 10",
            options.temperature
        ));
    }
    if !(options.top_p > 0.0 && options.top_p <= 1.0) {
        return wrong(format!(
            "topP is {}, but it must lie above 0 and at most at 1",
            options.top_p
        ));
    }
    Ok(())
}

/// Draws an index: temperature, then the k likeliest, then the likeliest that reach `top_p`
/// together (Holtzman and others 2020). Temperature 0 takes the likeliest; ties go to the first.
pub fn draw(logits: &[f32], options: &Sampling, stream: &mut Stream) -> usize {
    let logits: Vec<f64> = logits.iter().map(|x| f64::from(*x)).collect();
    let mut order = ranked(&logits);
    let Some(&(likeliest, highest)) = order.first() else {
        return 0;
    };
    if options.temperature <= 0.0 {
        return likeliest;
    }
    if options.top_k > 0 {
        order.truncate(options.top_k as usize);
    }
    let temperature = f64::from(options.temperature);
    let weights: Vec<f64> = order
        .iter()
        .map(|(_, x)| libm::exp((x - highest) / temperature))
        .collect();
    let total: f64 = weights.iter().sum();
    let mut reach = 0.0;
    let kept = weights
        .iter()
        .take_while(|w| {
            let before = reach;
            reach += **w / total;
            before < f64::from(options.top_p)
        })
        .count();
    let mut left = stream.uniform() * weights[..kept].iter().sum::<f64>();
    for ((i, _), weight) in order.iter().zip(&weights[..kept]) {
        left -= weight;
        if left < 0.0 {
            return *i;
        }
    }
    order[kept - 1].0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(options: Sampling) -> [f64; 4] {
        // Probabilities 0.5, 0.25, 0.15, 0.1 at temperature 1.
        let logits = [0.25f32, 0.1, 0.5, 0.15].map(f32::ln);
        let mut stream = Stream::new(5, "test");
        let mut shares = [0.0; 4];
        for _ in 0..20_000 {
            shares[draw(&logits, &options, &mut stream)] += 1.0 / 20_000.0;
        }
        shares
    }

    fn near(got: [f64; 4], expected: [f64; 4]) {
        for (g, e) in got.iter().zip(expected) {
            assert!((g - e).abs() < 0.02, "{got:?} is not {expected:?}");
        }
    }

    #[test]
    fn draws_follow_temperature_top_k_and_top_p() {
        let plain = Sampling {
            temperature: 1.0,
            ..Sampling::default()
        };
        near(shares(plain), [0.25, 0.1, 0.5, 0.15]);
        near(
            shares(Sampling { top_k: 2, ..plain }),
            [1.0 / 3.0, 0.0, 2.0 / 3.0, 0.0],
        );
        near(
            shares(Sampling {
                top_p: 0.6,
                ..plain
            }),
            [1.0 / 3.0, 0.0, 2.0 / 3.0, 0.0],
        );
        near(
            shares(Sampling {
                top_p: 0.01,
                ..plain
            }),
            [0.0, 0.0, 1.0, 0.0],
        );
        near(
            shares(Sampling {
                temperature: 0.0,
                ..plain
            }),
            [0.0, 0.0, 1.0, 0.0],
        );
        // At temperature 1/2 probabilities are squared, then shared out anew.
        let sum = 0.0625 + 0.01 + 0.25 + 0.0225;
        near(
            shares(Sampling {
                temperature: 0.5,
                ..plain
            }),
            [0.0625, 0.01, 0.25, 0.0225].map(|p| p / sum),
        );
    }
}
