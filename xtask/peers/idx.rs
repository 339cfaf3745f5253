//! What the two Rust peers share: the images of an IDX file as `f32` in [0, 1], the order of an epoch, and
//! the line of results.

use std::fs;
use std::io::Read;
use std::path::Path;

/// Pixels of an image.
pub const PIXELS: usize = 784;

/// The pixels of `stem` or `stem.gz` in a folder, row after row.
pub fn images(folder: &str, stem: &str) -> Result<Vec<f32>, Box<dyn std::error::Error>> {
    let compressed = Path::new(folder).join(format!("{stem}.gz"));
    let mut bytes = Vec::new();
    if compressed.exists() {
        flate2::read::GzDecoder::new(fs::File::open(compressed)?).read_to_end(&mut bytes)?;
    } else {
        bytes = fs::read(Path::new(folder).join(stem))?;
    }
    let pixels = bytes.get(16..).ok_or("an IDX file of images has 16 bytes before its pixels")?;
    Ok(pixels.iter().map(|&byte| f32::from(byte) / 255.0).collect())
}

/// A shuffled order of `count` images, another one for each epoch (SplitMix64 and Fisher-Yates).
pub fn order(count: usize, epoch: u64) -> Vec<u32> {
    let mut state = epoch.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1;
    let mut next = || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    let mut order: Vec<u32> = (0..count as u32).collect();
    for last in (1..count).rev() {
        order.swap(last, (next() % (last as u64 + 1)) as usize);
    }
    order
}

/// The line that `cargo xtask bench` reads.
pub fn report(version: &str, epoch_seconds: &[f64], loss: f64, val_loss: f64) {
    let (name, version) = version.split_once(' ').unwrap_or((version, ""));
    println!(
        "{{\"epoch_seconds\": {epoch_seconds:?}, \"loss\": {loss}, \"val_loss\": {val_loss}, \
         \"versions\": {{\"{name}\": \"{version}\"}}}}"
    );
}
