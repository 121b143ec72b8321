//! What is kept of a run: safetensors with nanoGPT's names, and the rest in the header.
//!
//! Metadata, each value JSON: `format` (version), `config`, `vocab` (ordered characters), `step`,
//! `seed`. With the optimizer, its moments stand beside each parameter as `optimizer.m.NAME` and
//! `optimizer.v.NAME`; batches, dropout and draws are functions of the seed and the step, so
//! nothing else is needed to go on exactly.

use super::device::Place;
use super::gpt::Gpt;
use super::learner::Learner;
use super::optim::AdamW;
use super::params;
use super::run::{Run, TrainingText, input};
use crate::config::RunConfig;
use crate::protocol::{Fault, FaultKind};
use crate::text::tokenizer::Tokenizer;
use burn::tensor::{Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// Counts up when a reader of the old form would misread the new one.
pub const FORMAT: u32 = 1;

/// The run as safetensors bytes.
///
/// # Errors
/// When the device does not give the numbers back.
pub async fn save(run: &Run, with_optimizer: bool) -> Result<Vec<u8>, Fault> {
    write(run, &run.learner.bytes(with_optimizer).await?)
}

/// The run with those numbers, which [`Learner::bytes`] describes, as safetensors bytes. Of the run's
/// own weights nothing is read: they may be of an earlier step.
pub(super) fn write(run: &Run, numbers: &[u8]) -> Result<Vec<u8>, Fault> {
    let parameters = params::shapes(run.learner.form());
    let mut views = Vec::with_capacity(3 * parameters.len());
    let mut rest = numbers;
    for part in [None, Some("m"), Some("v")] {
        // Without the optimizer nothing is left after the parameters.
        if rest.is_empty() {
            break;
        }
        for (name, shape) in &parameters {
            let bytes = 4 * shape.iter().product::<usize>();
            let (head, tail) = rest.split_at_checked(bytes).ok_or_else(|| {
                Fault::new(
                    FaultKind::Internal,
                    "The model has lost some of its numbers.",
                )
            })?;
            rest = tail;
            let name = part.map_or(name.clone(), |which| moment_name(which, name));
            let view = TensorView::new(Dtype::F32, shape.clone(), head).map_err(input)?;
            views.push((name, view));
        }
    }
    let vocab: String = run.tokenizer.vocab().iter().collect();
    let metadata = HashMap::from([
        ("format".to_string(), FORMAT.to_string()),
        ("config".to_string(), json(&run.config)?),
        ("vocab".to_string(), json(&vocab)?),
        ("step".to_string(), run.step.to_string()),
        ("seed".to_string(), run.config.seed.to_string()),
    ]);
    safetensors::serialize(views, Some(metadata)).map_err(input)
}

/// The run that the bytes hold, on that device.
///
/// Without a text the model writes but does not train; without moments in the file the optimizer
/// starts anew.
///
/// # Errors
/// Bytes that are not safetensors or not one of ours, a tensor that is missing or of another shape,
/// or a text with characters that the model does not know.
pub fn load(bytes: &[u8], text: Option<&str>, place: &Place) -> Result<Run, Fault> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| {
        input(format!(
            "These {} bytes are no complete safetensors file ({e}). Choose a checkpoint that \
             Glassformer saved.",
            bytes.len()
        ))
    })?;
    let file = SafeTensors::deserialize(bytes).map_err(|e| {
        input(format!(
            "The checkpoint is damaged ({e}): it may have been cut off while it was saved."
        ))
    })?;
    let metadata = header.metadata().clone().unwrap_or_default();
    let format: u32 = value(&metadata, "format")?;
    if format != FORMAT {
        return Err(input(format!(
            "The checkpoint has format {format}, this version reads format {FORMAT}."
        )));
    }
    let config: RunConfig = value(&metadata, "config")?;
    config.check().map_err(input)?;
    let vocab: String = value(&metadata, "vocab")?;
    let tokenizer = Tokenizer::from_vocab(vocab.chars().collect()).map_err(input)?;
    let text = match text.filter(|text| !text.is_empty()) {
        Some(text) => {
            Some(TrainingText::new(text, &tokenizer, config.model.block_size).map_err(input)?)
        }
        None => None,
    };

    // Before any memory is taken: a header alone may ask for a model that no file could fill. What
    // is only somewhat too large is told tensor by tensor.
    let (asked, held) = (config.model.param_count(tokenizer.size()), bytes.len() / 4);
    if asked > 4 * held {
        return Err(input(format!(
            "The checkpoint's configuration asks for {asked} numbers, but the file has room for \
             {held}: it is damaged, or was not saved by Glassformer."
        )));
    }
    let model = Gpt::new(&config.model, tokenizer.size(), config.seed, &place.device);
    let parameters = params::list(&model);
    let read = |name: &str, shape: &[usize]| tensor(&file, name, shape, place);
    let all = |prefix: &dyn Fn(&str) -> String| {
        let each = parameters.iter().map(|p| read(&prefix(&p.name), &p.shape));
        Ok::<_, Fault>(Tensor::cat(each.collect::<Result<_, Fault>>()?, 0)) // [n]
    };
    let model = params::replace(model, &all(&str::to_string)?);

    let has_moments = file.names().iter().any(|n| n.starts_with("optimizer."));
    let optimizer = match has_moments {
        true => {
            let moments = |which: &str| all(&|name: &str| moment_name(which, name));
            AdamW::with_moments(&model, moments("m")?, moments("v")?)
        }
        false => AdamW::new(&model),
    };
    Ok(Run {
        config,
        tokenizer,
        text,
        learner: Learner::with_optimizer(model, optimizer),
        step: value(&metadata, "step")?,
        place: place.clone(),
    })
}

fn moment_name(which: &str, parameter: &str) -> String {
    format!("optimizer.{which}.{parameter}")
}

/// The named tensor, flattened, on the device without gradients.
fn tensor(
    file: &SafeTensors,
    name: &str,
    shape: &[usize],
    place: &Place,
) -> Result<Tensor<1>, Fault> {
    let view = file.tensor(name).map_err(|_| {
        input(format!(
            "The checkpoint lacks the tensor {name}, which its configuration asks for."
        ))
    })?;
    if view.dtype() != Dtype::F32 || view.shape() != shape {
        return Err(input(format!(
            "The checkpoint's {name} is {:?} {:?}, but the model needs F32 {shape:?}.",
            view.dtype(),
            view.shape()
        )));
    }
    let numbers: Vec<f32> = view
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
        .collect();
    if let Some(bad) = numbers.iter().find(|x| !x.is_finite()) {
        return Err(input(format!(
            "The checkpoint's {name} holds {bad}: the run that saved it had left the finite numbers."
        )));
    }
    let n = numbers.len();
    Ok(Tensor::from_data(
        TensorData::new(numbers, [n]),
        &place.plain(),
    ))
}

fn json(value: &impl serde::Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(input)
}

fn value<T: DeserializeOwned>(metadata: &HashMap<String, String>, key: &str) -> Result<T, Fault> {
    let text = metadata.get(key).ok_or_else(|| {
        input(format!(
            "The file has no \"{key}\" in its header: it was not saved by Glassformer."
        ))
    })?;
    crate::json::read(text)
        .map_err(|e| input(format!("The checkpoint's \"{key}\" cannot be read: {e}")))
}
