//! What the program says where something does not fit or was not learned: it names the cause and what helps.

use crate::support::{SPEC, Sandbox};

/// 64 training and 20 test images of 12 x 12.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", [64, 20], 12);
    sandbox.write("t.csv", "a,b,c,d\n".to_owned() + &"1,2,3,5\n3,5,1,4\n0,7,2,9\n".repeat(9));
    sandbox
}

/// A spec with these layers; the data is named beside it.
fn layers(encoder: &str, decoder: &str) -> String {
    let start = SPEC.find("[model]").unwrap();
    let end = SPEC.find("[training]").unwrap();
    let model = format!(
        "[model]\nkind = \"regular\"\nnetwork = \"layers\"\nencoder = [{encoder}]\ndecoder = [{decoder}]\n\n"
    );
    let spec = [&SPEC[..start], &model, &SPEC[end..]].concat();
    spec.replace("binary-cross-entropy", "mse")
}

#[test]
fn a_network_that_does_not_fit_a_table_is_not_blamed_on_pictures() {
    let sandbox = sandbox();
    let dense = |outputs: u32| format!("{{ layer = \"dense\", outputs = {outputs} }}");
    sandbox.write("wrong.toml", layers(&dense(2), &dense(3)));
    let told = sandbox.ae("train wrong.toml --data t.csv --out run").refuses_with(&[
        "wrong.toml: the model's decoder must be a list that ends with the item's shape",
        "found 3 x 1 x 1",
    ]);
    for word in ["images", "--size", "--resize"] {
        assert!(!told.stderr.contains(word), "{word}: {}", told.stderr);
    }
    // Of pictures both may be wrong: the layers or the size.
    sandbox.write("wrong.toml", layers(&dense(2), &dense(100)));
    sandbox.ae("train wrong.toml --data data --out run").refuses_with(&[
        "images of 12 x 12 do not fit the network `layers`: the model's decoder must",
        "the nearest sizes that do: 10 x 10",
        "`--size 10x10 --resize fit`",
    ]);
}

#[test]
fn the_way_to_resize_that_was_typed_is_kept() {
    let sandbox = sandbox();
    sandbox.ae("train --data data --noise none --out run --epochs 1").succeeds();
    sandbox.ae("reconstruct run data -o pictures/").succeeds();
    for (typed, proposed) in [("crop", "crop"), ("fit", "fit"), ("none", "fit")] {
        let train = "train --data pictures --network conv --out conv --size 10x10 --resize";
        let proposed = format!("`--size 8x8 --resize {proposed}`");
        let finished = sandbox.ae(&format!("{train} {typed}"));
        match typed {
            // Then the pictures are refused before the network.
            "none" => finished.fails_with(&["--resize fit or --resize crop"]),
            _ => finished.refuses_with(&[&proposed]),
        };
    }
}

#[test]
fn a_resume_on_pictures_of_another_size_speaks_of_the_data() {
    let sandbox = sandbox();
    sandbox.write_data("other", [64, 20], 10);
    sandbox.ae("train --data data --network conv --epochs 1 --out run").succeeds();
    let told = sandbox.ae("resume run --data other --epochs 2").fails_with(&[
        "run cannot go on: its images are 10 x 10 now, which its network does not fit",
        "--data names the data",
    ]);
    assert!(!told.stderr.contains("--size"), "{}", told.stderr);
}

#[test]
fn residual_models_are_not_decoded_from_codes() {
    let sandbox = sandbox();
    let [narrow, wide] = [8, 144].map(|n| format!("{{ layer = \"dense\", outputs = {n} }}"));
    let spec = layers(&narrow, &wide).replace("[training]", "residual = true\n\n[training]");
    sandbox.write("residual.toml", spec);
    sandbox.ae("train residual.toml --data data --out run").succeeds();
    sandbox.ae("encode run data -o codes.npy").succeeds();
    for command in [
        "decode run codes.npy -o x.npy",
        "interpolate run data -o x.png",
        "compress run data -o x.aez",
    ] {
        sandbox.ae(command).fails_with(&["the model is residual", "a code alone gives no image"]);
        for file in ["x.npy", "x.png", "x.aez"] {
            assert!(!sandbox.path(file).exists(), "{command}: {file}");
        }
    }
    // The score of an item is the mean squared error of its reconstruction.
    sandbox.ae("anomaly fit run data --score squared").succeeds();
    let scored = sandbox.ae("anomaly score run data --json").succeeds().json();
    let scores = scored["scores"].as_array().unwrap();
    let sum: f64 = scores.iter().map(|score| score["score"].as_f64().unwrap()).sum();
    let evaluated = sandbox.ae("evaluate run data --part test --json").succeeds().json();
    let expected = evaluated["metrics"]["val_sse"].as_f64().unwrap();
    let mean = sum / scores.len() as f64;
    assert!((mean - expected).abs() < 1e-4 * expected, "{mean} and {expected}");
}

