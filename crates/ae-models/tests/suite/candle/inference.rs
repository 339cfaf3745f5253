//! Inference by the kernels against candle's forward pass.

use ae_models::{
    Activation, Autoencoder, Decoder, DenseConfig, DrawnNumbers, Encoder, EncoderInference,
    Inference, Loss, ModelError, ModelKind, ModelSpec, Objective, RowLosses, SavedModel, Shape,
    TensorInference, TrainingInput, TrainingPass, keras_conv, keras_conv_denoiser, variational,
};
use ae_random::Seed;
use candle_core::{DType, Device, Tensor};

use crate::kinds;

/// A model of these widths, weights and biases drawn from a seed.
fn model(
    image: [usize; 2],
    hidden: &[usize],
    activations: [Activation; 2],
    output: Activation,
    tied_weights: bool,
) -> SavedModel {
    let encoder: Vec<usize> = [image[0] * image[1]].iter().chain(hidden).copied().collect();
    let dense = DenseConfig {
        image,
        channels: 1,
        decoder: encoder.iter().rev().copied().collect(),
        encoder,
        hidden_activation: activations[0],
        code_activation: activations[1],
        output_activation: output,
        tied_weights,
    };
    filled(dense.model(ModelKind::Regular).unwrap())
}

/// A model with weights from a seed, and no number that is 0 or 1.
fn filled(spec: ModelSpec) -> SavedModel {
    let mut parameters = spec.architecture().unwrap().initialise(Seed::new(7));
    for (index, value) in parameters.values_mut().iter_mut().enumerate() {
        *value += 0.01 * ((index * 7) % 11) as f32 - 0.05;
    }
    SavedModel::new(spec, parameters)
}

fn images(name: &str, rows: usize, pixels: usize) -> Vec<f32> {
    let mut images = vec![0.0; rows * pixels];
    Seed::new(3).stream(name).fill_uniform(&mut images);
    images
}

fn close(what: &str, ours: &[f32], candle: &[f32]) {
    assert_eq!(ours.len(), candle.len(), "{what}");
    for (ours, candle) in ours.iter().zip(candle) {
        assert!((ours - candle).abs() <= 1e-5 * candle.abs().max(1.0), "{what}: {ours} {candle}");
    }
}

/// Everything that both do, compared.
fn check(model: &SavedModel, rows: usize) {
    assert!(model.spec.architecture().unwrap().chain().is_some(), "candle would meet itself");
    let ours = model.inference(&Device::Cpu).unwrap();
    let (pixels, numbers) = (ours.pixels(), ours.inputs());
    let candle =
        TensorInference::new(numbers, model.autoencoder(&Device::Cpu).unwrap(), &Device::Cpu)
            .with_pixels(pixels);
    let encoder = model.encoder().unwrap().inference(&Device::Cpu).unwrap();
    assert_eq!(ours.latent_dim(), candle.latent_dim());
    assert_eq!(ours.output_is_probability(), candle.output_is_probability());
    let (images, targets) = (images("seen", rows, numbers), images("wanted", rows, pixels));
    let run = |inference: &dyn Inference| {
        let mut codes = vec![0.0; rows * inference.latent_dim()];
        let [mut outputs, mut decoded, mut logits, mut activated] =
            [(); 4].map(|()| vec![0.0; rows * pixels]);
        let mut errors = vec![0.0; rows];
        inference.encode(&images, &mut codes).unwrap();
        inference.decode(&codes, &mut decoded).unwrap();
        inference.reconstruct(&images, &mut outputs).unwrap();
        inference.forward(&images, &mut logits, &mut activated).unwrap();
        inference.squared_errors(&images, &targets, &mut errors).unwrap();
        let mut losses = vec![RowLosses::default(); rows];
        inference.losses(&images, &targets, &mut losses).unwrap();
        for (losses, &error) in losses.iter().zip(&errors) {
            assert!((losses.squared_error - error).abs() <= 1e-5 * error, "{losses:?} {error}");
        }
        (codes, decoded, outputs, logits, activated, errors, losses)
    };
    let (ours, candle) = (run(ours.as_ref()), run(&candle));
    close("codes", &ours.0, &candle.0);
    close("decoded codes", &ours.1, &candle.1);
    close("reconstructions", &ours.2, &candle.2);
    close("logits", &ours.3, &candle.3);
    close("outputs", &ours.4, &candle.4);
    for (ours, candle) in ours.5.iter().zip(candle.5) {
        assert!((ours - candle).abs() <= 1e-5 * candle, "{ours} {candle}");
    }
    for (ours, candle) in ours.6.iter().zip(candle.6) {
        assert_eq!(ours.cross_entropy.is_some(), candle.cross_entropy.is_some());
        let [ours, candle] = [*ours, candle].map(|losses| losses.cross_entropy.unwrap_or(0.0));
        assert!((ours - candle).abs() <= 1e-5 * candle, "{ours} {candle}");
    }
    let mut codes = vec![0.0; ours.0.len()];
    encoder.encode(&images, &mut codes).unwrap();
    assert_eq!(codes, ours.0);
    check_posteriors(model, &images, codes.len());
}

