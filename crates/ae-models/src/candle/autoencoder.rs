//! What every candle model can do: the traits [`Encoder`], [`Decoder`] and [`Autoencoder`].

use candle_core::Tensor;

use crate::{ModelError, TrainingInput};

/// Computes codes from images.
pub trait Encoder {
    /// The length of a code.
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

/// Computes images from codes.
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

/// An encoder and a decoder, and which images they are shown in training.
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

    /// Which images the model is shown in training; the same as its
    /// [`Architecture::input`](crate::Architecture::input).
    fn input(&self) -> TrainingInput;
}
