//! What all commands have in common: how outputs are named and replaced, and which exit status an error has.

use std::fs;

use crate::support::Sandbox;

/// A sandbox with a run, codes, a compressed file and a table, and a model of the table with a detector.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with_run();
    sandbox.write("t.csv", "a,b\n0,1\n0.5,0.2\n1,0.8\n0.3,0.4\n0.9,0.1\n0.2,0.7\n");
    sandbox.ae("train --data t.csv --widths 1 --epochs 1 --out rows").succeeds();
    sandbox.ae("anomaly fit rows t.csv").succeeds();
    sandbox.ae("encode run data -o codes.npy").succeeds();
    sandbox.ae("compress run data -o data.aez").succeeds();
    sandbox.write("spec.toml", crate::support::SPEC);
    sandbox
}

/// Every command that writes, `#` in place of `-o`, and what it writes.
const WRITING: [(&str, &str); 15] = [
    ("spec # new.toml", "new.toml"),
    ("train --data data --widths 4 --epochs 1 # new", "new/record.json"),
    ("data export digits # new", "new/t10k-images-idx3-ubyte"),
    ("man # new", "new/ae.1"),
    ("reconstruct run data # new.npy", "new.npy"),
    ("reconstruct run data # new/", "new/000000.png"),
    ("denoise run data # new.png", "new.png"),
    ("encode run data # new.npy", "new.npy"),
    ("decode run codes.npy # new.npy", "new.npy"),
    ("project run data # new.csv", "new.csv"),
    ("interpolate run data # new.svg", "new.svg"),
    ("anomaly fit rows t.csv # new.safetensors", "new.safetensors"),
    ("compare run rows # new", "new/val_mse.png"),
    ("compress run data # new.aez", "new.aez"),
    ("decompress run data.aez # new.npy", "new.npy"),
];

#[test]
fn an_output_has_three_spellings_and_is_replaced_with_force_only() {
    let sandbox = sandbox();
    for (command, file) in WRITING {
        let before = sandbox.contents_of("");
        sandbox.ae(&command.replace('#', "--out")).succeeds();
        let first = sandbox.read(file);
        let written = sandbox.contents_of("");
        for spelling in ["-o", "--out", "--output"] {
            let told = sandbox.ae(&command.replace('#', spelling)).ends_with(1);
            for word in ["exists already", "--force"] {
                assert!(told.stderr.contains(word), "ae {command}: {}", told.stderr);
            }
            assert!(sandbox.contents_of("") == written, "ae {command} has changed something");
        }
        sandbox.ae(&format!("{} --force", command.replace('#', "--output"))).succeeds();
        if !file.ends_with(".json") {
            assert!(sandbox.read(file) == first, "ae {command} --force wrote something else");
        }
        for (path, _) in sandbox.contents_of("") {
            if !before.iter().any(|(known, _)| *known == path) {
                fs::remove_file(path).unwrap();
            }
        }
        let _ = fs::remove_dir_all(sandbox.path("new"));
    }
    sandbox.holds_no_temporary_files();
}

#[test]
fn a_folder_of_results_is_not_the_data_or_a_run() {
    let sandbox = Sandbox::with_run();
    sandbox.ae("reconstruct run data -o pictures/class/").succeeds();
    sandbox.ae("train --data pictures --resize fit --size 14x14 --channels 1 --widths 4 --epochs 1 --out own").succeeds();
    sandbox.ae("compress own pictures -o own.aez").succeeds();
    let before = sandbox.contents_of("");
    for (command, reason) in [
        ("denoise run pictures --force -o pictures/", "which is read"),
        ("denoise run pictures/class --force -o ./pictures/class/", "which is read"),
        ("reconstruct run pictures --force -o pictures/class/", "which is read"),
        ("decompress own own.aez --force -o pictures/", "was trained on"),
        ("reconstruct run pictures --force -o own/", "belongs to a run"),
    ] {
        sandbox.ae(command).fails_with(&[reason]);
        assert!(sandbox.contents_of("") == before, "ae {command} has changed something");
    }
}

