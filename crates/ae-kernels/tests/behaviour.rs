//! What layers promise beside their gradient, by values that are computed by hand.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::ops::Range;

use ae_kernels::{
    Activation, AdamStep, Batch, BatchNorm, Chain, ChainError, Connection, Convolution, Dense,
    Direction, Dropout, Extent, Kl, KlSparsity, Layer, Loss, MaxPooling, Objective, PackedChain,
    Padding, Problem, Sample, Shape, Step, Target, TopK, Trainer, Weight, Windows,
};
use support::chains::Builder;

const MSE: Objective = Objective::new(Loss::MeanSquaredError);

/// A batch norm of one channel, then a linear unit.
fn norm() -> Chain {
    let norm = BatchNorm {
        weight: 0,
        bias: 1,
        running_mean: 2,
        running_variance: 3,
        momentum: 0.1,
        epsilon: 1e-5,
    };
    let weight = Weight::Own { offset: 4 };
    let (inputs, outputs, bias, activation) = (1, 1, 5, Activation::Linear);
    let dense = Dense { inputs, outputs, weight, bias, activation };
    Chain::new(Shape::vector(1), vec![norm.into(), dense.into()], 0, Connection::Plain, 6).unwrap()
}

fn fill(rows: Range<usize>, inputs: &mut [f32], targets: &mut [f32]) {
    for (x, row) in inputs.iter_mut().zip(rows) {
        *x = [1.0, 2.0, 3.0, 6.0][row];
    }
    targets.fill(0.5);
}

/// ```python
/// norm = torch.nn.BatchNorm1d(1); norm(torch.tensor([[1.0], [2.0], [3.0], [6.0]]))
/// norm.running_mean, norm.running_var  # 0.1 * 3 = 0.3; 0.9 + 0.1 * 14 / 3 = 1.3666667
/// ```
#[test]
fn running_statistics_follow_a_step_and_no_decay_touches_them() {
    let chain = norm();
    assert_eq!(chain.untrained(), [2..3, 3..4]);
    let start = [1.0, 0.0, 0.0, 1.0, 0.5, 0.0];
    let adam = AdamStep::new(0.01, 0.9, 0.999, 1e-7, 1).with_decay(0.01, 0.5);
    let problem = Problem { chain: &chain, objective: &MSE };
    let run = |at_once: bool| {
        let (mut parameters, mut gradient) = (start, [f32::NAN; 6]);
        let (mut mean, mut variance) = ([0.0; 6], [0.0; 6]);
        let step = Step::Adam { step: adam, mean: &mut mean, variance: &mut variance };
        let batch = Batch::new(4, Target::Separate, fill);
        let mut trainer = Trainer::new();
        let summary = if at_once {
            trainer.step(problem, &mut parameters, step, batch, &mut gradient).unwrap()
        } else {
            let found = trainer.gradient(problem, &parameters, batch, &mut gradient).unwrap();
            step.apply_except(chain.untrained(), &mut parameters, &gradient).unwrap();
            chain.update_running_statistics(&mut parameters, &found.statistics).unwrap();
            found
        };
        (summary, parameters, gradient)
    };
    let (summary, parameters, gradient) = run(true);
    let [of] = &summary.statistics[..] else { panic!("{summary:?}") };
    assert_eq!(
        (of.layer, of.count, &of.mean[..], &of.variance[..]),
        (0, 4, &[3.0][..], &[3.5][..])
    );
    assert!((parameters[2] - 0.3).abs() < 1e-7 && (parameters[3] - 1.366_666_7).abs() < 1e-6);
    assert_eq!(&gradient[2..4], [0.0; 2]);
    assert_ne!(parameters[4], start[4]);
    assert_eq!(run(false), (summary, parameters, gradient));
}

#[test]
fn inference_normalises_by_running_statistics() {
    let packed = PackedChain::new(&norm(), &[2.0, 0.5, 1.0, 4.0, 3.0, 1.0]).unwrap();
    let mut found = [0.0; 2];
    packed.reconstruct(&[1.0, 5.0], &mut found).unwrap();
    // ((x - 1) / 2 * 2 + 0.5) * 3 + 1
    assert!((found[0] - 2.5).abs() < 1e-4 && (found[1] - 14.5).abs() < 1e-4, "{found:?}");
}

