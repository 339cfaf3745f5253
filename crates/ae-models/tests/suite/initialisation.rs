//! Initial parameters, the flat buffer and its hash.

use ae_models::Activation::Relu;
use ae_models::{
    DenoiserConfig, DenseConfig, Initialisation, Layout, ModelError, ModelKind, ModelSpec, Network,
    Parameters, Shape, TrainingInput, denoiser,
};
use ae_random::Seed;

use crate::{small_parameters, small_spec};

fn tutorial() -> ModelSpec {
    ModelSpec::tutorial(ModelKind::Regular)
}

fn initial(spec: &ModelSpec, seed: u64) -> Parameters {
    spec.architecture().unwrap().initialise(Seed::new(seed))
}

#[test]
fn weights_fill_glorots_interval_evenly_and_biases_are_zero() {
    let parameters = initial(&tutorial(), 42);
    let limit = (6.0_f32 / (784.0 + 32.0)).sqrt();
    for (name, values) in ["encoder.0", "decoder.0"].map(|layer| {
        let name = format!("{layer}.weight");
        (name.clone(), parameters.get(&name).unwrap())
    }) {
        assert_eq!(values.len(), 784 * 32);
        assert!(values.iter().all(|value| value.abs() <= limit), "{name}");
        // Four standard errors of the mean and of the variance of 25088 uniform numbers.
        let mean = values.iter().sum::<f32>() / values.len() as f32 / limit;
        assert!(mean.abs() < 0.0146, "{name}: mean {mean}");
        let variance = values.iter().map(|v| (v / limit).powi(2)).sum::<f32>() / 25088.0;
        assert!((variance - 1.0 / 3.0).abs() < 0.0076, "{name}: variance {variance}");
    }
    for name in ["encoder.0.bias", "decoder.0.bias"] {
        assert!(parameters.get(name).unwrap().iter().all(|&bias| bias == 0.0), "{name}");
    }
}

#[test]
fn a_parameter_depends_on_the_seed_and_its_name_alone() {
    let (a, b) = (initial(&tutorial(), 1), initial(&tutorial(), 2));
    assert_eq!(a, initial(&tutorial(), 1));
    assert_ne!(a.get("encoder.0.weight"), b.get("encoder.0.weight"));
    assert_ne!(a.get("encoder.0.weight"), a.get("decoder.0.weight"));

    let tied = DenseConfig { tied_weights: true, ..DenseConfig::default() };
    let tied = initial(&tied.model(ModelKind::Denoising).unwrap(), 1);
    assert_eq!(tied.get("encoder.0.weight"), a.get("encoder.0.weight"));
    assert_eq!(tied.get("decoder.0.weight"), None);
}

#[test]
fn a_seed_keeps_its_meaning() {
    // From this code: a change of it would change every run.
    assert_eq!(
        initial(&tutorial(), 42).sha256(),
        "d0d2b892b090c813570379daaf2b6d560f3b1067c38552eaff35070c995148dc"
    );
}

#[test]
fn the_hash_is_that_of_the_little_endian_bytes() {
    // import hashlib, struct
    // values = [((k * 37) % 101 - 50) / 100 for k in range(89)]
    // print(hashlib.sha256(struct.pack("<89f", *values)).hexdigest())
    let parameters = small_parameters(&small_spec(Relu, false));
    assert_eq!(parameters.layout().len(), 89);
    assert_eq!(
        parameters.sha256(),
        "9ffd13dc99038bbf20ff5987aa9cde25e394b8ea824ac061623a7f1e414ca941"
    );
}

#[test]
fn a_buffer_that_does_not_fit_its_layout_is_refused() {
    let layout = Layout::new(vec![("a".to_owned(), vec![2, 3]), ("b".to_owned(), vec![3])]);
    let error = Parameters::new(layout, vec![0.0; 8]).unwrap_err();
    assert_eq!(error.to_string(), "the layout has 9 parameters, but found 8 values");

    let twice = Layout::new(vec![("a".to_owned(), vec![1]), ("a".to_owned(), vec![1])]);
    let error = Parameters::new(twice, vec![0.0; 2]).unwrap_err();
    assert!(matches!(error, ModelError::DuplicateParameter { name } if name == "a"));

    let endless = Layout::new(vec![("a".to_owned(), vec![usize::MAX, 3])]);
    assert!(Parameters::new(endless, vec![0.0; 8]).is_err());
}

#[test]
fn the_kinds_differ_in_the_images_that_they_are_shown() {
    for (kind, input) in [
        (ModelKind::Regular, TrainingInput::Clean),
        (ModelKind::Denoising, TrainingInput::Corrupted),
    ] {
        let spec = ModelSpec { kind, ..small_spec(Relu, false) };
        assert_eq!(spec.architecture().unwrap().input(), input);
    }
}

#[test]
fn a_parameter_of_more_axes_is_drawn_by_its_fans() {
    let layout = Layout::new(vec![("kernel".to_owned(), vec![8, 4, 3, 3])]);
    let values = Parameters::glorot_uniform(layout, Seed::new(1));
    let largest = values.values().iter().fold(0.0_f32, |max, value| max.max(value.abs()));
    let limit = (6.0_f32 / (9.0 * 12.0)).sqrt();
    assert!(largest <= limit && largest > 0.97 * limit, "{largest} for {limit}");
}

#[test]
fn a_residual_network_begins_as_the_identity_and_answers_to_contrast() {
    let mut network = denoiser(
        Shape::new(1, 6, 8),
        &DenoiserConfig { features: 5, depth: 3, ..DenoiserConfig::default() },
    );
    assert_eq!(network.initialisation, Initialisation::Residual);
    let residual = network.check().unwrap().initialise(Seed::new(1));
    network.initialisation = Initialisation::He;
    let he = network.check().unwrap().initialise(Seed::new(1));
    for view in he.layout().views() {
        let values = residual.get(&view.name).unwrap();
        if view.name == "decoder.1.weight" {
            assert!(values.iter().all(|&value| value == 0.0));
        } else if view.name == "encoder.1.weight" {
            // Five filters of 3 x 3: four planes of the image, and four of the noise level, which stay.
            let filters = values.chunks_exact(72).zip(he.get(&view.name).unwrap().chunks_exact(72));
            for (filter, drawn) in filters {
                let mean = drawn[..36].iter().sum::<f32>() / 36.0;
                let pairs = filter[..36].iter().zip(&drawn[..36]);
                pairs.for_each(|(&weight, &drawn)| assert!((drawn - mean - weight).abs() < 1e-6));
                assert!(filter[..36].iter().sum::<f32>().abs() < 1e-5);
                assert_eq!(filter[36..], drawn[36..]);
            }
        } else {
            assert_eq!(values, he.get(&view.name).unwrap(), "{}", view.name);
        }
    }
    // Without an image to add, and with tied weights, nothing could be learned.
    let refused = |text: &str| {
        let network: Network = serde_json::from_str(text).unwrap();
        network.check().unwrap_err().to_string()
    };
    let dense = r#"{"layer": "dense", "outputs": 4}"#;
    let tied = r#"{"layer": "dense", "outputs": 4, "tied_to": 0}"#;
    for (decoder, residual) in [(dense, false), (tied, true)] {
        let told = refused(&format!(
            r#"{{"image": [2, 2], "encoder": [{dense}], "decoder": [{decoder}], "residual": {residual},
                "initialisation": "residual"}}"#
        ));
        assert!(told.contains("initialisation must be glorot or he, as residual is for"), "{told}");
    }
}
