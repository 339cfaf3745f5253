//! A picture itself as a file: PNG, JPEG, TIFF, WebP, BMP or PNM, with its colour profile and its resolution.

mod encoding;
mod tiff_stack;

use std::io;
use std::path::Path;
use std::str::FromStr;

use crate::ReportError;
use crate::picture::check_finite;
pub use tiff_stack::TiffStack;

/// The format of a picture's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PictureFormat {
    /// 8 or 16 bits, without loss.
    Png,
    /// 8 bits, with loss.
    Jpeg,
    /// 8 or 16 bits or floats, without loss; the only one with pages.
    Tiff,
    /// 8 bits; written without loss, and at most 16 383 pixels a side.
    WebP,
    /// 8 bits, uncompressed.
    Bmp,
    /// 8 or 16 bits, uncompressed: PGM of a grey picture, PPM of a coloured one.
    Pnm,
    /// 8 or 16 bits, uncompressed; grey alone.
    Pgm,
    /// 8 or 16 bits, uncompressed; a grey picture has equal colours.
    Ppm,
}

impl PictureFormat {
    /// All formats.
    pub const ALL: [Self; 8] =
        [Self::Png, Self::Jpeg, Self::Tiff, Self::WebP, Self::Bmp, Self::Pnm, Self::Pgm, Self::Ppm];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpeg",
            Self::Tiff => "tiff",
            Self::WebP => "webp",
            Self::Bmp => "bmp",
            Self::Pnm => "pnm",
            Self::Pgm => "pgm",
            Self::Ppm => "ppm",
        }
    }

    /// The endings of its files' names, the usual one first.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Tiff => &["tif", "tiff"],
            Self::WebP => &["webp"],
            Self::Bmp => &["bmp"],
            Self::Pnm => &["pnm"],
            Self::Pgm => &["pgm"],
            Self::Ppm => &["ppm"],
        }
    }

    /// Whether it holds pictures with so many channels, 1 or 3.
    pub fn holds(self, channels: usize) -> bool {
        self != Self::Pgm || channels == 1
    }

    /// The format of a file by the ending of its name, in upper or lower case.
    pub fn of_name(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?;
        let has_it =
            |format: &Self| format.endings().iter().any(|known| ending.eq_ignore_ascii_case(known));
        Self::ALL.into_iter().find(has_it)
    }

    /// What a file of this format keeps of a picture.
    pub fn keeps(self, depth: PictureDepth) -> Kept {
        let depths = match self {
            Self::Png | Self::Pnm | Self::Pgm | Self::Ppm => PictureDepth::Bits16,
            Self::Tiff => PictureDepth::Floats,
            Self::Jpeg | Self::WebP | Self::Bmp => PictureDepth::Bits8,
        };
        Kept {
            depth: depth.min(depths),
            profile: !matches!(self, Self::Bmp | Self::Pnm | Self::Pgm | Self::Ppm),
            resolution: !matches!(self, Self::WebP | Self::Pnm | Self::Pgm | Self::Ppm),
        }
    }
}

impl FromStr for PictureFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |format: &Self| format.name() == text || format.endings().contains(&text);
        let found = Self::ALL.into_iter().find(named);
        found.ok_or("expected png, jpeg, tiff, webp, bmp, pnm, pgm or ppm")
    }
}

/// How the values of a picture are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PictureDepth {
    /// Integers of 8 bits.
    Bits8,
    /// Integers of 16 bits.
    Bits16,
    /// 32-bit floats.
    Floats,
}

/// What a format keeps of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// The depth that is written.
    pub depth: PictureDepth,
    /// Whether there is a place for the colour profile.
    pub profile: bool,
    /// Whether there is a place for the resolution.
    pub resolution: bool,
}

/// A picture to be written.
#[derive(Debug, Clone, Copy)]
pub struct PictureFile<'a> {
    /// 1 for grey, 3 for RGB.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// `channels x height x width` values, plane by plane; 0 is dark and 1 light. Other values are clamped to [0, 1].
    pub values: &'a [f32],
    /// The wanted depth. A format that has less is written in the most that it has.
    pub depth: PictureDepth,
    /// An ICC profile for as many channels.
    pub profile: Option<&'a [u8]>,
    /// The resolution in dots per inch, across and down.
    pub dots_per_inch: Option<[f64; 2]>,
}

impl PictureFile<'_> {
    /// The file's bytes. `quality` from 1 to 100 is that of a JPEG, as libjpeg counts it; other formats ignore it.
    ///
    /// # Errors
    /// If the values do not make a picture, one is not finite, or the format cannot hold its size.
    pub fn encoded(&self, format: PictureFormat, quality: u8) -> Result<Vec<u8>, ReportError> {
        self.check()?;
        if !format.holds(self.channels) {
            return Err(UnwrittenError::Coloured.into());
        }
        let depth = format.keeps(self.depth).depth;
        match format {
            PictureFormat::Png => encoding::png(self, depth),
            PictureFormat::Jpeg => encoding::jpeg(self, quality),
            PictureFormat::WebP => encoding::webp(self),
            PictureFormat::Bmp => encoding::bmp(self),
            PictureFormat::Ppm => Ok(encoding::ppm(self, depth)),
            PictureFormat::Pnm if self.channels == 3 => Ok(encoding::ppm(self, depth)),
            PictureFormat::Pnm | PictureFormat::Pgm => Ok(encoding::pgm(self, depth)),
            PictureFormat::Tiff => {
                let mut stack =
                    TiffStack::new(io::Cursor::new(Vec::new()), self.values.len() as u64)?;
                stack.add(self)?;
                Ok(stack.finish()?.into_inner())
            }
        }
    }

    fn check(&self) -> Result<(), ReportError> {
        let Self { channels, height, width, values, .. } = *self;
        check_finite("the image", values)?;
        let area = height.checked_mul(width).filter(|&area| area > 0);
        let size =
            area.filter(|_| matches!(channels, 1 | 3)).and_then(|area| area.checked_mul(channels));
        match size == Some(values.len()) {
            true => Ok(()),
            false => Err(ReportError::Size { channels, height, width, found: values.len() }),
        }
    }
}

/// Why a picture cannot be written in a format.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnwrittenError {
    /// A coloured picture is to be a PGM.
    #[error("a PGM holds grey pictures alone; write this coloured one as .ppm, .pnm or .png")]
    Coloured,
    /// The format has no such sizes.
    #[error("{height} x {width} pixels; {format} holds at most {most} a side")]
    Side {
        /// The format.
        format: &'static str,
        /// Rows of pixels.
        height: usize,
        /// Columns of pixels.
        width: usize,
        /// The longest side.
        most: usize,
    },
    /// The encoder of JPEG failed.
    #[error("cannot encode the JPEG: {0}")]
    Jpeg(#[from] jpeg_encoder::EncodingError),
    /// The encoder of WebP or BMP failed.
    #[error("cannot encode the picture: {0}")]
    Image(#[from] image::ImageError),
    /// The encoder of TIFF failed, or its file cannot be written.
    #[error("cannot write the TIFF: {0}")]
    Tiff(#[from] tiff::TiffError),
}
