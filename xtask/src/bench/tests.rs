//! `bench` from end to end, with shell scripts in the place of `ae` and of the peers.

use super::*;
use crate::arguments;

/// What is measured when nothing is asked for.
pub(super) fn options() -> Bench {
    match arguments::parsed("bench") {
        Ok(arguments::Command::Bench(options)) => options,
        other => panic!("{other:?}"),
    }
}

/// Stands in for `ae train`.
const OURS: &str = "\
#!/bin/sh
echo 'epoch 1/3: loss 3' >&2
echo 'epoch 2/3: loss 2' >&2
sleep 0.05
echo 'epoch 3/3: loss 1' >&2
";

/// Measures these works with these peers, each of them a shell script.
#[cfg(unix)]
fn measured(works: &[Work], peers: &[(Peer, &str)]) -> (Measurements, Vec<goals::Row>) {
    use std::os::unix::fs::PermissionsExt;
    let scratch = tempfile::tempdir().unwrap();
    let program = scratch.path().join("ours.sh");
    std::fs::write(&program, OURS).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let options = Bench {
        only: works.to_vec(),
        peers: peers.iter().map(|(peer, _)| *peer).collect(),
        repeats: NonZeroU32::MIN.saturating_add(1),
        ..options()
    };
    let ours = Ours { ae: program, examples: "none".into(), scratch: scratch.path().to_owned() };
    let [images, patches] = ["data", "patches"].map(PathBuf::from);
    let setting =
        Setting { images, patches, threads: 2, epochs: None, recipes: recipes().unwrap() };
    let program = |script: &str| Program {
        executable: "sh".into(),
        arguments: vec!["-c".into(), script.into()],
    };
    let programs = peers.iter().map(|(name, script)| (*name, program(script))).collect();
    let plan = Plan { options: &options, ours, setting, programs };
    let mut measurements = Measurements::default();
    plan.measure(&mut measurements);
    let rows = goals::rows(&measurements, &options, &plan.setting.recipes);
    (measurements, rows)
}

#[cfg(unix)]
#[test]
fn every_side_runs_as_often_but_those_far_behind_and_the_warm_up_is_left_out() {
    // The shell's $0, $1, .. are the work, the data, the epochs and the threads.
    let script = r#"echo "{\"epoch_seconds\": [9, $2, $2], \"versions\": {\"$0\": \"$1\"}}""#;
    let slow = r#"echo '{"epoch_seconds": [99, 99]}'"#;
    let (measurements, rows) =
        measured(&[Work::Tutorial, Work::Denoiser], &[(Peer::Jax, script), (Peer::Pytorch, slow)]);
    assert!(measurements.missing.is_empty(), "{:?}", measurements.missing);
    let runs: Vec<_> = measurements.entries.iter().map(|entry| (entry.run, entry.side)).collect();
    let (ours, jax, torch) = (Side::Ours, Side::Peer(Peer::Jax), Side::Peer(Peer::Pytorch));
    let tutorial = [(1, ours), (1, torch), (1, jax), (2, ours), (2, torch), (2, jax)];
    let denoiser = [(1, ours), (1, torch), (1, jax), (2, ours), (2, jax)];
    assert_eq!(runs, [&tutorial[..], &denoiser].concat());
    let epochs = |work| measurements.summary(work, jax, EPOCH).unwrap().median;
    assert_eq!([epochs(Work::Tutorial), epochs(Work::Denoiser)], [6.0, 2.0]);
    let data = |work| measurements.versions()[work].clone();
    assert_eq!([data("tutorial"), data("denoiser")], ["data", "patches"]);
    assert_eq!(outcome(&measurements, &rows), Outcome::Held);
}

#[cfg(unix)]
#[test]
fn a_peer_that_fails_is_missing_with_its_reason_and_stops_nothing() {
    let jax = r#"echo '{"epoch_seconds": [9, 6, 6]}'"#;
    let broken = "echo 'ImportError: no torch' >&2; exit 1";
    let peers = [(Peer::Pytorch, broken), (Peer::Jax, jax)];
    let (measurements, rows) = measured(&[Work::Tutorial], &peers);

    let [missing] = measurements.missing.as_slice() else { panic!("{:?}", measurements.missing) };
    assert_eq!(missing.side, Side::Peer(Peer::Pytorch));
    assert!(measurements.summary(Work::Tutorial, Side::Peer(Peer::Jax), EPOCH).is_some());
    let report = Report {
        machine: &Machine::here(Path::new(".")),
        command: "cargo xtask bench".to_owned(),
        threads: 2,
        data: "data".to_owned(),
        measurements: &measurements,
        rows: &rows,
    };
    let line = "- missing: pytorch (tutorial): ended with exit status: 1: ImportError: no torch\n";
    assert!(report.markdown().contains(line), "{}", report.markdown());
    let dir = tempfile::tempdir().unwrap();
    report.write(dir.path()).unwrap();
    let json = std::fs::read_to_string(dir.path().join("measurements.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["missing"][0]["side"], "pytorch");
    assert_eq!(json["samples"].as_array().unwrap().len(), 4);
}

#[cfg(unix)]
#[test]
fn a_bound_that_is_missed_is_short() {
    let fast = r#"echo '{"epoch_seconds": [9, 0.001, 0.001]}'"#;
    let peers = recipes().unwrap()[&Work::Tutorial]
        .peers
        .iter()
        .map(|&peer| (peer, fast))
        .collect::<Vec<_>>();
    let (measurements, rows) = measured(&[Work::Tutorial], &peers);
    assert_eq!(outcome(&measurements, &rows), Outcome::Short);
}
