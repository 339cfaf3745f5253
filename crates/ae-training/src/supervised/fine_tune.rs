//! Fine-tuning: all weights of an encoder and of a softmax layer on it, trained on labels.

use std::ops::{ControlFlow, Range};

use ae_dataset::epoch_order;
use ae_kernels::{Batch, Loss, Objective, Problem, Target, Trainer};
use ae_random::Seed;

use super::classifier::{Classifier, Judgement, LabelledImages, setting};
use crate::divergence::not_finite;
use crate::fused::layer_draws;
use crate::setting::{at_least_1, check_positive};
use crate::{BatchSelection, Optimizer, OptimizerConfig, Samples, TrainingError};

/// The settings of a fine-tuning.
#[derive(Debug, Clone, PartialEq)]
pub struct FineTuningConfig {
    /// The seed of the held-out items and of the order of every epoch.
    pub seed: Seed,
    /// The most epochs; at least 1.
    pub epochs: u32,
    /// Images of a batch, at least 1.
    pub batch_size: usize,
    /// The optimizer.
    pub optimizer: OptimizerConfig,
    /// Epochs without a better validation error after which the training ends; at least 1.
    pub patience: u32,
    /// The fraction of the images that is held out to choose the epoch, above 0 and below 1.
    pub validation_fraction: f64,
}

impl Default for FineTuningConfig {
    /// At most 50 epochs of Adam (learning rate 0.001) in batches of 128, patience 5. A sixth is held out, as in the
    /// experiments of Vincent et al. 2010: 10 000 of MNIST's 60 000, 2000 of the 12 000 of its variations.
    fn default() -> Self {
        Self {
            seed: Seed::new(42),
            epochs: 50,
            batch_size: 128,
            optimizer: OptimizerConfig::keras_adam(),
            patience: 5,
            validation_fraction: 1.0 / 6.0,
        }
    }
}

impl FineTuningConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`TrainingError::Setting`] if one is outside its range.
    pub fn check(&self) -> Result<(), TrainingError> {
        at_least_1("epochs", self.epochs as usize)?;
        at_least_1("batch_size", self.batch_size)?;
        at_least_1("patience", self.patience as usize)?;
        self.optimizer.check()?;
        check_positive("validation_fraction", self.validation_fraction)?;
        if self.validation_fraction >= 1.0 {
            let expected = "above 0 and below 1".to_owned();
            return Err(setting("validation_fraction", expected, self.validation_fraction));
        }
        Ok(())
    }
}

/// An epoch of a fine-tuning.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FineTuningEpoch {
    /// The epoch, counted from 1.
    pub epoch: u32,
    /// The mean of the batches' losses: cross-entropy in nats an image.
    pub train_loss: f64,
    /// The cross-entropy on the held-out images after the epoch.
    pub validation_loss: f64,
    /// The fraction of the held-out images that are classified wrongly after the epoch.
    pub validation_error: f64,
}

/// A fine-tuned classifier and how it came about.
#[derive(Debug, Clone)]
pub struct FineTuned {
    /// The classifier after its best epoch.
    pub classifier: Classifier,
    /// The epoch with the lowest validation error, of equals that with the lowest validation loss.
    pub best: FineTuningEpoch,
    /// All epochs.
    pub curve: Vec<FineTuningEpoch>,
    /// Images that were learned from.
    pub training_images: usize,
    /// Images that were held out to choose the epoch.
    pub validation_images: usize,
}

