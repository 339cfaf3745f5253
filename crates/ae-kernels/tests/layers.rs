//! Every kind of layer and penalty: gradients against differences in `f64`, inference against naive loops.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use ae_kernels::{
    Activation, ChainError, CodeL1, Contractive, Dropout, Extent, GaussianNoise, Kl, KlSparsity,
    Loss, MaxPooling, Objective, Padding, PixelShuffle, PixelUnshuffle, Reshape, Sample, Shape,
    TopK, Upsampling,
};
use support::chains::Builder;
use support::checks::{check, check_inference};

const BCE: Objective = Objective::new(Loss::BinaryCrossEntropy);
const MSE: Objective = Objective::new(Loss::MeanSquaredError);

const SAME: Padding = Padding::Same;
const VALID: Padding = Padding::Valid;
const RELU: Activation = Activation::Relu;
const TANH: Activation = Activation::Tanh;
const SIGMOID: Activation = Activation::Sigmoid;
const LINEAR: Activation = Activation::Linear;

const fn extent([height, width]: [usize; 2]) -> Extent {
    Extent { height, width }
}

#[test]
fn convolutions_have_their_gradient() {
    for (shape, sizes, padding) in [
        ([1, 1, 1], [1, 1], SAME),
        ([1, 1, 1], [3, 2], SAME),
        ([2, 5, 7], [3, 1], SAME),
        ([3, 7, 5], [3, 2], SAME),
        ([1, 7, 11], [2, 3], SAME),
        ([2, 7, 7], [3, 1], VALID),
        ([1, 11, 7], [2, 5], VALID),
        ([2, 5, 5], [5, 1], VALID),
        ([2, 5, 3], [4, 2], SAME),
    ] {
        let [channels, height, width] = shape;
        for activation in [TANH, SIGMOID, LINEAR] {
            let builder =
                || Builder::new(channels, height, width).conv(3, sizes, padding, activation);
            let chain = builder().conv(2, [2, 1], SAME, SIGMOID).chain(0);
            check(&chain, &BCE, 7, 60, 1);
            check_inference(&chain, 9, 2);
            let chain = builder().dense(5, TANH).chain(0);
            check(&chain, &MSE, 1, 60, 3);
            check_inference(&chain, 3, 4);
        }
    }
}

#[test]
fn transposed_convolutions_have_their_gradient() {
    for (shape, sizes, padding) in [
        ([1, 1, 1], [1, 1], SAME),
        ([1, 1, 1], [3, 2], VALID),
        ([2, 3, 5], [3, 2], SAME),
        ([3, 2, 3], [2, 2], VALID),
        ([1, 3, 2], [2, 3], SAME),
        ([2, 2, 3], [4, 1], SAME),
    ] {
        let [channels, height, width] = shape;
        let builder = Builder::new(channels, height, width).conv(3, [2, 1], SAME, TANH);
        let chain = builder.transposed(2, sizes, padding, SIGMOID).chain(0);
        check(&chain, &BCE, 5, 60, 5);
        check_inference(&chain, 4, 6);
    }
}

/// Kernels and strides that differ down and across.
#[test]
fn convolutions_that_are_not_square_have_their_gradient() {
    for (shape, kernel, stride, padding) in [
        ([1, 1, 1], [1, 3], [2, 1], SAME),
        ([2, 5, 7], [3, 1], [1, 1], SAME),
        ([2, 7, 5], [1, 4], [1, 2], SAME),
        ([1, 7, 8], [5, 2], [3, 1], SAME),
        ([3, 4, 6], [3, 3], [2, 1], SAME),
        ([1, 4, 3], [2, 9], [1, 1], SAME),
        ([2, 6, 9], [1, 3], [1, 1], VALID),
        ([1, 9, 4], [5, 2], [1, 3], VALID),
        ([2, 5, 3], [5, 1], [4, 2], VALID),
    ] {
        let (sizes, [channels, height, width]) = ([extent(kernel), extent(stride)], shape);
        let builder = || Builder::new(channels, height, width);
        let chain = builder().conv_of(3, sizes, padding, TANH).conv(2, [2, 1], SAME, SIGMOID);
        let chain = chain.chain(0);
        check(&chain, &BCE, 7, 60, 44);
        check_inference(&chain, 9, 45);
        // As many channels as fill vectors before the convolution, after it, and on both sides.
        for (first, second) in [(32, 3), (3, 32), (32, 32)] {
            let wide = builder().conv(first, [1, 1], SAME, TANH);
            let chain = wide.conv_of(second, sizes, padding, SIGMOID).chain(0);
            check(&chain, &BCE, 3, 30, 46);
            check_inference(&chain, 3, 47);
        }
        let chain = builder().conv(3, [2, 1], SAME, TANH);
        let chain = chain.transposed_of(2, sizes, padding, SIGMOID).chain(0);
        check(&chain, &BCE, 5, 60, 48);
        check_inference(&chain, 4, 49);
    }
}

