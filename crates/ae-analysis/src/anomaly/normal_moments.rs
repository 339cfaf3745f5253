//! Sums over the normal items that scores are fitted to.

use crate::error::{check_count, check_enough};
use crate::{AnalysisError, Rows};

/// Lower bound of a pixel's residual variance, as a fraction of the mean variance. Without it, a pixel that hardly
/// varies among normal items would dominate the score.
const VARIANCE_FLOOR: f64 = 0.1;
/// Lower bound of any residual variance: that of the rounding of `f32` pixels in [0, 1]. It is used where
/// residuals do not vary at all, so that any later difference gets a high score.
pub(super) const ROUNDING: f64 = 1e-13;

/// What scores are fitted to, gathered chunk by chunk: sums over the residuals of normal items, and their codes.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalMoments {
    items: usize,
    /// The first residual. Sums are of differences from it, so that a constant residual has variance 0 exactly.
    origin: Vec<f64>,
    sum: Vec<f64>,
    squares: Vec<f64>,
    /// The sum of the squared residuals themselves.
    energy: f64,
    codes: Vec<f32>,
    latent: usize,
}

/// Mean and variance (divided by the number of items) of each pixel's residual.
#[derive(Debug, Clone, Default)]
pub(super) struct PixelMoments {
    pub(super) mean: Vec<f64>,
    pub(super) variance: Vec<f64>,
}

impl NormalMoments {
    /// No items yet, for residuals of `pixels` numbers and codes of `latent` numbers.
    pub fn new(pixels: usize, latent: usize) -> Self {
        let zeros = vec![0.0; pixels];
        Self {
            items: 0,
            origin: zeros.clone(),
            sum: zeros.clone(),
            squares: zeros,
            energy: 0.0,
            codes: Vec::new(),
            latent,
        }
    }

    /// Adds the next normal items, in order: residuals `n x pixels` and codes `n x latent`.
    ///
    /// # Errors
    /// If residuals and codes differ in number or have another length, or a number is not finite.
    pub fn add(&mut self, residuals: Rows<'_>, codes: Rows<'_>) -> Result<(), AnalysisError> {
        residuals.check_columns(self.sum.len())?;
        codes.check_columns(self.latent)?;
        check_count("codes", residuals.len(), codes.len())?;
        residuals.check_finite()?;
        codes.check_finite()?;
        if self.items == 0 {
            let first = self.origin.iter_mut().zip(residuals.row(0));
            first.for_each(|(origin, &value)| *origin = f64::from(value));
        }
        for residual in residuals.iter() {
            let sums = self.sum.iter_mut().zip(&mut self.squares).zip(&self.origin);
            for (((sum, square), origin), &value) in sums.zip(residual) {
                let value = f64::from(value) - origin;
                *sum += value;
                *square += value * value;
            }
            self.energy += energy(residual);
        }
        self.codes.extend(codes.values());
        self.items += residuals.len();
        Ok(())
    }

    /// The number of items.
    pub fn len(&self) -> usize {
        self.items
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// Checks that there are enough items for a fit.
    pub(super) fn check_enough(&self) -> Result<(), AnalysisError> {
        check_enough(self.items)
    }

    pub(super) fn pixels(&self) -> PixelMoments {
        self.about(self.items as f64, self.sum.iter().zip(&self.squares).map(|(&s, &q)| (s, q)))
    }

    /// The same of all items except the one with this residual.
    pub(super) fn pixels_without(&self, residual: &[f32]) -> PixelMoments {
        let own =
            residual.iter().zip(&self.origin).map(|(&value, origin)| f64::from(value) - origin);
        let sums = self.sum.iter().zip(&self.squares).zip(own);
        let rest = sums.map(|((sum, square), own)| (sum - own, square - own * own));
        self.about(self.items as f64 - 1.0, rest)
    }

    fn about(&self, items: f64, sums: impl Iterator<Item = (f64, f64)>) -> PixelMoments {
        let mut moments = PixelMoments::default();
        for ((sum, square), origin) in sums.zip(&self.origin) {
            let mean = sum / items;
            moments.mean.push(origin + mean);
            moments.variance.push((square / items - mean * mean).max(0.0));
        }
        moments
    }

    /// The mean squared residual of a pixel.
    pub(super) fn mean_square(&self) -> f64 {
        self.energy / (self.items * self.sum.len()) as f64
    }

    /// The same of all items except the one with this residual.
    pub(super) fn mean_square_without(&self, residual: &[f32]) -> f64 {
        let rest = (self.energy - energy(residual)).max(0.0);
        rest / ((self.items - 1) * self.sum.len()) as f64
    }

    pub(super) fn codes(&self) -> Result<Rows<'_>, AnalysisError> {
        Rows::new(&self.codes, self.latent)
    }
}

impl PixelMoments {
    /// The variances that residuals are divided by, with both lower bounds.
    pub(super) fn floored(&self) -> Vec<f64> {
        let average = self.variance.iter().sum::<f64>() / self.variance.len() as f64;
        let least = (VARIANCE_FLOOR * average).max(ROUNDING);
        self.variance.iter().map(|variance| variance.max(least)).collect()
    }
}

fn energy(residual: &[f32]) -> f64 {
    residual.iter().map(|&value| f64::from(value) * f64::from(value)).sum()
}
