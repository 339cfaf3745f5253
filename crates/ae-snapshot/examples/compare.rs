//! Stores a drawing of a ring, then compares two changed rings with it, and prints what a test would say.
//!
//! Run it without `INSTA_UPDATE` and `CI`, so that insta offers the first drawing for review.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use ae_snapshot::{PixelSlice, assert_reconstruction_snapshot};
use insta::Settings;

/// Rows and columns of the drawing.
const SIDE: usize = 12;

/// A ring of this radius in pixels.
fn ring(radius: f32) -> Vec<f32> {
    let pixel = |place: usize| {
        let (y, x) = ((place / SIDE) as f32 - 5.5, (place % SIDE) as f32 - 5.5);
        (1.5 - (x.hypot(y) - radius).abs()).clamp(0.0, 1.0)
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

/// What a test with this ring says.
fn verdict(radius: f32) -> String {
    let pixels = &ring(radius);
    let ring = PixelSlice { pixels, height: SIDE, width: SIDE };
    let test = || assert_reconstruction_snapshot!("ring", ring, 0.01);
    match catch_unwind(AssertUnwindSafe(test)) {
        Ok(()) => "passes".to_owned(),
        Err(panic) => panic.downcast_ref::<String>().cloned().unwrap_or_default(),
    }
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let mut settings = Settings::clone_current();
    settings.set_snapshot_path(folder.path());
    settings.set_prepend_module_to_snapshot(false);
    // The assertions panic; their messages are printed below.
    set_hook(Box::new(|_| {}));
    settings.bind(|| {
        println!("the first drawing: {}", verdict(4.0));
        // What `cargo insta accept` does.
        fs::rename(folder.path().join("ring.snap.new"), folder.path().join("ring.snap"))?;
        for radius in [4.0, 4.005, 4.2] {
            println!("a ring of radius {radius}: {}", verdict(radius));
        }
        Ok(())
    })
}
