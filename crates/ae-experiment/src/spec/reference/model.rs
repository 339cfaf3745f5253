//! Keys of the network.

use super::{SpecKey, given, of, optional};

const ACTIVATIONS: &str = "linear, relu, leaky-relu, elu, selu, sigmoid, tanh or softplus";
const DENSE: &[&str] = &["dense"];
const VAE: &[&str] = &["vae"];
const VARIATIONAL: &[&str] = &["vae", "conv-vae"];
const LAYERS: &[&str] = &["layers"];
const DENOISER: &[&str] = &["denoiser"];
const NAMED: &[&str] = &["dense", "conv", "conv-denoiser", "vae", "conv-vae"];

const TOLD: &str = "Whether the network is told the standard deviation of the noise, as the last plane of its input.";

pub(super) const KEYS: &[SpecKey] = &[
    given(
        "model.kind",
        "\"regular\"",
        "regular or denoising",
        "Whether the model learns to remove noise.",
    ),
    given(
        "model.network",
        "\"dense\"",
        "dense, conv, conv-denoiser, vae, conv-vae, denoiser or layers",
        "The network: dense layers by their widths, the convolutional networks of the Keras blog, variational \
         autoencoders of dense layers or of convolutions, a denoiser for photographs, or a list of layers. It decides which of the keys below there are.",
    ),
    of(
        DENSE,
        given(
            "model.encoder",
            "[784, 32]",
            "two or more widths, 1 or more each",
            "Widths of the encoder, from the numbers of an image to the code.",
        ),
    ),
    of(
        LAYERS,
        given(
            "model.encoder",
            "[{ layer = \"conv\", channels = 8, kernel = 5, stride = 4, activation = \"relu\" }]",
            "1 to 256 layers",
            "Layers of the encoder, from an image to the code.",
        ),
    ),
    of(
        VAE,
        given(
            "model.hidden",
            "[400]",
            "widths, 1 or more each; none for no hidden layer",
            "Widths between the numbers of an image and the code; the decoder mirrors them.",
        ),
    ),
    of(VARIATIONAL, given("model.code", "20", "1 or more", "Numbers of the code.")),
    of(
        DENSE,
        given(
            "model.decoder",
            "[32, 784]",
            "two or more widths, 1 or more each",
            "Widths of the decoder, from the code to the numbers of an image.",
        ),
    ),
    of(
        LAYERS,
        given(
            "model.decoder",
            "[{ layer = \"conv-transpose\", channels = 1, kernel = 5, stride = 4, activation = \"sigmoid\" }]",
            "1 to 256 layers",
            "Layers of the decoder, from the code to an image.",
        ),
    ),
    of(
        DENSE,
        given(
            "model.hidden_activation",
            "\"relu\"",
            ACTIVATIONS,
            "The activation of every layer but the code's and the last.",
        ),
    ),
    of(
        DENSE,
        given("model.code_activation", "\"relu\"", ACTIVATIONS, "The activation of the code."),
    ),
    of(
        NAMED,
        given(
            "model.output_activation",
            "\"sigmoid\"",
            "sigmoid or linear",
            "The activation of the last layer.",
        ),
    ),
    of(
        DENSE,
        given(
            "model.tied_weights",
            "false",
            "true or false",
            "Whether the decoder uses the encoder's weights, transposed.",
        ),
    ),
    of(
        DENSE,
        optional(
            "model.top_k",
            ["all stay", "8"],
            "1 to the length of the code",
            "How many numbers of a code stay, the largest ones; the others become 0 (k-sparse).",
        ),
    ),
    of(
        LAYERS,
        given(
            "model.residual",
            "false",
            "true or false",
            "Whether the image is added to the output; the last layer is then linear.",
        ),
    ),
    of(
        DENOISER,
        given("model.features", "48", "1 or more", "Channels of every convolution but the last."),
    ),
    of(
        DENOISER,
        given("model.depth", "8", "2 to 256", "Convolutions, half of them in the encoder."),
    ),
    of(
        DENOISER,
        given(
            "model.hidden_activation",
            "\"relu\"",
            ACTIVATIONS,
            "The activation of every convolution but the last.",
        ),
    ),
    of(
        DENOISER,
        given(
            "model.residual",
            "true",
            "true or false",
            "Whether the image is added to the output of the layers.",
        ),
    ),
    of(DENOISER, given("model.noise_level", "true", "true or false", TOLD)),
    of(LAYERS, given("model.noise_level", "false", "true or false", TOLD)),
    given(
        "model.initialisation",
        "\"glorot\"",
        "glorot, he or residual",
        "How weights begin: uniform, within Glorot's limits or He's, which suit deep networks of ReLU; residual suits residual \
         networks, which then begin as the identity. It is the denoiser's if nothing is said.",
    ),
];
