//! A disk that is full: nothing is half-written, and the run can be resumed.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Sandbox, skip};

const TRAIN: &str = "train --data data --widths 8 --epochs 6 --out";

/// A small disk in the sandbox, in memory. It is taken away at the end, also of a failed test.
struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// `None` where only the administrator may mount one.
    fn mount(sandbox: &Sandbox) -> Option<Self> {
        let folder = sandbox.path("disk");
        fs::create_dir(&folder).unwrap();
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(&folder);
        let mounted = command.output().is_ok_and(|output| output.status.success());
        mounted.then_some(Self { folder })
    }

    /// Fills the disk but for so many bytes, in whole pages.
    fn leave(&self, free: usize) {
        let filler = self.folder.join("filler");
        fs::remove_file(&filler).ok();
        let mut size = 2 << 20;
        // A full disk takes the beginning of the file.
        if fs::write(&filler, vec![1; size]).is_err() {
            size = fs::metadata(&filler).unwrap().len() as usize;
        }
        fs::write(&filler, vec![1; size - free]).unwrap();
    }

    fn empty(&self) {
        fs::remove_file(self.folder.join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.folder).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            // Later, when nobody uses it any more.
            Command::new("umount").arg("--lazy").arg(&self.folder).status().ok();
        }
    }
}

#[test]
fn a_training_that_fills_the_disk_is_resumed_when_there_is_space() {
    let sandbox = Sandbox::with_data();
    let Some(disk) = Disk::mount(&sandbox) else {
        skip("a small disk cannot be mounted");
        return;
    };
    sandbox.ae(&format!("{TRAIN} reference")).succeeds();

    // Space for a checkpoint and the best model, not for a second checkpoint.
    disk.leave(96 << 10);
    let finished = sandbox.ae(&format!("{TRAIN} disk/run"));
    finished.fails_with(&["cannot write disk/run/checkpoints/epoch-0002.safetensors", "No space"]);
    sandbox.holds_no_temporary_files();
    sandbox.ae("inspect disk/run/checkpoints/best.safetensors").succeeds();
    assert!(!sandbox.path("disk/run/model.safetensors").exists());

    // It is still full.
    sandbox.ae("resume disk/run").fails_with(&["cannot write disk/run/", "No space"]);
    disk.empty();
    sandbox.ae("resume disk/run").succeeds();
    assert_eq!(sandbox.weights_of("disk/run"), sandbox.weights_of("reference"));
    assert_eq!(sandbox.read("disk/run/curve.csv"), sandbox.read("reference/curve.csv"));
    sandbox.holds_no_temporary_files();
}

#[test]
fn on_a_full_disk_no_run_begins_and_no_file_is_lost() {
    let sandbox = Sandbox::with_run();
    let Some(disk) = Disk::mount(&sandbox) else {
        skip("a small disk cannot be mounted");
        return;
    };
    sandbox.write("disk/codes.npy", "old codes");
    disk.leave(0);
    sandbox.ae(&format!("{TRAIN} disk/run")).fails_with(&["disk/run/spec.toml", "No space"]);
    sandbox
        .ae("encode data -m run -o disk/codes.npy")
        .fails_with(&["cannot write disk/codes.npy", "No space"]);
    assert_eq!(sandbox.read_text("disk/codes.npy"), "old codes");
    sandbox.ae("data export --data data --out disk/copy").fails_with(&["disk/copy", "No space"]);
    sandbox.holds_no_temporary_files();

    disk.empty();
    sandbox.ae(&format!("{TRAIN} disk/run")).succeeds();
}