#[test]
fn convolutions_over_the_columns_of_a_table_are_spoken_of() {
    let sandbox = sandbox();
    let sentence = "compares neighbours, and the order of a table's columns means nothing";
    sandbox.ae("train --data t.csv --network conv --out run").refuses_with(&[sentence]);
    let conv = "{ layer = \"conv\", channels = 2, kernel = [1, 3] }";
    let dense = "{ layer = \"dense\", outputs = 4 }";
    sandbox.write("conv.toml", layers(conv, dense));
    let told = sandbox.ae("train conv.toml --data t.csv --out run").succeeds().stderr;
    let note = format!("the layer encoder.0 (`conv`) {sentence}; dense layers compare all columns");
    assert!(told.lines().any(|line| line == note), "{told}");
    assert_eq!(sandbox.read_json("run/record.json")["notes"], serde_json::json!([note]));
    // Behind a dense layer there are no columns any more, and images have neighbours.
    let behind = format!("{dense}, {{ layer = \"reshape\", shape = [1, 2, 2] }}, {conv}");
    sandbox.write("behind.toml", layers(&behind, dense));
    let all = dense.replace('4', "144");
    sandbox.write("images.toml", layers(conv, &all));
    for (spec, data) in [("behind.toml", "t.csv"), ("images.toml", "data")] {
        let told = sandbox.ae(&format!("train {spec} --data {data} --out {spec}-run")).succeeds();
        assert!(!told.stderr.contains("neighbours"), "{}", told.stderr);
        let record = sandbox.read_json(&format!("{spec}-run/record.json"));
        assert_eq!(record.get("notes"), None);
    }
}

#[test]
fn what_needs_a_variational_code_says_how_to_get_one() {
    let sandbox = sandbox();
    let hint = "`ae train --network vae` or `--network conv-vae`";
    sandbox.ae("train --data data --epochs 1 --widths 8 --out run").succeeds();
    let told = sandbox.ae("evaluate run --importance-samples 5").fails_with(&[hint]);
    assert!(!told.stderr.contains("interpolate"), "{}", told.stderr);
    sandbox.ae("train --data data --kl-weight 1 --out x").refuses_with(&["penalty `kl`", hint]);
    sandbox.ae("train --data data --network vae --widths 8,3 --epochs 1 --out vae").succeeds();
    let told = sandbox.ae("inspect vae").succeeds().stdout;
    assert!(told.contains("model of a variational autoencoder for images of 12 x 12"), "{told}");
    let told = sandbox.ae("inspect run").succeeds().stdout;
    assert!(told.contains("model of a regular autoencoder for images of 12 x 12"), "{told}");
}

#[test]
fn a_model_is_compared_with_pca_where_that_is_fair() {
    let sandbox = sandbox();
    for (flags, no_pca, told) in [
        ("--widths 8", None, "PCA with 8 components 0."),
        ("--widths 64 --top-k 3", None, "PCA with 3 components 0."),
        ("--network conv", Some("maps"), "no PCA, as the code consists of feature maps"),
        ("--widths 73", Some("long-code"), "no PCA, as the code is longer than half of the data"),
    ] {
        let finished =
            sandbox.ae(&format!("train --data data --epochs 1 --out run --force {flags}"));
        let finished = finished.succeeds();
        assert!(finished.stdout.contains(told), "{flags}: {}", finished.stdout);
        let diagnosis = &sandbox.read_json("run/record.json")["diagnosis"];
        assert_eq!(diagnosis["no_pca"].as_str(), no_pca, "{diagnosis}");
        assert_eq!(diagnosis["pca_mse"].is_null(), no_pca.is_some(), "{diagnosis}");
    }
}