#[test]
fn pooling_and_upsampling_have_their_gradient() {
    for (size, stride, factor, padding) in [
        ([2, 2], [2, 2], [2, 2], SAME),
        ([3, 3], [2, 2], [2, 2], SAME),
        ([2, 2], [2, 2], [1, 1], VALID),
        ([3, 3], [1, 1], [1, 3], SAME),
        ([2, 2], [3, 3], [3, 1], SAME),
        ([1, 1], [1, 1], [2, 2], VALID),
        ([1, 3], [1, 2], [2, 1], SAME),
        ([4, 1], [3, 1], [1, 2], VALID),
        ([2, 5], [1, 5], [2, 3], VALID),
        ([3, 2], [1, 2], [4, 2], SAME),
        ([1, 2], [3, 1], [1, 1], SAME),
        // Windows larger than the map.
        ([20, 3], [2, 1], [1, 2], SAME),
        ([15, 11], [1, 3], [1, 1], SAME),
    ] {
        let [size, stride, factor] = [size, stride, factor].map(extent);
        let chain = Builder::new(2, 7, 5)
            .conv(3, [3, 1], SAME, TANH)
            .with(MaxPooling { size, stride, padding })
            .conv(2, [3, 1], SAME, TANH)
            .with(Upsampling { factor })
            .conv(1, [3, 1], SAME, SIGMOID)
            .chain(2);
        check(&chain, &BCE, 9, 60, 7);
        check_inference(&chain, 5, 8);
    }
}

#[test]
fn shuffles_and_reshapes_have_their_gradient() {
    let chain = Builder::new(3, 4, 6)
        .with(PixelUnshuffle { factor: 2 })
        .conv(8, [3, 1], SAME, TANH)
        .with(PixelShuffle { factor: 2 })
        .with(Reshape { shape: Shape::new(4, 3, 4) })
        .conv(4, [2, 1], SAME, LINEAR)
        .with(TANH)
        .with(Reshape { shape: Shape::vector(48) })
        .dense(12, SIGMOID)
        .with(Reshape { shape: Shape::new(3, 2, 2) })
        .chain(1);
    check(&chain, &BCE, 6, 80, 9);
    check_inference(&chain, 6, 10);
    // The activation is taken after the numbers were moved.
    let chain = Builder::new(1, 4, 4)
        .with(PixelUnshuffle { factor: 2 })
        .conv(4, [1, 1], SAME, SIGMOID)
        .with(PixelShuffle { factor: 2 })
        .chain(0);
    check(&chain, &BCE, 6, 80, 11);
    check_inference(&chain, 6, 12);
}

/// The code's activation is no activation of the output, even if the decoder only moves numbers.
#[test]
fn a_decoder_that_only_moves_numbers_is_linear() {
    let encoder = || Builder::new(4, 2, 2).conv(4, [1, 1], SAME, SIGMOID);
    let shape = Shape::new(1, 4, 4);
    let reshape = encoder().with(Reshape { shape }).chain(0);
    let shuffle = encoder().with(PixelShuffle { factor: 2 }).with(Reshape { shape }).chain(0);
    for chain in [reshape, shuffle] {
        assert_eq!(chain.last_activation(), LINEAR);
        assert!(!chain.output_is_probability());
        assert_eq!(chain.check_objective(&BCE), Err(ChainError::LossOfNoProbability));
        check(&chain, &MSE.with(CodeL1 { weight: 0.1 }), 6, 80, 50);
        check_inference(&chain, 6, 51);
    }
    let encoder = encoder().with(Reshape { shape }).chain(1);
    assert!(encoder.output_is_probability());
    check(&encoder, &BCE, 6, 80, 52);
    check_inference(&encoder, 6, 53);
    let activated = Builder::new(4, 2, 2).conv(4, [1, 1], SAME, TANH).with(SIGMOID);
    let activated = activated.with(PixelShuffle { factor: 2 }).with(Reshape { shape }).chain(0);
    assert!(activated.output_is_probability());
    check(&activated, &BCE, 6, 80, 54);
    check_inference(&activated, 6, 55);
}

