//! The fused gradient against naive loops in `f64`.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::ops::Range;

use ae_kernels::{
    Activation, AdamStep, Batch, BatchSummary, Chain, CodeL1, Dense, Loss, Objective, Problem,
    SgdStep, Step, Target, Trainer, Weight, squared_norm,
};
use proptest::prelude::*;
use support::{Numbers, Ties, dense_chain, dense_layers, naive, on_threads};

/// The norm of the difference relative to that of the expected.
fn distance(found: &[f32], expected: &[f64]) -> f64 {
    distance_of_part(found, expected, 0.0)
}

/// That of a part of a gradient. A part whose terms cancel is small, and is compared with `least` instead.
fn distance_of_part(found: &[f32], expected: &[f64], least: f64) -> f64 {
    let difference = norm(found.iter().zip(expected).map(|(&f, e)| f64::from(f) - e));
    difference / norm(expected.iter().copied()).max(least).max(1e-12)
}

fn norm(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|x| x * x).sum::<f64>().sqrt()
}

fn check(chain: &Chain, objective: &Objective, rows: usize, target: Target, seed: u32) {
    let inputs = Numbers::new(seed).take(rows * chain.inputs(), 0.0, 1.0);
    check_of(chain, objective, &inputs, target, seed);
}

/// The numbers of a layer's weight, if it has its own, and of its bias.
fn places(layer: &Dense) -> Vec<Range<usize>> {
    let bias = layer.bias..layer.bias + layer.outputs;
    match layer.weight {
        Weight::Own { offset } => vec![offset..offset + layer.inputs * layer.outputs, bias],
        Weight::TransposeOf { .. } => vec![bias],
    }
}

fn check_of(chain: &Chain, objective: &Objective, inputs: &[f32], target: Target, seed: u32) {
    let rows = inputs.len() / chain.inputs();
    let mut numbers = Numbers::new(seed + 1000);
    let parameters = numbers.take(chain.parameters(), -0.5, 0.5);
    let targets = match target {
        Target::Input => inputs.to_vec(),
        Target::Separate => numbers.take(rows * chain.outputs(), 0.0, 1.0),
        Target::Masked { counted } => {
            let mut targets = numbers.take(rows * chain.outputs(), 0.0, 1.0);
            for (row, targets) in targets.chunks_mut(chain.outputs()).enumerate() {
                let width = targets.len();
                for (place, target) in targets.iter_mut().enumerate() {
                    // Other places in every row.
                    *target = if (place + 5 * row) % width < counted { *target } else { f32::NAN };
                }
            }
            targets
        }
    };
    let expected = naive(chain, objective, &parameters, inputs, &targets);
    for (threads, slice_rows) in [(1, 64), (3, 16)] {
        let mut gradient = vec![f32::NAN; chain.parameters()];
        let (inputs_width, outputs_width) = (chain.inputs(), chain.outputs());
        let fill = |range: Range<usize>, x: &mut [f32], t: &mut [f32]| {
            x.copy_from_slice(&inputs[range.start * inputs_width..range.end * inputs_width]);
            if target != Target::Input {
                t.copy_from_slice(&targets[range.start * outputs_width..range.end * outputs_width]);
            }
        };
        let batch = Batch::new(rows, target, fill);
        let problem = Problem { chain, objective };
        let mut trainer = Trainer::with_slice_rows(slice_rows);
        let mut gradient_of_all =
            || trainer.gradient(problem, &parameters, batch, &mut gradient).unwrap();
        let summary = on_threads(threads, &mut gradient_of_all);
        let near = |found: f64, expected: f64| (found - expected).abs() <= 1e-5 * expected.abs();
        assert!(near(summary.reconstruction, expected.reconstruction), "{summary:?} {expected:?}");
        assert!(near(summary.penalties.iter().sum(), expected.penalty), "{summary:?} {expected:?}");
        let error = distance(&gradient, &expected.gradient);
        assert!(error < 1e-5, "{error:e} off with slices of {slice_rows}: {chain:?}");
        // The terms of a bias of one number can cancel to any degree.
        let least = norm(expected.gradient.iter().copied()) / 100.0;
        for layer in dense_layers(chain) {
            for place in places(&layer) {
                let (found, expected) =
                    (&gradient[place.clone()], &expected.gradient[place.clone()]);
                let error = distance_of_part(found, expected, least);
                assert!(error < 2e-5, "{error:e} off at {place:?} of {layer:?}");
            }
        }
    }
}

