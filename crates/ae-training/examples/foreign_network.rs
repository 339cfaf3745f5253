//! A residual network that is written with candle-nn here and that no crate of the workspace knows. It is trained with
//! the autograd engine, stopped within an epoch, resumed from its checkpoint, evaluated, saved with a tag, and loaded
//! through a registry.

use std::path::Path;

use ae_dataset::Digits;
use ae_models::{
    Architecture, Autoencoder, Decoder, Device, Encoder, Layout, ModelError, NetworkSpec,
    Parameters, Registry, Seed, TaggedModel, Tensor, TrainingInput, VarBuilder, WeightTypes,
};
use ae_training::{
    AutogradEngine, Checkpoints, Detail, Event, FitConfig, FitOutcome, Identity, MemoryObserver,
    Objective, Observer, OptimizerConfig, Samples, Stop, TrainingData, TrainingError,
    TrainingState, evaluate, fit,
};
use candle_nn::ops::sigmoid;
use candle_nn::{Conv2d, Conv2dConfig, Linear, Module, conv2d, linear};
use serde::{Deserialize, Serialize};

/// The settings of the network, written into the weights file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResidualSpec {
    /// Height and width of the grey images.
    side: usize,
    /// Channels of the maps, which have half the image's height and width.
    channels: usize,
    /// Length of the code.
    code: usize,
}

impl ResidualSpec {
    /// Numbers of a map.
    fn numbers(self) -> usize {
        self.channels * (self.side / 2) * (self.side / 2)
    }

    /// The parameters, as candle-nn names them and in its shapes.
    fn layout(self) -> Layout {
        let Self { channels, code, .. } = self;
        let mut parameters = Vec::new();
        let mut layer = |name: &str, weight: Vec<usize>| {
            let outputs = weight[0];
            parameters.push((format!("{name}.weight"), weight));
            parameters.push((format!("{name}.bias"), vec![outputs]));
        };
        layer("encoder.stem", vec![channels, 1, 3, 3]);
        layer("encoder.block.first", vec![channels, channels, 3, 3]);
        layer("encoder.block.second", vec![channels, channels, 3, 3]);
        layer("encoder.code", vec![code, self.numbers()]);
        layer("decoder.map", vec![self.numbers(), code]);
        layer("decoder.block.first", vec![channels, channels, 3, 3]);
        layer("decoder.block.second", vec![channels, channels, 3, 3]);
        layer("decoder.head", vec![1, channels, 3, 3]);
        Layout::new(parameters)
    }
}

impl NetworkSpec for ResidualSpec {
    const KIND: &'static str = "example/residual";

    fn architecture(&self) -> Result<Box<dyn Architecture>, ModelError> {
        let Self { side, channels, code } = *self;
        let found = format!("{side}, {channels} and {code}");
        if side == 0 || !side.is_multiple_of(2) || side.max(channels).max(code) > 1024 {
            let expected = "an even side, and at most 1024 of each".to_owned();
            return Err(ModelError::Spec {
                field: "side, channels and code".to_owned(),
                expected,
                found,
            });
        }
        Ok(Box::new(ResidualArchitecture { spec: *self, layout: self.layout() }))
    }
}

struct ResidualArchitecture {
    spec: ResidualSpec,
    layout: Layout,
}

impl Architecture for ResidualArchitecture {
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
        let ResidualSpec { channels, code, .. } = self.spec;
        let numbers = self.spec.numbers();
        let (encoder, decoder) = (vb.pp("encoder"), vb.pp("decoder"));
        let half = Conv2dConfig { padding: 1, stride: 2, ..Conv2dConfig::default() };
        Ok(Box::new(ResidualNetwork {
            spec: self.spec,
            stem: conv2d(1, channels, 3, half, encoder.pp("stem"))?,
            encoder_block: ResidualBlock::new(channels, &encoder.pp("block"))?,
            code: linear(numbers, code, encoder.pp("code"))?,
            map: linear(code, numbers, decoder.pp("map"))?,
            decoder_block: ResidualBlock::new(channels, &decoder.pp("block"))?,
            head: conv2d(channels, 1, 3, SAME, decoder.pp("head"))?,
        }))
    }
}

/// A convolution of 3 x 3 that keeps height and width.
const SAME: Conv2dConfig =
    Conv2dConfig { padding: 1, stride: 1, dilation: 1, groups: 1, cudnn_fwd_algo: None };

/// `x + second(relu(first(relu(x))))` (He et al. 2016, "Identity mappings in deep residual networks").
struct ResidualBlock {
    first: Conv2d,
    second: Conv2d,
}

impl ResidualBlock {
    fn new(channels: usize, vb: &VarBuilder<'_>) -> Result<Self, ModelError> {
        Ok(Self {
            first: conv2d(channels, channels, 3, SAME, vb.pp("first"))?,
            second: conv2d(channels, channels, 3, SAME, vb.pp("second"))?,
        })
    }
}

impl Module for ResidualBlock {
    fn forward(&self, x: &Tensor) -> candle_core::Result<Tensor> {
        x + self.second.forward(&self.first.forward(&x.relu()?)?.relu()?)?
    }
}

struct ResidualNetwork {
    spec: ResidualSpec,
    stem: Conv2d,
    encoder_block: ResidualBlock,
    code: Linear,
    map: Linear,
    decoder_block: ResidualBlock,
    head: Conv2d,
}

