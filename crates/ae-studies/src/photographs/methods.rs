//! The methods that are compared, and how well a method does.

use ae_analysis::{MedianWindow, NonLocalMeans, Rows, gaussian_ssim, median_filter};
use ae_apply::{Model, PictureOptions};
use ae_dataset::{ImageShape, Images};
use ae_random::Seed;
use ae_training::metrics::{mse, psnr};

use super::test_set::{Level, Photograph};
use crate::StudyError;
use crate::baselines::best_median_window;

/// Patches that the median's window is chosen on.
const CHOSEN_ON: usize = 200;

/// What the figure calls a picture without noise.
pub(super) const ORIGINAL: &str = "original";

/// A way to denoise a picture.
pub(super) enum Method {
    /// The noise is left in.
    Noisy,
    Median,
    NonLocalMeans,
    Network {
        name: String,
        /// The levels at which it is judged.
        levels: Vec<u32>,
        model: Box<Model>,
    },
}

impl Method {
    /// The names of the methods that are no networks, as metrics name them.
    pub(super) const BUILT_IN: [&'static str; 3] = ["noisy", "median", "nlm"];

    /// Whether a network of this name could be taken for another method, for the original in the figure, or for one at
    /// noise that is clipped, whose metrics are named `25_clipped_nlm_psnr`.
    pub(super) fn is_taken(name: &str) -> bool {
        Self::BUILT_IN.contains(&name) || name == ORIGINAL || name.starts_with("clipped_")
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Noisy => Self::BUILT_IN[0],
            Self::Median => Self::BUILT_IN[1],
            Self::NonLocalMeans => Self::BUILT_IN[2],
            Self::Network { name, .. } => name,
        }
    }

    pub(super) fn is_judged_at(&self, level: Level) -> bool {
        match self {
            Self::Network { levels, .. } => levels.contains(&level.level),
            _ => true,
        }
    }

    /// What the method makes of a noisy picture, clipped to [0, 1].
    pub(super) fn restored(
        &self,
        noisy: &[f32],
        shape: ImageShape,
        level: Level,
        window: MedianWindow,
    ) -> Result<Vec<f32>, StudyError> {
        let size = [shape.height, shape.width];
        let mut restored = match self {
            // As it is, so that it has the level's error.
            Self::Noisy => return Ok(noisy.to_vec()),
            Self::Median => median_filter(Rows::new(noisy, noisy.len())?, size, window)?,
            Self::NonLocalMeans => NonLocalMeans::for_level(level.sigma()).denoise(noisy, size)?,
            Self::Network { model, .. } => by_network(model, noisy, shape, level)?,
        };
        restored.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        Ok(restored)
    }
}

/// A whole picture through a network. A network that is told the level of the noise is told it here.
fn by_network(
    model: &Model,
    noisy: &[f32],
    shape: ImageShape,
    level: Level,
) -> Result<Vec<f32>, StudyError> {
    let noise_level = model.takes_noise_level().then(|| level.sigma());
    let options = PictureOptions { noise_level, overlap: None };
    Ok(model.reconstruct_picture(noisy.to_vec(), shape, &options, &mut |_, _| ())?)
}

/// The median's window with the smaller squared error on training patches.
pub(super) fn median_window(
    patches: &Images,
    level: Level,
    seed: Seed,
) -> Result<MedianWindow, StudyError> {
    let shape = patches.shape();
    let chosen: Vec<u32> = (0..patches.len().min(CHOSEN_ON) as u32).collect();
    let clean = patches.select(&chosen)?.to_floats();
    let mut noisy = Vec::with_capacity(clean.len());
    for (place, pixels) in clean.chunks_exact(shape.size()).enumerate() {
        let patch = Photograph { shape, pixels: pixels.to_vec() };
        noisy.extend(level.added_to(&patch, place, seed)?);
    }
    best_median_window(&noisy, &clean, shape)
}

/// Sums over the pictures of a set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Quality {
    decibels: f64,
    similarities: f64,
    /// Pictures, and those among them that have a structural similarity.
    pictures: usize,
    with_similarity: usize,
}

impl Quality {
    /// Adds a picture. What is outside [0, 1] is clipped for the similarity, which is defined there.
    pub(super) fn add(
        &mut self,
        photograph: &Photograph,
        restored: &[f32],
    ) -> Result<(), StudyError> {
        let ImageShape { height, width, .. } = photograph.shape;
        self.decibels += psnr(mse(restored, &photograph.pixels));
        self.pictures += 1;
        let clipped: Vec<f32> = restored.iter().map(|value| value.clamp(0.0, 1.0)).collect();
        if let Some(ssim) = gaussian_ssim(&clipped, &photograph.pixels, [height, width])? {
            self.similarities += ssim;
            self.with_similarity += 1;
        }
        Ok(())
    }

    /// The mean of the pictures' PSNR, in dB.
    pub(super) fn psnr(&self) -> f64 {
        self.decibels / self.pictures as f64
    }

    /// The mean structural similarity, if the pictures are large enough for it.
    pub(super) fn ssim(&self) -> Option<f64> {
        (self.with_similarity > 0).then(|| self.similarities / self.with_similarity as f64)
    }
}
