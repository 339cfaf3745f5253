//! The training loop.

use ae_dataset::epoch_order;
use ae_models::TrainingInput;

use crate::divergence::{Place, check_batch, check_validation};
use crate::metric_names::train_metrics;
use crate::{
    BatchSelection, Checkpoints, Detail, Engine, EpochRecord, Event, FitConfig, Observer, Samples,
    StepPosition, StepSize, Stop, TrainingError, TrainingState, curve_metrics,
};

/// The data that a model learns from and the data that it is validated on.
#[derive(Debug, Clone, Copy)]
pub struct TrainingData<'a> {
    /// The training images, with their corruption; or what the patches of every epoch are cut from
    /// ([`Samples::cut_from`]).
    pub train: &'a Samples<'a>,
    /// The validation images, with theirs, which is that of epoch 0.
    pub validation: &'a Samples<'a>,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FitOutcome {
    /// All epochs are done.
    Completed,
    /// The metric of [`EarlyStopping`](crate::EarlyStopping) no longer falls.
    StoppedEarly,
    /// An observer asked for it ([`Observer::stop`]); a resume goes on where the run stopped.
    StoppedByObserver,
}

/// Trains until the last epoch, until early stopping, or until an observer asks for a stop.
///
/// A state with completed epochs goes on from there and ends bit for bit as if it had not been
/// interrupted. The result does not depend on the number of threads, nor on whether checkpoints are
/// kept; they are written when it returns without an error. After an error the state is that of the last epoch that
/// ended.
///
/// # Errors
/// If a setting is outside its range or names a metric that is not computed ([`FitConfig::check`]), the model and
/// the data disagree about corruption, the patches of an epoch cannot be cut, the loss or the gradient is no longer
/// finite ([`TrainingError::Diverged`]), or a model, file or observer fails.
pub fn fit(
    engine: &mut dyn Engine,
    data: TrainingData,
    config: &FitConfig,
    state: &mut TrainingState,
    checkpoints: Option<&Checkpoints>,
    observer: &mut dyn Observer,
) -> Result<FitOutcome, TrainingError> {
    let architecture = engine.architecture();
    let counted = data.train.counted();
    let metrics = curve_metrics(architecture, engine.objective(), counted);
    config.check(state.optimizer.config(), &metrics)?;
    check_corruption(architecture.input(), data)?;
    let images = data.train.images().len();
    let batches = images.div_ceil(config.batch_size);
    let mut partial = state.partial_epoch(config.batch_size, batches)?;
    engine.load(state, config.seed)?;
    let mut step = state.steps();
    let completed = state.completed_epochs();
    let epochs = config.epochs;
    let shape = data.train.images().shape();
    observer.observe(&Event::Started { completed, epochs, batches, items: images, shape })?;
    let mut outcome = FitOutcome::Completed;

    for epoch in completed..config.epochs {
        // A run that was killed after its last epoch has nothing left to do.
        if stops_early(config, state, observer)? {
            outcome = FitOutcome::StoppedEarly;
            break;
        }
        let cut = data.train.cut(epoch)?;
        let samples = &data.train.with(cut.as_ref());
        let order = epoch_order(config.seed, epoch, images);
        let batch_of =
            |batch: usize| order.chunks(config.batch_size).nth(batch).unwrap_or_default();
        let mut learned = std::mem::take(&mut partial);
        // Of a mapped file that memory does not hold, the next batch is read while one is learned.
        let is_read = samples.images().read_all_ahead()?;
        if !is_read {
            samples.read_ahead(batch_of(learned.batches))?;
        }
        let mut learning_rate = 0.0;
        for (batch, indices) in order.chunks(config.batch_size).enumerate().skip(learned.batches) {
            let steps_per_epoch = batches as u64;
            if !is_read {
                samples.read_ahead(batch_of(batch + 1))?;
            }
            let position = StepPosition { step, steps_per_epoch, epochs: config.epochs };
            learning_rate =
                state.optimizer.config().learning_rate() * config.schedule.factor(position);
            let (clip_norm, kl_share) = (config.clip_norm, config.kl_share(position));
            let size = StepSize { learning_rate, clip_norm, kl_share };
            let selection = BatchSelection { samples, indices, epoch };
            let found = engine.step(selection, size)?;
            step += 1;
            let place = Place { epoch: epoch + 1, batch: batch + 1 };
            check_batch(&found, place, state, checkpoints)?;
            learned.add(&found.loss, indices.len());
            let Place { epoch, batch } = place;
            observer.observe(&Event::BatchEnded { epoch, batch, loss: &found.loss })?;
            if observer.stop() == Some(Stop::AfterBatch) && batch < batches {
                engine.snapshot(state)?;
                state.partial_epoch = Some(learned);
                return stop(state, checkpoints, observer);
            }
        }

        let validation = engine.evaluate(data.validation, Detail::Losses)?;
        let place = Place { epoch: epoch + 1, batch: batches };
        check_validation(&validation, place, state, checkpoints)?;
        let mut metrics = validation.metrics(Detail::Losses);
        metrics.extend(train_metrics(engine.objective(), &learned.mean_loss(), counted));
        let record = EpochRecord { epoch: epoch + 1, learning_rate, metrics };
        engine.snapshot(state)?;
        state.partial_epoch = None;
        state.curve.push(record.clone());
        let is_last = epoch + 1 == config.epochs || should_stop(config, state);
        let is_kept = is_last || checkpoints.is_none_or(|kept| kept.is_due(epoch + 1));
        observer.observe(&Event::EpochEnded { record: &record, state, is_kept })?;
        if let Some(checkpoints) = checkpoints.filter(|_| is_kept) {
            checkpoints.save(state)?;
        }
        if observer.stop().is_some() && !is_last {
            return stop(state, checkpoints, observer);
        }
    }
    end(outcome, state, checkpoints, observer)
}

/// Ends a run that an observer asked to stop, with a checkpoint.
fn stop(
    state: &TrainingState,
    checkpoints: Option<&Checkpoints>,
    observer: &mut dyn Observer,
) -> Result<FitOutcome, TrainingError> {
    observer.observe(&Event::Stopping { state })?;
    checkpoints.map_or(Ok(()), |checkpoints| checkpoints.save(state))?;
    end(FitOutcome::StoppedByObserver, state, checkpoints, observer)
}

fn end(
    outcome: FitOutcome,
    state: &TrainingState,
    checkpoints: Option<&Checkpoints>,
    observer: &mut dyn Observer,
) -> Result<FitOutcome, TrainingError> {
    observer.observe(&Event::Ended { completed: state.completed_epochs() })?;
    checkpoints.map_or(Ok(()), Checkpoints::finish)?;
    Ok(outcome)
}

/// A denoising model needs corrupted inputs to learn from; a regular one must not get any.
fn check_corruption(input: TrainingInput, data: TrainingData) -> Result<(), TrainingError> {
    if data.train.repeats_noise() {
        return Err(TrainingError::Corruption {
            expected: "patches are cut anew in every epoch, and need noise that is drawn in every epoch",
            found: "it is drawn once",
        });
    }
    let corrupted = [data.train, data.validation].map(Samples::is_corrupted);
    match input {
        TrainingInput::Corrupted if corrupted != [true; 2] => Err(TrainingError::Corruption {
            expected: "the model learns from corrupted images",
            found: "no noise was given",
        }),
        TrainingInput::Clean if corrupted != [false; 2] => Err(TrainingError::Corruption {
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
