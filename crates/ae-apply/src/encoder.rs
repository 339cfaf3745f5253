//! The encoder of a trained model alone: images to codes.

use std::path::Path;

use ae_dataset::{ImageShape, InputFormat};
use ae_models::{EncoderInference, ModelError, SavedEncoder, SavedModel};

use crate::Device;
use crate::error::ApplyError;
use crate::model::{Width, in_batches, model_file};
use crate::model_input::{ModelInput, RunOrigin};

/// The encoder of a trained model, from the weights file of a whole model or of the encoder alone.
pub struct TrainedEncoder {
    input: ModelInput,
    inference: Box<dyn EncoderInference>,
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
        Ok(Self { input, inference: saved.inference(device)? })
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

    /// Encodes images: `n x channels x height x width` in [0, 1] to `n x latent_dim`.
    ///
    /// # Errors
    /// If the slice is not whole images, or the device fails.
    pub fn encode(&self, images: &[f32]) -> Result<Vec<f32>, ApplyError> {
        let images = self.format().network_input(images);
        let (input, result) = (Width(self.inference.pixels()), Width(self.latent_dim()));
        in_batches(&images, input, result, |images, codes| self.inference.encode(images, codes))
    }
}
