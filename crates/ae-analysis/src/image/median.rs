//! The median filter (Tukey 1977): each pixel becomes the median of its neighbourhood.

use ae_corruption::reflected_index;
use rayon::prelude::*;

use crate::{AnalysisError, Rows};

/// The neighbourhood of a pixel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MedianWindow {
    /// 3 x 3 pixels.
    Three,
    /// 5 x 5 pixels.
    Five,
}

impl MedianWindow {
    /// The number of rows, and of columns, of the window.
    pub fn side(self) -> usize {
        match self {
            Self::Three => 3,
            Self::Five => 5,
        }
    }
}

/// Filters each plane of `[height, width]` of the images. Beyond the borders an image is mirrored with its end
/// pixels repeated, as by `scipy.ndimage.median_filter` with its defaults.
///
/// `images` has rows of one or several planes, `n x (planes x height x width)`, and so has the result.
///
/// # Errors
/// If a row is not a whole number of planes, or a value is not finite.
pub fn median_filter(
    images: Rows<'_>,
    [height, width]: [usize; 2],
    window: MedianWindow,
) -> Result<Vec<f32>, AnalysisError> {
    images.check_finite()?;
    let plane = height * width;
    if plane == 0 || !images.columns().is_multiple_of(plane) {
        return Err(AnalysisError::Columns { expected: plane, found: images.columns() });
    }
    let mut filtered = vec![0.0; images.values().len()];
    filtered
        .par_chunks_mut(plane)
        .zip(images.values().par_chunks(plane))
        .for_each(|(filtered, image)| filter_plane(image, width, window.side(), filtered));
    Ok(filtered)
}

fn filter_plane(image: &[f32], width: usize, side: usize, filtered: &mut [f32]) {
    let height = image.len() / width;
    let radius = (side / 2) as isize;
    let near = |place: usize, length: usize| {
        let place = place as isize;
        (place - radius..=place + radius).map(move |place| reflected_index(place, length))
    };
    let mut neighbours = Vec::with_capacity(side * side);
    for (place, value) in filtered.iter_mut().enumerate() {
        neighbours.clear();
        for y in near(place / width, height) {
            neighbours.extend(near(place % width, width).map(|x| image[y * width + x]));
        }
        let (_, median, _) = neighbours.select_nth_unstable_by(side * side / 2, f32::total_cmp);
        *value = *median;
    }
}