/// Means and log-variances of the kernels, of candle, and of a model that says nothing of its posterior but in a pass.
fn check_posteriors(model: &SavedModel, images: &[f32], numbers: usize) {
    let kernels = model.inference(&Device::Cpu).unwrap();
    let (pixels, inputs, device) = (kernels.pixels(), kernels.inputs(), &Device::Cpu);
    let autoencoder = || model.autoencoder(device).unwrap();
    let candle = TensorInference::new(inputs, autoencoder(), device).with_pixels(pixels);
    let whole = TensorInference::new(inputs, Box::new(Whole(autoencoder())), device);
    let whole = whole.with_pixels(pixels);
    let posterior = |inference: &dyn Inference| {
        let [mut means, mut log_variances] = [(); 2].map(|()| vec![0.0; numbers]);
        inference.posterior(images, &mut means, &mut log_variances).map(|()| [means, log_variances])
    };
    let expected = posterior(kernels.as_ref());
    for found in [posterior(&candle), posterior(&whole)] {
        match (&expected, found) {
            (Ok([means, log_variances]), Ok(found)) => {
                close("means", means, &found[0]);
                close("log-variances", log_variances, &found[1]);
            }
            (expected, found) => {
                assert!(!model.spec.check().unwrap().is_variational());
                assert!(matches!(expected, Err(ModelError::NoPosterior)), "{expected:?}");
                assert!(matches!(found, Err(ModelError::NoPosterior)), "{found:?}");
            }
        }
    }
}

/// A model as another crate could define it: what has a default is left at it.
struct Whole(Box<dyn Autoencoder>);

impl Encoder for Whole {
    fn latent_dim(&self) -> usize {
        self.0.latent_dim()
    }

    fn encode(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        self.0.encode(images)
    }
}

impl Decoder for Whole {
    fn decode_logits(&self, codes: &Tensor) -> Result<Tensor, ModelError> {
        self.0.decode_logits(codes)
    }

    fn activate(&self, logits: &Tensor) -> Result<Tensor, ModelError> {
        self.0.activate(logits)
    }

    fn output_is_probability(&self) -> bool {
        self.0.output_is_probability()
    }
}

impl Autoencoder for Whole {
    fn input(&self) -> TrainingInput {
        self.0.input()
    }

    fn forward_training(
        &self,
        inputs: &Tensor,
        draws: &dyn DrawnNumbers,
    ) -> Result<TrainingPass, ModelError> {
        self.0.forward_training(inputs, draws)
    }

    fn forward_validation(
        &self,
        inputs: &Tensor,
        draws: &dyn DrawnNumbers,
    ) -> Result<TrainingPass, ModelError> {
        self.0.forward_validation(inputs, draws)
    }
}

#[test]
fn the_kernels_agree_with_candle() {
    for (index, activation) in Activation::ALL.into_iter().enumerate() {
        let activations = [activation, Activation::ALL[(index + 3) % Activation::ALL.len()]];
        for (output, tied) in
            [(Activation::Sigmoid, false), (Activation::Sigmoid, true), (Activation::Linear, true)]
        {
            check(&model([7, 5], &[19, 33, 1], activations, output, tied), 9);
        }
    }
    let relu = [Activation::Relu, Activation::Relu];
    for rows in [1, 257] {
        check(&model([28, 28], &[32], relu, Activation::Sigmoid, false), rows);
        check(&model([28, 28], &[128, 64, 32], relu, Activation::Sigmoid, true), rows);
    }
    check(&model([1, 1], &[1], relu, Activation::Linear, false), 1);
}

