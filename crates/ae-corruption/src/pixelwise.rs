//! Noise that treats every pixel by itself, with random numbers drawn in bulk.

use ae_random::Stream;

/// Random numbers drawn at once: they fit the fastest cache, and a multiple of what a stream makes
/// together, so that none are thrown away between chunks.
const CHUNK: usize = 256;

/// Replaces each pixel by `noise(pixel, n)`, `n` a standard normal number of its own.
#[inline]
pub(crate) fn map_with_normals(
    pixels: &mut [f32],
    stream: &mut Stream,
    noise: impl Fn(f32, f32) -> f32,
) {
    map_with(pixels, |numbers| stream.fill_normal(numbers), noise);
}

/// Replaces each pixel by `noise(pixel, u)`, `u` a number in [0, 1) of its own.
#[inline]
pub(crate) fn map_with_uniforms(
    pixels: &mut [f32],
    stream: &mut Stream,
    noise: impl Fn(f32, f32) -> f32,
) {
    map_with(pixels, |numbers| stream.fill_uniform(numbers), noise);
}

#[inline]
fn map_with(pixels: &mut [f32], mut draw: impl FnMut(&mut [f32]), noise: impl Fn(f32, f32) -> f32) {
    let mut scratch = [0.0; CHUNK];
    for chunk in pixels.chunks_mut(CHUNK) {
        let numbers = &mut scratch[..chunk.len()];
        draw(numbers);
        for (pixel, number) in chunk.iter_mut().zip(numbers) {
            *pixel = noise(*pixel, *number);
        }
    }
}
