//! Fitting a codec to a model and its training images.

use ae_kernels::{PackedStack, Stack};
use rayon::prelude::*;

use super::fixed::{FixedDecoder, fixed, unfit};
use super::latents::Dimension;
use super::pixels::{self, CONTEXTS};
use super::{Codec, Quality};
use crate::AnalysisError;

/// Most images that frequencies are taken from, and most numbers in them.
const MAX_IMAGES: usize = 8192;
const MAX_NUMBERS: usize = 1 << 23;
/// Images, times numbers of a code, that the decoder's gain is taken from.
const GAINS: usize = 1 << 11;
/// Bins of all histograms together, so that they fit into a weights file.
const ALL_BINS: usize = 1 << 17;
const MOST_DIMENSIONS: usize = 1 << 13;

impl Codec {
    /// Fits a codec to a network and 8-bit training images, `n x channels x height x width`, of which at
    /// most 8192 are used.
    ///
    /// A number of the code is rounded the more coarsely the less the decoder makes of it: a step of
    /// `g / 255 sqrt(pixels / numbers) / gain`, where the gain is the decoder's change per change of the
    /// number, as a root mean square over images. Then all numbers together change an image about as much
    /// as rounding its pixels to steps of `g` grey levels would. For orthonormal linear decoders, such as
    /// PCA's, all steps are equal, as rate-distortion theory asks (Cover & Thomas 2006, section 10.3.3).
    ///
    /// # Errors
    /// If the images are not whole, or the model's numbers are too large for integers.
    pub fn fit(
        stack: &Stack,
        parameters: &[f32],
        images: &[u8],
        shape: [usize; 3],
    ) -> Result<Self, AnalysisError> {
        FixedDecoder::new(stack, parameters)?;
        let (size, latent) = (stack.inputs(), stack.code_width());
        if images.is_empty() || !images.len().is_multiple_of(size) {
            return Err(AnalysisError::NotWholeRows { columns: size, values: images.len() });
        }
        if shape.iter().product::<usize>() != size || latent > MOST_DIMENSIONS {
            return Err(unfit(format!("{shape:?} pixels and {latent} numbers in a code")));
        }
        let chosen = chosen(images, size);
        let packed = PackedStack::new(stack, parameters);
        let floats: Vec<f32> = chosen.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        let count = chosen.len() / size;
        let mut codes = vec![0.0; count * latent];
        packed.encode(&floats, &mut codes);
        let bins = (ALL_BINS / latent).clamp(8, 256);
        let dimensions = (0..latent)
            .into_par_iter()
            .map(|dimension| {
                let column: Vec<i64> =
                    codes.iter().skip(dimension).step_by(latent).map(|&x| fixed(x, 16)).collect();
                let low = column.iter().copied().min().unwrap_or(0);
                let high = column.iter().copied().max().unwrap_or(0);
                let width = (high - low) / bins as i64 + 1;
                let mut counts = vec![0; bins];
                column.iter().for_each(|value| counts[((value - low) / width) as usize] += 1);
                let gain = gain(&packed, &codes, dimension, (high - low) as f32 / 65536.0);
                let step = (size as f64 / latent as f64).sqrt() / (255.0 * gain);
                Dimension::new(step, low, width, counts)
            })
            .collect();
        let unfinished = Self { dimensions, pixels: Vec::new() };
        let mut rounded = unfinished.rounded(&codes, Quality::default())?;
        let mut decoded = std::mem::take(&mut codes);
        decoded.resize(count * size, 0.0);
        packed.decode(&rounded, &mut decoded);
        rounded.clear();
        let pixels = pixel_counts(chosen, decoded, shape);
        Ok(Self { pixels, ..unfinished })
    }

    /// Codes as they are after rounding.
    fn rounded(&self, codes: &[f32], quality: Quality) -> Result<Vec<f32>, AnalysisError> {
        let quantisers = self.quantisers(quality)?;
        let pairs = codes.iter().zip(quantisers.iter().cycle());
        Ok(pairs
            .map(|(&code, quantiser)| {
                let value = quantiser.value(quantiser.quantise(fixed(code, 16)));
                value as f32 / 65536.0
            })
            .collect())
    }
}

/// Images at equal distances.
fn chosen(images: &[u8], size: usize) -> Vec<u8> {
    let all = images.len() / size;
    let count = (MAX_NUMBERS / size).clamp(1, MAX_IMAGES).min(all);
    let places = (0..count).map(|index| index * all / count);
    places.flat_map(|place| &images[place * size..][..size]).copied().collect()
}

/// How much an image changes per change of a number of its code; the Euclidean norm over the pixels, the
/// root mean square over images.
fn gain(packed: &PackedStack, codes: &[f32], dimension: usize, range: f32) -> f64 {
    let latent = packed.code_width();
    let count = (GAINS / latent).clamp(4, 64).min(codes.len() / latent);
    let stride = codes.len() / latent / count;
    let shift = (range / 16.0).max(1e-3);
    let shifted = |shift: f32| {
        let rows = codes.chunks_exact(latent).step_by(stride).take(count);
        let mut moved: Vec<f32> = rows.flatten().copied().collect();
        moved.iter_mut().skip(dimension).step_by(latent).for_each(|value| *value += shift);
        let mut images = vec![0.0; count * packed.outputs()];
        packed.decode(&moved, &mut images);
        images
    };
    let (above, below) = (shifted(shift), shifted(-shift));
    let squares = above.iter().zip(&below).map(|(a, b)| f64::from(a - b) * f64::from(a - b));
    let mean = squares.sum::<f64>() / count as f64;
    // Nothing hangs on a number without gain; its unit is then as large as units get.
    mean.sqrt().max(1e-9) / (2.0 * f64::from(shift))
}

fn pixel_counts(images: Vec<u8>, decoded: Vec<f32>, shape: [usize; 3]) -> Vec<Vec<u32>> {
    let size: usize = shape.iter().product();
    let zeros = || vec![vec![0_u32; 256]; CONTEXTS];
    // Sums of whole numbers: any order gives the same.
    images
        .par_chunks(size)
        .zip(decoded.par_chunks(size))
        .fold(zeros, |mut counts, (image, decoded)| {
            let predicted: Vec<u8> =
                decoded.iter().map(|x| (x * 255.0).round().clamp(0.0, 255.0) as u8).collect();
            let counted = pixels::visit(shape, &predicted, |place, context| {
                counts[context][usize::from(image[place])] += 1;
                Ok::<u8, std::convert::Infallible>(image[place])
            });
            counted.unwrap_or_else(|never| match never {});
            counts
        })
        .reduce(zeros, |mut sum, part| {
            sum.iter_mut().flatten().zip(part.iter().flatten()).for_each(|(sum, n)| *sum += n);
            sum
        })
}
