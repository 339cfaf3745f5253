//! Studies: several models beside what people use instead, in a folder of their own.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use image::{GrayImage, Luma};
use serde_json::Value;

use crate::support::{SPEC, Sandbox, has_times};

/// Two noises at two and at one strength, on the data of [`Sandbox::with_data`].
pub(crate) const NOISES: &str = r#"
[study]
kind = "denoising-comparison"
pca_components = [2, 8, 32]

[[study.noises]]
name = "gaussian"
strengths = ["gaussian:0.25", "gaussian:0.5"]

[[study.noises]]
name = "holes"
strengths = ["masking:0.5+blur:0.5"]
"#;

/// A sandbox with data and the study's spec, `study.toml`.
pub(crate) fn with_study(study: &str) -> Sandbox {
    let sandbox = Sandbox::with_data();
    sandbox.write("study.toml", [SPEC, study].concat());
    sandbox
}

#[test]
fn denoising_is_compared_noise_by_noise() {
    let sandbox = with_study(NOISES);
    let told = sandbox.ae("study study.toml --out study").succeeds().stdout;
    assert!(told.contains("denoising-all") && told.contains("masking:0.5+blur:0.5"), "{told}");

    let record = sandbox.read_json("study/record.json");
    let names = ["regular", "denoising-all", "denoising-gaussian", "denoising-holes"];
    for (model, name) in record["models"].as_array().unwrap().iter().zip(names) {
        assert_eq!(model["name"], name);
        assert!(sandbox.path(&format!("study/models/{name}.safetensors")).is_file());
    }
    for file in ["denoised.png", "denoised.svg", "spec.toml"] {
        assert!(sandbox.path("study").join(file).is_file(), "{file}");
    }

    // A line for each metric and strength, and the numbers of the record in it.
    let table = sandbox.read_text("study/denoising.csv");
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines.len(), 1 + 3 * 3, "{table}");
    let metrics = &record["metrics"];
    for line in &lines[1..] {
        let noise = line[1].replace(':', "_");
        for (method, cell) in lines[0][2..8].iter().zip(&line[2..8]) {
            let value = metrics[format!("{noise}_{method}_{}", line[0])].as_f64().unwrap();
            assert!((value - cell.parse::<f64>().unwrap()).abs() <= 0.005, "{noise} {method}");
        }
        assert!(["3 x 3", "5 x 5"].contains(&line[8]) && ["2", "8", "32"].contains(&line[9]));
    }

    // `ae evaluate` sees the same noise, and comes to the same.
    for (model, noise) in
        [("denoising-gaussian", "gaussian:0.5"), ("denoising-all", "masking:0.5+blur:0.5")]
    {
        let evaluate = format!(
            "evaluate study/models/{model}.safetensors data --noise {noise} --seed 7 --json"
        );
        let evaluated = sandbox.ae(&evaluate).succeeds().json();
        let noise = noise.replace(':', "_");
        let method = if model == "denoising-all" { model } else { "denoising" };
        for (study, evaluate) in [
            (format!("{noise}_{method}_psnr"), "val_psnr"),
            (format!("{noise}_{method}_ssim"), "val_ssim"),
            (format!("{noise}_noisy_mse"), "noisy_mse"),
        ] {
            let [found, expected] =
                [&metrics[&study], &evaluated["metrics"][evaluate]].map(|x| x.as_f64().unwrap());
            assert!((found - expected).abs() < 1e-9, "{study}: {found}, {expected}");
        }
    }

    // The gain is over the best of the noisy images, the median and PCA.
    let psnr = |method: &str| metrics[format!("gaussian_0.5_{method}_psnr")].as_f64().unwrap();
    let gain = metrics["gaussian_0.5_denoising_gain"].as_f64().unwrap();
    let best = ["noisy", "median", "pca"].map(psnr).into_iter().fold(f64::MIN, f64::max);
    assert!((gain - (psnr("denoising") - best)).abs() < 1e-12);

    sandbox.ae("study study.toml --out again --threads 1").succeeds();
    let again = sandbox.read_json("again/record.json");
    assert_eq!([&again["metrics"], &again["weights_sha256"]], [metrics, &record["weights_sha256"]]);
    assert!(sandbox.read("again/denoised.png") == sandbox.read("study/denoised.png"));
}

