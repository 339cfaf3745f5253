//! Shards of an input: joined, they are one run, byte for byte.

use std::fs;

use crate::support::{Finished, SIDE, Sandbox};

/// Runs a command for all shards of so many, `#` in place of the output, and returns the names of the outputs.
fn shards(sandbox: &Sandbox, command: &str, ending: &str, of: usize) -> String {
    let mut parts = String::new();
    for number in (1..=of).rev() {
        let part = format!("part-{number}{ending}");
        let command = command.replace('#', &part);
        sandbox.ae(&format!("{command} --shard {number}/{of}")).succeeds();
        parts.push_str(&format!(" {part}"));
    }
    parts
}

/// Asserts that shards joined have the bytes of one run.
fn is_one_run(sandbox: &Sandbox, command: &str, ending: &str, of: usize) {
    let parts = shards(sandbox, command, ending, of);
    let (whole, joined) = (format!("whole{ending}"), format!("joined{ending}"));
    sandbox.ae(&command.replace('#', &whole)).succeeds();
    sandbox.ae(&format!("join{parts} -o {joined}")).succeeds();
    if ending == "/" {
        let names = |folder: &str| {
            let root = sandbox.path(folder);
            let contents = sandbox.contents_of(folder).into_iter();
            let contents =
                contents.map(|(path, bytes)| (path.strip_prefix(&root).unwrap().to_owned(), bytes));
            contents.collect::<Vec<_>>()
        };
        let (one, other) = (names("whole"), names("joined"));
        assert!(!one.is_empty() && one == other, "ae {command} in {of} shards");
        for number in 1..=of {
            fs::remove_dir_all(sandbox.path(&format!("part-{number}"))).unwrap();
        }
        fs::remove_dir_all(sandbox.path("whole")).unwrap();
        fs::remove_dir_all(sandbox.path("joined")).unwrap();
        return;
    }
    assert!(sandbox.read(&whole) == sandbox.read(&joined), "ae {command} in {of} shards");
    for (path, _) in sandbox.contents_of("") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if ["part-", "whole", "joined"].iter().any(|start| name.starts_with(start)) {
            fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn images_in_shards_are_one_run() {
    let sandbox = Sandbox::with_run();
    is_one_run(&sandbox, "encode run data -o #", ".npy", 3);
    is_one_run(&sandbox, "reconstruct run data -o #", ".npy", 3);
    is_one_run(&sandbox, "reconstruct run data -o #", "/", 2);
    is_one_run(&sandbox, "denoise run data --noise gaussian:0.5 --seed 3 -o #", ".npy", 3);
    // 100 images are 7 blocks.
    is_one_run(&sandbox, "compress run data -o #", ".aez", 3);
    is_one_run(&sandbox, "compress run data --exact -o #", ".aez", 9);
}

#[test]
fn scores_in_shards_are_one_run_also_with_noisy_copies() {
    let sandbox = Sandbox::with_run();
    sandbox
        .ae("anomaly fit run data --noise masking:0.2 --draws 2 -o scored.safetensors")
        .succeeds();
    is_one_run(&sandbox, "anomaly score scored.safetensors data -o #", ".csv", 3);
    is_one_run(&sandbox, "anomaly score scored.safetensors data -o #", ".json", 3);
    // Without -o the rows of all shards are put together as they are.
    let rows = |shard: &str| {
        sandbox.ae(&format!("anomaly score scored.safetensors data {shard}")).succeeds().stdout
    };
    assert_eq!(rows("--shard 1/2") + &rows("--shard 2/2"), rows(""));
    for flag in ["--normal-class 1", "--heat-map h.png"] {
        let command = format!("anomaly score scored.safetensors data {flag} --shard 1/2");
        sandbox.ae(&command).refuses_with(&["of all items"]);
    }
}

/// A table of 50 rows, of which one in seven cannot be used.
fn table(bad: bool) -> String {
    let row = |row: u32| match bad && row % 7 == 3 {
        true => format!("{row},oops,1\n"),
        false => format!("{}.5,{},{}\n", row % 11, row * row % 17, row % 5),
    };
    "a,b,c\n".to_owned() + &(0..50).map(row).collect::<String>()
}

#[test]
fn rows_in_shards_are_one_run_also_with_rows_left_out() {
    let sandbox = Sandbox::new();
    sandbox.write("t.csv", table(false));
    sandbox.write("bad.csv", table(true));
    sandbox.ae("train --data t.csv --widths 2 --epochs 1 --out rows").succeeds();
    sandbox.ae("anomaly fit rows t.csv --noise masking:0.3 --draws 2").succeeds();
    for data in ["t.csv", "bad.csv --skip-bad"] {
        is_one_run(&sandbox, &format!("encode rows {data} -o #"), ".npy", 4);
        is_one_run(&sandbox, &format!("reconstruct rows {data} -o #"), ".csv", 3);
        is_one_run(&sandbox, &format!("anomaly score rows {data} -o #"), ".csv", 3);
    }
    let parts = shards(&sandbox, "encode rows bad.csv --skip-bad -o #", ".npy", 4);
    sandbox.ae(&format!("join{parts} -o joined.npy")).succeeds();
    sandbox.ae("encode rows bad.csv --skip-bad -o whole.npy").succeeds();
    assert_eq!(sandbox.read_text("joined.index.csv"), sandbox.read_text("whole.index.csv"));
}

/// Pictures in subfolders, some larger than the model's.
fn write_pictures(sandbox: &Sandbox, folder: &str, sides: &[u32]) {
    for (place, &side) in sides.iter().enumerate() {
        let grey =
            |x: u32, y: u32| image::Luma([((x * 7 + y * 13) * (place as u32 + 3) % 256) as u8]);
        let path = sandbox.path(&format!("{folder}/{}/{place}.png", ["a", "b"][place % 2]));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        image::ImageBuffer::from_fn(side, side, grey).save(path).unwrap();
    }
}

#[test]
fn pictures_in_shards_are_one_run_whatever_their_sizes() {
    let sandbox = Sandbox::with_run();
    let side = SIDE as u32;
    write_pictures(&sandbox, "small", &[side; 9]);
    is_one_run(&sandbox, "reconstruct run small -o #", "/", 2);
    is_one_run(&sandbox, "encode run small -o #", ".npy", 4);
    write_pictures(&sandbox, "large", &[4 * side, 2 * side, side, 2 * side, 3 * side]);
    is_one_run(&sandbox, "denoise run large --noise gaussian:0.2 -o #", "/", 3);
    is_one_run(&sandbox, "compress run large -o #", ".aez", 2);
    sandbox
        .ae("anomaly fit run small --noise masking:0.2 --draws 2 -o fitted.safetensors")
        .succeeds();
    is_one_run(&sandbox, "anomaly score fitted.safetensors large -o #", ".csv", 3);
}

#[test]
fn a_shard_that_is_none_is_refused_and_one_without_items_is_empty() {
    let sandbox = Sandbox::with_run();
    for shard in ["0/3", "4/3", "x", "1/0"] {
        let command = format!("encode run data -o c.npy --shard {shard}");
        sandbox.ae(&command).refuses_with(&["from 1 to N"]);
    }
    sandbox.write_data("few", [3, 3], SIDE);
    let told = sandbox.ae("encode run few -o c.npy --shard 1/7").succeeds();
    assert!(told.stderr.contains("shard 1/7 of 3 items is empty"), "{}", told.stderr);
    fs::remove_file(sandbox.path("c.npy")).unwrap();
    is_one_run(&sandbox, "encode run few -o #", ".npy", 7);
    is_one_run(&sandbox, "compress run few -o #", ".aez", 7);
    is_one_run(&sandbox, "reconstruct run few -o #", "/", 4);
}

#[test]
fn a_shard_is_run_again_and_is_not_computed_twice() {
    let sandbox = Sandbox::with_run();
    let command = "encode run data -o c.npy --shard 1/2";
    sandbox.ae(command).succeeds();
    let first = sandbox.read("c.npy");
    let told = sandbox.ae(command).succeeds();
    assert!(told.stderr.contains("shard 1/2 is there already"), "{}", told.stderr);
    // It was cut, or the command was killed before its end.
    sandbox.write("c.npy", &first[..100]);
    sandbox.ae("join c.npy -o d.npy").fails_with(&["1 of 2 shards given; missing: 2/2"]);
    sandbox.ae("encode run data -o e.npy --shard 2/2").succeeds();
    sandbox.ae("join c.npy e.npy -o d.npy").fails_with(&["c.npy", "run this shard again"]);
    sandbox.ae(command).succeeds();
    assert!(sandbox.read("c.npy") == first);
    let refused = |command: &str, told: &str| {
        sandbox.ae(command).fails_with(&[told, "--force"]);
        assert!(sandbox.read("c.npy") == first, "{command}");
    };
    refused("encode run data -o c.npy --shard 2/2", "c.npy is shard 1/2");
    refused("encode run data/train-images-idx3-ubyte -o c.npy --shard 1/2", "differs in the input");
    refused("reconstruct run data -o c.npy --shard 1/2", "differs in the command");
    refused("encode run data -o c.npy", "exists already");
    // A folder in which the command was killed.
    let command = "reconstruct run data -o pictures/ --shard 1/2";
    sandbox.ae(command).succeeds();
    let before = sandbox.contents_of("pictures");
    fs::remove_file(sandbox.path("pictures/000003.png")).unwrap();
    sandbox.ae(command).succeeds();
    assert!(sandbox.contents_of("pictures") == before);
}

#[test]
fn what_does_not_belong_together_is_not_joined() {
    let sandbox = Sandbox::with_run();
    sandbox.ae("train --data data --widths 4 --epochs 1 --seed 2 --out other").succeeds();
    let encode = |model: &str, shard: &str, out: &str| {
        sandbox.ae(&format!("encode {model} data -o {out} --shard {shard}")).succeeds();
    };
    encode("run", "1/2", "a.npy");
    encode("run", "2/2", "b.npy");
    encode("run", "2/3", "c.npy");
    encode("other", "2/2", "d.npy");
    fs::copy(sandbox.path("a.npy"), sandbox.path("a2.npy")).unwrap();
    fs::copy(sandbox.path("a.npy.part.json"), sandbox.path("a2.npy.part.json")).unwrap();
    sandbox.ae("encode run data -o plain.npy").succeeds();
    let join = |parts: &str| -> Finished { sandbox.ae(&format!("join {parts} -o all.npy")) };
    join("a.npy d.npy").fails_with(&["different runs", "the model"]);
    join("a.npy c.npy").fails_with(&["a.npy is shard 1/2, and c.npy is shard 2/3"]);
    join("a.npy").fails_with(&["1 of 2 shards given; missing: 2/2"]);
    join("a.npy a2.npy b.npy").fails_with(&["are both shard 1/2"]);
    join("a.npy plain.npy").fails_with(&["plain.npy is no output of a shard"]);
    join("a.npy gone.npy").fails_with(&["there is no file or folder gone.npy"]);
    sandbox.ae("join a.npy b.npy -o all.csv").fails_with(&["the parts are .npy files"]);
    sandbox.write("b.npy.part.json", "{}");
    join("a.npy b.npy").fails_with(&["b.npy.part.json is not the record of a shard"]);
    assert!(!sandbox.path("all.npy").exists());
    let figure = sandbox.ae("reconstruct run data -o figure.png --shard 1/2");
    figure.refuses_with(&["can be joined"]);
}
