//! Where a parameter starts: drawn on the host, one stream a parameter, then uploaded.
//!
//! Each stream is named by the run's seed and the parameter's checkpoint name. So every backend and
//! every attention kind starts from the same shared weights, whatever else a kind adds and in
//! whichever order a model is built (rule two).

use crate::random::Stream;
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};

/// A place in the tree of parameters: the path so far, the seed, the device.
#[derive(Clone, Debug)]
pub struct Init<'a> {
    pub device: &'a Device,
    pub seed: u32,
    path: String,
}

impl<'a> Init<'a> {
    pub fn new(device: &'a Device, seed: u32) -> Self {
        Init {
            device,
            seed,
            path: String::new(),
        }
    }

    /// One step down: `init.at("attn").at("c_proj")` names `....attn.c_proj`.
    pub fn at(&self, name: impl std::fmt::Display) -> Self {
        let path = match self.path.as_str() {
            "" => name.to_string(),
            path => format!("{path}.{name}"),
        };
        Init {
            path,
            ..self.clone()
        }
    }

    /// A matrix of normal numbers with deviation `std`.
    pub fn normal(&self, shape: [usize; 2], std: f64) -> Param<Tensor<2>> {
        let mut stream = Stream::new(self.seed, &self.path);
        let numbers: Vec<f32> = (0..shape[0] * shape[1])
            .map(|_| (stream.normal() * std) as f32)
            .collect();
        Param::from_tensor(Tensor::from_data(
            TensorData::new(numbers, shape),
            self.device,
        ))
    }

    /// A matrix of zeros.
    pub fn zeros(&self, shape: [usize; 2]) -> Param<Tensor<2>> {
        Param::from_tensor(Tensor::zeros(shape, self.device))
    }

    /// A vector of one value.
    pub fn constant(&self, n: usize, value: f32) -> Param<Tensor<1>> {
        Param::from_tensor(Tensor::from_data(
            TensorData::new(vec![value; n], [n]),
            self.device,
        ))
    }
}
