//! `--force` on what makes no sense: refused before the earlier results are touched.

use crate::support::{Finished, SPEC, Sandbox};

const DIMENSIONS: &str = "[study]
kind = \"dimensionality-reduction\"
hidden = [16]
dimensions = [2, 4]
";
const NOISES: &str = "[study]
kind = \"denoising-comparison\"
pca_components = [2, 8]

[[study.noises]]
name = \"gaussian\"
strengths = [\"gaussian:0.25\", \"gaussian:0.5\"]

[[study.noises]]
name = \"holes\"
strengths = [\"masking:0.5\"]
";
const ANOMALIES: &str = "[study]
kind = \"anomaly-detection\"
repetitions = 2
pca_components = 4
best = \"plain\"

[[study.scores]]
name = \"plain\"
error = { score = \"squared\", smoothing = 0.0 }

[[study.scores]]
name = \"smooth\"
error = { score = \"latent\", noise = { noise = \"masking:0.3\", draws = 2, seed = 1 }, smoothing = 0.5 }
";
const FEATURES: &str = "[study]
kind = \"feature-learning\"
noises = [\"masking:0.3\"]
models = 1

[study.probe]
labels = [100]
repetitions = 2
";
const COMPRESSION: &str = "[study]
kind = \"compression\"
models = [[8], [16, 4]]
pca_components = 8
";

/// A change of a study, and what the refusal must hold.
type Wrong = (&'static str, &'static str, &'static str);

/// Wrong in every study alike.
const ALWAYS: [Wrong; 14] = [
    ("name = \"small\"", "name = \"../small\"", "name must be letters"),
    ("epochs = 1", "epochs = 0", "training.epochs"),
    ("batch_size = 64", "batch_size = 0", "training.batch_size"),
    ("learning_rate = 0.001", "learning_rate = nan", "learning_rate"),
    ("epsilon = 1e-7", "epsilon = 1e-60", "epsilon must be from"),
    ("beta1 = 0.9", "beta1 = 1.5", "beta1"),
    ("code_l1 = 0.0", "code_l1 = -1.0", "training.code_l1"),
    ("code_l1 = 0.0", "code_l1 = 0.0\nclip_norm = -1.0", "training.clip_norm"),
    ("keep = 2", "keep = 0", "checkpoints.keep"),
    ("kind = \"constant\"", "kind = \"step\"\nfactor = 2.0\nevery_epochs = 1", "schedule.factor"),
    ("\"sigmoid\"", "\"linear\"", "sigmoid"),
    ("[196, 8]", "[195, 8]", "195"),
    ("source = \"data\"", "source = \"nowhere\"", "there is no nowhere"),
    (
        "[checkpoints]",
        "[training.early_stopping]\nmetric = \"val_loss\"\npatience = 2\nmin_delta = 0.0\n[checkpoints]",
        "no metric `val_loss`",
    ),
];

const STUDIES: [(&str, &[Wrong]); 5] = [
    (
        DIMENSIONS,
        &[
            ("dimensions = [2, 4]", "dimensions = []", "study.dimensions must be at least one"),
            (
                "dimensions = [2, 4]",
                "dimensions = [2, 0]",
                "study.dimensions must be from 1 to 196",
            ),
            (
                "dimensions = [2, 4]",
                "dimensions = [2, 197]",
                "study.dimensions must be from 1 to 196",
            ),
            ("dimensions = [2, 4]", "dimensions = [4, 2, 4]", "`4` twice"),
            ("hidden = [16]", "hidden = [0]", "0"),
        ],
    ),
    (
        NOISES,
        &[
            ("pca_components = [2, 8]", "pca_components = []", "study.pca_components"),
            ("pca_components = [2, 8]", "pca_components = [2, 800]", "found 800"),
            ("pca_components = [2, 8]", "pca_components = [0]", "found 0"),
            ("\"holes\"", "\"gaussian\"", "study.noises.name"),
            ("\"holes\"", "\"all\"", "study.noises.name"),
            ("\"holes\"", "\"../holes\"", "study.noises.name"),
            ("[\"masking:0.5\"]", "[]", "study.noises.strengths"),
            ("masking:0.5", "gaussian:0.5", "`gaussian:0.5` twice"),
            ("masking:0.5", "masking:1.5", "masking"),
        ],
    ),
    (
        ANOMALIES,
        &[
            ("best = \"plain\"", "best = \"nope\"", "study.best"),
            ("repetitions = 2", "repetitions = 0", "study.repetitions"),
            ("repetitions = 2", "repetitions = 4000000000", "study.repetitions"),
            ("seed = 7", "seed = 9223372036854775807", "seed"),
            ("pca_components = 4", "pca_components = 0", "study.pca_components"),
            (
                "pca_components = 4",
                "pca_components = 40",
                "study.pca_components must be from 1 to 36",
            ),
            ("\"smooth\"", "\"plain\"", "`plain` twice"),
            ("\"smooth\"", "\"pca\"", "study.scores.name"),
            ("\"smooth\"", "\"best\"", "study.scores.name"),
            ("\"smooth\"", "\"a/b\"", "study.scores.name"),
            ("smoothing = 0.5", "smoothing = -0.5", "-0.5"),
            ("draws = 2", "draws = 0", "draws"),
            ("draws = 2", "draws = 100000", "draws"),
        ],
    ),
    (
        FEATURES,
        &[
            ("models = 1", "models = 0", "study.models"),
            ("models = 1", "models = 4000000000", "study.models"),
            ("repetitions = 2", "repetitions = 0", "repetitions"),
            ("repetitions = 2", "repetitions = 4000000000", "repetitions"),
            ("labels = [100]", "labels = [401]", "labels"),
            ("labels = [100]", "labels = [0]", "labels"),
            (
                "labels = [100]",
                "labels = [100, 1]",
                "so many that every draw holds two classes, found 1",
            ),
            (
                "noises = [\"masking:0.3\"]",
                "noises = [\"masking:0.3\", \"masking:0.3\"]",
                "study.noises",
            ),
        ],
    ),
    (
        COMPRESSION,
        &[
            ("models = [[8], [16, 4]]", "models = []", "study.models"),
            ("models = [[8], [16, 4]]", "models = [[8], [8]]", "study.models"),
            ("models = [[8], [16, 4]]", "models = [[8, 0]]", "0"),
            ("models = [[8], [16, 4]]", "models = [[9000]]", "8192"),
            ("pca_components = 8", "pca_components = 0", "study.pca_components"),
            ("pca_components = 8", "pca_components = 197", "study.pca_components"),
        ],
    ),
];

/// The spec of a study on the data of [`Sandbox::with_data`], of one epoch.
fn spec(study: &str) -> String {
    let start = SPEC.find("[corruption]").unwrap();
    let end = SPEC.find("[training]").unwrap();
    let regular = SPEC[..start].replace("\"denoising\"", "\"regular\"");
    [&regular, &SPEC[end..], "\n", study].concat().replace("epochs = 3", "epochs = 1")
}

/// A wrong setting has the status 2, and data that is missing 1.
fn refuses(told: Finished, fragment: &str) {
    match fragment {
        "there is no nowhere" => told.fails_with(&[fragment]),
        _ => told.refuses_with(&[fragment]),
    };
}

#[test]
fn a_wrong_study_leaves_the_earlier_one_as_it_was() {
    let sandbox = Sandbox::with_data();
    let mut old = Vec::new();
    for (study, wrong) in STUDIES {
        let right = spec(study);
        sandbox.write("right.toml", &right);
        // Every study itself runs, and its folder may be replaced by the next one.
        sandbox.ae("study right.toml --out old --force").succeeds();
        let before = sandbox.contents_of("old");
        assert_ne!(before, old);
        for (from, to, fragment) in ALWAYS.iter().chain(wrong) {
            let bad = right.replacen(from, to, 1);
            assert_ne!(bad, right, "{from}");
            sandbox.write("wrong.toml", bad);
            refuses(sandbox.ae("study wrong.toml --out old --force"), fragment);
            assert!(sandbox.contents_of("old") == before, "{to}");
        }
        for arguments in ["study right.toml --out old", "train right.toml --out old --force"] {
            sandbox.ae(arguments).ends_with(1);
            assert!(sandbox.contents_of("old") == before, "{arguments}");
        }
        old = before;
    }
}

#[test]
fn a_wrong_run_leaves_the_earlier_one_as_it_was() {
    let sandbox = Sandbox::with_run();
    let before = sandbox.contents_of("run");
    let right = spec("");
    for (from, to, fragment) in ALWAYS {
        sandbox.write("wrong.toml", right.replacen(from, to, 1));
        refuses(sandbox.ae("train wrong.toml --out run --force"), fragment);
        assert!(sandbox.contents_of("run") == before, "{to}");
    }
    sandbox.write("right.toml", right);
    sandbox.ae("study right.toml --out run --force").fails_with(&["not a study"]);
    sandbox.ae("train right.toml --data nowhere --out run --force").fails_with(&["nowhere"]);
    assert!(sandbox.contents_of("run") == before);
    sandbox.ae("train right.toml --out run --force").succeeds();
    assert!(sandbox.contents_of("run") != before);
}

#[test]
fn data_without_the_classes_that_a_study_needs_leaves_the_earlier_one_as_it_was() {
    let sandbox = Sandbox::with_run();
    let before = sandbox.contents_of("run");
    // Too few of each class, and none.
    sandbox.write_data("few", [190, 100], 14);
    sandbox.write("rows.csv", "a,b\n".to_owned() + &"1.5,2\n2,1.5\n3,3\n".repeat(10));
    for (study, data, fragment) in [
        (ANOMALIES, "few", "at least 20 training images in each class"),
        (ANOMALIES, "rows.csv", "no labels"),
        (FEATURES, "rows.csv", "labels"),
        (COMPRESSION, "rows.csv", "8-bit"),
    ] {
        let mut spec = spec(study);
        if data == "rows.csv" {
            spec = spec.replace("[196, 8]", "[2, 1]").replace("[8, 196]", "[1, 2]");
        }
        sandbox.write("study.toml", spec);
        sandbox
            .ae(&format!("study study.toml --data {data} --out run --force"))
            .fails_with(&[fragment]);
        assert!(sandbox.contents_of("run") == before, "{data}");
    }
}
