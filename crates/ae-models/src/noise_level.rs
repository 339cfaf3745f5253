//! The plane of an input that tells a network the level of noise.

/// Items with a plane for the level of their noise: `n x pixels` to `n x (pixels + area)`, where `area` is height x
/// width. The plane is the last of its item, and holds the item's level, the standard deviation of its noise in units
/// of pixels.
///
/// # Panics
/// If there is not one level for each item.
pub fn with_noise_level(items: &[f32], pixels: usize, area: usize, levels: &[f32]) -> Vec<f32> {
    assert_eq!(items.len(), pixels * levels.len(), "a level for each item");
    let mut inputs = Vec::with_capacity(items.len() + area * levels.len());
    for (item, &level) in items.chunks_exact(pixels.max(1)).zip(levels) {
        inputs.extend_from_slice(item);
        inputs.resize(inputs.len() + area, level);
    }
    inputs
}
