//! What is said when training leaves the finite numbers.

use super::fast::plan::Parameter;
use crate::protocol::{Fault, FaultKind};

/// Of step `step`, which was not taken: loss and gradient norm, and the gradients, `[n]`, in the order
/// of the parameters.
pub fn not_taken(
    step: u32,
    numbers: [f32; 2],
    parameters: &[Parameter],
    gradients: &[f32],
) -> Fault {
    let whose = match first(parameters, gradients) {
        Some(name) => format!(
            "On the way back from the loss, the gradient of {name} is the first that is not finite."
        ),
        None => "Every gradient is finite, their norm is not.".into(),
    };
    let kept = format!(
        "The step was not taken: the model is as it was after {} steps.",
        step - 1
    );
    diverged(step, numbers, &format!("{whose} {kept}"))
}

/// Of step `step`, whose gradients are finite though its loss is not: it was taken.
pub fn taken(step: u32, numbers: [f32; 2]) -> Fault {
    diverged(step, numbers, "Go back to what was kept last.")
}

fn diverged(step: u32, [loss, norm]: [f32; 2], more: &str) -> Fault {
    Fault::new(
        FaultKind::Diverged,
        format!(
            "Training left the finite numbers at step {step} (loss {loss}, gradient norm {norm}). \
             {more} Lower the learning rate or switch clipping on."
        ),
    )
}

/// The parameter whose gradient is the first that is not finite, on the way from the loss back to
/// the characters: the last of them in the model's order.
fn first<'a>(parameters: &'a [Parameter], gradients: &[f32]) -> Option<&'a str> {
    let mut end = parameters.iter().map(|p| p.len).sum::<usize>();
    parameters.iter().rev().find_map(|p| {
        let start = end - p.len;
        let gradient = gradients.get(start..end)?;
        end = start;
        let all = gradient.iter().all(|x| x.is_finite());
        (!all).then_some(p.name.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_the_one_nearest_to_the_loss() {
        let parameter = |name: &str, len| Parameter {
            name: name.into(),
            len,
            decays: false,
        };
        let parameters = [parameter("wte", 2), parameter("h", 3), parameter("head", 1)];
        let mut gradients = [1.0f32; 6];
        assert_eq!(first(&parameters, &gradients), None);
        gradients[1] = f32::NAN;
        assert_eq!(first(&parameters, &gradients), Some("wte"));
        gradients[4] = f32::INFINITY;
        assert_eq!(first(&parameters, &gradients), Some("h"));
    }
}
