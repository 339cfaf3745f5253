//! What scores are fitted to.

use super::calibration::enough;
use crate::{AnalysisError, Rows};

/// The least variance of a pixel's residual, as a fraction of the mean variance: a pixel that hardly varies
/// among normals would decide alone.
const VARIANCE_FLOOR: f64 = 0.1;
/// The least variance of any residual: that of the rounding of `f32` pixels in [0, 1]. Residuals that do not
/// vary at all are measured by it, so that whatever differs later stands out.
pub(super) const ROUNDING: f64 = 1e-13;

/// What scores are fitted to, gathered chunk by chunk: sums of the normals' residuals, and their codes.
#[derive(Debug, Clone, PartialEq)]
pub struct NormalMoments {
    items: usize,
    /// The first residual. Sums are of differences from it, so that what does not vary sums to 0.
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
    /// Of no items yet.
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

    /// Takes the next normals, in order.
    ///
    /// # Errors
    /// If residuals and codes are not as many or of another length, or a number is not finite.
    pub fn add(&mut self, residuals: Rows<'_>, codes: Rows<'_>) -> Result<(), AnalysisError> {
        residuals.check_columns(self.sum.len())?;
        codes.check_columns(self.latent)?;
        if residuals.len() != codes.len() {
            return Err(AnalysisError::Count { expected: residuals.len(), found: codes.len() });
        }
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

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// Checks that the items are enough to fit something to.
    pub(super) fn check_enough(&self) -> Result<(), AnalysisError> {
        enough(self.items)
    }

    pub(super) fn pixels(&self) -> PixelMoments {
        self.about(self.items as f64, self.sum.iter().zip(&self.squares).map(|(&s, &q)| (s, q)))
    }

    /// Those of all items but one.
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

    /// That of all items but one.
    pub(super) fn mean_square_without(&self, residual: &[f32]) -> f64 {
        let rest = (self.energy - energy(residual)).max(0.0);
        rest / ((self.items - 1) * self.sum.len()) as f64
    }

    pub(super) fn codes(&self) -> Result<Rows<'_>, AnalysisError> {
        Rows::new(&self.codes, self.latent)
    }
}

impl PixelMoments {
    /// The variances that residuals are divided by: at least a part of their mean, and rounding.
    pub(super) fn floored(&self) -> Vec<f64> {
        let average = self.variance.iter().sum::<f64>() / self.variance.len() as f64;
        let least = (VARIANCE_FLOOR * average).max(ROUNDING);
        self.variance.iter().map(|variance| variance.max(least)).collect()
    }
}

fn energy(residual: &[f32]) -> f64 {
    residual.iter().map(|&value| f64::from(value) * f64::from(value)).sum()
}
