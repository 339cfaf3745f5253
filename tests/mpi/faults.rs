//! Processes that are killed, hang, are interrupted or run out of space, and networks and sizes that are hard to share.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{Running, ae, mpirun, newest_checkpoint, together};
use crate::support::{Finished, SPEC, Sandbox};

/// Few large steps an epoch, and a checkpoint after every fourth: most moments are in the middle of a step.
const LARGE_STEPS: &str = "train --data large --widths 256,8 --batch-size 1000 --noise gaussian:0.3 --drawn \
                           every-epoch --set checkpoints.every=4";

/// Asserts that `run` has ended as `reference`, which was never disturbed.
fn equals_reference(sandbox: &Sandbox, when: &str) {
    assert_eq!(sandbox.weights_of("run"), sandbox.weights_of("reference"), "{when}");
    assert_eq!(sandbox.read("run/curve.csv"), sandbox.read("reference/curve.csv"), "{when}");
    sandbox.holds_no_temporary_files();
}

#[test]
fn any_rank_may_be_killed_in_a_step_and_any_number_goes_on() {
    let sandbox = Sandbox::new();
    sandbox.write_data("large", [2000, 10], 14);
    let train = format!("{LARGE_STEPS} --epochs 40 --out");
    sandbox.ae(&format!("{train} reference")).succeeds();
    let mut command = format!("{train} run");
    for (ranks, victim) in [(3, 1), (2, 0), (4, 3)] {
        let Some(running) = Running::begin(&sandbox, ranks, &command) else { return };
        sleep(Duration::from_millis(20));
        running.signal(victim, "-KILL");
        assert_ne!(running.end().status, Some(0));
        assert!(!sandbox.path("run/record.json").exists(), "it was killed too late");
        command = "resume run".to_owned();
    }
    together(&sandbox, 2, "resume run").unwrap().succeeds();
    equals_reference(&sandbox, "killed with 3, 2 and 4 processes, and resumed with 2");
}

#[test]
fn a_checkpoint_survives_a_kill_while_the_next_one_is_written() {
    let sandbox = Sandbox::with_data();
    // A checkpoint of 11 MB, which takes a while to be written.
    let train = "train --data data --widths 2400 --epochs 12 --batch-size 256 --out";
    sandbox.ae(&format!("{train} reference")).succeeds();
    // A kill may come too late: the file is whole by then.
    let was_writing = (0..8).any(|_| {
        let _ = fs::remove_dir_all(sandbox.path("run"));
        let Some(running) = Running::begin(&sandbox, 2, &format!("{train} run")) else {
            return true;
        };
        let since = Instant::now();
        while half_written(&sandbox) == 0 && since.elapsed() < Duration::from_secs(20) {}
        running.signal(0, "-KILL");
        assert_ne!(running.end().status, Some(0));
        half_written(&sandbox) > 0 && newest_checkpoint(&sandbox) > 0
    });
    assert!(was_writing, "no kill came in time");
    let Some(resumed) = together(&sandbox, 3, "resume run") else { return };
    let told = resumed.succeeds().stderr;
    assert!(told.contains("going on after epoch"), "{told}");
    equals_reference(&sandbox, "killed while a checkpoint was written");
}

/// Files of the folder of checkpoints that have no name yet.
fn half_written(sandbox: &Sandbox) -> usize {
    let entries = fs::read_dir(sandbox.path("run/checkpoints")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with('.')).count()
}

#[test]
fn a_rank_that_hangs_is_named_and_ends_all_after_the_stated_time() {
    let train =
        "train --data data --widths 40,8 --epochs 20000 --batch-size 128 --patience 1 --out run";
    for victim in [0, 1] {
        let sandbox = Sandbox::with_data();
        let Some(running) = Running::begin(&sandbox, 3, train) else { return };
        running.signal(victim, "-STOP");
        let since = Instant::now();
        let ended = running.end();
        let seconds = since.elapsed().as_secs_f64();
        assert!((0.9..11.0).contains(&seconds), "{seconds}");
        assert_ne!(ended.status, Some(0));
        let message = format!("error: rank {victim} has not answered for 1 s; all processes end");
        assert!(ended.stderr.contains(&message), "{}", ended.stderr);
        assert!(newest_checkpoint(&sandbox) > 0);
    }
}

