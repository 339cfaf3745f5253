//! The decoded images on the straight line between two codes.

use crate::error::ApplyError;
use crate::model::Model;

/// Most numbers of the images, and of their codes: 256 MiB.
const MAX_NUMBERS: usize = 1 << 26;

/// A decoded image between two images.
#[derive(Debug, Clone, PartialEq)]
pub struct InterpolatedImage {
    /// Its place between the two codes, from 0 to 1.
    pub fraction: f64,
    /// The image, `channels x height x width`.
    pub pixels: Vec<f32>,
}

/// Decodes `steps` equally spaced codes on the straight line between the codes of two images.
///
/// # Errors
/// [`ApplyError::Setting`] if there are fewer than two steps, or the images or their codes would take more than 256 MiB; and if an image
/// does not fit the model.
pub fn interpolate(
    model: &Model,
    [from, to]: [&[f32]; 2],
    steps: usize,
) -> Result<Vec<InterpolatedImage>, ApplyError> {
    // A code may be longer than an image.
    let numbers = model.shape().size().max(model.latent_dim()).max(1);
    let most = (MAX_NUMBERS / numbers).max(2);
    if !(2..=most).contains(&steps) {
        let expected = format!("from 2 to {most}");
        return Err(ApplyError::setting("steps", &expected, &steps.to_string()));
    }
    let [from, to] = [model.encode(from)?, model.encode(to)?];
    let fraction = |step: usize| step as f64 / (steps - 1) as f64;
    let code = |step: usize| {
        let weight = fraction(step) as f32;
        from.iter().zip(&to).map(move |(from, to)| (1.0 - weight) * from + weight * to)
    };
    let codes: Vec<f32> = (0..steps).flat_map(code).collect();
    let images = model.decode(&codes)?;
    let images = images.chunks(model.shape().size()).enumerate();
    Ok(images
        .map(|(step, pixels)| InterpolatedImage {
            fraction: fraction(step),
            pixels: pixels.to_vec(),
        })
        .collect())
}
