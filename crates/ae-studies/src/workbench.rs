//! The workbench of a study: it trains models, and keeps models, figures, tables and metrics.

use std::sync::Arc;
use std::time::Instant;

use ae_apply::{Model, attach_codec};
use ae_dataset::Dataset;
use ae_experiment::{
    DatasetRecord, FigureText, FileRecord, KeptFigures, ModelRecord, Record, RunFolder, SCHEMA,
    Spec, TableRecord, fit_plan, keep_figure, machine_in_words, try_to_write_page,
};
use ae_models::SavedModel;
use ae_report::Figure;
use ae_training::{MemoryObserver, Metrics};
use sha2::{Digest, Sha256};

use crate::error::{StudyError, setting};
use crate::layer_by_layer::layer_by_layer;
use crate::photographs::TestSet;
use crate::setup::{Attach, JUDGED_ON, Pretrain, Setup, StudyModel, TRAINED_BY};

/// What a study that is checked will work on.
pub(crate) struct Planned {
    /// The models that it will train.
    pub(crate) models: Vec<StudyModel>,
    /// Its test sets of whole pictures.
    pub(crate) tests: Vec<TestSet>,
}

/// The bench of a study, with all that it has made so far.
pub(crate) struct Workbench<'a> {
    setup: Setup<'a>,
    planned: Planned,
    /// The digests of the test sets.
    tests: Vec<FileRecord>,
    step: &'a mut dyn FnMut(&str),
    folder: RunFolder,
    /// Models that an earlier process has finished.
    found: u32,
    models: Vec<ModelRecord>,
    kept: KeptFigures,
    tables: Vec<TableRecord>,
    metrics: Metrics,
}

impl<'a> Workbench<'a> {
    /// A bench in a folder, for a study that is checked.
    pub(crate) fn new(
        setup: Setup<'a>,
        planned: Planned,
        folder: RunFolder,
        step: &'a mut dyn FnMut(&str),
    ) -> Result<Self, StudyError> {
        ae_files::make_folder(&folder.models())?;
        let (models, tables) = (Vec::new(), Vec::new());
        let (kept, metrics) = (KeptFigures::default(), Metrics::new());
        let tests = planned.tests.iter().map(TestSet::digest).collect();
        Ok(Self { setup, planned, tests, step, folder, found: 0, models, kept, tables, metrics })
    }

    /// The test sets of whole pictures, which are given away once.
    pub(crate) fn take_tests(&mut self) -> Vec<TestSet> {
        std::mem::take(&mut self.planned.tests)
    }

