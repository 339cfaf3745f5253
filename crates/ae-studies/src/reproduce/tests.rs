//! Reproductions of small experiments, from end to end.

use std::fs;

use ae_dataset::{Dataset, Images};
use ae_experiment::{Bound, Expectation};
use ae_training::MemoryObserver;
use serde_json::json;

use super::*;

/// A run whose expectations were judged and held.
pub(super) fn held_run() -> ReproducedRun {
    let record = json!({
        "schema": 1, "version": "0.1.0", "name": "regular",
        "dataset": {
            "name": "mnist", "location": "data/<mnist>", "train_images": 60000,
            "test_images": 10000, "height": 28, "width": 28,
            "files": [{"name": "train-images-idx3-ubyte", "sha256": "ba89"}],
            "substituted": null
        },
        "seed": 42, "epochs": 50, "planned_epochs": 50, "threads": 2, "device": "cpu",
        "engine": "fused", "seconds": 12.345,
        "metrics": {"train_bce": 0.0924, "val_bce": 0.09152, "val_mse": 0.009621},
        "weights_sha256": "5e1f", "parameters": 50992,
        "expected": [
            {"metric": "val_bce", "at_most": 0.092, "published": "0.093", "source": "Keras blog",
             "reached": 0.09152, "verdict": "held"},
            {"metric": "val_psnr", "at_least": 20.5, "published": "-", "source": "measured",
             "reached": null, "verdict": "not-judged"}
        ],
        "figures": [{"file": "reconstructions.png", "svg": "reconstructions.svg",
                     "title": "Reconstructions", "caption": "originals & reconstructions"}],
        "tables": [{"file": "scores.csv", "title": "Scores", "caption": "of <all>",
                    "columns": ["method", "mse"], "rows": [["pca", "0.1"]]}],
        "diagnosis": {"steps": 11750, "model_mse": 0.009621, "mean_mse": 0.067, "pca_mse": 0.0171,
                      "components": 32, "sample": 4096, "code_units": 32, "dead_code_units": 2,
                      "warnings": [{"text": "2 of <32>", "cause": "learning-rate"}]}
    });
    let mut record: Record = serde_json::from_value(record).unwrap();
    // JSON knows no infinity.
    record.metrics.insert("val_psnr".to_owned(), f64::INFINITY);
    let (name, command) = ("regular".to_owned(), "ae reproduce --only regular".to_owned());
    ReproducedRun { name, command, result: Ok(record) }
}

/// A run that did not end well.
pub(super) fn failed_run() -> ReproducedRun {
    ReproducedRun {
        name: "denoising".to_owned(),
        command: "ae reproduce --only denoising".to_owned(),
        result: Err(StudyError::NoStudy { name: "nothing".to_owned() }),
    }
}

pub(super) fn reproduced(runs: Vec<ReproducedRun>) -> Reproduced {
    Reproduced { folder: "runs".into(), command: "ae reproduce".to_owned(), runs }
}

