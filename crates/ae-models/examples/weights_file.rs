//! Writes the weights file of an untrained network, reads it again, and prints its tensors and a code.

use ae_models::{Device, ModelKind, ModelSpec, SavedModel, Seed};

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.safetensors");
    let spec = ModelSpec::tutorial(ModelKind::Denoising);
    let parameters = spec.architecture()?.initialise(Seed::new(42));
    SavedModel::new(spec, parameters).save(&path)?;

    let model = SavedModel::load(&path)?;
    println!(
        "a {} autoencoder, SHA-256 of its weights {}",
        model.spec.kind,
        model.parameters.sha256()
    );
    for view in model.parameters.layout().views() {
        println!("{:18} {:?}", view.name, view.shape);
    }
    let inference = model.inference(&Device::Cpu)?;
    // A bright square on black.
    let image: Vec<f32> = (0..784)
        .map(|place| f32::from((8..20).contains(&(place / 28)) && (8..20).contains(&(place % 28))))
        .collect();
    let mut code = vec![0.0; inference.latent_dim()];
    inference.encode(&image, &mut code)?;
    println!("the first numbers of a code: {:?}", &code[..6]);
    Ok(())
}