#[test]
fn an_expectation_of_a_study_is_judged() {
    let expected = "\n[[expected]]\ndataset = \"folder\"\nepochs = 3\n\
                    metric = \"gaussian_0.5_denoising_psnr\"\nat_least = 90\npublished = \"-\"\nsource = \"none\"\n";
    let sandbox = with_study(&[NOISES, expected].concat());
    let told = sandbox.ae("study study.toml --out study").ends_with(3).stdout;
    assert!(
        told.contains("expected gaussian_0.5_denoising_psnr at least 90: fell short"),
        "{told}"
    );
}

#[test]
fn a_comparison_that_makes_no_sense_is_refused() {
    for (from, to, fragments) in [
        ("\"holes\"", "\"gaussian\"", ["study.noises.name", "found `gaussian`"]),
        ("\"holes\"", "\"all\"", ["study.noises.name", "found `all`"]),
        ("\"holes\"", "\"../holes\"", ["study.noises.name", "`../holes`"]),
        ("\"masking:0.5+blur:0.5\"", "", ["study.noises.strengths", "at least one"]),
        (
            "masking:0.5+blur:0.5",
            "gaussian:0.5",
            ["study.noises.strengths", "`gaussian:0.5` twice"],
        ),
        ("[2, 8, 32]", "[]", ["study.pca_components", "at least one"]),
    ] {
        let sandbox = with_study(&NOISES.replace(from, to));
        sandbox.ae("study study.toml --out study").refuses_with(&fragments);
    }
    let sandbox = with_study(&NOISES.replace("[2, 8, 32]", "[2, 800]"));
    sandbox.ae("study study.toml --out study").refuses_with(&["components", "196", "found 800"]);
    let sandbox = with_study(&NOISES.replace("masking:0.5", "mask:0.5"));
    sandbox.ae("study study.toml --out study").refuses_with(&["study.toml", "mask"]);
}

/// Starts `ae` and kills it when it says this.
fn kill_at(sandbox: &Sandbox, arguments: &str, line: &str) {
    let arguments = format!("{arguments} --progress plain");
    let mut child = sandbox.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|told| told == line), "{arguments}: never said {line}");
    child.kill().unwrap();
    child.wait().unwrap();
}

/// A study's record without what depends on when it was carried out.
fn record(sandbox: &Sandbox, study: &str) -> Value {
    let mut record = sandbox.read_json(&format!("{study}/record.json"));
    let fields = record.as_object_mut().unwrap();
    for name in ["seconds", "resumed_after", "threads"] {
        fields.remove(name);
    }
    for model in record["models"].as_array_mut().unwrap() {
        model.as_object_mut().unwrap().remove("seconds");
    }
    record
}

/// The files of a study but for its record, by their names.
fn files(sandbox: &Sandbox, study: &str) -> Vec<(String, Vec<u8>)> {
    let name = |path: &std::path::Path| {
        path.strip_prefix(sandbox.path(study)).unwrap().display().to_string()
    };
    let all = sandbox.contents_of(study).into_iter().map(|(path, bytes)| (name(&path), bytes));
    all.filter(|(name, _)| !has_times(name.as_ref())).collect()
}

fn are_equal(sandbox: &Sandbox, study: &str, reference: &str) {
    let names = |files: &[(String, Vec<u8>)]| -> Vec<String> {
        files.iter().map(|(name, _)| name.clone()).collect()
    };
    let (found, expected) = (files(sandbox, study), files(sandbox, reference));
    assert_eq!(names(&found), names(&expected));
    for ((name, found), (_, expected)) in found.iter().zip(&expected) {
        assert!(found == expected, "{study}/{name}");
    }
    assert_eq!(record(sandbox, study), record(sandbox, reference));
}

#[test]
fn a_study_that_was_killed_goes_on_after_its_last_model() {
    let sandbox = with_study(NOISES);
    sandbox.ae("study study.toml --out reference").succeeds();
    for (place, line) in
        ["PCA", "training denoising-all", "comparing on gaussian", "comparing on holes"]
            .iter()
            .enumerate()
    {
        let study = format!("study-{place}");
        kill_at(&sandbox, &format!("study study.toml --out {study}"), line);
        let told = sandbox.ae(&format!("resume {study} --threads 1")).succeeds().stderr;
        // Models that there were are not trained again.
        let trained = told.lines().filter(|line| line.starts_with("training ")).count();
        assert_eq!(trained, 4 - [0, 1, 3, 4][place], "{told}");
        are_equal(&sandbox, &study, "reference");
        sandbox.holds_no_temporary_files();
    }
    let found = sandbox.read_json("study-2/record.json")["resumed_after"].clone();
    assert_eq!(found, 3);
}

