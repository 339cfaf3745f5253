//! Procedural digits: handwriting-like images that stand in for MNIST where it cannot be had.
//!
//! A digit begins as a skeleton, the path of a pen drawn by hand as a few points a stroke
//! ([`skeletons`]). A hand ([`hand`]) moves the points, bends the paper and slants the writing.
//! The curves through the points ([`curve`]) are inked with a round pen and placed as MNIST's
//! images were ([`ink`]): scaled to 20 x 20, their centre of mass at the centre of 28 x 28.
//!
//! Only additions, multiplications, divisions and square roots are used, which IEEE 754 rounds in
//! one way, so the same seed gives the same bytes on every machine.

mod curve;
mod hand;
mod ink;
mod skeletons;

use ae_random::{Seed, Stream};
use rayon::prelude::*;

use crate::{DatasetError, Images};

/// Rows and columns of an image.
const SIDE: usize = 28;

/// Labelled images of handwriting-like digits, 28 x 28, in the manner of MNIST.
///
/// Image `i` and its label, uniformly one of 0 to 9, depend on the seed, the half and `i` alone:
/// not on how many are generated, on the threads that do it, or on the machine.
///
/// Ink is 255, paper 0. A digit fills 20 pixels on its longer side, and its centre of mass is within
/// half a pixel of the centre of pixel (14, 14), as MNIST's are; where it would have to leave the
/// image for that (one in 4 000, a top-heavy seven) it stops at the edge, about a pixel away.
///
/// ```
/// use ae_dataset::Digits;
///
/// # fn main() -> Result<(), ae_dataset::DatasetError> {
/// let digits = Digits::STANDARD.train(10)?;
/// assert_eq!((digits.len(), digits.height(), digits.width()), (10, 28, 28));
/// assert_eq!(digits, Digits::STANDARD.train(10)?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digits {
    seed: Seed,
}

impl Digits {
    /// The set that stands in for MNIST.
    pub const STANDARD: Self = Self::new(Seed::new(28));

    /// The digits of a seed.
    pub const fn new(seed: Seed) -> Self {
        Self { seed }
    }

    /// The first `count` images to train with.
    ///
    /// # Errors
    /// If `count` is 0.
    ///
    /// # Panics
    /// If the images do not fit into memory: 784 bytes each.
    pub fn train(self, count: usize) -> Result<Images, DatasetError> {
        generate(&self.seed.stream("digits/train"), count)
    }

    /// The first `count` images to test with; drawn apart from the training images.
    ///
    /// # Errors
    /// If `count` is 0.
    ///
    /// # Panics
    /// If the images do not fit into memory: 784 bytes each.
    pub fn test(self, count: usize) -> Result<Images, DatasetError> {
        generate(&self.seed.stream("digits/test"), count)
    }
}

fn generate(stream: &Stream, count: usize) -> Result<Images, DatasetError> {
    let mut pixels = vec![0; count.saturating_mul(SIDE * SIDE)];
    let labels = pixels
        .par_chunks_exact_mut(SIDE * SIDE)
        .enumerate()
        .map(|(sample, image)| write_digit(stream.at(0, sample as u64), image))
        .collect();
    Images::new(SIDE, SIDE, pixels)?.with_labels(labels)
}

/// Writes one digit into an empty image; returns its label.
fn write_digit(mut stream: Stream, image: &mut [u8]) -> u8 {
    let label = stream.below(10);
    let skeleton = skeletons::choose(label as usize, &mut stream);
    let strokes = hand::write(skeleton, &mut stream);
    ink::draw(&strokes, image);
    label as u8
}
