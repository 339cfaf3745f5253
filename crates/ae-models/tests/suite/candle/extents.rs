//! Kernels and strides that are far longer than the map take no memory of their length.

use ae_models::Activation::Linear;
use ae_models::layer::{Conv, ConvTranspose, MaxPool, Upsample};
use ae_models::{Device, Encoder, Initialisation, Layer, ModelSpec, Network, Padding, Seed};
use candle_core::Tensor;

use super::{flat, model};

const LONG: usize = 1 << 20;

/// What a layer makes of an item of `(k mod 5) + 1`, with the weight `k mod 7` and the bias 1. The decoder brings back the
/// item's numbers.
fn output(image: [usize; 2], layer: Layer, decoder: Layer) -> Vec<f64> {
    let network = Network {
        image,
        channels: 1,
        encoder: vec![layer],
        decoder: vec![decoder],
        residual: false,
        noise_level: false,
        initialisation: Initialisation::Glorot,
    };
    let network = network.check().unwrap();
    let layout = network.layout();
    let values = layout.views().iter().map(|view| match view.shape.len() {
        4 => (0..view.len()).map(tap).collect(),
        _ => vec![1.0; view.len()],
    });
    let (_, model) = model(&network, &values.collect::<Vec<_>>());
    let pixels = image[0] * image[1];
    let items = (0..pixels).map(item).collect::<Vec<_>>();
    let items = Tensor::from_vec(items, (1, pixels), &Device::Cpu).unwrap();
    flat(&model.encode(&items).unwrap())
}

fn item(k: usize) -> f64 {
    (k % 5) as f64 + 1.0
}

/// The value of the kernel at a place.
fn tap(k: usize) -> f64 {
    (k % 7) as f64
}

/// Padded, the map would have 4096 x 1048577 numbers.
#[test]
fn long_kernels() {
    let (kernel, stride, padding) = ([1, LONG], [1, 1], Padding::Same);
    let conv = Conv { channels: 1, kernel, stride, padding, activation: Linear };
    let same = || Layer::Upsample(Upsample { factor: [1, 1] });
    let found = output([4096, 2], Layer::Conv(conv), same());
    // Of the 2^20 - 1 places of padding the smaller half lies before the map.
    let before = (LONG - 1) / 2;
    for (row, found) in found.chunks(2).enumerate() {
        let [first, second] = [item(2 * row), item(2 * row + 1)];
        assert_eq!(found[0], 1.0 + first * tap(before) + second * tap(before + 1));
        assert_eq!(found[1], 1.0 + first * tap(before - 1) + second * tap(before));
    }
    let transposed = ConvTranspose { channels: 1, kernel, stride, padding, activation: Linear };
    let found = output([4096, 2], Layer::ConvTranspose(transposed), same());
    for (row, found) in found.chunks(2).enumerate() {
        let [first, second] = [item(2 * row), item(2 * row + 1)];
        assert_eq!(found[0], 1.0 + first * tap(before) + second * tap(before - 1));
        assert_eq!(found[1], 1.0 + first * tap(before + 1) + second * tap(before));
    }
}

#[test]
fn long_strides() {
    let (kernel, stride, padding) = ([1, 2], [1 << 40, 1], Padding::Valid);
    let conv = Conv { channels: 1, kernel, stride, padding, activation: Linear };
    let transposed = ConvTranspose { channels: 1, kernel, stride, padding, activation: Linear };
    let twice = Layer::Upsample(Upsample { factor: [1, 2] });
    assert_eq!(output([1, 2], Layer::Conv(conv), twice), [1.0 + item(1)]);
    let (size, stride) = ([1, 2], Some([1, 1]));
    let pooled = Layer::MaxPool(MaxPool { size, stride, padding });
    let expected = [1.0, 1.0 + item(0), 1.0 + item(1)];
    assert_eq!(output([1, 2], Layer::ConvTranspose(transposed), pooled), expected);
}

/// candle has one stride for both axes, so an input is spread; 4096 channels would become 2^33 numbers.
#[test]
fn an_input_that_would_be_spread_too_far_is_refused() {
    let written = r#"{
        "image": [1, 4],
        "encoder": [
            {"layer": "dense", "outputs": 16384},
            {"layer": "reshape", "shape": [4096, 2, 2]},
            {"layer": "conv-transpose", "channels": 1, "kernel": 1, "stride": [1024, 2048]}
        ],
        "decoder": [
            {"layer": "max-pool", "size": [2048, 1024]},
            {"layer": "reshape", "shape": [4, 1, 1]}
        ]
    }"#;
    let spec: ModelSpec = serde_json::from_str(written).unwrap();
    let architecture = spec.architecture().unwrap();
    let parameters = architecture.initialise(Seed::new(1));
    let refused = architecture.build(parameters.var_builder(&Device::Cpu).unwrap());
    let error = refused.err().unwrap().to_string();
    assert!(error.contains("one stride for both axes") && error.contains("encoder.2"), "{error}");
}
