//! `record.json`: what a finished run says of itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::json::Node;

const SCHEMA: u64 = 1;

/// A finished run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) dataset: Dataset,
    pub(crate) seed: u64,
    pub(crate) epochs: u64,
    /// The number of epochs that the experiment itself asks for.
    pub(crate) planned_epochs: u64,
    pub(crate) threads: u64,
    pub(crate) parameters: u64,
    /// Wall time of the training loop with its validation.
    pub(crate) seconds: f64,
    /// By name; `None` where the value is not finite.
    pub(crate) metrics: BTreeMap<String, Option<f64>>,
    pub(crate) weights_sha256: String,
    pub(crate) expected: Vec<Expectation>,
    pub(crate) figures: Vec<Figure>,
    /// Of a study.
    pub(crate) tables: Vec<Table>,
    /// Of a single model, in records that have it.
    pub(crate) diagnosis: Option<Diagnosis>,
}

/// A model beside what needs no training.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Diagnosis {
    /// Training images that mean and PCA were fitted to.
    pub(crate) sample: u64,
    pub(crate) model_mse: f64,
    pub(crate) mean_mse: f64,
    pub(crate) components: u64,
    pub(crate) pca_mse: Option<f64>,
    pub(crate) code_units: u64,
    pub(crate) dead_code_units: u64,
    /// What is wrong, in sentences.
    pub(crate) warnings: Vec<String>,
}

/// The data that a run used.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dataset {
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) train_images: u64,
    pub(crate) test_images: u64,
    pub(crate) height: u64,
    pub(crate) width: u64,
    /// Names and SHA-256 digests.
    pub(crate) files: Vec<(String, String)>,
    /// Why this data stands in for what was asked for, if it does.
    pub(crate) substituted: Option<String>,
}

/// A number that a run has to reach.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expectation {
    pub(crate) metric: String,
    pub(crate) bound: Bound,
    pub(crate) published: String,
    pub(crate) source: String,
    pub(crate) reached: Option<f64>,
    pub(crate) verdict: Verdict,
}

/// The side from which a number is bounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// Whether an expectation was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Held,
    Short,
    NotJudged,
}

/// A picture in the run's folder.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Figure {
    pub(crate) png: String,
    pub(crate) svg: String,
    pub(crate) title: String,
    pub(crate) caption: String,
}

/// A table of a study.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    pub(crate) file: String,
    pub(crate) title: String,
    pub(crate) caption: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Record {
    /// Reads the record of the run of this name.
    pub(crate) fn read(path: &Path, name: &str) -> Result<Self> {
        let read = || -> Result<Self> {
            let value = serde_json::from_str(&fs::read_to_string(path)?)?;
            let record = record(&Node::root(&value))?;
            ensure!(record.name == name, "expected the record of {name}, found {}", record.name);
            Ok(record)
        };
        read().with_context(|| format!("cannot read {}", path.display()))
    }

    /// Whether every expectation that was judged was met.
    pub(crate) fn held(&self) -> bool {
        self.expected.iter().all(|expectation| expectation.verdict != Verdict::Short)
    }
}

fn record(node: &Node<'_>) -> Result<Record> {
    let schema = node.field("schema")?;
    if schema.count()? != SCHEMA {
        return Err(schema.error("expected 1"));
    }
    Ok(Record {
        name: node.field("name")?.text()?,
        dataset: dataset(&node.field("dataset")?)?,
        seed: node.field("seed")?.count()?,
        epochs: node.field("epochs")?.count()?,
        planned_epochs: node.field("planned_epochs")?.count()?,
        threads: node.field("threads")?.count()?,
        parameters: node.field("parameters")?.count()?,
        seconds: node.field("seconds")?.number()?,
        metrics: node.field("metrics")?.numbers()?,
        weights_sha256: node.field("weights_sha256")?.text()?,
        expected: node.field("expected")?.list(expectation)?,
        figures: node.field("figures")?.list(figure)?,
        tables: node.optional("tables").map_or(Ok(Vec::new()), |tables| tables.list(table))?,
        diagnosis: node.optional("diagnosis").as_ref().map(diagnosis).transpose()?,
    })
}

fn diagnosis(node: &Node<'_>) -> Result<Diagnosis> {
    let warning = |warning: &Node<'_>| warning.field("text")?.text();
    let warnings = node.optional("warnings");
    Ok(Diagnosis {
        sample: node.field("sample")?.count()?,
        model_mse: node.field("model_mse")?.number()?,
        mean_mse: node.field("mean_mse")?.number()?,
        components: node.field("components")?.count()?,
        pca_mse: node.optional("pca_mse").map(|error| error.number()).transpose()?,
        code_units: node.field("code_units")?.count()?,
        dead_code_units: node.field("dead_code_units")?.count()?,
        warnings: warnings.map_or(Ok(Vec::new()), |warnings| warnings.list(warning))?,
    })
}

