//! Passing, failing and recording, each in a process of its own: insta reads `INSTA_UPDATE` once.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ae_snapshot::{PixelSlice, assert_reconstruction_snapshot};
use insta::Settings;
use support::{SIDE, zero};

const FOLDER: &str = "AE_SNAPSHOT_TEST_FOLDER";
const FIGURE: &str = "AE_SNAPSHOT_TEST_FIGURE";

/// Asserts one of the figures. The tests below start it with a folder and a figure; by itself it
/// asserts the zero in this folder.
#[test]
fn assert_figure() {
    let mut figure = zero();
    let mut height = SIDE;
    match env::var(FIGURE).as_deref().unwrap_or("zero") {
        "zero" => {}
        "shaken" => figure.iter_mut().step_by(2).for_each(|pixel| *pixel += 0.009),
        "scratched" => figure[300] += 0.1,
        "cut" => {
            height -= 1;
            figure.truncate(height * SIDE);
        }
        "nan" => figure[300] = f32::NAN,
        other => panic!("there is no figure {other}"),
    }
    let mut settings = Settings::clone_current();
    if let Ok(folder) = env::var(FOLDER) {
        settings.set_snapshot_path(folder);
    }
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| {
        let figure = PixelSlice { pixels: &figure, height, width: SIDE };
        assert_reconstruction_snapshot!("zero", figure, 0.01);
    });
}

fn run(folder: &Path, figure: &str, update: &str) -> Output {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "assert_figure", "--nocapture"])
        .env(FOLDER, folder)
        .env(FIGURE, figure)
        .env("INSTA_UPDATE", update)
        .env_remove("INSTA_FORCE_PASS")
        .env_remove("INSTA_FORCE_UPDATE")
        .env_remove("INSTA_OUTPUT")
        .env_remove("INSTA_PENDING_DIR")
        .output()
        .unwrap()
}

/// A folder with the snapshot of the zero.
fn recorded() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert!(run(folder.path(), "zero", "always").status.success());
    folder
}

fn stored(folder: &Path) -> String {
    fs::read_to_string(folder.join("zero.snap")).unwrap()
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_missing_snapshot_fails_and_is_offered_for_review() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!run(folder.path(), "zero", "no").status.success());
    assert_eq!(files(folder.path()), 0);
    assert!(!run(folder.path(), "zero", "new").status.success());
    let offered = fs::read_to_string(folder.path().join("zero.snap.new")).unwrap();
    assert!(offered.contains("1 image of 28 x 28, pixels in thousandths"), "{offered}");
}

#[test]
fn a_figure_within_the_tolerance_passes_and_leaves_the_snapshot_alone() {
    let folder = recorded();
    let before = stored(folder.path());
    for figure in ["zero", "shaken"] {
        assert!(run(folder.path(), figure, "always").status.success(), "{figure}");
    }
    assert_eq!(stored(folder.path()), before);
    assert_eq!(files(folder.path()), 1);
}

#[test]
fn a_changed_figure_fails_with_the_diff() {
    let folder = recorded();
    for figure in ["scratched", "cut"] {
        let output = run(folder.path(), figure, "no");
        assert!(!output.status.success(), "{figure}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("Snapshot Summary"), "{text}");
        assert!(text.contains("-old snapshot") && text.contains("+new results"), "{text}");
        let text = String::from_utf8(output.stderr).unwrap();
        let expected = match figure {
            "scratched" => {
                "the largest deviation is 0.100, at image 0, row 10, column 20 (counted from 0): stored "
            }
            _ => "expected 1 image of 28 x 28, pixels in thousandths, found 1 image of 27 x 28, ",
        };
        assert!(text.contains(expected), "{text}");
        let counted = "; 1 of 784 pixels deviate by more than 0.010\n";
        assert_eq!(text.contains(counted), figure == "scratched", "{text}");
    }
    assert_eq!(files(folder.path()), 1);
}

#[test]
fn a_changed_figure_is_recorded_on_request() {
    let folder = recorded();
    let before = stored(folder.path());
    assert!(run(folder.path(), "scratched", "always").status.success());
    assert_ne!(stored(folder.path()), before);
    assert!(run(folder.path(), "scratched", "no").status.success());
}

#[test]
fn a_nan_fails_and_is_never_recorded() {
    let folder = recorded();
    let before = stored(folder.path());
    for update in ["no", "always", "force"] {
        let output = run(folder.path(), "nan", update);
        assert!(!output.status.success(), "{update}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("image 0, row 10, column 20: expected a finite pixel"), "{text}");
    }
    assert_eq!(stored(folder.path()), before);
    assert_eq!(files(folder.path()), 1);
}

#[test]
#[should_panic(
    expected = "expected a tolerance from 0.001, the unit of the snapshots, to 1, found 0"
)]
fn a_tolerance_below_the_unit_is_refused() {
    let black = PixelSlice { pixels: &[0.0; 4], height: 2, width: 2 };
    assert_reconstruction_snapshot!("never stored", black, 0.0);
}
