//! Classification: what networks that learned without labels are worth to a classifier.

use std::ops::ControlFlow;

use ae_apply::{
    ProbeSpec, Representation, code_representation, fine_tuned_probe, pixel_representation,
    probe_representation,
};
use ae_dataset::Dataset;
use ae_experiment::{Classification, ClassifiedNetwork, FineTuningSpec, PretrainingKind, Spec};
use ae_random::Seed;
use ae_report::{Axes, Series, line_chart};
use ae_training::FineTuningConfig;

use crate::error::{StudyError, setting};
use crate::layer_by_layer::check_layer_by_layer;
use crate::setup::{Pretrain, Setup, StudyModel, check_distinct};
use crate::study::Study;
use crate::workbench::Workbench;

impl Study for Classification {
    fn check(&self, setup: &Setup) -> Result<Vec<StudyModel>, StudyError> {
        all_labels().check(setup.dataset)?;
        config(self, setup.spec).check().map_err(|error| {
            setting("study.fine_tuning", "settings within their ranges", &error.to_string())
        })?;
        if self.networks.is_empty() {
            return Err(setting("study.networks", "at least one", "none"));
        }
        let names = self.networks.iter().map(|network| network.name.clone());
        check_distinct("study.networks.name", names)?;
        self.networks.iter().map(|network| planned(network, setup)).collect()
    }

    fn run(&self, bench: &mut Workbench) -> Result<(), StudyError> {
        let mut classified = vec![pixels(bench)?];
        for network in &self.networks {
            classified.push(classify(self, bench, &network.name)?);
        }
        for Classified { name, logistic, fine_tuned, .. } in &classified {
            bench.metric(&format!("logistic_error_{name}"), *logistic);
            if let Some(fine_tuned) = fine_tuned {
                bench.metric(&format!("fine_tuned_error_{name}"), fine_tuned.error);
            }
        }
        draw(bench, &classified)?;
        let rows = classified.iter().map(Classified::row).collect();
        let caption = "fraction of the test items that are classified wrongly, in per cent; logistic regression on frozen \
                       codes, and a softmax layer on the code, trained together with the encoder";
        bench.table("classification", "Classification", caption, &HEADINGS, rows)
    }
}

/// The headings of the table.
const HEADINGS: [&str; 5] = ["network", "code", "logistic regression", "fine-tuned", "epochs"];

/// What came out for a network, or for the pixels themselves.
struct Classified {
    name: String,
    /// Numbers for an item.
    length: usize,
    /// The error of logistic regression, a fraction.
    logistic: f64,
    fine_tuned: Option<FineTuned>,
}

/// What fine-tuning reached.
struct FineTuned {
    /// The error on the test items, a fraction.
    error: f64,
    /// The epoch that was kept, and how many there were.
    best_epoch: u32,
    epochs: usize,
}

impl Classified {
    fn row(&self) -> Vec<String> {
        let per_cent = |error: f64| format!("{:.2} %", 100.0 * error);
        let none = || "-".to_owned();
        let fine_tuned = self.fine_tuned.as_ref();
        vec![
            self.name.clone(),
            self.length.to_string(),
            per_cent(self.logistic),
            fine_tuned.map_or_else(none, |found| per_cent(found.error)),
            fine_tuned
                .map_or_else(none, |found| format!("{} of {}", found.best_epoch, found.epochs)),
        ]
    }
}

/// The settings of the training on labels.
fn config(study: &Classification, spec: &Spec) -> FineTuningConfig {
    let FineTuningSpec { epochs, batch_size, learning_rate, patience } = study.fine_tuning;
    let usual = FineTuningConfig::default();
    let (seed, optimizer) =
        (Seed::new(spec.seed), usual.optimizer.with_learning_rate(learning_rate));
    FineTuningConfig { seed, epochs, batch_size, optimizer, patience, ..usual }
}