#[test]
fn random_layers_have_their_gradient() {
    for rows in [1, 7, 70] {
        let chain = Builder::new(2, 3, 3)
            .with(Dropout { rate: 0.3 })
            .conv(3, [2, 1], SAME, TANH)
            .with(GaussianNoise { deviation: 0.2 })
            .with(Dropout { rate: 0.5 })
            .dense(6, TANH)
            .with(GaussianNoise { deviation: 0.1 })
            .dense(18, SIGMOID)
            .chain(4);
        check(&chain, &BCE, rows, 60, 13);
        check_inference(&chain, rows, 14);
    }
    let chain = Builder::new(9, 1, 1).with(Dropout { rate: 0.3 }).dense(5, RELU).dense(9, SIGMOID);
    let chain = chain.chain(1);
    check(&chain, &BCE, 70, 60, 15);
    check_inference(&chain, 70, 16);
}

#[test]
fn variational_networks_have_their_gradient() {
    let objective = BCE.with(Kl { weight: 0.7 });
    for rows in [1, 7, 70, 300] {
        let dense = Builder::new(12, 1, 1)
            .dense(9, RELU)
            .dense(6, LINEAR)
            .with(Sample)
            .dense(9, RELU)
            .dense(12, SIGMOID)
            .chain(2);
        check(&dense, &objective, rows, 60, 17);
        check_inference(&dense, rows, 18);
    }
    let maps = Builder::new(1, 4, 6)
        .conv(4, [3, 2], SAME, TANH)
        .conv(6, [1, 1], SAME, LINEAR)
        .with(Sample)
        .transposed(1, [3, 2], SAME, SIGMOID)
        .chain(2);
    check(&maps, &objective, 9, 60, 19);
    check_inference(&maps, 9, 20);
}

#[test]
fn sparse_codes_have_their_gradient() {
    for rows in [1, 7, 70] {
        let chain =
            Builder::new(12, 1, 1).dense(9, LINEAR).with(TopK { k: 4 }).tied(0, SIGMOID).chain(1);
        check(&chain, &BCE.with(CodeL1 { weight: 0.1 }), rows, 60, 21);
        check_inference(&chain, rows, 22);
    }
    let maps = Builder::new(2, 3, 5).conv(4, [3, 1], SAME, TANH).with(TopK { k: 7 });
    let maps = maps.conv(2, [3, 1], SAME, SIGMOID).chain(1);
    check(&maps, &BCE.with(CodeL1 { weight: 0.1 }), 9, 60, 23);
    check_inference(&maps, 9, 24);
}

/// A batch normalisation of numbers that are mostly 0 gives large ones, and logits of 20 and more after a dense layer.
#[test]
fn saturated_outputs_have_their_gradient() {
    let factor = Extent { height: 2, width: 3 };
    for (rows, seed) in [(256, 56), (257, 57), (7, 58)] {
        let sparse = Builder::new(2, 6, 5).with(Upsampling { factor }).with(TopK { k: 19 });
        let chain = sparse.batch_norm().dense(5, SIGMOID).chain(1);
        check(&chain, &BCE.with(CodeL1 { weight: 0.05 }), rows, 12, seed);
    }
}

