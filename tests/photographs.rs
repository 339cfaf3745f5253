//! The study of whole photographs, on photographs of a folder and on procedural ones.

use std::fs;

use image::{GrayImage, Luma};
use serde_json::Value;

use crate::support::Sandbox;

/// Two networks on patches of two sizes; the second is judged at one level alone.
const STUDY: &str = r#"name = "small"
question = "Does it learn?"
seed = 7

[data]
source = "leaves"

[data.patches]
size = [8, 8]
count = 400

[model]
kind = "denoising"
network = "layers"
residual = true
encoder = [{ layer = "dense", outputs = 192, activation = "relu" }]
decoder = [{ layer = "dense", outputs = 64 }]

[corruption]
noise = "gaussian:25/255:unclipped"
drawn = "every-epoch"

[training]
epochs = 60
batch_size = 20
loss = "mean-squared-error"

[training.optimizer]
kind = "adam"
learning_rate = 0.002
beta1 = 0.9
beta2 = 0.999
epsilon = 1e-7

[training.schedule]
kind = "constant"

[checkpoints]
keep = 2

[study]
kind = "photographs"
levels = [15, 25]
most = 2

[[study.networks]]
name = "dense"

[[study.networks]]
name = "narrow"
set = ["data.patches.size=[6, 6]", "model.decoder=[{ layer = \"dense\", outputs = 36 }]", "model.noise_level=false"]
levels = [25]
"#;

/// Smooth pictures of different sizes with an edge each.
fn with_photographs() -> Sandbox {
    let sandbox = Sandbox::new();
    for (folder, count) in [("train400", 12_u32), ("bsd68", 1), ("set12", 3)] {
        fs::create_dir_all(sandbox.path("photos").join(folder)).unwrap();
        for number in 0..count {
            let shade = |x: u32, y: u32| {
                let edge = if x * (number + 1) > y * 3 { 90 } else { 0 };
                Luma([(40 + edge + 2 * x + y) as u8])
            };
            let picture = GrayImage::from_fn(24 + number % 7, 30 - number % 5, shade);
            picture.save(sandbox.path(&format!("photos/{folder}/{number:02}.png"))).unwrap();
        }
    }
    sandbox
}

#[test]
fn photographs_of_a_folder_are_denoised_by_every_method() {
    let sandbox = with_photographs();
    sandbox.write("study.toml", STUDY);
    let command = "study study.toml --set study.pictures=photos";
    let told = sandbox.ae(&format!("{command} --out study")).succeeds();
    assert!(told.stderr.contains("s a megapixel"), "{}", told.stderr);
    let record = sandbox.read_json("study/record.json");
    assert_eq!(record["dataset"]["name"], "pictures");
    let metrics = &record["metrics"];
    // `most` pictures of each set at the most.
    assert_eq!([&metrics["bsd68_pictures"], &metrics["set12_pictures"]], [1.0, 2.0]);
    let psnr = |name: &str| metrics[format!("{name}_psnr")].as_f64().unwrap();
    for set in ["bsd68", "set12"] {
        for (level, expected) in [("15", 24.61), ("25", 20.17)] {
            let at = |method: &str| psnr(&format!("{set}_{level}_{method}"));
            // Some 700 pixels a picture: 0.25 dB is a standard deviation.
            assert!((at("noisy") - expected).abs() < 1.0, "{}", at("noisy"));
            let clipped = psnr(&format!("{set}_{level}_clipped_noisy"));
            assert!(clipped >= at("noisy"), "{clipped}");
            for method in ["median", "nlm"] {
                assert!(at(method) > at("noisy") + 0.5, "{set} {level} {method} {}", at(method));
            }
        }
    }
    // The networks have learned to remove some of the noise that they were trained with.
    for (set, network) in [("bsd68", "dense"), ("set12", "dense"), ("set12", "narrow")] {
        let [found, noisy] = [network, "noisy"].map(|method| psnr(&format!("{set}_25_{method}")));
        assert!(found > noisy + 0.5, "{set} {network}: {found}, {noisy}");
    }
    assert!(metrics.get("set12_15_narrow_psnr").is_none());

    // The table has the numbers of the record, and published ones where there are some.
    let table = sandbox.read_text("study/photographs.csv");
    let lines: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0], ["pictures", "sigma", "noise", "method", "psnr", "ssim"]);
    assert!(table.contains("\nbsd68,25,unclipped,BM3D (published),28.57,-\n"), "{table}");
    for line in lines[1..].iter().filter(|line| !line[3].contains("published")) {
        let ending = if line[2] == "clipped" { "_clipped" } else { "" };
        let name = format!("{}_{}{ending}_{}", line[0], line[1], line[3]);
        for (metric, cell) in [("psnr", line[4]), ("ssim", line[5])] {
            let value = metrics[format!("{name}_{metric}")].as_f64().unwrap();
            assert!((value - cell.parse::<f64>().unwrap()).abs() <= 0.005, "{name} {metric}");
        }
    }
    for file in ["photographs.png", "photographs.svg", "models/narrow.safetensors"] {
        assert!(sandbox.path("study").join(file).is_file(), "{file}");
    }

    sandbox.ae(&format!("{command} --out again --threads 1")).succeeds();
    let again = sandbox.read_json("again/record.json");
    assert_eq!([&again["metrics"], &again["weights_sha256"]], [metrics, &record["weights_sha256"]]);
    assert!(sandbox.read("again/photographs.png") == sandbox.read("study/photographs.png"));

    // A model that is missing is trained again, to the same result, also from another working folder.
    fs::remove_file(sandbox.path("again/models/narrow.safetensors")).unwrap();
    let mut resume = sandbox.command("resume ../again");
    let told = resume.current_dir(sandbox.path("photos")).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    assert_eq!(sandbox.read_json("again/record.json")["metrics"], *metrics);
}

