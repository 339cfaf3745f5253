//! Penalties and the softmax loss against PyTorch's; the names in the snippets are those of `oracle.rs`.

use ae_kernels::{ChainError, CodeL1, Contractive, Kl, KlSparsity, Loss, Objective};
use ae_models::Activation::{Linear, Sigmoid};
use ae_models::layer::{ActivationLayer, Dense, Reshape, Sample};
use ae_models::{
    Activation, Autoencoder, Layer, ModelError, Network, ObjectiveTerms, TensorObjective,
};
use candle_core::{Device, Tensor, Var};

use super::{Drawn, batch, dense, flat, model, network};
use crate::numbers;

/// Oracle values are rounded to 1e-7.
const TOLERANCE: f64 = 1e-7;

fn activation(activation: Activation) -> Layer {
    Layer::Activation(ActivationLayer { activation })
}

fn sigmoid(outputs: usize) -> Layer {
    Layer::Dense(Dense { outputs, activation: Sigmoid, tied_to: None })
}

fn close(what: &str, found: &[f64], expected: &[f64]) {
    super::close(what, found, expected, TOLERANCE);
}

/// A network without a residual connection, whose parameters follow PyTorch's formula `p_`.
fn evaluated(
    objective: &Objective,
    items: [usize; 2],
    batch: &[f64],
    encoder: Vec<Layer>,
) -> (Vec<Var>, Result<ObjectiveTerms, ae_models::ModelError>) {
    let [rows, width] = items;
    let network = Network { residual: false, ..network([1, 1, width], encoder) };
    let network = network.check().unwrap();
    let layout = network.layout();
    let values = layout.views().iter().map(|view| numbers(view.len(), 37, 101, 50.0));
    let (mut vars, model) = model(&network, &values.collect::<Vec<_>>());
    let batch = Var::from_slice(batch, (rows, width), &Device::Cpu).unwrap();
    let pass = model.forward_training(&batch, &Drawn { rows }).unwrap();
    let terms = objective.evaluate_pass(&model, &pass, &pass.logits.zeros_like().unwrap(), None);
    vars.insert(0, batch);
    (vars, terms)
}

/// Checks the value of the one penalty, half of `value`, and its gradients by the batch and the parameters after it.
fn check(
    objective: &Objective,
    items: [usize; 2],
    encoder: Vec<Layer>,
    value: f64,
    gradients: &[&[f64]],
) {
    let batch = batch(items.iter().product());
    let (vars, terms) = evaluated(objective, items, &batch, encoder);
    let terms = terms.unwrap();
    let [penalty] = &terms.penalties[..] else { panic!("{terms:?}") };
    let scalar = |tensor: &Tensor| tensor.to_scalar::<f64>().unwrap();
    let sum = scalar(&terms.reconstruction) + scalar(penalty);
    assert!((scalar(&terms.total) - sum).abs() < 1e-12);
    close("value", &[scalar(penalty)], &[0.5 * value]);
    let found = (penalty * 2.0).unwrap().backward().unwrap();
    for (var, expected) in vars.iter().zip(gradients) {
        close("gradient", &flat(found.get(var).unwrap()), expected);
    }
}

// x = x_(2, 6); mean, log_variance = x.chunk(2, 1)
// q = torch.distributions.Normal(mean, (log_variance / 2).exp())
// value = kl_divergence(q, Normal(0., 1.)).sum(1).mean() / 6
#[test]
fn divergence_of_a_variational_code() {
    let objective = Objective::new(Loss::MeanSquaredError).with(Kl { weight: 0.5 });
    let encoder = vec![Layer::Reshape(Reshape { shape: [6, 1, 1] }), Layer::Sample(Sample {})];
    let gradient = [
        -0.0347222, -0.0095486, 0.015625, 0.0263182, -0.0081866, 0.003621, 0.0321181, -0.0269097,
        -0.0017361, 0.0135327, 0.0330001, -0.004896,
    ];
    check(&objective, [2, 6], encoder, 0.03761451, &[&gradient]);
}

