//! Optimizer steps: one pass over the flat buffer on all threads, or block by block while a gradient
//! is in the cache.
//!
//! The forms are Keras 3's. Every number is updated alone by operations that are rounded in one way,
//! so the result does not depend on the threads, the chunks or the width of the vectors.

use crate::error::{StackError, check_length};
use crate::share::share;
use crate::simd::vectorised;

/// Numbers that a thread updates at a time: small enough to share, large enough to be worth it.
const CHUNK: usize = 4096;

/// The constants of one Adam step, in `f32`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    alpha: f32,
    mean_gain: f32,
    variance_gain: f32,
    epsilon: f32,
    kept: f32,
    scale: f32,
}

impl AdamStep {
    /// Step `step`, counted from 1, of Kingma and Ba 2015, algorithm 1, in the "epsilon hat" form of
    /// its section 2: the step size is `learning_rate * sqrt(1 - beta2^step) / (1 - beta1^step)`. There is no step 0: it
    /// is taken as 1.
    pub fn new(learning_rate: f64, beta1: f64, beta2: f64, epsilon: f64, step: u64) -> Self {
        let decayed = |beta: f64| 1.0 - beta.powf(step.max(1) as f64);
        Self {
            alpha: (learning_rate * decayed(beta2).sqrt() / decayed(beta1)) as f32,
            mean_gain: (1.0 - beta1) as f32,
            variance_gain: (1.0 - beta2) as f32,
            epsilon: epsilon as f32,
            kept: 1.0,
            scale: 1.0,
        }
    }

    /// With decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2): each parameter is
    /// multiplied by `1 - learning_rate * weight_decay` before the step.
    #[must_use]
    pub fn with_decay(mut self, learning_rate: f64, weight_decay: f64) -> Self {
        self.kept = (1.0 - learning_rate * weight_decay) as f32;
        self
    }

    /// With the gradient multiplied by this.
    #[must_use]
    pub fn with_scale(mut self, scale: f64) -> Self {
        self.scale = scale as f32;
        self
    }

    fn apply_to_chunk(
        self,
        parameters: &mut [f32],
        gradient: &[f32],
        mean: &mut [f32],
        variance: &mut [f32],
    ) {
        vectorised(
            #[inline(always)]
            || {
                let moments = mean.iter_mut().zip(variance);
                for ((p, &g), (m, v)) in parameters.iter_mut().zip(gradient).zip(moments) {
                    let g = g * self.scale;
                    *p *= self.kept;
                    *m += (g - *m) * self.mean_gain;
                    *v += (g * g - *v) * self.variance_gain;
                    *p -= *m * self.alpha / (v.sqrt() + self.epsilon);
                }
            },
        );
    }
}

/// A step of gradient descent with momentum (Sutskever et al. 2013, equations 1 and 2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdStep {
    learning_rate: f32,
    momentum: f32,
    scale: f32,
}

impl SgdStep {
    /// A step of this size that keeps this part of the velocity.
    pub fn new(learning_rate: f64, momentum: f64) -> Self {
        Self { learning_rate: learning_rate as f32, momentum: momentum as f32, scale: 1.0 }
    }

    /// With the gradient multiplied by this.
    #[must_use]
    pub fn with_scale(mut self, scale: f64) -> Self {
        self.scale = scale as f32;
        self
    }

    fn apply_to_chunk(self, parameters: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
        vectorised(
            #[inline(always)]
            || {
                for ((p, &g), v) in parameters.iter_mut().zip(gradient).zip(velocity) {
                    *v = *v * self.momentum - self.learning_rate * (g * self.scale);
                    *p += *v;
                }
            },
        );
    }
}

/// A step with what the optimizer remembers of each parameter.
#[derive(Debug)]
pub enum Step<'a> {
    /// Adam's.
    Adam {
        /// Its constants.
        step: AdamStep,
        /// The gradient's running mean.
        mean: &'a mut [f32],
        /// The squared gradient's running mean.
        variance: &'a mut [f32],
    },
    /// Gradient descent's.
    Sgd {
        /// Its constants.
        step: SgdStep,
        /// The velocity.
        velocity: &'a mut [f32],
    },
}

impl Step<'_> {
    /// Takes the step, on all threads.
    ///
    /// # Errors
    /// If the buffers differ in length; nothing is changed then.
    pub fn apply(self, parameters: &mut [f32], gradient: &[f32]) -> Result<(), StackError> {
        self.check(parameters.len())?;
        check_length("the gradient", parameters.len(), gradient.len())?;
        let (mut rest, mut chunks) = (self, Vec::new());
        let pairs = parameters.chunks_mut(CHUNK).zip(gradient.chunks(CHUNK));
        for (parameters, gradient) in pairs {
            let (step, others) = rest.split_at(parameters.len());
            rest = others;
            chunks.push((step, parameters, gradient));
        }
        share(chunks, |(step, parameters, gradient)| step.apply_to_chunk(parameters, gradient));
        Ok(())
    }

    /// Checks that there is one of each moment for each parameter.
    pub(crate) fn check(&self, parameters: usize) -> Result<(), StackError> {
        match self {
            Self::Adam { mean, variance, .. } => {
                check_length("the running mean", parameters, mean.len())?;
                check_length("the running variance", parameters, variance.len())
            }
            Self::Sgd { velocity, .. } => check_length("the velocity", parameters, velocity.len()),
        }
    }
}

impl<'a> Step<'a> {
    /// The step of the first parameters, and that of the others.
    pub(crate) fn split_at(self, parameters: usize) -> (Self, Self) {
        match self {
            Self::Adam { step, mean, variance } => {
                let (mean, other_mean) = mean.split_at_mut(parameters);
                let (variance, other_variance) = variance.split_at_mut(parameters);
                let other = Self::Adam { step, mean: other_mean, variance: other_variance };
                (Self::Adam { step, mean, variance }, other)
            }
            Self::Sgd { step, velocity } => {
                let (velocity, other) = velocity.split_at_mut(parameters);
                (Self::Sgd { step, velocity }, Self::Sgd { step, velocity: other })
            }
        }
    }

    /// Takes the step on the calling thread.
    pub(crate) fn apply_to_chunk(self, parameters: &mut [f32], gradient: &[f32]) {
        match self {
            Self::Adam { step, mean, variance } => {
                step.apply_to_chunk(parameters, gradient, mean, variance);
            }
            Self::Sgd { step, velocity } => step.apply_to_chunk(parameters, gradient, velocity),
        }
    }
}
