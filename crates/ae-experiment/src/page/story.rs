//! What a run's folder tells: its spec, record and curve, as far as they are there.

use std::path::{Path, PathBuf};

use ae_report::page::{Finding, counted};
use ae_training::{Counted, train_metric, validation_metric};

use super::curve::Curve;
use super::{LARGEST_FIGURE, learned, verdict};
use crate::{ExperimentError, Record, Spec};

/// The largest spec that is read, in bytes.
const LARGEST_SPEC: u64 = 1 << 20;

pub(super) struct Story {
    folder: PathBuf,
    /// The path of the folder from the page; empty if the page lies in it.
    pub(super) place: String,
    /// From where the commands of the page are run, as a sentence.
    pub(super) from: &'static str,
    pub(super) spec_text: String,
    /// None if this version does not understand it.
    pub(super) spec: Option<Spec>,
    pub(super) question: String,
    /// None if the run has not finished.
    pub(super) record: Option<Record>,
    pub(super) curve: Curve,
}

impl Story {
    pub(super) fn read(folder: &Path) -> Result<Self, ExperimentError> {
        let path = folder.join("spec.toml");
        if !path.is_file() {
            return Err(ExperimentError::NoRun { path: folder.to_owned(), missing: "spec.toml" });
        }
        let bytes = ae_files::read_bounded(&path, LARGEST_SPEC)?;
        let record = folder.join("record.json");
        let spec = Spec::read(&path).ok();
        Ok(Self {
            place: String::new(),
            from: "From the folder of this page.",
            spec_text: String::from_utf8_lossy(&bytes).into_owned(),
            question: spec.as_ref().map(|spec| spec.question.clone()).unwrap_or_default(),
            spec,
            record: record.is_file().then(|| Record::read(&record)).transpose()?,
            curve: Curve::read(&folder.join("curve.csv"))?,
            folder: folder.to_owned(),
        })
    }

    pub(super) fn name(&self) -> &str {
        let of_spec = self.spec.as_ref().map_or("a run", |spec| &spec.name);
        self.record.as_ref().map_or(of_spec, |record| &record.name)
    }

    pub(super) fn is_study(&self) -> bool {
        let has_models = self.record.as_ref().is_some_and(|record| !record.models.is_empty());
        has_models || self.spec.as_ref().is_some_and(|spec| spec.study.is_some())
    }

    /// What the items are called.
    pub(super) fn noun(&self) -> &'static str {
        match &self.record {
            Some(record) if record.dataset.scaling.is_some() => "rows",
            Some(record) if record.dataset.patches.is_some() => "patches",
            _ => "images",
        }
    }

    /// The path of a file of the run, from the page.
    pub(super) fn at(&self, file: &str) -> String {
        if self.place.is_empty() { file.to_owned() } else { format!("{}/{file}", self.place) }
    }

    /// The bytes of a file of the run; none if it cannot be read or is no plain name.
    pub(super) fn read_file(&self, name: &str) -> Vec<u8> {
        let is_plain = Path::new(name).file_name().is_some_and(|file| file == name);
        let bytes = || ae_files::read_bounded(&self.folder.join(name), LARGEST_FIGURE).ok();
        is_plain.then(bytes).flatten().unwrap_or_default()
    }

    /// The names of the training loss and the validation loss.
    pub(super) fn loss_metrics(&self) -> Option<[String; 2]> {
        let training = &self.spec.as_ref()?.training;
        let counted =
            if training.blind_spot.is_some() { Counted::BlindSpots } else { Counted::All };
        Some([train_metric(training.loss, counted), validation_metric(training.loss, counted)])
    }

    /// The number that the run was to make small: the validation loss.
    pub(super) fn main_metric(&self, record: &Record) -> Option<(String, f64)> {
        let [_, name] = self.loss_metrics()?;
        record.metrics.get(&name).map(|&value| (learned::words_of(&name), value))
    }

    pub(super) fn verdict(&self) -> Finding {
        if let Some(record) = &self.record {
            return verdict::finding_of_record(record);
        }
        let planned = self.spec.as_ref().map(|spec| spec.training.epochs);
        let done = self.curve.rows.last().map_or(0, |row| row.epoch);
        Finding::neutral(match planned {
            Some(planned) if !self.is_study() => {
                let [done, planned] = [done, planned].map(|epochs| counted(epochs as usize));
                format!("Not finished: {done} of {planned} epochs are done.")
            }
            _ => "Not finished.".to_owned(),
        })
    }
}