// h = torch.sigmoid(x_(2, 3))
// value = kl_divergence(Bernoulli(torch.full((3,), 0.1)), Bernoulli(h.mean(0))).sum()
#[test]
fn divergence_of_mean_activations() {
    let penalty = KlSparsity { target: 0.1, weight: 0.5 };
    let objective = Objective::new(Loss::MeanSquaredError).with(penalty);
    let gradient = [0.1957714, 0.1798835, 0.2159805, 0.1926175, 0.1783327, 0.2175065];
    // The target is an `f32`, 1.5e-9 above 0.1.
    check(&objective, [2, 3], vec![activation(Sigmoid)], 1.111461734, &[&gradient]);
}

/// Of a unit that is always 0 or always 1 the mean counts as 1e-7 off: the value is finite, and so is the gradient.
#[test]
fn divergence_of_units_that_are_dead_or_saturated() {
    let penalty = KlSparsity { target: 0.1, weight: 1.0 };
    let objective = Objective::new(Loss::MeanSquaredError).with(penalty);
    let batch = [-1e3, 0.5, 1e3, -1e3, -0.5, 1e3];
    let (vars, terms) = evaluated(&objective, [2, 3], &batch, vec![activation(Sigmoid)]);
    let terms = terms.unwrap();
    let divergence = |mean: f64| {
        let target = f64::from(0.1_f32);
        target * (target / mean).ln() + (1.0 - target) * ((1.0 - target) / (1.0 - mean)).ln()
    };
    let expected = divergence(1e-7) + divergence(0.5) + divergence(1.0 - 1e-7);
    close("value", &[terms.penalties[0].to_scalar::<f64>().unwrap()], &[expected]);
    let gradient = flat(terms.penalties[0].backward().unwrap().get(&vars[0]).unwrap());
    // A saturated sigmoid has no slope.
    assert_eq!([0, 2, 3, 5].map(|place| gradient[place]), [0.0; 4]);
    assert!(gradient[1] > 0.1 && gradient[4] > 0.1, "{gradient:?}");
}

// x, w, b = x_(2, 6), p_(3, 6), p_(3)
// encoder = lambda item: torch.sigmoid(F.linear(item, w, b))
// jacobian = lambda item: torch.autograd.functional.jacobian(encoder, item, create_graph=True)
// value = sum(jacobian(item).square().sum() for item in x) / 2
#[test]
fn norm_of_the_jacobian() {
    let objective = Objective::new(Loss::MeanSquaredError).with(Contractive { weight: 0.5 });
    let of_batch = [
        -0.0038328, -0.0010266, 0.0028324, -0.0030744, -0.0002681, 0.0016904, -0.0057486,
        -0.0023959, 0.0056073, -0.0048425, -0.0014898, 0.0033631,
    ];
    let of_weight = [
        -0.0500762, -0.0175245, 0.0256837, -0.0347959, 0.0015969, 0.0341486, -0.0366923, 0.0074363,
        0.0547165, -0.0229418, 0.0224371, -0.0583728, -0.0134068, 0.0341858, -0.0447455,
        -0.0018053, 0.042188, -0.0320908,
    ];
    let of_bias = [0.0172917, 0.0050008, -0.0056468];
    check(&objective, [2, 6], vec![sigmoid(3)], 0.092536781, &[&of_batch, &of_weight, &of_bias]);
}

// x = x_(2, 3); value = x.abs().sum(1).mean()
#[test]
fn magnitudes_of_codes() {
    let objective = Objective::new(Loss::MeanSquaredError).with(CodeL1 { weight: 0.5 });
    let codes = batch(6);
    let value = codes.iter().map(|code| code.abs()).sum::<f64>() / 2.0;
    let gradient: Vec<f64> = codes.iter().map(|code| code.signum() / 2.0).collect();
    check(&objective, [2, 3], vec![activation(Linear)], value, &[&gradient]);
}