#[test]
fn trainings_at_once_take_different_default_folders() {
    let sandbox = Sandbox::with_data();
    let training = || sandbox.ae("train --data data --widths 4 --epochs 2");
    std::thread::scope(|scope| {
        let trainings: Vec<_> = (0..4).map(|_| scope.spawn(|| training().succeeds())).collect();
        trainings.into_iter().for_each(|training| drop(training.join().unwrap()));
    });
    for folder in ["autoencoder", "autoencoder-2", "autoencoder-3", "autoencoder-4"] {
        assert!(sandbox.path(&format!("runs/{folder}/record.json")).is_file(), "{folder}");
    }
    // A training that is refused leaves no folder.
    sandbox
        .ae("train --data data --widths 4 --epochs 1 --set data.size=[0,4]")
        .refuses_with(&["data.size"]);
    assert!(!sandbox.path("runs/autoencoder-5").exists());
}

#[test]
fn figures_beside_an_output_are_replaced_with_force_only() {
    let sandbox = sandbox();
    sandbox.write("there.png", "somebody's");
    for command in [
        "anomaly score rows t.csv -o x.csv --heat-map there.png",
        "project run data -o x.svg --grid there.png",
    ] {
        sandbox.ae(command).fails_with(&["there.png exists already"]);
        assert_eq!(sandbox.read("there.png"), b"somebody's");
        assert!(!sandbox.path("x.csv").exists() && !sandbox.path("x.svg").exists());
    }
    sandbox.ae("project run data -o x.svg --grid there.png --force").succeeds();
    assert_ne!(sandbox.read("there.png"), b"somebody's");
}

#[test]
fn the_default_folder_counts_up_and_a_named_one_is_refused() {
    let sandbox = Sandbox::with_data();
    let train = "train --data data --widths 4 --epochs 1";
    for folder in ["runs/autoencoder", "runs/autoencoder-2", "runs/autoencoder-3"] {
        let told = sandbox.ae(train).succeeds();
        assert!(told.stderr.contains(&format!("the run goes to {folder}\n")), "{}", told.stderr);
        assert!(sandbox.path(&format!("{folder}/record.json")).exists());
    }
    let before = sandbox.contents_of("runs/autoencoder-2");
    sandbox.ae(&format!("{train} --out runs/autoencoder")).fails_with(&[
        "runs/autoencoder exists already",
        "ae resume",
        "--force",
    ]);
    sandbox.ae(&format!("{train} --force --seed 7")).succeeds();
    let first = sandbox.weights_of("runs/autoencoder");
    assert_ne!(first, sandbox.weights_of("runs/autoencoder-2"));
    assert!(sandbox.contents_of("runs/autoencoder-2") == before);
}

#[test]
fn earlier_spellings_do_the_same() {
    let sandbox = sandbox();
    for (today, earlier, file) in [
        ("encode run data -o a.npy", "encode data -m run --output b.npy", "npy"),
        ("decode run codes.npy -o a.npy", "decode codes.npy --model run -o b.npy", "npy"),
        ("interpolate run data data -o a.svg", "interpolate data data -mrun -o b.svg", "svg"),
        ("anomaly score rows t.csv -o a.csv", "anomaly score t.csv --model=rows -o b.csv", "csv"),
        ("decompress run data.aez -o a.png", "decompress data.aez -m run -o b.png", "png"),
    ] {
        sandbox.ae(&format!("{today} --force")).succeeds();
        sandbox.ae(&format!("{earlier} --force")).succeeds();
        let [one, other] = ["a", "b"].map(|name| sandbox.read(&format!("{name}.{file}")));
        assert!(one == other, "{earlier}");
    }
    let [one, other] = ["evaluate run data --json", "evaluate run --data data --json"]
        .map(|command| sandbox.ae(command).succeeds().stdout);
    assert_eq!(one, other);
}