#[test]
fn to_resume_a_finished_study_changes_nothing() {
    let sandbox = with_study(NOISES);
    sandbox.ae("study study.toml --out study").succeeds();
    sandbox.ae("study study.toml --out reference").succeeds();
    let told = sandbox.ae("resume study").succeeds();
    assert!(!told.stderr.contains("training ") && told.stdout.contains("denoising-all"));
    are_equal(&sandbox, "study", "reference");
    let before = sandbox.contents_of("study");
    sandbox.ae("resume study --epochs 9").refuses_with(&["training.epochs must be left as it is"]);
    assert_eq!(sandbox.contents_of("study"), before);
}

#[test]
fn a_study_is_not_continued_under_other_settings_or_on_other_data() {
    let sandbox = with_study(NOISES);
    kill_at(&sandbox, "study study.toml --out study", "training denoising-gaussian");
    // What the killed process has left behind is nobody's.
    fs::remove_file(sandbox.path("study/.lock")).unwrap();
    let spec = sandbox.read_text("study/spec.toml");
    for (from, to, fragments) in [
        ("seed = 7", "seed = 8", ["study/models/regular.safetensors", "other settings"]),
        ("epochs = 3", "epochs = 4", ["study/models/regular.safetensors", "other settings"]),
        ("\"holes\"", "\"all\"", ["study.noises.name", "found `all`"]),
        ("pca_components = [", "pca_components = [800, ", ["study.pca_components", "found 800"]),
        (
            "kind = \"denoising-comparison\"",
            "kind = \"denoising\"",
            ["study/spec.toml", "denoising"],
        ),
    ] {
        let changed = spec.replace(from, to);
        assert_ne!(changed, spec, "{from}");
        sandbox.write("study/spec.toml", changed);
        let before = sandbox.contents_of("study");
        let told = sandbox.ae("resume study");
        match fragments[1] {
            "other settings" => told.fails_with(&fragments),
            _ => told.refuses_with(&fragments),
        };
        assert!(sandbox.contents_of("study") == before, "{to}");
    }
    sandbox.write("study/spec.toml", &spec);
    sandbox.write_data("other", [401, 100], 14);
    let before = sandbox.contents_of("study");
    sandbox.ae("resume study --data other").fails_with(&["study/models/regular.safetensors"]);
    assert!(sandbox.contents_of("study") == before);

    // The same data at another place.
    sandbox.ae("study study.toml --out reference").succeeds();
    fs::rename(sandbox.path("data"), sandbox.path("moved")).unwrap();
    sandbox.ae("resume study").fails_with(&["there is no ", "--data"]);
    sandbox.ae("resume study --data moved").succeeds();
    assert_eq!(sandbox.weights_of("study"), sandbox.weights_of("reference"));
    assert!(sandbox.read("study/denoising.csv") == sandbox.read("reference/denoising.csv"));
}

/// A study of the classes of `table.csv`.
fn study_of_classes() -> String {
    let score = "\n[study]\nkind = \"anomaly-detection\"\nrepetitions = 1\npca_components = 1\nbest = \"plain\"\n
        [[study.scores]]\nname = \"plain\"\nerror = { score = \"squared\", smoothing = 0.0 }\n";
    let spec = [SPEC, score].concat();
    let spec =
        spec.replace("source = \"data\"", "source = \"table.csv\"\nlabel_column = \"state\"");
    spec.replace("[196, 8]", "[2, 1]").replace("[8, 196]", "[1, 2]")
}

