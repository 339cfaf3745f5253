//! Tests of the table of keys, of commented specs and of changed ones.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::Path;

use ae_corruption::Draw;
use ae_dataset::{ColumnScaling, Delimiter, Header, PatchOptions, Resize};
use ae_experiment::{
    CheckpointSpec, CorruptionSpec, DataSpec, DenseForm, EngineKind, NetworkName, Spec,
    TrainingSpec, spec_keys,
};
use ae_models::{Initialisation, Loss};
use ae_training::{EarlyStopping, OptimizerConfig, Schedule};
use toml::{Table, Value};

/// Specs that have every key among them. Structs are written in full: a new field does not compile here until it has
/// a value, and then it must be in the table.
fn full_specs() -> Vec<Spec> {
    let mut specs = experiments();
    let of_photographs = specs.iter().find(|spec| spec.name == "photographs").unwrap();
    specs.push(of_photographs.with("study.pictures", "photos").unwrap());
    let tutorial = Spec::tutorial();
    let data = DataSpec {
        source: "photos".to_owned(),
        size: Some([28, 28]),
        channels: Some(3),
        resize: Some(Resize::Fit),
        skip_bad: true,
        mapped: true,
        background: Some("#f0e0d0".parse().unwrap()),
        header: Header::Yes,
        delimiter: Delimiter::Tab,
        label_column: Some("state".to_owned()),
        drop_columns: vec!["id".to_owned()],
        scaling: ColumnScaling::Standard,
        test_fraction: Some(0.2),
        substituted: Some("nothing else was there".to_owned()),
        patches: Some(PatchOptions {
            size: [40, 48],
            count: Some(9),
            flips: true,
            rotations: true,
        }),
        target: Some("clean".to_owned()),
    };
    let corruption =
        CorruptionSpec { noise: "masking:0.25".parse().unwrap(), drawn: Draw::EveryEpoch };
    let training = TrainingSpec {
        epochs: 3,
        batch_size: 8,
        loss: Loss::MeanSquaredError,
        code_l1: Some(0.1),
        kl_weight: Some(0.3),
        kl_warm_up: Some(4),
        sparsity_weight: Some(0.7),
        sparsity_target: Some(0.1),
        contractive_weight: Some(0.2),
        blind_spot: Some(0.01),
        clip_norm: Some(1.0),
        engine: Some(EngineKind::Fused),
        optimizer: OptimizerConfig::keras_adam(),
        schedule: Schedule::Constant {},
        early_stopping: Some(EarlyStopping {
            metric: "val_mse".to_owned(),
            patience: 3,
            min_delta: 0.5,
        }),
    };
    let checkpoints = CheckpointSpec { keep: 1, every: 2 };
    let mut full = Spec { data, corruption: Some(corruption), training, checkpoints, ..tutorial };
    full.model.dense_mut().unwrap().top_k = Some(3);
    let changes = [
        ("model.network", "conv"),
        ("model.network", "conv-denoiser"),
        ("model.network", "vae"),
        ("model.network", "layers"),
        ("training.optimizer.kind", "adam-w"),
        ("training.optimizer.kind", "sgd"),
        ("training.schedule.kind", "step"),
        ("training.schedule.kind", "exponential"),
        ("training.schedule.kind", "cosine"),
    ];
    specs.extend(changes.map(|(key, value)| full.with(key, value).unwrap()));
    specs.push(full);
    specs.extend(NetworkName::ALL.map(|network| Spec::of_network(network).unwrap()));
    specs
}

fn experiments() -> Vec<Spec> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ae-studies/experiments");
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| Spec::read(&entry.unwrap().path()).unwrap()).collect()
}

fn table_of(spec: &Spec) -> Table {
    toml::from_str(&spec.to_toml().unwrap()).unwrap()
}

/// The paths of all keys of a table, without the places in lists.
fn paths(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Table(table) => {
            for (name, value) in table {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                paths(value, &path, found);
            }
        }
        // A layer's keys are those of its kind.
        _ if ["model.encoder", "model.decoder"].contains(&path) => {
            found.insert(path.to_owned());
        }
        Value::Array(values) if values.iter().all(Value::is_table) && !values.is_empty() => {
            values.iter().for_each(|value| paths(value, path, found));
        }
        _ => drop(found.insert(path.to_owned())),
    }
}

#[test]
fn the_table_has_every_key_of_a_spec_and_no_other() {
    let mut found = BTreeSet::new();
    for spec in full_specs() {
        paths(&Value::Table(table_of(&spec)), "", &mut found);
    }
    let known: BTreeSet<String> = spec_keys().map(|key| key.path.to_owned()).collect();
    assert_eq!(found.difference(&known).collect::<Vec<_>>(), [""; 0], "missing in the table");
    assert_eq!(known.difference(&found).collect::<Vec<_>>(), [""; 0], "in no spec");
}

