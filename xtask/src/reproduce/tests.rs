//! `reproduce` from end to end, with a script in `ae`'s place.

use std::fs;

use serde_json::{Value, json};

use super::*;

/// A run that ended well.
pub(super) fn example_run() -> Run {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("record.json");
    fs::write(&path, record::tests::example().to_string()).unwrap();
    Run {
        name: "regular".to_owned(),
        command: "ae train regular.toml".to_owned(),
        result: Record::read(&path, "regular"),
    }
}

/// A run that did not.
pub(super) fn failed_run() -> Run {
    Run {
        name: "denoising".to_owned(),
        command: "ae train denoising.toml".to_owned(),
        result: Err(anyhow::anyhow!("was killed (signal: 9)")),
    }
}

/// A workspace of experiments whose specs are shell scripts that `fake-ae.sh` runs.
#[cfg(unix)]
struct Scene {
    dir: tempfile::TempDir,
    options: Reproduce,
}

#[cfg(unix)]
impl Scene {
    fn new(specs: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, script) in specs {
            fs::write(dir.path().join(format!("{name}.toml")), script).unwrap();
        }
        let names = specs.iter().map(|(name, _)| (*name).to_owned()).collect();
        let options = Reproduce { only: names, ..Reproduce::default() };
        Self { dir, options }
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("out")
    }

    fn reproduce(&self) -> Result<Outcome> {
        self.reproduce_to(&mut std::io::sink())
    }

    fn reproduce_to(&self, output: &mut impl Write) -> Result<Outcome> {
        let experiments = experiments::select(self.dir.path(), &self.options)?;
        let plan = Plan { options: &self.options, out: self.out(), experiments };
        plan.check_folders()?;
        plan.execute(&workspace::root().join("xtask/tests/fake-ae.sh"), output)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.out().join(file)).unwrap()
    }

    fn summary(&self) -> Value {
        serde_json::from_str(&self.read(folder::SUMMARY)).unwrap()
    }
}

/// A spec whose run leaves a record with this verdict and ends with this status.
#[cfg(unix)]
fn spec(name: &str, verdict: &str, status: i32) -> String {
    let mut record = record::tests::example();
    record["name"] = json!(name);
    record["expected"][0]["verdict"] = json!(verdict);
    format!("cat > \"$out/record.json\" <<'END'\n{record}\nEND\nexit {status}\n")
}

#[cfg(unix)]
#[test]
fn runs_that_hold_leave_a_summary_and_a_report() {
    let (a, b) = (spec("a", "held", 0), spec("b", "not-judged", 0));
    let mut scene = Scene::new(&[("a", &a), ("b", &b)]);
    scene.options.seed = Some(7);

    assert_eq!(scene.reproduce().unwrap(), Outcome::Held);

    let summary = scene.summary();
    assert_eq!(summary["ok"], true);
    let names: Vec<_> =
        summary["experiments"].as_array().unwrap().iter().map(|e| &e["name"]).collect();
    assert_eq!(names, ["a", "b"]);
    assert!(scene.read(folder::REPORT).contains("b/reconstructions.png"));
    let arguments = scene.read("a/arguments");
    assert!(arguments.ends_with("out/a --force --json --seed 7\n"), "{arguments}");
    // Nothing temporary is left.
    let mut left: Vec<_> =
        fs::read_dir(scene.out()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".reproduce", "a", "b", "report.html", "summary.json"]);

    assert_eq!(scene.reproduce().unwrap(), Outcome::Held, "its own runs are replaced");
}

#[cfg(unix)]
#[test]
fn a_short_expectation_is_told_from_a_failure() {
    let (short, held) = (spec("a", "short", 3), spec("b", "held", 0));
    let scene = Scene::new(&[("a", &short), ("b", &held)]);
    assert_eq!(scene.reproduce().unwrap(), Outcome::Short);
    assert_eq!(scene.summary()["ok"], false);
}

#[cfg(unix)]
#[test]
fn a_failure_stops_no_other_experiment_and_is_explained() {
    let (killed, short) = ("kill -9 $$", spec("d", "short", 3));
    let contradiction = spec("c", "short", 0);
    let scene = Scene::new(&[
        ("a", "exit 1"),
        ("b", killed),
        ("c", &contradiction),
        ("d", &short),
        ("e", "exit 0"),
    ]);

    let mut output = Vec::new();
    assert_eq!(scene.reproduce_to(&mut output).unwrap(), Outcome::Failed);

    let output = String::from_utf8(output).unwrap();
    assert!(output.contains("\nfailed: b: ae train was killed (signal: 9"), "{output}");
    assert!(output.contains("out/report.html\n"), "{output}");
    let report = scene.read(folder::REPORT);
    for reason in [
        "ended with exit status 1; it says why above",
        "was killed (signal: 9",
        "contradicts the verdicts in its record",
        "e/record.json: No such file",
    ] {
        assert!(report.contains(reason), "no {reason} in {report}");
    }
    let ok: Vec<_> = scene.summary()["experiments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["epochs"].clone())
        .collect();
    assert_eq!(ok, [Value::Null, Value::Null, Value::Null, json!(50), Value::Null]);
}

#[cfg(unix)]
#[test]
fn a_foreign_folder_stops_everything_before_anything_is_run() {
    let held = spec("a", "held", 0);
    let scene = Scene::new(&[("a", &held), ("b", "exit 0")]);
    fs::create_dir_all(scene.out().join("b")).unwrap();
    fs::write(scene.out().join("b/notes.txt"), "mine").unwrap();

    let error = scene.reproduce().unwrap_err().to_string();

    assert!(error.contains("out/b was not made by"), "{error}");
    assert_eq!(scene.read("b/notes.txt"), "mine");
    assert!(!scene.out().join("a").exists());
    assert!(!scene.out().join(folder::SUMMARY).exists());
}

#[cfg(unix)]
#[test]
fn an_interrupted_command_leaves_no_summary_of_runs_that_are_gone() {
    let held = spec("a", "held", 0);
    let scene = Scene::new(&[("a", &held)]);
    scene.reproduce().unwrap();
    // The script looks as the command would at the moment of an interruption.
    let look = "ls -A \"$out/..\" > \"$out/seen\"; exit 1";
    fs::write(scene.dir.path().join("a.toml"), look).unwrap();
    scene.reproduce().unwrap();
    assert_eq!(scene.read("a/seen"), ".reproduce\na\n");
}
