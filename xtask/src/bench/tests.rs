//! `bench` from end to end, with shell scripts in the place of `ae` and of the peers.

use std::num::NonZeroU32;

use super::*;

/// What `ae` and `throughput` are in these tests.
fn fake(root: &Path) -> PathBuf {
    root.join("xtask/tests/fake-bench.sh")
}

fn peer(script: &str) -> Program {
    let arguments = ["-c".into(), script.into()].to_vec();
    Program { executable: "sh".into(), arguments, environment: vec![] }
}

/// Measures these works with these peers, each of them a shell script.
fn measured(works: &[Work], peers: &[(Peer, &str)]) -> (Results, Vec<goals::Row>) {
    let root = workspace::root();
    let scratch = tempfile::tempdir().unwrap();
    let options = Bench {
        works: works.to_vec(),
        peers: peers.iter().map(|(peer, _)| *peer).collect(),
        repeats: NonZeroU32::MIN.saturating_add(1),
        ..Bench::default()
    };
    let ours =
        Ours { ae: fake(&root), throughput: fake(&root), scratch: scratch.path().to_owned(), root };
    let setting =
        Setting { data: "data".into(), threads: 2, epochs: None, limit: Duration::from_secs(60) };
    let programs = peers.iter().map(|(name, script)| (*name, peer(script))).collect();
    let plan = Plan { options: &options, ours, setting, programs };
    let mut results = Results::default();
    plan.measure(&mut results);
    let rows = goals::rows(&results, works);
    (results, rows)
}

#[test]
fn every_side_runs_as_often_and_the_warm_up_is_left_out() {
    // The shell's $0, $1, .. are the work, the data, the epochs and the threads.
    let script = r#"echo "{\"epoch_seconds\": [9, $2, $2], \"versions\": {\"$0\": \"$1\"}}""#;
    let (results, rows) = measured(&[Work::Tutorial, Work::Wide], &[(Peer::Jax, script)]);
    assert!(results.missing.is_empty(), "{:?}", results.missing);
    let runs: Vec<_> = results.entries.iter().map(|entry| (entry.run, entry.side)).collect();
    let (ours, jax) = (Side::Ours, Side::Peer(Peer::Jax));
    let once = [(1, ours), (1, jax), (2, ours), (2, jax)];
    assert_eq!(runs, [once, once].concat());
    let epochs = |work| results.summary(work, jax, sample::EPOCH).unwrap().median;
    assert_eq!([epochs(Work::Tutorial), epochs(Work::Wide)], [6.0, 3.0]);
    assert_eq!(results.versions()["wide"], "data");
    let wide = rows.iter().find(|row| row.measure == "wide stack").unwrap();
    assert_eq!(wide.verdict, Verdict::NotJudged("without keras-jax".to_owned()));
    assert_eq!(outcome(&results, &rows), Outcome::Held);
}

#[test]
fn a_peer_that_fails_is_missing_with_its_reason_and_stops_nothing() {
    let jax = r#"echo '{"epoch_seconds": [9, 6, 6]}'"#;
    let broken = "echo 'ImportError: no torch' >&2; exit 1";
    let (results, rows) = measured(&[Work::Tutorial], &[(Peer::Pytorch, broken), (Peer::Jax, jax)]);

    let [missing] = results.missing.as_slice() else { panic!("{:?}", results.missing) };
    assert_eq!(missing.side, Side::Peer(Peer::Pytorch));
    assert_eq!(missing.reason, "ended with exit status: 1: ImportError: no torch");
    assert!(results.summary(Work::Tutorial, Side::Peer(Peer::Jax), sample::EPOCH).is_some());
    let machine = Machine::here(Path::new("."));
    let report = Report {
        machine: &machine,
        command: "cargo xtask bench".to_owned(),
        threads: 2,
        data: "data".to_owned(),
        results: &results,
        rows: &rows,
    };
    let line = "missing: pytorch (tutorial): ended with exit status: 1: ImportError: no torch\n";
    assert!(report.text().contains(line), "{}", report.text());
    let page = report.markdown();
    assert!(page.contains(&format!("\n- {line}")), "{page}");
    assert!(page.contains("\n| measure | ours | compared with |"), "{page}");
    let dir = tempfile::tempdir().unwrap();
    report.write(dir.path()).unwrap();
    let json = std::fs::read_to_string(dir.path().join("measurements.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["missing"][0]["side"], "pytorch");
    assert_eq!(json["samples"].as_array().unwrap().len(), 4);
    assert_eq!(json["verdicts"][0]["verdict"], "not-judged");
}

#[test]
fn a_must_that_is_missed_is_short() {
    let fast = r#"echo '{"epoch_seconds": [9, 0.001, 0.001]}'"#;
    let peers = Peer::TRAINERS.iter().map(|&peer| (peer, fast)).collect::<Vec<_>>();
    let (results, rows) = measured(&[Work::Tutorial], &peers);
    assert_eq!(outcome(&results, &rows), Outcome::Short);
}

#[test]
fn our_side_trains_infers_and_keeps_its_weights() {
    let works = [Work::Inference, Work::Noise, Work::Loading, Work::Exact];
    let (results, _) = measured(&works, &[]);
    assert!(results.missing.is_empty(), "{:?}", results.missing);
    let figure = |work, metric| results.summary(work, Side::Ours, metric).unwrap().median;
    assert_eq!(figure(Work::Inference, "single_image_us"), 3.0);
    assert_eq!(figure(Work::Noise, "noise_seconds"), 0.5);
    assert_eq!(figure(Work::Exact, ours::EXACT), 1.0);
    assert!(figure(Work::Loading, ours::BINARY) > 0.0);
}
