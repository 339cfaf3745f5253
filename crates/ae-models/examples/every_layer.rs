//! A network with every kind of layer, written as a weights file: `cargo run --example every_layer -- model.safetensors`.
//!
//! The layers stand in the form that weights files have. The weights are random, so the model serves to compare programs:
//! `docs/interop/check.sh` gives it to ONNX runtimes.

use ae_models::{Initialisation, Layer, ModelKind, ModelSpec, Network, SavedModel, Seed};

const ENCODER: &str = r#"[
    {"layer": "pixel-unshuffle", "factor": 2},
    {"layer": "conv", "channels": 8, "kernel": 3, "stride": [2, 1], "activation": "relu"},
    {"layer": "batch-norm"},
    {"layer": "activation", "activation": "tanh"},
    {"layer": "dropout", "rate": 0.25},
    {"layer": "max-pool", "size": 2, "stride": [1, 2]},
    {"layer": "conv", "channels": 6, "kernel": [2, 3], "padding": "valid", "activation": "selu"},
    {"layer": "gaussian-noise", "deviation": 0.1},
    {"layer": "top-k", "k": 60},
    {"layer": "sample"}
]"#;

const DECODER: &str = r#"[
    {"layer": "dense", "outputs": 90, "activation": "softplus"},
    {"layer": "reshape", "shape": [3, 6, 5]},
    {"layer": "conv-transpose", "channels": 8, "kernel": [2, 3], "padding": "valid", "activation": "elu"},
    {"layer": "upsample", "factor": [2, 1]},
    {"layer": "conv-transpose", "channels": 4, "kernel": 1, "stride": [1, 2], "activation": "leaky-relu"},
    {"layer": "pixel-shuffle", "factor": 2},
    {"layer": "conv", "channels": 1, "kernel": 3}
]"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("expected the path of the weights file")?;
    let layers = |written| serde_json::from_str::<Vec<Layer>>(written);
    let network = Network {
        image: [28, 28],
        channels: 1,
        encoder: layers(ENCODER)?,
        decoder: layers(DECODER)?,
        residual: true,
        initialisation: Initialisation::He,
    };
    let spec = ModelSpec { kind: ModelKind::Denoising, network };
    let mut parameters = spec.check()?.initialise(Seed::new(0));
    // Biases and running statistics begin at 0 and 1; other numbers show mistakes.
    for (index, value) in parameters.values_mut().iter_mut().enumerate() {
        *value += 0.02 * (index % 7) as f32;
    }
    SavedModel::new(spec, parameters).save(path.as_ref())?;
    Ok(())
}
