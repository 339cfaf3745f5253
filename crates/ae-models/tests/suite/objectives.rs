//! Which objectives suit which networks, and what is said about the others.

use ae_models::Activation::{self, Linear, Relu, Sigmoid};
use ae_models::{
    CodeL1, Contractive, DenseConfig, Kl, KlSparsity, Loss, ModelKind, ModelSpec, Network,
    Objective, Shape, keras_conv, variational,
};

const SMALL: Shape = Shape { channels: 1, height: 2, width: 3 };

fn dense(encoder: &[usize], code: Activation, output: Activation) -> Network {
    let config = DenseConfig {
        image: [2, 3],
        encoder: encoder.to_vec(),
        decoder: encoder.iter().rev().copied().collect(),
        code_activation: code,
        output_activation: output,
        ..DenseConfig::default()
    };
    config.network().unwrap()
}

fn bce() -> Objective {
    Objective::new(Loss::BinaryCrossEntropy)
}

#[test]
fn objectives_that_suit_are_taken() {
    let mse = Objective::new(Loss::MeanSquaredError);
    let kl = bce().with(Kl { weight: 0.0 });
    for (network, objective) in [
        (dense(&[6, 3], Relu, Sigmoid), bce().with(CodeL1 { weight: 1e-5 })),
        (dense(&[6, 3], Relu, Activation::Tanh), mse.clone()),
        (dense(&[6, 4, 3], Sigmoid, Linear), mse.with(KlSparsity { target: 0.05, weight: 3.0 })),
        (dense(&[6, 3], Sigmoid, Sigmoid), bce().with(Contractive { weight: 0.1 })),
        (variational(SMALL, &[4], 2, Sigmoid), kl),
        (keras_conv(Shape { channels: 3, height: 28, width: 28 }, Sigmoid), bce()),
    ] {
        network.check().unwrap().check_objective(&objective).unwrap();
    }
}

/// What is missing is said in the kernels' words, with the penalty's name and with what to do.
#[test]
fn an_objective_that_does_not_suit_is_refused_with_what_to_do() {
    let sigmoid = || dense(&[6, 3], Sigmoid, Sigmoid);
    for (network, objective, parts) in [
        (
            dense(&[6, 3], Relu, Linear),
            bce(),
            [
                "binary cross-entropy needs a sigmoid as the last activation, and no residual connection",
                "; take the loss `mean-squared-error` or the output activation `sigmoid`",
            ],
        ),
        (
            sigmoid(),
            Objective::new(Loss::SoftmaxCrossEntropy),
            [
                "softmax cross-entropy is a loss of classes, not of reconstructions",
                "; take `binary-cross-entropy`, `mean-squared-error` or `mean-absolute-error`",
            ],
        ),
        (
            variational(SMALL, &[4], 2, Sigmoid),
            bce(),
            [
                "a network with a `sample` layer needs the penalty `kl`, without which the variances of its codes vanish",
                "; add `kl` with the weight 1",
            ],
        ),
        (
            sigmoid(),
            bce().with(Kl { weight: 1.0 }),
            [
                "the penalty `kl` needs ",
                "; end the encoder with twice the code's channels and a `sample` layer",
            ],
        ),
        (
            dense(&[6, 3], Relu, Sigmoid),
            bce().with(KlSparsity { target: 0.05, weight: 3.0 }),
            [
                "the penalty `kl_sparsity` needs ",
                "but found relu; take a target such as 0.05, and the activation `sigmoid`",
            ],
        ),
        (
            sigmoid(),
            bce().with(KlSparsity { target: 1.0, weight: 3.0 }),
            [
                "the penalty `kl_sparsity` needs a target ",
                "but found 1; take a target such as 0.05",
            ],
        ),
        (
            dense(&[6, 4, 3], Sigmoid, Sigmoid),
            bce().with(Contractive { weight: 0.1 }),
            [
                "the penalty `contractive` needs an encoder of one dense layer",
                "; give the encoder one dense layer with the activation `sigmoid`",
            ],
        ),
        (
            sigmoid(),
            bce().with(CodeL1 { weight: -1.0 }),
            ["the model's code_l1 must be a finite number, 0 or above", ", but found -1"],
        ),
        (
            sigmoid(),
            bce().with(Contractive { weight: f32::NAN }),
            ["the model's contractive must be a finite number, 0 or above", ", but found NaN"],
        ),
    ] {
        let error = network.check().unwrap().check_objective(&objective).unwrap_err().to_string();
        assert!(error.starts_with(parts[0]) && error.contains(parts[1]), "{error}");
        // The same of a network that is known by its architecture.
        let spec = ModelSpec { kind: ModelKind::Regular, network };
        let refused = spec.architecture().unwrap().check_objective(&objective);
        assert_eq!(refused.unwrap_err().to_string(), error);
    }
}
