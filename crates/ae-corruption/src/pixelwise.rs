//! Noise that changes each value independently, with random numbers drawn in bulk.

use ae_random::Stream;

/// Random numbers drawn at once. They fit the first cache. A stream makes 64 at once and discards the rest of
/// a group, so a chunk is a multiple of 64.
const CHUNK: usize = 256;

/// Replaces each value by `noise(value, n)`, with a standard normal number `n` for each.
#[inline]
pub(crate) fn map_with_normals(
    values: &mut [f32],
    stream: &mut Stream,
    noise: impl Fn(f32, f32) -> f32,
) {
    map_with(values, |numbers| stream.fill_normal(numbers), noise);
}

/// Replaces each value by `noise(value, u)`, with a uniform number `u` in [0, 1) for each.
#[inline]
pub(crate) fn map_with_uniforms(
    values: &mut [f32],
    stream: &mut Stream,
    noise: impl Fn(f32, f32) -> f32,
) {
    map_with(values, |numbers| stream.fill_uniform(numbers), noise);
}

#[inline]
fn map_with(values: &mut [f32], mut draw: impl FnMut(&mut [f32]), noise: impl Fn(f32, f32) -> f32) {
    let mut scratch = [0.0; CHUNK];
    for chunk in values.chunks_mut(CHUNK) {
        let numbers = &mut scratch[..chunk.len()];
        draw(numbers);
        for (value, number) in chunk.iter_mut().zip(numbers) {
            *value = noise(*value, *number);
        }
    }
}