/// The gradient at the input of the layers, as that of the weight of a dense layer before them whose input is 1.
fn gradient_through(layer: Layer, shape: Shape, values: &[f32]) -> Vec<f32> {
    let builder = Builder::new(1, 1, 1).dense(values.len(), Activation::Linear);
    let chain = builder.with(ae_kernels::Reshape { shape }).with(layer).chain(1);
    let mut parameters = values.to_vec();
    parameters.extend(vec![0.0; values.len()]);
    let mut gradient = vec![0.0; parameters.len()];
    let fill = |_: Range<usize>, x: &mut [f32], t: &mut [f32]| {
        x.fill(1.0);
        t.fill(-10.0);
    };
    let batch = Batch::new(1, Target::Separate, fill);
    let problem = Problem { chain: &chain, objective: &MSE };
    Trainer::new().gradient(problem, &parameters, batch, &mut gradient).unwrap();
    gradient[..values.len()].to_vec()
}

#[test]
fn the_first_of_equal_numbers_takes_the_gradient() {
    let size = Extent::square(2);
    let pool = MaxPooling { size, stride: size, padding: Padding::Same };
    let found = gradient_through(pool.into(), Shape::new(1, 2, 3), &[1.0, 3.0, 2.0, 3.0, 0.0, 2.0]);
    assert_eq!(found, [0.0, 13.0, 12.0, 0.0, 0.0, 0.0]);
    let found = gradient_through(TopK { k: 2 }.into(), Shape::vector(4), &[0.0, 1.0, -0.0, 0.0]);
    assert_eq!(found, [5.0, 5.5, 0.0, 0.0]);
}

/// A NaN shows, whatever its sign, and an infinite number makes none of others.
#[test]
fn numbers_that_are_not_finite_pass_pooling_and_top_k() {
    let infer = |layer: Layer, input: [f32; 4]| {
        let chain = Chain::new(Shape::new(1, 1, 4), vec![layer], 0, Connection::Plain, 0).unwrap();
        let mut output = vec![0.0; chain.outputs()];
        PackedChain::new(&chain, &[]).unwrap().reconstruct(&input, &mut output).unwrap();
        output
    };
    let size = Extent { height: 1, width: 2 };
    let pool = MaxPooling { size, stride: size, padding: Padding::Same };
    let infinite = f32::INFINITY;
    for nan in [f32::NAN, -f32::NAN] {
        let pooled = infer(pool.into(), [1.0, nan, nan, infinite]);
        assert!(pooled.iter().all(|number| number.is_nan()), "{pooled:?}");
        let kept = infer(TopK { k: 1 }.into(), [1.0, infinite, nan, -infinite]);
        assert!(kept[2].is_nan(), "{kept:?}");
        assert_eq!([kept[0], kept[1], kept[3]], [0.0; 3]);
    }
    assert_eq!(infer(pool.into(), [-infinite, 3.0, infinite, -infinite]), [3.0, infinite]);
    let kept = infer(TopK { k: 2 }.into(), [-infinite, 3.0, infinite, 1.0]);
    assert_eq!(kept, [0.0, 3.0, infinite, 0.0]);
}

/// A unit whose mean is far below the least distance: the value and the derivative of that distance.
#[test]
fn a_dead_unit_has_a_finite_penalty_and_a_gradient() {
    let chain = Builder::new(1, 1, 1).dense(1, Activation::Sigmoid).dense(1, Activation::Linear);
    let chain = chain.chain(0);
    let objective = MSE.with(KlSparsity { target: 0.1, weight: 0.5 });
    let problem = Problem { chain: &chain, objective: &objective };
    for bias in [-20.0_f64, 20.0] {
        let fill = |_: Range<usize>, x: &mut [f32], t: &mut [f32]| {
            x.fill(0.0);
            t.fill(0.0);
        };
        let mut gradient = [f32::NAN; 4];
        let batch = Batch::new(2, Target::Separate, fill);
        let found =
            Trainer::new().gradient(problem, &[0.0, bias as f32, 0.0, 0.0], batch, &mut gradient);
        let mean = if bias < 0.0 { 1e-7_f64 } else { 1.0 - 1e-7 };
        let value = 0.5 * (0.1 * (0.1 / mean).ln() + 0.9 * (0.9 / (1.0 - mean)).ln());
        let penalty = found.unwrap().penalties[0];
        assert!((penalty - value).abs() < 1e-6 * value, "{penalty} {value}");
        let h = 1.0 / (1.0 + (-bias as f32).exp());
        let slope = 0.5 * (0.9 / (1.0 - mean) - 0.1 / mean) * f64::from(h * (1.0 - h));
        let error = (f64::from(gradient[1]) - slope).abs();
        assert!(error <= 1e-5 * slope.abs(), "{gradient:?} {slope}");
    }
}

