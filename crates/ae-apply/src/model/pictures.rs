//! A model applied to pictures of any size.

use ae_analysis::Tiling;
use ae_dataset::ImageShape;
use ae_models::{ModelKind, ModelSpec};

use super::{Model, opponent};
use crate::any_size::{Map, Wanted, WholePicture};
use crate::error::ApplyError;
use crate::noise_level::{check_noise_level, estimated_noise_level, has_noise_level};

/// How a picture of any size goes through a model.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PictureOptions {
    /// The standard deviation of the picture's noise, for a network that is told it; estimated from the picture if it
    /// is not given.
    pub noise_level: Option<f32>,
    /// Pixels by which the tiles of a network that is not spatial overlap; half a tile if it is not given.
    pub overlap: Option<usize>,
}

impl Model {
    /// Whether a picture of any size goes through the network as one, because every layer works alike at every place
    /// ([`CheckedNetwork::spatial`](ae_models::CheckedNetwork::spatial)). Other networks take tiles of their own size.
    pub fn is_spatial(&self) -> bool {
        self.any_size.is_some()
    }

    /// Whether the network is told the level of noise beside its input.
    pub fn takes_noise_level(&self) -> bool {
        self.saved.spec.network.noise_level
    }

    /// What the network is told of the noise in a picture if it is not known: an estimate from the picture, or `None`
    /// if it is told nothing.
    ///
    /// # Errors
    /// As [`estimated_noise_level`].
    pub fn noise_level(
        &self,
        picture: &[f32],
        shape: ImageShape,
    ) -> Result<Option<f32>, ApplyError> {
        self.takes_noise_level().then(|| estimated_noise_level(picture, shape)).transpose()
    }

    /// Whether a grey model takes a colour picture as brightness and two differences of colours, rather than each
    /// colour by itself: it is a residual denoiser, which finds noise in any plane.
    pub fn takes_colour_differences(&self) -> bool {
        self.is_residual()
            && self.shape().channels == 1
            && self.saved.spec.kind == ModelKind::Denoising
    }

