//! A convolutional autoencoder that is defined here, not in `ae-models`: it is trained with the autograd engine, saved
//! with a tag, loaded through a registry and evaluated.

use std::path::Path;

use ae_dataset::Digits;
use ae_models::{
    Architecture, Autoencoder, Decoder, Device, Encoder, Layout, ModelError, NetworkSpec,
    Parameters, Registry, Seed, TaggedModel, Tensor, TrainingInput, VarBuilder, WeightTypes,
};
use ae_training::{
    AutogradEngine, Detail, FitConfig, MemoryObserver, Objective, OptimizerConfig, Samples,
    TrainingData, TrainingState, evaluate, fit,
};
use serde::{Deserialize, Serialize};

/// The settings of the network, written into the weights file: square grey images, and the channels of the code, which
/// has half of the image's height and width.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SmallConv {
    side: usize,
    channels: usize,
}

impl NetworkSpec for SmallConv {
    const KIND: &'static str = "example/small-conv";

    fn architecture(&self) -> Result<Box<dyn Architecture>, ModelError> {
        let SmallConv { side, channels } = *self;
        if side == 0 || !side.is_multiple_of(2) {
            let (expected, found) = ("even and above 0".to_owned(), side.to_string());
            return Err(ModelError::Spec { field: "side".to_owned(), expected, found });
        }
        let layout = Layout::new(vec![
            ("encoder.weight".to_owned(), vec![channels, 1, 3, 3]),
            ("decoder.weight".to_owned(), vec![1, channels, 3, 3]),
            ("decoder.bias".to_owned(), vec![1]),
        ]);
        Ok(Box::new(SmallConvArchitecture { spec: *self, layout }))
    }
}

struct SmallConvArchitecture {
    spec: SmallConv,
    layout: Layout,
}

impl Architecture for SmallConvArchitecture {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn initialise(&self, seed: Seed) -> Parameters {
        Parameters::glorot_uniform(self.layout.clone(), seed)
    }

    fn pixels(&self) -> usize {
        self.spec.side * self.spec.side
    }

    fn input(&self) -> TrainingInput {
        TrainingInput::Clean
    }

    fn output_is_probability(&self) -> bool {
        true
    }

    fn build(&self, vb: VarBuilder<'_>) -> Result<Box<dyn Autoencoder>, ModelError> {
        let SmallConv { side, channels } = self.spec;
        Ok(Box::new(SmallConvNetwork {
            spec: self.spec,
            encoder: vb.get((channels, 1, 3, 3), "encoder.weight")?,
            decoder: vb.get((1, channels, 3, 3), "decoder.weight")?,
            bias: vb.get(1, "decoder.bias")?.reshape((1, 1, 1, 1))?,
            code_side: side / 2,
        }))
    }
}

/// A convolution of stride 2 with ReLU down to the code; upsampling and a convolution back to logits.
struct SmallConvNetwork {
    spec: SmallConv,
    encoder: Tensor,
    decoder: Tensor,
    bias: Tensor,
    code_side: usize,
}

impl Encoder for SmallConvNetwork {
    fn latent_dim(&self) -> usize {
        self.spec.channels * self.code_side * self.code_side
    }

    /// `(n, side * side)` to `(n, channels * side / 2 * side / 2)`.
    fn encode(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        let images = images.reshape(((), 1, self.spec.side, self.spec.side))?;
        Ok(images.conv2d(&self.encoder, 1, 2, 1, 1)?.relu()?.flatten_from(1)?)
    }
}

impl Decoder for SmallConvNetwork {
    /// `(n, channels * side / 2 * side / 2)` to `(n, side * side)`.
    fn decode_logits(&self, codes: &Tensor) -> Result<Tensor, ModelError> {
        let SmallConv { side, channels } = self.spec;
        let codes = codes.reshape(((), channels, self.code_side, self.code_side))?;
        let large = codes.upsample_nearest2d(side, side)?;
        let logits = large.conv2d(&self.decoder, 1, 1, 1, 1)?.broadcast_add(&self.bias)?;
        Ok(logits.flatten_from(1)?)
    }

    /// The sigmoid.
    fn activate(&self, logits: &Tensor) -> Result<Tensor, ModelError> {
        Ok((logits.neg()?.exp()? + 1.0)?.recip()?)
    }

    fn output_is_probability(&self) -> bool {
        true
    }
}

impl Autoencoder for SmallConvNetwork {
    fn input(&self) -> TrainingInput {
        TrainingInput::Clean
    }
}

/// What the program prints.
#[derive(Debug)]
pub(crate) struct Report {
    /// The validation cross-entropy of each epoch.
    pub(crate) curve: Vec<f64>,
    /// The kind of the model that was loaded.
    pub(crate) kind: String,
    /// Its cross-entropy on the validation images.
    pub(crate) loaded: f64,
}

/// Trains, saves, loads and evaluates.
pub(crate) fn train_save_load(
    path: &Path,
    images: usize,
    epochs: u32,
) -> Result<Report, Box<dyn std::error::Error>> {
    let digits = Digits::new(Seed::new(1));
    let (train, test) = (digits.train(images)?, digits.test(images / 4)?);
    let spec = SmallConv { side: 28, channels: 3 };
    let architecture = spec.architecture()?;

    let mut engine = AutogradEngine::new(architecture.as_ref(), Objective::default(), Device::Cpu);
    let (train, validation) = (Samples::new(&train, None), Samples::new(&test, None));
    let data = TrainingData { train: &train, validation: &validation };
    let config = FitConfig { epochs, batch_size: 8, ..FitConfig::default() };
    let optimizer = OptimizerConfig::keras_adam().with_learning_rate(0.03);
    let mut state = TrainingState::new(architecture.initialise(config.seed), optimizer);
    fit(&mut engine, data, &config, &mut state, None, &mut MemoryObserver::default())?;

    TaggedModel::new(&spec, state.parameters().clone())?.save(path)?;
    let registry = Registry::default().with::<SmallConv>()?;
    let model = registry.load(path, WeightTypes::Exact)?;
    let inference = model.inference(&Device::Cpu)?;
    let evaluation = evaluate(inference.as_ref(), &validation, Detail::Losses)?;
    Ok(Report {
        curve: state.curve().iter().map(|row| row.metrics["val_bce"]).collect(),
        kind: model.kind().to_owned(),
        loaded: evaluation.reconstruction.bce.unwrap_or(f64::NAN),
    })
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let report = train_save_load(&folder.path().join("model.safetensors"), 256, 3)?;
    for (epoch, loss) in report.curve.iter().enumerate() {
        println!("epoch {}: validation cross-entropy {loss:.4}", epoch + 1);
    }
    println!("loaded again as `{}`: {:.4}", report.kind, report.loaded);
    Ok(())
}
