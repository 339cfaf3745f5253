//! Figures of the latent space: maps of codes, the images of a plane of codes, the way between two images.

use ae_apply::{ApplyError, Model, Projection, interpolate};
use ae_report::{
    Axes, Figure, GridRow, InterpolationStep, Scatter, interpolation, reconstruction_grid, scatter,
};

use crate::ExperimentError;
use crate::figures::display::Display;

/// Draws points in the colours of their classes.
///
/// # Errors
/// If there are so many classes that the figure would be too large.
pub fn map_figure(
    points: &[[f32; 2]],
    (labels, classes): (&[u8], &[String]),
    projection: Projection,
    title: &str,
    caption: &str,
) -> Result<Figure, ExperimentError> {
    let shown = Scatter { points, labels, classes, axes: axes(projection) };
    Ok(scatter(shown, title, caption)?)
}

/// Draws the images of [`CodeSample::decoded_plane`], row by row.
///
/// # Errors
/// If the figure would be too large.
pub fn decoded_plane_figure(
    model: &Model,
    (images, axes): (&[f32], &[Vec<f32>; 2]),
    title: &str,
    caption: &str,
) -> Result<Figure, ExperimentError> {
    let [across, up] = axes;
    let display = Display::of(model.format());
    let rows = images.chunks(across.len().max(1) * model.shape().size());
    let rows = rows.map(|row| Ok(GridRow { label: "", images: display.pictures(row)? }));
    let rows = rows.collect::<Result<Vec<_>, ExperimentError>>()?;
    let ends = |places: &[f32]| match places {
        [first, .., last] => format!("{first:.2} to {last:.2}"),
        places => places.iter().map(|place| format!("{place:.2}")).collect(),
    };
    let caption = format!("{caption}; across {}, up {}", ends(across), ends(up));
    Ok(reconstruction_grid(&rows, title, &display.caption(&caption))?)
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
    let (fractions, images): (Vec<f64>, Vec<Vec<f32>>) =
        interpolate(model, ends, steps)?.into_iter().unzip();
    let pictures = display.pictures(&images.concat())?;
    let between = fractions
        .into_iter()
        .zip(pictures)
        .map(|(fraction, picture)| InterpolationStep { fraction, picture })
        .collect();
    let [mut from, mut to] = [display.pictures(ends[0])?, display.pictures(ends[1])?];
    let (Some(from), Some(to)) = (from.pop(), to.pop()) else {
        return Err(ApplyError::TooFew { what: "a way between images", needed: 2, found: 0 }.into());
    };
    Ok(interpolation([from, to], between, title, &display.caption(caption))?)
}

/// What the axes are, if they are anything.
fn axes(projection: Projection) -> Option<Axes<'static>> {
    match projection {
        Projection::Model => Some(Axes { x: "first number", y: "second number" }),
        Projection::Pca => {
            Some(Axes { x: "first principal component", y: "second principal component" })
        }
        Projection::Tsne => None,
    }
}
