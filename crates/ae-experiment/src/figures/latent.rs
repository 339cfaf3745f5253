//! Figures of the latent space: maps of codes, decoded planes, interpolations.

use ae_apply::{ApplyError, DecodedPlane, Model, Projection, interpolate};
use ae_report::{
    Axes, Figure, GridRow, InterpolationStep, Scatter, Thumbnail, interpolation,
    reconstruction_grid, scatter,
};

use crate::ExperimentError;
use crate::figures::display::Display;

/// The classes of the points of a map.
#[derive(Debug, Clone, Copy)]
pub struct PointClasses<'a> {
    /// A label for each point, or none.
    pub labels: &'a [u8],
    /// The names of the classes: label `i` means the `i`-th.
    pub names: &'a [String],
}

/// Draws a map of codes: points in the colours of their classes, some of them with a picture of their item.
///
/// # Errors
/// If there are so many classes that the figure would be too large.
pub fn map_figure(
    points: &[[f32; 2]],
    classes: PointClasses<'_>,
    thumbnails: &[Thumbnail],
    projection: Projection,
    title: &str,
    caption: &str,
) -> Result<Figure, ExperimentError> {
    let PointClasses { labels, names } = classes;
    let shown = Scatter { points, labels, classes: names, axes: axes(projection), thumbnails };
    Ok(scatter(shown, title, caption)?)
}

/// Draws a decoded plane, with the range of its coordinates in the caption.
///
/// # Errors
/// If the figure would be too large.
pub fn decoded_plane_figure(
    model: &Model,
    plane: &DecodedPlane,
    title: &str,
    caption: &str,
) -> Result<Figure, ExperimentError> {
    let DecodedPlane { images, across, up } = plane;
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

/// Draws the decoded images on the line between the codes of two images, and these two at its ends.
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
    let images = interpolate(model, ends, steps)?.into_iter();
    let (fractions, pixels): (Vec<f64>, Vec<Vec<f32>>) =
        images.map(|image| (image.fraction, image.pixels)).unzip();
    let pictures = display.pictures(&pixels.concat())?;
    let between = fractions
        .into_iter()
        .zip(pictures)
        .map(|(fraction, picture)| InterpolationStep { fraction, picture })
        .collect();
    let [mut from, mut to] = [display.pictures(ends[0])?, display.pictures(ends[1])?];
    let (Some(from), Some(to)) = (from.pop(), to.pop()) else {
        return Err(ApplyError::TooFew { what: "an interpolation", needed: 2, found: 0 }.into());
    };
    Ok(interpolation([from, to], between, title, &display.caption(caption))?)
}

/// The labels of the axes; those of t-SNE have no meaning.
fn axes(projection: Projection) -> Option<Axes<'static>> {
    match projection {
        Projection::Model => Some(Axes { x: "first number", y: "second number" }),
        Projection::Pca => {
            Some(Axes { x: "first principal component", y: "second principal component" })
        }
        Projection::Tsne => None,
    }
}
