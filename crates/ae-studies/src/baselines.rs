//! Denoising without a network: a median filter, and a projection onto principal components.

use ae_analysis::{MedianWindow, Pca, Rows, median_filter};
use ae_dataset::ImageShape;
use ae_training::TrainingBatch;
use ae_training::metrics::mse;

use crate::StudyError;

/// The two methods with the settings that were chosen for one noise.
pub(super) struct Baselines {
    shape: ImageShape,
    window: MedianWindow,
    projection: Pca,
}

impl Baselines {
    /// Chooses the window, and among `components` the number of components, with the smallest squared
    /// error on noisy training images; the first of equal ones. `pca` has at least the largest of these
    /// numbers.
    pub(super) fn choose(
        train: &TrainingBatch,
        shape: ImageShape,
        pca: &Pca,
        components: &[usize],
    ) -> Result<Self, StudyError> {
        let TrainingBatch { inputs, targets } = train;
        let window = best_median_window(inputs, targets, shape)?;
        let mut chosen = Self { shape, window, projection: pca.clone() };
        let mut least = f64::INFINITY;
        for &count in components {
            let projection = pca.truncated(count)?;
            let error = mse(&projected(inputs, &projection)?, targets);
            if error < least {
                (chosen.projection, least) = (projection, error);
            }
        }
        Ok(chosen)
    }

    /// The side of the median's window, in pixels.
    pub(super) fn side(&self) -> usize {
        self.window.side()
    }

    /// The number of components that images are projected onto.
    pub(super) fn components(&self) -> usize {
        self.projection.components()
    }

    /// Images after the median filter.
    pub(super) fn median(&self, images: &[f32]) -> Result<Vec<f32>, StudyError> {
        filtered(images, self.shape, self.window)
    }

    /// Images after the projection, clipped to [0, 1].
    pub(super) fn projection(&self, images: &[f32]) -> Result<Vec<f32>, StudyError> {
        projected(images, &self.projection)
    }
}

/// The window of a median filter with the smaller squared error between filtered noisy images and the clean ones; the
/// narrow one of equals.
pub(super) fn best_median_window(
    noisy: &[f32],
    clean: &[f32],
    shape: ImageShape,
) -> Result<MedianWindow, StudyError> {
    let error =
        |window| -> Result<f64, StudyError> { Ok(mse(&filtered(noisy, shape, window)?, clean)) };
    let is_narrow = error(MedianWindow::Three)? <= error(MedianWindow::Five)?;
    Ok(if is_narrow { MedianWindow::Three } else { MedianWindow::Five })
}

fn filtered(
    images: &[f32],
    shape: ImageShape,
    window: MedianWindow,
) -> Result<Vec<f32>, StudyError> {
    let rows = Rows::new(images, shape.size())?;
    Ok(median_filter(rows, [shape.height, shape.width], window)?)
}

fn projected(images: &[f32], pca: &Pca) -> Result<Vec<f32>, StudyError> {
    let mut projections = pca.reconstruct(Rows::new(images, pca.columns())?)?;
    projections.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
    Ok(projections)
}

#[cfg(test)]
mod tests {
    use ae_corruption::{Corruption as _, Noise};
    use ae_random::Seed;

    use super::*;

    const SHAPE: ImageShape = ImageShape::grey(12, 12);

    /// Images of bars of this width, at one of three places each, clean and with a noise.
    fn bars(width: usize, noise: &str) -> TrainingBatch {
        let noise: Noise = noise.parse().unwrap();
        let pixel = |image: usize, column: usize| (column / width % 3 == image % 3) as u8 as f32;
        let clean = |image| (0..SHAPE.size()).map(move |at| pixel(image, at % SHAPE.width));
        let targets: Vec<f32> = (0..60).flat_map(clean).collect();
        let mut inputs = targets.clone();
        for (image, pixels) in (0..).zip(inputs.chunks_mut(SHAPE.size())) {
            let mut stream = Seed::new(1).stream("noise").at(0, image);
            noise.corrupt(pixels, SHAPE.height, SHAPE.width, &mut stream);
        }
        TrainingBatch { inputs, targets }
    }

    fn choose(width: usize, noise: &str, components: &[usize]) -> Baselines {
        let train = bars(width, noise);
        let pca = Pca::fit(Rows::new(&train.targets, SHAPE.size()).unwrap(), 40).unwrap();
        Baselines::choose(&train, SHAPE, &pca, components).unwrap()
    }

    #[test]
    fn fine_bars_need_the_narrow_window_and_strong_noise_the_wide_one() {
        // Of five columns, a bar of two is the minority.
        assert_eq!(choose(2, "salt-and-pepper:0.02", &[2]).side(), 3);
        assert_eq!(choose(4, "salt-and-pepper:0.6", &[2]).side(), 5);
    }

    #[test]
    fn images_that_span_a_plane_are_projected_onto_two_components() {
        // Bars at three places span a plane; every other direction holds noise alone.
        let chosen = choose(4, "gaussian:0.5", &[1, 2, 10, 40]);
        assert_eq!(chosen.components(), 2);
        let TrainingBatch { inputs, targets } = bars(4, "gaussian:0.5");
        let projection = chosen.projection(&inputs).unwrap();
        assert!(mse(&projection, &targets) < mse(&chosen.median(&inputs).unwrap(), &targets));
        assert!(projection.iter().all(|value| (0.0..=1.0).contains(value)));
    }
}
