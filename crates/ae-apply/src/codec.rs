//! Compression with a trained model: the codec in its weights file, and 8-bit images.

use ae_compression::{Codec, Compressor, Mode};
use ae_dataset::{Images, Inputs};
use ae_files::shown;
use ae_models::{Layer, ModelError, SavedModel, Shape};

use crate::error::ApplyError;
use crate::model::Model;

/// The largest file of compressed images that is read, in bytes.
pub const MAX_ARCHIVE_BYTES: u64 = 1 << 32;

/// The attachment that holds the [`Codec`].
pub const CODEC: &str = "codec";

/// Fits a codec to a model and its 8-bit training images and attaches it.
///
/// Nothing is attached if the images are not 8-bit, the model is residual, or its numbers are too large for the codec's integers;
/// [`Model::compressor`] then fails with [`ApplyError::NoCodec`].
///
/// # Errors
/// If the codec cannot be attached.
pub fn attach_codec(saved: &mut SavedModel, images: &Images) -> Result<(), ApplyError> {
    if saved.spec.network.residual {
        return Ok(());
    }
    let architecture = saved.spec.architecture()?;
    let Some(chain) = architecture.chain().filter(|_| images.are_bytes()) else { return Ok(()) };
    // Of a mapped file, the images that the fit would choose.
    let sample: Vec<u8> = match images.bytes() {
        Some(_) => Vec::new(),
        None => {
            let places = Codec::sample_places(images.len(), images.image_size());
            places.flat_map(|place| images.image_bytes(place).into_owned()).collect()
        }
    };
    let bytes = images.bytes().unwrap_or(&sample);
    match Codec::fit(chain, saved.parameters.values(), bytes, shape_of(saved)) {
        Ok(codec) => Ok(saved.attachments.set(CODEC, &codec)?),
        Err(error) => {
            tracing::debug!("no codec: {error}");
            Ok(())
        }
    }
}

impl Model {
    /// The model as a compressor of 8-bit images, with the codec in its weights file.
    ///
    /// # Errors
    /// [`ApplyError::TableCodec`] if the model is one of a table; [`ApplyError::Residual`] if a code alone gives no image;
    /// [`ApplyError::CodecOfDense`] if its decoder has other
    /// layers than dense ones; [`ApplyError::NoCodec`] if it has no codec;
    /// [`ApplyError::Model`] if the codec does not fit the model.
    pub fn compressor(&self) -> Result<Compressor, ApplyError> {
        if self.format().scaling.is_some() {
            return Err(ApplyError::TableCodec);
        }
        if self.is_residual() {
            return Err(ApplyError::Residual);
        }
        let saved = self.saved();
        let mut decoder = saved.spec.network.decoder.iter();
        if let Some(other) = decoder.find(|layer| !matches!(layer, Layer::Dense(_))) {
            return Err(ApplyError::CodecOfDense { found: other.kind_name() });
        }
        let codec: Codec = saved.attachments.get(CODEC)?.ok_or(ApplyError::NoCodec)?;
        let architecture = saved.spec.architecture()?;
        let chain = architecture.chain().ok_or(ApplyError::NoCodec)?;
        let parameters = saved.parameters.values();
        Compressor::new(chain, parameters, codec, shape_of(saved)).map_err(|error| {
            ModelError::Attachment { name: CODEC.to_owned(), reason: error.to_string() }.into()
        })
    }
}

/// The bytes of 8-bit images, `n x channels x height x width`. Pictures of 16 bits are rounded to 8 bits, except for
/// [`Mode::Exact`].
///
/// # Errors
/// [`ApplyError::NotBytes`] for a pixel that is none of the 256 levels, and [`ApplyError::DeepPicture`] for a picture of
/// 16 bits and [`Mode::Exact`].
pub fn to_bytes(inputs: &Inputs, mode: Mode) -> Result<Vec<u8>, ApplyError> {
    let deep = |place: usize| inputs.has_16_bits.get(place) == Some(&true);
    if mode == Mode::Exact
        && let Some(place) = (0..inputs.len()).find(|&place| deep(place))
    {
        let name = inputs.files.as_ref().and_then(|files| files.get(place));
        let picture = name.map_or_else(|| inputs.name.clone(), |name| shown(name));
        return Err(ApplyError::DeepPicture { picture });
    }
    let pixels = inputs.pixels.iter().enumerate();
    let byte = |(place, &value): (usize, &f32)| {
        let byte = (value * 255.0).round() as u8;
        let place = place / inputs.shape.size();
        if f32::from(byte) / 255.0 == value || deep(place) {
            return Ok(byte);
        }
        let image = inputs.items.get(place).map_or(place, |&item| item as usize);
        Err(ApplyError::NotBytes { origin: inputs.name.clone(), image, value })
    };
    pixels.map(byte).collect()
}

fn shape_of(saved: &SavedModel) -> [usize; 3] {
    let Shape { channels, height, width } = saved.spec.network.item();
    [channels, height, width]
}
