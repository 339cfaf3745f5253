//! Keys of a study, and of the numbers that must be reached.

use super::{SpecKey, of, optional, required};

const NAME: &str = "letters, digits, `.`, `_` and `-`, beginning with a letter or a digit";
const DIMENSIONALITY: &[&str] = &["dimensionality-reduction"];
const DENOISING: &[&str] = &["denoising-comparison"];
const ANOMALIES: &[&str] = &["anomaly-detection"];
const FEATURES: &[&str] = &["feature-learning"];
const COMPRESSION: &[&str] = &["compression"];
const CLASSIFICATION: &[&str] = &["classification"];
const PHOTOGRAPHS: &[&str] = &["photographs"];
const NETWORKS: &[&str] = &["classification", "photographs"];

pub(super) const KEYS: &[SpecKey] = &[
    required(
        "study.kind",
        "\"dimensionality-reduction\"",
        "dimensionality-reduction, denoising-comparison, anomaly-detection, feature-learning, compression, classification or photographs",
        "The purpose for which several models are trained and compared (`ae study`).",
    ),
    of(
        DIMENSIONALITY,
        required(
            "study.hidden",
            "[128]",
            "widths, 1 or more each",
            "Widths between the numbers of an image and the code; the decoder mirrors them.",
        ),
    ),
    of(
        DIMENSIONALITY,
        required(
            "study.dimensions",
            "[2, 8, 32]",
            "1 or more each",
            "Lengths of the code, with a linear and a deep model each.",
        ),
    ),
    of(
        DENOISING,
        required(
            "study.noises.name",
            "\"gaussian\"",
            NAME,
            "The name of a noise and of its model's file.",
        ),
    ),
    of(
        DENOISING,
        required(
            "study.noises.strengths",
            "[\"gaussian:0.2\", \"gaussian:0.5\"]",
            "noises, from weak to strong",
            "The strengths of this noise; the figure shows the one in the middle.",
        ),
    ),
    of(
        ANOMALIES,
        required(
            "study.repetitions",
            "3",
            "1 to 100",
            "How often the whole study is repeated, with the seeds that follow the spec's.",
        ),
    ),
    of(
        ANOMALIES,
        required(
            "study.best",
            "\"squared\"",
            "the name of one of the scores",
            "The score that is judged.",
        ),
    ),
    of(
        &["denoising-comparison", "anomaly-detection", "compression"],
        required(
            "study.pca_components",
            "32",
            "1 or more; a list of them for denoising-comparison",
            "Components of the PCA that the models are compared with.",
        ),
    ),
    of(
        ANOMALIES,
        required(
            "study.scores.name",
            "\"squared\"",
            NAME,
            "The name of a score in the table and the figures.",
        ),
    ),
    of(
        ANOMALIES,
        required(
            "study.scores.error.score",
            "\"squared\"",
            "squared, standardised, latent or likelihood",
            "What the score is computed from.",
        ),
    ),
    of(
        ANOMALIES,
        optional(
            "study.scores.error.noise.noise",
            ["the model sees the image itself", "\"masking:0.35\""],
            "a noise",
            "The noise on the copies of an image that the model reconstructs.",
        ),
    ),
    of(
        ANOMALIES,
        optional(
            "study.scores.error.noise.draws",
            ["no copies", "8"],
            "1 to 1000",
            "The number of noisy copies.",
        ),
    ),
    of(
        ANOMALIES,
        optional(
            "study.scores.error.noise.seed",
            ["no copies", "42"],
            "0 to 2^63 - 1",
            "The seed of this noise.",
        ),
    ),
    of(
        ANOMALIES,
        required(
            "study.scores.error.smoothing",
            "0.0",
            "0 to 100",
            "The standard deviation, in pixels, of a Gaussian that smooths images before they are compared.",
        ),
    ),
    of(
        FEATURES,
        required(
            "study.noises",
            "[\"masking:0.5\"]",
            "noises",
            "The noises, one kind of model each; the network without noise is always among them.",
        ),
    ),
    of(
        FEATURES,
        required(
            "study.models",
            "3",
            "1 to 100; for compression a list of lists of widths",
            "The number of networks that learn with each noise.",
        ),
    ),
    of(
        FEATURES,
        required(
            "study.probe.labels",
            "[100, 1000]",
            "1 to the number of training images each",
            "Numbers of labels that the classifiers learn from; all labels are always tried too.",
        ),
    ),
    of(
        FEATURES,
        required(
            "study.probe.repetitions",
            "5",
            "1 to 1000",
            "How often a part of the labels is drawn.",
        ),
    ),
    of(
        COMPRESSION,
        required(
            "study.models",
            "[[784, 32]]",
            "lists of widths",
            "Widths from the pixels to the code, a model each; the decoder mirrors them.",
        ),
    ),
    of(
        PHOTOGRAPHS,
        optional(
            "study.pictures",
            ["pictures are procedural", "\"../photos\""],
            "a folder with train400, and bsd68 or set12",
            "The photographs that networks learn from and are judged on.",
        ),
    ),
    of(
        PHOTOGRAPHS,
        required(
            "study.levels",
            "[15, 25, 50]",
            "1 to 255 each",
            "Standard deviations of the noise, in units of 1/255.",
        ),
    ),
    of(
        PHOTOGRAPHS,
        required(
            "study.most",
            "68",
            "1 or more",
            "The most pictures of each test set that are denoised.",
        ),
    ),
    of(NETWORKS, required("study.networks.name", "\"denoising\"", NAME, "The name of a network.")),
    of(
        NETWORKS,
        optional(
            "study.networks.set",
            ["the network is the spec's", "[\"model.kind=denoising\"]"],
            "KEY=VALUE, each as `--set` takes it",
            "What this network has other than the spec says.",
        ),
    ),
    of(
        PHOTOGRAPHS,
        optional(
            "study.networks.levels",
            ["all levels of the study", "[25]"],
            "levels of the study",
            "The levels at which this network is judged.",
        ),
    ),
    of(
        CLASSIFICATION,
        optional(
            "study.networks.pretraining",
            ["whole", "\"layers\""],
            "whole, layers or none",
            "Whether the network is trained as a whole, layer by layer, or not at all before it learns from labels.",
        ),
    ),
    of(
        CLASSIFICATION,
        required("study.fine_tuning.epochs", "30", "1 or more", "The most epochs on labels."),
    ),
    of(
        CLASSIFICATION,
        required("study.fine_tuning.batch_size", "128", "1 or more", "Items of a batch."),
    ),
    of(
        CLASSIFICATION,
        required("study.fine_tuning.learning_rate", "0.001", "above 0", "The step size of Adam."),
    ),
    of(
        CLASSIFICATION,
        required(
            "study.fine_tuning.patience",
            "5",
            "1 or more",
            "Epochs without a lower error on held-out items after which the training ends.",
        ),
    ),
    required(
        "expected.dataset",
        "\"mnist\"",
        "a data set's name",
        "The data that the expectation is for.",
    ),
    required(
        "expected.epochs",
        "50",
        "1 or more",
        "The number of epochs after which it is judged.",
    ),
    required(
        "expected.metric",
        "\"val_bce\"",
        "a metric of the record",
        "The metric that is judged.",
    ),
    optional("expected.at_most", ["`at_least` is given", "0.094"], "finite", "The upper bound."),
    optional("expected.at_least", ["`at_most` is given", "0.9"], "finite", "The lower bound."),
    required("expected.published", "\"0.09\"", "text", "What others have published or measured."),
    required(
        "expected.source",
        "\"https://blog.keras.io\"",
        "text",
        "The source of the published number.",
    ),
];
