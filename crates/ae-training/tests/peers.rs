//! What several processes agree on before they train.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use std::thread;
use std::time::Duration;

use ae_training::{Agreement, LocalPeers, Peers, TrainingError, agree, process_names};

/// What each of several ranks ends with, from rank 0 on.
fn each<R: Send>(
    ranks: usize,
    patience: Duration,
    work: impl Fn(LocalPeers) -> R + Sync,
) -> Vec<R> {
    let peers = LocalPeers::all(ranks, patience);
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            peers.into_iter().map(|peers| scope.spawn(move || work(peers))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn agreement(entries: &[(&str, &str)]) -> Agreement {
    entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What rank 0 of three says where rank 2 has something else.
fn fault(rank_2: &Agreement) -> String {
    let own = agreement(&[("the program's version", "0.1.0"), ("seed", "7")]);
    let ends = each(3, Duration::from_secs(60), |peers| {
        agree(&peers, if peers.rank() == 2 { rank_2 } else { &own })
    });
    assert!(ends[1..].iter().all(Result::is_ok), "rank 0 alone says what differs");
    ends[0].as_ref().unwrap_err().to_string()
}

#[test]
fn a_rank_with_something_else_is_named_with_both_values() {
    let cannot = "rank 2 cannot train with rank 0: ";
    for (rank_2, expected) in [
        (
            // The version is named before what follows from it.
            &[("the program's version", "0.2.0"), ("seed", "8"), ("new", "1")][..],
            "the program's version is 0.2.0 there, and 0.1.0 on rank 0",
        ),
        (&[("the program's version", "0.1.0"), ("seed", "8")], "seed is 8 there, and 7 on rank 0"),
        (
            &[("the program's version", "0.1.0"), ("seed", "7"), ("SHA-256 of rows", "ab")],
            "SHA-256 of rows is ab there, and nothing on rank 0",
        ),
        (&[], "the program's version is nothing there, and 0.1.0 on rank 0"),
    ] {
        assert_eq!(fault(&agreement(rank_2)), format!("{cannot}{expected}"));
    }
}

#[test]
fn a_rank_that_never_comes_is_named() {
    let ends = each(2, Duration::from_millis(200), |peers| {
        if peers.rank() == 0 { agree(&peers, &agreement(&[("seed", "7")])) } else { Ok(()) }
    });
    let error = ends.into_iter().next().unwrap().unwrap_err();
    assert!(matches!(&error, TrainingError::Peers(error) if error.rank == 1), "{error}");
    assert_eq!(error.to_string(), "rank 1 has not answered for 0.2 s");
}

#[test]
fn rank_0_learns_the_names_of_all() {
    let names = each(3, Duration::from_secs(60), |peers| {
        process_names(&peers, &format!("{} here", 100 + peers.rank())).unwrap()
    });
    assert_eq!(names[0], ["100 here", "101 here", "102 here"]);
}