const BCE: Objective = Objective::new(Loss::BinaryCrossEntropy);
const MSE: Objective = Objective::new(Loss::MeanSquaredError);
const MAE: Objective = Objective::new(Loss::MeanAbsoluteError);

#[test]
fn every_activation_has_its_gradient_hidden_and_last() {
    for activation in Activation::ALL {
        let hidden = dense_chain(&[17, 9, 17], &[activation, Activation::Sigmoid], Ties::Own);
        check(&hidden, &BCE, 33, Target::Input, 1);
        let last = dense_chain(&[17, 9, 17], &[Activation::Tanh, activation], Ties::Own);
        check(&last, &MSE, 33, Target::Separate, 2);
        check(&last, &MAE, 33, Target::Separate, 3);
    }
}

/// The gradient of the last bias, a single number, is the sum of 79 terms that nearly cancel.
#[test]
fn a_bias_whose_terms_cancel_has_its_gradient() {
    let chain = dense_chain(&[1, 19, 1], &[Activation::ALL[1], Activation::Sigmoid], Ties::Tied);
    check(&chain, &BCE, 79, Target::Separate, 385_186_433);
}

#[test]
fn masked_targets_count_alone() {
    for activation in Activation::ALL {
        for counted in [1, 6, 19] {
            let target = Target::Masked { counted };
            let chain = dense_chain(&[19, 9, 19], &[Activation::Tanh, activation], Ties::Own);
            check(&chain, &MSE, 70, target, 7);
            check(&chain, &MSE.with(CodeL1 { weight: 0.3 }), 5, target, 8);
        }
    }
    // All that are counted are all that there are: the same bits as without a mask.
    let chain = dense_chain(&[19, 9, 19], &[Activation::Tanh, Activation::Linear], Ties::Own);
    let gradient = |target| {
        let fill = |_: Range<usize>, x: &mut [f32], t: &mut [f32]| {
            x.iter_mut().zip(1_u16..).for_each(|(x, n)| *x = f32::from(n % 13) / 13.0);
            t.iter_mut().zip(1_u16..).for_each(|(t, n)| *t = f32::from(n % 11) / 11.0);
        };
        let parameters = Numbers::new(3).take(chain.parameters(), -0.5, 0.5);
        let mut gradient = vec![0.0; chain.parameters()];
        let problem = Problem { chain: &chain, objective: &MSE };
        let batch = Batch::new(9, target, fill);
        Trainer::new().gradient(problem, &parameters, batch, &mut gradient).unwrap();
        gradient
    };
    assert_eq!(gradient(Target::Masked { counted: 19 }), gradient(Target::Separate));
}

#[test]
fn masks_of_other_losses_and_of_no_numbers_are_refused() {
    let chain = dense_chain(&[7, 3, 7], &[Activation::Tanh, Activation::Sigmoid], Ties::Own);
    let parameters = vec![0.1; chain.parameters()];
    for (objective, counted) in [(&BCE, 3), (&MSE, 0), (&MSE, 8)] {
        let fill = |_: Range<usize>, _: &mut [f32], _: &mut [f32]| {};
        let batch = Batch::new(2, Target::Masked { counted }, fill);
        let problem = Problem { chain: &chain, objective };
        let mut gradient = vec![0.0; chain.parameters()];
        let error = Trainer::new().gradient(problem, &parameters, batch, &mut gradient);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("count 1 to 7 numbers of a row, found"), "{error}");
    }
}

