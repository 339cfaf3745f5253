//! Numbers that do not fit: refused with an error, and nothing is written.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_kernels::{
    Accumulate, Activation, AdamStep, Batches, Layer, Loss, Objective, PackedStack, RowLosses,
    Rows, SgdStep, Stack, StackError, Step, Target, Weight, Workspace, binary_cross_entropy,
    gather_bytes, loss_and_gradient, losses_of_logits, squared_error_sum,
};

const BCE: Objective = Objective { loss: Loss::BinaryCrossEntropy, code_l1: 0.0 };

fn layer(inputs: usize, outputs: usize, offset: usize, activation: Activation) -> Layer {
    let bias = offset + inputs * outputs;
    Layer { inputs, outputs, weight: Weight::Own { offset }, bias, activation }
}

/// 4-2-4, or the layer to the code alone.
fn stack(layers: usize) -> Stack {
    let all = [layer(4, 2, 0, Activation::Relu), layer(2, 4, 10, Activation::Sigmoid)];
    Stack::new(all[..layers].to_vec(), 0, [10, 22][layers - 1]).unwrap()
}

fn length<T: std::fmt::Debug>(result: Result<T, StackError>, expected: usize, found: usize) {
    match result.unwrap_err() {
        StackError::Length { expected: of, found: there, .. } => {
            assert_eq!((of, there), (expected, found));
        }
        StackError::PartialRow { width, found: there, .. } => {
            assert_eq!((width, there), (expected, found));
        }
        other => panic!("{other}"),
    }
}

/// A gradient over these rows, into numbers that must stay as they are.
fn gradient_of(
    inputs: &[f32],
    targets: &[f32],
    rows_in_batch: usize,
    parameters: usize,
) -> StackError {
    let mut gradient = [7.0; 22];
    let error = loss_and_gradient(
        &stack(2),
        BCE,
        &vec![0.5; parameters],
        Rows { inputs, targets },
        rows_in_batch,
        (&mut gradient, Accumulate::Replace),
        &mut Workspace::new(),
    )
    .unwrap_err();
    assert_eq!(gradient, [7.0; 22]);
    error
}

#[test]
fn a_gradient_over_rows_that_do_not_fit_is_refused() {
    let rows = StackError::Rows { slice: 0, batch: 0 };
    assert_eq!(gradient_of(&[], &[], 0, 22), rows);
    assert_eq!(gradient_of(&[], &[], 5, 22), StackError::Rows { slice: 0, batch: 5 });
    let few = StackError::Rows { slice: 2, batch: 1 };
    assert_eq!(gradient_of(&[0.5; 8], &[0.5; 8], 1, 22), few);
    length(Err::<(), _>(gradient_of(&[0.5; 7], &[0.5; 8], 2, 22)), 4, 7);
    length(Err::<(), _>(gradient_of(&[0.5; 8], &[0.5; 4], 2, 22)), 8, 4);
    length(Err::<(), _>(gradient_of(&[0.5; 8], &[0.5; 8], 2, 21)), 22, 21);
}

#[test]
fn a_batch_that_does_not_fit_is_refused() {
    let (stack, fill) = (stack(2), |_: std::ops::Range<usize>, to: &mut [f32], _: &mut [f32]| {
        to.fill(0.5);
    });
    // Slices of any length: the largest do not overflow.
    let mut batches = Batches::new(usize::MAX, Target::Input);
    let (mut gradient, mut parameters) = ([0.0; 22], [0.5; 22]);
    assert!(batches.gradient((&stack, BCE), &parameters, 3, fill, &mut gradient).is_ok());
    length(batches.gradient((&stack, BCE), &parameters, 3, fill, &mut gradient[..21]), 22, 21);
    length(batches.gradient((&stack, BCE), &parameters[..3], 3, fill, &mut gradient), 22, 3);
    let penalty = Objective { code_l1: 0.1, ..BCE };
    let alone = Stack::new(vec![layer(4, 2, 0, Activation::Sigmoid)], 0, 10).unwrap();
    let found = batches.gradient((&alone, penalty), &[0.5; 10], 3, fill, &mut gradient[..10]);
    assert!(matches!(found, Err(StackError::Code { .. })), "{found:?}");

    let step = || Step::Sgd { step: SgdStep::new(0.1, 0.9), velocity: &mut [] };
    let before = parameters;
    length(batches.step((&stack, BCE), (&mut parameters, step()), 3, fill, &mut gradient), 22, 0);
    length(step().apply(&mut parameters, &gradient), 22, 0);
    let adam = AdamStep::new(0.1, 0.9, 0.999, 1e-7, 0);
    let (mut mean, mut variance) = ([0.0; 22], [0.0; 21]);
    let step = Step::Adam { step: adam, mean: &mut mean, variance: &mut variance };
    length(step.apply(&mut parameters, &gradient), 22, 21);
    assert_eq!(parameters, before);
    let mut variance = [0.0; 22];
    let step = Step::Adam { step: adam, mean: &mut mean, variance: &mut variance };
    length(step.apply(&mut parameters, &gradient[..5]), 22, 5);
    // There is no step 0, whose step size would be no number.
    let step = Step::Adam { step: adam, mean: &mut mean, variance: &mut variance };
    step.apply(&mut parameters, &gradient).unwrap();
    assert!(parameters.iter().all(|parameter| parameter.is_finite()));
}

#[test]
fn inference_on_rows_that_do_not_fit_is_refused() {
    length(PackedStack::new(&stack(2), &[0.5; 21]).map(drop), 22, 21);
    let packed = PackedStack::new(&stack(2), &[0.5; 22]).unwrap();
    length(packed.encode(&[0.5; 6], &mut [0.0; 2]), 4, 6);
    length(packed.encode(&[0.5; 8], &mut [0.0; 2]), 4, 2);
    length(packed.decode(&[0.5; 3], &mut [0.0; 8]), 2, 3);
    length(packed.reconstruct(&[0.5; 8], &mut [0.0; 9]), 8, 9);
    length(packed.forward(&[0.5; 8], &mut [0.0; 8], &mut [0.0; 4]), 8, 4);
    length(packed.squared_errors(&[0.5; 8], &[0.5; 4], &mut [0.0; 2]), 8, 4);
    length(packed.losses(&[0.5; 8], &[0.5; 8], &mut [RowLosses::default(); 3]), 2, 3);

    let encoder = PackedStack::new(&stack(1), &[0.5; 10]).unwrap();
    let mut outputs = [7.0; 4];
    assert_eq!(encoder.decode(&[0.5; 2], &mut outputs), Err(StackError::NoDecoder));
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
