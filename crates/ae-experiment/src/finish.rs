//! The end of a run: weights files, evaluation, figures and the record.

use ae_apply::{CODEC, attach_codec, metrics_of};
use ae_models::{Device, Inference, device_name};
use ae_report::GridRow;
use ae_training::{
    Detail, Metrics, TrainingState, evaluate, evaluate_variational, validation_codes,
};

use crate::diagnosis::diagnose;
use crate::error_parts::ErrorParts;
use crate::figures::display::Display;
use crate::figures::{first_images, write_figures};
use crate::folder::RunFolder;
use crate::kept_attachments::{keep_attachments, keep_encoder_attachments};
use crate::machine::machine_in_words;
use crate::network_text::network_in_words;
use crate::parallel::in_order;
use crate::plan::Plan;
use crate::preflight::Preflight;
use crate::record::{DatasetRecord, SCHEMA};
use crate::{ExperimentError, Record};

/// A finished run.
#[derive(Debug)]
pub struct Outcome {
    /// The record, which is also in the run's folder.
    pub record: Record,
    /// The first validation images and their reconstructions; empty if they cannot be drawn.
    pub grid: Vec<GridRow<'static>>,
}

/// The processes that have trained it together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Together {
    /// How many, at least 1.
    pub(crate) processes: usize,
    /// Bytes that this one has sent, divided by the steps.
    pub(crate) sent_a_step: Option<u64>,
}

/// Everything that the end of a run needs.
pub(crate) struct Finish<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) preflight: &'a Preflight,
    pub(crate) folder: &'a RunFolder,
    pub(crate) state: &'a TrainingState,
    /// The trained model, as its engine applies it.
    pub(crate) model: &'a dyn Inference,
    pub(crate) device: &'a Device,
    pub(crate) seconds: f64,
    pub(crate) resumed_after: Option<u32>,
    pub(crate) together: Together,
}

impl Finish<'_> {
    /// Writes the files of a finished run, the record last.
    pub(crate) fn finish(&self) -> Result<Outcome, ExperimentError> {
        let ((), outcome) = in_order(|| self.save(), || self.examine())?;
        outcome.record.write(&self.folder.record())?;
        Ok(outcome)
    }

    /// Writes the weights files.
    fn save(&self) -> Result<(), ExperimentError> {
        let Self { plan, folder, state, .. } = self;
        let mut saved = plan.saved(state.parameters().clone())?;
        let mut encoder = saved.encoder()?;
        keep_encoder_attachments(&mut encoder, &folder.encoder());
        encoder.save(&folder.encoder())?;
        keep_attachments(&mut saved, &folder.model());
        if !saved.attachments.names().any(|name| name == CODEC) {
            attach_codec(&mut saved, &plan.dataset.train)?;
        }
        Ok(saved.save(&folder.model())?)
    }

    /// Evaluates the model and draws the figures.
    fn examine(&self) -> Result<Outcome, ExperimentError> {
        let Self { plan, state, model, .. } = *self;
        let validation = plan.validation_samples();
        let mut evaluation = evaluate(model, &validation, Detail::Full)?;
        evaluation.trained_on = Some(plan.spec.training.loss);
        if let Some(stream) = validation_codes(plan.architecture.as_ref(), plan.seed()) {
            let losses = evaluate_variational(model, &validation, &stream)?;
            evaluation.variational = Some(losses);
        }
        let mut record = self.record(metrics_of(&evaluation, plan.dataset.scaling.as_ref()));
        let (error, outside) = (evaluation.reconstruction.mse, self.preflight.outside);
        record.diagnosis = diagnose(plan, state, model, error, outside)?;
        record.errors = ErrorParts::of(plan, model)?;
        let display = Display::of_dataset(&plan.dataset);
        let grid = first_images(model, &plan.shown_samples(), plan.counted(), display);
        let kept = write_figures(plan, self.folder, model, state, &grid, &record)?;
        (record.figures, record.figure_notes) = (kept.figures, kept.notes);
        // If there are no pictures, the note of the first figure says why.
        Ok(Outcome { record, grid: grid.unwrap_or_default() })
    }

    /// The record with the metrics of the full evaluation; figures are added later.
    fn record(&self, mut metrics: Metrics) -> Record {
        let Self { plan, state, .. } = self;
        let training = &plan.spec.training;
        extend_by_last_epoch(&mut metrics, state);
        let epochs = state.completed_epochs();
        let dataset = DatasetRecord::of(&plan.dataset);
        let judged = plan.spec.expected.iter().filter(|expected| expected.dataset == dataset.name);
        Record {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            name: plan.spec.name.clone(),
            seed: plan.spec.seed,
            epochs,
            planned_epochs: training.epochs,
            threads: rayon::current_num_threads(),
            processes: self.together.processes,
            sent_bytes_a_step: self.together.sent_a_step,
            device: device_name(self.device).to_owned(),
            machine: Some(machine_in_words()),
            engine: plan.engine,
            seconds: self.seconds,
            resumed_after: self.resumed_after,
            expected: judged.map(|expected| expected.judge(&metrics, epochs)).collect(),
            metrics,
            weights_sha256: state.parameters().sha256(),
            parameters: state.parameters().values().len(),
            network: Some(network_in_words(&plan.spec.model, &plan.network)),
            figures: Vec::new(),
            figure_notes: Vec::new(),
            notes: self.preflight.notes.clone(),
            models: Vec::new(),
            tables: Vec::new(),
            test_sets: Vec::new(),
            diagnosis: None,
            errors: None,
            validation_duplicates: self.preflight.duplicates,
            values_outside: self.preflight.outside,
            dataset,
        }
    }
}

/// Adds what the curve's last epoch has and the full evaluation has not: the training loss, penalties, bounds of
/// variational models.
fn extend_by_last_epoch(metrics: &mut Metrics, state: &TrainingState) {
    let last = state.curve().last().into_iter().flat_map(|row| &row.metrics);
    for (name, &value) in last {
        metrics.entry(name.clone()).or_insert(value);
    }
}
