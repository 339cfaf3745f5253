//! Inference against naive loops in `f64`, and what it promises about bits.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use ae_kernels::{
    Activation, Chain, Dense, Loss, Objective, PackedChain, Weight, losses_of_logits,
    squared_error_sum,
};
use support::{Expected, Numbers, naive, on_threads};

/// Layers of these widths with weights of their own; `code` is the index of the code's layer.
fn dense_chain(widths: &[usize], code: usize, activations: &[Activation]) -> Chain {
    let mut offset = 0;
    let layers = widths.windows(2).zip(activations).map(|(pair, &activation)| {
        let (inputs, outputs) = (pair[0], pair[1]);
        let weight = Weight::Own { offset };
        let bias = offset + inputs * outputs;
        offset = bias + outputs;
        Dense { inputs, outputs, weight, bias, activation }
    });
    let layers: Vec<Dense> = layers.collect();
    Chain::of_dense(layers, code, offset).unwrap()
}

/// A network whose decoder has the encoder's weights, transposed: a-b-c-b-a.
fn tied([a, b, c]: [usize; 3], activations: &[Activation]) -> Chain {
    let biases =
        [a * b + b * c, a * b + b * c + b, a * b + b * c + b + c, a * b + b * c + 2 * b + c];
    let weights = [
        Weight::Own { offset: 0 },
        Weight::Own { offset: a * b },
        Weight::TransposeOf { layer: 1 },
        Weight::TransposeOf { layer: 0 },
    ];
    let widths = [a, b, c, b, a];
    let layers = (0..4).map(|i| Dense {
        inputs: widths[i],
        outputs: widths[i + 1],
        weight: weights[i],
        bias: biases[i],
        activation: activations[i],
    });
    Chain::of_dense(layers.collect(), 1, biases[3] + a).unwrap()
}

fn close(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let error = (f64::from(*found) - expected).abs();
        assert!(error <= 1e-5 * expected.abs().max(1.0), "{found} {expected}");
    }
}

/// All that a packed chain computes, against the reference.
fn check(chain: &Chain, rows: usize, numbers: &mut Numbers) {
    let parameters = numbers.take(chain.parameters(), -0.5, 0.5);
    let inputs = numbers.take(rows * chain.inputs(), 0.0, 1.0);
    let targets = numbers.take(rows * chain.outputs(), 0.0, 1.0);
    let objective = Objective::new(Loss::MeanSquaredError);
    let expected: Expected = naive(chain, &objective, &parameters, &inputs, &targets);
    let packed = PackedChain::new(chain, &parameters).unwrap();
    let mut codes = vec![0.0; rows * chain.code_width()];
    packed.encode(&inputs, &mut codes).unwrap();
    close(&codes, &expected.codes);
    let mut outputs = vec![0.0; rows * chain.outputs()];
    packed.reconstruct(&inputs, &mut outputs).unwrap();
    close(&outputs, &expected.outputs);

    let (mut logits, mut again) = (outputs.clone(), outputs.clone());
    packed.forward(&inputs, &mut logits, &mut again).unwrap();
    close(&logits, &expected.logits);
    assert_eq!(again, outputs);
    if chain.has_decoder() {
        packed.decode(&codes, &mut again).unwrap();
        assert_eq!(again, outputs);
    }
    let mut errors = vec![0.0; rows];
    packed.squared_errors(&inputs, &targets, &mut errors).unwrap();
    for (row, error) in errors.into_iter().enumerate() {
        let range = row * chain.outputs()..(row + 1) * chain.outputs();
        let pairs = outputs[range.clone()].iter().zip(&targets[range]);
        let sum: f64 = pairs.map(|(&y, &t)| (f64::from(y) - f64::from(t)).powi(2)).sum();
        assert!((error - sum).abs() <= 1e-13 * sum, "{error} {sum}");
    }
}

#[test]
fn codes_logits_and_outputs_are_those_of_the_reference() {
    let mut numbers = Numbers::new(1);
    for (index, &activation) in Activation::ALL.iter().enumerate() {
        let next = Activation::ALL[(index + 3) % Activation::ALL.len()];
        for rows in [1, 2, 7, 8, 9, 37, 63, 64, 65, 257] {
            let last = Activation::Sigmoid;
            check(&dense_chain(&[50, 20, 5, 50], 1, &[activation, next, last]), rows, &mut numbers);
        }
        check(
            &tied([33, 17, 1], &[activation, next, Activation::Linear, activation]),
            11,
            &mut numbers,
        );
    }
}

