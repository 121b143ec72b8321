//! A model's parameters as a list: visited, read and replaced in one fixed order, by name.
//!
//! Names are the paths through the modules' fields, which are nanoGPT's where it has them; the order is
//! that of the fields.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};

/// The path from the root to the parameter that is being visited.
#[derive(Default)]
struct Path(Vec<Option<String>>);

impl Path {
    fn enter(&mut self, name: &str, container: &str) {
        // An attention kind is an enum inside its block: its variant is no part of the name.
        self.0
            .push((!container.starts_with("Enum")).then(|| name.to_string()));
    }

    fn exit(&mut self) {
        self.0.pop();
    }

    fn name(&self) -> String {
        let parts: Vec<&str> = self.0.iter().flatten().map(String::as_str).collect();
        parts.join(".")
    }
}

/// One parameter, flattened.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub shape: Vec<usize>,
    /// `[n]`, the shape's product; without a graph behind it.
    pub tensor: Tensor<1>,
}

/// All parameters in order.
pub fn list<M: Module>(model: &M) -> Vec<Named> {
    struct Lister {
        path: Path,
        found: Vec<Named>,
    }
    impl ModuleVisitor for Lister {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = plain(param.val());
            self.found.push(Named {
                name: self.path.name(),
                shape: tensor.dims().to_vec(),
                tensor: flat(tensor),
            });
        }
    }
    let mut lister = Lister {
        path: Path::default(),
        found: Vec::new(),
    };
    model.visit(&mut lister);
    lister.found
}

/// Names and shapes of all parameters in order, without a question to the device.
pub fn shapes<M: Module>(model: &M) -> Vec<(String, Vec<usize>)> {
    #[derive(Default)]
    struct Lister {
        path: Path,
        found: Vec<(String, Vec<usize>)>,
    }
    impl ModuleVisitor for Lister {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let shape = param.val().dims().to_vec();
            self.found.push((self.path.name(), shape));
        }
    }
    let mut lister = Lister::default();
    model.visit(&mut lister);
    lister.found
}

/// Each parameter's gradient in order, flattened; zeros where the loss does not depend on it.
pub fn gradients<M: Module>(model: &M, gradients: &mut Gradients) -> Vec<Tensor<1>> {
    struct Collector<'a> {
        gradients: &'a mut Gradients,
        found: Vec<Tensor<1>>,
    }
    impl ModuleVisitor for Collector<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val();
            let gradient = match tensor.grad_remove(self.gradients) {
                Some(gradient) => gradient,
                None => tensor.inner().zeros_like(),
            };
            self.found.push(flat(gradient));
        }
    }
    let mut collector = Collector {
        gradients,
        found: Vec::new(),
    };
    model.visit(&mut collector);
    collector.found
}

/// The model with every parameter replaced, in order, by the next slice of `values`: `[n]`, n the
/// count of all numbers.
pub fn replace<M: Module>(model: M, values: &Tensor<1>) -> M {
    struct Replacer<'a> {
        values: &'a Tensor<1>,
        start: usize,
    }
    impl ModuleMapper for Replacer<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, old, mapper) = param.consume();
            let shape = old.dims();
            let n = shape.iter().product();
            let value = self.values.clone().narrow(0, self.start, n).reshape(shape);
            self.start += n;
            let value = if old.is_autodiff() {
                Tensor::from_inner(value).require_grad()
            } else {
                value
            };
            Param::from_mapped_value(id, value, mapper)
        }
    }
    model.map(&mut Replacer { values, start: 0 })
}

/// The model with every parameter replaced, in order, by the next of `numbers`, which lie on the host:
/// n of them, n the count of all. Unlike [`replace`] it has the device compute nothing.
pub fn fill<M: Module>(model: M, numbers: &[f32]) -> M {
    struct Filler<'a>(&'a [f32]);
    impl ModuleMapper for Filler<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, old, mapper) = param.consume();
            let shape = old.dims();
            let (numbers, rest) = self.0.split_at(shape.iter().product());
            self.0 = rest;
            let graph = old.is_autodiff();
            let data = TensorData::new(numbers.to_vec(), shape);
            let value = Tensor::from_data(data, &plain(old).device());
            let value = match graph {
                true => Tensor::from_inner(value).require_grad(),
                false => value,
            };
            Param::from_mapped_value(id, value, mapper)
        }
    }
    model.map(&mut Filler(numbers))
}

/// The same numbers without a graph behind them; any shape.
pub fn plain<const D: usize>(tensor: Tensor<D>) -> Tensor<D> {
    if tensor.is_autodiff() {
        tensor.inner()
    } else {
        tensor
    }
}

/// `[...]` to `[n]`.
fn flat<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let n = tensor.dims().iter().product::<usize>();
    tensor.reshape([n])
}