#[test]
fn a_commented_spec_is_read_as_the_same() {
    for spec in full_specs().into_iter().chain([Spec::tutorial()]) {
        let text = spec.to_commented_toml().unwrap();
        assert_eq!(toml::from_str::<Spec>(&text).unwrap(), spec, "{text}");
        assert!(text.lines().all(|line| line.len() <= 200), "{text}");
    }
    // What is commented out is valid, too: without the marks it is read.
    let text = Spec::tutorial().to_commented_toml().unwrap();
    for key in ["clip_norm = 1.0", "[corruption]", "noise = \"gaussian:0.5\""] {
        assert!(text.contains(&format!("# {key}")), "{key}\n{text}");
    }
}

#[test]
fn defaults_are_those_of_the_tutorial() {
    let table = table_of(&Spec::tutorial());
    let mut found = BTreeSet::new();
    paths(&Value::Table(table.clone()), "", &mut found);
    for path in found {
        let key = spec_keys().find(|key| key.path == path).unwrap();
        let value = path
            .split('.')
            .try_fold(Value::Table(table.clone()), |value, name| value.get(name).cloned());
        let default: Table = toml::from_str(&format!("v = {}", key.example())).unwrap();
        assert_eq!(value.as_ref(), default.get("v"), "{path}");
    }
}

#[test]
fn every_key_can_be_set() {
    for key in spec_keys()
        .filter(|key| !["study", "expected"].iter().any(|table| key.path.starts_with(table)))
    {
        let mut spec = Spec::tutorial();
        if let Some(kind) = key.kinds.first() {
            spec = spec.with(&format!("{}.{}", key.table(), key.selector()), kind).unwrap();
        }
        let set = spec.with(key.path, key.example());
        assert!(set.is_ok(), "{}: {set:?}", key.path);
    }
    let spec = Spec::tutorial();
    let cosine = spec.with("training.schedule.kind", "cosine").unwrap();
    let expected = Schedule::Cosine { warmup_epochs: 0, final_factor: 0.0 };
    assert_eq!(cosine.training.schedule, expected);
    assert_eq!(cosine.with("training.schedule.kind", "constant").unwrap(), spec);
    let set = |key: &str, value: &str| spec.with(key, value).unwrap();
    assert_eq!(set("data.drop_columns", "[1, \"b\"]").data.drop_columns, ["1", "b"]);
    let wider = set("model.encoder", "[784, 64]");
    assert_eq!(dense(&wider).decoder, [64, 784]);
    let other = wider.with("model.decoder", "[64, 99, 784]").unwrap();
    let narrower = other.with("model.encoder", "[784, 8]").unwrap();
    assert_eq!(dense(&narrower).decoder, [64, 99, 784]);
    assert_eq!(set("training.epochs", "7").training.epochs, 7);
    assert_eq!(set("training.loss", "mse").training.loss, Loss::MeanSquaredError);
    assert_eq!(set("data.label_column", "3").data.label_column.as_deref(), Some("3"));
    assert_eq!(dense(&set("model.encoder", "[784, 8]")).encoder, [784, 8]);
    assert_eq!(set("corruption.noise", "gaussian:0.5").corruption.unwrap().drawn, Draw::Once);
    let clipped = set("training.clip_norm", "2");
    assert_eq!(clipped.training.clip_norm, Some(2.0));
    assert_eq!(clipped.with("training.clip_norm", "none").unwrap(), spec);
    assert_eq!(set("corruption.noise", "blur:1").with("corruption", "none").unwrap(), spec);
}

fn dense(spec: &Spec) -> &DenseForm {
    spec.model.dense().unwrap()
}

#[test]
fn another_network_has_its_own_keys_and_no_others() {
    let spec = Spec::tutorial().with("model.output_activation", "linear").unwrap();
    let spec = spec.with("model.initialisation", "he").unwrap();
    let vae = spec.with("model.network", "vae").unwrap();
    let table = table_of(&vae);
    let keys: Vec<&str> = table["model"].as_table().unwrap().keys().map(String::as_str).collect();
    let expected = ["code", "hidden", "initialisation", "kind", "network", "output_activation"];
    assert_eq!(keys.iter().copied().collect::<BTreeSet<_>>(), BTreeSet::from(expected));
    // What both have stays, and what the other one had is gone.
    assert_eq!(table["model"]["output_activation"].as_str(), Some("linear"));
    assert_eq!(vae.model.initialisation, Initialisation::He);
    let layers = vae.with("model.network", "layers").unwrap();
    assert_eq!(layers.model.name(), NetworkName::Layers);
    let back = layers.with("model.network", "dense").unwrap();
    assert_eq!(dense(&back).encoder, [784, 32]);
    let told = |spec: &Spec, key: &str, value: &str| spec.with(key, value).unwrap_err().to_string();
    for (spec, key, value, reasons) in [
        (&vae, "model.top_k", "3", ["unknown field `top_k`", "the network `vae` has"]),
        (&spec, "model.code", "3", ["unknown field `code`", "`encoder`, `decoder`"]),
        (
            &spec,
            "model.encoder",
            "[{ layer = \"top-k\", k = 3 }]",
            ["widths", "`network = \"layers\"`"],
        ),
        (&layers, "model.encoder", "[784, 32]", ["must be layers", "`network = \"dense\"`"]),
        (&layers, "model.encoder", "[{ layer = \"covn\" }]", ["covn", "`conv`"]),
        (
            &layers,
            "model.encoder",
            "[3, { layer = \"top-k\", k = 3 }]",
            ["both", "widths or layers"],
        ),
        (&spec, "model.encoder", "[784, -1]", ["-1", "a width"]),
        (&spec, "model.output_activation", "tanh", ["sigmoid or linear", "tanh"]),
        (&spec, "training.optimizer.momentum", "0.9", ["momentum", "0 to below 1"]),
    ] {
        let message = told(spec, key, value);
        assert!(reasons.iter().all(|reason| message.contains(reason)), "{message}");
    }
}