    /// Encodes and decodes a picture of any size, `channels x height x width`. A grey model takes each plane of a
    /// colour picture by itself: brightness and two differences of colours if
    /// [`takes_colour_differences`](Self::takes_colour_differences), otherwise the colours. The result replaces each
    /// plane at once: the memory of a second picture is not needed.
    ///
    /// The noise level, given or estimated, is that of the colours. Each plane has its share of it, or the proportion
    /// that its own estimate has to that of the colours if that is more: the noise of a camera's colours is not
    /// independent. (Clipping hides noise from the estimate of a difference, so the share is the least.)
    ///
    /// A spatial network gives the bits of the whole picture at once, padded by its outermost pixels where its size
    /// does not fit the network. Any other takes overlapping tiles of its own size.
    ///
    /// `progress` is called with the number of tiles done and the number of all tiles.
    ///
    /// # Errors
    /// [`ApplyError::ImageSize`] if the model is one of a table, or one of colour and the picture is grey;
    /// [`ApplyError::Setting`] for an overlap that is not shorter than a tile, or of a spatial network, and for a noise level
    /// that is out of its range or that the network is not told; and if the device fails.
    pub fn reconstruct_picture(
        &self,
        mut picture: Vec<f32>,
        shape: ImageShape,
        options: &PictureOptions,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<f32>, ApplyError> {
        let own = self.shape();
        let fits = shape.channels > 0 && shape.channels.is_multiple_of(own.channels);
        let is_whole = !picture.is_empty() && picture.len() == shape.size();
        if self.format().scaling.is_some() || !fits || !is_whole {
            let origin = "the picture".to_owned();
            return Err(ApplyError::ImageSize { origin, expected: own, found: shape });
        }
        self.check_options(options)?;
        let has_differences = shape.channels == 3 && self.takes_colour_differences();
        let estimated = match options.noise_level {
            Some(_) if !has_differences || !has_noise_level(shape) => None,
            _ => self.noise_level(&picture, shape)?,
        };
        let level = options.noise_level.or(estimated);
        if has_differences {
            opponent::from_colours(&mut picture);
        }
        let part_shape = ImageShape { channels: own.channels, ..shape };
        let parts = shape.channels / own.channels;
        for (place, values) in picture.chunks_mut(part_shape.size()).enumerate() {
            let mut of_all = |done, total| progress(place * total + done, parts * total);
            let noise_level = match level {
                // Noise that the colours share, or that a JPEG has moved, is stronger in a plane than its share.
                Some(level) if has_differences => {
                    let proportion = match estimated {
                        Some(whole) if whole > 0.0 => {
                            estimated_noise_level(values, part_shape)? / whole
                        }
                        _ => 0.0,
                    };
                    Some((level * proportion.max(opponent::SHARES[place])).min(1.0))
                }
                level => level,
            };
            let part = WholePicture { values: &*values, shape: part_shape, noise_level };
            let output = match self.is_spatial() {
                true => self.whole(part, Wanted::Output, &mut of_all)?.values,
                false => self.in_own_tiles(part, options.overlap, &mut of_all)?,
            };
            if parts == 1 {
                return Ok(output);
            }
            values.copy_from_slice(&output);
        }
        if has_differences {
            opponent::to_colours(&mut picture);
        }
        Ok(picture)
    }

    /// What a spatial network makes of a picture. Only networks that are spatial come here.
    pub(crate) fn whole(
        &self,
        picture: WholePicture<'_>,
        wanted: Wanted,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Map, ApplyError> {
        let Some(any_size) = &self.any_size else {
            let (expected, found) = (self.shape(), picture.shape);
            let origin = "the picture".to_owned();
            return Err(ApplyError::ImageSize { origin, expected, found });
        };
        let build =
            |spec: &ModelSpec| spec.architecture()?.inference(&self.saved.parameters, &self.device);
        any_size.run(
            picture,
            wanted,
            build,
            |network, tile, result| match wanted {
                Wanted::Output => network.reconstruct(tile, result),
                Wanted::Code => network.encode(tile, result),
            },
            progress,
        )
    }

    fn check_options(&self, options: &PictureOptions) -> Result<(), ApplyError> {
        let PictureOptions { noise_level, overlap } = *options;
        if let Some(level) = noise_level {
            check_noise_level(level)?;
            if !self.takes_noise_level() {
                let expected = "left out: the network is not told it";
                return Err(ApplyError::setting("the noise level", expected, &level.to_string()));
            }
        }
        let Some(overlap) = overlap else { return Ok(()) };
        let ImageShape { height, width, .. } = self.shape();
        let shorter = height.min(width);
        let expected = match self.is_spatial() {
            true => "left out: the network takes a picture as one".to_owned(),
            false if overlap >= shorter => {
                format!("below {shorter}, the shorter side of the model's {height} x {width}")
            }
            false => return Ok(()),
        };
        Err(ApplyError::setting("the overlap", &expected, &overlap.to_string()))
    }

    /// Overlapping tiles of the model's size, blended.
    fn in_own_tiles(
        &self,
        picture: WholePicture<'_>,
        overlap: Option<usize>,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<f32>, ApplyError> {
        let (own, shape) = (self.shape(), picture.shape);
        let (image, tile) = ([shape.height, shape.width], [own.height, own.width]);
        let tiling = match overlap {
            Some(overlap) => Tiling::with_overlap(image, tile, [overlap; 2])?,
            None => Tiling::new(image, tile)?,
        };
        let mut done = 0;
        tiling.apply(picture.values, own.channels, |tiles| {
            let count = tiles.len() / own.size();
            let levels = picture.noise_level.map(|level| vec![level; count]);
            let outputs = match levels {
                Some(levels) => self.reconstruct_with(tiles, &levels)?,
                None => self.reconstruct(tiles)?,
            };
            done += count;
            progress(done, tiling.len());
            Ok(outputs)
        })
    }
}
