//! The slow reference: the same mathematics as naive loops in `f64`.
#![allow(dead_code, reason = "each test uses a part")]

pub(crate) mod chains;
pub(crate) mod checks;
pub(crate) mod reference;

use ae_kernels::{Activation, Chain, Dense, Layer, Loss, Objective, Weight};

/// Runs something in a pool of this many threads.
pub(crate) fn on_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// Plain pseudo-random numbers for tests (Knuth's linear congruential generator).
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u32) -> Self {
        Self(u64::from(seed))
    }

    pub(crate) fn take(&mut self, count: usize, low: f32, high: f32) -> Vec<f32> {
        let mut next = || {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            low + (high - low) * ((self.0 >> 40) as f32 / 16_777_216.0)
        };
        (0..count).map(|_| next()).collect()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Ties {
    Own,
    Tied,
}

/// Layers of these widths; tied ones need a palindrome.
pub(crate) fn dense_chain(widths: &[usize], activations: &[Activation], ties: Ties) -> Chain {
    let count = widths.len() - 1;
    let (mut layers, mut next) = (Vec::new(), 0);
    let mut take = |numbers: usize| {
        next += numbers;
        next - numbers
    };
    for index in 0..count {
        let (inputs, outputs) = (widths[index], widths[index + 1]);
        let weight = if ties == Ties::Tied && index >= count / 2 {
            Weight::TransposeOf { layer: count - 1 - index }
        } else {
            Weight::Own { offset: take(inputs * outputs) }
        };
        let bias = take(outputs);
        layers.push(Dense { inputs, outputs, weight, bias, activation: activations[index] });
    }
    Chain::of_dense(layers, count / 2 - 1, next).unwrap()
}

#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) reconstruction: f64,
    pub(crate) penalty: f64,
    pub(crate) gradient: Vec<f64>,
    pub(crate) codes: Vec<f64>,
    pub(crate) logits: Vec<f64>,
    pub(crate) outputs: Vec<f64>,
}

const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

pub(crate) fn value_and_slope(activation: Activation, x: f64) -> (f64, f64) {
    let sigmoid = 1.0 / (1.0 + (-x).exp());
    match activation {
        Activation::Linear => (x, 1.0),
        Activation::Relu => (x.max(0.0), f64::from(x >= 0.0)),
        Activation::LeakyRelu if x == 0.0 => (0.0, 0.505),
        Activation::LeakyRelu => (x.max(0.01 * x), if x > 0.0 { 1.0 } else { 0.01 }),
        Activation::Elu => {
            (if x > 0.0 { x } else { x.exp_m1() }, if x > 0.0 { 1.0 } else { x.exp() })
        }
        Activation::Selu if x > 0.0 => (SELU_SCALE * x, SELU_SCALE),
        Activation::Selu => {
            (SELU_SCALE * SELU_ALPHA * x.exp_m1(), SELU_SCALE * SELU_ALPHA * x.exp())
        }
        Activation::Sigmoid => (sigmoid, sigmoid * (1.0 - sigmoid)),
        Activation::Tanh => (x.tanh(), 1.0 - x.tanh().powi(2)),
        Activation::Softplus => (x.max(0.0) + (-x.abs()).exp().ln_1p(), sigmoid),
    }
}

/// The layers of a chain of dense ones.
pub(crate) fn dense_layers(chain: &Chain) -> Vec<Dense> {
    let dense = |layer: &Layer| match layer {
        Layer::Dense(dense) => *dense,
        other => panic!("{other:?}"),
    };
    chain.layers().iter().map(dense).collect()
}

/// The place of a weight's element in the flat buffer.
fn place(layers: &[Dense], layer: &Dense, output: usize, input: usize) -> usize {
    match layer.weight {
        Weight::Own { offset } => offset + output * layer.inputs + input,
        Weight::TransposeOf { layer: source } => place(layers, &layers[source], input, output),
    }
}

