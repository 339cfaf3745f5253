//! A TIFF of one or several pages, written page by page.

use std::cell::RefCell;
use std::io::{self, Seek, SeekFrom, Write};
use std::rc::Rc;

use tiff::TiffError;
use tiff::encoder::colortype::{ColorType, Gray8, Gray16, Gray32Float, RGB8, RGB16, RGB32Float};
use tiff::encoder::{
    Compression, DeflateLevel, Rational, TiffEncoder, TiffKind, TiffKindBig, TiffKindStandard,
    TiffValue,
};
use tiff::tags::{ResolutionUnit, Tag};

use super::encoding::interleaved;
use super::{PictureDepth, PictureFile, UnwrittenError, encoding};
use crate::ReportError;

/// Values beyond which a file gets offsets of 64 bits. Those of 32 bits reach 4 GiB.
const BIG: u64 = 1 << 29;
/// The denominator of a resolution.
const FRACTIONS: f64 = 1000.0;

/// A TIFF that is written page by page; only one page is in memory.
pub struct TiffStack<W: Write + Seek> {
    writer: Shared<W>,
    encoder: AnyEncoder<W>,
}

impl<W: Write + Seek> std::fmt::Debug for TiffStack<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TiffStack").finish_non_exhaustive()
    }
}

enum AnyEncoder<W: Write + Seek> {
    Standard(TiffEncoder<Shared<W>, TiffKindStandard>),
    Big(TiffEncoder<Shared<W>, TiffKindBig>),
}

/// A writer that is given back at the end.
struct Shared<W>(Rc<RefCell<W>>);

impl<W: Write + Seek> TiffStack<W> {
    /// Begins a file for about so many values in all its pages.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn new(writer: W, values: u64) -> Result<Self, ReportError> {
        let writer = Shared(Rc::new(RefCell::new(writer)));
        let encoder = match values > BIG {
            true => AnyEncoder::Big(begin(writer.again())?),
            false => AnyEncoder::Standard(begin(writer.again())?),
        };
        Ok(Self { writer, encoder })
    }

    /// Writes the next page.
    ///
    /// # Errors
    /// If the values do not make a picture, one is not finite, or the file cannot be written.
    pub fn add(&mut self, page: &PictureFile<'_>) -> Result<(), ReportError> {
        page.check()?;
        let written = match &mut self.encoder {
            AnyEncoder::Standard(encoder) => write(encoder, page),
            AnyEncoder::Big(encoder) => write(encoder, page),
        };
        Ok(written.map_err(UnwrittenError::from)?)
    }

    /// The writer, after the last page.
    ///
    /// # Errors
    /// None, as the encoder, which had the only other hold of the writer, is gone.
    pub fn finish(self) -> Result<W, ReportError> {
        let Self { writer, encoder } = self;
        drop(encoder);
        let held = |_| UnwrittenError::from(TiffError::from(io::Error::other("it is still open")));
        Ok(Rc::try_unwrap(writer.0).map_err(held)?.into_inner())
    }
}

fn begin<W: Write + Seek, K: TiffKind>(
    writer: Shared<W>,
) -> Result<TiffEncoder<Shared<W>, K>, ReportError> {
    let encoder = TiffEncoder::new_generic(writer).map_err(UnwrittenError::from)?;
    Ok(encoder.with_compression(Compression::Deflate(DeflateLevel::Balanced)))
}

fn write<W: Write + Seek, K: TiffKind>(
    encoder: &mut TiffEncoder<Shared<W>, K>,
    page: &PictureFile<'_>,
) -> tiff::TiffResult<()> {
    match (page.depth, page.channels) {
        (PictureDepth::Bits8, 1) => {
            write_page::<Gray8, _, _>(encoder, page, &encoding::bytes(page))
        }
        (PictureDepth::Bits8, _) => write_page::<RGB8, _, _>(encoder, page, &encoding::bytes(page)),
        (PictureDepth::Bits16, channels) => {
            let levels: Vec<u16> = encoding::levels(page).collect();
            match channels {
                1 => write_page::<Gray16, _, _>(encoder, page, &levels),
                _ => write_page::<RGB16, _, _>(encoder, page, &levels),
            }
        }
        (PictureDepth::Floats, channels) => {
            let unit = interleaved(channels, page.values).map(|value| value.clamp(0.0, 1.0));
            let values: Vec<f32> = unit.collect();
            match channels {
                1 => write_page::<Gray32Float, _, _>(encoder, page, &values),
                _ => write_page::<RGB32Float, _, _>(encoder, page, &values),
            }
        }
    }
}

fn write_page<C: ColorType, W: Write + Seek, K: TiffKind>(
    encoder: &mut TiffEncoder<Shared<W>, K>,
    page: &PictureFile<'_>,
    values: &[C::Inner],
) -> tiff::TiffResult<()>
where
    [C::Inner]: TiffValue,
{
    let mut image = encoder.new_image::<C>(page.width as u32, page.height as u32)?;
    if let Some(dots) = page.dots_per_inch {
        let [x, y] = dots.map(|dots| Rational {
            n: (dots * FRACTIONS).round().clamp(1.0, f64::from(u32::MAX)) as u32,
            d: FRACTIONS as u32,
        });
        image.resolution_unit(ResolutionUnit::Inch);
        image.x_resolution(x);
        image.y_resolution(y);
    }
    if let Some(profile) = page.profile {
        image.encoder().write_tag(Tag::IccProfile, profile)?;
    }
    image.write_data(values)
}

impl<W> Shared<W> {
    fn again(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<W: Write> Write for Shared<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

impl<W: Seek> Seek for Shared<W> {
    fn seek(&mut self, place: SeekFrom) -> io::Result<u64> {
        self.0.borrow_mut().seek(place)
    }
}
