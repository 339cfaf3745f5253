//! Compression of codes that come from any encoder, at several error bounds.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ae_compression::{CompressionError, compress_codes, decompress_codes};
use ae_random::Seed;

const LATENT: usize = 16;

fn main() -> Result<(), CompressionError> {
    // Rectified normal numbers in place of your encoder's output.
    let mut codes = vec![0.0; 10_000 * LATENT];
    Seed::new(42).stream("codes").fill_normal(&mut codes);
    codes.iter_mut().for_each(|code| *code = code.max(0.0));

    println!("{} codes of {LATENT} numbers, {} bytes as f32", 10_000, 4 * codes.len());
    for max_error in [0.1, 0.01, 0.001] {
        let bytes = compress_codes(&codes, LATENT, max_error)?;
        let read = decompress_codes(&bytes)?;
        let errors = read.values.iter().zip(&codes).map(|(read, code)| (read - code).abs());
        let largest = errors.fold(0.0, f32::max);
        let bits = 8.0 * bytes.len() as f64 / codes.len() as f64;
        println!(
            "at most {max_error}: {} bytes, {bits:.2} bits a number, largest error {largest:.6}",
            bytes.len()
        );
    }
    Ok(())
}
