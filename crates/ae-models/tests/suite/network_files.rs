//! Weights files of networks that are lists of layers, and files of earlier versions.

use std::fs;
use std::path::{Path, PathBuf};

use ae_models::{
    DenseConfig, Device, ModelKind, ModelSpec, Network, Registry, SavedEncoder, SavedModel, Seed,
    WeightTypes,
};

use crate::network::{mixed, presets};

fn saved(network: Network) -> SavedModel {
    let spec = ModelSpec { kind: ModelKind::Denoising, network };
    let parameters = spec.architecture().unwrap().initialise(Seed::new(5));
    SavedModel::new(spec, parameters)
}

fn networks() -> impl Iterator<Item = Network> {
    presets().map(|(_, network, ..)| network).into_iter().chain([mixed()])
}

#[test]
fn every_network_comes_back_and_gives_the_same_bytes_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for network in networks() {
        let model = saved(network);
        model.save(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        let loaded = SavedModel::load(&path).unwrap();
        assert_eq!(loaded, model);
        loaded.save(&path).unwrap();
        assert_eq!(fs::read(&path).unwrap(), bytes);
        Registry::default().load(&path, WeightTypes::Exact).unwrap().save(&path).unwrap();
        assert_eq!(SavedModel::load(&path).unwrap(), model);
    }
}

#[test]
fn every_encoder_alone_gives_the_codes_of_its_model() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("encoder.safetensors");
    for network in networks() {
        let model = saved(network);
        model.encoder().unwrap().save(&path).unwrap();
        let encoder = SavedEncoder::load(&path).unwrap();
        let layout = encoder.parameters.layout();
        assert!(layout.views().iter().all(|view| view.name.starts_with("encoder.")));
        let (whole, alone) =
            (model.inference(&Device::Cpu).unwrap(), encoder.inference(&Device::Cpu).unwrap());
        let mut images = vec![0.0; 3 * whole.pixels()];
        Seed::new(2).stream("images").fill_uniform(&mut images);
        let [mut expected, mut codes] = [(); 2].map(|()| vec![0.0; 3 * whole.latent_dim()]);
        whole.encode(&images, &mut expected).unwrap();
        alone.encode(&images, &mut codes).unwrap();
        assert_eq!(codes, expected);
        assert!(codes.iter().any(|&number| number != 0.0), "{:?}", model.spec.network);
    }
}

/// A file that `ae train --data table.csv --widths 3,2 --tied-weights` of an earlier version wrote.
fn earlier(part: &str) -> PathBuf {
    let name = format!("tests/fixtures/earlier/schema2-{part}.safetensors");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What that version said of the file: `ae inspect`.
fn is_as_it_was(spec: &ModelSpec) {
    use ae_models::Activation::{Linear, Relu};
    let dense = DenseConfig {
        image: [1, 4],
        channels: 1,
        encoder: vec![4, 3, 2],
        decoder: vec![2, 3, 4],
        hidden_activation: Relu,
        code_activation: Linear,
        output_activation: Linear,
        tied_weights: true,
    };
    assert_eq!(*spec, dense.model(ModelKind::Denoising).unwrap());
}

#[test]
fn files_of_earlier_versions_are_read_and_written_in_the_present_form() {
    let model = SavedModel::load(&earlier("model")).unwrap();
    is_as_it_was(&model.spec);
    // From that version's record of the run.
    assert_eq!(
        model.parameters.sha256(),
        "28a8fe1e2193b6f94780be728a1f5b7d7e07c2580015d51a070cb51eb3e5df55"
    );
    assert_eq!(model.attachments.names().collect::<Vec<_>>(), ["run", "scaling"]);

    let folder = tempfile::tempdir().unwrap();
    let (path, again) = (folder.path().join("a.safetensors"), folder.path().join("b.safetensors"));
    model.save(&path).unwrap();
    assert_eq!(SavedModel::load(&path).unwrap(), model);
    let tagged = Registry::default().load(&earlier("model"), WeightTypes::Exact).unwrap();
    assert_eq!(tagged.kind(), "denoising");
    tagged.save(&again).unwrap();
    assert_eq!(SavedModel::load(&again).unwrap(), model);
    let header = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
    let entry = r#"{\"schema\":3,\"part\":\"model\",\"kind\":\"denoising\",\"image\":[1,4],\"encoder\":[{\"layer\":\"dense\",\"outputs\":3,\"activation\":\"relu\"},"#;
    assert!(header.contains(entry), "{header}");
    assert!(
        header.contains(r#"\"outputs\":4,\"activation\":\"linear\",\"tied_to\":0}"#),
        "{header}"
    );
}

#[test]
fn encoders_of_earlier_versions_are_read() {
    let encoder = SavedEncoder::load(&earlier("encoder")).unwrap();
    is_as_it_was(&encoder.spec);
    assert_eq!(encoder, SavedModel::load(&earlier("model")).unwrap().encoder().unwrap());
    let inference = encoder.inference(&Device::Cpu).unwrap();
    assert_eq!((inference.pixels(), inference.latent_dim()), (4, 2));
    // The table's rows 0.134,0.847,0.982,-0.713 and 0.764,0.255,1.019,0.509, standardised by the file's attachment `scaling`,
    // and what `ae encode` of that version gave for them.
    let rows = [[0.134, 0.847, 0.982, -0.713], [0.764, 0.255, 1.019, 0.509]];
    let means = [0.521888888888889, 0.4877499999999998, 1.0097777777777777, 0.03411111111111098];
    let ones = [0.8303470418023197, 0.7636502814021361, 1.4419892172319668, 0.4289132963027574];
    let scaled = |(x, (mean, one)): (f64, (f64, f64))| ((x - mean) / (one - mean)) as f32;
    let bounds = || means.into_iter().zip(ones);
    let rows: Vec<f32> =
        rows.into_iter().flat_map(|row| row.into_iter().zip(bounds()).map(scaled)).collect();
    let mut codes = [0.0; 4];
    inference.encode(&rows, &mut codes).unwrap();
    let expected = [-0.72064525, 0.028240314, 0.0038856927, 0.0037722331];
    for (found, expected) in codes.into_iter().zip(expected) {
        let error: f32 = found - expected;
        assert!(error.abs() < 1e-6, "{codes:?}");
    }
}
