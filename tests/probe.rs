//! `ae probe`, and the study of features: what codes are good for, beside pixels and PCA.

use crate::support::{SPEC, Sandbox, TEST_IMAGES};

#[test]
fn codes_are_probed_beside_pixels_and_pca() {
    let sandbox = Sandbox::with_run();
    let probe = "probe run data --labels 20,50 --repetitions 3";
    let text = sandbox.ae(probe).succeeds().stdout;
    for words in ["folder: accuracy on 100 test images", "pixels", "PCA", "autoencoder", " all "] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let told = sandbox.ae(&format!("{probe} --json")).succeeds().json();
    assert_eq!(told["train_images"], 400);
    assert_eq!(told["test_images"], TEST_IMAGES);
    let probes = told["probes"].as_array().unwrap();
    assert_eq!(probes.len(), 9);
    for (place, probe) in probes.iter().enumerate() {
        assert_eq!(probe["numbers"], ["pixels", "PCA", "autoencoder"][place / 3]);
        assert_eq!(probe["length"], [196, 8, 8][place / 3]);
        assert_eq!(probe["labels"], [20, 50, 400][place % 3]);
        assert_eq!(probe["repetitions"], [3, 3, 1][place % 3]);
        assert_eq!(probe["logistic_half_width"].is_null(), place % 3 == 2);
    }
    // x, t: training and test images / 255, flattened; y, u: their labels; p = PCA(8).fit(x)
    // s = StandardScaler().fit(a)
    // LogisticRegression(C=1, tol=1e-8, max_iter=20000).fit(s.transform(a), y).score(s.transform(b), u)
    // def vote(a, q):
    //     o = np.argsort(((a - q)**2).sum(1), kind="stable")[:5]; v = np.bincount(y[o])
    //     return next(y[j] for j in o if v[y[j]] == v.max())
    // np.mean([vote(a, q) for q in b] == u), each of (a, b) = (x, t) and (p.transform(x), p.transform(t))
    for (place, logistic, neighbours) in [(2, 1.0, 0.88), (5, 0.14, 0.76)] {
        let found = |accuracy| probes[place][accuracy].as_f64().unwrap();
        assert!((found("logistic") - logistic).abs() < 1e-9, "{}", probes[place]);
        assert!((found("neighbours") - neighbours).abs() < 1e-9, "{}", probes[place]);
    }
    assert_eq!(sandbox.ae(&format!("{probe} --threads 1")).succeeds().stdout, text);
}

#[test]
fn fine_tuning_is_told_beside_the_probes() {
    let sandbox = Sandbox::with_run();
    let model = sandbox.read("run/model.safetensors");
    let probe = "probe run data --labels 50 --repetitions 1 --fine-tune --learning-rate 0.01";
    let told = sandbox.ae(&format!("{probe} --epochs 60 --patience 60 --json")).succeeds().json();
    let fine_tuned = &told["fine_tuned"];
    let settings = &fine_tuned["settings"];
    assert_eq!((&settings["epochs"], &settings["patience"]), (&60.into(), &60.into()));
    assert_eq!(settings["optimizer"]["learning_rate"], 0.01);
    // A sixth of the 400 training images is held out.
    assert_eq!((&fine_tuned["train_images"], &fine_tuned["val_images"]), (&333.into(), &67.into()));
    let curve = fine_tuned["curve"].as_array().unwrap();
    let error = |epoch: &serde_json::Value| epoch["val_error"].as_f64().unwrap();
    let best = &curve[fine_tuned["best_epoch"].as_u64().unwrap() as usize - 1];
    assert!(curve.len() == 60 && curve.iter().all(|epoch| error(epoch) >= error(best)));
    let accuracy = fine_tuned["accuracy"].as_f64().unwrap();
    let frozen = told["probes"][5]["logistic"].as_f64().unwrap();
    assert_eq!(
        (&told["probes"][5]["numbers"], &told["probes"][5]["labels"]),
        (&"autoencoder".into(), &400.into())
    );
    assert!(accuracy > frozen, "{accuracy} {frozen}");

    let few = format!("{probe} --epochs 2");
    let finished = sandbox.ae(&few).succeeds();
    assert!(finished.stdout.contains("fine-tuned on 333 images: "), "{}", finished.stdout);
    assert!(finished.stderr.contains("fine-tuning, epoch 2/2: "), "{}", finished.stderr);
    assert_eq!(sandbox.ae(&format!("{few} --threads 1")).succeeds().stdout, finished.stdout);
    // The model stays as it is.
    assert_eq!(sandbox.read("run/model.safetensors"), model);
    sandbox.ae("probe run data --epochs 2").refuses_with(&["--fine-tune"]);
    sandbox.ae("probe run data --fine-tune --patience 0").refuses_with(&["--patience"]);
    sandbox
        .ae("probe run data --labels 50 --repetitions 1 --fine-tune --learning-rate 1e30")
        .fails_with(&["training diverged in epoch 1"]);
}

