//! Greedy layer-wise pre-training of deep autoencoders (Bengio et al., NIPS 2006; Vincent et al. 2010, section 3.1).

use ae_dataset::{ImageShape, Pixels};
use ae_models::{
    Activation, Architecture, DenseConfig, Inference, ModelKind, Objective, Parameters,
};

use super::classifier::setting;
use crate::{
    Corruption, Draw, EpochRecord, FitConfig, FitOutcome, FusedEngine, Images, Observer,
    OptimizerConfig, SampleCorruption, Samples, TrainingData, TrainingError, TrainingState, fit,
};

/// Images that are encoded at once. No part of the result: a code has the same bits in every batch.
const BATCH: usize = 1024;
/// The most bytes of the codes of a layer.
const MOST_BYTES: usize = 8 << 30;

/// How a deep autoencoder is pre-trained.
#[derive(Debug, Clone, Copy)]
pub struct Pretraining<'a> {
    /// The whole network: a dense encoder with sigmoid units, and a decoder that mirrors it with a sigmoid output.
    pub network: &'a DenseConfig,
    /// The corruption of the inputs of every layer, drawn anew in every epoch; `None` for a regular autoencoder. Upper
    /// layers are given codes, rows of numbers in [0, 1], so only a noise on single values suits them.
    pub corruption: Option<&'a dyn Corruption>,
    /// The optimizer of every layer.
    pub optimizer: OptimizerConfig,
    /// The training of every layer.
    pub fit: &'a FitConfig,
}

/// A layer whose training begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerStage {
    /// The layer, counted from 1.
    pub layer: usize,
    /// The number of layers.
    pub layers: usize,
    /// Its inputs.
    pub inputs: usize,
    /// Its units.
    pub units: usize,
}

/// A pre-trained network.
#[derive(Debug, Clone, PartialEq)]
pub struct Pretrained {
    /// The parameters of the whole network: the layers of the encoder, and those of the decoder unrolled.
    pub parameters: Parameters,
    /// The learning curve of each layer that was trained.
    pub curves: Vec<Vec<EpochRecord>>,
    /// How the training of the last of them ended. [`FitOutcome::StoppedByObserver`] means that later layers were not
    /// trained.
    pub outcome: FitOutcome,
}

/// Trains a deep autoencoder layer by layer: layer `k` is the hidden layer of an autoencoder over the codes of the
/// layers below, which are computed from clean images. With a corruption it is a denoising autoencoder: its inputs are
/// corrupted codes, its targets the clean ones. The loss is the binary cross-entropy.
///
/// Every layer begins with the whole network's initial values ([`Architecture::initialise`] of the settings' seed). The
/// corruption of layer `k`, counted from 1, is drawn from the streams `pretraining/<k>/train` and
/// `pretraining/<k>/validation`. The result has the same bits for any number of threads.
///
/// The codes of a layer are in memory while the next one is trained: 240 MB for 60 000 codes of 1000 numbers, and twice
/// as much while they are computed.
///
/// # Errors
/// If the network is no mirrored stack of sigmoid layers, the images do not fit it, the codes of a layer take more than
/// 8 GiB, or a training fails.
pub fn pretrain_layers(
    pretraining: &Pretraining<'_>,
    [train, validation]: [&Images; 2],
    begins: &mut dyn FnMut(LayerStage),
    observer: &mut dyn Observer,
) -> Result<Pretrained, TrainingError> {
    let Pretraining { network, fit, .. } = *pretraining;
    check_pretrainable(network)?;
    let layers = network.encoder.len() - 1;
    let mut parameters = architecture(network, false)?.initialise(fit.seed);
    let (mut curves, mut outcome) = (Vec::new(), FitOutcome::Completed);
    let mut codes: Option<[Images; 2]> = None;
    for layer in 0..layers {
        let data = codes.as_ref().map_or([train, validation], |[train, rest]| [train, rest]);
        let [inputs, units] = [network.encoder[layer], network.encoder[layer + 1]];
        begins(LayerStage { layer: layer + 1, layers, inputs, units });
        let stage = Stage { pretraining, layer, layers };
        let trained = stage.train(&parameters, data, observer)?;
        stage.keep(&trained.state, &mut parameters)?;
        curves.push(trained.state.curve().to_vec());
        outcome = trained.outcome;
        if outcome == FitOutcome::StoppedByObserver {
            break;
        }
        if layer + 1 < layers {
            let [train, validation] = data;
            codes = Some([trained.encode(train)?, trained.encode(validation)?]);
        }
    }
    Ok(Pretrained { parameters, curves, outcome })
}

/// A layer of the whole network.
struct Stage<'a> {
    pretraining: &'a Pretraining<'a>,
    /// Its place, counted from 0.
    layer: usize,
    layers: usize,
}

/// A layer that was trained.
struct Trained {
    state: TrainingState,
    outcome: FitOutcome,
    inference: Box<dyn Inference>,
}

