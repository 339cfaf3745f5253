//! Inference: trained models applied to slices of numbers, here by the kernels on the CPU.

use ae_kernels::{Chain, ChainError, PackedChain, RowLosses, losses_of_logits, losses_of_outputs};

use crate::{ModelError, Parameters};

/// Computes codes from images, on slices.
///
/// On the CPU a batch is divided among the threads of rayon's current pool. An image has the same bits alone and in any
/// batch, for any number of threads. As many images as one thread takes together, 64 or, of a network with feature
/// maps, fewer, are computed on the calling thread; from the second call with as many images on, nothing is allocated.
pub trait EncoderInference: Send + Sync {
    /// Values of an image: channels x height x width.
    fn pixels(&self) -> usize;

    /// Numbers of an input: [`pixels`](Self::pixels), or one plane more, the last, of a model that is told the level of
    /// noise ([`Network::noise_level`](crate::Network::noise_level)).
    fn inputs(&self) -> usize {
        self.pixels()
    }

    /// The length of a code.
    fn latent_dim(&self) -> usize;

    /// Encodes images: `n x inputs` in [0, 1] to `n x latent_dim`.
    ///
    /// # Errors
    /// If the slices do not hold the same number of whole rows, or candle fails.
    fn encode(&self, images: &[f32], codes: &mut [f32]) -> Result<(), ModelError>;
}

/// An autoencoder on slices; see [`EncoderInference`].
pub trait Inference: EncoderInference {
    /// Whether the output activation is the sigmoid, so that a pixel is a probability.
    fn output_is_probability(&self) -> bool;

    /// Decodes codes: `n x latent_dim` to `n x pixels`.
    ///
    /// # Errors
    /// If the slices do not hold the same number of whole rows, or candle fails.
    fn decode(&self, codes: &[f32], images: &mut [f32]) -> Result<(), ModelError>;

    /// Decodes codes up to the logits before the output activation: `n x latent_dim` to `n x pixels`.
    ///
    /// # Errors
    /// If the slices do not hold the same number of whole rows, or candle fails.
    fn decode_logits(&self, codes: &[f32], logits: &mut [f32]) -> Result<(), ModelError>;

    /// The Gaussian that the code of each image is drawn from in training: `n x inputs` to the means and the natural
    /// logarithms of the variances, `n x latent_dim` each. By default an error that says there is none.
    ///
    /// # Errors
    /// If the model is not variational, the slices do not hold the same number of whole rows, or candle fails.
    fn posterior(
        &self,
        images: &[f32],
        means: &mut [f32],
        log_variances: &mut [f32],
    ) -> Result<(), ModelError> {
        let _ = (images, means, log_variances);
        Err(ModelError::NoPosterior)
    }

    /// Encodes and decodes images: `n x inputs` to `n x pixels`.
    ///
    /// # Errors
    /// If the slices do not hold the same number of whole rows, or candle fails.
    fn reconstruct(&self, images: &[f32], outputs: &mut [f32]) -> Result<(), ModelError>;

    /// Encodes and decodes images, and keeps the logits before the output activation: `n x inputs` to
    /// logits and outputs, `n x pixels` each.
    ///
    /// # Errors
    /// If the slices do not hold the same number of whole rows, or candle fails.
    fn forward(
        &self,
        images: &[f32],
        logits: &mut [f32],
        outputs: &mut [f32],
    ) -> Result<(), ModelError>;

    /// The losses of each image's reconstruction against its target, summed over the pixels: images of `n x inputs`
    /// and targets of `n x pixels` to `n` losses.
    ///
    /// # Errors
    /// If the slices do not hold the same number of whole rows, or candle fails.
    fn losses(
        &self,
        images: &[f32],
        targets: &[f32],
        losses: &mut [RowLosses],
    ) -> Result<(), ModelError> {
        check_pairs(self, images, targets, losses)?;
        let [mut logits, mut outputs] = [(); 2].map(|()| vec![0.0; targets.len()]);
        self.forward(images, &mut logits, &mut outputs)?;
        let (logits, outputs) = (logits.chunks(self.pixels()), outputs.chunks(self.pixels()));
        let rows = logits.zip(outputs).zip(targets.chunks(self.pixels()));
        for (losses, ((logits, output), target)) in losses.iter_mut().zip(rows) {
            *losses = if self.output_is_probability() {
                losses_of_logits(logits, target)?
            } else {
                losses_of_outputs(output, target)?
            };
        }
        Ok(())
    }

    /// The squared error of each image's reconstruction against its target, summed in `f64` over the pixels: images of
    /// `n x inputs` and targets of `n x pixels` to `n` errors.
    ///
    /// # Errors
    /// If the slices do not hold the same number of whole rows, or candle fails.
    fn squared_errors(
        &self,
        images: &[f32],
        targets: &[f32],
        errors: &mut [f64],
    ) -> Result<(), ModelError> {
        check_pairs(self, images, targets, errors)?;
        let mut outputs = vec![0.0; targets.len()];
        self.reconstruct(images, &mut outputs)?;
        let rows = outputs.chunks(self.pixels()).zip(targets.chunks(self.pixels()));
        for (error, (output, target)) in errors.iter_mut().zip(rows) {
            let pairs = output.iter().zip(target);
            *error = pairs.map(|(&y, &t)| (f64::from(y) - f64::from(t)).powi(2)).sum();
        }
        Ok(())
    }
}

