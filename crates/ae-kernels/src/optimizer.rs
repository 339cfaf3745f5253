//! Optimizer steps: one pass over the flat buffer on all threads.
//!
//! The forms are Keras 3's. Every number is updated alone by operations that are rounded in one way,
//! so the result does not depend on the threads, the chunks or the width of the vectors.

use rayon::prelude::*;

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
    /// its section 2: the step size is `learning_rate * sqrt(1 - beta2^step) / (1 - beta1^step)`.
    pub fn new(learning_rate: f64, beta1: f64, beta2: f64, epsilon: f64, step: u64) -> Self {
        let decayed = |beta: f64| 1.0 - beta.powf(step as f64);
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

    /// Takes the step.
    ///
    /// # Panics
    /// If the buffers differ in length.
    pub fn apply(
        self,
        parameters: &mut [f32],
        gradient: &[f32],
        mean: &mut [f32],
        variance: &mut [f32],
    ) {
        assert_eq!(parameters.len(), gradient.len(), "a gradient for each parameter");
        assert_eq!(parameters.len(), mean.len(), "a mean for each parameter");
        assert_eq!(parameters.len(), variance.len(), "a variance for each parameter");
        let moments = mean.par_chunks_mut(CHUNK).zip(variance.par_chunks_mut(CHUNK));
        parameters
            .par_chunks_mut(CHUNK)
            .zip(gradient.par_chunks(CHUNK))
            .zip(moments)
            .for_each(|((p, g), (m, v))| self.apply_to_chunk(p, g, m, v));
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

    /// Takes the step.
    ///
    /// # Panics
    /// If the buffers differ in length.
    pub fn apply(self, parameters: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
        assert_eq!(parameters.len(), gradient.len(), "a gradient for each parameter");
        assert_eq!(parameters.len(), velocity.len(), "a velocity for each parameter");
        parameters
            .par_chunks_mut(CHUNK)
            .zip(gradient.par_chunks(CHUNK))
            .zip(velocity.par_chunks_mut(CHUNK))
            .for_each(|((p, g), v)| self.apply_to_chunk(p, g, v));
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
