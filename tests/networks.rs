//! Networks other than dense ones: trained from flags, resumed, inspected, applied, drawn.

use crate::killed::kill_after_lines;
use crate::support::{SPEC, Sandbox};

/// Rows and columns of the images: what three poolings bring to 2 and the decoder brings back.
const SIDE: usize = 12;
/// A training of few steps.
const TRAIN: &str = "train --data data --batch-size 16 --epochs 2";

/// 64 training and 20 test images.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", [64, 20], SIDE);
    sandbox
}

/// A sandbox with a trained variational autoencoder in `vae`.
fn with_vae() -> Sandbox {
    let sandbox = sandbox();
    sandbox.ae(&format!("{TRAIN} --network vae --widths 24,4 --out vae")).succeeds();
    sandbox
}

/// Flags, the record's network, and lines of the run's spec.
const NETWORKS: [(&str, &str, &[&str]); 8] = [
    ("--network conv", "conv 16-8-8, code 8 x 2 x 2", &["network = \"conv\""]),
    (
        "--network conv-denoiser",
        "conv-denoiser 32-32, code 32 x 3 x 3",
        &["kind = \"denoising\"", "noise = \"gaussian:0.5\""],
    ),
    (
        "--network vae --widths 24,4 --kl-warm-up 2",
        "vae 144-24-4-24-144",
        &["hidden = [24]", "code = 4", "kl_weight = 1.0", "kl_warm_up = 2"],
    ),
    ("--network conv-vae --widths 4", "conv-vae 32-64-8, code 4", &["code = 4", "kl_weight = 1.0"]),
    ("--network vae --data t.csv --widths 4,2", "vae 3-4-2-4-3", &["kl_weight = 1.0"]),
    ("--widths 8 --top-k 3", "144-8-144, the 3 largest of the code", &["top_k = 3"]),
    (
        "--widths 8 --sparsity 0.25 --initialisation he",
        "144-8-144",
        &["sparsity_target = 0.05", "code_activation = \"sigmoid\"", "initialisation = \"he\""],
    ),
    (
        "--widths 8 --contractive 0.25",
        "144-8-144",
        &["contractive_weight = 0.25", "code_activation = \"sigmoid\""],
    ),
];

#[test]
fn every_network_is_trained_from_flags_and_leaves_all_files() {
    let sandbox = sandbox();
    sandbox.write("t.csv", "a,b,c\n".to_owned() + &"1,2,3\n3,5,1\n0,7,2\n".repeat(9));
    for (number, (flags, network, lines)) in NETWORKS.into_iter().enumerate() {
        let run = format!("run-{number}");
        let train = if flags.contains("--data") { "train --epochs 2" } else { TRAIN };
        let told = sandbox.ae(&format!("{train} {flags} --out {run}")).succeeds();
        assert!(told.stderr.contains(&format!("network {network}: ")), "{}", told.stderr);
        let record = sandbox.read_json(&format!("{run}/record.json"));
        assert_eq!(record["network"], network);
        let spec = sandbox.read_text(&format!("{run}/spec.toml"));
        for line in lines {
            assert!(spec.lines().any(|found| found == *line), "{line}\n{spec}");
        }
        for figure in ["reconstructions", "worst", "loss", "filters"] {
            assert!(sandbox.path(&format!("{run}/{figure}.png")).is_file(), "{run}: {figure}");
        }
        assert_eq!(record["figure_notes"], serde_json::Value::Null, "{record}");
        // The run's spec trains the same model again, and the weights file is a model for every command.
        sandbox.ae(&format!("train {run}/spec.toml --out again-{number}")).succeeds();
        assert_eq!(sandbox.weights_of(&format!("again-{number}")), sandbox.weights_of(&run));
        let evaluated = sandbox.ae(&format!("evaluate {run} --json")).succeeds().json();
        for metric in ["val_mse", "val_sse"] {
            let [found, expected] = [&evaluated, &record].map(|it| it["metrics"][metric].as_f64());
            assert_eq!(found, expected, "{run}: {metric}");
        }
        if !flags.contains("--data") {
            sandbox.ae(&format!("reconstruct {run} data -o {run}.png")).succeeds();
            sandbox.ae(&format!("encode {run} data -o {run}.npy")).succeeds();
            sandbox.ae(&format!("decode {run} {run}.npy -o decoded-{number}.npy")).succeeds();
        }
    }
    let curve = sandbox.read_text("run-2/curve.csv");
    for column in ["train_kl", "val_kl", "val_negative_elbo"] {
        assert!(curve.lines().next().unwrap().contains(column), "{curve}");
    }
    for (run, column) in [(6, "train_kl_sparsity"), (7, "train_contractive")] {
        let record = sandbox.read_json(&format!("run-{run}/record.json"));
        assert!(record["metrics"][column].as_f64().unwrap() > 0.0, "{record}");
    }
}