#[test]
fn the_tutorials_network_has_its_gradient() {
    let tutorial =
        dense_chain(&[784, 32, 784], &[Activation::Relu, Activation::Sigmoid], Ties::Own);
    check(&tutorial, &BCE, 257, Target::Input, 3);
    check(&tutorial, &BCE.with(CodeL1 { weight: 0.1 }), 100, Target::Separate, 4);
}

#[test]
fn tied_and_deep_chains_have_their_gradient() {
    let widths = [40, 21, 10, 21, 40];
    let activations = [Activation::Elu, Activation::Relu, Activation::Elu, Activation::Sigmoid];
    for ties in [Ties::Own, Ties::Tied] {
        for target in [Target::Input, Target::Separate] {
            check(&dense_chain(&widths, &activations, ties), &BCE, 70, target, 5);
            let penalised = MSE.with(CodeL1 { weight: 0.3 });
            check(&dense_chain(&widths, &activations, ties), &penalised, 70, target, 6);
        }
    }
}

/// Images of which most pixels are exactly 0, some of them everywhere.
fn strokes(rows: usize, width: usize, seed: u32) -> Vec<f32> {
    let mut pixels = Numbers::new(seed).take(rows * width, 0.0, 1.0);
    for (place, pixel) in pixels.iter_mut().enumerate() {
        let (row, column) = (place / width, place % width);
        if (column / 7 + row) % 5 != 0 || column < width / 8 {
            *pixel = 0.0;
        }
    }
    pixels
}

#[test]
fn images_with_a_background_have_their_gradient() {
    let relu = [Activation::Relu, Activation::Sigmoid];
    let deep = [Activation::Relu, Activation::Relu, Activation::Relu, Activation::Sigmoid];
    for rows in [1, 64, 150] {
        for (chain, target) in [
            (dense_chain(&[784, 32, 784], &relu, Ties::Own), Target::Input),
            (dense_chain(&[300, 40, 9, 40, 300], &deep, Ties::Own), Target::Separate),
            (dense_chain(&[300, 40, 9, 40, 300], &deep, Ties::Tied), Target::Input),
        ] {
            let inputs = strokes(rows, chain.inputs(), 12);
            check_of(&chain, &BCE.with(CodeL1 { weight: 0.1 }), &inputs, target, 13);
            check_of(&chain, &MSE, &inputs, target, 14);
        }
    }
}

/// Weights of 2^17 numbers and more have larger blocks.
#[test]
fn wide_networks_have_their_gradient() {
    let activations = [Activation::Relu, Activation::Sigmoid];
    for ties in [Ties::Own, Ties::Tied] {
        let wide = dense_chain(&[700, 190, 700], &activations, ties);
        assert!(dense_layers(&wide)[0].inputs * dense_layers(&wide)[0].outputs >= 1 << 17);
        check(&wide, &BCE, 70, Target::Input, 15);
        check_of(&wide, &BCE, &strokes(70, 700, 16), Target::Input, 17);
    }
}

#[test]
fn one_row_and_one_unit_have_their_gradient() {
    for rows in [1, 2, 257] {
        for widths in [[1, 1, 1], [1, 5, 1], [784, 1, 784], [15, 3, 15], [16, 16, 16]] {
            let activations = [Activation::Softplus, Activation::Sigmoid];
            for ties in [Ties::Own, Ties::Tied] {
                check(&dense_chain(&widths, &activations, ties), &BCE, rows, Target::Input, 7);
            }
        }
    }
}

