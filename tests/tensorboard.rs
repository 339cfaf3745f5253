//! TensorBoard's event files. `docs/interop/tensorboard.sh` reads them by TensorBoard itself.

use std::fs;

use crate::support::Sandbox;

const FILE: &str = "tensorboard/events.out.tfevents.0.ae";
const TRAIN: &str = "train --data data --widths 8 --tensorboard --set checkpoints.every=2";

#[test]
fn a_run_that_goes_on_ends_with_the_bytes_of_one_that_was_not_interrupted() {
    let sandbox = Sandbox::with_data();
    sandbox.ae(&format!("{TRAIN} --epochs 5 --out whole")).succeeds();
    let whole = sandbox.read(&format!("whole/{FILE}"));
    // Epoch 3 has a checkpoint only because the shorter run ends there.
    sandbox.ae(&format!("{TRAIN} --epochs 3 --out longer")).succeeds();
    sandbox.ae("resume longer --epochs 5").succeeds();
    assert!(sandbox.read(&format!("longer/{FILE}")) == whole);

    // As after a kill: back to the checkpoint of epoch 4, with half a record at the end.
    let killed = |torn: &[u8]| {
        let sandbox = sandbox.copy();
        for file in ["record.json", "checkpoints/epoch-0005.safetensors"] {
            fs::remove_file(sandbox.path(&format!("whole/{file}"))).unwrap();
        }
        sandbox.write(&format!("whole/{FILE}"), torn);
        sandbox.ae("resume whole").succeeds();
        sandbox.read(&format!("whole/{FILE}"))
    };
    for cut in [whole.len(), whole.len() - 1, whole.len() - 500] {
        assert!(killed(&whole[..cut]) == whole, "cut at {cut}");
    }
    let garbage = [&whole[..], b"garbage"].concat();
    assert!(killed(&garbage) == whole);
    // What is lost of the past are pictures and weights; all numbers are there.
    let anew = killed(b"nothing");
    let numbers = |bytes: &[u8]| bytes.windows(7).filter(|bytes| bytes == b"val_bce").count();
    assert_eq!((numbers(&anew), numbers(&whole)), (5, 5));
    assert!(anew.len() < whole.len());
}

#[test]
fn the_file_changes_nothing_in_the_result_and_belongs_to_the_run() {
    let sandbox = Sandbox::with_run();
    sandbox.ae("train --data data --widths 8 --epochs 2 --tensorboard --out other").succeeds();
    assert_eq!(sandbox.weights_of("other"), sandbox.weights_of("run"));
    let whole = sandbox.read(&format!("other/{FILE}"));
    for words in
        ["brain.Event:2", "val_mse", "learning_rate", "reconstructions", "weights/encoder.0.weight"]
    {
        assert!(whole.windows(words.len()).any(|bytes| bytes == words.as_bytes()), "{words}");
    }
    // A finished run gets one too, with the last epoch's pictures and weights.
    assert!(!sandbox.path("run/tensorboard").exists());
    sandbox.ae("resume run --tensorboard").succeeds();
    let late = sandbox.read(&format!("run/{FILE}"));
    assert!(late.windows(7).filter(|bytes| bytes == b"val_bce").count() == 2);
    assert!(late.len() < whole.len() && late.len() > whole.len() / 3);
    sandbox.ae("resume run").succeeds();
    assert!(sandbox.read(&format!("run/{FILE}")) == late);
    // It is removed with the run, and a file of somebody else's keeps the run from being removed.
    sandbox.write("other/tensorboard/mine", "");
    let again = "train --data data --widths 8 --epochs 1 --force --out other";
    sandbox.ae(again).fails_with(&["tensorboard/mine"]);
    fs::remove_file(sandbox.path("other/tensorboard/mine")).unwrap();
    sandbox.ae(again).succeeds();
    assert!(!sandbox.path(&format!("other/{FILE}")).exists());
}
