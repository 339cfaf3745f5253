//! Compression: bytes an image over its quality, beside JPEG, PNG, zstd and PCA.

mod curve;
mod file_formats;
mod report;

use ae_analysis::{Pca, Rows};
use ae_compression::{Codec, Compressor, Mode, Quality};
use ae_dataset::{Dataset, ImageShape, Images};
use ae_experiment::Compression;

use self::curve::{Curve, Point, psnr};
use self::file_formats::{GreyImages, Lossless};
use crate::error::{StudyError, setting};
use crate::setup::{Attach, Setup, StudyModel, check_components, check_distinct};
use crate::study::Study;
use crate::workbench::Workbench;

/// Images in a figure.
const COLUMNS: usize = 10;
/// Qualities at which the exact mode is tried; the smallest file counts.
const EXACT_QUALITIES: [u8; 3] = [3, 5, 7];

/// The longest code that a codec supports.
const LONGEST_CODE: usize = 1 << 13;

/// A model as a compressor, with its files of the test images measured.
struct Measured {
    compressor: Compressor,
    curve: Curve,
    exact: f64,
}

/// All methods, measured.
struct Comparison {
    autoencoders: Vec<Measured>,
    pca: Measured,
    jpeg: Curve,
    jpeg_mosaic: Curve,
    lossless: Lossless,
}

impl Study for Compression {
    fn check(&self, setup: &Setup) -> Result<Vec<StudyModel>, StudyError> {
        let dataset = setup.dataset;
        check_pixels(dataset)?;
        let train = &dataset.train;
        check_components("study.pca_components", &[self.pca_components], train)?;
        if self.models.is_empty() {
            return Err(setting("study.models", "at least one model", "none"));
        }
        check_distinct("study.models", self.models.iter().map(|widths| format!("{widths:?}")))?;
        let codes = self.models.iter().filter_map(|widths| widths.last());
        if let Some(code) = codes.chain([&self.pca_components]).find(|&&code| code > LONGEST_CODE) {
            let expected = format!("codes of at most {LONGEST_CODE} numbers, which a codec holds");
            return Err(setting("study.models", &expected, &code.to_string()));
        }
        let model = |widths: &Vec<usize>| {
            let spec = setup.with_widths(widths)?;
            Ok(StudyModel { attach: Attach::Codec, ..StudyModel::new(name(train, widths), spec) })
        };
        self.models.iter().map(model).collect()
    }

    fn run(&self, bench: &mut Workbench) -> Result<(), StudyError> {
        let dataset = bench.dataset();
        let pixels = dataset.test.bytes().unwrap_or_default();
        let mut autoencoders = Vec::new();
        for widths in &self.models {
            let name = name(&dataset.train, widths);
            let model = bench.model(&name)?;
            bench.say(&format!("compressing with {name}"));
            autoencoders.push(measure(name, model.compressor()?, pixels)?);
        }
        bench.say("PCA");
        let name = format!("PCA-{}", self.pca_components);
        let pca = measure(name, pca(self, dataset)?, pixels)?;
        bench.say("JPEG, PNG and zstd");
        let ImageShape { height, width, .. } = dataset.test.shape();
        let grey = GreyImages { pixels, height, width };
        let shown = drawn_pixels(pixels, height * width);
        let comparison = Comparison {
            autoencoders,
            pca,
            jpeg: grey.jpeg_each(shown)?,
            jpeg_mosaic: grey.jpeg_mosaic(shown)?,
            lossless: grey.lossless()?,
        };
        report::write(&comparison, pixels, bench)
    }
}

/// A model's widths, from the pixels to the code.
fn name(images: &Images, widths: &[usize]) -> String {
    let widths = [&[images.image_size()], widths].concat();
    widths.iter().map(ToString::to_string).collect::<Vec<_>>().join("-")
}

/// Refuses all but grey 8-bit images, which every format supports.
fn check_pixels(dataset: &Dataset) -> Result<(), StudyError> {
    let ImageShape { channels, height, width } = dataset.test.shape();
    if dataset.test.bytes().is_none() || dataset.train.bytes().is_none() {
        return Err(setting("data.source", "8-bit images", "floats"));
    }
    if channels != 1 {
        return Err(setting("data.source", "grey images", &format!("{channels} channels")));
    }
    // The mosaic holds all test images in one picture.
    let columns = (dataset.test.len() as f64).sqrt().ceil() as usize;
    let side = (dataset.test.len().div_ceil(columns.max(1)) * height).max(columns * width);
    if side > usize::from(u16::MAX) {
        let expected =
            format!("of test images that make a JPEG of at most {} pixels a side", u16::MAX);
        return Err(setting("data.source", &expected, &side.to_string()));
    }
    Ok(())
}

/// PCA as a network of two linear layers, with a codec fitted as to any other.
fn pca(study: &Compression, dataset: &Dataset) -> Result<Compressor, StudyError> {
    let (train, shape) = (&dataset.train, dataset.train.shape());
    let shape = [shape.channels, shape.height, shape.width];
    let floats = train.to_floats();
    let pca = Pca::fit(Rows::new(&floats, train.image_size())?, study.pca_components)?;
    let (stack, parameters) = pca.network();
    let codec = Codec::fit(&stack, &parameters, train.bytes().unwrap_or_default(), shape)?;
    Ok(Compressor::new(&stack, &parameters, codec, shape)?)
}

/// How many of the pixels belong to the images of the figure.
fn drawn_pixels(pixels: &[u8], size: usize) -> usize {
    pixels.len().min(COLUMNS * size)
}

/// Compresses the test images at every quality and brings them back.
fn measure(name: String, compressor: Compressor, pixels: &[u8]) -> Result<Measured, StudyError> {
    let point = |quality: Quality| {
        let file = compressor.compress(pixels, quality, Mode::Lossy)?;
        let archive = compressor.open(&file)?;
        let found = archive.images(0, archive.len())?;
        let shown = drawn_pixels(pixels, pixels.len() / archive.len());
        Ok(Point {
            setting: quality.to_string(),
            bytes: file.len() as f64 / archive.len() as f64,
            psnr: psnr(pixels, &found),
            first: found[..shown].iter().map(|&byte| f32::from(byte) / 255.0).collect(),
        })
    };
    let points = Quality::all().map(point).collect::<Result<_, StudyError>>()?;
    let exact = exact_bytes(&compressor, pixels)?;
    Ok(Measured { curve: Curve { name, points }, compressor, exact })
}

/// Bytes an image of the smallest file from which all images come back bit for bit.
fn exact_bytes(compressor: &Compressor, pixels: &[u8]) -> Result<f64, StudyError> {
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
        return Err(StudyError::Format { format: "the exact mode", reason });
    }
    Ok(file.len() as f64 / archive.len() as f64)
}