#[test]
fn the_weights_depend_neither_on_threads_nor_on_a_kill() {
    let sandbox = sandbox();
    let train = "train --data data --batch-size 16 --epochs 4 --progress plain";
    for (name, flags) in [
        ("conv", "--network conv --noise gaussian:0.5 --drawn every-epoch"),
        ("vae", "--network vae --widths 24,4 --kl-warm-up 3"),
        ("sparse", "--widths 8 --sparsity 0.1"),
    ] {
        sandbox.ae(&format!("{train} {flags} --threads 2 --out {name}")).succeeds();
        kill_after_lines(&sandbox, &format!("{train} {flags} --out {name}-killed"), 2);
        sandbox.ae(&format!("resume {name}-killed")).succeeds();
        for file in ["model.safetensors", "curve.csv"] {
            let [whole, killed] = [name.to_owned(), format!("{name}-killed")]
                .map(|run| sandbox.read(&format!("{run}/{file}")));
            assert!(whole == killed, "{name}: {file}");
        }
    }
}

#[test]
fn what_does_not_fit_a_network_is_refused_with_what_does() {
    let sandbox = sandbox();
    sandbox.write_data("odd", [20, 4], 10);
    sandbox.write("t.csv", "a,b,c\n".to_owned() + &"1,2,3\n3,5,1\n0,7,2\n".repeat(9));
    for (flags, fragments) in [
        (
            "--data odd --network conv",
            &[
                "images of 10 x 10 do not fit the network `conv`",
                "8 x 8 and 12 x 12",
                "--size 8x8 --resize fit",
            ][..],
        ),
        ("--data odd --network conv-denoiser", &["`conv-denoiser`", "8 x 8 and 12 x 12"]),
        (
            "--data t.csv --network conv",
            &["model.network must be dense or vae for a table", "found conv"],
        ),
        ("--data data --network layers", &["layers", "conv-denoiser"]),
        ("--data odd --network conv-vae", &["`conv-vae`", "8 x 8 and 12 x 12"]),
        ("--data t.csv --network conv-vae", &["dense or vae for a table"]),
        ("--data data --network conv-vae --widths 8,4", &["for conv-vae one number"]),
        ("--data data --network conv --widths 8", &["--widths is for the networks dense and vae"]),
        ("--data data --network vae --top-k 2", &["--top-k is for the network dense"]),
        ("--data data --network conv --tied-weights", &["--tied-weights is for the network dense"]),
        ("--data data --kl-weight 1", &["penalty `kl`", "`ae train --network vae`", "conv-vae"]),
        ("--data data --kl-warm-up 3", &["training.kl_warm_up must be left out"]),
        ("--data data --network vae --kl-warm-up 0", &["--kl-warm-up"]),
        ("--data data --sparsity-target 0.1", &["training.sparsity_target must be left out"]),
        ("--data data --sparsity 1 --sparsity-target 1", &["--sparsity-target", "below 1"]),
        ("--data data --contractive 0.1 --widths 16,4", &["contractive", "one dense layer"]),
        ("--data data --sparsity 1 --set model.code_activation=relu", &["kl_sparsity", "sigmoid"]),
        ("--data data --widths 8 --top-k 9", &["k from 1 to 8", "found 9"]),
        (
            "--data data --network conv --set model.code=3",
            &["unknown field `code`", "the network `conv` has"],
        ),
        (
            "--data data --network conv --loss mse --set training.kl_weight=-1",
            &["training.kl_weight must be finite"],
        ),
    ] {
        sandbox.ae(&format!("train {flags} --epochs 1 --out run")).refuses_with(fragments);
        assert!(!sandbox.path("run").exists(), "{flags}");
    }
}