/// Commands with a wrong setting, which is a matter of usage wherever it stands.
const WRONG: [(&str, &str); 25] = [
    ("train --data data --epochs 0 --out x", "--epochs"),
    ("train spec.toml --epochs 0 --out x", "--epochs"),
    ("train spec.toml --batch-size 0 --out x", "--batch-size"),
    ("train spec.toml --loss hinge --out x", "mean-squared-error"),
    ("train spec.toml --widths 100000,100000 --out x", "parameters"),
    ("train spec.toml --noise none --drawn once --out x", "--noise"),
    ("train spec.toml --set training.epochs=0 --out x", "training.epochs must be"),
    ("train spec.toml --set training.epochs=many --out x", "1 or more"),
    ("train spec.toml --set training.epoch=3 --out x", "training.epochs"),
    ("train spec.toml --set training.optimizer.learning_rate=-1 --out x", "above 0"),
    ("train spec.toml --set training.epochs --out x", "KEY=VALUE"),
    ("train wrong.toml --out x", "training.epochs must be at least 1"),
    ("train key.toml --out x", "unknown field `epoch`"),
    ("train --data data --part test --out x", "--part"),
    ("study wrong-study.toml --out x", "training.epochs must be at least 1"),
    ("study spec.toml --set nothing=1 --out x", "no key `nothing`"),
    ("spec --set training.loss=hinge", "binary-cross-entropy"),
    ("compare run", "expected 2 to 20 runs, found 1"),
    ("compare run rows --sort nothing", "val_mse"),
    ("evaluate run data --noise fog", "fog"),
    ("probe run data --labels 0", "--labels"),
    ("anomaly fit run data --quantile 2", "--quantile"),
    ("data info data --test-fraction 1", "--test-fraction"),
    ("data fetch mnist --offline", "--offline"),
    ("compress run data -o x.aez --quality 0", "--quality"),
];

/// Commands whose input is missing or damaged.
const MISSING: [(&str, &str); 17] = [
    ("train nowhere.toml --out x", "nowhere.toml"),
    ("train torn.toml --out x", "torn.toml"),
    ("train --data nowhere --out x", "nowhere"),
    ("study nowhere.toml --out x", "nowhere.toml"),
    ("resume nowhere", "nowhere"),
    ("runs nowhere", "nowhere"),
    ("compare run nowhere", "nowhere"),
    ("spec --like nowhere", "nowhere"),
    ("evaluate nowhere data", "nowhere"),
    ("reconstruct run nowhere -o x.npy", "nowhere"),
    ("decode run nowhere.npy -o x.npy", "nowhere"),
    ("encode torn.toml data -o x.npy", "torn.toml"),
    ("project run nowhere -o x.svg", "nowhere"),
    ("anomaly score rows nowhere", "nowhere"),
    ("decompress run torn.toml -o x.npy", "torn.toml"),
    ("inspect nowhere", "nowhere"),
    ("data info nowhere", "nowhere"),
];

#[test]
fn wrong_settings_exit_with_2_and_wrong_files_with_1() {
    let sandbox = sandbox();
    let spec = crate::support::SPEC;
    let wrong = spec.replace("epochs = 3", "epochs = 0");
    sandbox.write("wrong.toml", &wrong);
    let study = "[study]\nkind = \"dimensionality-reduction\"\nhidden = [16]\ndimensions = [2]\n";
    let regular = wrong
        .replace("\"denoising\"", "\"regular\"")
        .replace("[corruption]\nnoise = \"gaussian:0.5\"\ndrawn = \"every-epoch\"\n", "");
    sandbox.write("wrong-study.toml", format!("{regular}\n{study}"));
    sandbox.write("key.toml", spec.replace("epochs = 3", "epoch = 3"));
    sandbox.write("torn.toml", &spec[..spec.len() / 2 + 1].trim_end_matches('\n')[..200]);
    let before = sandbox.contents_of("");
    for (command, word) in WRONG {
        sandbox.ae(command).refuses_with(&[word]);
    }
    for (command, word) in MISSING {
        sandbox.ae(command).fails_with(&[word]);
    }
    assert!(sandbox.contents_of("") == before);
}