#[test]
fn odd_sizes_are_those_of_the_reference() {
    let mut numbers = Numbers::new(2);
    for width in [1, 2, 15, 16, 17, 31, 32, 33, 47, 63, 64, 65, 100, 300] {
        for rows in [1, 5, 13, 70] {
            let activations = [Activation::Tanh, Activation::Sigmoid];
            check(&dense_chain(&[width, 3, width], 0, &activations), rows, &mut numbers);
            check(&dense_chain(&[3, width, 1], 0, &activations), rows, &mut numbers);
        }
        check(&dense_chain(&[width, width], 0, &[Activation::Relu]), 9, &mut numbers);
    }
}

#[test]
fn a_row_has_the_same_bits_alone_in_any_batch_and_on_any_threads() {
    let activations = [Activation::Selu, Activation::Tanh, Activation::Sigmoid];
    let chain = dense_chain(&[130, 70, 9, 130], 1, &activations);
    let mut numbers = Numbers::new(3);
    let packed = PackedChain::new(&chain, &numbers.take(chain.parameters(), -0.5, 0.5)).unwrap();
    let inputs = numbers.take(257 * 130, 0.0, 1.0);
    let mut whole = vec![0.0; inputs.len()];
    packed.reconstruct(&inputs, &mut whole).unwrap();
    for threads in [1, 2, 3, 8] {
        for rows in [1, 2, 5, 64, 100, 257] {
            let mut found = vec![0.0; inputs.len()];
            let batches = inputs.chunks(rows * 130).zip(found.chunks_mut(rows * 130));
            on_threads(threads, || batches.for_each(|(x, y)| packed.reconstruct(x, y).unwrap()));
            assert!(found == whole, "{rows} rows, {threads} threads");
        }
    }
}

#[test]
fn nothing_comes_of_no_rows() {
    let packed =
        PackedChain::new(&dense_chain(&[4, 2], 0, &[Activation::Relu]), &[0.5; 10]).unwrap();
    packed.reconstruct(&[], &mut []).unwrap();
    packed.forward(&[], &mut [], &mut []).unwrap();
    packed.squared_errors(&[], &[], &mut []).unwrap();
}

#[test]
fn error_sums_are_those_of_the_reference() {
    for length in [0, 1, 15, 16, 17, 1000, 5000] {
        let mut numbers = Numbers::new(9);
        let logits = numbers.take(length, -30.0, 30.0);
        let targets = numbers.take(length, 0.0, 1.0);
        let pairs = || logits.iter().zip(&targets).map(|(&x, &t)| (f64::from(x), f64::from(t)));
        let bce = pairs().map(|(x, t)| x.max(0.0) - x * t + (-x.abs()).exp().ln_1p()).sum::<f64>();
        let found = losses_of_logits(&logits, &targets).unwrap();
        let cross_entropy = found.cross_entropy.unwrap();
        assert!((cross_entropy - bce).abs() <= 3e-7 * bce.max(1.0), "{cross_entropy} {bce}");
        let errors = pairs().map(|(x, t)| (1.0 / (1.0 + (-x).exp()) - t).powi(2)).sum::<f64>();
        assert!((found.squared_error - errors).abs() <= 6e-7 * errors, "{found:?} {errors}");
        let squares = pairs().map(|(x, t)| (x - t).powi(2)).sum::<f64>();
        let found = squared_error_sum(&logits, &targets).unwrap();
        assert!((found - squares).abs() <= 3e-7 * squares, "{found} {squares}");
    }
}

#[test]
fn cross_entropy_of_saturated_logits_does_not_overflow() {
    let cross_entropy =
        |x: &[f32], t: &[f32]| losses_of_logits(x, t).unwrap().cross_entropy.unwrap();
    let found = cross_entropy(&[0.0; 100_000], &[0.5; 100_000]);
    assert!((found - 1e5 * std::f64::consts::LN_2).abs() < 0.02);
    assert!(cross_entropy(&[80.0; 1000], &[1.0; 1000]) < 1e-3);
}
