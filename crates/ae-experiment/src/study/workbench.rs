//! What every study works with: it trains models, and keeps models, figures, tables and metrics.

use std::path::Path;

use ae_dataset::Dataset;
use ae_models::SavedModel;
use ae_report::Figure;
use ae_training::{MemoryObserver, Metrics};
use candle_core::Device;
use sha2::{Digest, Sha256};

use crate::compression::attach_codec;
use crate::folder::{Existing, RunFolder};
use crate::plan::Plan;
use crate::record::{DatasetRecord, FigureRecord, ModelRecord, SCHEMA, TableRecord};
use crate::run::{device_name, fit_plan, initial_state};
use crate::{EngineKind, ExperimentError, Model, Record, Spec};

/// The bench of a study, with all that it has made so far.
pub(crate) struct Workbench<'a> {
    spec: &'a Spec,
    dataset: &'a Dataset,
    device: Device,
    step: &'a mut dyn FnMut(&str),
    engine: EngineKind,
    folder: RunFolder,
    models: Vec<ModelRecord>,
    figures: Vec<FigureRecord>,
    tables: Vec<TableRecord>,
    metrics: Metrics,
}

impl<'a> Workbench<'a> {
    /// A bench in a new folder, for a spec that is checked against its data.
    pub(crate) fn new(
        spec: &'a Spec,
        dataset: &'a Dataset,
        (folder, existing): (&Path, Existing),
        device: Device,
        step: &'a mut dyn FnMut(&str),
    ) -> Result<Self, ExperimentError> {
        let engine = Plan::new(spec.clone(), dataset.clone(), &device)?.engine;
        let folder = RunFolder::create(folder, existing)?;
        ae_files::write_atomic(&folder.spec(), spec.to_toml()?.as_bytes())?;
        ae_files::make_folder(&folder.models())?;
        let (models, figures, tables) = (Vec::new(), Vec::new(), Vec::new());
        let metrics = Metrics::new();
        Ok(Self { spec, dataset, device, step, engine, folder, models, figures, tables, metrics })
    }