/// A window may be as large as a number can say: it takes no more time than one as large as the map.
#[test]
fn a_window_larger_than_any_map_pools_the_map() {
    for (size, stride) in [(usize::MAX, usize::MAX), (usize::MAX, 1), (1 << 63, 1 << 63)] {
        let (size, stride) =
            (Extent { height: size, width: 2 }, Extent { height: stride, width: 2 });
        let pool = MaxPooling { size, stride, padding: Padding::Same };
        let shape = Shape::new(1, 3, 4);
        let chain = Chain::new(shape, vec![pool.into()], 0, Connection::Plain, 0).unwrap();
        let packed = PackedChain::new(&chain, &[]).unwrap();
        let mut outputs = vec![0.0; chain.outputs()];
        let input = [1.0, 2.0, 3.0, 4.0, 9.0, 2.0, 0.0, 0.0, 5.0, 1.0, 7.0, 6.0];
        packed.reconstruct(&input, &mut outputs).unwrap();
        let rows = if stride.height == 1 { 3 } else { 1 };
        assert_eq!(outputs, [9.0, 7.0].repeat(rows), "{size} {stride}");
    }
}

/// Expected values are those of `tf.nn.conv2d` (SAME): windows, zeros before the map, and zeros after it.
#[test]
fn same_padding_is_that_of_tensorflow() {
    for (length, size, stride, count, before, after) in [
        (28, 3, 1, 28, 1, 1),
        (7, 2, 2, 4, 0, 1),
        (5, 3, 2, 3, 1, 1),
        (4, 5, 3, 2, 2, 2),
        (6, 4, 1, 6, 1, 2),
        (7, 1, 3, 3, 0, 0),
        (1, 5, 4, 1, 2, 2),
    ] {
        let found = Padding::Same.windows(length, size, stride);
        assert_eq!(found, Some(Windows { count, before, after }), "{length} {size} {stride}");
    }
}

#[test]
fn windows_of_a_transposed_length_are_its_input() {
    for padding in Padding::ALL {
        for (count, size, stride) in [(1, 1, 1), (5, 3, 2), (4, 2, 3), (7, 9, 1), (3, 5, 4)] {
            let length = padding.transposed_length(count, size, stride);
            let windows = padding.windows(length, size, stride).unwrap();
            assert_eq!(windows.count, count, "{padding}: {size} {stride}");
            let covered = (count - 1) * stride + size;
            let sides = windows.before + windows.after;
            assert_eq!(sides, covered.saturating_sub(length), "{padding}: {size} {stride}");
        }
        for zero in [[0, 1, 1], [1, 0, 1], [1, 1, 0]] {
            let [length, size, stride] = zero;
            assert_eq!(padding.windows(length, size, stride), None, "{zero:?}");
        }
        assert!(padding.windows(usize::MAX, 1, usize::MAX).is_some());
        assert_eq!(padding.transposed_length(usize::MAX, 1, 2), usize::MAX);
    }
    assert_eq!(Padding::Valid.windows(2, 3, 1), None);
}