pub(crate) fn naive(
    chain: &Chain,
    objective: &Objective,
    parameters: &[f32],
    inputs: &[f32],
    targets: &[f32],
) -> Expected {
    let rows = inputs.len() / chain.inputs();
    let n = rows as f64;
    let layers = dense_layers(chain);
    let code_l1: f32 = objective.penalties.iter().map(|penalty| penalty.weight()).sum();
    let mut all = Expected {
        reconstruction: 0.0,
        penalty: 0.0,
        gradient: vec![0.0; parameters.len()],
        codes: Vec::new(),
        logits: Vec::new(),
        outputs: Vec::new(),
    };
    for row in 0..rows {
        let input = &inputs[row * chain.inputs()..(row + 1) * chain.inputs()];
        let mut values = vec![input.iter().map(|&x| f64::from(x)).collect::<Vec<_>>()];
        let mut logits = Vec::new();
        for layer in &layers {
            let before = values.last().unwrap();
            let z: Vec<f64> = (0..layer.outputs)
                .map(|o| {
                    let weight = |i| f64::from(parameters[place(&layers, layer, o, i)]);
                    let product: f64 = (0..layer.inputs).map(|i| weight(i) * before[i]).sum();
                    product + f64::from(parameters[layer.bias + o])
                })
                .collect();
            values.push(z.iter().map(|&z| value_and_slope(layer.activation, z).0).collect());
            logits.push(z);
        }
        let z = logits.last().unwrap().clone();
        let y = values.last().unwrap().clone();
        let target = &targets[row * chain.outputs()..(row + 1) * chain.outputs()];
        // A target of NaN is not counted.
        let width = target.iter().filter(|t| !t.is_nan()).count() as f64;
        let last = layers.last().unwrap().activation;
        let mut delta: Vec<f64> = Vec::new();
        for ((&z, &y), &t) in z.iter().zip(&y).zip(target) {
            if t.is_nan() {
                delta.push(0.0);
                continue;
            }
            let t = f64::from(t);
            let (loss, gradient) = match objective.loss {
                Loss::BinaryCrossEntropy => (z.max(0.0) - z * t + (-z.abs()).exp().ln_1p(), y - t),
                Loss::SoftmaxCrossEntropy => panic!("another reference"),
                Loss::MeanSquaredError => {
                    ((y - t).powi(2), 2.0 * (y - t) * value_and_slope(last, z).1)
                }
                Loss::MeanAbsoluteError => {
                    ((y - t).abs(), (y - t).signum() * value_and_slope(last, z).1)
                }
            };
            all.reconstruction += loss / (n * width);
            delta.push(gradient / (n * width));
        }
        let codes = &values[chain.code() + 1];
        all.penalty += codes.iter().map(|c| c.abs()).sum::<f64>() * f64::from(code_l1) / n;
        for (index, layer) in layers.iter().enumerate().rev() {
            let mut below = vec![0.0; layer.inputs];
            for o in 0..layer.outputs {
                all.gradient[layer.bias + o] += delta[o];
                for i in 0..layer.inputs {
                    all.gradient[place(&layers, layer, o, i)] += delta[o] * values[index][i];
                    below[i] += delta[o] * f64::from(parameters[place(&layers, layer, o, i)]);
                }
            }
            if index == 0 {
                break;
            }
            if index == chain.code() + 1 {
                for (below, c) in below.iter_mut().zip(&values[index]) {
                    let sign = if *c == 0.0 { 0.0 } else { c.signum() };
                    *below += f64::from(code_l1) / n * sign;
                }
            }
            let activation = layers[index - 1].activation;
            for (below, &z) in below.iter_mut().zip(&logits[index - 1]) {
                *below *= value_and_slope(activation, z).1;
            }
            delta = below;
        }
        all.codes.extend(codes);
        all.logits.extend(z);
        all.outputs.extend(y);
    }
    all
}
