//! Compression: bytes an image over its quality, beside JPEG, PNG, zstd and PCA.

mod curve;
mod file_formats;
mod report;

use ae_analysis::{Codec, Compressor, Mode, Pca, Quality, Rows};
use ae_dataset::{Dataset, ImageShape};
use serde::{Deserialize, Serialize};

use self::curve::{Curve, Point, psnr};
use self::file_formats::{GreyImages, Lossless};
use super::Workbench;
use crate::ExperimentError;

/// Images in a figure.
const COLUMNS: usize = 10;
/// Qualities at which the exact mode is tried; the smallest file counts.
const EXACT_QUALITIES: [u8; 3] = [3, 5, 7];

/// Autoencoders as compressors of grey 8-bit images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compression {
    /// Widths from the pixels to the code, a model each; the decoder mirrors them.
    pub models: Vec<Vec<usize>>,
    /// Components of the PCA that is compressed with by the same codec.
    pub pca_components: usize,
}

/// A model as a compressor, and what it made of the test images.
struct Measured {
    compressor: Compressor,
    curve: Curve,
    exact: f64,
}

/// All that was measured.
struct Comparison {
    autoencoders: Vec<Measured>,
    pca: Measured,
    jpeg: Curve,
    jpeg_mosaic: Curve,
    lossless: Lossless,
}

impl Compression {
    pub(super) fn run(&self, bench: &mut Workbench) -> Result<(), ExperimentError> {
        let dataset = bench.dataset();
        let pixels = self.check(dataset)?;
        let mut autoencoders = Vec::new();
        for widths in &self.models {
            let spec = bench.with_widths(widths);
            let widths = spec.model.encoder.iter().map(ToString::to_string);
            let name = widths.collect::<Vec<_>>().join("-");
            let model = bench.train_with_codec(&name, spec, dataset)?;
            bench.say(&format!("compressing with {name}"));
            autoencoders.push(measure(name, model.compressor()?, pixels)?);
        }
        bench.say("PCA");
        let name = format!("PCA-{}", self.pca_components);
        let pca = measure(name, self.pca(dataset)?, pixels)?;
        bench.say("JPEG, PNG and zstd");
        let ImageShape { height, width, .. } = dataset.test.shape();
        let grey = GreyImages { pixels, height, width };
        let shown = shown(pixels, height * width);
        let comparison = Comparison {
            autoencoders,
            pca,
            jpeg: grey.jpeg_each(shown)?,
            jpeg_mosaic: grey.jpeg_mosaic(shown)?,
            lossless: grey.lossless()?,
        };
        report::write(&comparison, pixels, bench)
    }

    /// The test images' bytes.
    fn check<'a>(&self, dataset: &'a Dataset) -> Result<&'a [u8], ExperimentError> {
        let wrong = |setting, expected: &str, found: String| {
            Err(ExperimentError::Setting { setting, expected: expected.to_owned(), found })
        };
        let channels = dataset.test.shape().channels;
        if self.models.is_empty() {
            return wrong("study.models", "at least one model", "none".to_owned());
        }
        match dataset.test.bytes() {
            Some(bytes) if channels == 1 => Ok(bytes),
            Some(_) => wrong("data.source", "grey images", format!("{channels} channels")),
            None => wrong("data.source", "8-bit images", "floats".to_owned()),
        }
    }

    /// PCA as a network of two linear layers, with a codec fitted as to any other.
    fn pca(&self, dataset: &Dataset) -> Result<Compressor, ExperimentError> {
        let (train, shape) = (&dataset.train, dataset.train.shape());
        let shape = [shape.channels, shape.height, shape.width];
        let floats = train.to_floats();
        let pca = Pca::fit(Rows::new(&floats, train.image_size())?, self.pca_components)?;
        let (stack, parameters) = pca.network();
        let codec = Codec::fit(&stack, &parameters, train.bytes().unwrap_or_default(), shape)?;
        Ok(Compressor::new(&stack, &parameters, codec, shape)?)
    }
}

/// How many numbers the first images have.
fn shown(pixels: &[u8], size: usize) -> usize {
    pixels.len().min(COLUMNS * size)
}

/// Compresses the test images at every quality and brings them back.
fn measure(
    name: String,
    compressor: Compressor,
    pixels: &[u8],
) -> Result<Measured, ExperimentError> {
    let point = |quality: Quality| {
        let file = compressor.compress(pixels, quality, Mode::Lossy)?;
        let archive = compressor.open(&file)?;
        let found = archive.images(0, archive.len())?;
        let shown = shown(pixels, pixels.len() / archive.len());
        Ok(Point {
            setting: quality.to_string(),
            bytes: file.len() as f64 / archive.len() as f64,
            psnr: psnr(pixels, &found),
            first: found[..shown].iter().map(|&byte| f32::from(byte) / 255.0).collect(),
        })
    };
    let points = Quality::all().map(point).collect::<Result<_, ExperimentError>>()?;
    let exact = exact_bytes(&compressor, pixels)?;
    Ok(Measured { curve: Curve { name, points }, compressor, exact })
}

/// Bytes an image of the smallest file from which all images come back bit for bit.
fn exact_bytes(compressor: &Compressor, pixels: &[u8]) -> Result<f64, ExperimentError> {
    let mut smallest: Option<Vec<u8>> = None;
    for quality in EXACT_QUALITIES {
        let file = compressor.compress(pixels, Quality::new(quality)?, Mode::Exact)?;
        if smallest.as_ref().is_none_or(|smallest| file.len() < smallest.len()) {
            smallest = Some(file);
        }
    }
    let file = smallest.unwrap_or_default();
    let archive = compressor.open(&file)?;
    if archive.images(0, archive.len())? != pixels {
        let reason = "other pixels came back".to_owned();
        return Err(ExperimentError::Format { format: "the exact mode", reason });
    }
    Ok(file.len() as f64 / archive.len() as f64)
}
