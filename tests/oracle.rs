//! Every kind of attention against an independent oracle: the same mathematics in PyTorch, in double
//! precision, written from its definition and not from this code (`tests/oracle/`). Its results lie
//! in `tests/golden/`: parameters, every intermediate, losses, and each parameter's gradient.

use burn::tensor::{Device, Int, Tensor, TensorData};
use glassformer::config::ModelConfig;
use glassformer::engine::checkpoint;
use glassformer::engine::device::Place;
use glassformer::engine::fast::cpu::{Cpu, Lesson};
use glassformer::engine::gpt::Gpt;
use glassformer::engine::learner::parameters;
use glassformer::engine::params;
use glassformer::engine::record::{Recorded, Tape};
use glassformer::engine::sample::all_logits;
use safetensors::SafeTensors;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Largest error of a forward pass on the CPU, relative to the tensor's largest number.
const FORWARD: f64 = 1e-5;
/// The same of a gradient.
const BACKWARD: f64 = 1e-4;

/// One golden file.
struct Golden {
    name: String,
    case: Case,
    tensors: BTreeMap<String, (Vec<usize>, Vec<f64>)>,
}

#[derive(Deserialize)]
struct Case {
    config: ModelConfig,
    vocab: usize,
}

impl Golden {
    fn all() -> Vec<Golden> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
        let files = std::fs::read_dir(folder).expect("the golden files");
        let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|e| e == "safetensors"));
        paths.sort();
        assert!(
            paths.len() >= 20,
            "{} golden files are too few",
            paths.len()
        );
        paths.iter().map(|path| Golden::read(path)).collect()
    }

    fn read(path: &std::path::Path) -> Golden {
        let bytes = std::fs::read(path).expect("readable");
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("safetensors");
        let metadata = header.metadata().clone().expect("metadata");
        let file = SafeTensors::deserialize(&bytes).expect("safetensors");
        let numbers = |view: &safetensors::tensor::TensorView| -> Vec<f64> {
            let words = view
                .data()
                .chunks_exact(4)
                .map(|b| [b[0], b[1], b[2], b[3]]);
            match view.dtype() {
                safetensors::Dtype::F32 => words.map(|b| f32::from_le_bytes(b).into()).collect(),
                safetensors::Dtype::I32 => words.map(|b| i32::from_le_bytes(b).into()).collect(),
                other => panic!("{other:?} in a golden file"),
            }
        };
        let tensors = file.iter().map(|(name, view)| {
            let value = (view.shape().to_vec(), numbers(&view));
            (name.to_string(), value)
        });
        Golden {
            name: path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into(),
            case: serde_json::from_str(&metadata["case"]).expect("a case"),
            tensors: tensors.collect(),
        }
    }

    fn tensor(&self, name: &str) -> &(Vec<usize>, Vec<f64>) {
        let found = self.tensors.get(name);
        found.unwrap_or_else(|| panic!("{}: the oracle has no {name}", self.name))
    }

    fn tokens(&self, name: &str, device: &Device) -> Tensor<2, Int> {
        let (shape, numbers) = self.tensor(name);
        let numbers: Vec<i32> = numbers.iter().map(|x| *x as i32).collect();
        let shape: [usize; 2] = shape.as_slice().try_into().expect("[B, T]");
        Tensor::from_data(TensorData::new(numbers, shape), device)
    }

    /// The model with the oracle's parameters.
    fn model(&self, device: &Device) -> Gpt {
        let model = Gpt::new(&self.case.config, self.case.vocab, 1, device);
        let ours: BTreeSet<String> = params::list(&model).into_iter().map(|p| p.name).collect();
        assert_eq!(ours, self.names("param:"), "{}: parameters", self.name);
        let mut values = Vec::new();
        for parameter in params::list(&model) {
            let (shape, numbers) = self.tensor(&format!("param:{}", parameter.name));
            assert_eq!(shape, &parameter.shape, "{}: {}", self.name, parameter.name);
            values.extend(numbers.iter().map(|x| *x as f32));
        }
        let n = values.len();
        let values = Tensor::from_data(TensorData::new(values, [n]), device);
        params::replace(model, &params::plain(values))
    }

    fn names(&self, prefix: &str) -> BTreeSet<String> {
        let names = self.tensors.keys();
        names
            .filter_map(|name| Some(name.strip_prefix(prefix)?.to_string()))
            .collect()
    }

    /// Complains unless `ours` is the oracle's tensor of that name.
    fn compare(&self, name: &str, ours: &[f64], bound: f64, complaints: &mut Vec<String>) {
        let (_, theirs) = self.tensor(name);
        let error = error(ours, theirs);
        if error.is_nan() || error > bound {
            complaints.push(format!("{} {name}: {error:.2e}", self.name));
        }
    }
}

