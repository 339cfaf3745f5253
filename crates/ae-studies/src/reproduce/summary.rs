//! `summary.json`: what was reached, for scripts.

use std::path::Path;

use ae_experiment::{Bound, Judgement};
use ae_training::Metrics;
use serde::Serialize;
use serde_json::Value;

use super::{Conclusion, Reproduced, ReproducedRun};
use crate::StudyError;

/// The file. Fields are sorted by name here, because they are in the file.
#[derive(Serialize)]
struct Summary<'a> {
    experiments: Vec<Experiment<'a>>,
    ok: bool,
    schema: u32,
}

#[derive(Serialize)]
struct Experiment<'a> {
    dataset: Option<&'a str>,
    epochs: Option<u32>,
    expected: Vec<Expected<'a>>,
    metrics: Metrics,
    name: &'a str,
    ok: bool,
    seconds: Option<f64>,
    weights_sha256: Option<&'a str>,
}

#[derive(Serialize)]
struct Expected<'a> {
    #[serde(flatten)]
    bound: Bound,
    metric: &'a str,
    published: &'a str,
    source: &'a str,
}

/// The summary's text. Of a run that failed it holds the name and nulls.
pub(super) fn render(reproduced: &Reproduced) -> Result<String, StudyError> {
    let summary = Summary {
        experiments: reproduced.runs.iter().map(experiment).collect(),
        ok: reproduced.conclusion() == Conclusion::Held,
        schema: 1,
    };
    let json = serde_json::to_string_pretty(&summary)
        .map_err(|error| StudyError::Summary { reason: error.to_string() })?;
    Ok(json + "\n")
}

/// The largest summary that is read, in bytes.
const LARGEST: u64 = 1 << 24;

/// The names of the experiments in a summary, in order.
pub(super) fn names(path: &Path) -> Result<Vec<String>, StudyError> {
    let foreign = |reason: String| StudyError::ForeignSummary { path: path.to_owned(), reason };
    let bytes = ae_files::read_bounded(path, LARGEST)?;
    let summary: Value =
        serde_json::from_slice(&bytes).map_err(|error| foreign(error.to_string()))?;
    let experiments = summary["experiments"].as_array();
    let experiments = experiments.ok_or_else(|| foreign("it has no experiments".to_owned()))?;
    let name = |experiment: &Value| {
        let name = experiment["name"].as_str().unwrap_or_default();
        // A run's folder has its name; another path is none of ours.
        match Path::new(name).file_name().is_some_and(|file| file == name) {
            true => Ok(name.to_owned()),
            false => Err(foreign(format!("`{name}` is not the name of an experiment"))),
        }
    };
    experiments.iter().map(name).collect()
}

fn experiment(run: &ReproducedRun) -> Experiment<'_> {
    let record = run.result.as_ref().ok();
    let expected = record.map(|record| record.expected.as_slice()).unwrap_or_default();
    Experiment {
        dataset: record.map(|record| record.dataset.name.as_str()),
        epochs: record.map(|record| record.epochs),
        expected: expected.iter().map(expectation).collect(),
        metrics: record.map(|record| record.metrics.clone()).unwrap_or_default(),
        name: &run.name,
        ok: record.is_some_and(|record| !record.falls_short()),
        seconds: record.map(|record| record.seconds),
        weights_sha256: record.map(|record| record.weights_sha256.as_str()),
    }
}

fn expectation(judgement: &Judgement) -> Expected<'_> {
    let Judgement { metric, bound, published, source, .. } = judgement;
    Expected { bound: *bound, metric, published, source }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{failed_run, held_run, reproduced};
    use super::*;

    #[test]
    fn a_summary_names_its_experiments() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("summary.json");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            names(&path)
        };
        let written = render(&reproduced(vec![held_run(), failed_run()])).unwrap();
        assert_eq!(read(&written).unwrap(), ["regular", "denoising"]);
        for (text, told) in [
            ("{", "EOF"),
            ("{}", "no experiments"),
            (r#"{"experiments":[{"name":"../other"}]}"#, "`../other` is not the name"),
            (r#"{"experiments":[{}]}"#, "`` is not the name"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(told) && error.contains("summary.json"), "{error}");
        }
    }

    /// The bytes that the first version of this command wrote for the same runs.
    #[test]
    fn it_holds_what_the_contract_says_and_no_more() {
        let expected = r#"{
  "experiments": [
    {
      "dataset": "mnist",
      "epochs": 50,
      "expected": [
        {
          "at_most": 0.092,
          "metric": "val_bce",
          "published": "0.093",
          "source": "Keras blog"
        },
        {
          "at_least": 20.5,
          "metric": "val_psnr",
          "published": "-",
          "source": "measured"
        }
      ],
      "metrics": {
        "train_bce": 0.0924,
        "val_bce": 0.09152,
        "val_mse": 0.009621,
        "val_psnr": null
      },
      "name": "regular",
      "ok": true,
      "seconds": 12.345,
      "weights_sha256": "5e1f"
    },
    {
      "dataset": null,
      "epochs": null,
      "expected": [],
      "metrics": {},
      "name": "denoising",
      "ok": false,
      "seconds": null,
      "weights_sha256": null
    }
  ],
  "ok": false,
  "schema": 1
}
"#;
        assert_eq!(render(&reproduced(vec![held_run(), failed_run()])).unwrap(), expected);
    }
}
