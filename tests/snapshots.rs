//! What the committed model draws, and what is said of it; `fixtures/README.md` tells how it was made.

use ae_snapshot::{PixelSlice, assert_reconstruction_snapshot};

use crate::npy;
use crate::support::Sandbox;

const MODEL: &[u8] = include_bytes!("fixtures/model.safetensors");
/// Rows and columns of the procedural digits.
const SIDE: usize = 28;
/// Digits in the snapshot.
const SHOWN: usize = 5;

#[test]
fn the_committed_model_draws_digits() {
    let sandbox = Sandbox::new();
    sandbox.write("model.safetensors", MODEL);
    sandbox.ae("reconstruct digits --offline -m model.safetensors -o out.npy").succeeds();
    let (shape, pixels) = npy::read(&sandbox.read("out.npy"));
    assert_eq!(shape, [10_000, SIDE, SIDE]);
    // The machines' instructions differ in the last digits of a float; 0.01 is what no eye can see.
    let first = PixelSlice { pixels: &pixels[..SHOWN * SIDE * SIDE], height: SIDE, width: SIDE };
    assert_reconstruction_snapshot!("digits", first, 0.01);
}

#[test]
fn the_committed_model_is_described() {
    let sandbox = Sandbox::new();
    sandbox.write("model.safetensors", MODEL);
    insta::assert_snapshot!("inspect", sandbox.ae("inspect model.safetensors").succeeds().stdout);
}

#[test]
fn variations_on_the_digits_look_as_they_are_described() {
    let sandbox = Sandbox::new();
    for variation in ["rot", "bg-rand"] {
        sandbox.ae(&format!("data export digits-{variation} --out {variation}")).succeeds();
        let file = sandbox.read(&format!("{variation}/train-images-idx3-ubyte"));
        let pixels: Vec<f32> =
            file[16..].iter().take(3 * SIDE * SIDE).map(|&byte| f32::from(byte) / 255.0).collect();
        let first = PixelSlice { pixels: &pixels, height: SIDE, width: SIDE };
        assert_reconstruction_snapshot!(format!("digits-{variation}"), first, 0.001);
    }
}