#[test]
fn a_penalty_that_is_too_large_is_named() {
    let sandbox = sandbox();
    for (flags, cause, advice) in [
        ("--widths 8 --code-l1 1000", "code-l1", "try a lower --code-l1"),
        ("--widths 8 --sparsity 1000", "sparsity", "try a lower --sparsity"),
        ("--widths 8 --contractive 10000", "contractive", "try a lower --contractive"),
        ("--network vae --widths 8,3 --kl-weight 1000", "kl", "try a lower --kl-weight"),
    ] {
        let train =
            "train --data data --epochs 60 --batch-size 16 --progress none --out run --force";
        let told = sandbox.ae(&format!("{train} {flags}")).succeeds().stderr;
        let warnings = sandbox.read_json("run/record.json")["diagnosis"]["warnings"].clone();
        let causes: Vec<_> = warnings.as_array().unwrap().iter().map(|it| &it["cause"]).collect();
        assert!(causes.iter().any(|found| *found == cause), "{flags}: {warnings}");
        assert!(told.contains(advice), "{flags}: {told}");
        assert!(!told.contains("learning rate"), "{flags}: {told}");
    }
}

#[test]
fn a_wrong_value_in_a_layer_is_named_with_its_key_and_refused() {
    let sandbox = sandbox();
    let dense = "{ layer = \"dense\", outputs = 144 }";
    for (kernel, told) in [
        ("\"x\"", "`kernel = \"x\"`: expected a number or a list of two numbers"),
        ("[3]", "`kernel = [3]`: expected a number or a list of two numbers"),
        ("-1", "`kernel = -1`: expected"),
        ("99999999999999999999", "line "),
    ] {
        let conv = format!("{{ layer = \"conv\", channels = 2, kernel = {kernel} }}");
        sandbox.write("bad.toml", layers(&conv, dense));
        sandbox.ae("train bad.toml --data data --out run").refuses_with(&[told]);
    }
    for tied in ["7", "-1", "9223372036854775807", "18446744073709551616", "99999999999999999999"] {
        let tied = format!("{{ layer = \"dense\", outputs = 144, tied_to = {tied} }}");
        sandbox.write("bad.toml", layers("{ layer = \"dense\", outputs = 8 }", &tied));
        sandbox.ae("train bad.toml --data data --out run").refuses_with(&["tied"]);
    }
    // What is no TOML at all is a damaged file.
    sandbox.write("bad.toml", "name = [");
    sandbox
        .ae("train bad.toml --data data --out run")
        .fails_with(&["bad.toml is not a valid spec"]);
}

#[test]
fn help_tells_the_defaults_of_its_own_command() {
    let sandbox = Sandbox::new();
    for command in ["reproduce", "study"] {
        let help = sandbox.ae(&format!("{command} --help")).succeeds().stdout;
        assert!(!help.contains("50, and 100 for conv-denoiser"), "{help}");
    }
    let help = sandbox.ae("probe -h").succeeds().stdout.replace('\n', " ");
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("learn from its training part and are tested on the rest"), "{help}");
    let keys = sandbox.ae("spec --keys").succeeds().stdout;
    assert!(keys.contains("mnist-bg-rand or rot:DIR"), "{keys}");
}

#[test]
fn a_figure_of_filters_says_where_its_scale_ends() {
    let sandbox = sandbox();
    sandbox.ae("train --data data --epochs 1 --widths 8 --out run").succeeds();
    let record = sandbox.read_json("run/record.json");
    let figures = record["figures"].as_array().unwrap();
    let filters = figures.iter().find(|figure| figure["file"] == "filters.png").unwrap();
    let caption = filters["caption"].as_str().unwrap();
    assert!(caption.contains("99th percentile of the weights' magnitudes"), "{caption}");
}

#[test]
fn a_sigmoid_before_layers_that_only_move_numbers_bounds_the_output() {
    let sandbox = sandbox();
    let table = "a,b,c,d\n".to_owned() + &"-5,0,1,9\n-7,2,8,3\n4,6,-9,1\n".repeat(9);
    sandbox.write("far.csv", table);
    let dense = |outputs: u32| format!("{{ layer = \"dense\", outputs = {outputs} }}");
    let last = dense(4).replace(" }", ", activation = \"sigmoid\" }");
    let moved = |last: &str| format!("{last}, {{ layer = \"reshape\", shape = [4, 1, 1] }}");
    for (decoder, is_bounded) in [(moved(&last), true), (moved(&dense(4)), false)] {
        let spec = layers(&dense(2), &decoder);
        sandbox.write("moved.toml", spec.replace("[data]", "[data]\nscaling = \"standard\""));
        let train = "train moved.toml --data far.csv --out run --force --noise none";
        let told = sandbox.ae(train).succeeds().stderr;
        assert_eq!(told.contains("which a sigmoid output cannot reach"), is_bounded, "{told}");
        let record = sandbox.read_json("run/record.json");
        assert_eq!(record.get("values_outside").is_some(), is_bounded, "{record}");
    }
}