#[test]
fn layers_of_ones_own_are_trained_from_a_spec() {
    let sandbox = sandbox();
    for network in ["dense", "conv", "conv-denoiser", "vae", "conv-vae", "denoiser", "layers"] {
        sandbox.ae(&format!("spec --network {network} -o {network}.toml")).succeeds();
        // It is read as it was written.
        let again = sandbox.ae(&format!("spec --like {network}.toml")).succeeds().stdout;
        assert_eq!(again, sandbox.read_text(&format!("{network}.toml")));
    }
    let written = sandbox.read_text("layers.toml");
    assert!(written.contains("    { layer = \"conv\", "), "{written}");
    let train = |spec: &str, out: &str| format!("train {spec} --data data --epochs 1 --out {out}");
    sandbox.ae(&train("layers.toml", "layers")).succeeds();
    assert_eq!(sandbox.read_json("layers/record.json")["network"], "layers 8, code 8 x 3 x 3");
    // A denoiser that learns the noise, with layers that draw and layers that count.
    let start = SPEC.find("encoder = ").unwrap();
    let end = SPEC.find("[corruption]").unwrap();
    let own = r#"network = "layers"
residual = true
encoder = [
    { layer = "pixel-unshuffle", factor = 2 },
    { layer = "conv", channels = 6, kernel = 3 },
    { layer = "batch-norm" },
    { layer = "activation", activation = "relu" },
    { layer = "dropout", rate = 0.25 },
]
decoder = [
    { layer = "conv", channels = 4, kernel = 3 },
    { layer = "pixel-shuffle", factor = 2 },
]

"#;
    let own = [&SPEC[..start], own, &SPEC[end..]].concat().replace("binary-cross-entropy", "mse");
    sandbox.write("own.toml", &own);
    sandbox.ae(&train("own.toml", "own")).succeeds();
    let record = sandbox.read_json("own/record.json");
    let note = record["figure_notes"][0].as_str().unwrap();
    assert!(note.contains("filters") && note.contains("pixel-unshuffle"), "{note}");
    let spec = sandbox.read_text("own/spec.toml");
    assert!(spec.contains("rate = 0.25") && spec.contains("residual = true"), "{spec}");
    sandbox.ae("train own/spec.toml --out again").succeeds();
    assert_eq!(sandbox.weights_of("again"), sandbox.weights_of("own"));

    // Mistakes are found with their place.
    for (from, to, fragments) in [
        (
            "factor = 2 },\n    { layer = \"conv\"",
            "factor = 5 },\n    { layer = \"conv\"",
            &["encoder.0"][..],
        ),
        ("channels = 4", "channels = 3", &["decoder.1", "channels"]),
        (
            "layer = \"dropout\"",
            "layer = \"drop\"",
            &["line ", "unknown variant `drop`", "`dropout`"],
        ),
        ("rate = 0.25", "rate = 1.25", &["encoder.4", "rate"]),
        ("\"layers\"", "\"vae\"", &["line ", "unknown field `encoder`", "the network `vae` has"]),
        ("[corruption]", "[corruption]\nnoise = \"blur:1\"\n", &["line ", "duplicate"]),
    ] {
        let bad = own.replacen(from, to, 1);
        assert_ne!(bad, own, "{from}");
        sandbox.write("bad.toml", &bad);
        let finished = sandbox.ae(&train("bad.toml", "bad"));
        let status = if to.contains("blur") { 1 } else { 2 };
        let told = finished.ends_with(status).stderr;
        assert!(fragments.iter().all(|fragment| told.contains(fragment)), "{to}: {told}");
    }
}

#[test]
fn a_training_that_takes_more_memory_than_machines_have_is_refused() {
    let sandbox = sandbox();
    let start = SPEC.find("encoder = ").unwrap();
    let end = SPEC.find("[corruption]").unwrap();
    let enlarged = "    { layer = \"batch-norm\" },\n".repeat(40);
    let layers = format!(
        "network = \"layers\"\nencoder = [\n    {{ layer = \"upsample\", factor = 600 }},\n{enlarged}    \
         {{ layer = \"max-pool\", size = 600 }},\n]\ndecoder = [{{ layer = \"dense\", outputs = {}, activation = \"sigmoid\" }}]\n\n",
        SIDE * SIDE
    );
    sandbox.write("large.toml", [&SPEC[..start], &layers, &SPEC[end..]].concat());
    let fragments = ["training.batch_size", "at most 68.7 GB of memory", "found "];
    sandbox.ae("train large.toml --data data --out run").refuses_with(&fragments);
    assert!(!sandbox.path("run").exists());
}

#[test]
fn convolutions_do_not_compress_and_say_why() {
    let sandbox = sandbox();
    sandbox.ae(&format!("{TRAIN} --network conv --out run")).succeeds();
    let told = sandbox.ae("compress run data -o x.aez").ends_with(1).stderr;
    assert!(told.contains("a codec needs a decoder of dense layers"), "{told}");
    assert!(!told.contains("resume"), "{told}");
}

