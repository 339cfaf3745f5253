//! `ae probe --fine-tune`

use std::ops::ControlFlow;

use ae_apply::{FineTunedProbe, FineTuningConfig, FineTuningEpoch, Model, fine_tuned_probe};
use ae_dataset::Dataset;
use ae_files::counted_as;
use ae_random::Seed;
use serde_json::{Value, json};

use crate::args::{Common, Probe};
use crate::progress;

/// A fine-tuned encoder, and the settings that it was trained with.
pub(super) struct FineTuning {
    config: FineTuningConfig,
    found: FineTunedProbe,
}

/// Fine-tunes the encoder of a model.
pub(super) fn run(
    args: &Probe,
    model: &Model,
    dataset: &Dataset,
    common: &Common,
) -> anyhow::Result<FineTuning> {
    let config = config_of(args);
    let mut step = progress::steps(common);
    let mut progress = |epoch: &FineTuningEpoch| {
        step(&line(epoch, config.epochs));
        ControlFlow::Continue(())
    };
    let found = fine_tuned_probe(model, dataset, &config, &mut progress)?;
    Ok(FineTuning { config, found })
}

fn config_of(args: &Probe) -> FineTuningConfig {
    let defaults = FineTuningConfig::default();
    let rate = args.learning_rate.unwrap_or(defaults.optimizer.learning_rate());
    FineTuningConfig {
        seed: Seed::new(args.seed),
        epochs: args.epochs.unwrap_or(defaults.epochs),
        patience: args.patience.unwrap_or(defaults.patience),
        optimizer: defaults.optimizer.with_learning_rate(rate),
        ..defaults
    }
}

fn line(epoch: &FineTuningEpoch, epochs: u32) -> String {
    let FineTuningEpoch { epoch, train_loss, validation_loss, validation_error } = *epoch;
    format!(
        "fine-tuning, epoch {epoch}/{epochs}: train_loss {train_loss:.5}, val_loss {validation_loss:.5}, \
         val_error {validation_error:.4}"
    )
}

impl FineTuning {
    /// What was reached and how, in one line.
    pub(super) fn sentence(&self, noun: &str) -> String {
        let FineTunedProbe { accuracy, best, curve, training_items, validation_items } =
            &self.found;
        format!(
            "fine-tuned on {}: {accuracy:.4}, an error of {:.2} %; epoch {} of {}, chosen on {} held out",
            counted_as(*training_items, noun),
            100.0 * (1.0 - accuracy),
            best.epoch,
            curve.len(),
            validation_items,
        )
    }

    pub(super) fn as_json(&self) -> Value {
        let Self { config, found } = self;
        let epoch = |epoch: &FineTuningEpoch| {
            json!({
                "epoch": epoch.epoch,
                "train_loss": epoch.train_loss,
                "val_loss": epoch.validation_loss,
                "val_error": epoch.validation_error,
            })
        };
        json!({
            "accuracy": found.accuracy,
            "error": 1.0 - found.accuracy,
            "train_images": found.training_items,
            "val_images": found.validation_items,
            "best_epoch": found.best.epoch,
            "settings": {
                "epochs": config.epochs,
                "batch_size": config.batch_size,
                "optimizer": config.optimizer,
                "patience": config.patience,
                "validation_fraction": config.validation_fraction,
            },
            "curve": found.curve.iter().map(epoch).collect::<Vec<_>>(),
        })
    }
}
