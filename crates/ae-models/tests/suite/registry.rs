//! Networks of other crates: saved with a tag, loaded through a registry.

use std::path::Path;

use ae_models::{
    Architecture, Chain, DenseConfig, Device, Layout, ModelError, ModelKind, ModelSpec,
    NetworkSpec, Parameters, Registry, SavedModel, Seed, TaggedModel, TrainingInput, WeightTypes,
};
use serde::{Deserialize, Serialize};

/// A network of another crate: a dense one with its mirror image as decoder, under names of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mirrored {
    widths: Vec<usize>,
}

struct MirroredArchitecture {
    layout: Layout,
    dense: Box<dyn Architecture>,
}

impl NetworkSpec for Mirrored {
    const KIND: &'static str = "tests/mirrored";

    fn architecture(&self) -> Result<Box<dyn Architecture>, ModelError> {
        let decoder = self.widths.iter().rev().copied().collect();
        let image = [1, self.widths.first().copied().unwrap_or_default()];
        let encoder = self.widths.clone();
        let dense = DenseConfig { image, encoder, decoder, ..DenseConfig::default() };
        let dense = dense.model(ModelKind::Regular)?.architecture()?;
        let views = dense.layout().views().iter();
        let layout = views.map(|view| (format!("net.{}", view.name), view.shape.clone()));
        Ok(Box::new(MirroredArchitecture { layout: Layout::new(layout.collect()), dense }))
    }
}

impl Architecture for MirroredArchitecture {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn initialise(&self, seed: Seed) -> Parameters {
        Parameters::glorot_uniform(self.layout.clone(), seed)
    }

    fn pixels(&self) -> usize {
        self.dense.pixels()
    }

    fn input(&self) -> TrainingInput {
        TrainingInput::Clean
    }

    fn output_is_probability(&self) -> bool {
        true
    }

    fn chain(&self) -> Option<&Chain> {
        self.dense.chain()
    }
}

fn mirrored() -> TaggedModel {
    let spec = Mirrored { widths: vec![6, 4, 2] };
    let parameters = spec.architecture().unwrap().initialise(Seed::new(5));
    TaggedModel::new(&spec, parameters).unwrap()
}

fn reconstruction(model: &TaggedModel) -> [f32; 6] {
    let mut outputs = [0.0; 6];
    let image = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];
    model.inference(&Device::Cpu).unwrap().reconstruct(&image, &mut outputs).unwrap();
    outputs
}

#[test]
fn a_foreign_network_comes_back_through_the_registry() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let mut model = mirrored();
    model.attachments.set("threshold", &0.25).unwrap();
    model.save(&path).unwrap();

    let registry = Registry::default().with::<Mirrored>().unwrap();
    let loaded = registry.load(&path, WeightTypes::Exact).unwrap();
    assert_eq!(loaded.kind(), "tests/mirrored");
    assert_eq!(loaded.parameters, model.parameters);
    assert_eq!(loaded.attachments, model.attachments);
    assert_eq!(reconstruction(&loaded), reconstruction(&model));
    let bytes = std::fs::read(&path).unwrap();
    loaded.save(&path).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), bytes);
    let header = String::from_utf8_lossy(&bytes[8..]);
    let entry =
        r#"{\"schema\":3,\"part\":\"model\",\"kind\":\"tests/mirrored\",\"widths\":[6,4,2],"#;
    assert!(header.contains(entry), "{header}");
}

#[test]
fn an_unknown_kind_is_named_with_the_known_ones() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    mirrored().save(&path).unwrap();
    let expected = "holds a network of the kind `tests/mirrored`, which is not known here; known kinds: denoising, regular";
    for error in [
        Registry::default().load(&path, WeightTypes::Exact).unwrap_err(),
        SavedModel::load(&path).unwrap_err(),
    ] {
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}

#[test]
fn the_networks_of_this_crate_are_registered() {
    let spec = ModelSpec::tutorial(ModelKind::Denoising);
    let parameters = spec.architecture().unwrap().initialise(Seed::new(1));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    SavedModel::new(spec, parameters.clone()).save(&path).unwrap();
    let model = Registry::default().load(&path, WeightTypes::Exact).unwrap();
    assert_eq!((model.kind(), &model.parameters), ("denoising", &parameters));
    assert_eq!(model.architecture().input(), TrainingInput::Corrupted);
    let again = folder.path().join("again.safetensors");
    model.save(&again).unwrap();
    assert_eq!(SavedModel::load(&again).unwrap().parameters, parameters);
}

#[test]
fn a_tag_is_registered_once_and_its_fields_are_checked() {
    let registry = Registry::default().with::<Mirrored>().unwrap();
    assert_eq!(registry.kinds().collect::<Vec<_>>(), ["denoising", "regular", "tests/mirrored"]);
    let error = registry.clone().with::<Mirrored>().unwrap_err().to_string();
    assert!(error.contains("`tests/mirrored` is registered already"), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    mirrored().save(&path).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let place = bytes.windows(7).position(|window| window == b"[6,4,2]").unwrap();
    let mut damaged = bytes;
    damaged[place + 3] = b'0';
    let error =
        registry.from_bytes(&damaged, Path::new("damaged"), WeightTypes::Exact).unwrap_err();
    assert!(error.to_string().contains("widths above 0, but found [6, 0, 2]"), "{error}");
}

/// A specification with a field that every weights file has.
#[derive(Serialize, Deserialize)]
struct Clashing {
    schema: u32,
}

impl NetworkSpec for Clashing {
    const KIND: &'static str = "tests/clashing";

    fn architecture(&self) -> Result<Box<dyn Architecture>, ModelError> {
        Mirrored { widths: vec![6, 2] }.architecture()
    }
}

#[test]
fn a_field_that_the_format_uses_is_refused() {
    let spec = Clashing { schema: 7 };
    let parameters = spec.architecture().unwrap().initialise(Seed::new(5));
    let model = TaggedModel::new(&spec, parameters).unwrap();
    let error = model.save(Path::new("never.safetensors")).unwrap_err().to_string();
    assert_eq!(error, "it must not have the field `schema`, which the format uses");
}
