//! Numbers that do not fit: refused with an error, and nothing is written.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_kernels::{
    Activation, AdamStep, Batch, Chain, ChainError, CodeL1, Dense, Loss, Objective, PackedChain,
    Problem, RowLosses, SgdStep, Step, Target, Trainer, Weight, binary_cross_entropy, gather_bytes,
    losses_of_logits, squared_error_sum,
};

const BCE: Objective = Objective::new(Loss::BinaryCrossEntropy);

fn layer(inputs: usize, outputs: usize, offset: usize, activation: Activation) -> Dense {
    let bias = offset + inputs * outputs;
    Dense { inputs, outputs, weight: Weight::Own { offset }, bias, activation }
}

/// 4-2-4, or the layer to the code alone.
fn dense_chain(layers: usize) -> Chain {
    let all = [layer(4, 2, 0, Activation::Relu), layer(2, 4, 10, Activation::Sigmoid)];
    Chain::of_dense(all[..layers].to_vec(), 0, [10, 22][layers - 1]).unwrap()
}

fn length<T: std::fmt::Debug>(result: Result<T, ChainError>, expected: usize, found: usize) {
    match result.unwrap_err() {
        ChainError::Length { expected: of, found: there, .. } => {
            assert_eq!((of, there), (expected, found));
        }
        ChainError::PartialRow { width, found: there, .. } => {
            assert_eq!((width, there), (expected, found));
        }
        other => panic!("{other}"),
    }
}

fn fill(_: std::ops::Range<usize>, inputs: &mut [f32], _: &mut [f32]) {
    inputs.fill(0.5);
}

#[test]
fn a_gradient_that_does_not_fit_is_refused() {
    let batch = Batch::new(3, Target::Input, fill);
    let chain = dense_chain(2);
    let problem = Problem { chain: &chain, objective: &BCE };
    // Slices of any length: the largest do not overflow.
    let mut trainer = Trainer::with_slice_rows(usize::MAX);
    let (mut gradient, parameters) = ([7.0; 22], [0.5; 22]);
    length(trainer.gradient(problem, &parameters, batch, &mut gradient[..21]), 22, 21);
    length(trainer.gradient(problem, &parameters[..3], batch, &mut gradient), 22, 3);
    let penalty = BCE.with(CodeL1 { weight: 0.1 });
    let encoder = Chain::of_dense(vec![layer(4, 2, 0, Activation::Sigmoid)], 0, 10).unwrap();
    let problem_of_encoder = Problem { chain: &encoder, objective: &penalty };
    let found = trainer.gradient(problem_of_encoder, &[0.5; 10], batch, &mut gradient[..10]);
    assert!(matches!(found, Err(ChainError::Code { .. })), "{found:?}");
    assert_eq!(gradient, [7.0; 22]);
    assert!(trainer.gradient(problem, &parameters, batch, &mut gradient).is_ok());
    assert_ne!(gradient, [7.0; 22]);
}

#[test]
fn a_step_whose_moments_do_not_fit_is_refused() {
    let batch = Batch::new(3, Target::Input, fill);
    let chain = dense_chain(2);
    let problem = Problem { chain: &chain, objective: &BCE };
    let (mut gradient, mut parameters) = ([0.0; 22], [0.5; 22]);
    let step = || Step::Sgd { step: SgdStep::new(0.1, 0.9), velocity: &mut [] };
    let before = parameters;
    let mut trainer = Trainer::new();
    length(trainer.step(problem, &mut parameters, step(), batch, &mut gradient), 22, 0);
    length(step().apply(&mut parameters, &gradient), 22, 0);
    let adam = AdamStep::new(0.1, 0.9, 0.999, 1e-7, 0);
    let (mut mean, mut variance) = ([0.0; 22], [0.0; 21]);
    let step = Step::Adam { step: adam, mean: &mut mean, variance: &mut variance };
    length(step.apply(&mut parameters, &gradient), 22, 21);
    assert_eq!(parameters, before);
    let mut variance = [0.0; 22];
    let step = Step::Adam { step: adam, mean: &mut mean, variance: &mut variance };
    length(step.apply(&mut parameters, &gradient[..5]), 22, 5);
    // Step 0 would have a step size of NaN.
    let step = Step::Adam { step: adam, mean: &mut mean, variance: &mut variance };
    step.apply(&mut parameters, &gradient).unwrap();
    assert!(parameters.iter().all(|parameter| parameter.is_finite()));
}

#[test]
fn inference_on_rows_that_do_not_fit_is_refused() {
    length(PackedChain::new(&dense_chain(2), &[0.5; 21]).map(drop), 22, 21);
    let packed = PackedChain::new(&dense_chain(2), &[0.5; 22]).unwrap();
    length(packed.encode(&[0.5; 6], &mut [0.0; 2]), 4, 6);
    length(packed.encode(&[0.5; 8], &mut [0.0; 2]), 4, 2);
    length(packed.decode(&[0.5; 3], &mut [0.0; 8]), 2, 3);
    length(packed.reconstruct(&[0.5; 8], &mut [0.0; 9]), 8, 9);
    length(packed.forward(&[0.5; 8], &mut [0.0; 8], &mut [0.0; 4]), 8, 4);
    length(packed.squared_errors(&[0.5; 8], &[0.5; 4], &mut [0.0; 2]), 8, 4);
    length(packed.losses(&[0.5; 8], &[0.5; 8], &mut [RowLosses::default(); 3]), 2, 3);

    let encoder = PackedChain::new(&dense_chain(1), &[0.5; 10]).unwrap();
    let mut outputs = [7.0; 4];
    assert_eq!(encoder.decode(&[0.5; 2], &mut outputs), Err(ChainError::NoDecoder));
    assert_eq!(outputs, [7.0; 4]);
}

#[test]
fn losses_of_slices_that_do_not_fit_are_refused() {
    length(losses_of_logits(&[0.5; 3], &[0.5; 2]), 3, 2);
    length(squared_error_sum(&[0.5; 3], &[0.5; 4]), 3, 4);
    let mut logits = [0.5; 8];
    length(binary_cross_entropy(&[0.5; 7], 1.0, &mut logits, &mut [0.0; 4]), 8, 7);
    length(binary_cross_entropy(&[0.5; 8], 1.0, &mut logits, &mut [0.0; 3]), 3, 8);
    length(binary_cross_entropy(&[0.5; 8], 1.0, &mut logits, &mut []), 0, 8);
    assert_eq!(logits, [0.5; 8]);
}

#[test]
fn rows_beyond_the_bytes_are_not_gathered() {
    let (bytes, mut numbers) = ([255; 10], [7.0; 6]);
    length(gather_bytes(&bytes, 3, &[0, 3], &mut numbers), 12, 10);
    length(gather_bytes(&bytes, 3, &[0], &mut numbers), 3, 6);
    length(gather_bytes(&bytes, usize::MAX, &[0, 1], &mut numbers), usize::MAX, 6);
    assert_eq!(numbers, [7.0; 6]);
    gather_bytes(&bytes, 3, &[2, 0], &mut numbers).unwrap();
    assert_eq!(numbers, [1.0; 6]);
    gather_bytes(&bytes, 0, &[4, 9], &mut []).unwrap();
}
