//! The file of compressed images (`.aez`), from which images can be decompressed one by one.

use ae_kernels::{Chain, PackedChain};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::CompressionError;
use crate::basis::Analysis;
use crate::byte_fields::{
    DIGEST, add_checksum, checked, digest, read_number, take, write_number, wrong,
};
use crate::codec::Codec;
use crate::error::{in_range, unfit};
use crate::fixed_point::fixed;
use crate::integer_decoder::FixedDecoder;
use crate::names::{self, Names};
use crate::quality::{Mode, Quality};
use crate::range_coder::{Reader, Writer};
use crate::symbol_models::SymbolModels;
use crate::tiled::{self, Placed, TiledPictures};

pub(crate) const MAGIC: [u8; 4] = *b"\x89AEZ";
/// Of images without names.
pub(crate) const VERSION: u8 = 1;
/// Of images with names, which programs that know no names refuse as one of a later program.
pub(crate) const VERSION_WITH_NAMES: u8 = 2;
/// Of pictures of any size, whose images are tiles.
pub(crate) const VERSION_OF_PICTURES: u8 = 3;
/// Images in one block, which is the smallest unit that can be decompressed.
pub const BLOCK: usize = 16;

/// A network with its codec: compresses images and opens compressed ones.
///
/// # Format
/// The bytes `89 41 45 5a`; the version, 1, or 2 with names, or 3 of pictures in tiles; the mode, 0 lossy or 1 exact;
/// the quality; the first 8 bytes of the SHA-256 of the parameters and the codec; then, as LEB128, the number of
/// images, their channels, height and width, and the length of each block; the blocks; in version 2 the names of the
/// images; in version 3 the number of pictures, channels, height and width of each, and their names; and the first 8
/// bytes of the SHA-256 of all bytes before. A block holds the codes of 16 images and, in the exact mode, then their
/// pixels. A name is written as two LEB128 numbers, the bytes that it shares with the beginning of the name before it
/// and the bytes that follow, and these bytes.
pub struct Compressor {
    codec: Codec,
    packed: PackedChain,
    analysis: Option<Analysis>,
    decoder: FixedDecoder,
    shape: [usize; 3],
    fingerprint: [u8; DIGEST],
    model_bytes: usize,
}

impl Compressor {
    /// A network, its parameters and the codec that was fitted to them, for images of shape
    /// `[channels, height, width]`.
    ///
    /// # Errors
    /// If they do not belong together.
    pub fn new(
        stack: &Chain,
        parameters: &[f32],
        codec: Codec,
        shape: [usize; 3],
    ) -> Result<Self, CompressionError> {
        let mut decoder = FixedDecoder::new(stack, parameters)?;
        let fits = codec.dimensions.len() == stack.code_width()
            && shape.iter().product::<usize>() == stack.inputs()
            && stack.inputs() == stack.outputs();
        if !fits {
            return Err(unfit("its codec was fitted to another model".to_owned()));
        }
        let mut analysis = None;
        if let Some(basis) = &codec.basis {
            basis.check(stack.code_width())?;
            analysis = Some(Analysis::new(basis)?);
            decoder = decoder.of_coordinates(basis);
        }
        let mut hash = Sha256::new();
        parameters.iter().for_each(|value| hash.update(value.to_le_bytes()));
        let written = serde_json::to_vec(&codec).map_err(|error| unfit(error.to_string()))?;
        hash.update(&written);
        let fingerprint = digest(hash);
        let packed = PackedChain::new(stack, parameters)?;
        let model_bytes = size_of_val(parameters) + written.len();
        Ok(Self { codec, packed, analysis, decoder, shape, fingerprint, model_bytes })
    }

    /// Bytes of the model that both ends must have: its parameters as `f32`, and its codec as JSON.
    pub fn model_bytes(&self) -> usize {
        self.model_bytes
    }

    /// Compresses 8-bit images, `n x channels x height x width`.
    ///
    /// # Errors
    /// If they are not whole images.
    pub fn compress(
        &self,
        images: &[u8],
        quality: Quality,
        mode: Mode,
    ) -> Result<Vec<u8>, CompressionError> {
        self.compress_named(images, &[], quality, mode)
    }

    /// Compresses 8-bit images with their names, such as the paths of their files; as
    /// [`compress`](Self::compress) if there are none.
    ///
    /// # Errors
    /// As [`compress`](Self::compress), and if there is another number of names than of images or a name is longer than
    /// 4096 bytes.
    pub fn compress_named(
        &self,
        images: &[u8],
        names: &[String],
        quality: Quality,
        mode: Mode,
    ) -> Result<Vec<u8>, CompressionError> {
        let count = images.len() / self.shape.iter().product::<usize>();
        if !names.is_empty() && names.len() != count {
            return Err(wrong(&format!("{count} names"), &names.len().to_string()));
        }
        let version = if names.is_empty() { VERSION } else { VERSION_WITH_NAMES };
        let mut bytes = self.write_images(images, version, quality, mode)?;
        names::write(names, &mut bytes)?;
        add_checksum(&mut bytes);
        Ok(bytes)
    }

