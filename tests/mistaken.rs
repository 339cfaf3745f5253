//! What a command says that is given something else than it takes, and what it calls things.

use std::fs;

use image::GrayImage;

use crate::studies::{NOISES, with_study};
#[cfg(not(feature = "mpi"))]
use crate::support::Finished;
use crate::support::Sandbox;

/// A table of four columns and its classes.
fn table() -> String {
    let row = |row: usize| {
        let x = row as f64;
        format!("{x},{},{},{},{}\n", x * 0.5, (x * 0.7).sin(), 40.0 - x, ["a", "b"][row % 2])
    };
    "one,two,three,four,state\n".to_owned() + &(0..40).map(row).collect::<String>()
}

fn of_table(scaling: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("t.csv", table());
    let train = "train --data t.csv --label-column state --widths 2 --epochs 2 --out run";
    sandbox.ae(&format!("{train} {scaling}")).succeeds();
    sandbox
}

/// Pictures in a folder, 12 x 12 each.
fn pictures(sandbox: &Sandbox, folder: &str, count: u32) {
    fs::create_dir_all(sandbox.path(folder)).unwrap();
    for number in 0..count {
        let value = |x: u32, y: u32| image::Luma([(17 * number + 5 * x + 3 * y) as u8]);
        let picture = GrayImage::from_fn(12, 12, value);
        picture.save(sandbox.path(&format!("{folder}/{number}.png"))).unwrap();
    }
}

#[test]
fn data_in_place_of_a_spec_is_to_be_named_with_its_flag() {
    let sandbox = of_table("");
    pictures(&sandbox, "photos", 1);
    for data in ["t.csv", "photos"] {
        let hint = format!("`ae train --data {data}`");
        sandbox.ae(&format!("train {data} --out new")).ends_with(2).refuses_with(&[&hint]);
        let hint = format!("`ae study SPEC --data {data}`");
        sandbox.ae(&format!("study {data} --out new")).refuses_with(&[&hint]);
    }
    sandbox.ae("train run --out new").refuses_with(&["run is a run: `ae resume run` goes on"]);
    let named = sandbox.ae("data info --data t.csv --label-column state").succeeds().stdout;
    assert_eq!(sandbox.ae("data info t.csv --label-column state").succeeds().stdout, named);
    sandbox.ae("data info t.csv --data t.csv").ends_with(2);
}

#[test]
fn the_value_of_a_flag_that_may_be_left_out_follows_an_equals_sign() {
    let sandbox = Sandbox::new();
    for (flags, value) in
        [("--blind-spot 0.05", "0.05"), ("--blind-spot 1/64", "1/64"), ("--skip-bad no", "no")]
    {
        let told = format!("found {value}; the value of --blind-spot and --skip-bad follows a `=`");
        sandbox
            .ae(&format!("train --data photos {flags} --out new"))
            .ends_with(2)
            .refuses_with(&[&told]);
    }
}

#[test]
fn a_run_without_a_model_and_a_study_are_called_so() {
    let sandbox = Sandbox::with_run();
    fs::remove_file(sandbox.path("run/model.safetensors")).unwrap();
    for command in ["inspect run", "evaluate run", "encode run data -o codes.npy --force"] {
        sandbox
            .ae(command)
            .fails_with(&["run has not finished", "`ae resume run` goes on with it"]);
    }
    fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.ae("inspect empty").fails_with(&["empty is not a run: it has no model.safetensors"]);
    let sandbox = with_study(NOISES);
    sandbox.ae("study study.toml --out study").succeeds();
    for command in ["inspect study", "evaluate study"] {
        sandbox.ae(command).fails_with(&["study is a study; its models are in study/models"]);
    }
}

#[test]
fn no_noise_is_a_noise_that_every_command_knows() {
    let sandbox = Sandbox::with_data();
    sandbox.ae("train --data data --widths 8 --epochs 1 --noise gaussian:0.5 --out run").succeeds();
    let metrics = |flags: &str| {
        sandbox.ae(&format!("evaluate run --json {flags}")).succeeds().json()["metrics"].clone()
    };
    assert!(metrics("").get("noisy_mse").is_some());
    assert!(metrics("--noise none").get("noisy_mse").is_none());
    for (noise, out) in [("", "plain.npy"), ("--noise none", "none.npy")] {
        sandbox.ae(&format!("denoise run data -o {out} --force {noise}")).succeeds();
    }
    assert!(sandbox.read("plain.npy") == sandbox.read("none.npy"));
    sandbox.ae("anomaly fit run data --noise none").succeeds();
    sandbox.ae("anomaly fit run data --draws 3").ends_with(2);
}