/// A folder with small data, in which experiments are reproduced.
struct Scene {
    dir: tempfile::TempDir,
    experiments: Vec<PlannedExperiment>,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let pixels = (0..20 * 16).map(|i| (i * 37 % 256) as u8).collect();
        let images = Images::new(4, 4, pixels).unwrap().with_labels(vec![0; 20]).unwrap();
        let dataset = Dataset::new("toy", "here", images.clone(), images).unwrap();
        ae_dataset::write_folder(&dataset, &dir.path().join("data")).unwrap();
        Self { dir, experiments: Vec::new() }
    }

    /// With one more experiment of one epoch, whose `val_mse` has to be at most `bound`.
    fn with(mut self, name: &str, bound: f64) -> Self {
        let mut spec = Spec::tutorial();
        spec.name = name.to_owned();
        spec.data.source = self.dir.path().join("data").display().to_string();
        spec.model.set_widths(16, &[3]).unwrap();
        spec.training.epochs = 1;
        spec.expected = vec![Expectation {
            dataset: "folder".to_owned(),
            epochs: 1,
            metric: "val_mse".to_owned(),
            bound: Bound::AtMost(bound),
            published: "none".to_owned(),
            source: "this test".to_owned(),
        }];
        let command = format!("ae reproduce --only {name}");
        self.experiments.push(PlannedExperiment { spec, command });
        self
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn reproduce(&self) -> Result<Reproduced, StudyError> {
        self.reproduce_and_look(&mut |_| ())
    }

    fn reproduce_and_look(
        &self,
        begins: &mut dyn FnMut(&Beginning),
    ) -> Result<Reproduced, StudyError> {
        let reproduction = Reproduction {
            folder: self.out(),
            command: "ae reproduce".to_owned(),
            experiments: self.experiments.clone(),
        };
        let options = ReproduceOptions {
            device: Device::Cpu,
            network: Network::Offline,
            progress: &mut (),
            begins,
            observer: &mut || Box::new(MemoryObserver::default()),
            step: &mut |_| (),
        };
        let reproduced = reproduce(reproduction, options)?;
        reproduced.write()?;
        Ok(reproduced)
    }

    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.out()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[test]
fn runs_leave_a_summary_and_a_report_and_are_replaced_by_the_next_ones() {
    let scene = Scene::new().with("a", 1.0).with("b", 1.0);
    for _ in 0..2 {
        let reproduced = scene.reproduce().unwrap();
        assert_eq!(reproduced.conclusion(), Conclusion::Held);
        assert_eq!(scene.files(), [".reproduce", "a", "b", "report.html", "summary.json"]);
    }
    let report = fs::read_to_string(scene.out().join("report.html")).unwrap();
    assert!(report.contains("<section id=\"b\">"), "{report}");
    // Figures are within it.
    assert!(report.contains("<img src=\"data:image/"), "{report}");
    // The folder alone tells the same.
    let read = Reproduced::read(&scene.out()).unwrap();
    assert_eq!(read.rows(), scene.reproduce().unwrap().rows());
    let path = scene.dir.path().join("again.html");
    read.write_page(&path).unwrap();
    let again = fs::read_to_string(path).unwrap();
    assert_eq!(again.matches("<img").count(), report.matches("<img").count());
}

#[test]
fn an_expectation_out_of_reach_is_short_and_no_failure() {
    let reproduced = Scene::new().with("a", 0.0).with("b", 1.0).reproduce().unwrap();
    assert_eq!(reproduced.conclusion(), Conclusion::Short);
    assert_eq!(reproduced.rows()[0][5], "short");
    assert!(reproduced.summary().unwrap().contains("\"ok\": false"));
}

#[test]
fn a_failure_stops_no_other_experiment_and_is_explained() {
    let mut scene = Scene::new().with("a", 1.0).with("b", 0.0);
    scene.experiments[0].spec.data.source = "no/such/folder".to_owned();
    let reproduced = scene.reproduce().unwrap();
    assert_eq!(reproduced.conclusion(), Conclusion::Failed);
    assert_eq!(
        reproduced.rows().iter().map(|row| &row[5]).collect::<Vec<_>>(),
        ["failed", "short"]
    );
    let report = fs::read_to_string(scene.out().join("report.html")).unwrap();
    assert!(report.contains("<li class=\"bad\">there is no no/such/folder"), "{report}");
}

#[test]
fn a_foreign_folder_stops_everything_before_anything_is_run() {
    let scene = Scene::new().with("a", 1.0).with("b", 1.0);
    fs::create_dir_all(scene.out().join("b")).unwrap();
    fs::write(scene.out().join("b/notes.txt"), "mine").unwrap();
    let error = scene.reproduce().unwrap_err().to_string();
    assert!(error.contains("b was not made by `ae reproduce`"), "{error}");
    assert_eq!(scene.files(), ["b"]);
}

#[test]
fn an_interruption_leaves_no_summary_of_runs_that_are_gone() {
    let scene = Scene::new().with("a", 1.0);
    scene.reproduce().unwrap();
    let mut seen = Vec::new();
    scene.reproduce_and_look(&mut |_| seen = scene.files()).unwrap();
    assert_eq!(seen, [".reproduce", "a"]);
}

#[test]
fn data_that_stands_in_is_taken_again_with_its_reason() {
    let mut run = held_run();
    let spec = |runs: &[ReproducedRun]| on_the_data_found(Spec::tutorial(), runs).data;
    assert_eq!(spec(std::slice::from_ref(&run)).source, "auto");
    let data = &mut run.result.as_mut().unwrap().dataset;
    data.name = "digits".to_owned();
    data.substituted = Some("MNIST is away".to_owned());
    let found = spec(&[run]);
    assert_eq!(
        (found.source.as_str(), found.substituted.as_deref()),
        ("digits", Some("MNIST is away"))
    );
}

#[test]
fn photographs_are_not_replaced_by_data_that_stands_in() {
    let mut run = held_run();
    let data = &mut run.result.as_mut().unwrap().dataset;
    data.name = "digits".to_owned();
    data.substituted = Some("MNIST is away".to_owned());
    let photographs = Selection::Only(vec!["photographs".to_owned()]).experiments().unwrap();
    let spec = photographs[0].spec().unwrap();
    assert_eq!(on_the_data_found(spec.clone(), &[run]), spec);
}
