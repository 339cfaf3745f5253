//! The encoder of a trained model alone: images to codes.

use std::path::Path;

use ae_dataset::{ImageShape, InputFormat};
use ae_models::{Attachments, EncoderInference, ModelError, ModelSpec, SavedEncoder, SavedModel};

use crate::Device;
use crate::any_size::{AnySize, Map, Wanted, WholePicture};
use crate::error::ApplyError;
use crate::model::{Width, in_batches, model_file};
use crate::model_input::{ModelInput, RunOrigin};
use crate::noise_level::{Told, estimated_noise_level, network_inputs};

/// The encoder of a trained model, from the weights file of a whole model or of the encoder alone.
pub struct TrainedEncoder {
    saved: SavedEncoder,
    input: ModelInput,
    inference: Box<dyn EncoderInference>,
    device: Device,
    /// If the network is spatial.
    any_size: Option<AnySize<dyn EncoderInference>>,
}

/// The code of a picture of any size: feature maps.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMaps {
    /// Channels of the code, and its places down and across.
    pub shape: [usize; 3],
    /// `channels x height x width`.
    pub values: Vec<f32>,
}

impl TrainedEncoder {
    /// Opens the weights file of an encoder or of a whole model, or the `model.safetensors` of a folder, on the CPU.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged.
    pub fn open(path: &Path) -> Result<Self, ApplyError> {
        Self::open_on(path, &Device::Cpu)
    }

    /// As [`open`](Self::open), on a device.
    ///
    /// # Errors
    /// As [`open`](Self::open), and if the device cannot hold the encoder.
    pub fn open_on(path: &Path, device: &Device) -> Result<Self, ApplyError> {
        let file = model_file(path)?;
        let saved = match SavedEncoder::load(&file) {
            Err(ModelError::WrongPart { .. }) => SavedModel::load(&file)?.encoder()?,
            loaded => loaded?,
        };
        let input = ModelInput::of(&saved.spec, &saved.attachments)?;
        let any_size = match input.format.scaling {
            None => AnySize::of(&saved.spec)?,
            Some(_) => None,
        };
        let inference = saved.inference(device)?;
        Ok(Self { saved, input, inference, device: device.clone(), any_size })
    }

    /// The encoder, with what the folder of its run adds to its weights file.
    #[must_use]
    pub fn with_run(self, run: RunOrigin) -> Self {
        Self { input: self.input.with_run(run), ..self }
    }

    /// The format of the encoder's input, and how the training read its data.
    pub fn input(&self) -> &ModelInput {
        &self.input
    }

    /// The format of the encoder's input.
    pub fn format(&self) -> &InputFormat {
        &self.input.format
    }

    /// The shape of an image of the encoder's input.
    pub fn shape(&self) -> ImageShape {
        self.input.format.shape
    }

    /// The length of a code.
    pub fn latent_dim(&self) -> usize {
        self.inference.latent_dim()
    }

    /// Whether pictures of any size are encoded; see [`Model::is_spatial`](crate::Model::is_spatial).
    pub fn is_spatial(&self) -> bool {
        self.any_size.is_some()
    }

    /// Whether the network is told the level of noise beside its input.
    pub fn takes_noise_level(&self) -> bool {
        self.saved.spec.network.noise_level
    }

    /// Encodes images: `n x channels x height x width` in [0, 1] to `n x latent_dim`. A network that is told the level of
    /// noise is told an estimate.
    ///
    /// # Errors
    /// If the slice is not whole images, a noise level cannot be estimated, or the device fails.
    pub fn encode(&self, images: &[f32]) -> Result<Vec<f32>, ApplyError> {
        let told = if self.takes_noise_level() { Told::Estimated } else { Told::Nothing };
        let inputs = network_inputs(self.format(), images, told)?;
        let (input, result) = (Width(self.inference.inputs()), Width(self.latent_dim()));
        in_batches(&inputs, input, result, |images, codes| self.inference.encode(images, codes))
    }

    /// Encodes a picture of any size, `channels x height x width`, to feature maps: those of the whole picture at once,
    /// padded by its outermost pixels where its size does not fit the network. Noise levels as in [`encode`](Self::encode).
    ///
    /// `progress` is called with the number of tiles done and the number of all tiles.
    ///
    /// # Errors
    /// [`ApplyError::NotSpatial`] if the network takes one size alone; [`ApplyError::ImageSize`] if the picture has other
    /// channels; [`ApplyError::LargeMaps`] if the maps would have more than 2^28 numbers; and if the device fails.
    pub fn encode_picture(
        &self,
        picture: &[f32],
        shape: ImageShape,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<FeatureMaps, ApplyError> {
        let Some(any_size) = &self.any_size else {
            return Err(ApplyError::NotSpatial { expected: self.shape() });
        };
        let estimate = || estimated_noise_level(picture, shape);
        let noise_level = self.takes_noise_level().then(estimate).transpose()?;
        let build = |spec: &ModelSpec| {
            let (parameters, attachments) = (self.saved.parameters.clone(), Attachments::default());
            SavedEncoder { spec: spec.clone(), parameters, attachments }.inference(&self.device)
        };
        let picture = WholePicture { values: picture, shape, noise_level };
        let Map { shape, values } = any_size.run(
            picture,
            Wanted::Code,
            build,
            |encoder, tile, code| encoder.encode(tile, code),
            progress,
        )?;
        Ok(FeatureMaps { shape: [shape.channels, shape.height, shape.width], values })
    }
}