#[test]
fn a_study_is_not_continued_with_other_test_pictures() {
    let sandbox = with_photographs();
    let study = STUDY.replace("levels = [15, 25]", "levels = [25]");
    sandbox.write("study.toml", study.replace("epochs = 60", "epochs = 1"));
    sandbox.ae("study study.toml --set study.pictures=photos --out study").succeeds();
    let sets = sandbox.read_json("study/record.json")["test_sets"].clone();
    assert_eq!([&sets[0]["name"], &sets[1]["name"]], ["bsd68", "set12"]);
    let digest = |set: &Value| set["sha256"].as_str().unwrap().to_owned();
    assert_eq!(digest(&sets[0]).len(), 64);
    assert_ne!(digest(&sets[0]), digest(&sets[1]));
    fs::copy(sandbox.path("photos/set12/01.png"), sandbox.path("spare.png")).unwrap();
    // A picture behind the first two is not in the set.
    fs::copy(sandbox.path("photos/bsd68/00.png"), sandbox.path("photos/set12/02.png")).unwrap();
    sandbox.ae("resume study").succeeds();
    let record = sandbox.read("study/record.json");
    // The same picture by another name, and another picture by the same name; with and without a record.
    let first = sandbox.path("photos/set12/00.png");
    let kept = fs::read(&first).unwrap();
    fs::rename(&first, sandbox.path("photos/set12/000.png")).unwrap();
    let expected = format!("expected {}", digest(&sets[1]));
    sandbox.ae("resume study").fails_with(&["pictures of the test set set12", &expected]);
    fs::rename(sandbox.path("photos/set12/000.png"), &first).unwrap();
    fs::copy(sandbox.path("spare.png"), &first).unwrap();
    assert_eq!(sandbox.read("study/record.json"), record);
    fs::remove_file(sandbox.path("study/record.json")).unwrap();
    sandbox.ae("resume study").fails_with(&["pictures of the test set set12", &expected]);
    fs::remove_dir_all(sandbox.path("photos/set12")).unwrap();
    sandbox.ae("resume study").fails_with(&["set12", "SHA-256 none"]);
    fs::create_dir(sandbox.path("photos/set12")).unwrap();
    for (name, bytes) in
        [("00.png", &kept), ("01.png", &fs::read(sandbox.path("spare.png")).unwrap())]
    {
        fs::write(sandbox.path("photos/set12").join(name), bytes).unwrap();
    }
    sandbox.ae("resume study").succeeds();
    assert_eq!(sandbox.read_json("study/record.json")["test_sets"], sets);
}

