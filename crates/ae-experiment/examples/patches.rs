//! Cuts patches of 40 x 40 pixels from the images of a data set and writes them as a data folder: the data of the
//! denoiser in `cargo xtask bench`, and an example of making a [`Dataset`].
//!
//! `patches DATA OUT`: each patch shows a part of four neighbouring images, at a place that its number decides.

use std::error::Error;
use std::path::Path;

use ae_dataset::{Dataset, Images, LoadOptions, Network, Source, load, replace_folder};

/// The side of a patch.
const SIDE: usize = 40;
/// Patches to train with, and to validate with.
const COUNTS: [usize; 2] = [2000, 200];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [data, out] = arguments.as_slice() else {
        return Err("usage: patches DATA OUT".into());
    };
    let source: Source = data.parse()?;
    let dataset = load(&source, &LoadOptions::default(), Network::Offline, &mut ())?;
    let [train, test] = [(&dataset.train, COUNTS[0]), (&dataset.test, COUNTS[1])]
        .map(|(images, count)| patches(images, count));
    let patches = Dataset::new("patches", format!("patches of {data}"), train?, test?)?;
    Ok(replace_folder(&patches, Path::new(out))?)
}

/// Patches of a mosaic of two by two images; the images follow each other, and begin again after the last.
fn patches(images: &Images, count: usize) -> Result<Images, Box<dyn Error>> {
    let (height, width) = (images.height(), images.width());
    let bytes = images.bytes().filter(|_| images.channels() == 1);
    let bytes = bytes.ok_or("expected grey images of 8 bits")?;
    let [down, across] = [height, width].map(|side| (2 * side).checked_sub(SIDE));
    let too_small = "expected images of at least 20 x 20 pixels";
    let (down, across) = (down.ok_or(too_small)?, across.ok_or(too_small)?);
    let mut pixels = Vec::with_capacity(count * SIDE * SIDE);
    for patch in 0..count {
        // Steps of 5 and 7 reach every place in turn.
        let (top, left) = (5 * patch % (down + 1), 7 * patch % (across + 1));
        for (y, x) in (top..top + SIDE).flat_map(|y| (left..left + SIDE).map(move |x| (y, x))) {
            let image = (4 * patch + 2 * (y / height) + x / width) % images.len();
            pixels.push(bytes[(image * height + y % height) * width + x % width]);
        }
    }
    // A data folder has labels; these say nothing.
    Ok(Images::new(SIDE, SIDE, pixels)?.with_labels(vec![0; count])?)
}