#[test]
fn a_softmax_of_large_logits_is_finite() {
    let chain = Builder::new(1, 1, 1).dense(3, Activation::Linear).chain(0);
    let parameters = [500.0, 0.0, -500.0, 0.0, 0.0, 0.0];
    let fill = |_: Range<usize>, x: &mut [f32], t: &mut [f32]| {
        x.fill(1.0);
        t.copy_from_slice(&[0.0, 1.0, 0.0]);
    };
    let mut gradient = [0.0; 6];
    let objective = Objective::new(Loss::SoftmaxCrossEntropy);
    let problem = Problem { chain: &chain, objective: &objective };
    let batch = Batch::new(1, Target::Separate, fill);
    let found = Trainer::new().gradient(problem, &parameters, batch, &mut gradient).unwrap();
    assert!((found.reconstruction - 500.0).abs() < 1e-3, "{found:?}");
    for (found, expected) in gradient.iter().zip([1.0_f32, -1.0, 0.0, 1.0, -1.0, 0.0]) {
        assert!((found - expected).abs() < 1e-30, "{gradient:?}");
    }
}

#[test]
fn layers_that_do_not_fit_are_refused_by_their_index() {
    let new = |layers: Vec<Layer>, parameters| {
        Chain::new(Shape::new(2, 4, 4), layers, 0, Connection::Plain, parameters)
            .unwrap_err()
            .to_string()
    };
    let conv = |kernel, stride, weight| Convolution {
        direction: Direction::Forward,
        channels: 3,
        kernel: Extent::square(kernel),
        stride: Extent { height: 1, width: stride },
        padding: Padding::Valid,
        weight,
        bias: weight + 6 * kernel * kernel,
        activation: Activation::Relu,
    };
    let pool = |height, width| MaxPooling {
        size: Extent { height, width },
        stride: Extent::square(1),
        padding: Padding::Valid,
    };
    let dropout = Dropout { rate: 1.0 };
    let dense = Dense {
        inputs: 31,
        outputs: 1,
        weight: Weight::Own { offset: 0 },
        bias: 31,
        activation: Activation::Relu,
    };
    for (layers, parameters, expected) in [
        (
            vec![conv(3, 1, 0).into(), pool(2, 3).into()],
            57,
            "layer 1: expected a map of at least 2 x 3 positions",
        ),
        (vec![pool(1, 0).into()], 0, "found a window of 1 x 0 and a stride of 1 x 1"),
        (vec![conv(5, 1, 0).into()], 153, "layer 0: expected a convolution that fits"),
        (vec![conv(3, 0, 0).into()], 57, "layer 0: expected a convolution that fits"),
        (vec![conv(3, 1, 1).into()], 58, "found 1 where 0 was next"),
        (vec![dropout.into()], 0, "layer 0: expected a rate in [0, 1), found 1"),
        (vec![dense.into()], 32, "layer 0: expected 32 inputs, the numbers of 2 x 4 x 4, found 31"),
        (vec![TopK { k: 33 }.into()], 0, "layer 0: expected a k from 1 to 32, found 33"),
        (
            vec![pool(1, 1).into(), Sample.into(), Sample.into()],
            0,
            "layer 2: expected an even number",
        ),
        (
            vec![ae_kernels::PixelUnshuffle { factor: 3 }.into()],
            0,
            "layer 0: expected a height and a width that are multiples of 3",
        ),
        (
            vec![ae_kernels::Upsampling { factor: Extent { height: 1, width: usize::MAX } }.into()],
            0,
            "layer 0: expected at most 67108864 numbers",
        ),
        (
            vec![ae_kernels::Upsampling { factor: Extent { height: 2, width: 0 } }.into()],
            0,
            "layer 0: expected a factor of at least 1 x 1, found 2 x 0",
        ),
    ] {
        let found = new(layers, parameters);
        assert!(found.contains(expected), "{found}, not {expected}");
    }
}