    /// The data of the study.
    pub(crate) fn dataset(&self) -> &'a Dataset {
        self.setup.dataset
    }

    /// The spec of the study.
    pub(crate) fn spec(&self) -> &'a Spec {
        self.setup.spec
    }

    /// Reports what the study does now.
    pub(crate) fn say(&mut self, step: &str) {
        (self.step)(step);
    }

    /// The data that the planned model of this name learns from.
    pub(crate) fn data_of(&self, name: &str) -> Result<Arc<Dataset>, StudyError> {
        let data = self.planned(name)?.data.clone();
        Ok(data.unwrap_or_else(|| Arc::new(self.setup.dataset.clone())))
    }

    /// The planned model of this name: trained, or read if an earlier process has finished it.
    pub(crate) fn model(&mut self, name: &str) -> Result<Model, StudyError> {
        let (saved, seconds) = match self.planned(name)?.found.clone() {
            Some(saved) => {
                self.found += 1;
                self.say(&format!("{name} was trained before"));
                (saved, 0.0)
            }
            None => {
                self.say(&format!("training {name}"));
                self.train(name)?
            }
        };
        self.models.push(ModelRecord {
            name: name.to_owned(),
            file: self.planned(name)?.file.clone(),
            weights_sha256: saved.parameters.sha256(),
            parameters: saved.parameters.values().len(),
            seconds,
        });
        Ok(Model::new_on(saved, self.setup.device)?)
    }

    fn planned(&self, name: &str) -> Result<&StudyModel, StudyError> {
        let found = self.planned.models.iter().find(|model| model.name == name);
        found.ok_or_else(|| setting("study", "one whose models were checked", &format!("`{name}`")))
    }

    /// Trains a planned model and keeps it; how long that took, in seconds.
    fn train(&self, name: &str) -> Result<(SavedModel, f64), StudyError> {
        let model = self.planned(name)?;
        let plan = model.plan(&self.setup)?;
        let start = Instant::now();
        let parameters = match model.pretrain {
            Pretrain::Nothing => plan.architecture.initialise(plan.seed()),
            Pretrain::Layers => layer_by_layer(&plan)?,
            Pretrain::Whole => {
                let mut state = plan.initial_state();
                let observer = &mut MemoryObserver::default();
                fit_plan(&plan, &mut state, None, self.setup.device, observer)?;
                state.parameters().clone()
            }
        };
        let seconds = start.elapsed().as_secs_f64();
        let mut saved = plan.saved(parameters)?;
        if model.attach == Attach::Codec {
            attach_codec(&mut saved, &plan.dataset.train)?;
        }
        saved.attachments.set(TRAINED_BY, &model.digest)?;
        if !self.tests.is_empty() {
            saved.attachments.set(JUDGED_ON, &self.tests)?;
        }
        saved.save(&self.folder.file(&model.file))?;
        Ok((saved, seconds))
    }

    /// Keeps a figure under one of the names that the study's [`Artefacts`](ae_experiment::Artefacts) list; one that
    /// cannot be drawn is left out with a note.
    pub(crate) fn figure(
        &mut self,
        name: &str,
        title: &str,
        caption: &str,
        draw: impl FnOnce(&str, &str) -> Result<Figure, StudyError>,
    ) -> Result<(), StudyError> {
        let caption = self.caption(caption);
        let text = FigureText { title, caption: &caption };
        self.kept.extend(keep_figure(&self.folder, name, text, draw)?);
        Ok(())
    }

    /// Keeps a table under one of the names that the study's [`Artefacts`](ae_experiment::Artefacts) list.
    pub(crate) fn table(
        &mut self,
        name: &str,
        title: &str,
        caption: &str,
        columns: &[&str],
        rows: Vec<Vec<String>>,
    ) -> Result<(), StudyError> {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        let file = format!("{name}.csv");
        let lines = std::iter::once(&columns).chain(&rows).map(ae_dataset::csv_line);
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

    /// The caption of a figure or a table, with the data it is about.
    fn caption(&self, about: &str) -> String {
        let origin = &self.setup.dataset.origin;
        let mut caption = format!("{}: {about}; data {}", self.setup.spec.name, origin.name);
        if let Some(substituted) = &origin.substituted {
            caption.push_str(&format!(". {substituted}"));
        }
        caption
    }

    /// Judges the metrics and writes the record.
    pub(crate) fn finish(self) -> Result<Record, StudyError> {
        let Setup { spec, dataset, device, engine } = self.setup;
        let dataset = DatasetRecord::of(dataset);
        let epochs = spec.training.epochs;
        let judged = spec.expected.iter().filter(|expected| expected.dataset == dataset.name);
        let digests = self.models.iter().fold(Sha256::new(), |hasher, model| {
            hasher.chain_update(format!("{} {}\n", model.weights_sha256, model.name))
        });
        let record = Record {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            name: spec.name.clone(),
            seed: spec.seed,
            epochs,
            planned_epochs: epochs,
            threads: rayon::current_num_threads(),
            processes: 1,
            sent_bytes_a_step: None,
            device: ae_models::device_name(device).to_owned(),
            machine: Some(machine_in_words()),
            engine,
            seconds: self.models.iter().map(|model| model.seconds).sum(),
            resumed_after: (self.found > 0).then_some(self.found),
            expected: judged.map(|expected| expected.judge(&self.metrics, epochs)).collect(),
            metrics: self.metrics,
            weights_sha256: ae_files::hexadecimal(&digests.finalize()),
            parameters: self.models.iter().map(|model| model.parameters).sum(),
            network: None,
            figures: self.kept.figures,
            figure_notes: self.kept.notes,
            notes: Vec::new(),
            models: self.models,
            tables: self.tables,
            test_sets: self.tests,
            diagnosis: None,
            errors: None,
            validation_duplicates: 0,
            values_outside: 0,
            dataset,
        };
        record.write(&self.folder.record())?;
        try_to_write_page(self.folder.path());
        Ok(record)
    }
}