/// Largest difference over the tensor, divided by its largest number, or by 1e-3 if that is more.
fn error(ours: &[f64], theirs: &[f64]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let finite = theirs.iter().filter(|x| x.is_finite());
    let scale = finite.fold(1e-3f64, |most, x| most.max(x.abs()));
    let pairs = ours.iter().zip(theirs);
    let differences = pairs.map(|(a, b)| if a == b { 0.0 } else { (a - b).abs() / scale });
    // A NaN is an error, not nothing.
    differences.fold(
        0.0,
        |most: f64, d| if d.is_nan() || d > most { d } else { most },
    )
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[test]
fn every_intermediate_is_the_oracles() {
    let mut complaints = Vec::new();
    for golden in Golden::all() {
        let device = Device::flex();
        let model = golden.model(&device);
        let tape = Tape::default();
        let tokens = golden.tokens("tokens", &device);
        let seen = model.forward_seen(tokens.clone(), &tape);
        let recorded = tape.finish();
        let mut missing: BTreeSet<String> = golden.names("hook:");
        for Recorded {
            name,
            shape,
            tensor,
        } in recorded
        {
            if name == "probabilities" {
                let sums = numbers(tensor.reshape([-1, golden.case.vocab as i64]).sum_dim(1));
                assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-5));
                continue;
            }
            let key = format!("hook:{name}");
            let theirs = golden.tensor(&key);
            let ours = if theirs.0 == shape {
                numbers(tensor)
            } else {
                vec![]
            };
            if ours.is_empty() {
                complaints.push(format!(
                    "{} {name} is {shape:?}, not {:?}",
                    golden.name, theirs.0
                ));
            } else {
                golden.compare(&key, &ours, FORWARD, &mut complaints);
            }
            missing.remove(&name);
        }
        assert!(
            missing.is_empty(),
            "{}: not recorded: {missing:?}",
            golden.name
        );
        // Recording observes: without it every bit is the same.
        assert_eq!(
            numbers(seen),
            numbers(model.forward(tokens)),
            "{}",
            golden.name
        );
    }
    assert!(complaints.is_empty(), "{:#?}", complaints);
}

#[test]
fn every_loss_and_gradient_is_the_oracles() {
    let mut complaints = Vec::new();
    for golden in Golden::all() {
        let device = Device::flex().autodiff();
        let model = golden.model(&device);
        let (tokens, targets) = (
            golden.tokens("tokens", &device),
            golden.tokens("targets", &device),
        );
        let loss = model.loss(tokens, targets, None);
        let mut gradients = loss.objective.backward();
        let of_loss = [("loss", loss.cross_entropy), ("objective", loss.objective)];
        for (name, ours) in of_loss {
            golden.compare(name, &numbers(ours), FORWARD, &mut complaints);
        }
        let names = params::list(&model).into_iter().map(|p| p.name);
        for (name, ours) in names.zip(params::gradients(&model, &mut gradients)) {
            golden.compare(
                &format!("grad:{name}"),
                &numbers(ours),
                BACKWARD,
                &mut complaints,
            );
        }
    }
    assert!(complaints.is_empty(), "{:#?}", complaints);
}

#[test]
fn every_loss_and_gradient_of_the_fast_step_is_the_oracles() {
    let mut complaints = Vec::new();
    for golden in Golden::all() {
        let model = golden.model(&Device::flex());
        let (shape, tokens) = golden.tensor("tokens");
        let numbers = |x: &[f64]| -> Vec<u32> { x.iter().map(|x| *x as u32).collect() };
        let (tokens, targets) = (numbers(tokens), numbers(&golden.tensor("targets").1));
        let shape: [usize; 2] = shape.as_slice().try_into().expect("[B, T]");
        let parameters = parameters(&model);
        let Case { config, vocab } = &golden.case;
        let mut cpu = Cpu::new(config, *vocab, shape, &parameters).expect("a plan");
        let values: Vec<f32> = params::list(&model)
            .into_iter()
            .flat_map(|p| p.tensor.into_data().iter::<f32>().collect::<Vec<_>>())
            .collect();
        let zeros = vec![0.0; values.len()];
        cpu.set_state([&values, &zeros, &zeros]);
        let loss = cpu.learn(&Lesson {
            tokens: &tokens,
            targets: &targets,
            dropout: None,
        });
        golden.compare("loss", &[loss.into()], FORWARD, &mut complaints);
        let wide = |x: &[f32]| -> Vec<f64> { x.iter().map(|x| f64::from(*x)).collect() };
        golden.compare("hook:logits", &wide(cpu.logits()), FORWARD, &mut complaints);
        let mut rest = cpu.gradients();
        for parameter in parameters {
            let (ours, others) = rest.split_at(parameter.len);
            rest = others;
            let name = format!("grad:{}", parameter.name);
            golden.compare(&name, &wide(ours), BACKWARD, &mut complaints);
        }
    }
    assert!(complaints.is_empty(), "{:#?}", complaints);
}

/// `tests/golden/nanogpt/` was written by `tests/oracle/nanogpt.py make` from a PyTorch model with
/// nanoGPT's names and shapes.
#[test]
fn a_checkpoint_made_in_nanogpts_layout_gives_its_logits() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/nanogpt");
    let read = |name: &str| std::fs::read(format!("{folder}/{name}")).expect("a golden file");
    let run = checkpoint::load(&read("model.safetensors"), None, &Place::cpu()).expect("loads");
    let tokens: Vec<Vec<u32>> = serde_json::from_slice(&read("tokens.json")).expect("tokens");
    let theirs: Vec<Vec<Vec<f32>>> = serde_json::from_slice(&read("logits.json")).expect("logits");
    let ours = pollster::block_on(all_logits(&run, &tokens)).expect("logits");
    let flat = |logits: Vec<Vec<Vec<f32>>>| -> Vec<f32> { logits.concat().concat() };
    let (ours, theirs) = (flat(ours), flat(theirs));
    assert_eq!(ours.len(), theirs.len());
    assert!(theirs.iter().any(|x| x.abs() > 1.0), "a mistake would show");
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!((ours - theirs).abs() <= 1e-4, "{ours} is not {theirs}");
    }
}