// x = x_(2, 3); targets = torch.tensor([[0., 1, 0], [0.5, 0, 0.5]])
// value = F.cross_entropy(4 * x, targets)
// x = torch.tensor([[1e4, -1e4, 0], [5, 5, 5]], requires_grad=True); value = F.cross_entropy(x, targets)
#[test]
fn cross_entropy_of_a_softmax() {
    let large = vec![1e4, -1e4, 0.0, 5.0, 5.0, 5.0];
    let [first, second] = [
        (
            4.0,
            batch(6),
            1.288175132,
            [0.128565, -1.5695773, 1.4410123, 0.5927014, 0.0936771, -0.6863785],
        ),
        (1.0, large, 10000.549306144, [0.5, -0.5, 0.0, -0.0833333, 0.1666667, -0.0833333]),
    ];
    for (factor, inputs, value, gradient) in [first, second] {
        let network = network([1, 1, 3], vec![activation(Linear)]);
        let network = Network { residual: false, ..network }.check().unwrap();
        let weight = [factor, 0.0, 0.0, 0.0, factor, 0.0, 0.0, 0.0, factor].to_vec();
        let (_, model) = model(&network, &[weight, vec![0.0; 3]]);
        let inputs = Var::from_slice(&inputs, (2, 3), &Device::Cpu).unwrap();
        let targets = Tensor::new(&[[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]], &Device::Cpu).unwrap();
        let pass = model.forward_training(&inputs, &Drawn { rows: 2 }).unwrap();
        let objective = Objective::new(Loss::SoftmaxCrossEntropy);
        let terms = objective.evaluate_pass(&model, &pass, &targets, None).unwrap();
        close("value", &[terms.total.to_scalar::<f64>().unwrap()], &[value]);
        let found = terms.total.backward().unwrap();
        close("gradient", &flat(found.get(&inputs).unwrap()), &gradient);
    }
}

// x = x_(2, 3); targets = torch.tensor([[torch.nan, 1, 0], [0.5, torch.nan, 0.25]])
// value = F.mse_loss(x[~targets.isnan()], targets[~targets.isnan()])
#[test]
fn targets_that_are_nan_are_not_counted() {
    let network = network([1, 1, 3], vec![activation(Linear)]);
    let network = Network { residual: false, ..network }.check().unwrap();
    let weight = vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let (_, model) = model(&network, &[weight, vec![0.0; 3]]);
    let inputs = Var::from_slice(&batch(6), (2, 3), &Device::Cpu).unwrap();
    let pass = model.forward_training(&inputs, &Drawn { rows: 2 }).unwrap();
    let targets = [[f64::NAN, 1.0, 0.0], [0.5, f64::NAN, 0.25]];
    let targets = Tensor::new(&targets, &Device::Cpu).unwrap();
    let evaluated =
        |loss, counted| Objective::new(loss).evaluate_pass(&model, &pass, &targets, Some(counted));
    let terms = evaluated(Loss::MeanSquaredError, 2).unwrap();
    close("value", &[terms.total.to_scalar::<f64>().unwrap()], &[0.326334635]);
    let found = terms.total.backward().unwrap();
    close(
        "gradient",
        &flat(found.get(&inputs).unwrap()),
        &[0.0, -0.5572917, 0.0937500, -0.0052083, 0.0, -0.0833333],
    );
    for (loss, counted) in [
        (Loss::MeanSquaredError, 0),
        (Loss::MeanSquaredError, 4),
        (Loss::BinaryCrossEntropy, 2),
        (Loss::SoftmaxCrossEntropy, 2),
    ] {
        let error = evaluated(loss, counted).unwrap_err();
        let expected = matches!(error, ModelError::Chain(ChainError::Masked { .. }));
        assert!(expected, "{loss} {counted}: {error}");
    }
}

#[test]
fn penalties_that_do_not_suit_the_network_are_refused() {
    for (objective, expected) in [
        (Objective::new(Loss::MeanSquaredError).with(Kl { weight: 1.0 }), "`sample`"),
        (Objective::new(Loss::MeanSquaredError).with(Contractive { weight: 1.0 }), "contractive"),
    ] {
        for encoder in [vec![dense(2)], vec![sigmoid(3), sigmoid(2)]] {
            let (_, terms) = evaluated(&objective, [1, 4], &batch(4), encoder);
            let error = terms.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
