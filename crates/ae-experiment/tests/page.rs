//! The page of a run: of a finished one, of one that has not finished, and of one of an earlier version.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

use ae_apply::Device;
use ae_dataset::{Dataset, Images, Network, write_folder};
use ae_experiment::{
    Adaptation, Existing, RunOptions, Spec, TensorBoard, page_of_run, train, write_page,
};
use ae_training::MemoryObserver;

/// The folder of a small run.
fn run(place: &Path) -> PathBuf {
    let pixels: Vec<u8> = (0..40 * 16).map(|i| (i * 37 % 256) as u8).collect();
    let labels = (0..40).map(|item| item % 3).collect();
    let images = Images::new(4, 4, pixels).unwrap().with_labels(labels).unwrap();
    let data = place.join("data");
    write_folder(&Dataset::new("toy", "here", images.clone(), images).unwrap(), &data).unwrap();
    let mut spec = Spec::tutorial();
    spec.data.source = data.display().to_string();
    spec.question = "Does <it> work?".to_owned();
    spec.training.epochs = 3;
    let options = RunOptions {
        device: Device::Cpu,
        network: Network::Offline,
        progress: &mut (),
        observer: Box::new(MemoryObserver::default()),
        tensorboard: TensorBoard::Off,
        live: None,
        peers: None,
    };
    let folder = place.join("run");
    train(spec, &Adaptation::Widths(vec![3]), &folder, Existing::Refuse, options).unwrap();
    folder
}

fn html(folder: &Path) -> String {
    page_of_run(folder).unwrap().html().unwrap()
}

#[test]
fn a_run_leaves_its_page() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path());
    let written = fs::read_to_string(folder.join("report.html")).unwrap();
    assert_eq!(written, html(&folder), "the page is that of the folder");
    for part in [
        "Does &#60;it&#62; work?",
        "<h2>What was learned</h2>",
        "predicting the mean of the training data",
        "aria-valuetext=\"epoch 3: training ",
        "<p class=\"title\">By class</p>",
        "<p class=\"title\">By pixel</p>",
        "seed = 42",
        "ae train ./spec.toml --out repeated",
        "<img src=\"data:image/",
    ] {
        assert!(written.contains(part), "no {part} in {written}");
    }
    // The curve is drawn from its numbers, not shown as a picture besides.
    assert!(!written.contains("alt=\"Learning curve"), "{written}");
}

#[test]
fn a_run_that_has_not_finished_has_a_page() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path());
    fs::remove_file(folder.join("record.json")).unwrap();
    let page = html(&folder);
    assert!(page.contains("Not finished: 3 of 3 epochs are done."), "{page}");
    assert!(page.contains("ae resume ."), "{page}");
    fs::remove_file(folder.join("curve.csv")).unwrap();
    assert!(html(&folder).contains("Not finished: 0 of 3"), "{page}");
    fs::remove_file(folder.join("spec.toml")).unwrap();
    assert!(page_of_run(&folder).unwrap_err().to_string().contains("spec.toml"));
}

#[test]
fn a_record_of_an_earlier_version_has_a_page_that_says_what_it_lacks() {
    let place = tempfile::tempdir().unwrap();
    let folder = run(place.path());
    let path = folder.join("record.json");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for field in ["errors", "diagnosis", "network"] {
        record.as_object_mut().unwrap().remove(field);
    }
    fs::write(&path, record.to_string()).unwrap();
    fs::remove_file(folder.join("worst.png")).unwrap();
    fs::remove_file(folder.join("worst.svg")).unwrap();
    let page = html(&folder);
    assert!(page.contains("The record has no errors by class and by place"), "{page}");
    assert!(page.contains("The files of this figure are missing."), "{page}");
    // Another file than the run's own is not taken in.
    record["figures"][0]["svg"] = "../data/secret.svg".into();
    record["figures"][0]["file"] = "".into();
    fs::write(place.path().join("data/secret.svg"), "<svg>secret</svg>").unwrap();
    fs::write(&path, record.to_string()).unwrap();
    assert!(!html(&folder).contains("secret%"));
    assert_eq!(write_page(&folder).unwrap(), folder.join("report.html"));
}
