//! The way from one image to another through the codes.

use ae_report::{Figure, interpolation};

use crate::{Display, ExperimentError, Model};

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
) -> Result<Vec<(f64, Vec<f32>)>, ExperimentError> {
    let most = (MOST_NUMBERS / model.shape().size().max(1)).max(2);
    if !(2..=most).contains(&steps) {
        let (expected, found) = (format!("from 2 to {most}"), steps.to_string());
        return Err(ExperimentError::Setting { setting: "steps", expected, found });
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

/// Draws the way between two images, with themselves at its ends.
///
/// # Errors
/// As [`interpolate`], and if the figure would be too large.
pub fn interpolation_figure(
    model: &Model,
    ends: [&[f32]; 2],
    steps: usize,
    title: &str,
    caption: &str,
) -> Result<Figure, ExperimentError> {
    let display = Display::of(model.format());
    let (parts, images): (Vec<f64>, Vec<Vec<f32>>) =
        interpolate(model, ends, steps)?.into_iter().unzip();
    let between = parts.into_iter().zip(display.pictures(&images.concat())?).collect();
    let [mut from, mut to] = [display.pictures(ends[0])?, display.pictures(ends[1])?];
    let (Some(from), Some(to)) = (from.pop(), to.pop()) else {
        return Err(ExperimentError::TooFew { what: "a way between images", needed: 2, found: 0 });
    };
    Ok(interpolation([from, to], between, title, &display.caption(caption))?)
}
