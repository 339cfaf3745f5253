//! A network of another crate, that of the example: it learns, and comes back from its file as it was.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]
#![cfg(feature = "candle")]

#[allow(dead_code, reason = "its main")]
#[path = "../examples/foreign_network.rs"]
mod example;

#[test]
fn a_convolution_is_trained_saved_loaded_and_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let report = example::train_save_load(&path, 64, 4).unwrap();
    let [first, .., last] = report.curve[..] else { panic!("{report:?}") };
    assert!(last < 0.8 * first, "{report:?}");
    assert_eq!(report.kind, "example/small-conv");
    assert_eq!(report.loaded, last);
}