#[test]
fn samples_come_from_variational_models_alone() {
    let sandbox = with_vae();
    sandbox.ae("sample vae -n 7 -o seven/").succeeds();
    sandbox.ae("sample vae -n 3 -o three/").succeeds();
    sandbox.ae("sample vae -n 3 --seed 1 -o other/").succeeds();
    // A sample depends on the seed and its number.
    assert_eq!(sandbox.contents_of("seven").len(), 7);
    let image = |folder: &str, number: u32| sandbox.read(&format!("{folder}/{number:06}.png"));
    for number in 0..3 {
        assert_eq!(image("seven", number), image("three", number));
        assert_ne!(image("other", number), image("three", number));
    }
    assert_ne!(image("seven", 0), image("seven", 1));
    let told = sandbox.ae("sample vae -n 12 -o grid.png --json").succeeds().json();
    assert_eq!(told["images"], 12, "{told}");
    sandbox.ae("sample vae -n 12 -o grid.svg").succeeds();
    assert!(sandbox.read_text("grid.svg").contains("12 images, seed 42"));
    sandbox.ae("sample vae -n 1 -o one.png").succeeds();
    assert_eq!(sandbox.read("one.png"), image("seven", 0));
    sandbox.ae("sample vae -n 5 -o five.npy").succeeds();
    assert!(sandbox.read("five.npy").starts_with(b"\x93NUMPY"));
    sandbox.ae("sample vae -n 5 -o five.npy").fails_with(&["five.npy exists already"]);
    sandbox.ae("sample vae -n 0 -o none.png").refuses_with(&["-n"]);
    sandbox.ae("interpolate vae data -o way.png").succeeds();
    sandbox.ae("project vae data -o map.png --grid plane.png --side 4").succeeds();

    sandbox.ae(&format!("{TRAIN} --widths 8 --out dense")).succeeds();
    let refused = ["no variational autoencoder", "`ae train --network vae`", "`ae interpolate`"];
    for out in ["x.png", "x/", "x.npy"] {
        sandbox.ae(&format!("sample dense -n 4 -o {out}")).fails_with(&refused);
        assert!(!sandbox.path(out).exists(), "{out}");
    }
}

#[test]
fn the_importance_weighted_bound_is_below_that_of_one_code() {
    let sandbox = with_vae();
    let metrics = |flags: &str| {
        let evaluated = sandbox.ae(&format!("evaluate vae --json {flags}")).succeeds();
        evaluated.json()["metrics"].clone()
    };
    let plain = metrics("");
    assert!(plain.get("val_nll").is_none(), "{plain}");
    let record = sandbox.read_json("vae/record.json");
    for metric in ["val_kl", "val_negative_elbo"] {
        assert_eq!(plain[metric], record["metrics"][metric], "{metric}");
    }
    let bound =
        |codes: u32| metrics(&format!("--importance-samples {codes}"))["val_nll"].as_f64().unwrap();
    let [one, many] = [bound(1), bound(200)];
    assert!(0.0 < many && many < one, "{many} of 200 codes, {one} of one");
    let elbo = plain["val_negative_elbo"].as_f64().unwrap();
    // One code an item, the same one: the bounds differ in how the divergence is computed alone.
    assert!((one - elbo).abs() < 0.05 * elbo, "{one} and {elbo}");
    sandbox.ae(&format!("{TRAIN} --widths 8 --out dense")).succeeds();
    sandbox.ae("evaluate dense --importance-samples 5").fails_with(&["no variational autoencoder"]);
}

#[test]
fn an_inspection_shows_the_chain_with_its_code() {
    let sandbox = sandbox();
    sandbox.ae(&format!("{TRAIN} --network conv --out conv")).succeeds();
    let told = sandbox.ae("inspect conv").succeeds().stdout;
    for line in [
        "  layer        kind            output           parameters",
        "               input           1 x 12 x 12",
        "  encoder.0    conv            16 x 12 x 12            160",
        "  encoder.5    max-pool        8 x 2 x 2                 0  the code",
        "  decoder.6    conv            1 x 12 x 12             145",
    ] {
        assert!(told.lines().any(|found| found == line), "{line}\n{told}");
    }
    let layers = sandbox.ae("inspect conv --json").succeeds().json();
    let rows = layers["layers"].as_array().unwrap();
    let parameters: u64 = rows.iter().map(|row| row["parameters"].as_u64().unwrap()).sum();
    assert_eq!(parameters, layers["parameters"].as_u64().unwrap());
    let codes: Vec<_> = rows.iter().filter(|row| row["is_code"] == true).collect();
    assert_eq!((codes.len(), &codes[0]["name"]), (1, &"encoder.5".into()));
    let encoder = sandbox.ae("inspect conv/encoder.safetensors").succeeds().stdout;
    assert!(encoder.contains("encoder.5") && !encoder.contains("decoder.0"), "{encoder}");
}