/// Inference by the kernels on the CPU.
#[derive(Debug)]
pub struct KernelInference {
    packed: PackedChain,
    pixels: usize,
}

impl KernelInference {
    /// Copies the parameters of a chain into the kernels' layout.
    ///
    /// # Errors
    /// If there are not as many parameters as the chain has.
    pub fn new(chain: &Chain, parameters: &Parameters) -> Result<Self, ModelError> {
        let (expected, found) = (chain.parameters(), parameters.values().len());
        if found != expected {
            return Err(ModelError::ParameterCount { expected, found });
        }
        // An encoder alone does not know how many of its input's numbers are pixels.
        let pixels = if chain.has_decoder() { chain.outputs() } else { chain.inputs() };
        Ok(Self { packed: PackedChain::new(chain, parameters.values())?, pixels })
    }

    /// The same for images of so many pixels: what an encoder alone needs whose input has a plane for the level of
    /// noise.
    #[must_use]
    pub fn with_pixels(self, pixels: usize) -> Self {
        Self { pixels, ..self }
    }
}

impl EncoderInference for KernelInference {
    fn pixels(&self) -> usize {
        self.pixels
    }

    fn inputs(&self) -> usize {
        self.packed.inputs()
    }

    fn latent_dim(&self) -> usize {
        self.packed.code_width()
    }

    fn encode(&self, images: &[f32], codes: &mut [f32]) -> Result<(), ModelError> {
        check(images, self.inputs(), codes, self.latent_dim())?;
        Ok(self.packed.encode(images, codes)?)
    }
}

impl Inference for KernelInference {
    fn output_is_probability(&self) -> bool {
        self.packed.output_is_probability()
    }

    fn decode(&self, codes: &[f32], images: &mut [f32]) -> Result<(), ModelError> {
        check(codes, self.latent_dim(), images, self.pixels())?;
        Ok(self.packed.decode(codes, images)?)
    }

    fn decode_logits(&self, codes: &[f32], logits: &mut [f32]) -> Result<(), ModelError> {
        check(codes, self.latent_dim(), logits, self.pixels())?;
        Ok(self.packed.decode_logits(codes, logits)?)
    }

    fn posterior(
        &self,
        images: &[f32],
        means: &mut [f32],
        log_variances: &mut [f32],
    ) -> Result<(), ModelError> {
        check(images, self.inputs(), means, self.latent_dim())?;
        check(images, self.inputs(), log_variances, self.latent_dim())?;
        self.packed.posterior(images, means, log_variances).map_err(|error| match error {
            ChainError::NoSample => ModelError::NoPosterior,
            other => other.into(),
        })
    }

    fn reconstruct(&self, images: &[f32], outputs: &mut [f32]) -> Result<(), ModelError> {
        check(images, self.inputs(), outputs, self.pixels())?;
        Ok(self.packed.reconstruct(images, outputs)?)
    }

    fn forward(
        &self,
        images: &[f32],
        logits: &mut [f32],
        outputs: &mut [f32],
    ) -> Result<(), ModelError> {
        check(images, self.inputs(), logits, self.pixels())?;
        check(images, self.inputs(), outputs, self.pixels())?;
        Ok(self.packed.forward(images, logits, outputs)?)
    }

    fn losses(
        &self,
        images: &[f32],
        targets: &[f32],
        losses: &mut [RowLosses],
    ) -> Result<(), ModelError> {
        check_pairs(self, images, targets, losses)?;
        Ok(self.packed.losses(images, targets, losses)?)
    }

    fn squared_errors(
        &self,
        images: &[f32],
        targets: &[f32],
        errors: &mut [f64],
    ) -> Result<(), ModelError> {
        check_pairs(self, images, targets, errors)?;
        Ok(self.packed.squared_errors(images, targets, errors)?)
    }
}

/// Checks that there are as many targets and results as images.
fn check_pairs<R>(
    model: &(impl EncoderInference + ?Sized),
    images: &[f32],
    targets: &[f32],
    results: &[R],
) -> Result<(), ModelError> {
    check(images, model.inputs(), targets, model.pixels())?;
    check(images, model.inputs(), results, 1)
}

/// Checks that both slices hold the same number of whole rows.
pub(crate) fn check<A, B>(
    from: &[A],
    of_input: usize,
    to: &[B],
    of_output: usize,
) -> Result<(), ModelError> {
    let rows = from.len().checked_div(of_input).filter(|rows| rows * of_input == from.len());
    let Some(rows) = rows else {
        return Err(ModelError::Batch { expected: of_input, found: vec![from.len()] });
    };
    if rows * of_output != to.len() {
        return Err(ModelError::Rows { expected: rows * of_output, found: to.len() });
    }
    Ok(())
}
