//! Keys of the noise, the training and the checkpoints.

use super::{SpecKey, given, of, optional};

const ADAMS: &[&str] = &["adam", "adam-w"];
const ADAM_W: &[&str] = &["adam-w"];
const SGD: &[&str] = &["sgd"];
const STEP: &[&str] = &["step"];
const COSINE: &[&str] = &["cosine"];
const FACTOR: &[&str] = &["step", "exponential"];

pub(super) const KEYS: &[SpecKey] = &[
    given(
        "corruption.noise",
        "\"gaussian:0.5\"",
        "a noise, a chain (`masking:0.25+gaussian:0.1`) or a choice (`a|b`)",
        "The noise that a denoising model learns to remove.",
    ),
    given("corruption.drawn", "\"once\"", "once or every-epoch", "How often the noise is drawn."),
    given("training.epochs", "50", "1 or more", "Passes over the training data."),
    given("training.batch_size", "256", "1 or more", "Items of a batch."),
    given(
        "training.loss",
        "\"binary-cross-entropy\"",
        "binary-cross-entropy (bce), mean-squared-error (mse) or mean-absolute-error (mae)",
        "The loss that is minimised.",
    ),
    optional(
        "training.code_l1",
        ["0.0", "0.0"],
        "finite, 0 or more",
        "The weight of an L1 penalty on the code; 0 is none.",
    ),
    optional(
        "training.kl_weight",
        ["1 if the code is a sample, as in `vae`; other networks have none", "1.0"],
        "finite, 0 or more",
        "The weight (beta) of the divergence of a variational code from N(0, 1).",
    ),
    optional(
        "training.kl_warm_up",
        ["no warm-up", "10"],
        "1 or more",
        "Epochs in which that weight rises linearly from 0.",
    ),
    optional(
        "training.sparsity_weight",
        ["no such penalty", "0.1"],
        "finite, 0 or more",
        "The weight of the divergence of the code units' mean activations from the target; needs a sigmoid code.",
    ),
    optional(
        "training.sparsity_target",
        ["0.05, if there is a weight", "0.05"],
        "above 0 and below 1",
        "The mean activation that the units of a sparse code are to have.",
    ),
    optional(
        "training.contractive_weight",
        ["no such penalty", "0.1"],
        "finite, 0 or more",
        "The weight of the squared norm of the code's derivative by the input; needs an encoder of one dense layer with a \
         sigmoid.",
    ),
    optional(
        "training.blind_spot",
        ["no pixel is hidden", "0.015625"],
        "above 0, at most 0.25",
        "The fraction of pixels to hide and find from their neighbours: denoising learned from noisy images alone.",
    ),
    optional(
        "training.clip_norm",
        ["gradients are not clipped", "1.0"],
        "finite, above 0",
        "The largest Euclidean norm of a gradient.",
    ),
    optional(
        "training.engine",
        ["the fastest that supports the model", "\"fused\""],
        "fused or autograd",
        "How gradients are computed.",
    ),
    given("training.optimizer.kind", "\"adam\"", "adam, adam-w or sgd", "The optimizer."),
    given(
        "training.optimizer.learning_rate",
        "0.001",
        "finite, above 0",
        "The step size before the schedule.",
    ),
    of(
        ADAMS,
        given(
            "training.optimizer.beta1",
            "0.9",
            "0 to below 1",
            "Decay of the gradient's running mean.",
        ),
    ),
    of(
        ADAMS,
        given(
            "training.optimizer.beta2",
            "0.999",
            "0 to below 1",
            "Decay of the squared gradient's running mean.",
        ),
    ),
    of(
        ADAMS,
        given(
            "training.optimizer.epsilon",
            "1e-7",
            "finite, above 0",
            "Added to the denominator of a step.",
        ),
    ),
    of(
        ADAM_W,
        given(
            "training.optimizer.weight_decay",
            "0.01",
            "finite, 0 or more",
            "The fraction of a weight that a step of size 1 takes away.",
        ),
    ),
    of(
        SGD,
        given(
            "training.optimizer.momentum",
            "0.9",
            "0 to below 1",
            "The fraction of the velocity that a step keeps; 0 is plain descent.",
        ),
    ),
    given(
        "training.schedule.kind",
        "\"constant\"",
        "constant, step, exponential or cosine",
        "The course of the learning rate.",
    ),
    of(
        FACTOR,
        given(
            "training.schedule.factor",
            "0.5",
            "above 0, at most 1",
            "What the learning rate is multiplied by: at every step of `step`, over every epoch of `exponential`.",
        ),
    ),
    of(
        STEP,
        given("training.schedule.every_epochs", "10", "1 or more", "Epochs between two steps."),
    ),
    of(
        COSINE,
        given(
            "training.schedule.warmup_epochs",
            "0",
            "0 or more",
            "Epochs in which the learning rate rises linearly from 0.",
        ),
    ),
    of(
        COSINE,
        given(
            "training.schedule.final_factor",
            "0.0",
            "0 to 1",
            "The last step's fraction of the learning rate.",
        ),
    ),
    given(
        "training.early_stopping.metric",
        "\"val_bce\"",
        "a metric of the curve",
        "The metric that decides; lower is better.",
    ),
    given(
        "training.early_stopping.patience",
        "10",
        "1 or more",
        "Epochs without a better value after which the training stops.",
    ),
    given(
        "training.early_stopping.min_delta",
        "0.0",
        "finite, 0 or more",
        "How much lower a value must be to count as better.",
    ),
    given(
        "checkpoints.keep",
        "2",
        "1 or more",
        "The number of newest checkpoints that are kept, beside the best model.",
    ),
    optional("checkpoints.every", ["1", "10"], "1 or more", "Epochs between two checkpoints."),
];
