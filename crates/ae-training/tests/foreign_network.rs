//! A network of another crate, that of the example: it learns, resumes exactly, and comes back from its file as it was.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]
#![cfg(feature = "candle")]

#[allow(dead_code, reason = "its main")]
#[path = "../examples/foreign_network.rs"]
mod example;

#[test]
fn a_residual_network_is_trained_stopped_resumed_saved_loaded_and_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let report = example::run(folder.path(), 48, 4).unwrap();
    let [first, .., last] = report.curve[..] else { panic!("{report:?}") };
    assert!(last < 0.8 * first, "{report:?}");
    assert_eq!(report.stopped_after, 4);
    assert!(report.is_resumed_exactly, "{report:?}");
    assert_eq!(report.kind, "example/residual");
    assert_eq!(report.loaded, last);
}