    /// Compresses 8-bit pictures of any size, in tiles.
    ///
    /// # Errors
    /// As [`compress_named`](Self::compress_named), and if the tiles have another shape than the network's images.
    pub fn compress_pictures(
        &self,
        pictures: &TiledPictures,
        quality: Quality,
        mode: Mode,
    ) -> Result<Vec<u8>, CompressionError> {
        if pictures.tile != self.shape {
            let expected = format!("tiles of {:?}", self.shape);
            return Err(wrong(&expected, &format!("{:?}", pictures.tile)));
        }
        let mut bytes = self.write_images(&pictures.tiles, VERSION_OF_PICTURES, quality, mode)?;
        tiled::write(&pictures.pictures, &mut bytes);
        names::write(&pictures.names, &mut bytes)?;
        add_checksum(&mut bytes);
        Ok(bytes)
    }

    /// The header and the blocks.
    fn write_images(
        &self,
        images: &[u8],
        version: u8,
        quality: Quality,
        mode: Mode,
    ) -> Result<Vec<u8>, CompressionError> {
        let size: usize = self.shape.iter().product();
        if images.is_empty() || !images.len().is_multiple_of(size) {
            return Err(CompressionError::NotWholeRows { columns: size, values: images.len() });
        }
        let count = images.len() / size;
        let models = SymbolModels::new(&self.codec, self.shape, quality, mode)?;
        let blocks = images
            .par_chunks(BLOCK * size)
            .map(|images| self.write_block(images, &models))
            .collect::<Result<Vec<_>, _>>()?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend([version, u8::from(mode == Mode::Exact), quality.number()]);
        bytes.extend(self.fingerprint);
        let lengths = blocks.iter().map(Vec::len);
        for number in [count].into_iter().chain(self.shape).chain(lengths) {
            write_number(number, &mut bytes);
        }
        blocks.iter().for_each(|block| bytes.extend(block));
        Ok(bytes)
    }

    fn write_block(
        &self,
        images: &[u8],
        models: &SymbolModels,
    ) -> Result<Vec<u8>, CompressionError> {
        let (size, latent) = (self.packed.inputs(), self.packed.code_width());
        let floats: Vec<f32> = images.iter().map(|&pixel| f32::from(pixel) / 255.0).collect();
        let mut codes = vec![0.0; images.len() / size * latent];
        self.packed.encode(&floats, &mut codes)?;
        if let Some(analysis) = &self.analysis {
            codes = analysis.coordinates(&codes);
        }
        let mut writer = Writer::new();
        let mut values = Vec::with_capacity(codes.len());
        for (&code, quantiser) in codes.iter().zip(models.quantisers.iter().cycle()) {
            let multiple = quantiser.quantise(fixed(code, 16));
            quantiser.write(multiple, &models.raw, &mut writer)?;
            values.push(quantiser.value(multiple));
        }
        if let Some(pixels) = &models.pixels {
            for (image, code) in images.chunks_exact(size).zip(values.chunks_exact(latent)) {
                pixels.write(image, &self.decoder.decode(code), &mut writer)?;
            }
        }
        Ok(writer.finish())
    }

    /// Opens compressed images of this model.
    ///
    /// # Errors
    /// [`CompressionError::Archive`] if they are damaged anywhere, of another model, or of a later version.
    pub fn open<'a>(&'a self, bytes: &'a [u8]) -> Result<Archive<'a>, CompressionError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(wrong("images compressed by `ae compress`", "something else"));
        }
        let version = bytes.get(MAGIC.len()).copied().unwrap_or(VERSION);
        if ![VERSION, VERSION_WITH_NAMES, VERSION_OF_PICTURES].contains(&version) {
            return Err(wrong("version 1 to 3", &format!("version {version}, of a later program")));
        }
        let body = checked(bytes, "compressed images")?;
        let mut rest = &body[MAGIC.len() + 1..];
        let [mode, quality] = take::<2>(&mut rest)?;
        if take::<DIGEST>(&mut rest)? != self.fingerprint {
            return Err(wrong("images compressed with this model", "those of another model"));
        }
        let mode = match mode {
            0 => Mode::Lossy,
            1 => Mode::Exact,
            _ => return Err(wrong("the mode 0 or 1", &mode.to_string())),
        };
        let quality = Quality::new(quality)?;
        let count = read_number(&mut rest)?;
        for expected in self.shape {
            let found = read_number(&mut rest)?;
            if found != expected {
                let found = format!("{found} of {:?}", self.shape);
                return Err(wrong(&format!("{expected} channels, rows or columns"), &found));
            }
        }
        // Every block has at least one byte in the index, so this bounds the number of images too.
        let blocks = count.div_ceil(BLOCK);
        if count == 0 || blocks > rest.len() {
            return Err(wrong("as many images as there are blocks", &count.to_string()));
        }
        let lengths = (0..blocks).map(|_| read_number(&mut rest)).collect::<Result<Vec<_>, _>>()?;
        let mut found = Vec::with_capacity(blocks);
        for length in lengths {
            let (block, others) = rest
                .split_at_checked(length)
                .ok_or_else(|| wrong(&format!("a block of {length} bytes"), "fewer"))?;
            found.push(block);
            rest = others;
        }
        let pictures = match version {
            VERSION_OF_PICTURES => Some(tiled::read(&mut rest, self.shape, count)?),
            _ => None,
        };
        let named = pictures.as_ref().map_or(count, Vec::len);
        let names = match version {
            VERSION => None,
            _ => Some(Names::open(std::mem::take(&mut rest), named)?),
        };
        if !rest.is_empty() {
            return Err(wrong("nothing behind the last block", &format!("{} bytes", rest.len())));
        }
        let models = SymbolModels::new(&self.codec, self.shape, quality, mode)?;
        let blocks = found;
        Ok(Archive { compressor: self, models, blocks, names, pictures, count, quality, mode })
    }
}