/// Both classifiers on a network.
fn classify(
    study: &Classification,
    bench: &mut Workbench,
    name: &str,
) -> Result<Classified, StudyError> {
    let dataset = bench.dataset();
    let model = bench.model(name)?;
    bench.say(&format!("probing {name}"));
    let codes = code_representation(name, &model, dataset)?;
    let logistic = logistic_error(&codes, dataset, bench.spec())?;
    bench.say(&format!("fine-tuning {name}"));
    let config = config(study, bench.spec());
    let tuned = fine_tuned_probe(&model, dataset, &config, &mut |_| ControlFlow::Continue(()))?;
    let fine_tuned = FineTuned {
        error: 1.0 - tuned.accuracy,
        best_epoch: tuned.best.epoch,
        epochs: tuned.curve.len(),
    };
    let (name, length) = (name.to_owned(), codes.columns);
    Ok(Classified { name, length, logistic, fine_tuned: Some(fine_tuned) })
}

/// All labels, once.
fn all_labels() -> ProbeSpec {
    ProbeSpec { labels: Vec::new(), repetitions: 1 }
}

/// The model of a network, with its changes to the spec.
fn planned(network: &ClassifiedNetwork, setup: &Setup) -> Result<StudyModel, StudyError> {
    let spec = setup.with_changes(&network.set, &["model.", "corruption", "training."])?;
    let described = spec.model.network(setup.dataset.train.shape())?;
    if described.noise_level {
        let expected = "false for fine-tuning, which gives the network images alone";
        return Err(setting("model.noise_level", expected, "true"));
    }
    let pretrain = match network.pretraining {
        PretrainingKind::Whole => Pretrain::Whole,
        PretrainingKind::None => Pretrain::Nothing,
        PretrainingKind::Layers => {
            check_layer_by_layer(&spec, setup.dataset.train.shape())?;
            Pretrain::Layers
        }
    };
    Ok(StudyModel { pretrain, ..StudyModel::new(network.name.clone(), spec) })
}

/// The pixels themselves, which logistic regression alone classifies.
fn pixels(bench: &mut Workbench) -> Result<Classified, StudyError> {
    let pixels = pixel_representation(bench.dataset());
    bench.say(&format!("probing {}", pixels.name));
    let logistic = logistic_error(&pixels, bench.dataset(), bench.spec())?;
    Ok(Classified { name: pixels.name, length: pixels.columns, logistic, fine_tuned: None })
}

/// The error of logistic regression on the test items.
fn logistic_error(
    representation: &Representation,
    dataset: &Dataset,
    spec: &Spec,
) -> Result<f64, StudyError> {
    let seed = Seed::new(spec.seed);
    let found = probe_representation(representation, dataset, &all_labels(), seed, 0..1)?;
    let accuracy = found.first().and_then(|of_all| of_all.logistic.first()).copied();
    Ok(1.0 - accuracy.unwrap_or(f64::NAN))
}

/// Both errors of each network.
fn draw(bench: &mut Workbench, classified: &[Classified]) -> Result<(), StudyError> {
    let axes = Axes { x: "network, in the table's order", y: "error on test items, per cent" };
    let points = |error: &dyn Fn(&Classified) -> Option<f64>| {
        let numbered = classified.iter().enumerate();
        let found = numbered.filter_map(|(place, it)| Some((place as f64, 100.0 * error(it)?)));
        found.collect::<Vec<_>>()
    };
    let series = [
        Series { label: "logistic regression", points: points(&|it| Some(it.logistic)) },
        Series {
            label: "fine-tuned",
            points: points(&|it| it.fine_tuned.as_ref().map(|found| found.error)),
        },
    ];
    let numbered = classified.iter().enumerate();
    let names: Vec<String> = numbered.map(|(place, it)| format!("{place} {}", it.name)).collect();
    bench.figure("errors", "Errors of classification", &names.join(", "), |title, caption| {
        Ok(line_chart(&series, axes, title, caption)?)
    })
}
