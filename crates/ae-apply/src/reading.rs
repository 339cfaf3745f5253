//! Reads data in a model's format, and corrupts it.

use std::path::Path;

use ae_corruption::{Corruption as _, Noise, corrupt_batch};
use ae_dataset::{
    ColumnScaling, ImageShape, InputFormat, InputReader, Inputs, LoadOptions, Network, Progress,
    ReadOptions, Source, load,
};
use ae_random::Seed;

use crate::error::ApplyError;
use crate::model_input::{ModelInput, RunSettings};

/// Reads all items of a path in a model's format, or the test items of a data set by its name.
///
/// # Errors
/// If there is no such path or data set, it is damaged, or its images are of another shape and
/// [`ReadOptions::resize`] does not allow to change them.
pub fn input_images(
    images: &Path,
    format: &InputFormat,
    options: &ReadOptions,
    network: Network,
    progress: &mut dyn Progress,
) -> Result<Inputs, ApplyError> {
    Ok(input_reader(images, format, options, network, progress)?.read_all(progress)?)
}

/// Opens a path, or the test items of a data set by its name, to be read in a model's format chunk by chunk, in
/// bounded memory.
///
/// # Errors
/// As [`input_images`]; a damaged picture or row is an error when its chunk is read.
pub fn input_reader(
    images: &Path,
    format: &InputFormat,
    options: &ReadOptions,
    network: Network,
    progress: &mut dyn Progress,
) -> Result<InputReader, ApplyError> {
    if let Some(scaling) = format.scaling.as_ref().filter(|_| images.is_dir()) {
        let columns = scaling.columns();
        return Err(ApplyError::NeedsTable { path: images.to_owned(), columns });
    }
    let (format, options) = (format.clone(), options.clone());
    match images.to_str().map(str::parse::<Source>) {
        // A file or folder of this name comes first.
        Some(Ok(source)) if !images.exists() && !matches!(source, Source::Path(_)) => {
            let dataset = load(&source, &LoadOptions::default(), network, progress)?;
            if let Some(sentence) = &dataset.origin.substituted {
                tracing::warn!("{sentence}");
            }
            let dataset = dataset.with_part(options.part)?;
            Ok(InputReader::of_images(&dataset.origin.name, dataset.test, format, options)?)
        }
        _ => Ok(InputReader::open(images, format, options, progress)?),
    }
}

/// The pixels of items after corruption. The noise is that of an evaluation: it depends on the stream
/// `corruption/validation` of the seed and on the place of each item in the input.
pub fn corrupt(inputs: &Inputs, noise: &Noise, seed: Seed) -> Vec<f32> {
    let mut pixels = inputs.pixels.clone();
    let samples: Vec<u32> = inputs.items.iter().map(|&item| item as u32).collect();
    let stream = seed.stream("corruption/validation");
    let ImageShape { height, width, .. } = inputs.shape;
    corrupt_batch(noise, &mut pixels, &samples, height, width, 0, &stream);
    pixels
}

/// Checks that a noise suits a model's format.
///
/// # Errors
/// - [`ApplyError::SpatialNoise`] for a noise on neighbouring pixels and the format of a table.
/// - [`ApplyError::Setting`] for a noise that expects values in [0, 1] and standardised columns.
/// - [`ApplyError::IdleNoise`] for an occlusion that covers no pixel of such images.
pub fn check_noise(noise: &Noise, format: &InputFormat) -> Result<(), ApplyError> {
    let InputFormat { shape, scaling } = format;
    if let Some(noise) = noise.spatial().filter(|_| scaling.is_some()) {
        return Err(ApplyError::SpatialNoise { noise: noise.to_string() });
    }
    let is_standard =
        scaling.as_ref().is_some_and(|scaling| scaling.kind == ColumnScaling::Standard);
    if is_standard && noise.needs_unit_range() {
        let expected = "masking for standardised columns, or unclipped, as in gaussian:0.1:unclipped; other noise \
                        needs columns that are min-max scaled in training";
        return Err(ApplyError::setting("noise", expected, &noise.to_string()));
    }
    match noise.without_effect(shape.height, shape.width) {
        Some(noise) => Err(ApplyError::IdleNoise { noise: noise.to_string(), shape: *shape }),
        None => Ok(()),
    }
}

/// The options to load a data set for a model: its shape and scaling, and the seed and fraction that held out the test
/// set of its training. A model of patches has the source cut into patches where its pictures have other sizes.
pub fn load_options(input: &ModelInput, source: &str, read: ReadOptions) -> LoadOptions {
    let ImageShape { channels, height, width } = input.format.shape;
    let (defaults, patches) = (LoadOptions::default(), input.patches_of(source));
    let settings = input.settings.as_ref();
    let test_fraction = settings.and_then(|settings| settings.test_fraction);
    LoadOptions {
        read,
        size: patches.is_none().then_some([height, width]),
        channels: Some(channels),
        test_fraction: test_fraction.unwrap_or(defaults.test_fraction),
        seed: settings.map_or(defaults.seed, RunSettings::seed),
        scaling: input.format.scaling.clone(),
        patches,
        ..defaults
    }
}
