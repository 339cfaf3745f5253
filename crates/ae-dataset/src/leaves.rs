//! Dead leaves: procedural pictures with the statistics of photographs.
//!
//! Opaque leaves of random shape, size and colour lie on each other, as in the dead leaves model (Matheron 1968; Lee,
//! Mumford and Huang, "Occlusion models for natural images: a study of the statistics of a scale-invariant dead leaves
//! model", International Journal of Computer Vision 41, 2001). Networks that were trained on such pictures restore
//! photographs nearly as well as those trained on photographs (Achddou, Gousseau and Ladjal, "Synthetic images as a
//! regularity prior for image restoration neural networks", SSVM 2021; with textures and a camera: Achddou, Gousseau, Ladjal
//! and Suesstrunk, "VibrantLeaves", arXiv 2504.10201). No picture of anybody is needed.
//!
//! What makes them like photographs:
//! - The radii have the density `r^-3` from `r_min` to `r_max` ([`scene`]), which makes the picture scale-invariant: its power
//!   spectrum falls as that of photographs does. `r_min` is near a pixel, so that there is detail at the finest scale, and
//!   `r_max` is the picture's longer side, so that there are flat areas.
//! - Colours come from a few clusters a picture, with weak, correlated chroma ([`palette`]): large and small contrasts.
//! - Leaves are shaded, and many have a texture ([`texture`]).
//! - The picture is drawn at twice its size and averaged with a camera's blur ([`render`]), so that edges are not aligned with
//!   pixels and as sharp as a lens makes them.
//!
//! The code uses only additions, multiplications, divisions and square roots. IEEE 754 defines how they round, so the same
//! seed gives the same bytes on every machine.

mod outline;
mod palette;
mod render;
mod scene;
mod texture;

use ae_random::{Seed, Stream};
use rayon::prelude::*;

use crate::limits::MAX_HALF_BYTES;
use crate::{DatasetError, ImageShape, Images, Pixels};
use texture::Textures;

/// Procedural pictures like photographs, grey or RGB, of any size, without labels.
///
/// Picture `i` depends on the seed, the half (training or test), the shape and `i` alone. It does not depend on the number of
/// pictures, of threads, or on the machine. A core of a Zen 3 makes
/// some 5 megapixels a second.
///
/// ```
/// use ae_dataset::{ImageShape, Leaves};
///
/// # fn main() -> Result<(), ae_dataset::DatasetError> {
/// let pictures = Leaves::STANDARD.train(ImageShape::grey(48, 64), 3)?;
/// assert_eq!((pictures.len(), pictures.height(), pictures.width()), (3, 48, 64));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaves {
    seed: Seed,
}

/// Why procedural pictures are not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeavesError {
    /// They are too large.
    #[error("{count} pictures of {shape}: expected at most 16777216 pixels each and 8 GiB in all")]
    TooLarge {
        /// The shape of a picture.
        shape: ImageShape,
        /// The number of pictures.
        count: usize,
    },
}

impl Leaves {
    /// The pictures of the data source `leaves`.
    pub const STANDARD: Self = Self::new(Seed::new(2001));

    /// The shape of the data source's pictures where no other is named: that of the usual training set of 400 photographs.
    pub const SHAPE: ImageShape = ImageShape::grey(180, 180);

    /// The number of the data source's training pictures: 400, as in that set.
    pub const TRAIN: usize = 400;

    /// The number of the data source's test pictures: 68, as in the usual test set of photographs.
    pub const TEST: usize = 68;

    /// The greatest number of pixels of a picture. Drawing one takes some 20 bytes a pixel.
    pub const MOST_PIXELS: usize = 1 << 24;

    /// The pictures of a seed.
    pub const fn new(seed: Seed) -> Self {
        Self { seed }
    }

    /// The first `count` training pictures of this shape.
    ///
    /// # Errors
    /// If `count` is 0, the shape has another number of channels than 1 or 3, a side is 0 or too long, or the pictures take
    /// more than 8 GiB.
    pub fn train(self, shape: ImageShape, count: usize) -> Result<Images, DatasetError> {
        self.generate("leaves/train", shape, count)
    }

    /// The first `count` test pictures of this shape. They come from another random stream than the training pictures.
    ///
    /// # Errors
    /// As [`train`](Self::train).
    pub fn test(self, shape: ImageShape, count: usize) -> Result<Images, DatasetError> {
        self.generate("leaves/test", shape, count)
    }

    fn generate(
        self,
        stream: &str,
        shape: ImageShape,
        count: usize,
    ) -> Result<Images, DatasetError> {
        let size = shape.checked_size().unwrap_or(0);
        if size == 0 || count == 0 {
            return Err(DatasetError::NotWholeImages { shape, pixels: 0 });
        }
        let bytes = size.saturating_mul(count);
        if size / shape.channels > Self::MOST_PIXELS || bytes as u64 > MAX_HALF_BYTES {
            return Err(LeavesError::TooLarge { shape, count }.into());
        }
        let textures = Textures::drawn(&self.seed.stream("leaves/textures"));
        let stream: Stream = self.seed.stream(stream);
        let mut pixels = vec![0; bytes];
        pixels.par_chunks_exact_mut(size).enumerate().for_each(|(picture, pixels)| {
            render::draw(stream.at(0, picture as u64), &textures, shape, pixels);
        });
        Images::of_shape(shape, Pixels::Bytes(pixels))
    }
}

/// A bell-shaped random number in [-3, 3] with mean 0 and variance 1: a sum of three uniform numbers.
fn bell(stream: &mut Stream) -> f32 {
    2.0 * (stream.uniform() + stream.uniform() + stream.uniform()) - 3.0
}

/// A number from `low` to `high`, uniform.
fn between(low: f32, high: f32, stream: &mut Stream) -> f32 {
    low + (high - low) * stream.uniform()
}

/// A direction, uniform on the circle: a point in the disc, scaled to length 1.
fn direction(stream: &mut Stream) -> [f32; 2] {
    loop {
        let (x, y) = (between(-1.0, 1.0, stream), between(-1.0, 1.0, stream));
        let square = x * x + y * y;
        if (0.01..=1.0).contains(&square) {
            let length = square.sqrt();
            return [x / length, y / length];
        }
    }
}
