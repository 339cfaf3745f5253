//! Gradient descent with momentum on the fast path.

use crate::simd::vectorised;

/// The constants of one step of gradient descent with momentum (Sutskever et al. 2013, equations 1 and 2), in `f32`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdStep {
    learning_rate: f32,
    momentum: f32,
    gradient_scale: f32,
}

impl SgdStep {
    /// A step of this size. `momentum`, in [0, 1), is the fraction of the velocity that is kept.
    pub fn new(learning_rate: f64, momentum: f64) -> Self {
        Self { learning_rate: learning_rate as f32, momentum: momentum as f32, gradient_scale: 1.0 }
    }

    /// The step for the gradient multiplied by `scale`.
    #[must_use]
    pub fn with_scale(mut self, scale: f64) -> Self {
        self.gradient_scale = scale as f32;
        self
    }

    /// Updates parameters and velocity on the calling thread.
    pub(super) fn update(self, parameters: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
        vectorised(
            #[inline(always)]
            || {
                for ((p, &g), v) in parameters.iter_mut().zip(gradient).zip(velocity) {
                    *v = *v * self.momentum - self.learning_rate * (g * self.gradient_scale);
                    *p += *v;
                }
            },
        );
    }
}