    /// The data of the study.
    pub(crate) fn dataset(&self) -> &'a Dataset {
        self.dataset
    }

    /// The spec of the study.
    pub(crate) fn spec(&self) -> Spec {
        self.spec.clone()
    }

    /// Says what the study does now.
    pub(crate) fn say(&mut self, step: &str) {
        (self.step)(step);
    }

    /// The spec with these widths from the pixels to the code; the decoder mirrors them.
    pub(crate) fn with_widths(&self, widths: &[usize]) -> Spec {
        let mut spec = self.spec.clone();
        spec.model.encoder = [&[self.dataset.train.image_size()], widths].concat();
        spec.model.decoder = spec.model.encoder.iter().rev().copied().collect();
        spec
    }

    /// Trains a model on a data set and keeps it under a name that is unique in the study.
    pub(crate) fn train(
        &mut self,
        name: &str,
        spec: Spec,
        dataset: &Dataset,
    ) -> Result<Model, ExperimentError> {
        self.train_and(name, spec, dataset, |_| Ok(()))
    }

    /// The same, with the codec of compression fitted to the model.
    pub(crate) fn train_with_codec(
        &mut self,
        name: &str,
        spec: Spec,
        dataset: &Dataset,
    ) -> Result<Model, ExperimentError> {
        self.train_and(name, spec, dataset, |saved| attach_codec(saved, &dataset.train))
    }

    fn train_and(
        &mut self,
        name: &str,
        spec: Spec,
        dataset: &Dataset,
        attach: impl FnOnce(&mut SavedModel) -> Result<(), ExperimentError>,
    ) -> Result<Model, ExperimentError> {
        self.say(&format!("training {name}"));
        let plan = Plan::new(spec, dataset.clone(), &self.device)?;
        let mut state = initial_state(&plan)?;
        let observer = &mut MemoryObserver::default();
        let seconds = fit_plan(&plan, &mut state, None, &self.device, observer)?;
        let mut saved = plan.saved(state.parameters().clone())?;
        attach(&mut saved)?;
        let file = RunFolder::study_model(name);
        saved.save(&self.folder.file(&file))?;
        self.models.push(ModelRecord {
            name: name.to_owned(),
            file,
            weights_sha256: saved.parameters.sha256(),
            parameters: saved.parameters.values().len(),
            seconds,
        });
        Model::new(saved, &self.device)
    }

    /// Keeps a figure under one of the names in [`FIGURES`](super::FIGURES).
    pub(crate) fn figure(
        &mut self,
        name: &str,
        title: &str,
        caption: &str,
        draw: impl FnOnce(&str, &str) -> Result<Figure, ExperimentError>,
    ) -> Result<(), ExperimentError> {
        let caption = self.caption(caption);
        let figure = draw(title, &caption)?;
        let (file, svg) = (format!("{name}.png"), format!("{name}.svg"));
        ae_files::write_atomic(&self.folder.file(&file), &figure.png()?)?;
        ae_files::write_atomic(&self.folder.file(&svg), figure.svg()?.as_bytes())?;
        self.figures.push(FigureRecord { file, svg, title: title.to_owned(), caption });
        Ok(())
    }

    /// Keeps a table under one of the names in [`TABLES`](super::TABLES).
    pub(crate) fn table(
        &mut self,
        name: &str,
        title: &str,
        caption: &str,
        columns: &[&str],
        rows: Vec<Vec<String>>,
    ) -> Result<(), ExperimentError> {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        let file = format!("{name}.csv");
        let lines = std::iter::once(&columns).chain(&rows).map(|row| csv_line(row));
        let text = lines.collect::<String>();
        ae_files::write_atomic(&self.folder.file(&file), text.as_bytes())?;
        let (title, caption) = (title.to_owned(), self.caption(caption));
        self.tables.push(TableRecord { file, title, caption, columns, rows });
        Ok(())
    }

    /// Keeps a number that expectations may name.
    pub(crate) fn metric(&mut self, name: &str, value: f64) {
        self.metrics.insert(name.to_owned(), value);
    }

    /// What is said below a figure or a table, with the data it is about.
    fn caption(&self, about: &str) -> String {
        let origin = &self.dataset.origin;
        let mut caption = format!("{}: {about}; data {}", self.spec.name, origin.name);
        if let Some(substituted) = &origin.substituted {
            caption.push_str(&format!(". {substituted}"));
        }
        caption
    }

    /// Judges the metrics and writes the record.
    pub(crate) fn finish(self) -> Result<Record, ExperimentError> {
        let dataset = DatasetRecord::of(self.dataset);
        let epochs = self.spec.training.epochs;
        let judged = self.spec.expected.iter().filter(|expected| expected.dataset == dataset.name);
        let digests = self.models.iter().fold(Sha256::new(), |hasher, model| {
            hasher.chain_update(format!("{} {}\n", model.weights_sha256, model.name))
        });
        let record = Record {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            name: self.spec.name.clone(),
            seed: self.spec.seed,
            epochs,
            planned_epochs: epochs,
            threads: rayon::current_num_threads(),
            device: device_name(&self.device),
            engine: self.engine,
            seconds: self.models.iter().map(|model| model.seconds).sum(),
            resumed_after: None,
            expected: judged.map(|expected| expected.judge(&self.metrics, epochs)).collect(),
            metrics: self.metrics,
            weights_sha256: digests.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
            parameters: self.models.iter().map(|model| model.parameters).sum(),
            figures: self.figures,
            models: self.models,
            tables: self.tables,
            diagnosis: None,
            validation_duplicates: 0,
            values_outside: 0,
            dataset,
        };
        record.write(&self.folder.record())?;
        Ok(record)
    }
}

/// A line of a CSV file (RFC 4180).
fn csv_line(cells: &[String]) -> String {
    let quoted = cells.iter().map(|cell| match cell.contains([',', '"', '\n']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    });
    quoted.collect::<Vec<_>>().join(",") + "\n"
}
