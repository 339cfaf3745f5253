//! Chains of random layers: gradients against differences in `f64`, inference against naive loops.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use ae_kernels::{
    Activation, CodeL1, Dropout, Extent, GaussianNoise, Loss, MaxPooling, Objective, Padding,
    PixelShuffle, PixelUnshuffle, Reshape, Sample, Shape, TopK, Upsampling,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use support::chains::Builder;
use support::checks::{check, check_inference};

const BCE: Objective = Objective::new(Loss::BinaryCrossEntropy);

const SAME: Padding = Padding::Same;
const VALID: Padding = Padding::Valid;
const TANH: Activation = Activation::Tanh;
const SIGMOID: Activation = Activation::Sigmoid;
const LINEAR: Activation = Activation::Linear;

const fn extent([height, width]: [usize; 2]) -> Extent {
    Extent { height, width }
}

/// Adds a layer of this kind, if it fits and the map stays small.
fn with_any(builder: Builder, kind: usize, pick: usize, activation: Activation) -> Builder {
    let shape = builder.shape();
    let (small, padding) =
        (shape.numbers() <= 60, if pick.is_multiple_of(2) { SAME } else { VALID });
    let (size, stride) =
        (extent([1 + pick % 3, 1 + pick / 3 % 3]), [1 + pick / 9 % 2, 1 + pick / 18]);
    let (window, factor) = ([size, extent(stride)], extent([1 + pick % 2, 1 + pick / 2 % 3]));
    let is_within = shape.height >= size.height && shape.width >= size.width;
    let fits = padding == SAME || is_within;
    match kind {
        0 => builder.dense(1 + pick % 6, activation),
        1 if fits => builder.conv_of(1 + pick % 4, window, padding, activation),
        2 if small => builder.transposed_of(1 + pick % 4, window, padding, activation),
        3 if small => builder.with(Upsampling { factor }),
        4 if fits => builder.with(MaxPooling { size, stride: extent(stride), padding }),
        5 if shape.height.is_multiple_of(2) && shape.width.is_multiple_of(2) => {
            builder.with(PixelUnshuffle { factor: 2 })
        }
        6 if shape.channels.is_multiple_of(4) => builder.with(PixelShuffle { factor: 2 }),
        7 => builder.with(Reshape { shape: Shape::new(shape.height, shape.width, shape.channels) }),
        8 => builder.batch_norm(),
        9 => builder.with(activation),
        10 => builder.with(Dropout { rate: 0.25 }),
        11 => builder.with(GaussianNoise { deviation: 0.3 }),
        12 => builder.with(TopK { k: 1 + pick % shape.numbers() }),
        13 if shape.channels.is_multiple_of(2) => builder.with(Sample),
        _ => builder,
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(17),
        ..ProptestConfig::with_cases(48)
    })]

    #[test]
    fn random_chains_have_their_gradient(
        shape in (1_usize..5, 1_usize..7, 1_usize..7),
        kinds in prop::collection::vec((0_usize..14, 0_usize..36, 0_usize..4), 1..7),
        ends_with_a_map in any::<bool>(),
        rows in prop_oneof![9 => 1_usize..30, 1 => 250_usize..270],
        code in 0_usize..8,
        seed in 0_u32..1_000_000,
    ) {
        let mut builder = Builder::new(shape.0, shape.1, shape.2);
        for (kind, pick, activation) in kinds {
            // Without kinks, which differences would step over.
            let activation = [TANH, SIGMOID, LINEAR, Activation::Softplus][activation];
            builder = with_any(builder, kind, pick, activation);
        }
        builder = if ends_with_a_map {
            builder.conv(2, [2, 1], SAME, SIGMOID)
        } else {
            builder.dense(5, SIGMOID)
        };
        let code = code.min(builder.depth().saturating_sub(2));
        let penalised = code + 1 < builder.depth();
        let chain = builder.chain(code);
        let objective = if penalised { BCE.with(CodeL1 { weight: 0.05 }) } else { BCE };
        check(&chain, &objective, rows, 12, seed);
        check_inference(&chain, rows, seed);
    }
}