impl Stage<'_> {
    /// Trains the autoencoder of this layer.
    fn train(
        &self,
        whole: &Parameters,
        [train, validation]: [&Images; 2],
        observer: &mut dyn Observer,
    ) -> Result<Trained, TrainingError> {
        let Pretraining { corruption, optimizer, fit: config, .. } = *self.pretraining;
        let architecture = architecture(&self.network(), corruption.is_some())?;
        let parameters = self.initial(architecture.as_ref(), whole)?;
        let samples = |images, part: &str| {
            let stream = config.seed.stream(&format!("pretraining/{}/{part}", self.layer + 1));
            let draw = Draw::EveryEpoch;
            Samples::new(
                images,
                corruption.map(|corruption| SampleCorruption { corruption, draw, stream }),
            )
        };
        let (train, validation) = (samples(train, "train"), samples(validation, "validation"));
        let data = TrainingData { train: &train, validation: &validation };
        let mut engine = FusedEngine::new(architecture.as_ref(), Objective::default())?;
        let mut state = TrainingState::new(parameters, optimizer);
        let outcome = fit(&mut engine, data, config, &mut state, None, observer)?;
        let inference = crate::Engine::inference(&engine)?;
        Ok(Trained { state, outcome, inference })
    }

    /// The autoencoder of this layer, with one hidden layer.
    fn network(&self) -> DenseConfig {
        let network = self.pretraining.network;
        let [inputs, units] = [network.encoder[self.layer], network.encoder[self.layer + 1]];
        let (image, channels) =
            if self.layer == 0 { (network.image, network.channels) } else { ([1, inputs], 1) };
        DenseConfig {
            image,
            channels,
            encoder: vec![inputs, units],
            decoder: vec![units, inputs],
            ..network.clone()
        }
    }

    /// The name in the whole network of a parameter of this layer's autoencoder.
    fn name(&self, name: &str) -> String {
        let decoder = self.layers - 1 - self.layer;
        match name.strip_prefix("encoder.0.") {
            Some(kind) => format!("encoder.{}.{kind}", self.layer),
            None => format!("decoder.{decoder}.{}", name.trim_start_matches("decoder.0.")),
        }
    }

    /// The initial parameters of this layer's autoencoder.
    fn initial(
        &self,
        architecture: &dyn Architecture,
        whole: &Parameters,
    ) -> Result<Parameters, TrainingError> {
        let layout = architecture.layout();
        let mut values = Vec::with_capacity(layout.len());
        for view in layout.views() {
            values.extend(whole.get(&self.name(&view.name)).unwrap_or_default());
        }
        Ok(Parameters::new(layout.clone(), values)?)
    }

    /// Copies the trained parameters into those of the whole network.
    fn keep(&self, state: &TrainingState, whole: &mut Parameters) -> Result<(), TrainingError> {
        let trained = state.parameters();
        for view in trained.layout().views() {
            let name = self.name(&view.name);
            let place = whole.layout().views().iter().find(|place| place.name == name);
            let (Some(place), Some(values)) =
                (place.map(|place| place.range()), trained.get(&view.name))
            else {
                return Err(mirrored(&name));
            };
            whole.values_mut()[place].copy_from_slice(values);
        }
        Ok(())
    }
}

impl Trained {
    /// The codes of images, as rows of one channel.
    fn encode(&self, images: &Images) -> Result<Images, TrainingError> {
        let width = self.inference.latent_dim();
        let numbers = images.len().saturating_mul(width);
        if numbers.saturating_mul(size_of::<f32>()) > MOST_BYTES {
            let expected = format!("at most {MOST_BYTES} bytes for {} images", images.len());
            return Err(setting("codes", expected, numbers.saturating_mul(size_of::<f32>())));
        }
        let samples = Samples::new(images, None);
        let items: Vec<u32> = (0..images.len() as u32).collect();
        let (mut pixels, mut codes) = (Vec::new(), vec![0.0; numbers]);
        for (items, codes) in items.chunks(BATCH).zip(codes.chunks_mut(BATCH * width)) {
            pixels.resize(items.len() * images.image_size(), 0.0);
            samples.gather_into(items, 0, &mut pixels, &mut []);
            self.inference.encode(&pixels, codes)?;
        }
        Images::of_shape(ImageShape::grey(1, width), Pixels::Floats(codes))
            .map_err(|error| setting("codes", "finite numbers".to_owned(), error))
    }
}

/// The architecture of a dense autoencoder.
fn architecture(
    network: &DenseConfig,
    is_denoising: bool,
) -> Result<Box<dyn Architecture>, TrainingError> {
    let kind = if is_denoising { ModelKind::Denoising } else { ModelKind::Regular };
    Ok(network.model(kind)?.architecture()?)
}

/// Checks that a network can be trained layer by layer.
///
/// # Errors
/// [`TrainingError::Setting`] if it is no mirrored stack of sigmoid layers.
pub fn check_pretrainable(network: &DenseConfig) -> Result<(), TrainingError> {
    let DenseConfig { encoder, decoder, hidden_activation, code_activation, .. } = network;
    if encoder.len() < 2 || !encoder.iter().rev().eq(decoder) {
        return Err(mirrored(&format!("{encoder:?} and {decoder:?}")));
    }
    for activation in [hidden_activation, code_activation] {
        if *activation != Activation::Sigmoid {
            let expected = "sigmoid in every layer, so that codes are in [0, 1]".to_owned();
            return Err(setting("activation", expected, activation));
        }
    }
    if network.output_activation != Activation::Sigmoid {
        let expected = "sigmoid, for the cross-entropy".to_owned();
        return Err(setting("output_activation", expected, network.output_activation));
    }
    Ok(())
}

/// The error of widths that are not those of an encoder and its mirror image.
fn mirrored(found: &str) -> TrainingError {
    setting("decoder", "the mirror image of the encoder".to_owned(), found)
}
