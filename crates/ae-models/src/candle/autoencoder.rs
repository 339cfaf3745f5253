//! What every candle model can do: the traits [`Encoder`], [`Decoder`] and [`Autoencoder`].

use candle_core::Tensor;

use super::pass::Zeros;
use crate::{DrawnNumbers, ModelError, Posterior, TrainingInput, TrainingPass};

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
    /// Encodes and decodes a batch up to the logits.
    ///
    /// # Shapes
    /// `(n, channels * height * width)` to the same.
    ///
    /// # Errors
    /// If the batch has another width.
    fn reconstruct_logits(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        self.decode_logits(&self.encode(images)?)
    }

    /// Encodes and decodes a batch.
    ///
    /// # Shapes
    /// `(n, channels * height * width)` to the same.
    ///
    /// # Errors
    /// If the batch has another width.
    fn reconstruct(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        self.activate(&self.reconstruct_logits(images)?)
    }

    /// Which images the model is shown in training; the same as its
    /// [`Architecture::input`](crate::Architecture::input).
    fn input(&self) -> TrainingInput;

    /// A pass as in training: with dropout, noise and samples of these random numbers, and normalised by the batch's
    /// own statistics. A model without such layers needs only the default, which is the pass of
    /// [`reconstruct_logits`](Self::reconstruct_logits).
    ///
    /// # Shapes
    /// `(n, channels * height * width)` to those of [`TrainingPass`].
    ///
    /// # Errors
    /// If the batch has another width, or there are no numbers for a layer that needs them.
    fn forward_training(
        &self,
        inputs: &Tensor,
        draws: &dyn DrawnNumbers,
    ) -> Result<TrainingPass, ModelError> {
        let _ = draws;
        let codes = self.encode(inputs)?;
        let logits = self.decode_logits(&codes)?;
        Ok(TrainingPass { codes, logits, posterior: None, statistics: Vec::new() })
    }

    /// A pass as in validation: as at inference, but variational codes are drawn, so that their objective is the
    /// negative evidence lower bound.
    ///
    /// # Shapes
    /// As [`forward_training`](Self::forward_training).
    ///
    /// # Errors
    /// As [`forward_training`](Self::forward_training).
    fn forward_validation(
        &self,
        inputs: &Tensor,
        draws: &dyn DrawnNumbers,
    ) -> Result<TrainingPass, ModelError> {
        self.forward_training(inputs, draws)
    }

    /// The distribution that the codes of a batch are drawn from, if the model is variational.
    ///
    /// # Shapes
    /// `(n, channels * height * width)` to those of [`Posterior`].
    ///
    /// # Errors
    /// If the batch has another width.
    fn posterior(&self, inputs: &Tensor) -> Result<Option<Posterior>, ModelError> {
        Ok(self.forward_validation(inputs, &Zeros::of(inputs)?)?.posterior)
    }

    /// For each of these codes the squared Frobenius norm of the derivative of the code by the input; `None` if the
    /// model has no formula for it.
    ///
    /// # Shapes
    /// `(n, latent_dim)` to `(n)`.
    ///
    /// # Errors
    /// If candle fails.
    fn squared_jacobian(&self, codes: &Tensor) -> Result<Option<Tensor>, ModelError> {
        let _ = codes;
        Ok(None)
    }
}