#[test]
fn classes_of_any_name_are_files_in_the_folder() {
    let sandbox = Sandbox::new();
    sandbox.write("table.csv", include_bytes!("fixtures/escaping_classes.csv"));
    sandbox.write("study.toml", study_of_classes());
    sandbox.ae("study study.toml --out deep/down/study").succeeds();

    let record = sandbox.read_json("deep/down/study/record.json");
    let models = record["models"].as_array().unwrap();
    let names: Vec<&str> = models.iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["../../escaped-0", "/absolute-0", "a+b-0", "a|b-0", "n/a-0"]);
    for model in models {
        let file = model["file"].as_str().unwrap();
        assert_eq!(file.matches('/').count(), 1, "{file}");
        assert!(sandbox.path("deep/down/study").join(file).is_file(), "{file}");
    }
    let table = sandbox.read_text("deep/down/study/anomalies.csv");
    assert!(table.starts_with("score,../../escaped,/absolute,a+b,a|b,n/a,"), "{table}");
    // Nothing stands beside the study.
    let mut beside: Vec<_> =
        fs::read_dir(sandbox.path("")).unwrap().map(|at| at.unwrap().file_name()).collect();
    beside.sort();
    assert_eq!(beside, ["deep", "study.toml", "table.csv"]);
    for folder in ["deep", "deep/down"] {
        assert_eq!(fs::read_dir(sandbox.path(folder)).unwrap().count(), 1);
    }
    sandbox.ae("resume deep/down/study").succeeds();
}

#[test]
fn what_is_not_trained_layer_by_layer_is_refused_before_anything_is_trained() {
    let sandbox = Sandbox::with_data();
    let sigmoids = "\"model.hidden_activation=sigmoid\", \"model.code_activation=sigmoid\"";
    let study = |changes: &str| {
        format!(
            "{SPEC}\n[study]\nkind = \"classification\"\n\n[study.fine_tuning]\nepochs = 1\nbatch_size = 64\n\
             learning_rate = 0.001\npatience = 1\n\n[[study.networks]]\nname = \"whole\"\n\n\
             [[study.networks]]\nname = \"layers\"\npretraining = \"layers\"\nset = [{changes}]\n"
        )
    };
    for (changes, told) in [
        ("", "activation must be sigmoid in every layer"),
        (
            &format!("{sigmoids}, \"training.loss=mse\""),
            "training.loss must be binary-cross-entropy",
        ),
        (&format!("{sigmoids}, \"training.code_l1=0.5\""), "training.code_l1 must be left out"),
        (
            &format!("{sigmoids}, \"model.top_k=3\""),
            "model.network must be dense to train layer by layer",
        ),
    ] {
        sandbox.write("study.toml", study(changes));
        sandbox.ae("study study.toml --out study").refuses_with(&[told]);
        assert!(!sandbox.path("study").exists(), "{changes}");
    }
    // Patches are others in every epoch, and pairs have inputs of their own.
    for (number, class) in ["a", "b"].into_iter().cycle().enumerate().take(20) {
        let picture = GrayImage::from_fn(14, 14, |x, y| Luma([(number as u32 * 9 + x * y) as u8]));
        for folder in ["photos", "clean"] {
            fs::create_dir_all(sandbox.path(&format!("{folder}/{class}"))).unwrap();
            picture.save(sandbox.path(&format!("{folder}/{class}/{number}.png"))).unwrap();
        }
    }
    sandbox.write("study.toml", study(sigmoids));
    for (key, of_data) in [
        ("data.target", "data.target=clean"),
        ("data.patches", "data.patches.size=[14,14] --set data.patches.count=20"),
    ] {
        sandbox
            .ae(&format!("study study.toml --out study --set data.source=photos --set {of_data}"))
            .refuses_with(&[&format!("{key} must be left out to train layer by layer")]);
        assert!(!sandbox.path("study").exists(), "{key}");
    }
    // Fine-tuning gives a network images alone.
    let [start, end] = ["encoder = ", "[corruption]"].map(|it| SPEC.find(it).unwrap());
    let layers = "network = \"layers\"\nnoise_level = true\nencoder = [{ layer = \"dense\", outputs = 8 }]\n\
                  decoder = [{ layer = \"dense\", outputs = 196, activation = \"sigmoid\" }]\n\n";
    sandbox.write("study.toml", study("").replace(&SPEC[start..end], layers));
    sandbox
        .ae("study study.toml --out study")
        .refuses_with(&["model.noise_level must be false for fine-tuning"]);
    assert!(!sandbox.path("study").exists());
    sandbox.write("study.toml", study(sigmoids));
    sandbox.ae("study study.toml --out study --epochs 1").succeeds();
    let metrics = sandbox.read_json("study/record.json")["metrics"].clone();
    assert!(metrics["fine_tuned_error_layers"].is_number(), "{metrics}");
}
