//! Processes that train together. Without `mpirun` the tests say so and check nothing.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{Finished, Sandbox, skip};

/// Processes that are killed, hang or run out of space.
mod faults;

const DENSE: &str = "train --data data --widths 40,8 --epochs 2 --batch-size 256 --noise gaussian:0.3 \
                     --drawn every-epoch";
const CONV: &str = "train --data larger --network conv --epochs 1 --batch-size 100";
/// A batch of two groups, and gradients that are clipped.
const DENOISER: &str = "train --data data --network denoiser --depth 3 --features 4 --epochs 1 --batch-size 300 \
                        --noise gaussian:0.1 --set training.clip_norm=0.05";

/// `mpirun` for so many processes; `None`, with a line that says so, where it is missing.
fn mpirun(sandbox: &Sandbox, ranks: usize) -> Option<Command> {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new("mpirun");
    command
        .current_dir(sandbox.path(""))
        .env_clear()
        .envs([("PATH", path.as_str()), ("RAYON_NUM_THREADS", "1")])
        .env("HOME", sandbox.path("home"))
        // Open MPI alone knows these: containers run as root, and have fewer cores than the tests processes.
        .envs([("OMPI_ALLOW_RUN_AS_ROOT", "1"), ("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")])
        .env("OMPI_MCA_rmaps_base_oversubscribe", "1")
        .args(["-n", &ranks.to_string()])
        .stdin(Stdio::null());
    if Command::new("mpirun").arg("--version").output().is_err() {
        skip("there is no mpirun (Debian: openmpi-bin)");
        return None;
    }
    Some(command)
}

/// Adds `ae` with these arguments.
fn ae<'a>(command: &'a mut Command, arguments: &str) -> &'a mut Command {
    command.arg(env!("CARGO_BIN_EXE_ae")).args(arguments.split_whitespace())
}

/// Runs `ae` in so many processes to its end.
pub(crate) fn together(sandbox: &Sandbox, ranks: usize, arguments: &str) -> Option<Finished> {
    let mut command = mpirun(sandbox, ranks)?;
    Some(Finished::new(arguments, ae(&mut command, arguments).output().unwrap()))
}

#[test]
fn weights_and_curve_are_those_of_one_process() {
    let sandbox = Sandbox::with_data();
    sandbox.write_data("larger", [400, 100], 16);
    for (name, arguments, counts) in
        [("dense", DENSE, [2, 3, 8]), ("conv", CONV, [2, 3, 4]), ("denoiser", DENOISER, [2, 3, 5])]
    {
        sandbox.ae(&format!("{arguments} --out {name}")).succeeds();
        for ranks in counts {
            let run = format!("{name}-{ranks}");
            let threads = 1 + ranks % 2;
            let arguments = format!("{arguments} --threads {threads} --out {run}");
            let Some(finished) = together(&sandbox, ranks, &arguments) else { return };
            let said = finished.succeeds().stderr;
            assert_eq!(said.matches("processes of").count(), 1, "rank 0 alone speaks: {said}");
            assert!(said.contains(&format!("{ranks} processes of {threads} thread")), "{said}");
            assert_eq!(sandbox.weights_of(&run), sandbox.weights_of(name), "{run}");
            for file in ["curve.csv", "model.safetensors"] {
                let [found, expected] =
                    [&run, name].map(|run| sandbox.read(&format!("{run}/{file}")));
                assert!(found == expected, "{run}/{file}");
            }
            let record = sandbox.read_json(&format!("{run}/record.json"));
            assert_eq!(
                (&record["processes"], &record["threads"]),
                (&ranks.into(), &threads.into())
            );
        }
    }
}

#[test]
fn processes_without_rows_are_told_of_and_change_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", [3, 2], 14);
    let arguments = "train --data data --widths 8 --epochs 2 --batch-size 2";
    sandbox.ae(&format!("{arguments} --out one")).succeeds();
    let Some(finished) = together(&sandbox, 4, &format!("{arguments} --out four")) else { return };
    let said = finished.succeeds().stderr;
    assert!(said.contains("3 of them have no rows"), "{said}");
    assert_eq!(sandbox.weights_of("four"), sandbox.weights_of("one"));
}

/// A training that goes on for a while.
struct Running {
    mpirun: Child,
    ranks: Vec<String>,
}

impl Running {
    /// Starts so many processes, and returns when there is a checkpoint.
    fn begin(sandbox: &Sandbox, ranks: usize, arguments: &str) -> Option<Self> {
        let mut command = mpirun(sandbox, ranks)?;
        ae(&mut command, arguments);
        Some(Self::begin_with(sandbox, command, ranks))
    }

    fn begin_with(sandbox: &Sandbox, mut command: Command, ranks: usize) -> Self {
        let seen = newest_checkpoint(sandbox);
        let mut mpirun = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let started = Instant::now();
        while newest_checkpoint(sandbox) <= seen {
            assert!(started.elapsed() < Duration::from_secs(60), "no checkpoint");
            if mpirun.try_wait().unwrap().is_some() {
                let output = mpirun.wait_with_output().unwrap();
                panic!("ended too early: {}", Finished::new("", output).stderr);
            }
            sleep(Duration::from_millis(2));
        }
        let process = |rank| process_of_rank(sandbox, rank).expect("the rank runs");
        Self { mpirun, ranks: (0..ranks).map(process).collect() }
    }

