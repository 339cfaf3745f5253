//! Fitting a codec to a network and its training images.

use ae_kernels::{Chain, ChainError, PackedChain};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, MatRef, Par};
use rayon::prelude::*;

use crate::CompressionError;
use crate::basis::{self, Analysis, Basis};
use crate::code_quantiser::Dimension;
use crate::codec::Codec;
use crate::error::unfit;
use crate::fixed_point::fixed;
use crate::integer_decoder::FixedDecoder;
use crate::pixel_contexts::{self, CONTEXTS};
use crate::quality::Quality;

/// The largest number of images that frequencies are taken from, and of numbers in them.
const MAX_IMAGES: usize = 8192;
const MAX_NUMBERS: usize = 1 << 23;
/// The decoder's gain is measured on images of this many numbers of codes in total.
const GAINS: usize = 1 << 13;
/// The number of bins in all histograms, which are stored in the weights file.
const ALL_BINS: usize = 1 << 17;
const MOST_DIMENSIONS: usize = 1 << 13;
/// Images that one task processes while they are in its cache. The result does not depend on it.
const IMAGES_PER_TASK: usize = 64;

impl Codec {
    /// Fits a codec to a network and 8-bit training images, `n x channels x height x width`. At most 8192 images
    /// are used. `shape` is `[channels, height, width]`.
    ///
    /// The codec rounds the coordinates of a code in a basis where they are uncorrelated and each moves the image
    /// equally far. For `k` effective coordinates the step is `g / 255 sqrt(pixels / k) / gain`. All coordinates
    /// together then change an image about as much as rounding its pixels to steps of `g` grey levels.
    /// Coordinates that vary less than a step cost almost nothing, as rate-distortion theory requires (Cover and
    /// Thomas 2006, section 10.3.3).
    ///
    /// Codes of more than 256 numbers, and codes whose numbers differ so much in size that integers cannot hold
    /// such a basis, are rounded directly. The step of each number is then inverse to its gain.
    ///
    /// # Errors
    /// If the images are incomplete, or the network's numbers are too large for the integer decoder.
    pub fn fit(
        stack: &Chain,
        parameters: &[f32],
        images: &[u8],
        shape: [usize; 3],
    ) -> Result<Self, CompressionError> {
        FixedDecoder::new(stack, parameters)?;
        let (size, latent) = (stack.inputs(), stack.code_width());
        if images.is_empty() || !images.len().is_multiple_of(size) {
            return Err(CompressionError::NotWholeRows { columns: size, values: images.len() });
        }
        if shape.iter().product::<usize>() != size || latent > MOST_DIMENSIONS {
            return Err(unfit(format!("{shape:?} pixels and {latent} numbers in a code")));
        }
        let chosen = chosen(images, size);
        let packed = PackedChain::new(stack, parameters)?;
        let mut codes = encoded(&packed, &chosen)?;
        let ranges = ranges(&codes, latent);
        let (mut basis, mut gain, mut effective) = (None, 0.0, latent as f64);
        if latent <= basis::LARGEST {
            let fitted = Basis::fit(&codes, latent, &metric(&packed, &codes, &ranges)?)?;
            // Numbers of very different sizes have no basis that integers can hold.
            if let Ok(analysis) = Analysis::new(&fitted.basis) {
                codes = analysis.coordinates(&codes);
                (gain, effective, basis) = (fitted.gain, fitted.effective, Some(fitted.basis));
            }
        }
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
                let gain = match basis {
                    Some(_) => gain,
                    None => single_gain(&packed, &codes, dimension, ranges[dimension])?,
                };
                let step = (size as f64 / effective).sqrt() / (255.0 * gain);
                Ok(Dimension::new(step, low, width, counts))
            })
            .collect::<Result<_, ChainError>>()?;
        let unfinished = Self { basis, dimensions, pixels: Vec::new() };
        let rounded = unfinished.rounded(&codes, Quality::default())?;
        let pixels = pixel_counts(&packed, &chosen, &rounded, shape)?;
        Ok(Self { pixels, ..unfinished })
    }

    /// The places of the images that a fit uses, among so many images of so many pixels. A fit to these alone is the same.
    pub fn sample_places(images: usize, pixels: usize) -> impl Iterator<Item = usize> {
        let count = (MAX_NUMBERS / pixels.max(1)).clamp(1, MAX_IMAGES).min(images);
        (0..count).map(move |index| index * images / count)
    }

    /// The codes of rounded coordinates.
    fn rounded(&self, coordinates: &[f32], quality: Quality) -> Result<Vec<f32>, CompressionError> {
        let quantisers = self.quantisers(quality)?;
        let pairs = coordinates.iter().zip(quantisers.iter().cycle());
        let rounded: Vec<f32> = pairs
            .map(|(&number, quantiser)| {
                let value = quantiser.value(quantiser.quantise(fixed(number, 16)));
                value as f32 / 65536.0
            })
            .collect();
        Ok(match &self.basis {
            Some(basis) => basis.codes(&rounded),
            None => rounded,
        })
    }
}