/// Specs of earlier versions: a dense network without a name, and a weight of 0 for no penalty.
#[test]
fn a_spec_of_an_earlier_version_is_the_same_as_one_of_today() {
    let text = Spec::tutorial().to_toml().unwrap();
    let former: String = text
        .lines()
        .filter(|line| !line.starts_with("network =") && !line.starts_with("initialisation ="))
        .map(|line| line.to_owned() + "\n")
        .collect();
    assert_eq!(former.lines().count() + 2, text.lines().count(), "{text}");
    assert_eq!(Spec::parse(&former, Path::new("former.toml")).unwrap(), Spec::tutorial());
    // Layers need no name either.
    let layers = Spec::of_network(NetworkName::Layers).unwrap();
    let text = layers.to_commented_toml().unwrap().replace("network = \"layers\"\n", "");
    assert!(!text.contains("\nnetwork ="), "{text}");
    assert_eq!(Spec::parse(&text, Path::new("layers.toml")).unwrap(), layers);
}

#[test]
fn a_mistake_in_a_network_is_found_with_its_line() {
    let text = Spec::of_network(NetworkName::Layers).unwrap().to_commented_toml().unwrap();
    for (from, to, reasons) in [
        (
            "layer = \"conv\",",
            "layer = \"convolution\",",
            ["unknown variant `convolution`", "`conv-transpose`"],
        ),
        ("padding = \"same\"", "padding = \"equal\"", ["unknown variant `equal`", "`valid`"]),
        ("residual = false", "residual = 1", ["invalid type: integer `1`", "residual"]),
        ("network = \"layers\"", "network = \"conv\"", ["unknown field `encoder`", "[model]"]),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let message = Spec::parse(&changed, Path::new("bad.toml")).unwrap_err().to_string();
        assert!(message.contains("line "), "{message}");
        assert!(reasons.iter().all(|reason| message.contains(reason)), "{message}");
    }
}

#[test]
fn what_cannot_be_set_is_named() {
    let spec = Spec::tutorial();
    let told = |key: &str, value: &str| spec.with(key, value).unwrap_err().to_string();
    for (key, nearest) in [
        ("training.epoch", "training.epochs"),
        ("epochs", "training.epochs"),
        ("learning_rate", "training.optimizer.learning_rate"),
        ("training.schedules.kind", "training.schedule.kind"),
        ("training", "training."),
    ] {
        let message = told(key, "1");
        assert!(message.contains(key) && message.contains(nearest), "{message}");
    }
    for (key, value, reasons) in [
        ("training.epochs", "many", ["training.epochs", "1 or more"]),
        ("training.epochs", "1.5", ["invalid type", "1 or more"]),
        ("training.epochs", "1\nname = 2", ["training.epochs", "1 or more"]),
        ("training.loss", "hinge", ["hinge", "mse"]),
        ("training.epochs", "none", ["training.epochs", "1 or more"]),
        ("corruption.noise", "fog", ["fog", "corruption.noise"]),
    ] {
        let message = told(key, value);
        assert!(reasons.iter().all(|reason| message.contains(reason)), "{message}");
    }
}

#[test]
fn settings_that_were_added_are_written_only_where_they_are_used() {
    let mut spec = Spec::tutorial();
    let text = spec.to_toml().unwrap();
    assert!(!text.contains("every") && !text.contains("scaling"), "{text}");
    spec.checkpoints.every = 12;
    spec.data.scaling = ColumnScaling::Standard;
    let text = spec.to_toml().unwrap();
    assert!(text.contains("every = 12") && text.contains("scaling = \"standard\""), "{text}");
    assert_eq!(toml::from_str::<Spec>(&text).unwrap(), spec);
}
