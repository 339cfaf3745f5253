//! Optimizers over one flat parameter buffer, with state that can be saved.
//!
//! Their forms are Keras 3's, so that curves compare. The kernels apply them element by element, so
//! the result does not depend on how the buffer is divided among threads.

use ae_kernels::{AdamStep, ChainError, SgdStep, Step};
use serde::{Deserialize, Serialize};

use crate::TrainingError;
use crate::setting::{check_decay, check_not_negative, check_positive};

/// An optimizer's kind and constants. The default is [`OptimizerConfig::keras_adam`].
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

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self::keras_adam()
    }
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
                check_not_negative("weight_decay", weight_decay)?;
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

/// An optimizer in use: its constants, its number of steps and its moments.
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

    /// An optimizer that continues with saved buffers, in the order of [`OptimizerConfig::moments`].
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

    pub(crate) fn moments_mut(&mut self) -> &mut [Vec<f32>] {
        &mut self.moments
    }

    /// Takes a step against `scale * gradient`, where `learning_rate` is the schedule's.
    ///
    /// # Errors
    /// If the buffers have another length than the optimizer was made for.
    pub fn step(
        &mut self,
        learning_rate: f64,
        parameters: &mut [f32],
        gradient: &[f32],
        scale: f64,
    ) -> Result<(), ChainError> {
        self.next_step(learning_rate, scale).apply(parameters, gradient)
    }

    /// The next step, against the gradient times `scale`.
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