/// At most [`MAX_IMAGES`] images at equal distances.
fn chosen(images: &[u8], size: usize) -> Vec<u8> {
    let places = Codec::sample_places(images.len() / size, size);
    let chosen: Vec<&[u8]> = places.map(|place| &images[place * size..][..size]).collect();
    chosen.concat()
}

/// The codes of images. Each task converts its own images to floats, so that these stay in its cache.
fn encoded(packed: &PackedChain, images: &[u8]) -> Result<Vec<f32>, ChainError> {
    let (size, latent) = (packed.inputs(), packed.code_width());
    let mut codes = vec![0.0; images.len() / size * latent];
    let slices = images.par_chunks(IMAGES_PER_TASK * size);
    slices.zip(codes.par_chunks_mut(IMAGES_PER_TASK * latent)).try_for_each_init(
        Vec::new,
        |floats, (images, codes)| {
            floats.clear();
            floats.extend(images.iter().map(|&pixel| f32::from(pixel) / 255.0));
            packed.encode(floats, codes)
        },
    )?;
    Ok(codes)
}

/// The range of each dimension of the codes.
fn ranges(codes: &[f32], latent: usize) -> Vec<f32> {
    let column = |number: usize| codes.iter().skip(number).step_by(latent);
    let range = |number| {
        let high = column(number).copied().fold(f32::MIN, f32::max);
        high - column(number).copied().fold(f32::MAX, f32::min)
    };
    (0..latent).map(range).collect()
}

/// Codes at equal distances, at which the decoder's derivative is measured.
fn measured(codes: &[f32], latent: usize) -> Vec<&[f32]> {
    let count = (GAINS / latent).clamp(4, 64).min(codes.len() / latent);
    let stride = codes.len() / latent / count;
    codes.chunks_exact(latent).step_by(stride).take(count).collect()
}

/// The shift of a number for a finite difference.
fn shift(range: f32) -> f32 {
    (range / 16.0).max(1e-3)
}

/// The mean of `J^T J`, for the Jacobian `J` of the decoder: how images change with their codes.
fn metric(packed: &PackedChain, codes: &[f32], ranges: &[f32]) -> Result<Mat<f64>, ChainError> {
    let (latent, size) = (packed.code_width(), packed.outputs());
    let measured = measured(codes, latent);
    let products = measured.par_iter().map(|code| {
        let moved = |sign: f32| {
            let mut rows = code.repeat(latent);
            for (number, row) in rows.chunks_exact_mut(latent).enumerate() {
                row[number] += sign * shift(ranges[number]);
            }
            let mut images = vec![0.0; latent * size];
            packed.decode(&rows, &mut images).map(|()| images)
        };
        let (mut derivatives, below) = (moved(1.0)?, moved(-1.0)?);
        derivatives.iter_mut().zip(below).for_each(|(above, below)| *above -= below);
        for (row, &range) in derivatives.chunks_exact_mut(size).zip(ranges) {
            row.iter_mut().for_each(|change| *change /= 2.0 * shift(range));
        }
        let rows = MatRef::from_row_major_slice(&derivatives, latent, size);
        let mut product = vec![0.0; latent * latent];
        let out = MatMut::from_row_major_slice_mut(&mut product, rows.nrows(), rows.nrows());
        matmul(out, Accum::Replace, rows, rows.transpose(), 1.0, Par::Seq);
        Ok(product)
    });
    let products: Vec<Vec<f32>> = products.collect::<Result<_, ChainError>>()?;
    Ok(Mat::from_fn(latent, latent, |row, column| {
        let place = row * latent + column;
        products.iter().map(|product| f64::from(product[place])).sum::<f64>()
            / products.len() as f64
    }))
}