#[test]
fn a_table_has_rows_and_columns_and_no_peak() {
    let sandbox = of_table("--scaling standard");
    let metrics = &sandbox.read_json("run/record.json")["metrics"];
    assert!(metrics.get("val_mse").is_some());
    for name in ["val_psnr", "noisy_psnr", "val_ssim"] {
        assert!(metrics.get(name).is_none(), "{name}");
    }
    let told = sandbox.ae("evaluate run").succeeds().stdout;
    assert!(told.contains("val_mse") && !told.contains("psnr"), "{told}");
    let told = sandbox.ae("inspect run").succeeds().stdout;
    assert!(told.contains("autoencoder for rows of 4 columns"), "{told}");
    let told = sandbox.ae("probe run --labels 20").succeeds().stdout;
    assert!(told.contains("on 4 test rows") && told.contains("columns  "), "{told}");
    assert!(!told.contains("pixels"), "{told}");
    let told = sandbox.ae("project run t.csv -o map.csv").succeeds().stdout;
    assert!(told.contains("a map of 40 rows"), "{told}");

    pictures(&sandbox, "photos", 3);
    for command in ["encode run photos -o codes.npy --force", "evaluate run photos"] {
        sandbox.ae(command).fails_with(&["photos holds no table", "one of a table with 4 columns"]);
    }
    let scaled = of_table("--scaling min-max").read_json("run/record.json");
    assert!(scaled["metrics"].get("val_psnr").is_some(), "{scaled}");
}

#[test]
fn pictures_that_are_resized_are_said_to_be() {
    let sandbox = Sandbox::new();
    pictures(&sandbox, "photos", 8);
    let train = "train --data photos --size 8x8 --resize crop --widths 4 --epochs 1 --out run";
    sandbox.ae(train).succeeds();
    let told = sandbox.ae("encode run photos -o codes.npy").succeeds().stderr;
    let said = "read as in the model's training: --resize crop (pictures become 8 x 8)";
    assert!(told.contains(said), "{told}");
    let told = sandbox.ae("compress run photos -o p.aez --exact --resize crop").succeeds().stderr;
    assert!(told.contains("--exact restores the 8 x 8 pictures"), "{told}");
    let told = sandbox.ae("compress run photos -o p.aez --force").succeeds().stderr;
    assert!(told.contains("compressed in tiles of 8 x 8"), "{told}");
    // What was typed need not be said.
    let told = sandbox.ae("encode run photos -o p.npy --resize crop").succeeds().stderr;
    assert!(!told.contains("--resize"), "{told}");
}

#[test]
fn the_part_that_is_judged_is_named() {
    let sandbox = Sandbox::new();
    for (part, count) in [("train", 9), ("val", 4), ("test", 3)] {
        pictures(&sandbox, &format!("photos/{part}"), count);
    }
    sandbox.ae("train --data photos --widths 4 --epochs 1 --out run").succeeds();
    let told = sandbox.ae("evaluate run").succeeds().stdout;
    assert!(told.starts_with("4 validation images of pictures"), "{told}");
    let told = sandbox.ae("encode run photos -o codes.npy --force").succeeds().stderr;
    assert!(told.contains("the pictures of test are read"), "{told}");
}

/// Each of the processes would train for itself, and write the same files.
#[cfg(not(feature = "mpi"))]
#[test]
fn several_processes_without_mpi_are_refused_before_anything_is_written() {
    let sandbox = Sandbox::with_data();
    for variable in ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"] {
        for arguments in
            ["train --data data --epochs 1 --out run", "reproduce --data data --out run"]
        {
            let output = sandbox.command(arguments).env(variable, "2").output().unwrap();
            let ended = Finished::new(arguments, output).ends_with(2);
            assert!(ended.stderr.contains("2 processes"), "{}", ended.stderr);
            assert!(ended.stderr.contains("without mpirun"), "{}", ended.stderr);
            assert!(!sandbox.path("run").exists());
        }
    }
    let arguments = "train --data data --epochs 1 --out run";
    let alone = sandbox.command(arguments).env("OMPI_COMM_WORLD_SIZE", "1").output().unwrap();
    Finished::new(arguments, alone).succeeds();
}