/// Trains all weights of a classifier to minimise the cross-entropy of the softmax, and returns it as it was after the
/// epoch with the lowest error on held-out images.
///
/// `progress` hears of every epoch and may end the training. The result has the same bits for any number of threads: it
/// depends on the classifier, the data and the settings alone. The held-out images are drawn from the stream
/// `fine-tuning/split` of the seed; layers that draw random numbers use the same streams as in other trainings.
///
/// # Errors
/// If a setting is outside its range, the data does not fit the classifier, there are fewer than two images, or the
/// loss or the gradient is no longer finite.
pub fn fine_tune(
    classifier: Classifier,
    data: LabelledImages<'_>,
    config: &FineTuningConfig,
    progress: &mut dyn FnMut(&FineTuningEpoch) -> ControlFlow<()>,
) -> Result<FineTuned, TrainingError> {
    config.check()?;
    classifier.check_size(data.images)?;
    data.check(classifier.classes())?;
    let [training, validation] = split(data.images.len(), config)?;
    let mut best: Option<(FineTuningEpoch, Vec<f32>)> = None;
    let mut curve = Vec::new();
    let mut run = Run::new(classifier, config.optimizer);
    for epoch in 0..config.epochs {
        let order = epoch_order(config.seed, epoch, training.len());
        let items: Vec<u32> = order.iter().map(|&place| training[place as usize]).collect();
        let train_loss = run.learn(data, &items, epoch, config)?;
        let Judgement { loss, error } = run.classifier.judge(data, &validation)?;
        let epoch = FineTuningEpoch {
            epoch: epoch + 1,
            train_loss,
            validation_loss: loss,
            validation_error: error,
        };
        curve.push(epoch);
        let is_better = best.as_ref().is_none_or(|(best, _)| epoch.is_better_than(best));
        if is_better {
            best = Some((epoch, run.classifier.parameters.clone()));
        }
        let since_best = best.as_ref().map_or(0, |(best, _)| epoch.epoch - best.epoch);
        if progress(&epoch).is_break() || since_best >= config.patience {
            break;
        }
    }
    let Some((best, parameters)) = best else {
        return Err(setting("epochs", "at least 1".to_owned(), config.epochs));
    };
    let classifier = Classifier { parameters, ..run.classifier };
    let (training_images, validation_images) = (training.len(), validation.len());
    Ok(FineTuned { classifier, best, curve, training_images, validation_images })
}

impl FineTuningEpoch {
    fn is_better_than(&self, other: &Self) -> bool {
        (self.validation_error, self.validation_loss)
            < (other.validation_error, other.validation_loss)
    }
}

/// The items for training and those that are held out, each ascending.
fn split(images: usize, config: &FineTuningConfig) -> Result<[Vec<u32>; 2], TrainingError> {
    if images < 2 {
        return Err(setting("images", "at least 2".to_owned(), images));
    }
    let mut order: Vec<u32> = (0..images as u32).collect();
    config.seed.stream("fine-tuning/split").at(0, 0).shuffle(&mut order);
    let held_out = (images as f64 * config.validation_fraction).round() as usize;
    let mut training = order.split_off(held_out.clamp(1, images - 1));
    training.sort_unstable();
    order.sort_unstable();
    Ok([training, order])
}

/// A classifier that is trained.
struct Run {
    classifier: Classifier,
    trainer: Trainer,
    optimizer: Optimizer,
    gradient: Vec<f32>,
}

impl Run {
    fn new(classifier: Classifier, optimizer: OptimizerConfig) -> Self {
        let parameters = classifier.parameters.len();
        Self {
            optimizer: Optimizer::new(optimizer, parameters),
            trainer: Trainer::new(),
            gradient: vec![0.0; parameters],
            classifier,
        }
    }

    /// Learns from these items, batch by batch, and returns the mean loss.
    fn learn(
        &mut self,
        data: LabelledImages<'_>,
        items: &[u32],
        epoch: u32,
        config: &FineTuningConfig,
    ) -> Result<f64, TrainingError> {
        let Classifier { chain, parameters, random } = &mut self.classifier;
        let (samples, classes) = (Samples::new(data.images, None), chain.outputs());
        let objective = Objective::new(Loss::SoftmaxCrossEntropy);
        let mut sum = 0.0;
        for (batch, items) in items.chunks(config.batch_size).enumerate() {
            let fill = |rows: Range<usize>, inputs: &mut [f32], targets: &mut [f32]| {
                let items = &items[rows];
                samples.gather_into(items, epoch, inputs, &mut []);
                for (target, &item) in targets.chunks_exact_mut(classes).zip(items) {
                    target.fill(0.0);
                    target[usize::from(data.classes[item as usize])] = 1.0;
                }
            };
            let selection = BatchSelection { samples: &samples, indices: items, epoch };
            let draws = layer_draws(random, config.seed, selection);
            let step = self.optimizer.next_step(config.optimizer.learning_rate(), 1.0);
            let problem = Problem { chain, objective: &objective };
            let rows = Batch::new(items.len(), Target::Separate, fill).with_draws(&draws);
            let summary = self.trainer.step(problem, parameters, step, rows, &mut self.gradient)?;
            if let Some(quantity) = not_finite(summary.reconstruction, summary.squared_norm) {
                let (epoch, batch) = (epoch + 1, batch + 1);
                return Err(TrainingError::Diverged { epoch, batch, quantity, checkpoint: None });
            }
            sum += summary.reconstruction * items.len() as f64;
        }
        Ok(sum / items.len() as f64)
    }
}
