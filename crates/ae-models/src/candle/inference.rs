//! Inference by candle, on any device.

use candle_core::{Device, Tensor};

use super::chain::NetworkEncoder;
use crate::inference::check;
use crate::{
    Architecture, Autoencoder, CheckedNetwork, Encoder, EncoderInference, Inference, ModelError,
    Parameters,
};

/// Inference by candle on a device, for every model. The kernels are tested against it.
///
/// Each call is one batch on the device, so the caller cuts a large data set into batches.
pub struct TensorInference<M: ?Sized> {
    pixels: usize,
    inputs: usize,
    device: Device,
    model: Box<M>,
}

impl<M: Encoder + ?Sized> TensorInference<M> {
    /// A model whose inputs, images, have this many numbers, with the device that it was built on.
    pub fn new(inputs: usize, model: Box<M>, device: &Device) -> Self {
        Self { pixels: inputs, inputs, device: device.clone(), model }
    }

    /// The same for images of so many pixels: what a model needs whose input has a plane for the level of noise.
    #[must_use]
    pub fn with_pixels(self, pixels: usize) -> Self {
        Self { pixels, ..self }
    }

    /// Rows of this width on the device; `None` where there are none.
    fn rows(&self, from: &[f32], width: usize) -> Result<Option<Tensor>, ModelError> {
        let rows = from.len().checked_div(width).filter(|&rows| rows > 0);
        let tensor = rows.map(|rows| Tensor::from_slice(from, (rows, width), &self.device));
        Ok(tensor.transpose()?)
    }

    /// Sends rows through the model.
    fn apply(
        &self,
        (from, of_input): (&[f32], usize),
        (to, of_output): (&mut [f32], usize),
        apply: impl Fn(&M, &Tensor) -> Result<Tensor, ModelError>,
    ) -> Result<(), ModelError> {
        check(from, of_input, to, of_output)?;
        match self.rows(from, of_input)? {
            Some(rows) => write(&apply(&self.model, &rows)?, to),
            None => Ok(()),
        }
    }
}

impl<M: Encoder + Send + Sync + ?Sized> EncoderInference for TensorInference<M> {
    fn pixels(&self) -> usize {
        self.pixels
    }

    fn inputs(&self) -> usize {
        self.inputs
    }

    fn latent_dim(&self) -> usize {
        self.model.latent_dim()
    }

    fn encode(&self, images: &[f32], codes: &mut [f32]) -> Result<(), ModelError> {
        self.apply((images, self.inputs), (codes, self.latent_dim()), |model, x| model.encode(x))
    }
}

impl<M: Autoencoder + ?Sized> Inference for TensorInference<M> {
    fn output_is_probability(&self) -> bool {
        self.model.output_is_probability()
    }

    fn decode(&self, codes: &[f32], images: &mut [f32]) -> Result<(), ModelError> {
        self.apply((codes, self.latent_dim()), (images, self.pixels), |model, x| model.decode(x))
    }

    fn decode_logits(&self, codes: &[f32], logits: &mut [f32]) -> Result<(), ModelError> {
        self.apply((codes, self.latent_dim()), (logits, self.pixels), |model, x| {
            model.decode_logits(x)
        })
    }

    fn posterior(
        &self,
        images: &[f32],
        means: &mut [f32],
        log_variances: &mut [f32],
    ) -> Result<(), ModelError> {
        let width = self.latent_dim();
        check(images, self.inputs, means, width)?;
        check(images, self.inputs, log_variances, width)?;
        let Some(images) = self.rows(images, self.inputs)? else { return Ok(()) };
        let posterior = self.model.posterior(&images)?.ok_or(ModelError::NoPosterior)?;
        write(&posterior.mean, means)?;
        write(&posterior.log_variance, log_variances)
    }

    fn reconstruct(&self, images: &[f32], outputs: &mut [f32]) -> Result<(), ModelError> {
        self.apply((images, self.inputs), (outputs, self.pixels), |model, x| model.reconstruct(x))
    }

    fn forward(
        &self,
        images: &[f32],
        logits: &mut [f32],
        outputs: &mut [f32],
    ) -> Result<(), ModelError> {
        check(images, self.inputs, logits, self.pixels)?;
        check(images, self.inputs, outputs, self.pixels)?;
        let Some(images) = self.rows(images, self.inputs)? else { return Ok(()) };
        let before = self.model.reconstruct_logits(&images)?;
        write(&before, logits)?;
        write(&self.model.activate(&before)?, outputs)
    }
}

fn write(tensor: &Tensor, to: &mut [f32]) -> Result<(), ModelError> {
    to.copy_from_slice(&tensor.flatten_all()?.to_vec1::<f32>()?);
    Ok(())
}

/// Inference by candle for any architecture that has a candle model.
pub(crate) fn tensor_inference(
    architecture: &dyn Architecture,
    parameters: &Parameters,
    device: &Device,
) -> Result<Box<dyn Inference>, ModelError> {
    let model = architecture.build(parameters.var_builder(device)?)?;
    let inference = TensorInference::new(architecture.inputs(), model, device);
    Ok(Box::new(inference.with_pixels(architecture.pixels())))
}

/// Inference by candle for an encoder alone.
pub(crate) fn tensor_encoder_inference(
    network: &CheckedNetwork,
    parameters: &Parameters,
    device: &Device,
) -> Result<Box<dyn EncoderInference>, ModelError> {
    let vb = parameters.var_builder(device)?;
    let encoder = NetworkEncoder::new(network, &vb)?;
    let inference = TensorInference::new(network.input().numbers(), Box::new(encoder), device);
    Ok(Box::new(inference.with_pixels(network.item().numbers())))
}