#[test]
fn the_kernels_agree_with_candle_for_every_layer() {
    let every_layer = include_str!("../../../examples/every_layer.json");
    let windows = r#"{
        "kind": "regular", "image": [11, 13], "channels": 3,
        "encoder": [
            {"layer": "max-pool", "size": 3, "stride": 2},
            {"layer": "conv", "channels": 4, "kernel": 4, "stride": 3, "activation": "relu"},
            {"layer": "batch-norm", "epsilon": 0.1},
            {"layer": "max-pool", "size": 2, "stride": 1, "padding": "valid"},
            {"layer": "conv", "channels": 5, "kernel": 1, "stride": 3}
        ],
        "decoder": [
            {"layer": "conv-transpose", "channels": 7, "kernel": 5, "stride": 2},
            {"layer": "batch-norm"},
            {"layer": "conv-transpose", "channels": 3, "kernel": 2, "stride": 4, "padding": "valid"},
            {"layer": "dense", "outputs": 429, "activation": "sigmoid"}
        ]
    }"#;
    let rectangles = r#"{
        "kind": "regular", "image": [9, 14], "channels": 3,
        "encoder": [
            {"layer": "conv", "channels": 4, "kernel": [1, 4], "stride": [2, 1], "activation": "relu"},
            {"layer": "max-pool", "size": [3, 2], "stride": [1, 2]},
            {"layer": "conv", "channels": 32, "kernel": [3, 2], "stride": [1, 3], "padding": "valid"},
            {"layer": "max-pool", "size": [1, 2], "stride": [2, 1], "padding": "valid"},
            {"layer": "upsample", "factor": [3, 1]},
            {"layer": "max-pool", "size": [2, 50], "stride": [1, 9]}
        ],
        "decoder": [
            {"layer": "upsample", "factor": [1, 2]},
            {"layer": "conv-transpose", "channels": 5, "kernel": [2, 5], "stride": [1, 3], "activation": "elu"},
            {"layer": "conv-transpose", "channels": 3, "kernel": [3, 1], "stride": [2, 2], "padding": "valid"},
            {"layer": "dense", "outputs": 378, "activation": "sigmoid"}
        ]
    }"#;
    // A sigmoid before layers that only move numbers.
    let moved = r#"{
        "image": [4, 6],
        "encoder": [{"layer": "conv", "channels": 2, "kernel": 3, "activation": "relu"}],
        "decoder": [
            {"layer": "conv", "channels": 4, "kernel": 3, "stride": 2, "activation": "sigmoid"},
            {"layer": "pixel-shuffle", "factor": 2},
            {"layer": "reshape", "shape": [24, 1, 1]}
        ]
    }"#;
    // And a decoder that does nothing else.
    let only_moved = r#"{
        "image": [4, 6],
        "encoder": [{"layer": "dense", "outputs": 24, "activation": "sigmoid"}],
        "decoder": [{"layer": "reshape", "shape": [1, 4, 6]}]
    }"#;
    for written in [every_layer, windows, rectangles, moved, only_moved] {
        let spec: ModelSpec = serde_json::from_str(written).unwrap();
        for rows in [1, 67] {
            check(&filled(spec.clone()), rows);
        }
    }
    for row in kinds::rows() {
        check(&filled(ModelSpec { kind: ModelKind::Regular, network: row.network() }), 3);
    }
    let item = Shape { channels: 1, height: 28, width: 28 };
    for network in [
        keras_conv(item, Activation::Sigmoid),
        keras_conv_denoiser(Shape { channels: 3, height: 4, width: 8 }, Activation::Linear),
        variational(item, &[40], 5, Activation::Sigmoid),
    ] {
        check(&filled(ModelSpec { kind: ModelKind::Regular, network }), 3);
    }
}

/// Inputs have a plane for the level of noise, and outputs have none.
#[test]
fn the_kernels_agree_with_candle_where_the_level_of_noise_is_told() {
    for residual in [true, false] {
        let written = format!(
            r#"{{"image": [4, 6], "channels": 3, "residual": {residual}, "noise_level": true,
                "encoder": [{{"layer": "conv", "channels": 2, "kernel": 3, "activation": "relu"}}],
                "decoder": [{{"layer": "conv", "channels": 3, "kernel": 3}}]}}"#
        );
        let model = filled(serde_json::from_str(&written).unwrap());
        for rows in [1, 67] {
            check(&model, rows);
        }
    }
}