#[test]
fn without_a_folder_pictures_are_procedural() {
    let sandbox = Sandbox::new();
    let study = STUDY.replace("levels = [15, 25]", "levels = [25]");
    sandbox.write("study.toml", study.replace("epochs = 60", "epochs = 2"));
    sandbox.ae("study study.toml --out study --set study.most=1").succeeds();
    let record = sandbox.read_json("study/record.json");
    assert_eq!(record["dataset"]["name"], "leaves");
    assert_eq!(record["metrics"]["leaves_pictures"], 1.0);
    let psnr =
        |method: &str| record["metrics"][format!("leaves_25_{method}_psnr")].as_f64().unwrap();
    assert!((psnr("noisy") - 20.17).abs() < 0.15, "{}", psnr("noisy"));
    assert!(psnr("nlm") > psnr("median") && psnr("median") > psnr("noisy"));
}

#[test]
fn photographs_that_cannot_be_compared_are_refused() {
    for (from, to, fragments) in [
        ("levels = [15, 25]", "levels = []", ["study.levels", "at least one"]),
        ("levels = [15, 25]", "levels = [25, 256]", ["study.levels", "256"]),
        ("levels = [15, 25]", "levels = [25, 25]", ["study.levels", "`25` twice"]),
        ("levels = [15, 25]", "levels = [15]", ["study.networks.levels", "found 25"]),
        ("most = 2", "most = 0", ["study.most", "1 or more"]),
        ("\"narrow\"", "\"dense\"", ["study.networks.name", "`dense` twice"]),
        ("\"narrow\"", "\"nlm\"", ["study.networks.name", "no other method"]),
        ("\"narrow\"", "\"original\"", ["study.networks.name", "no other method"]),
        ("\"narrow\"", "\"clipped_nlm\"", ["study.networks.name", "begin with `clipped_`"]),
        ("data.patches.size=[6, 6]", "study.most=1", ["study.networks.set", "`study.most`"]),
        ("data.patches.size=[6, 6]", "no change", ["study.networks.set", "KEY=VALUE"]),
    ] {
        let sandbox = with_photographs();
        let mut study = STUDY.replace(from, to);
        if !study.contains("pictures =") {
            study = study.replace("most =", "pictures = \"photos\"\nmost =");
        }
        assert_ne!(study, STUDY, "{from}");
        sandbox.write("study.toml", study);
        sandbox.ae("study study.toml --out study").refuses_with(&fragments);
        assert!(!sandbox.path("study").exists(), "{to}");
    }
    let sandbox = with_photographs();
    sandbox.write("study.toml", STUDY.replace("\"leaves\"", "\"photos/set12\""));
    sandbox
        .ae("study study.toml --out study")
        .fails_with(&["data.source must be leaves, unless study.pictures names"]);
    for folder in ["nowhere", "photos/set12"] {
        let sandbox = with_photographs();
        sandbox.write("study.toml", STUDY);
        let command = format!("study study.toml --out study --set study.pictures={folder}");
        sandbox.ae(&command).fails_with(&[&format!("there is no {folder}/train400")]);
    }
    // Photographs to learn from, and none to be judged on.
    let sandbox = with_photographs();
    fs::remove_dir_all(sandbox.path("photos/bsd68")).unwrap();
    fs::remove_dir_all(sandbox.path("photos/set12")).unwrap();
    sandbox.write("study.toml", STUDY);
    sandbox
        .ae("study study.toml --out study --set study.pictures=photos")
        .refuses_with(&["study.pictures", "bsd68 or set12"]);
}

#[test]
fn reproduce_takes_the_photographs_that_are_named() {
    let sandbox = with_photographs();
    let denoiser =
        "{name='denoiser',set=['model.network=denoiser','corruption.noise=gaussian:0.02..0.2']}";
    let small = format!(
        "--set study.levels=[25] --set study.most=1 --set data.patches.count=300 --epochs 1 \
         --only photographs --set study.networks=[{{name='dense'}},{denoiser}]"
    );
    let summary = sandbox
        .ae(&format!("reproduce --photographs photos --data digits {small} --json"))
        .succeeds()
        .json();
    let experiment = &summary["experiments"][0];
    assert_eq!(
        (&experiment["name"], &experiment["dataset"]),
        (&"photographs".into(), &"pictures".into())
    );
    for network in ["dense", "denoiser"] {
        let metric = format!("bsd68_25_{network}_psnr");
        assert_ne!(experiment["metrics"][&metric], Value::Null, "{metric}");
    }
    let report = sandbox.read_text("runs/report.html");
    assert!(report.contains("--photographs photos"), "{report}");
}
