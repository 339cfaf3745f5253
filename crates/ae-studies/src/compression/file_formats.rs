//! The usual formats: PNG, JPEG and zstd, on grey images one by one and on one picture of all images.

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageFormat};
use jpeg_encoder::{ColorType, Encoder};
use rayon::prelude::*;

use super::curve::{Curve, Point, psnr};
use crate::StudyError;

const JPEG_QUALITIES: [u8; 14] = [1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 95];
const ZSTD_LEVEL: i32 = 19;

/// Grey 8-bit images of one size.
pub(super) struct GreyImages<'a> {
    pub(super) pixels: &'a [u8],
    pub(super) height: usize,
    pub(super) width: usize,
}

/// Images beside each other in one picture, so that they share a header.
struct Mosaic {
    pixels: Vec<u8>,
    height: usize,
    width: usize,
    columns: usize,
}

/// Bytes an image of the lossless formats.
pub(super) struct Lossless {
    pub(super) png_each: f64,
    pub(super) png_mosaic: f64,
    pub(super) zstd_each: f64,
    pub(super) zstd_whole: f64,
}

impl GreyImages<'_> {
    fn size(&self) -> usize {
        self.height * self.width
    }

    pub(super) fn count(&self) -> usize {
        self.pixels.len() / self.size()
    }

    fn mosaic(&self) -> Mosaic {
        let columns = (self.count() as f64).sqrt().ceil() as usize;
        let (height, width) = (self.count().div_ceil(columns) * self.height, columns * self.width);
        let mut pixels = vec![0; height * width];
        for (place, row) in self.pixels.chunks_exact(self.width).enumerate() {
            pixels[self.place(place, columns)..][..self.width].copy_from_slice(row);
        }
        Mosaic { pixels, height, width, columns }
    }

    /// Where a row of an image, counted over all of them, begins in a mosaic.
    fn place(&self, row: usize, columns: usize) -> usize {
        let (image, row) = (row / self.height, row % self.height);
        let above = image / columns * self.height + row;
        (above * columns + image % columns) * self.width
    }

    /// The images of a mosaic.
    fn cut(&self, mosaic: &[u8], columns: usize) -> Vec<u8> {
        let rows = 0..self.pixels.len() / self.width;
        rows.flat_map(|row| &mosaic[self.place(row, columns)..][..self.width]).copied().collect()
    }

    pub(super) fn lossless(&self) -> Result<Lossless, StudyError> {
        let images = self.pixels.par_chunks(self.size());
        let png_each = images.clone().map(|image| Ok(png(image, self.width, self.height)?.len()));
        let zstd_each = images.map(|image| Ok(zstd(image)?.len()));
        let png_each = png_each.sum::<Result<usize, StudyError>>()?;
        let zstd_each = zstd_each.sum::<Result<usize, StudyError>>()?;
        let Mosaic { pixels, height, width, .. } = self.mosaic();
        let each = |bytes: usize| bytes as f64 / self.count() as f64;
        Ok(Lossless {
            png_each: each(png_each),
            png_mosaic: each(png(&pixels, width, height)?.len()),
            zstd_each: each(zstd_each),
            zstd_whole: each(zstd(self.pixels)?.len()),
        })
    }

    /// JPEG at a sweep of qualities, a file for each of the images.
    pub(super) fn jpeg_each(&self, shown: usize) -> Result<Curve, StudyError> {
        self.jpeg("JPEG", shown, |quality| {
            let files = self.pixels.par_chunks(self.size()).map(|image| {
                let bytes = jpeg(image, self.width, self.height, quality)?;
                Ok((bytes.len(), pixels_of_jpeg(&bytes)?))
            });
            let files = files.collect::<Result<Vec<_>, StudyError>>()?;
            let bytes = files.iter().map(|(bytes, _)| bytes).sum();
            Ok((bytes, files.into_iter().flat_map(|(_, pixels)| pixels).collect()))
        })
    }

    /// JPEG at the same qualities, with all images in one picture.
    pub(super) fn jpeg_mosaic(&self, shown: usize) -> Result<Curve, StudyError> {
        let mosaic = self.mosaic();
        self.jpeg("JPEG mosaic", shown, |quality| {
            let bytes = jpeg(&mosaic.pixels, mosaic.width, mosaic.height, quality)?;
            Ok((bytes.len(), self.cut(&pixels_of_jpeg(&bytes)?, mosaic.columns)))
        })
    }

    fn jpeg(
        &self,
        name: &str,
        shown: usize,
        compress: impl Fn(u8) -> Result<(usize, Vec<u8>), StudyError>,
    ) -> Result<Curve, StudyError> {
        let point = |quality: &u8| {
            let (bytes, pixels) = compress(*quality)?;
            Ok(Point {
                setting: quality.to_string(),
                bytes: bytes as f64 / self.count() as f64,
                psnr: psnr(self.pixels, &pixels),
                first: pixels[..shown].iter().map(|&byte| f32::from(byte) / 255.0).collect(),
            })
        };
        let points = JPEG_QUALITIES.iter().map(point).collect::<Result<_, StudyError>>()?;
        Ok(Curve { name: name.to_owned(), points })
    }
}

