//! Absurd numbers: no panic, no giant allocation, the range in the message, exit status 2.

use std::time::{Duration, Instant};

use crate::support::Sandbox;

/// Numbers that no flag means, for counts.
const COUNTS: [&str; 8] =
    ["0", "-1", "1e308", "nan", "1.5", "18446744073709551615", "18446744073709551616", ""];
/// The same for real numbers.
const REALS: [&str; 5] = ["-1", "nan", "inf", "1e999", "x"];

/// Commands with a numeric argument, `#` in its place, its accepted values in the message, and absurd ones.
const FLAGS: &[(&str, &str, &[&str])] = &[
    ("reconstruct run data -o x.png --force --count #", "1 to 1000", &COUNTS),
    ("denoise run data -o x.png --force --count #", "1 to 1000", &COUNTS),
    ("decode run codes.npy -o x.png --force --count #", "1 to 1000", &COUNTS),
    ("anomaly score run data --heat-map x.png --force --count #", "1 to 1000", &COUNTS),
    ("anomaly fit run data --noise masking:0.1 --draws #", "1 to 1000", &COUNTS),
    ("anomaly fit run data --smoothing #", "0 to 100", &REALS),
    ("anomaly fit run data --smoothing #", "0 to 100", &["100.1", "1e38"]),
    ("anomaly fit run data --quantile #", "below 1", &["0", "1", "-1", "nan", "1e308"]),
    ("anomaly fit run data --contamination #", "at most 0.5", &["0", "0.6", "-1", "nan", "1e308"]),
    ("project run data -o x.svg --force --limit #", "1 to 10000", &COUNTS),
    ("project run data --grid x.svg --force --side #", "1 to 100", &COUNTS),
    ("project run data --grid x.svg --force --side #", "1 to 100", &["101", "1000"]),
    ("interpolate run data -o x.svg --force --steps #", "2 to 100", &COUNTS),
    ("interpolate run data -o x.svg --force --steps #", "2 to 100", &["1", "101"]),
    (
        "interpolate run data -o x.svg --force --from #",
        "--from",
        &["-1", "nan", "18446744073709551616"],
    ),
    ("probe run --repetitions #", "1 to 1000", &COUNTS),
    ("probe run --labels #", "--labels", &["0", "-1", "nan", "18446744073709551616"]),
    ("probe run --labels #", "from 1 to the 400 training images", &["401", "18446744073709551615"]),
    ("compress run data -o x.aez --quality #", "1 to 9", &["0", "10", "-1", "nan", "1e308"]),
    ("decompress run x.aez -o x.npy --image #", "--image", &["-1", "nan", "1e308"]),
    ("train --data data --out new --threads #", "1 to 512", &["513", "65535"]),
    ("train --data data --out new --threads #", "1 to 512", &COUNTS),
    ("train --data data --out new --epochs #", "--epochs", &COUNTS),
    ("train --data data --out new --batch-size #", "--batch-size", &["0", "-1", "nan", "1.5"]),
    ("train --data data --out new --widths #", "--widths", &["0", "8,0", "-1", "nan", "1.5"]),
    ("train --data data --out new --widths #", "268435456 parameters", &["100000,100000"]),
    (
        "train --data data --out new --widths #",
        "67108864 numbers",
        &["18446744073709551615", "9223372036854775808,9223372036854775808"],
    ),
    (
        "train --data data --out new --size #",
        "1 to 8192",
        &["0x0", "8193x1", "1x", "x", "-1x4", "nan"],
    ),
    ("train --data data --out new --test-fraction #", "below 1", &["0", "1", "-1", "nan", "1e308"]),
    (
        "train --data data --out new --learning-rate #",
        "above 0",
        &["0", "-1", "nan", "inf", "1e999"],
    ),
    ("train --data data --out new --code-l1 #", "0 or above", &["-1", "nan", "inf", "1e308"]),
    ("train --data data --out new --seed #", "--seed", &["-1", "nan", "18446744073709551615"]),
    ("train --data data --out new --noise gaussian:#", "0 to 100", &["-1", "nan", "101", "1e308"]),
    ("evaluate run --seed #", "--seed", &["-1", "nan", "18446744073709551616"]),
    ("project run data --grid x.svg --force --method #", "tsne", &["tsne"]),
];

#[test]
fn absurd_numbers_are_a_matter_of_usage() {
    let sandbox = Sandbox::with_run();
    let before = sandbox.contents_of("");
    for (command, expected, values) in FLAGS {
        for value in *values {
            let (start, flag) = command.rsplit_once(' ').unwrap();
            let flag = flag.replace('#', value);
            let mut child = sandbox.command(start);
            let started = Instant::now();
            let finished = crate::support::Finished::new(
                &format!("{start} {flag}"),
                child.arg(flag).output().unwrap(),
            );
            finished.refuses_with(&[if value.starts_with('-') { "" } else { expected }]);
            // What allocates gigabytes takes longer.
            assert!(started.elapsed() < Duration::from_secs(20), "{command} {value}");
        }
    }
    assert!(sandbox.contents_of("") == before);
}

#[test]
fn large_numbers_that_mean_something_work() {
    let sandbox = Sandbox::with_run();
    for command in [
        "train --data data --widths 4 --epochs 1 --out one --batch-size 18446744073709551615",
        "train --data data --widths 4 --epochs 1 --out two --seed 9223372036854775807 --threads 64",
        "evaluate run --seed 18446744073709551615",
        "reconstruct run data -o x.png --force --count 1000",
        "interpolate run data -o way.png --steps 100",
    ] {
        sandbox.ae(command).succeeds();
    }
    sandbox
        .ae("interpolate run data -o x.svg --force --from 18446744073709551615")
        .fails_with(&["data holds 100 images"]);
}

#[test]
fn noise_that_needs_neighbours_is_refused_for_tables() {
    let sandbox = Sandbox::new();
    let rows: String = (0..40).map(|row| format!("{},{}\n", row % 7, row % 5)).collect();
    sandbox.write("t.csv", format!("a,b\n{rows}"));
    sandbox.ae("train --data t.csv --widths 1 --epochs 1 --out run").succeeds();
    for noise in [
        "occlusion:0.3",
        "occlusion:0.9",
        "blur:1",
        "masking:0.1+blur:2",
        "masking:0.1|occlusion:0.2",
        "gaussian:0.1|masking:0.1+occlusion:0.5",
    ] {
        for command in [
            "train --data t.csv --widths 1 --epochs 1 --out new",
            "denoise run t.csv -o out.csv",
            "evaluate run",
            "anomaly fit run t.csv -o fit.safetensors",
        ] {
            let told = sandbox.ae(&format!("{command} --noise {noise}"));
            told.refuses_with(&["neighbouring pixels", "masking:0.25"]);
        }
        assert!(!sandbox.path("new").exists() && !sandbox.path("out.csv").exists());
    }
    sandbox.ae("evaluate run --noise masking:0.25").succeeds();
}