impl Encoder for ResidualNetwork {
    fn latent_dim(&self) -> usize {
        self.spec.code
    }

    /// `(n, side * side)` to `(n, code)`.
    fn encode(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        let images = images.reshape(((), 1, self.spec.side, self.spec.side))?;
        let maps = self.encoder_block.forward(&self.stem.forward(&images)?)?;
        Ok(self.code.forward(&maps.relu()?.flatten_from(1)?)?)
    }
}

impl Decoder for ResidualNetwork {
    /// `(n, code)` to `(n, side * side)`.
    fn decode_logits(&self, codes: &Tensor) -> Result<Tensor, ModelError> {
        let ResidualSpec { side, channels, .. } = self.spec;
        let maps = self.map.forward(codes)?.reshape(((), channels, side / 2, side / 2))?;
        let maps = self.decoder_block.forward(&maps)?.relu()?;
        let logits = self.head.forward(&maps.upsample_nearest2d(side, side)?)?;
        Ok(logits.flatten_from(1)?)
    }

    fn activate(&self, logits: &Tensor) -> Result<Tensor, ModelError> {
        Ok(sigmoid(logits)?)
    }

    fn output_is_probability(&self) -> bool {
        true
    }
}

impl Autoencoder for ResidualNetwork {
    fn input(&self) -> TrainingInput {
        TrainingInput::Clean
    }
}

/// Asks for a stop after some batches, as a program does that was told to end.
struct StopAfter {
    batches: usize,
}

impl Observer for StopAfter {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        if let Event::BatchEnded { .. } = event {
            self.batches = self.batches.saturating_sub(1);
        }
        Ok(())
    }

    fn stop(&self) -> Option<Stop> {
        (self.batches == 0).then_some(Stop::AfterBatch)
    }
}

/// What the program prints.
#[derive(Debug)]
pub(crate) struct Report {
    /// The validation cross-entropy of each epoch.
    pub(crate) curve: Vec<f64>,
    /// Steps after which the run was stopped.
    pub(crate) stopped_after: u64,
    /// Whether the run that was resumed has the same state as one that was not stopped.
    pub(crate) is_resumed_exactly: bool,
    /// The kind of the model that was loaded.
    pub(crate) kind: String,
    /// Its cross-entropy on the validation images.
    pub(crate) loaded: f64,
}

/// Trains, stops, resumes, evaluates, saves and loads, with files in a folder.
pub(crate) fn run(
    folder: &Path,
    images: usize,
    epochs: u32,
) -> Result<Report, Box<dyn std::error::Error>> {
    let digits = Digits::new(Seed::new(1));
    let (train, test) = (digits.train(images)?, digits.test(images / 4)?);
    let (train, validation) = (Samples::new(&train, None), Samples::new(&test, None));
    let data = TrainingData { train: &train, validation: &validation };
    let config = FitConfig { epochs, batch_size: 16, ..FitConfig::default() };
    let optimizer = OptimizerConfig::keras_adam().with_learning_rate(0.01);

    let spec = ResidualSpec { side: 28, channels: 4, code: 16 };
    let architecture = spec.architecture()?;
    let mut engine = AutogradEngine::new(architecture.as_ref(), Objective::default(), Device::Cpu);
    let start = || TrainingState::new(architecture.initialise(config.seed), optimizer);

    let mut whole = start();
    fit(&mut engine, data, &config, &mut whole, None, &mut MemoryObserver::default())?;

    let checkpoints = Checkpoints::open(&folder.join("checkpoints"), Identity::default(), 2)?;
    let mut stop = StopAfter { batches: images / 16 + 1 };
    let outcome = fit(&mut engine, data, &config, &mut start(), Some(&checkpoints), &mut stop)?;
    assert_eq!(outcome, FitOutcome::StoppedByObserver);
    let (mut state, _) = checkpoints.load_newest(architecture.layout(), optimizer)?;
    let stopped_after = state.steps();
    let mut observer = MemoryObserver::default();
    fit(&mut engine, data, &config, &mut state, Some(&checkpoints), &mut observer)?;

    let path = folder.join("model.safetensors");
    TaggedModel::new(&spec, state.parameters().clone())?.save(&path)?;
    let registry = Registry::default().with::<ResidualSpec>()?;
    let model = registry.load(&path, WeightTypes::Exact)?;
    let inference = model.inference(&Device::Cpu)?;
    let evaluation = evaluate(inference.as_ref(), &validation, Detail::Losses)?;
    Ok(Report {
        curve: state.curve().iter().map(|row| row.metrics["val_bce"]).collect(),
        stopped_after,
        is_resumed_exactly: state == whole,
        kind: model.kind().to_owned(),
        loaded: evaluation.reconstruction.bce.unwrap_or(f64::NAN),
    })
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let report = run(folder.path(), 256, 3)?;
    for (epoch, loss) in report.curve.iter().enumerate() {
        println!("epoch {}: validation cross-entropy {loss:.4}", epoch + 1);
    }
    let is_equal = if report.is_resumed_exactly { "equals" } else { "differs from" };
    println!(
        "stopped after {} steps; the resumed run {is_equal} one that was not stopped",
        report.stopped_after
    );
    println!("loaded again as `{}`: {:.4}", report.kind, report.loaded);
    Ok(())
}
