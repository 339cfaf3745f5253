//! What every autoencoder can do.

use ae_kernels::Stack;
use ae_random::Seed;
use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

use crate::{Inference, KernelInference, Layout, ModelError, Parameters, TensorInference};

/// Images to codes.
pub trait Encoder {
    /// Numbers in a code.
    fn latent_dim(&self) -> usize;

    /// Encodes a batch.
    ///
    /// # Shapes
    /// `(n, channels * height * width)`, values in [0, 1], to `(n, latent_dim)`.
    ///
    /// # Errors
    /// If the batch has another width.
    fn encode(&self, images: &Tensor) -> Result<Tensor, ModelError>;
}

/// Codes to images.
pub trait Decoder {
    /// Decodes a batch up to the logits, on which the loss is computed.
    ///
    /// # Shapes
    /// `(n, latent_dim)` to `(n, channels * height * width)`, any real values.
    ///
    /// # Errors
    /// If the batch has another width.
    fn decode_logits(&self, codes: &Tensor) -> Result<Tensor, ModelError>;

    /// The output activation: logits to pixels.
    ///
    /// # Errors
    /// If candle fails.
    fn activate(&self, logits: &Tensor) -> Result<Tensor, ModelError>;

    /// Whether the output activation is the sigmoid, so that a pixel is a probability and its binary
    /// cross-entropy is defined.
    fn output_is_probability(&self) -> bool;

    /// Decodes a batch.
    ///
    /// # Shapes
    /// `(n, latent_dim)` to `(n, channels * height * width)`.
    ///
    /// # Errors
    /// If the batch has another width.
    fn decode(&self, codes: &Tensor) -> Result<Tensor, ModelError> {
        self.activate(&self.decode_logits(codes)?)
    }
}

/// Encoder and decoder, with the rule of what is learned from what.
pub trait Autoencoder: Encoder + Decoder + Send + Sync {
    /// Encodes and decodes a batch.
    ///
    /// # Shapes
    /// `(n, channels * height * width)` to the same.
    ///
    /// # Errors
    /// If the batch has another width.
    fn reconstruct(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        self.decode(&self.encode(images)?)
    }

    /// Whether the network sees corrupted images in training; the target is clean either way.
    fn input(&self) -> TrainingInput;
}

/// What an autoencoder is shown in training: all that tells the two kinds apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainingInput {
    /// Clean to clean: the regular autoencoder.
    Clean,
    /// Corrupted to clean: the denoising autoencoder (Vincent et al. 2008, section 2.3).
    Corrupted,
}

/// A model without its numbers: names and shapes of its parameters, and how to build it from them.
///
/// Training holds the parameters as one flat buffer and pours them into a model at every step; this
/// is all it knows of a model.
pub trait Architecture: Send + Sync {
    /// The parameters' names, shapes and places in the flat buffer.
    fn layout(&self) -> &Layout;

    /// Initial parameters. Each one depends on the seed and on its name alone.
    fn initialise(&self, seed: Seed) -> Parameters;

    /// The model as layers over the flat buffer, for the fused kernels; `None` if it is of another
    /// kind.
    fn stack(&self) -> Option<&Stack>;

    /// The model over the tensors that `vb` gives by name.
    ///
    /// # Errors
    /// If a tensor is missing or has another shape.
    fn build(&self, vb: VarBuilder) -> Result<Box<dyn Autoencoder>, ModelError>;

    /// Numbers in an image, all channels together.
    fn pixels(&self) -> usize;

    /// The model on slices of numbers: by the kernels if they know it and the device is the CPU.
    ///
    /// # Errors
    /// If the parameters are not the architecture's, or the device cannot hold them.
    fn inference(
        &self,
        parameters: &Parameters,
        device: &Device,
    ) -> Result<Box<dyn Inference>, ModelError> {
        if let Some(stack) = self.stack().filter(|_| device.is_cpu()) {
            return Ok(Box::new(KernelInference::new(stack, parameters)?));
        }
        let vb = VarBuilder::from_tensors(parameters.tensors(device)?, DType::F32, device);
        Ok(Box::new(TensorInference::new(self.pixels(), self.build(vb)?, device)))
    }
}