/// Compressed images whose checksum and index were checked.
pub struct Archive<'a> {
    compressor: &'a Compressor,
    models: SymbolModels,
    blocks: Vec<&'a [u8]>,
    names: Option<Names<'a>>,
    pictures: Option<Vec<Placed>>,
    count: usize,
    quality: Quality,
    mode: Mode,
}

impl<'a> Archive<'a> {
    /// How many images there are, of pictures their tiles; never 0.
    #[expect(clippy::len_without_is_empty, reason = "there is always an image")]
    pub fn len(&self) -> usize {
        self.count
    }

    /// The name of each image or picture, in order, if they have names.
    pub fn names(&self) -> Option<Names<'a>> {
        self.names.clone()
    }

    /// The shape of each picture, `[channels, height, width]`, if the images are tiles of pictures.
    pub fn pictures(&self) -> Option<Vec<[usize; 3]>> {
        let pictures = self.pictures.as_ref()?;
        Some(pictures.iter().map(|picture| picture.shape).collect())
    }

    /// The picture at an index, `channels x height x width`.
    ///
    /// # Errors
    /// If there is no such picture, or as [`images`](Self::images).
    pub fn picture(&self, index: usize) -> Result<Vec<u8>, CompressionError> {
        let pictures = self.pictures.as_deref().unwrap_or_default();
        let Some(Placed { shape, first, count }) = pictures.get(index) else {
            let most = pictures.len().saturating_sub(1);
            return Err(CompressionError::Range {
                what: "the picture",
                least: 0,
                most,
                found: index,
            });
        };
        let tiles = self.images(*first, *count)?;
        Ok(tiled::join(&tiles, *shape, self.compressor.shape))
    }

    /// The quality that they were compressed with.
    pub fn quality(&self) -> Quality {
        self.quality
    }

    /// Whether the images come back exactly.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The images from index `first` on, at most `count` of them, `n x channels x height x width`.
    ///
    /// # Errors
    /// If there is no image `first`, or the range coder finds no symbol of the codec.
    pub fn images(&self, first: usize, count: usize) -> Result<Vec<u8>, CompressionError> {
        in_range("the image", 0, self.count - 1, first)?;
        let end = first.saturating_add(count).min(self.count);
        let blocks = (first / BLOCK..end.div_ceil(BLOCK)).into_par_iter();
        let images = blocks
            .map(|block| {
                let start = block * BLOCK;
                let wanted = first.max(start) - start..end.min(start + BLOCK) - start;
                self.read_block(block, wanted)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(images.concat())
    }

    fn read_block(
        &self,
        block: usize,
        wanted: std::ops::Range<usize>,
    ) -> Result<Vec<u8>, CompressionError> {
        let SymbolModels { quantisers, raw, pixels } = &self.models;
        let mut reader = Reader::new(self.blocks[block]);
        let in_block = BLOCK.min(self.count - block * BLOCK);
        let codes = (0..in_block)
            .map(|_| {
                let values = quantisers
                    .iter()
                    .map(|quantiser| Ok(quantiser.value(quantiser.read(raw, &mut reader)?)));
                values.collect::<Result<Vec<i64>, CompressionError>>()
            })
            .collect::<Result<Vec<_>, _>>()?;
        let mut images = Vec::new();
        for (place, code) in codes.iter().enumerate().take(wanted.end) {
            match pixels {
                None if place < wanted.start => {}
                None => images.extend(self.compressor.decoder.decode(code)),
                Some(pixels) => {
                    let image = pixels.read(&self.compressor.decoder.decode(code), &mut reader)?;
                    if place >= wanted.start {
                        images.extend(image);
                    }
                }
            }
        }
        Ok(images)
    }
}