/// More rows than there are slices in memory, fewer than a slice, and none.
#[test]
fn a_step_is_the_gradients_bit_for_bit() {
    let activations = [Activation::Tanh, Activation::Relu, Activation::Relu, Activation::Sigmoid];
    for ties in [Ties::Own, Ties::Tied] {
        let chain = dense_chain(&[50, 70, 3, 70, 50], &activations, ties);
        for rows in [0, 5, 33, 90] {
            let mut numbers = Numbers::new(11);
            let start = numbers.take(chain.parameters(), -0.5, 0.5);
            let inputs = numbers.take(rows * chain.inputs(), 0.0, 1.0);
            let moments = [(); 2].map(|()| numbers.take(chain.parameters(), 0.0, 0.1));
            let fill = |rows: Range<usize>, to: &mut [f32], _: &mut [f32]| {
                to.copy_from_slice(&inputs[rows.start * 50..rows.end * 50]);
            };
            let adam = AdamStep::new(0.01, 0.9, 0.999, 1e-7, 3).with_decay(0.01, 0.1);
            let sgd = SgdStep::new(0.1, 0.9);
            let run = |at_once: bool, is_adam: bool| {
                let (mut parameters, [mut mean, mut variance]) = (start.clone(), moments.clone());
                let mut gradient = vec![f32::NAN; chain.parameters()];
                let mut trainer = Trainer::with_slice_rows(5);
                let step = if is_adam {
                    Step::Adam { step: adam, mean: &mut mean, variance: &mut variance }
                } else {
                    Step::Sgd { step: sgd, velocity: &mut mean }
                };
                let problem = Problem { chain: &chain, objective: &BCE };
                let batch = Batch::new(rows, Target::Input, fill);
                let found = if at_once {
                    trainer.step(problem, &mut parameters, step, batch, &mut gradient)
                } else {
                    let found = trainer.gradient(problem, &parameters, batch, &mut gradient);
                    step.apply(&mut parameters, &gradient).unwrap();
                    found
                };
                assert!(parameters != start || rows == 0);
                (found.unwrap(), gradient, parameters, mean, variance)
            };
            for is_adam in [true, false] {
                let expected = run(false, is_adam);
                for threads in [1, 2, 3] {
                    let found = on_threads(threads, || run(true, is_adam));
                    assert!(found == expected, "{rows} rows, {threads} threads, {ties:?}");
                }
            }
        }
    }
}

/// The summary and the gradient of one row.
fn gradient_of_row(
    chain: &Chain,
    objective: &Objective,
    parameters: &[f32],
    input: &[f32],
    output: &[f32],
) -> (BatchSummary, Vec<f32>) {
    let mut gradient = vec![0.0; chain.parameters()];
    let fill = |_: Range<usize>, inputs: &mut [f32], targets: &mut [f32]| {
        inputs.copy_from_slice(input);
        targets.copy_from_slice(output);
    };
    let batch = Batch::new(1, Target::Separate, fill);
    let problem = Problem { chain, objective };
    let summary = Trainer::new().gradient(problem, parameters, batch, &mut gradient).unwrap();
    (summary, gradient)
}

#[test]
fn rectifiers_have_their_documented_derivatives_at_zero() {
    // The logit of the first unit is 0, so the gradient of its bias is the gradient at its value times the derivative.
    for (activation, slope) in [
        (Activation::Relu, 1.0),
        (Activation::LeakyRelu, 0.505),
        (Activation::Elu, 1.0),
        (Activation::Selu, 1.050_701 * 1.673_263_2),
    ] {
        let chain = dense_chain(&[1, 1, 1], &[activation, Activation::Linear], Ties::Own);
        let (_, gradient) = gradient_of_row(&chain, &MSE, &[1.0, 0.0, 1.0, 0.0], &[0.0], &[-1.0]);
        assert!((gradient[1] - 2.0 * slope).abs() < 1e-6, "{activation:?}: {gradient:?}");
    }
}