    fn signal(&self, rank: usize, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.ranks[rank]]).status().unwrap().success());
    }

    /// How it ends, which must be soon.
    fn end(self) -> Finished {
        let since = Instant::now();
        let finished = Finished::new("", self.mpirun.wait_with_output().unwrap());
        assert!(since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
        finished
    }
}

/// Epochs of the newest checkpoint of `run`; 0 if there is none.
fn newest_checkpoint(sandbox: &Sandbox) -> u32 {
    let entries = fs::read_dir(sandbox.path("run/checkpoints")).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let epochs = names.filter_map(|name| {
        name.strip_prefix("epoch-")?.strip_suffix(".safetensors")?.get(..4)?.parse().ok()
    });
    epochs.max().unwrap_or(0)
}

/// The process of a rank that runs in the sandbox.
fn process_of_rank(sandbox: &Sandbox, rank: usize) -> Option<String> {
    let home = format!("HOME={}", sandbox.path("home").display());
    let ranks = [format!("OMPI_COMM_WORLD_RANK={rank}"), format!("PMI_RANK={rank}")];
    let mut processes = fs::read_dir("/proc").unwrap().flatten();
    let process = processes.find(|process| {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        let environment = String::from_utf8_lossy(&environment).into_owned();
        let has = |variable: &str| environment.split('\0').any(|it| it == variable);
        has(&home) && ranks.iter().any(|rank| has(rank))
    })?;
    Some(process.file_name().to_string_lossy().into_owned())
}

#[test]
fn a_rank_that_is_killed_ends_all_and_any_number_of_processes_resumes() {
    let sandbox = Sandbox::with_data();
    let train = "train --data data --widths 40,8 --epochs 40 --batch-size 128";
    let Some(running) = Running::begin(&sandbox, 3, &format!("{train} --out run")) else { return };
    let victim = running.ranks[1].clone();
    running.signal(1, "-KILL");
    let ended = running.end();
    assert_ne!(ended.status, Some(0));
    // The words of Open MPI's launcher, which also ends rank 0. MPICH's names a process, which may be one that it has
    // ended itself.
    let told = ended.stderr + &ended.stdout;
    assert!(told.contains(&format!("rank 1 is process {victim}")), "{told}");
    assert!(told.contains("process rank 1 with PID") || told.contains("BAD TERMINATION"), "{told}");
    assert!(!sandbox.path("run/record.json").exists(), "it was killed too late");
    sandbox.ae(&format!("{train} --out reference")).succeeds();
    together(&sandbox, 2, "resume run").unwrap().succeeds();
    assert_eq!(sandbox.weights_of("run"), sandbox.weights_of("reference"));
    assert_eq!(sandbox.read("run/curve.csv"), sandbox.read("reference/curve.csv"));
    sandbox.holds_no_temporary_files();
    // And more epochs, in one process, of what two have made.
    sandbox.ae("resume run --epochs 41").succeeds();
    sandbox.ae("resume reference --epochs 41").succeeds();
    assert_eq!(sandbox.weights_of("run"), sandbox.weights_of("reference"));
}

#[test]
fn processes_that_do_not_train_the_same_are_refused() {
    let sandbox = Sandbox::with_data();
    sandbox.write_data("other", [300, 100], 14);
    sandbox.write_data("changed", [400, 100], 14);
    let images = "changed/train-images-idx3-ubyte";
    let mut bytes = sandbox.read(images);
    *bytes.last_mut().unwrap() ^= 1;
    sandbox.write(images, bytes);
    let train = "train --data data --widths 8 --epochs 1 --out run";
    for (other, fault) in [
        ("train --data data --widths 8 --epochs 1 --seed 8 --out run", "seed is 8 there, and 42"),
        ("train --data other --widths 8 --epochs 1 --out run", "training images is 300 there"),
        ("train --data changed --widths 8 --epochs 1 --out run", "SHA-256 of train-images"),
        ("train --data data --widths 8 --epochs 2 --out run", "training.epochs is 2 there, and 1"),
        ("train --data data --widths 9 --epochs 1 --out run", "9"),
    ] {
        let Some(mut command) = mpirun(&sandbox, 1) else { return };
        ae(ae(&mut command, train).args([":", "-n", "1"]), other);
        let ended = Finished::new(other, command.output().unwrap());
        assert_ne!(ended.status, Some(0));
        let said = ended.stderr;
        assert!(said.contains("rank 1 cannot train with rank 0") && said.contains(fault), "{said}");
        assert!(!sandbox.path("run").exists(), "nothing is written");
    }
}

#[test]
fn what_is_wrong_for_all_is_said_once() {
    let sandbox = Sandbox::with_data();
    sandbox.write("run/mine.txt", "keep me");
    for (arguments, fault) in [
        ("train --data data --widths 8 --epochs 1 --out run", "run"),
        ("train --data data --engine autograd --out new", "training.engine must be fused"),
        ("train missing.toml --out new", "missing.toml"),
        ("train --data missing --out new", "missing"),
        ("reproduce --data data --out new", "start it without mpirun"),
    ] {
        let Some(ended) = together(&sandbox, 3, arguments) else { return };
        assert_ne!(ended.status, Some(0), "{arguments}");
        let errors: Vec<_> =
            ended.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
        assert!(errors.iter().any(|error| error.contains(fault)), "{}", ended.stderr);
        assert!(errors.len() == 1 || arguments.starts_with("reproduce"), "{}", ended.stderr);
        assert!(!sandbox.path("new").exists());
    }
}
