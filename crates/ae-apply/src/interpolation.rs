//! The way from one image to another through the codes.

use crate::error::ApplyError;
use crate::model::Model;

/// Most numbers of the images on the way: 256 MiB.
const MOST_NUMBERS: usize = 1 << 26;

/// What the model decodes on the straight line between the codes of two images: the part of the way,
/// from 0 to 1, and the image, `channels x height x width`, at `steps` equally far points.
///
/// # Errors
/// If there are fewer than two steps or so many that their images take too much memory, or an image does not fit the model.
pub fn interpolate(
    model: &Model,
    [from, to]: [&[f32]; 2],
    steps: usize,
) -> Result<Vec<(f64, Vec<f32>)>, ApplyError> {
    let most = (MOST_NUMBERS / model.shape().size().max(1)).max(2);
    if !(2..=most).contains(&steps) {
        let (expected, found) = (format!("from 2 to {most}"), steps.to_string());
        return Err(ApplyError::Setting { setting: "steps", expected, found });
    }
    let [from, to] = [model.encode(from)?, model.encode(to)?];
    let part = |step: usize| step as f64 / (steps - 1) as f64;
    let on_the_way = |step: usize| {
        let part = part(step) as f32;
        from.iter().zip(&to).map(move |(from, to)| (1.0 - part) * from + part * to)
    };
    let codes: Vec<f32> = (0..steps).flat_map(on_the_way).collect();
    let images = model.decode(&codes)?;
    let images = images.chunks(model.shape().size()).map(<[f32]>::to_vec);
    Ok((0..steps).map(part).zip(images).collect())
}
