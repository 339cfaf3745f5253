//! Studies: several models beside what people use instead, in a folder of their own.

use crate::support::{SPEC, Sandbox};

/// Two noises at two and at one strength, on the data of [`Sandbox::with_data`].
const NOISES: &str = r#"
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
fn with_study(study: &str) -> Sandbox {
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
            "evaluate study/models/{model}.safetensors --data data --noise {noise} --seed 7 --json"
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
        sandbox.ae("study study.toml --out study").fails_with(&fragments);
    }
    let sandbox = with_study(&NOISES.replace("[2, 8, 32]", "[2, 800]"));
    sandbox.ae("study study.toml --out study").fails_with(&["components", "196", "found 800"]);
    let sandbox = with_study(&NOISES.replace("masking:0.5", "mask:0.5"));
    sandbox.ae("study study.toml --out study").fails_with(&["study.toml", "mask"]);
}
