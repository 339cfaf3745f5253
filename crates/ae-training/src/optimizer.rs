//! Optimizers over one flat parameter buffer, with state that can be saved.
//!
//! Their forms are Keras 3's, so that curves compare. The kernels apply them element by element, so
//! the result does not depend on how the buffer is divided among threads.

use ae_kernels::{AdamStep, SgdStep, StackError, Step};
use serde::{Deserialize, Serialize};

use crate::TrainingError;

/// An optimizer's kind and constants.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum OptimizerConfig {
    /// Kingma and Ba 2015, algorithm 1, in the "epsilon hat" form of its section 2.
    Adam {
        /// Step size.
        learning_rate: f64,
        /// Decay of the gradient's mean, in [0, 1).
        beta1: f64,
        /// Decay of the squared gradient's mean, in [0, 1).
        beta2: f64,
        /// Added to the denominator.
        epsilon: f64,
    },
    /// Adam with decoupled weight decay: Loshchilov and Hutter 2019, algorithm 2.
    AdamW {
        /// Step size.
        learning_rate: f64,
        /// Decay of the gradient's mean, in [0, 1).
        beta1: f64,
        /// Decay of the squared gradient's mean, in [0, 1).
        beta2: f64,
        /// Added to the denominator.
        epsilon: f64,
        /// Part of a parameter that a step of size 1 takes away.
        weight_decay: f64,
    },
    /// Stochastic gradient descent with momentum (Sutskever et al. 2013, equations 1 and 2).
    Sgd {
        /// Step size.
        learning_rate: f64,
        /// Part of the velocity that a step keeps, in [0, 1); 0 is plain descent.
        momentum: f64,
    },
}

impl OptimizerConfig {
    /// Adam with Keras' constants: the tutorial's optimizer.
    pub const fn keras_adam() -> Self {
        Self::Adam { learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }
    }

    /// The step size before any schedule.
    pub fn learning_rate(&self) -> f64 {
        match *self {
            Self::Adam { learning_rate, .. }
            | Self::AdamW { learning_rate, .. }
            | Self::Sgd { learning_rate, .. } => learning_rate,
        }
    }

    /// The same optimizer with another step size.
    #[must_use]
    pub fn with_learning_rate(mut self, rate: f64) -> Self {
        match &mut self {
            Self::Adam { learning_rate, .. }
            | Self::AdamW { learning_rate, .. }
            | Self::Sgd { learning_rate, .. } => *learning_rate = rate,
        }
        self
    }

    /// The names of the buffers that it keeps between steps, each as long as the parameters.
    pub fn moments(&self) -> &'static [&'static str] {
        match self {
            Self::Adam { .. } | Self::AdamW { .. } => &["optimizer.mean", "optimizer.variance"],
            Self::Sgd { .. } => &["optimizer.velocity"],
        }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// If a constant is outside its range.
    pub fn check(&self) -> Result<(), TrainingError> {
        check_positive("learning_rate", self.learning_rate())?;
        match *self {
            Self::Adam { beta1, beta2, epsilon, .. } => check_adam(beta1, beta2, epsilon),
            Self::AdamW { beta1, beta2, epsilon, weight_decay, .. } => {
                check("weight_decay", weight_decay, "finite and at least 0", |x| x >= 0.0)?;
                check("weight_decay", weight_decay, IN_F32, |x| (x as f32).is_finite())?;
                check_adam(beta1, beta2, epsilon)
            }
            Self::Sgd { momentum, .. } => check_decay("momentum", momentum),
        }
    }
}

fn check_adam(beta1: f64, beta2: f64, epsilon: f64) -> Result<(), TrainingError> {
    check_decay("beta1", beta1)?;
    check_decay("beta2", beta2)?;
    check_positive("epsilon", epsilon)
}

fn check_decay(setting: &'static str, value: f64) -> Result<(), TrainingError> {
    check(setting, value, "in [0, 1)", |x| (0.0..1.0).contains(&x))?;
    check(setting, value, "below 1 as a 32-bit float too", |x| (x as f32) < 1.0)
}

/// Refuses what is not above 0, and what is no longer when steps are taken, which is in `f32`: an epsilon of 0
/// would divide 0 by 0 where a gradient is 0.
pub(crate) fn check_positive(setting: &'static str, value: f64) -> Result<(), TrainingError> {
    check(setting, value, "finite and above 0", |x| x > 0.0)?;
    check(setting, value, IN_F32, |x| x as f32 > 0.0 && (x as f32).is_finite())
}

/// What is smaller becomes 0, what is larger infinite.
const IN_F32: &str = "from 1.5e-45 to 3.4e38, the range of 32-bit floats";

/// Refuses a number that is not finite or outside its range.
pub(crate) fn check(
    setting: &'static str,
    value: f64,
    expected: &str,
    holds: impl Fn(f64) -> bool,
) -> Result<(), TrainingError> {
    if value.is_finite() && holds(value) {
        return Ok(());
    }
    Err(TrainingError::Setting { setting, expected: expected.to_owned(), found: value.to_string() })
}

/// An optimizer at work: its constants and what it remembers.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimizer {
    config: OptimizerConfig,
    steps: u64,
    moments: Vec<Vec<f32>>,
}

impl Optimizer {
    /// An optimizer before its first step.
    pub fn new(config: OptimizerConfig, parameters: usize) -> Self {
        let moments = vec![vec![0.0; parameters]; config.moments().len()];
        Self { config, steps: 0, moments }
    }

    /// An optimizer that goes on from saved buffers, in the order of [`OptimizerConfig::moments`].
    pub(crate) fn restore(config: OptimizerConfig, steps: u64, moments: Vec<Vec<f32>>) -> Self {
        Self { config, steps, moments }
    }

    /// Its constants.
    pub fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    /// Steps taken so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The buffers kept between steps, in the order of [`OptimizerConfig::moments`].
    pub fn moments(&self) -> &[Vec<f32>] {
        &self.moments
    }

    /// Takes a step of this size (the schedule's) against the gradient times `scale`.
    ///
    /// # Errors
    /// If the buffers differ in length from the one that the optimizer was made for.
    pub fn step(
        &mut self,
        learning_rate: f64,
        parameters: &mut [f32],
        (gradient, scale): (&[f32], f64),
    ) -> Result<(), StackError> {
        self.next_step(learning_rate, scale).apply(parameters, gradient)
    }

    /// The next step, of this size, against the gradient times `scale`.
    pub(crate) fn next_step(&mut self, learning_rate: f64, scale: f64) -> Step<'_> {
        self.steps += 1;
        let count = self.steps;
        match (self.config, self.moments.as_mut_slice()) {
            (OptimizerConfig::Adam { beta1, beta2, epsilon, .. }, [mean, variance]) => {
                let step = AdamStep::new(learning_rate, beta1, beta2, epsilon, count);
                Step::Adam { step: step.with_scale(scale), mean, variance }
            }
            (
                OptimizerConfig::AdamW { beta1, beta2, epsilon, weight_decay, .. },
                [mean, variance],
            ) => {
                let step = AdamStep::new(learning_rate, beta1, beta2, epsilon, count)
                    .with_decay(learning_rate, weight_decay);
                Step::Adam { step: step.with_scale(scale), mean, variance }
            }
            (OptimizerConfig::Sgd { momentum, .. }, [velocity]) => {
                let step = SgdStep::new(learning_rate, momentum).with_scale(scale);
                Step::Sgd { step, velocity }
            }
            (config, moments) => {
                unreachable!("{config:?} keeps as many buffers as it names, not {}", moments.len())
            }
        }
    }
}