#[test]
fn a_problem_that_cannot_be_computed_is_refused() {
    let linear = Activation::Linear;
    let chain = Builder::new(4, 1, 1).with(Dropout { rate: 0.5 }).dense(4, linear).dense(4, linear);
    let chain = chain.chain(1);
    let mut gradient = vec![0.0; chain.parameters()];
    let parameters = gradient.clone();
    let mut refused = |objective: &Objective| {
        let batch = Batch::new(1, Target::Input, |_, _: &mut [f32], _: &mut [f32]| {});
        let problem = Problem { chain: &chain, objective };
        Trainer::new().gradient(problem, &parameters, batch, &mut gradient).unwrap_err()
    };
    assert_eq!(refused(&MSE), ChainError::NoDraws { layer: 0 });
    let bce = Objective::new(Loss::BinaryCrossEntropy);
    assert_eq!(refused(&bce), ChainError::LossOfNoProbability);
    let kl = refused(&MSE.with(Kl { weight: 1.0 })).to_string();
    assert_eq!(
        kl,
        "the penalty kl: expected a chain with one layer that samples, found none or several"
    );
    let packed = PackedChain::new(&chain, &parameters).unwrap();
    let found = packed.posterior(&[0.0; 4], &mut [0.0; 2], &mut [0.0; 2]);
    assert_eq!(found, Err(ChainError::NoSample));
    let residual =
        Chain::new(Shape::vector(4), vec![TopK { k: 1 }.into()], 0, Connection::Residual, 0)
            .unwrap();
    assert!(residual.check_objective(&bce).is_err());
}

/// A denoiser of 3 x 3 convolutions: its maps are far larger than a thread's memory.
#[test]
fn the_memory_of_a_chain_with_maps_is_bounded() {
    let relu = Activation::Relu;
    let denoiser = |side: usize| {
        Builder::new(1, side, side)
            .conv(64, [3, 1], Padding::Same, relu)
            .conv(64, [3, 1], Padding::Same, relu)
            .conv(1, [3, 1], Padding::Same, Activation::Linear)
            .residual(1)
    };
    let bytes = |rows, threads| denoiser(40).working_bytes(&MSE, rows, threads);
    assert_eq!(bytes(256, 2), bytes(256, 1) + (bytes(256, 1) - bytes(256, 0)));
    // An item is 1600 x (2 x 64 + 2 x 64 + 1 + 2 x 64) numbers, and a thread has one, however many rows there are.
    let of_thread = bytes(256, 1) - bytes(256, 0);
    assert!((2_464_000..2_600_000).contains(&of_thread), "{of_thread}");
    assert!(bytes(100_000, 1) < 2 * bytes(256, 1), "{}", bytes(100_000, 1));
}

/// What is kept of every item at the cuts of a chain: the numbers before it and the gradient there, 4 bytes each.
#[test]
fn the_memory_of_statistics_grows_with_the_batch() {
    let linear = Activation::Linear;
    let conv = |channels| Builder::new(1, 8, 8).conv(channels, [3, 1], Padding::Same, linear);
    let plain = conv(3).conv(1, [3, 1], Padding::Same, Activation::Sigmoid).chain(0);
    let encoder = conv(3).batch_norm().conv(1, [3, 1], Padding::Same, linear).chain(1);
    let decoder = conv(3).conv(5, [3, 1], Padding::Same, linear).batch_norm();
    let decoder = decoder.conv(1, [3, 1], Padding::Same, linear).chain(0);
    let code = conv(3).with(Activation::Sigmoid).conv(1, [3, 1], Padding::Same, linear).chain(1);
    let sparse = MSE.with(KlSparsity { target: 0.1, weight: 0.1 });
    let unweighted = MSE.with(KlSparsity { target: 0.1, weight: 0.0 });
    for (chain, objective, cuts) in [
        (&plain, &MSE, None),
        (&encoder, &MSE, Some(3)),
        (&decoder, &MSE, Some(5)),
        (&code, &sparse, Some(3)),
        (&code, &unweighted, None),
    ] {
        // Batches of 9 and of 15 groups, of which as many gradients wait for others.
        let grown = chain.working_bytes(objective, 15 * 256, 1);
        let grown = grown - chain.working_bytes(objective, 9 * 256, 1);
        let of_slices = 4 * 6 * 256 / 8 * chain.parameters();
        match cuts {
            None => assert_eq!(grown, 0, "{chain:?}"),
            Some(channels) => {
                let of_rows = 4 * 6 * 256 * 64 * (2 * channels + 2);
                assert!(grown >= of_rows && grown <= of_rows + of_slices, "{grown}, {chain:?}");
            }
        }
    }
}