/// How much an image changes per change of one number of its code: the Euclidean norm over the pixels, and the
/// root mean square over images.
fn single_gain(
    packed: &PackedChain,
    codes: &[f32],
    number: usize,
    range: f32,
) -> Result<f64, ChainError> {
    let latent = packed.code_width();
    let measured = measured(codes, latent);
    let shift = shift(range);
    let shifted = |shift: f32| {
        let mut moved = measured.concat();
        moved.iter_mut().skip(number).step_by(latent).for_each(|value| *value += shift);
        let mut images = vec![0.0; measured.len() * packed.outputs()];
        packed.decode(&moved, &mut images).map(|()| images)
    };
    let (above, below) = (shifted(shift)?, shifted(-shift)?);
    let squares = above.iter().zip(&below).map(|(a, b)| f64::from(a - b) * f64::from(a - b));
    let mean = squares.sum::<f64>() / measured.len() as f64;
    // The step of a number without gain is as large as steps can be.
    Ok(mean.sqrt().max(1e-9) / (2.0 * f64::from(shift)))
}

/// How often each pixel value occurs in each context, where the decoder's predictions are those of these codes.
fn pixel_counts(
    packed: &PackedChain,
    images: &[u8],
    codes: &[f32],
    shape: [usize; 3],
) -> Result<Vec<Vec<u32>>, ChainError> {
    let images = images.par_chunks(IMAGES_PER_TASK * packed.outputs());
    let slices = images.zip(codes.par_chunks(IMAGES_PER_TASK * packed.code_width()));
    // Sums of integers do not depend on their order.
    let counter = slices
        .try_fold(Counter::new, |mut counter, (images, codes)| {
            counter.count(packed, images, codes, shape).map(|()| counter)
        })
        .try_reduce(Counter::new, |counter, other| Ok(counter.plus(other)))?;
    Ok(counter.counts.chunks(256).map(<[u32]>::to_vec).collect())
}

/// Counts of the 256 values of a pixel, context after context, and memory for a slice.
struct Counter {
    counts: Vec<u32>,
    decoded: Vec<f32>,
    predicted: Vec<u8>,
}

impl Counter {
    fn new() -> Self {
        Self { counts: vec![0; 256 * CONTEXTS], decoded: Vec::new(), predicted: Vec::new() }
    }

    fn count(
        &mut self,
        packed: &PackedChain,
        images: &[u8],
        codes: &[f32],
        shape: [usize; 3],
    ) -> Result<(), ChainError> {
        let Self { counts, decoded, predicted } = self;
        decoded.resize(images.len(), 0.0);
        packed.decode(codes, decoded)?;
        predicted.clear();
        predicted.extend(decoded.iter().map(|&value| nearest_level(value)));
        let size = packed.outputs();
        for (image, predicted) in images.chunks_exact(size).zip(predicted.chunks_exact(size)) {
            let counted = pixel_contexts::visit(shape, predicted, |place, context| {
                counts[256 * context + usize::from(image[place])] += 1;
                Ok::<u8, std::convert::Infallible>(image[place])
            });
            counted.unwrap_or_else(|never| match never {});
        }
        Ok(())
    }

    fn plus(mut self, other: Self) -> Self {
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, count)| *sum += count);
        self
    }
}

/// The grey level nearest to a pixel in [0, 1]; of two equally near, the upper one. It equals `round`, which is a
/// function call for every pixel on processors without a rounding instruction.
fn nearest_level(value: f32) -> u8 {
    let level = (value * 255.0).clamp(0.0, 255.0);
    let below = level as u8;
    // Exact: the two are within a factor of 2, or the lower is 0.
    below + u8::from(level - f32::from(below) >= 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_level_is_that_of_rounding() {
        let rounded = |value: f32| (value * 255.0).round().clamp(0.0, 255.0) as u8;
        let near = (0..=510).flat_map(|half| {
            let middle = half as f32 / 510.0;
            (-3..=3)
                .map(move |ulps: i32| f32::from_bits(middle.to_bits().wrapping_add_signed(ulps)))
        });
        let odd = [-1.0, -0.0, 2.0, 1e30, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
        for value in near.chain(odd) {
            assert_eq!(nearest_level(value), rounded(value), "{value}");
        }
    }
}
