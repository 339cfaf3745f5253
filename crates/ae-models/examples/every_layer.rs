//! A network with every kind of layer, written as a weights file: `cargo run --example every_layer -- model.safetensors`.
//!
//! `every_layer.json` describes it in the form that weights files have. The weights are random, so the model serves to
//! compare programs: `docs/interop/check.sh` gives it to ONNX runtimes.

use ae_models::{ModelSpec, SavedModel, Seed};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("expected the path of the weights file")?;
    let spec: ModelSpec = serde_json::from_str(include_str!("every_layer.json"))?;
    let mut parameters = spec.check()?.initialise(Seed::new(0));
    // Biases and running statistics begin at 0 and 1; other numbers show mistakes.
    for (index, value) in parameters.values_mut().iter_mut().enumerate() {
        *value += 0.02 * (index % 7) as f32;
    }
    SavedModel::new(spec, parameters).save(path.as_ref())?;
    Ok(())
}