fn dataset(node: &Node<'_>) -> Result<Dataset> {
    let file = |file: &Node<'_>| Ok((file.field("name")?.text()?, file.field("sha256")?.text()?));
    Ok(Dataset {
        name: node.field("name")?.text()?,
        location: node.field("location")?.text()?,
        train_images: node.field("train_images")?.count()?,
        test_images: node.field("test_images")?.count()?,
        height: node.field("height")?.count()?,
        width: node.field("width")?.count()?,
        files: node.field("files")?.list(file)?,
        substituted: node.optional("substituted").map(|reason| reason.text()).transpose()?,
    })
}

fn expectation(node: &Node<'_>) -> Result<Expectation> {
    let bound = match node.optional("at_most") {
        Some(bound) => Bound::AtMost(bound.number()?),
        None => Bound::AtLeast(node.field("at_least")?.number()?),
    };
    Ok(Expectation {
        metric: node.field("metric")?.text()?,
        bound,
        published: node.field("published")?.text()?,
        source: node.field("source")?.text()?,
        reached: node.optional("reached").map(|reached| reached.number()).transpose()?,
        verdict: verdict(&node.field("verdict")?)?,
    })
}

fn verdict(node: &Node<'_>) -> Result<Verdict> {
    match node.text()?.as_str() {
        "held" => Ok(Verdict::Held),
        "short" => Ok(Verdict::Short),
        "not-judged" => Ok(Verdict::NotJudged),
        _ => Err(node.error("expected held, short or not-judged")),
    }
}

fn figure(node: &Node<'_>) -> Result<Figure> {
    Ok(Figure {
        png: node.field("file")?.text()?,
        svg: node.field("svg")?.text()?,
        title: node.field("title")?.text()?,
        caption: node.field("caption")?.text()?,
    })
}

fn table(node: &Node<'_>) -> Result<Table> {
    let texts = |node: &Node<'_>| node.list(Node::text);
    Ok(Table {
        file: node.field("file")?.text()?,
        title: node.field("title")?.text()?,
        caption: node.field("caption")?.text()?,
        columns: texts(&node.field("columns")?)?,
        rows: node.field("rows")?.list(texts)?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// A record with every field, as `ae train` writes it.
    pub(crate) fn example() -> Value {
        json!({
            "schema": 1, "name": "regular",
            "dataset": {
                "name": "mnist", "location": "data/<mnist>", "train_images": 60000,
                "test_images": 10000, "height": 28, "width": 28,
                "files": [{"name": "train-images-idx3-ubyte", "sha256": "ba89"}],
                "substituted": null
            },
            "seed": 42, "epochs": 50, "planned_epochs": 50, "threads": 2, "seconds": 12.345,
            "metrics": {"train_bce": 0.0924, "val_bce": 0.09152, "val_mse": 0.009621, "val_psnr": null},
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
        })
    }

    fn read(value: &Value) -> Result<Record> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("record.json");
        fs::write(&path, value.to_string()).unwrap();
        Record::read(&path, "regular")
    }

    #[test]
    fn every_field_is_read() {
        let record = read(&example()).unwrap();
        assert_eq!(record.metrics["val_bce"], Some(0.09152));
        assert_eq!(record.metrics["val_psnr"], None);
        assert_eq!(record.expected[0].bound, Bound::AtMost(0.092));
        assert_eq!(record.expected[1].bound, Bound::AtLeast(20.5));
        assert_eq!(record.expected[1].verdict, Verdict::NotJudged);
        assert_eq!(record.dataset.files[0].1, "ba89");
        assert_eq!(record.dataset.substituted, None);
        assert_eq!(record.figures[0].png, "reconstructions.png");
        assert_eq!(record.tables[0].rows, [["pca", "0.1"]]);
        let diagnosis = record.diagnosis.unwrap();
        assert_eq!((diagnosis.sample, diagnosis.dead_code_units), (4096, 2));
        assert_eq!(diagnosis.warnings, ["2 of <32>"]);
        // Records of before have none.
        let mut old = example();
        old.as_object_mut().unwrap().remove("diagnosis");
        assert_eq!(read(&old).unwrap().diagnosis, None);
    }

    #[test]
    fn damage_is_refused_with_the_file_and_the_place() {
        for (place, value, expected) in [
            ("/schema", json!(2), "schema: expected 1, found 2"),
            ("/name", json!("denoising"), "expected the record of regular, found denoising"),
            ("/dataset/width", json!(-1), "dataset.width: expected a whole number, found -1"),
            ("/expected/1/verdict", json!("ok"), "expected[1].verdict: expected held, short or"),
            ("/metrics/val_bce", json!("x"), "metrics.val_bce: expected a number"),
            ("/seconds", json!(null), "seconds: missing"),
        ] {
            let mut damaged = example();
            *damaged.pointer_mut(place).unwrap() = value;
            let message = format!("{:#}", read(&damaged).unwrap_err());
            assert!(message.starts_with("cannot read "), "{message}");
            assert!(message.contains(&format!("record.json: {expected}")), "{message}");
        }
    }

    #[test]
    fn one_short_expectation_is_enough_and_unjudged_ones_do_not_count() {
        let mut value = example();
        assert!(read(&value).unwrap().held());
        value["expected"][0]["verdict"] = json!("short");
        assert!(!read(&value).unwrap().held());
    }
}
