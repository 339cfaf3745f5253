//! Where images come from, and what is said when other ones stand in.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::support::{DATA_FILES, Sandbox};

#[test]
fn digits_need_neither_files_nor_a_network() {
    let sandbox = Sandbox::new();
    let finished = sandbox.ae("data info --data digits --offline --json").succeeds();
    assert_eq!(finished.stderr, "");
    let info = finished.json();
    assert_eq!((&info["name"], &info["substituted"]), (&"digits".into(), &Value::Null));
    assert_eq!((&info["train_images"], &info["test_images"]), (&60_000.into(), &10_000.into()));
    assert_eq!((&info["height"], &info["width"]), (&28.into(), &28.into()));
    assert_eq!(sandbox.contents_of(""), []);
}

#[test]
fn a_substitution_is_said_once_and_stands_in_all_that_the_run_leaves() {
    let sandbox = Sandbox::new();
    let finished = sandbox
        .ae("train --offline --widths 4 --batch-size 4096 --epochs 1 --json --out run")
        .succeeds();
    let record = sandbox.read_json("run/record.json");
    let sentence = record["dataset"]["substituted"].as_str().unwrap();
    assert!(sentence.contains("rocedural digits stand in for MNIST: "), "{sentence}");
    assert_eq!(finished.stderr.matches(sentence).count(), 1, "{}", finished.stderr);
    assert_eq!(record["dataset"]["name"], "digits");
    assert_eq!(finished.json(), record);
    let spec = sandbox.read_text("run/spec.toml");
    assert!(spec.contains(&format!("substituted = \"{sentence}\"")), "{spec}");
    assert!(spec.contains("source = \"digits\""), "{spec}");
    let figures = record["figures"].as_array().unwrap();
    assert_eq!(figures.len(), 4);
    for figure in figures {
        assert!(figure["caption"].as_str().unwrap().contains(sentence), "{figure}");
        let svg = sandbox.read_text(&format!("run/{}", figure["svg"].as_str().unwrap()));
        assert!(text_of(&svg).contains(sentence), "{figure}");
    }

    // A resumed run keeps its data, and says it again where it is read, not on stderr.
    let again = sandbox.ae("resume run --offline --json").succeeds();
    assert!(!again.stderr.contains("stand in"), "{}", again.stderr);
    assert_eq!(again.json()["dataset"], record["dataset"]);
}

#[test]
fn mnist_is_never_substituted() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("home/.cache/ae/mnist").display().to_string();
    let mut fragments = DATA_FILES.to_vec();
    fragments.extend(["mnist was not found and could not be downloaded", &folder]);
    for command in ["data info --data mnist", "train --data mnist --out run"] {
        sandbox.ae(&format!("{command} --offline")).fails_with(&fragments);
    }
    sandbox.ae("data fetch mnist --offline").refuses_with(&["--offline"]);
    assert_eq!(sandbox.contents_of(""), []);
}

#[test]
fn the_folder_of_the_environment_is_taken_and_never_passed_over() {
    let sandbox = Sandbox::with_data();
    let info = |folder: &str| {
        let mut command = sandbox.command("data info --offline --json");
        let output = command.env("AE_DATA", sandbox.path(folder)).output().unwrap();
        crate::support::Finished::new("data info", output)
    };
    let found = info("data").succeeds();
    assert_eq!((found.json()["train_images"].clone(), found.stderr), (400.into(), String::new()));
    let nowhere = sandbox.path("nowhere").display().to_string();
    info("nowhere").fails_with(&["$AE_DATA", &nowhere]);
}

#[test]
fn an_export_keeps_the_digests_and_overwrites_nothing() {
    let sandbox = Sandbox::with_data();
    let digests = |folder: &str| {
        let info = sandbox.ae(&format!("data info --data {folder} --json")).succeeds().json();
        info["files"].clone()
    };
    let finished = sandbox.ae("data export --data data --out deep/copy").succeeds();
    assert_eq!(finished.stdout, "400 training and 100 test images written to deep/copy\n");
    assert_eq!(digests("deep/copy"), digests("data"));
    assert_eq!(digests("data").as_array().unwrap().len(), 4);
    for file in DATA_FILES {
        assert_eq!(
            sandbox.read(&format!("deep/copy/{file}")),
            sandbox.read(&format!("data/{file}"))
        );
    }

    sandbox.write("taken/t10k-labels-idx1-ubyte", "mine");
    let before = sandbox.contents_of("taken");
    sandbox
        .ae("data export --data data --out taken")
        .fails_with(&["taken/t10k-labels-idx1-ubyte exists already"]);
    assert_eq!(sandbox.contents_of("taken"), before);

    // A raw file would hide a compressed one.
    sandbox.write("packed/train-images-idx3-ubyte.gz", "mine");
    sandbox
        .ae("data export --data data --out packed")
        .fails_with(&["packed/train-images-idx3-ubyte.gz exists already"]);
    assert_eq!(sandbox.contents_of("packed").len(), 1);
    sandbox.write("copy/train-images-idx3-ubyte.gz", "not gzip");
    for file in DATA_FILES {
        sandbox.write(&format!("copy/{file}"), sandbox.read(&format!("data/{file}")));
    }
    let both = sandbox.ae("data info --data copy").succeeds().stderr;
    let said =
        "copy/train-images-idx3-ubyte is read, and not copy/train-images-idx3-ubyte.gz beside it";
    assert!(both.contains(said), "{both}");
}