/// A NaN shows after pooling, and what top-k drops becomes 0 even if it was infinite.
#[test]
fn the_kernels_agree_with_candle_on_infinities_and_nan() {
    let written = |layer: &str| {
        format!(
            r#"{{"image": [2, 4], "encoder": [{layer}],
                "decoder": [{{"layer": "upsample", "factor": 1}}, {{"layer": "dense", "outputs": 8}}]}}"#
        )
    };
    let (nan, inf) = (f32::NAN, f32::INFINITY);
    let item = [1.0, nan, inf, -inf, 3.0, 2.0, inf, 0.5];
    for (layer, expected) in [
        (r#"{"layer": "max-pool", "size": [2, 2]}"#, vec![nan, inf]),
        (
            r#"{"layer": "max-pool", "size": [1, 3], "stride": 1}"#,
            vec![nan, nan, nan, inf, 3.0, inf, inf, inf],
        ),
        (r#"{"layer": "top-k", "k": 2}"#, vec![0.0, nan, inf, 0.0, 0.0, 0.0, 0.0, 0.0]),
    ] {
        let model = filled(serde_json::from_str(&written(layer)).unwrap());
        let candle =
            TensorInference::new(8, model.autoencoder(&Device::Cpu).unwrap(), &Device::Cpu);
        let kernels = model.inference(&Device::Cpu).unwrap();
        for inference in [kernels.as_ref(), &candle as &dyn Inference] {
            let mut codes = vec![7.0; expected.len()];
            inference.encode(&item, &mut codes).unwrap();
            let bits = |numbers: &[f32]| {
                numbers
                    .iter()
                    .map(|x| if x.is_nan() { None } else { Some(x.to_bits()) })
                    .collect::<Vec<_>>()
            };
            assert_eq!(bits(&codes), bits(&expected), "{layer}: {codes:?}");
        }
    }
}

#[test]
fn slices_that_do_not_fit_are_refused() {
    let relu = [Activation::Relu, Activation::Relu];
    let model = model([2, 3], &[4], relu, Activation::Sigmoid, false);
    let candle = TensorInference::new(6, model.autoencoder(&Device::Cpu).unwrap(), &Device::Cpu);
    let kernels = model.inference(&Device::Cpu).unwrap();
    for inference in [kernels.as_ref(), &candle as &dyn Inference] {
        let error = inference.encode(&[0.0; 7], &mut [0.0; 4]).unwrap_err();
        assert!(matches!(error, ModelError::Batch { expected: 6, .. }), "{error}");
        let error = inference.decode(&[0.0; 8], &mut [0.0; 6]).unwrap_err();
        assert!(matches!(error, ModelError::Rows { expected: 12, found: 6 }), "{error}");
        inference.reconstruct(&[], &mut []).unwrap();
    }
    let other = ModelSpec::tutorial(ModelKind::Regular).architecture().unwrap();
    let error = other.inference(&model.parameters, &Device::Cpu).err().unwrap();
    assert!(matches!(error, ModelError::ParameterCount { .. }), "{error}");
}

#[test]
fn images_without_pixels_are_refused() {
    let relu = [Activation::Relu, Activation::Relu];
    let model = model([2, 3], &[4], relu, Activation::Sigmoid, false);
    let none = TensorInference::new(0, model.autoencoder(&Device::Cpu).unwrap(), &Device::Cpu);
    for refused in [
        none.encode(&[], &mut []),
        none.losses(&[], &[], &mut []),
        none.squared_errors(&[0.5; 6], &[0.5; 6], &mut [0.0]),
    ] {
        assert!(matches!(refused, Err(ModelError::Batch { expected: 0, .. })), "{refused:?}");
    }
}

#[test]
fn batches_of_no_rows_do_not_panic() {
    let relu = [Activation::Relu, Activation::Relu];
    let every_layer = serde_json::from_str(include_str!("../../../examples/every_layer.json"));
    let models = [
        model([2, 3], &[4], relu, Activation::Sigmoid, false),
        model([2, 3], &[4], relu, Activation::Sigmoid, true),
        filled(every_layer.unwrap()),
    ];
    for model in models {
        let autoencoder = model.autoencoder(&Device::Cpu).unwrap();
        let pixels = model.spec.check().unwrap().input().numbers();
        let none = Tensor::zeros((0, pixels), DType::F32, &Device::Cpu).unwrap();
        // candle may refuse a product without rows, but must not panic.
        if let Ok(outputs) = autoencoder.reconstruct(&none) {
            assert_eq!(outputs.dims(), [0, pixels]);
        }
        let objective = Objective::new(Loss::MeanSquaredError);
        assert!(super::evaluate(&objective, autoencoder.as_ref(), &none, &none).is_err());
    }
}
