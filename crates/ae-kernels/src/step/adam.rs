//! Adam and AdamW on the fast path.

use crate::simd::vectorised;

/// The constants of one Adam step, in `f32`. The form is Keras 3's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamStep {
    step_size: f32,
    mean_gain: f32,
    variance_gain: f32,
    epsilon: f32,
    decay_factor: f32,
    gradient_scale: f32,
}

impl AdamStep {
    /// Step number `step`, counted from 1 (0 is taken as 1), of Kingma and Ba 2015, algorithm 1, in the "epsilon hat"
    /// form of its section 2: the step size is `learning_rate * sqrt(1 - beta2^step) / (1 - beta1^step)`.
    ///
    /// `beta1` and `beta2` are the decays of the running means, in [0, 1). `epsilon` is added to the denominator.
    pub fn new(learning_rate: f64, beta1: f64, beta2: f64, epsilon: f64, step: u64) -> Self {
        let correction = |beta: f64| 1.0 - beta.powf(step.max(1) as f64);
        Self {
            step_size: (learning_rate * correction(beta2).sqrt() / correction(beta1)) as f32,
            mean_gain: (1.0 - beta1) as f32,
            variance_gain: (1.0 - beta2) as f32,
            epsilon: epsilon as f32,
            decay_factor: 1.0,
            gradient_scale: 1.0,
        }
    }

    /// The step with decoupled weight decay (AdamW: Loshchilov and Hutter 2019, algorithm 2): each parameter is
    /// multiplied by `1 - learning_rate * weight_decay` before the step.
    #[must_use]
    pub fn with_decay(mut self, learning_rate: f64, weight_decay: f64) -> Self {
        self.decay_factor = (1.0 - learning_rate * weight_decay) as f32;
        self
    }

    /// The step for the gradient multiplied by `scale`.
    #[must_use]
    pub fn with_scale(mut self, scale: f64) -> Self {
        self.gradient_scale = scale as f32;
        self
    }

    /// Updates parameters and moments on the calling thread.
    pub(super) fn update(
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
                    let g = g * self.gradient_scale;
                    *p *= self.decay_factor;
                    *m += (g - *m) * self.mean_gain;
                    *v += (g * g - *v) * self.variance_gain;
                    *p -= *m * self.step_size / (v.sqrt() + self.epsilon);
                }
            },
        );
    }
}