#[test]
fn only_parts_that_the_data_can_give_are_probed() {
    let sandbox = Sandbox::with_run();
    // 100 and 1000 by default, of 400.
    let told = sandbox.ae("probe run data --repetitions 1 --json").succeeds().json();
    let labels = |place: usize| told["probes"][place]["labels"].clone();
    assert_eq!([labels(0), labels(1), labels(2)], [100, 400, 100]);
    sandbox
        .ae("probe run data --labels 401")
        .refuses_with(&["labels must be from 1 to the 400 training images, found 401"]);
    sandbox
        .ae("probe run data --labels 1")
        .refuses_with(&["labels must be so many that every draw holds two classes, found 1"]);
    sandbox.ae("probe run data --labels 0").refuses_with(&["--labels"]);
}

#[test]
fn data_without_classes_or_with_one_are_refused() {
    let sandbox = Sandbox::with_run();
    sandbox.ae("reconstruct run data -o flat/").succeeds();
    sandbox.ae("probe run flat").fails_with(&[
        "flat has no labels for its images",
        "subfolder",
        "--label-column",
    ]);
    std::fs::create_dir(sandbox.path("one")).unwrap();
    std::fs::rename(sandbox.path("flat"), sandbox.path("one/only")).unwrap();
    sandbox
        .ae("probe run one")
        .fails_with(&["expected at least two classes, found one alone in one"]);
}

#[test]
fn a_study_tells_how_sure_accuracies_are() {
    let sandbox = Sandbox::with_data();
    let regular = SPEC.replace("kind = \"denoising\"", "kind = \"regular\"");
    let regular =
        regular.replace("[corruption]\nnoise = \"gaussian:0.5\"\ndrawn = \"every-epoch\"\n", "");
    let study = "\n[study]\nkind = \"feature-learning\"\nnoises = [\"masking:0.3\"]\nmodels = 2\n\
                 [study.probe]\nlabels = [50]\nrepetitions = 2\n";
    sandbox.write("study.toml", regular.clone() + study);
    sandbox.ae("study study.toml --out out --quiet").succeeds();
    let record = sandbox.read_json("out/record.json");
    let names: Vec<&str> =
        record["models"].as_array().unwrap().iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["no-noise-0", "no-noise-1", "masking-0.3-0", "masking-0.3-1"]);
    for metric in [
        "logistic_pca",
        "neighbours_pixels",
        "neighbours_no-noise",
        "logistic_masking-0.3_half_width",
    ] {
        assert!(record["metrics"][metric].is_number(), "{metric}");
    }
    // PCA has nothing to repeat with all labels.
    assert!(record["metrics"]["logistic_pca_half_width"].is_null());
    let csv = sandbox.read_text("out/probes.csv");
    let repetitions: Vec<&str> =
        csv.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(repetitions, ["4", "1", "4", "1", "2", "2", "2", "2"]);
    sandbox.write("none.toml", regular + &study.replace("models = 2", "models = 0"));
    sandbox.ae("study none.toml --out none").refuses_with(&["study.models must be from 1 to 1000"]);
}
