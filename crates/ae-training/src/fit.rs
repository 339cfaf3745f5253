//! The training loop.

use ae_dataset::epoch_order;
use ae_models::TrainingInput;

use crate::{
    BatchResult, Checkpoints, Detail, Engine, EpochRecord, Event, FitConfig, Observer, Progress,
    Samples, StepSize, TrainingError, TrainingState, curve_metrics, evaluate, train_metric,
};

/// What is learned from and what is validated on.
#[derive(Debug, Clone, Copy)]
pub struct TrainingData<'a> {
    /// The training images, with their noise.
    pub train: &'a Samples<'a>,
    /// The validation images, with theirs; drawn once.
    pub validation: &'a Samples<'a>,
}

/// Trains until the last epoch, or until early stopping.
///
/// A state that has epochs behind it goes on from there and ends bit for bit as if it had not been
/// interrupted. The result does not depend on the number of threads, nor on whether checkpoints are
/// kept; they are written when it returns without an error.
///
/// # Errors
/// If a setting is outside its range or names a metric that is not computed ([`FitConfig::check`]), the model and
/// the data disagree about noise, the loss or the gradient is no longer finite ([`TrainingError::Diverged`]), or a
/// model, file or observer fails.
pub fn fit(
    engine: &mut dyn Engine,
    data: TrainingData,
    config: &FitConfig,
    state: &mut TrainingState,
    checkpoints: Option<&Checkpoints>,
    observer: &mut dyn Observer,
) -> Result<(), TrainingError> {
    let model = engine.model(&state.parameters)?;
    config.check(
        state.optimizer.config(),
        &curve_metrics(config.loss, model.output_is_probability()),
    )?;
    check_noise(model.input(), data)?;
    drop(model);
    let images = data.train.images().len();
    let batches = images.div_ceil(config.batch_size);
    let mut gradient = vec![0.0; state.parameters.values().len()];
    let completed = state.completed_epochs();
    observer.observe(&Event::Started { completed, epochs: config.epochs, batches })?;

    for epoch in completed..config.epochs {
        // A run that was killed after its last epoch has nothing left to do.
        if stops_early(config, state, observer)? {
            break;
        }
        let order = epoch_order(config.seed, epoch, images);
        let mut running = RunningMean::default();
        let mut learning_rate = 0.0;
        for (batch, samples) in order.chunks(config.batch_size).enumerate() {
            let progress = Progress {
                step: state.optimizer.steps(),
                steps_per_epoch: batches as u64,
                epochs: config.epochs,
            };
            learning_rate =
                state.optimizer.config().learning_rate() * config.schedule.factor(progress);
            let size = StepSize { learning_rate, clip_norm: config.clip_norm };
            let found = engine.step(state, data.train, (samples, epoch), size, &mut gradient)?;
            guard(&found, (epoch + 1, batch + 1), state, checkpoints)?;
            let loss = found.loss;
            running.add(loss.reconstruction, samples.len());
            observer.observe(&Event::BatchEnded { epoch: epoch + 1, batch: batch + 1, loss })?;
        }

        let model = engine.inference(&state.parameters)?;
        let validation = evaluate(model.as_ref(), data.validation, Detail::Losses)?;
        if !validation.is_finite() {
            let quantity = "the validation loss";
            let checkpoint = checkpoints.map_or(Ok(None), |kept| kept.of(state))?;
            return Err(TrainingError::Diverged {
                epoch: epoch + 1,
                batch: batches,
                quantity,
                checkpoint,
            });
        }
        let mut metrics = validation.metrics(Detail::Losses);
        metrics.insert(train_metric(config.loss).to_owned(), running.mean());
        let record = EpochRecord { epoch: epoch + 1, learning_rate, metrics };
        state.curve.push(record.clone());
        let is_last = epoch + 1 == config.epochs || should_stop(config, state);
        let is_kept = is_last || checkpoints.is_none_or(|kept| kept.is_due(epoch + 1));
        observer.observe(&Event::EpochEnded { record: &record, state, is_kept })?;
        if let Some(checkpoints) = checkpoints.filter(|_| is_kept) {
            checkpoints.save(state)?;
        }
    }
    observer.observe(&Event::Ended { completed: state.completed_epochs() })?;
    checkpoints.map_or(Ok(()), Checkpoints::finish)
}

/// A denoising model needs noise to learn from; a regular one must not get any.
fn check_noise(input: TrainingInput, data: TrainingData) -> Result<(), TrainingError> {
    let corrupted = [data.train, data.validation].map(Samples::is_corrupted);
    match input {
        TrainingInput::Corrupted if corrupted != [true; 2] => Err(TrainingError::Noise {
            expected: "the model learns from corrupted images",
            found: "no noise was given",
        }),
        TrainingInput::Clean if corrupted != [false; 2] => Err(TrainingError::Noise {
            expected: "the model learns from clean images",
            found: "a noise was given",
        }),
        _ => Ok(()),
    }
}

fn should_stop(config: &FitConfig, state: &TrainingState) -> bool {
    config.early_stopping.as_ref().is_some_and(|stopping| stopping.should_stop(&state.curve))
}

fn stops_early(
    config: &FitConfig,
    state: &TrainingState,
    observer: &mut dyn Observer,
) -> Result<bool, TrainingError> {
    let Some(stopping) = &config.early_stopping else { return Ok(false) };
    if !stopping.should_stop(&state.curve) {
        return Ok(false);
    }
    let completed = state.completed_epochs();
    observer.observe(&Event::StoppedEarly { completed, metric: &stopping.metric })?;
    Ok(true)
}

/// Stops a run whose parameters are destroyed, before they are validated or saved.
fn guard(
    found: &BatchResult,
    (epoch, batch): (u32, usize),
    state: &TrainingState,
    checkpoints: Option<&Checkpoints>,
) -> Result<(), TrainingError> {
    let quantity = if !found.loss.objective.is_finite() {
        "the loss"
    } else if !found.squared_norm.is_finite() {
        "the gradient"
    } else {
        return Ok(());
    };
    let checkpoint = checkpoints.map_or(Ok(None), |kept| kept.of(state))?;
    Err(TrainingError::Diverged { epoch, batch, quantity, checkpoint })
}

/// A mean over images that are seen batch by batch; a short last batch counts less.
#[derive(Debug, Default)]
struct RunningMean {
    sum: f64,
    images: usize,
}

impl RunningMean {
    fn add(&mut self, batch_mean: f64, images: usize) {
        self.sum += batch_mean * images as f64;
        self.images += images;
    }

    fn mean(&self) -> f64 {
        self.sum / self.images as f64
    }
}