/// Launchers pass Ctrl-C on to all ranks; Open MPI's waits a second before it kills them.
#[test]
fn an_interrupted_launcher_leaves_a_checkpoint_and_the_way_to_go_on() {
    let sandbox = Sandbox::new();
    sandbox.write_data("large", [2000, 10], 14);
    let train = LARGE_STEPS.replace(".every=4", ".every=2000");
    let train = format!("{train} --epochs 4000 --out run");
    for (signal, arguments) in [("-INT", train.as_str()), ("-TERM", "resume run")] {
        let Some(mut command) = mpirun(&sandbox, 3) else { return };
        // On a busy machine a batch may take longer than Open MPI waits.
        command.env("OMPI_MCA_odls_base_sigkill_timeout", "5");
        ae(&mut command, arguments).args(["--progress", "plain"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.by_ref().any(|line| line.starts_with("epoch ")), "{arguments}");
        let before = newest_checkpoint(&sandbox);
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        let told: Vec<String> = lines.collect();
        // Its exit status is the launcher's.
        child.wait().unwrap();
        let stopping =
            |line: &&String| line.starts_with("stopping after this batch, with a checkpoint");
        assert_eq!(told.iter().filter(stopping).count(), 1, "{told:?}");
        let line = told.iter().find(|line| line.starts_with("interrupted "));
        let goes_on = line.is_some_and(|line| line.ends_with("`ae resume run` continues there"));
        assert!(goes_on && newest_checkpoint(&sandbox) > before, "{told:?}");
    }
    let epochs = newest_checkpoint(&sandbox) + 2;
    sandbox.ae(&format!("resume run --epochs {epochs}")).succeeds();
    let train =
        train.replace("--epochs 4000 --out run", &format!("--epochs {epochs} --out reference"));
    sandbox.ae(&train).succeeds();
    equals_reference(&sandbox, "interrupted twice");
}

/// A limit on the size of files: a write beyond it fails as one on a full disk does, in the middle of a file.
#[test]
#[cfg(target_os = "linux")]
fn rank_0_without_space_ends_all_and_the_run_goes_on_when_there_is_some() {
    let sandbox = Sandbox::with_data();
    let train = "train --data data --widths 400 --epochs 400 --batch-size 128 --out";
    let Some(mut command) = mpirun(&sandbox, 3) else { return };
    command.args(["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
    ae(&mut command, &format!("{train} run"));
    let running = Running::begin_with(&sandbox, command, 3);
    // Less than a checkpoint (1.9 MB).
    let limit = ["--fsize=100000", "--pid", &running.ranks[0]];
    assert!(Command::new("prlimit").args(limit).status().unwrap().success());
    let ended = running.end();
    assert_eq!(ended.status, Some(1));
    for fragment in ["error: cannot write run/", "too large"] {
        assert!(ended.stderr.contains(fragment), "{}", ended.stderr);
    }
    let done = newest_checkpoint(&sandbox);
    assert!(done > 0 && !sandbox.path("run/record.json").exists());
    let epochs = done + 3;
    together(&sandbox, 2, &format!("resume run --epochs {epochs}")).unwrap().succeeds();
    sandbox
        .ae(&format!("{train} reference").replace("400 --batch", &format!("{epochs} --batch")))
        .succeeds();
    equals_reference(&sandbox, "after the disk was full");
}

/// Convolutions and dense layers, whose batches are normalised by statistics of all processes.
fn normalised_spec() -> String {
    let (start, end) = (SPEC.find("encoder = ").unwrap(), SPEC.find("[corruption]").unwrap());
    let layers = r#"network = "layers"
encoder = [
    { layer = "conv", channels = 4, kernel = 3, stride = 2 },
    { layer = "batch-norm" },
    { layer = "activation", activation = "relu" },
    { layer = "dense", outputs = 12 },
    { layer = "batch-norm" },
]
decoder = [
    { layer = "dense", outputs = 196, activation = "sigmoid" },
]

"#;
    [&SPEC[..start], layers, &SPEC[end..]].concat()
}

#[test]
fn statistics_of_the_batch_and_feature_maps_are_those_of_one_process() {
    let sandbox = Sandbox::with_data();
    sandbox.write("normalised.toml", normalised_spec());
    for (name, arguments) in [
        ("normalised", "train normalised.toml --data data --epochs 2"),
        (
            "denoiser",
            "train --data data --network denoiser --depth 3 --features 4 --epochs 1 --noise gaussian:0.1",
        ),
    ] {
        sandbox.ae(&format!("{arguments} --out {name}")).succeeds();
        for ranks in [1, 2, 3] {
            let run = format!("{name}-{ranks}");
            let Some(done) = together(&sandbox, ranks, &format!("{arguments} --out {run}")) else {
                return;
            };
            done.succeeds();
            assert_eq!(sandbox.weights_of(&run), sandbox.weights_of(name), "{run}");
            let [found, expected] =
                [&run, name].map(|run| sandbox.read(&format!("{run}/model.safetensors")));
            assert!(found == expected, "running statistics of {run}");
        }
    }
}

#[test]
fn more_processes_than_images_change_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", [3, 2], 14);
    sandbox.write("normalised.toml", normalised_spec());
    for (name, arguments) in [
        ("dense", "train --data data --widths 8 --epochs 2 --batch-size 256"),
        ("normalised", "train normalised.toml --data data --epochs 2"),
    ] {
        sandbox.ae(&format!("{arguments} --out {name}")).succeeds();
        let run = format!("{name}-5");
        let Some(done) = together(&sandbox, 5, &format!("{arguments} --out {run}")) else { return };
        let told = done.succeeds().stderr;
        assert!(told.contains("of them have no rows"), "{told}");
        assert_eq!(sandbox.weights_of(&run), sandbox.weights_of(name));
        let [found, expected] = [&run, name].map(|run| sandbox.read(&format!("{run}/curve.csv")));
        assert!(found == expected, "{run}");
    }
}

/// As with the launcher of an MPI library that the program was not built with.
#[test]
fn processes_that_do_not_find_each_other_are_refused() {
    let sandbox = Sandbox::with_data();
    let arguments = "train --data data --widths 8 --epochs 1 --out run";
    let Some(mut command) = mpirun(&sandbox, 1) else { return };
    command.args(["sh", "-c", "OMPI_COMM_WORLD_SIZE=2 exec \"$0\" \"$@\""]);
    let ended = Finished::new(arguments, ae(&mut command, arguments).output().unwrap());
    let told = ended.ends_with(2).stderr;
    assert!(told.contains("2 processes that do not find each other"), "{told}");
    assert!(!sandbox.path("run").exists());
}

#[test]
fn a_rank_without_its_data_says_so() {
    let sandbox = Sandbox::with_data();
    let train = "train --data data --widths 8 --epochs 1 --out run";
    let Some(mut command) = mpirun(&sandbox, 1) else { return };
    ae(ae(&mut command, train).args([":", "-n", "1"]), &train.replace("data data", "data missing"));
    let ended = Finished::new(train, command.output().unwrap());
    assert_ne!(ended.status, Some(0));
    let error = ended.stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
    assert!(error.starts_with("error: rank 1: ") && error.contains("missing"), "{}", ended.stderr);
    assert!(!sandbox.path("run").exists());
}

/// The loader ends the program before it begins. Docs quote its words.
#[test]
#[cfg(target_os = "linux")]
fn a_missing_mpi_library_is_named() {
    let sandbox = Sandbox::new();
    let mut program = fs::read(env!("CARGO_BIN_EXE_ae")).unwrap();
    // As if the library were not installed: the program asks for one that nobody has.
    let missing = ["libmpi", "libmpich"].into_iter().find_map(|name| {
        let wanted = format!("\0{name}.so.");
        let place = program.windows(wanted.len()).position(|bytes| bytes == wanted.as_bytes())?;
        program[place + 1..][..3].copy_from_slice(b"not");
        Some(name.replacen("lib", "not", 1))
    });
    let missing = missing.expect("the program needs an MPI library");
    sandbox.write("ae", program);
    let make_executable = Command::new("chmod").arg("+x").arg(sandbox.path("ae")).status();
    assert!(make_executable.unwrap().success());
    let output = Command::new(sandbox.path("ae")).arg("--version").output().unwrap();
    let ended = Finished::new("--version", output).ends_with(127);
    for fragment in
        ["error while loading shared libraries: ", &missing, "No such file or directory"]
    {
        assert!(ended.stderr.contains(fragment), "{}", ended.stderr);
    }
}