#[test]
fn penalties_have_their_gradient() {
    let dense = |ties: bool| {
        let builder = Builder::new(3, 2, 2).dense(5, SIGMOID);
        if ties { builder.tied(0, SIGMOID).chain(0) } else { builder.dense(12, SIGMOID).chain(0) }
    };
    for ties in [false, true] {
        for rows in [1, 7, 300] {
            let sparse = KlSparsity { target: 0.1, weight: 0.3 };
            check(&dense(ties), &BCE.with(sparse), rows, 80, 25);
            check(&dense(ties), &MSE.with(Contractive { weight: 0.2 }), rows, 80, 26);
            let all = BCE.with(CodeL1 { weight: 0.1 }).with(sparse);
            check(&dense(ties), &all.with(Contractive { weight: 0.2 }), rows, 80, 27);
        }
    }
    let maps = Builder::new(1, 4, 4)
        .conv(2, [3, 2], SAME, SIGMOID)
        .with(Upsampling { factor: Extent::square(2) })
        .conv(1, [3, 1], SAME, SIGMOID)
        .chain(0);
    check(&maps, &BCE.with(KlSparsity { target: 0.2, weight: 0.1 }), 20, 60, 28);
}

#[test]
fn batch_normalisation_has_its_gradient() {
    // With two items the differences that are normalised are close to 0, and so is their precision.
    for rows in [5, 7, 70] {
        let chain = Builder::new(2, 4, 3)
            .conv(3, [3, 1], SAME, LINEAR)
            .batch_norm()
            .with(RELU)
            .conv(4, [3, 2], SAME, TANH)
            .batch_norm()
            .dense(6, LINEAR)
            .batch_norm()
            .with(TANH)
            .dense(24, SIGMOID)
            .chain(4);
        check(&chain, &BCE.with(CodeL1 { weight: 0.1 }), rows, 80, 29);
        check_inference(&chain, rows, 30);
        let first = Builder::new(5, 1, 1).batch_norm().dense(3, SIGMOID).batch_norm();
        let first = first.dense(5, SIGMOID).chain(1);
        let sparse = KlSparsity { target: 0.2, weight: 0.1 };
        check(&first, &MSE.with(sparse), rows, 80, 31);
        check_inference(&first, rows, 32);
    }
    let transposed = Builder::new(2, 3, 2)
        .transposed(3, [3, 2], SAME, LINEAR)
        .batch_norm()
        .conv(1, [3, 1], VALID, LINEAR)
        .batch_norm()
        .chain(1);
    check(&transposed, &MSE, 20, 80, 33);
    check_inference(&transposed, 20, 34);
}

#[test]
fn residual_networks_and_classifiers_have_their_gradient() {
    let residual =
        Builder::new(2, 5, 3).conv(3, [3, 1], SAME, RELU).conv(2, [3, 1], SAME, TANH).residual(0);
    check(&residual, &MSE, 9, 60, 35);
    check_inference(&residual, 9, 36);
    // An input with a plane more than the output: the first planes are added.
    let told = Builder::new(3, 5, 3).conv(4, [3, 1], SAME, RELU).conv(2, [3, 1], SAME, TANH);
    let told = told.residual(0);
    check(&told, &MSE, 9, 60, 35);
    check_inference(&told, 9, 36);
    let dense = Builder::new(9, 1, 1).dense(4, TANH).dense(9, LINEAR).residual(0);
    check(&dense, &MSE, 70, 60, 37);
    check_inference(&dense, 70, 38);
    let classes = Objective::new(Loss::SoftmaxCrossEntropy);
    let classifier = Builder::new(9, 1, 1).dense(6, TANH).dense(10, LINEAR).chain(0);
    check(&classifier, &classes, 70, 60, 39);
    let maps = Builder::new(1, 5, 4).conv(3, [3, 2], SAME, TANH).dense(4, LINEAR).chain(0);
    check(&maps, &classes, 9, 60, 40);
}

/// More items than a group, dense layers and maps together.
#[test]
fn large_batches_have_their_gradient() {
    let dense = Builder::new(7, 1, 1).dense(3, TANH).dense(7, SIGMOID).chain(0);
    check(&dense, &BCE, 1000, 60, 41);
    let mixed =
        Builder::new(1, 3, 3).conv(2, [3, 1], SAME, TANH).dense(4, TANH).dense(9, SIGMOID).chain(1);
    check(&mixed, &BCE.with(CodeL1 { weight: 0.1 }), 600, 30, 42);
    let norm = Builder::new(1, 3, 3).conv(2, [3, 1], SAME, LINEAR).batch_norm().dense(9, SIGMOID);
    check(&norm.chain(1), &BCE, 300, 30, 43);
}