/// The smaller of two files at the best compression: with filters chosen row by row, and with none.
fn png(pixels: &[u8], width: usize, height: usize) -> Result<Vec<u8>, StudyError> {
    let encode = |filter| {
        let mut bytes = Vec::new();
        PngEncoder::new_with_quality(&mut bytes, CompressionType::Best, filter)
            .write_image(pixels, width as u32, height as u32, ExtendedColorType::L8)
            .map_err(|error| failed("PNG", &error))?;
        Ok::<_, StudyError>(bytes)
    };
    let (filtered, plain) = (encode(FilterType::Adaptive)?, encode(FilterType::NoFilter)?);
    Ok(if plain.len() < filtered.len() { plain } else { filtered })
}

/// Baseline JPEG with Huffman tables made for the picture.
fn jpeg(pixels: &[u8], width: usize, height: usize, quality: u8) -> Result<Vec<u8>, StudyError> {
    let side = |side: usize| u16::try_from(side).map_err(|error| failed("JPEG", &error));
    let (width, height) = (side(width)?, side(height)?);
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, quality);
    encoder.set_optimized_huffman_tables(true);
    encoder
        .encode(pixels, width, height, ColorType::Luma)
        .map_err(|error| failed("JPEG", &error))?;
    Ok(bytes)
}

fn pixels_of_jpeg(bytes: &[u8]) -> Result<Vec<u8>, StudyError> {
    let picture = image::load_from_memory_with_format(bytes, ImageFormat::Jpeg)
        .map_err(|error| failed("JPEG", &error))?;
    Ok(picture.into_luma8().into_raw())
}

fn zstd(bytes: &[u8]) -> Result<Vec<u8>, StudyError> {
    zstd::bulk::compress(bytes, ZSTD_LEVEL).map_err(|error| failed("zstd", &error))
}

fn failed(format: &'static str, error: &dyn std::error::Error) -> StudyError {
    StudyError::Format { format, reason: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Five images of 6 x 10: slopes.
    fn pixels() -> Vec<u8> {
        (0..5 * 60).map(|at| (at / 60 * 20 + at % 60 / 10 * 9 + at % 10 * 7) as u8).collect()
    }

    #[test]
    fn a_mosaic_holds_every_image() {
        let pixels = pixels();
        let images = GreyImages { pixels: &pixels, height: 6, width: 10 };
        let mosaic = images.mosaic();
        assert_eq!((mosaic.columns, mosaic.height, mosaic.width), (3, 12, 30));
        // The second row of the fourth image, the first of the second line.
        assert_eq!(mosaic.pixels[7 * 30..][..10], pixels[3 * 60 + 10..][..10]);
        assert!(images.cut(&mosaic.pixels, mosaic.columns) == pixels);
    }

    #[test]
    fn formats_keep_the_pixels() {
        let pixels = pixels();
        let images = GreyImages { pixels: &pixels, height: 6, width: 10 };
        let file = png(&pixels[..60], 10, 6).unwrap();
        let picture = image::load_from_memory_with_format(&file, ImageFormat::Png).unwrap();
        assert!(picture.into_luma8().into_raw() == pixels[..60]);
        assert!(zstd::bulk::decompress(&zstd(&pixels).unwrap(), 1000).unwrap() == pixels);
        for curve in [images.jpeg_each(60).unwrap(), images.jpeg_mosaic(60).unwrap()] {
            let (first, last) = (&curve.points[0], &curve.points[13]);
            assert!(last.psnr > 40.0 && first.psnr < 30.0, "{} {}", first.psnr, last.psnr);
            assert!(first.bytes < last.bytes && last.first.len() == 60);
        }
        let found = images.lossless().unwrap();
        // A PNG has 57 bytes of signature, header and chunks.
        assert!(found.png_each > 57.0 && found.png_mosaic < found.png_each);
        assert!(found.zstd_whole < found.zstd_each);
    }
}
