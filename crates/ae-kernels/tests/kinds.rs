//! A row for every kind of layer and of penalty: gradients against differences in `f64`, inference against naive loops.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use ae_kernels::{
    Activation, Chain, CodeL1, Contractive, Dropout, Extent, GaussianNoise, Kl, KlSparsity, Layer,
    Loss, MaxPooling, Objective, Padding, Penalty, PixelShuffle, PixelUnshuffle, Reshape, Sample,
    Shape, TopK, Upsampling,
};
use support::chains::Builder;
use support::checks::{check, check_inference};

const BCE: Objective = Objective::new(Loss::BinaryCrossEntropy);

const SAME: Padding = Padding::Same;
const VALID: Padding = Padding::Valid;
const TANH: Activation = Activation::Tanh;
const SIGMOID: Activation = Activation::Sigmoid;
const LINEAR: Activation = Activation::Linear;

/// A short chain with a layer of this kind. A new kind fails here until it has a row.
fn chain_with(kind: &str, activation: Activation) -> Chain {
    let maps = || Builder::new(2, 4, 4).conv(4, [1, 1], SAME, TANH);
    let size = Extent { height: 2, width: 3 };
    let builder = match kind {
        "Dense" => maps().dense(5, activation),
        "Convolution" => {
            maps().conv(3, [3, 2], VALID, activation).transposed(2, [3, 2], SAME, activation)
        }
        "Upsampling" => maps().with(Upsampling { factor: size }),
        "MaxPooling" => maps().with(MaxPooling { size, stride: size, padding: SAME }),
        "PixelUnshuffle" => maps().with(PixelUnshuffle { factor: 2 }),
        "PixelShuffle" => maps().with(PixelShuffle { factor: 2 }),
        "Reshape" => maps().with(Reshape { shape: Shape::new(2, 16, 2) }),
        "BatchNorm" => maps().batch_norm(),
        "Activation" => maps().with(activation),
        "Dropout" => maps().with(Dropout { rate: 0.4 }),
        "GaussianNoise" => maps().with(GaussianNoise { deviation: 0.2 }),
        "TopK" => maps().with(TopK { k: 9 }),
        "Sample" => maps().with(Sample),
        other => panic!("no chain with {other}"),
    };
    builder.dense(6, SIGMOID).chain(1)
}

#[test]
fn every_kind_of_layer_has_its_gradient_with_every_activation() {
    for (kind, seed) in Layer::VARIANTS.iter().zip(60..) {
        for activation in Activation::ALL {
            let chain = chain_with(kind, activation);
            let of_kind = |layer: &Layer| format!("{layer:?}").starts_with(kind);
            assert!(chain.layers().iter().any(of_kind), "no {kind} in {chain:?}");
            check(&chain, &BCE.with(CodeL1 { weight: 0.1 }), 9, 60, seed);
            check_inference(&chain, 9, seed);
        }
    }
}

#[test]
fn every_kind_of_penalty_has_its_gradient() {
    for penalty in Penalty::VARIANTS {
        let dense = Builder::new(6, 1, 1);
        let (builder, penalty): (_, Penalty) = match *penalty {
            "CodeL1" => (dense.dense(4, TANH), CodeL1 { weight: 0.3 }.into()),
            "Kl" => (dense.dense(8, LINEAR).with(Sample), Kl { weight: 0.3 }.into()),
            "KlSparsity" => {
                (dense.dense(4, SIGMOID), KlSparsity { target: 0.2, weight: 0.3 }.into())
            }
            "Contractive" => (dense.dense(4, SIGMOID), Contractive { weight: 0.3 }.into()),
            other => panic!("no chain with {other}"),
        };
        let code = builder.depth() - 1;
        check(&builder.dense(6, SIGMOID).chain(code), &BCE.with(penalty), 9, 80, 80);
    }
}
