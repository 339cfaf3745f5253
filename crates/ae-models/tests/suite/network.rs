//! Networks as lists of layers: shapes, parameters and first values, and what is refused.

use ae_models::Activation::{Linear, Relu, Sigmoid, Tanh};
use ae_models::layer::{Conv, ConvTranspose, Dense, Dropout, MaxPool, Reshape, Sample};
use ae_models::{
    Activation, CheckedNetwork, Distribution, Draws, Initialisation, Layer, Loss, ModelKind,
    ModelSpec, Network, Objective, Padding, Part, Seed, Shape, convolutional_variational,
    keras_conv, keras_conv_denoiser, variational,
};
use serde_json::json;

const MNIST: Shape = Shape { channels: 1, height: 28, width: 28 };

/// The presets by name, with the shape of the code and the number of parameters.
pub(crate) fn presets() -> [(&'static str, Network, [usize; 3], usize); 5] {
    let tutorial = ModelSpec::tutorial(ModelKind::Regular).network;
    [
        ("dense", tutorial, [32, 1, 1], 784 * 32 + 32 + 32 * 784 + 784),
        // 16 (9 + 1) + 8 (144 + 1) + 3 * 8 (72 + 1) + 16 (72 + 1) + 144 + 1, which `model.summary()` of Keras also counts.
        ("conv", keras_conv(MNIST, Sigmoid), [8, 4, 4], 4385),
        // 32 (9 + 1) + 3 * 32 (288 + 1) + 288 + 1.
        ("conv-denoiser", keras_conv_denoiser(MNIST, Sigmoid), [32, 7, 7], 28_353),
        // 785 * 400 + 401 * 40 + 21 * 400 + 401 * 784: PyTorch's example, whose two heads of 20 are one layer here.
        ("vae", variational(MNIST, &[400], 20, Sigmoid), [20, 1, 1], 652_824),
        // 32 (9 + 1) + 64 (288 + 1) + 40 (3136 + 1) + 3136 (20 + 1) + 64 (576 + 1) + 32 (576 + 1) + 288 + 1.
        ("conv-vae", convolutional_variational(MNIST, 20, Sigmoid), [20, 1, 1], 265_833),
    ]
}

#[test]
fn presets_have_the_published_shapes_and_parameters() {
    for (name, network, [channels, height, width], parameters) in presets() {
        let checked = network.check().unwrap();
        assert_eq!(checked.code(), Shape { channels, height, width }, "{name}");
        assert_eq!(checked.input(), MNIST, "{name}");
        assert_eq!(checked.layout().len(), parameters, "{name}");
        assert!(checked.output_is_probability(), "{name}");
        assert_eq!(checked.is_variational(), name.ends_with("vae"));
        let layers = checked.layers();
        let output = layers.last().unwrap().output;
        assert_eq!(output.numbers(), 784, "{name}");
        assert!(layers.windows(2).all(|pair| pair[0].output == pair[1].input), "{name}");
    }
}

#[test]
fn parameters_are_named_by_the_positions_of_their_layers() {
    let names = |network: &CheckedNetwork, part| {
        let layout = network.layout_of(part);
        let views = layout.views().iter();
        views.map(|view| format!("{} {:?}", view.name, view.shape)).collect::<Vec<_>>()
    };
    let network = keras_conv(MNIST, Sigmoid).check().unwrap();
    assert_eq!(
        names(&network, Part::Encoder),
        [
            "encoder.0.weight [16, 1, 3, 3]",
            "encoder.0.bias [16]",
            "encoder.2.weight [8, 16, 3, 3]",
            "encoder.2.bias [8]",
            "encoder.4.weight [8, 8, 3, 3]",
            "encoder.4.bias [8]",
        ]
    );
    assert_eq!(
        names(&network, Part::Decoder)[4..],
        [
            "decoder.4.weight [16, 8, 3, 3]",
            "decoder.4.bias [16]",
            "decoder.6.weight [1, 16, 3, 3]",
            "decoder.6.bias [1]",
        ]
    );
    let vae = variational(MNIST, &[400], 20, Sigmoid).check().unwrap();
    assert_eq!(
        names(&vae, Part::Encoder)[2..],
        ["encoder.1.weight [40, 400]", "encoder.1.bias [40]"]
    );
    assert_eq!(names(&vae, Part::Decoder)[0], "decoder.0.weight [400, 20]");
}

/// One layer of each kind that has parameters or draws numbers.
pub(crate) fn mixed() -> Network {
    let layers = json!([
        { "layer": "conv", "channels": 4, "kernel": 3, "stride": 2 },
        { "layer": "batch-norm" },
        { "layer": "activation", "activation": "relu" },
        { "layer": "dropout", "rate": 0.25 },
        { "layer": "gaussian-noise", "deviation": 0.5 },
        { "layer": "conv", "channels": 6, "kernel": [1, 3], "padding": "valid" },
        { "layer": "sample" },
    ]);
    let decoder = json!([
        { "layer": "conv-transpose", "channels": 2, "kernel": [1, 3], "padding": "valid" },
        { "layer": "upsample", "factor": 2 },
        { "layer": "conv", "channels": 1, "kernel": 1, "activation": "sigmoid" },
    ]);
    let spec = json!({ "image": [6, 8], "encoder": layers, "decoder": decoder });
    serde_json::from_value::<ModelSpec>(spec).unwrap().network
}

#[test]
fn running_statistics_are_not_trained() {
    let network = mixed().check().unwrap();
    let layout = network.layout();
    let names = |is_trained: bool| {
        let views = layout.views().iter().filter(move |view| view.is_trained == is_trained);
        views.map(|view| view.name.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(names(false), ["encoder.1.running_mean", "encoder.1.running_var"]);
    assert_eq!(names(true)[2..4], ["encoder.1.weight", "encoder.1.bias"]);
    // 4 * 9 + 4 numbers of the convolution, then 4 weights and 4 biases.
    let untrained = layout.untrained();
    assert_eq!((untrained.len(), untrained[0].clone()), (1, 48..56));
    assert!(network.needs_batch_statistics());
    let spec = ModelSpec { kind: ModelKind::Denoising, network: mixed() };
    let architecture = spec.architecture().unwrap();
    assert!(architecture.needs_batch_statistics() && architecture.is_variational());
}

#[test]
fn random_layers_say_what_they_draw() {
    let network = mixed().check().unwrap();
    let draws = network.draws();
    let found: Vec<_> = draws.iter().map(|it| (it.index, it.layer.as_str(), it.draws)).collect();
    let draw = |distribution, numbers| Draws { distribution, numbers };
    assert_eq!(
        found,
        [
            (3, "encoder.3", draw(Distribution::Uniform, 4 * 3 * 4)),
            (4, "encoder.4", draw(Distribution::Normal, 4 * 3 * 4)),
            (6, "encoder.6", draw(Distribution::Normal, 3 * 3 * 2)),
        ]
    );
}

/// The limit of a weight's first values, and the values themselves.
fn drawn(network: &Network, name: &str) -> Vec<f32> {
    network.check().unwrap().initialise(Seed::new(3)).get(name).unwrap().to_vec()
}

#[test]
fn weights_begin_within_the_limits_of_their_fans() {
    let conv = |channels| {
        Layer::Conv(Conv {
            channels,
            kernel: [3, 5],
            stride: [1, 1],
            padding: Padding::Same,
            activation: Linear,
        })
    };
    let transposed = Layer::ConvTranspose(ConvTranspose {
        channels: 12,
        kernel: [3, 5],
        stride: [1, 1],
        padding: Padding::Same,
        activation: Relu,
    });
    let dense = |outputs| Layer::Dense(Dense { outputs, activation: Relu, tied_to: None });
    let mut network = Network {
        image: [10, 10],
        channels: 1,
        encoder: vec![conv(20), transposed, dense(50)],
        decoder: vec![dense(100)],
        residual: false,
        noise_level: false,
        initialisation: Initialisation::Glorot,
    };
    for (name, fan_in, fan_out) in [
        ("encoder.0.weight", 15.0_f32, 300.0),
        ("encoder.1.weight", 300.0, 180.0),
        ("encoder.2.weight", 1200.0, 50.0),
        ("decoder.0.weight", 50.0, 100.0),
    ] {
        for (initialisation, fans) in
            [(Initialisation::Glorot, fan_in + fan_out), (Initialisation::He, fan_in)]
        {
            network.initialisation = initialisation;
            let limit = (6.0 / fans).sqrt();
            let values = drawn(&network, name);
            let largest = values.iter().fold(0.0_f32, |max, value| max.max(value.abs()));
            // The largest of 300 uniform numbers is below 0.96 of the limit with a probability of 5e-6.
            assert!(
                largest <= limit * 1.000_001 && largest > 0.96 * limit,
                "{name}: {largest} of {limit}"
            );
            let mean = values.iter().sum::<f32>() / values.len() as f32 / limit;
            // Five standard errors of the mean of uniform numbers.
            assert!(mean.abs() < 5.0 / (3.0 * values.len() as f32).sqrt(), "{name}: {mean}");
        }
    }
}

/// A weight that begins at zero never moves in some networks, so a forgotten initialisation shows nowhere else.
#[test]
fn no_trained_parameter_but_biases_begins_at_zero() {
    let networks = presets().map(|(_, network, ..)| network).into_iter().chain([mixed()]);
    for network in networks {
        let parameters = network.check().unwrap().initialise(Seed::new(1));
        for view in parameters.layout().views() {
            let values = parameters.get(&view.name).unwrap();
            let last = view.name.rsplit('.').next().unwrap();
            match last {
                "weight" => assert!(values.iter().all(|&value| value != 0.0), "{}", view.name),
                "running_var" => assert!(values.iter().all(|&value| value == 1.0)),
                "bias" | "running_mean" => assert!(values.iter().all(|&value| value == 0.0)),
                other => panic!("{other}"),
            }
        }
    }
}

/// A network of 1 x 6 x 8 with this encoder and a dense decoder.
fn with_encoder(encoder: serde_json::Value) -> Result<CheckedNetwork, String> {
    let decoder = json!([{ "layer": "dense", "outputs": 48 }]);
    let spec = json!({ "image": [6, 8], "encoder": encoder, "decoder": decoder });
    let spec: ModelSpec = serde_json::from_value(spec).map_err(|error| error.to_string())?;
    spec.check().map_err(|error| error.to_string())
}

#[test]
fn a_layer_that_does_not_fit_is_named_with_what_it_must_be() {
    let first = json!({ "layer": "conv", "channels": 4, "kernel": 3, "stride": 2 });
    for (layer, message) in [
        (json!({ "layer": "dense", "outputs": 0 }), "must have at least 1 output, but found 0"),
        (
            json!({ "layer": "conv", "channels": 0, "kernel": 3 }),
            "must have at least 1 channel, but found 0",
        ),
        (
            json!({ "layer": "conv", "channels": 2, "kernel": [0, 3] }),
            "must have a kernel of at least 1 x 1, but found 0 x 3",
        ),
        (
            json!({ "layer": "conv", "channels": 2, "kernel": 3, "stride": 0 }),
            "must have a stride of at least 1 x 1, but found 0 x 0",
        ),
        (
            json!({ "layer": "conv", "channels": 2, "kernel": [4, 2], "padding": "valid" }),
            "must have a kernel that fits into a map of 3 x 4, as it has no padding, but found 4 x 2",
        ),
        (
            json!({ "layer": "conv-transpose", "channels": 2, "kernel": 0 }),
            "must have a kernel of at least 1 x 1, but found 0 x 0",
        ),
        (
            json!({ "layer": "conv-transpose", "channels": 2, "kernel": 2, "stride": 18_446_744_073_709_551_615_u64 }),
            "must have an output of 1 to 67108864 numbers an item, but found 2 x 18446744073709551615 x 18446744073709551615",
        ),
        (
            json!({ "layer": "upsample", "factor": 0 }),
            "must have a factor of at least 1 x 1, but found 0 x 0",
        ),
        (
            json!({ "layer": "max-pool", "size": 0 }),
            "must have a size of at least 1 x 1, but found 0 x 0",
        ),
        (
            json!({ "layer": "max-pool", "size": 5, "padding": "valid" }),
            "must have a size that fits into a map of 3 x 4, as it has no padding, but found 5 x 5",
        ),
        (
            json!({ "layer": "pixel-unshuffle", "factor": 2 }),
            "must have a factor that divides 3 and 4, but found 2",
        ),
        (
            json!({ "layer": "pixel-shuffle", "factor": 3 }),
            "must have a factor whose square divides the 4 channels, but found 3",
        ),
        (
            json!({ "layer": "reshape", "shape": [4, 4, 4] }),
            "must have a shape of 48 numbers, as its input 4 x 3 x 4, but found 4 x 4 x 4",
        ),
        (
            json!({ "layer": "batch-norm", "momentum": 0.0 }),
            "must have a momentum above 0 and at most 1, but found 0",
        ),
        (
            json!({ "layer": "batch-norm", "epsilon": 0.0 }),
            "must have a finite epsilon above 0, but found 0",
        ),
        (
            json!({ "layer": "dropout", "rate": 1.0 }),
            "must have a rate of at least 0 and below 1, but found 1",
        ),
        (
            json!({ "layer": "gaussian-noise", "deviation": -0.5 }),
            "must have a finite deviation of at least 0, but found -0.5",
        ),
        (json!({ "layer": "top-k", "k": 49 }), "must have a k from 1 to 48, but found 49"),
        (
            json!({ "layer": "dense", "outputs": 48, "tied_to": 0 }),
            "must be in the decoder and tied to a dense layer of the encoder from 48 to 48 numbers, but found encoder.1 tied to encoder.0",
        ),
    ] {
        let kind = layer["layer"].as_str().unwrap().to_owned();
        let error = with_encoder(json!([first, layer])).unwrap_err();
        assert_eq!(error, format!("the layer encoder.1 (`{kind}`) {message}"));
    }
}

#[test]
fn windows_are_a_number_or_two() {
    let conv = |kernel| with_encoder(json!([{ "layer": "conv", "channels": 1, "kernel": kernel }]));
    assert_eq!(conv(json!(3)), conv(json!([3, 3])));
    for kernel in [json!("3"), json!([3]), json!([3, 3, 3]), json!(-3), json!(1.5)] {
        let error = conv(kernel).unwrap_err();
        assert!(error.contains("expected a number or a list of two numbers"), "{error}");
    }
}

#[test]
fn what_no_layer_alone_decides_is_refused_with_what_it_must_be() {
    let refused = |change: fn(&mut Network)| {
        let mut network = variational(Shape { channels: 1, height: 2, width: 3 }, &[4], 2, Sigmoid);
        change(&mut network);
        network.check().map(|_| ()).unwrap_err().to_string()
    };
    let sample = "the layer encoder.2 (`sample`) must be the encoder's last layer, encoder.3";
    assert_eq!(refused(|network| network.encoder.push(network.encoder[0].clone())), sample);
    assert_eq!(
        refused(|network| network.encoder = vec![Layer::Sample(Sample {})]),
        "the layer encoder.0 (`sample`) needs an even number of channels, means and log-variances, but found 1"
    );
    assert_eq!(
        refused(|network| network.encoder.clear()),
        "the model's encoder must be a list of 1 to 256 layers, but found 0"
    );
    assert_eq!(
        refused(|network| network.decoder.truncate(1)),
        "the model's decoder must be a list that ends with the item's shape 1 x 2 x 3, but found 4 x 1 x 1"
    );
    assert_eq!(
        refused(|network| network.residual = true),
        "the model's last activation must be linear, as the network is residual: its output is the input plus the \
         layers' output, but found sigmoid"
    );
    assert_eq!(
        refused(|network| network.channels = 2),
        "the model's channels must be 1 or 3, but found 2"
    );
    assert_eq!(
        refused(|network| network.image = [1 << 14, 1 << 14]),
        "the model's image must be so small that an item has at most 67108864 numbers, but found [16384, 16384]"
    );
    assert_eq!(
        refused(|network| network.encoder[0] = dense(1 << 26)),
        "the model's encoder and decoder must be so narrow that they have at most 268435456 parameters (1.1 GB), \
         but found 738197550 (3.0 GB)"
    );
}

fn dense(outputs: usize) -> Layer {
    Layer::Dense(Dense { outputs, activation: Tanh, tied_to: None })
}

/// Layers that only move numbers do not hide the activation before them.
#[test]
fn the_last_activation_may_stand_before_layers_that_move_numbers() {
    let mut network = keras_conv_denoiser(MNIST, Sigmoid);
    network.decoder.push(Layer::Reshape(Reshape { shape: [784, 1, 1] }));
    assert!(network.check().unwrap().output_is_probability());
    network.decoder.push(Layer::Dropout(Dropout { rate: 0.5 }));
    assert!(!network.check().unwrap().output_is_probability());
    assert_eq!(network.check().unwrap().last_activation(), Activation::Linear);
    // A decoder that only moves numbers has none; the code's is none of the output.
    network.encoder = vec![sigmoid(784)];
    network.decoder = vec![Layer::Reshape(Reshape { shape: [1, 28, 28] })];
    assert_eq!(network.check().unwrap().last_activation(), Activation::Linear);
    let objective = Objective::new(Loss::BinaryCrossEntropy);
    assert!(network.check().unwrap().check_objective(&objective).is_err());
}

fn sigmoid(outputs: usize) -> Layer {
    Layer::Dense(Dense { outputs, activation: Sigmoid, tied_to: None })
}

/// Keras' `MaxPooling2D((2, 2), padding="same")` brings 28 to 14, 7 and 4.
#[test]
fn odd_maps_are_pooled_with_padding() {
    let pool = || Layer::MaxPool(MaxPool { size: [2, 2], stride: None, padding: Padding::Same });
    let network = Network {
        encoder: vec![pool(), pool(), pool()],
        decoder: vec![dense(784)],
        ..keras_conv(MNIST, Sigmoid)
    };
    let heights: Vec<_> =
        network.check().unwrap().layers().iter().map(|layer| layer.output.height).collect();
    assert_eq!(heights, [14, 7, 4, 1]);
}
