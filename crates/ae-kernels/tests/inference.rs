//! Forward passes and error sums against naive loops in `f64`.

mod support;

use ae_kernels::{
    Activation, Batches, Layer, Loss, Objective, Outputs, Stack, Target, Weight, Workspace,
    cross_entropy_sum, decode, encode, forward, squared_error_sum,
};
use support::{Numbers, naive};

fn stack() -> Stack {
    let layer = |inputs, outputs, offset: usize, activation| Layer {
        inputs,
        outputs,
        weight: Weight::Own { offset },
        bias: offset + inputs * outputs,
        activation,
    };
    let layers = vec![
        layer(50, 20, 0, Activation::Selu),
        layer(20, 5, 1020, Activation::Relu),
        layer(5, 50, 1125, Activation::Sigmoid),
    ];
    Stack::new(layers, 1, 1425).unwrap()
}

fn close(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} {expected}");
    }
}

#[test]
fn codes_logits_and_outputs_are_those_of_the_reference() {
    let stack = stack();
    let objective = Objective { loss: Loss::MeanSquaredError, code_l1: 0.0 };
    let mut workspace = Workspace::new();
    for rows in [1, 2, 37, 5, 257] {
        let mut numbers = Numbers::new(rows);
        let rows = rows as usize;
        let parameters = numbers.take(1425, -0.5, 0.5);
        let inputs = numbers.take(rows * 50, 0.0, 1.0);
        let expected = naive(&stack, objective, &parameters, &inputs, &inputs);
        let mut codes = vec![0.0; rows * 5];
        let (mut logits, mut outputs) = (vec![0.0; rows * 50], vec![0.0; rows * 50]);
        let wanted = Outputs {
            codes: Some(&mut codes),
            logits: Some(&mut logits),
            outputs: Some(&mut outputs),
        };
        forward(&stack, &parameters, &inputs, wanted, &mut workspace);
        close(&codes, &expected.codes);
        close(&logits, &expected.logits);
        close(&outputs, &expected.outputs);

        let mut alone = vec![0.0; rows * 5];
        encode(&stack, &parameters, &inputs, &mut alone, &mut workspace);
        assert_eq!(alone, codes);
        let mut decoded = vec![0.0; rows * 50];
        let wanted = Outputs { outputs: Some(&mut decoded), ..Outputs::default() };
        decode(&stack, &parameters, &codes, wanted, &mut workspace);
        assert_eq!(decoded, outputs);
    }
}

#[test]
fn error_sums_are_those_of_the_reference() {
    for length in [0, 1, 15, 16, 17, 1000, 5000] {
        let mut numbers = Numbers::new(9);
        let logits = numbers.take(length, -30.0, 30.0);
        let targets = numbers.take(length, 0.0, 1.0);
        let pairs = || logits.iter().zip(&targets).map(|(&x, &t)| (f64::from(x), f64::from(t)));
        let bce = pairs().map(|(x, t)| x.max(0.0) - x * t + (-x.abs()).exp().ln_1p()).sum::<f64>();
        let found = cross_entropy_sum(&logits, &targets);
        assert!((found - bce).abs() <= 3e-7 * bce.max(1.0), "{found} {bce}");
        let squares = pairs().map(|(x, t)| (x - t).powi(2)).sum::<f64>();
        let found = squared_error_sum(&logits, &targets);
        assert!((found - squares).abs() <= 3e-7 * squares, "{found} {squares}");
    }
}

#[test]
fn cross_entropy_of_saturated_logits_does_not_overflow() {
    let found = cross_entropy_sum(&[0.0; 100_000], &[0.5; 100_000]);
    assert!((found - 1e5 * std::f64::consts::LN_2).abs() < 0.02);
    assert!(cross_entropy_sum(&[80.0; 1000], &[1.0; 1000]) < 1e-3);
}

#[test]
fn errors_of_a_set_are_the_sums_over_its_rows() {
    let stack = stack();
    let mut numbers = Numbers::new(3);
    let parameters = numbers.take(1425, -0.5, 0.5);
    let (inputs, targets) = (numbers.take(300 * 50, 0.0, 1.0), numbers.take(300 * 50, 0.0, 1.0));
    let mean = |loss| {
        let objective = Objective { loss, code_l1: 0.0 };
        naive(&stack, objective, &parameters, &inputs, &targets).reconstruction * 15_000.0
    };
    let errors =
        Batches::new(7, Target::Separate).errors(&stack, &parameters, 300, |range, x, t| {
            x.copy_from_slice(&inputs[range.start * 50..range.end * 50]);
            t.copy_from_slice(&targets[range.start * 50..range.end * 50]);
        });
    let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 1e-6;
    assert!(near(errors.squared, mean(Loss::MeanSquaredError)), "{errors:?}");
    assert!(near(errors.cross_entropy.unwrap(), mean(Loss::BinaryCrossEntropy)), "{errors:?}");
}
