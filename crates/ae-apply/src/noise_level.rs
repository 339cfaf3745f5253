//! The level of noise that a network is told beside its input ([`Network::noise_level`](ae_models::Network::noise_level)).

use std::borrow::Cow;

use ae_analysis::noise_level;
use ae_dataset::{ImageShape, InputFormat};
use ae_models::{ModelError, with_noise_level};
use rayon::prelude::*;

use crate::error::ApplyError;

/// The shortest side of a picture whose noise can be estimated.
const SHORTEST_SIDE: usize = 3;

/// Whether a picture is large enough for an estimate of its noise: at least 3 pixels a side.
pub fn has_noise_level(ImageShape { height, width, .. }: ImageShape) -> bool {
    height.min(width) >= SHORTEST_SIDE
}

/// The standard deviation of the noise in a picture, `channels x height x width`, estimated from the picture alone: the mean
/// over its channels of [`ae_analysis::noise_level`].
///
/// # Errors
/// [`ApplyError::NoNoiseLevel`] if a side is below 3; and if a value is not finite, or the slice is not of the shape.
pub fn estimated_noise_level(picture: &[f32], shape: ImageShape) -> Result<f32, ApplyError> {
    if !has_noise_level(shape) {
        return Err(ApplyError::NoNoiseLevel { found: shape });
    }
    let ImageShape { height, width, .. } = shape;
    let planes = picture.chunks(height * width);
    let channels = planes.len().max(1);
    let levels: Result<Vec<f32>, _> = planes.map(|it| noise_level(it, [height, width])).collect();
    Ok(levels?.into_iter().sum::<f32>() / channels as f32)
}

/// Checks a level of noise that a person gave.
///
/// # Errors
/// [`ApplyError::Setting`] unless it is a number from 0 to 1.
pub fn check_noise_level(level: f32) -> Result<f32, ApplyError> {
    match (0.0..=1.0).contains(&level) {
        true => Ok(level + 0.0),
        false => {
            let found = level.to_string();
            Err(ApplyError::setting("the noise level", "a number from 0 to 1", &found))
        }
    }
}

/// The estimated levels of items of one shape, in parallel.
pub(crate) fn estimated_levels(items: &[f32], shape: ImageShape) -> Result<Vec<f32>, ApplyError> {
    let items = items.par_chunks(shape.size().max(1));
    items.map(|item| estimated_noise_level(item, shape)).collect()
}

/// Whether a network is told the level of noise, and which.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Told<'a> {
    /// It is not told.
    Nothing,
    /// One for each item.
    These(&'a [f32]),
    /// What is estimated.
    Estimated,
}

/// Items as the network takes them: the one place where the plane of the noise level is added to items of the model's size.
/// (A tile of a larger picture gets it when it is cut.)
pub(crate) fn network_inputs<'a>(
    format: &InputFormat,
    items: &'a [f32],
    told: Told<'_>,
) -> Result<Cow<'a, [f32]>, ApplyError> {
    let (size, shape) = (format.shape.size(), format.shape);
    let inputs = format.network_input(items);
    let is_whole = size > 0 && items.len().is_multiple_of(size);
    let add = |levels: &[f32]| match is_whole && levels.len() == items.len() / size {
        true => Ok(Cow::Owned(with_noise_level(&inputs, size, shape.height * shape.width, levels))),
        false => Err(ModelError::Batch { expected: size, found: vec![items.len()] }.into()),
    };
    match told {
        Told::Nothing => Ok(inputs),
        Told::These(levels) => add(levels),
        Told::Estimated if is_whole => add(&estimated_levels(items, shape)?),
        Told::Estimated => add(&[]),
    }
}