#[test]
fn compressed_files_hold_the_same_data() {
    let sandbox = Sandbox::with_data();
    for file in DATA_FILES {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&sandbox.read(&format!("data/{file}"))).unwrap();
        sandbox.write(&format!("packed/{file}.gz"), encoder.finish().unwrap());
    }
    let info = |folder| {
        let text = sandbox.ae(&format!("data info --data {folder}")).succeeds().stdout;
        text.split_once('\n').unwrap().1.to_owned()
    };
    assert_eq!(info("packed"), info("data"));
    assert!(info("data").contains("test labels: 0: 10, 1: 10, "), "{}", info("data"));
}

/// The words of an SVG's text, in their order: captions are broken over lines.
fn text_of(svg: &str) -> String {
    let pieces = svg.split('>').skip(1).filter_map(|piece| piece.split('<').next());
    let words: Vec<&str> = pieces.flat_map(str::split_whitespace).collect();
    words.join(" ")
}

#[test]
fn variations_are_read_exported_trained_on_and_found_again() {
    let sandbox = Sandbox::with_data();
    let info = sandbox.ae("data info rot:data").succeeds().stdout;
    for words in [
        "folder-rot: data\n",
        "85 training and 357 test images of 14 x 14\n",
        "each image rotated by a random angle; made by this program, not the published files\n",
    ] {
        assert!(info.contains(words), "{words}: {info}");
    }
    let digests = |source: &str| {
        let info = sandbox.ae(&format!("data info {source} --json")).succeeds().json();
        info["files"].clone()
    };
    sandbox.ae("data export rot:data --out turned").succeeds();
    assert_eq!(digests("turned"), digests("rot:data"));
    assert_ne!(digests("bg-rand:data"), digests("rot:data"));
    sandbox
        .ae("data export rot:data --out data --force")
        .fails_with(&["data lies within data, which is read"]);
    sandbox.ae("data info rot:nowhere").fails_with(&["there is no folder nowhere"]);
    sandbox.ae("data info mnist-rot --offline").fails_with(&["mnist was not found"]);

    sandbox.ae("train --data rot:data --widths 4 --epochs 1 --out run").succeeds();
    let spec = sandbox.read_text("run/spec.toml");
    let source =
        format!("source = \"rot:{}\"", sandbox.path("data").canonicalize().unwrap().display());
    assert!(spec.contains(&source), "{spec}");
    sandbox.ae("resume run --epochs 2").succeeds();
    let judged = sandbox.ae("evaluate run --json").succeeds().json();
    assert_eq!(judged["images"], 357);
}

#[test]
fn leaves_are_described_and_exported_as_pictures() {
    let sandbox = Sandbox::new();
    let told = sandbox.ae("data info leaves --size 24x40 --channels 3 --offline").succeeds().stdout;
    assert!(told.contains("400 training and 68 test images of 24 x 40 in colour"), "{told}");
    let finished = sandbox.ae("data export leaves --size 24x40 --out leaves").succeeds();
    assert!(finished.stdout.contains("400 training and 68 test images written to leaves"));
    let [made, read] = ["leaves --size 24x40", "./leaves"].map(|data| {
        sandbox.ae(&format!("data info {data} --offline --json")).succeeds().json()["files"].clone()
    });
    assert_eq!(made, read);
    sandbox.ae("data export leaves --size 24x40 --out leaves").fails_with(&["exists already"]);
    sandbox.ae("data export leaves --size 24x40 --out leaves --force").succeeds();
    sandbox.ae("data info leaves --size 5000x5000").fails_with(&["at most 16777216 pixels"]);
}
