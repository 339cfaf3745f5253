//! Procedural digits: images like handwriting that replace MNIST if it is not available.
//!
//! A digit begins as a skeleton: the path of a pen as a few points per stroke ([`skeletons`]). The hand ([`hand`]) moves
//! the points, bends the paper and slants the writing. A round pen draws the curves through the points ([`curve`]), and
//! the result is placed as MNIST's images were ([`ink`]): scaled to 20 x 20, with its centre of mass at the centre of
//! 28 x 28.
//!
//! The code uses only additions, multiplications, divisions and square roots. IEEE 754 defines how they round, so the
//! same seed gives the same bytes on every machine.

mod curve;
mod hand;
mod ink;
mod skeletons;

use ae_random::{Seed, Stream};
use rayon::prelude::*;

use crate::{DatasetError, Images};
use ink::SIDE;

/// Labelled images of digits like handwriting, 28 x 28, in the style of MNIST.
///
/// Image `i` and its label, uniform in 0 to 9, depend on the seed, the half (training or test) and `i` alone. They do not
/// depend on the number of images, of threads, or on the machine.
///
/// Ink is 255, paper 0. As in MNIST, the longer side of a digit has 20 pixels, and its centre of mass is within half a
/// pixel of the centre of pixel (14, 14). One digit in 4 000, a top-heavy seven, would leave the image for that; it stops
/// at the edge, about a pixel away.
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
    /// The digits that replace MNIST.
    pub const STANDARD: Self = Self::new(Seed::new(28));

    /// The digits of a seed.
    pub const fn new(seed: Seed) -> Self {
        Self { seed }
    }

    /// The first `count` training images.
    ///
    /// # Errors
    /// If `count` is 0.
    ///
    /// # Panics
    /// If the images do not fit into memory: 784 bytes each.
    pub fn train(self, count: usize) -> Result<Images, DatasetError> {
        generate(&self.seed.stream("digits/train"), count)
    }

    /// The first `count` test images. They come from another random stream than the training images.
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

/// Draws one digit into an empty image and returns its label.
fn write_digit(mut stream: Stream, image: &mut [u8]) -> u8 {
    let label = stream.below(10);
    let skeleton = skeletons::choose(label as usize, &mut stream);
    let strokes = hand::write(skeleton, &mut stream);
    ink::draw(&strokes, image);
    label as u8
}
