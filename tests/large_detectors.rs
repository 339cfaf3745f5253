//! Detectors with more numbers than the header of a weights file holds: they are kept, and the model stays readable.

use image::{Rgb, RgbImage};

use crate::support::Sandbox;

/// Bytes of the header of a weights file.
fn header_of(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[..8].try_into().unwrap())
}

/// Asserts that a detector is fitted, and that the model does everything with it.
fn works_after(sandbox: &Sandbox, fit: &str, items: &str) {
    let before = sandbox.ae("inspect run --json").succeeds().json();
    sandbox.ae(fit).succeeds();
    let scored = sandbox.ae(&format!("anomaly score run {items} --json")).succeeds().json();
    let scores = scored["scores"].as_array().unwrap();
    assert!(scores.iter().all(|item| item["score"].as_f64().is_some_and(f64::is_finite)));
    let inspected = sandbox.ae("inspect run --json").succeeds().json();
    assert_eq!(inspected["weights_sha256"], before["weights_sha256"]);
    assert!(sandbox.ae("inspect run").succeeds().stdout.contains("anomaly"));
    sandbox.ae(&format!("reconstruct run {items} -o out.npy")).succeeds();
    assert!(header_of(&sandbox.read("run/model.safetensors")) < 1 << 20);
    // The same fit gives the same bytes.
    let first = sandbox.read("run/model.safetensors");
    sandbox.ae(fit).succeeds();
    assert_eq!(sandbox.read("run/model.safetensors"), first);
}

#[test]
fn standardised_residuals_of_large_colour_pictures() {
    let sandbox = Sandbox::new();
    std::fs::create_dir(sandbox.path("pictures")).unwrap();
    for number in 0..12_u32 {
        let picture = RgbImage::from_fn(300, 300, |x, y| {
            let level = |factor: u32| ((x / 20 * factor + y / 30 + number * 13) % 256) as u8;
            Rgb([level(3), level(5), level(7)])
        });
        picture.save(sandbox.path(&format!("pictures/{number}.png"))).unwrap();
    }
    sandbox
        .ae("train --data pictures --widths 2 --epochs 1 --batch-size 4 --out run --progress none")
        .succeeds();
    works_after(&sandbox, "anomaly fit run pictures --score standardised", "pictures");
}

#[test]
fn distances_of_long_codes() {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", [60, 40], 28);
    sandbox
        .ae("train --data data --widths 451 --epochs 1 --batch-size 20 --out run --progress none")
        .succeeds();
    works_after(&sandbox, "anomaly fit run data --score latent", "data");
}