#[test]
fn saturated_logits_have_a_finite_loss_and_gradient() {
    let chain = dense_chain(&[1, 1, 1], &[Activation::Linear, Activation::Sigmoid], Ties::Own);
    for (bias, target) in [(500.0, 0.0), (500.0, 1.0), (-500.0, 0.0), (-500.0, 1.0)] {
        let (summary, gradient) =
            gradient_of_row(&chain, &BCE, &[0.0, 0.0, 0.0, bias], &[0.0], &[target]);
        let wrong = f64::from(f32::from((bias > 0.0) != (target > 0.5)));
        assert!((summary.reconstruction - 500.0 * wrong).abs() < 1e-3, "{summary:?}");
        let sigmoid = f32::from(bias > 0.0);
        assert!((gradient[3] - (sigmoid - target)).abs() < 1e-6, "{gradient:?}");
    }
}

#[test]
fn a_nan_shows_in_the_loss() {
    let chain = dense_chain(&[20, 4, 20], &[Activation::Relu, Activation::Sigmoid], Ties::Own);
    for objective in [&BCE, &MSE] {
        let parameters = vec![f32::NAN; chain.parameters()];
        let (summary, _) = gradient_of_row(&chain, objective, &parameters, &[0.5; 20], &[0.5; 20]);
        assert!(summary.reconstruction.is_nan());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn random_chains_have_their_gradient(
        outer in 1_usize..60,
        middle in prop::option::of(1_usize..40),
        code in 1_usize..30,
        kinds in prop::collection::vec(0_usize..8, 4),
        tied in any::<bool>(),
        penalised in any::<bool>(),
        rows in 1_usize..90,
        seed in any::<u32>(),
    ) {
        let mut widths = vec![outer, code, outer];
        if let Some(middle) = middle {
            widths = vec![outer, middle, code, middle, outer];
        }
        let mut activations: Vec<_> = kinds.into_iter().map(|kind| Activation::ALL[kind]).collect();
        activations.truncate(widths.len() - 2);
        activations.push(Activation::Sigmoid);
        let ties = if tied { Ties::Tied } else { Ties::Own };
        let chain = dense_chain(&widths, &activations, ties);
        let code_l1 = CodeL1 { weight: if penalised { 0.05 } else { 0.0 } };
        check(&chain, &BCE.with(code_l1), rows, Target::Separate, seed);
    }

    #[test]
    fn gradients_are_the_same_bits_for_any_number_of_threads(
        rows in 1_usize..400,
        slice_rows in 1_usize..100,
        seed in any::<u32>(),
    ) {
        let chain = dense_chain(&[33, 7, 33], &[Activation::Relu, Activation::Sigmoid], Ties::Tied);
        let mut numbers = Numbers::new(seed);
        let parameters = numbers.take(chain.parameters(), -0.5, 0.5);
        let inputs = numbers.take(rows * 33, 0.0, 1.0);
        let results: Vec<_> = (1..=8).map(|threads| {
            let mut gradient = vec![0.0; chain.parameters()];
            let fill = |range: Range<usize>, x: &mut [f32], _: &mut [f32]| {
                x.copy_from_slice(&inputs[range.start * 33..range.end * 33]);
            };
            let mut trainer = Trainer::with_slice_rows(slice_rows);
            let objective = BCE.with(CodeL1 { weight: 0.1 });
            let problem = Problem { chain: &chain, objective: &objective };
            let batch = Batch::new(rows, Target::Input, fill);
            let found = on_threads(threads, || {
                trainer.gradient(problem, &parameters, batch, &mut gradient).unwrap()
            });
            let bits: Vec<u32> = gradient.iter().map(|g| g.to_bits()).collect();
            let norm: f64 = gradient.iter().map(|&g| f64::from(g).powi(2)).sum();
            assert!((found.squared_norm - norm).abs() <= 1e-12 * norm);
            let of_all = squared_norm(&gradient);
            assert!((found.squared_norm - of_all).abs() <= 1e-12 * norm);
            let BatchSummary { reconstruction, penalties, .. } = found;
            (bits, [reconstruction, penalties[0], found.squared_norm].map(f64::to_bits))
        }).collect();
        prop_assert!(results.iter().all(|result| *result == results[0]));
    }
}
