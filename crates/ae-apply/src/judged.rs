//! The images that a model is judged on: never its training images, unless there are no others.

use std::path::Path;

use ae_compression::Mode;
use ae_dataset::{
    Dataset, Images, Inputs, LoadOptions, Network, Part, Pixels, Progress, ReadOptions, Source,
    has_own_split, load,
};

use crate::codec::to_bytes;
use crate::error::ApplyError;
use crate::model_input::{ModelInput, images_digests};
use crate::reading::{input_images, load_options};

/// The part of the data that the judged images are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JudgedPart {
    /// The part that the model's training held out.
    HeldOut,
    /// The test set that the data itself defines.
    Test,
    /// All images of data that is not the training's.
    All,
    /// The training images: the source has no others.
    Training,
    /// A part that was asked for by its name.
    Named(Part),
}

/// Images to judge a model on.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedData {
    /// The name of the data, for a caption.
    pub name: String,
    /// The images.
    pub images: Images,
    /// Of pairs, the input of each image.
    pub inputs: Option<Images>,
    /// The part of the data that they are.
    pub part: JudgedPart,
    /// The number of pictures or rows that were left out because they could not be read.
    pub skipped: usize,
}

/// Reads the images of a source that a model is to be judged on. The first rule that applies decides:
///
/// 1. [`ReadOptions::part`] names a part: that part.
/// 2. The source is the data of the training, by its path or its content: the part that was held out.
/// 3. The data defines a test set: the test set.
/// 4. Otherwise: all images.
///
/// With a target, or if the data of the training has one, the images are the partners of the source's pictures, and these
/// are their inputs.
///
/// A model of patches is judged on patches: those that its training validated on, or those of other pictures.
///
/// # Errors
/// If the data cannot be found, is damaged, or does not fit the model.
pub fn judged_data(
    input: &ModelInput,
    source: &str,
    target: Option<&Path>,
    read: &ReadOptions,
    network: Network,
    progress: &mut dyn Progress,
) -> Result<JudgedData, ApplyError> {
    let Ok(parsed) = source.parse::<Source>();
    let target = target.or_else(|| input.target_of(source));
    let load = |progress: &mut dyn Progress| -> Result<Dataset, ApplyError> {
        let options = load_options(input, source, read.clone());
        let options = LoadOptions { target: target.map(Path::to_owned), ..options };
        let dataset = load(&parsed, &options, network, progress)?;
        if let Some(sentence) = &dataset.origin.substituted {
            tracing::warn!("{sentence}");
        }
        Ok(dataset)
    };
    if let Some(part) = read.part {
        let judged = JudgedData::test_of(load(progress)?);
        return Ok(JudgedData { part: JudgedPart::Named(part), ..judged });
    }
    let path = Path::new(source);
    if let Some(scaling) = input.format.scaling.as_ref().filter(|_| path.is_dir()) {
        let columns = scaling.columns();
        return Err(ApplyError::NeedsTable { path: path.to_owned(), columns });
    }
    let is_whole = matches!(parsed, Source::Path(_)) && !has_own_split(path)?;
    if input.is_data_of_run(source) || !is_whole {
        let dataset = load(progress)?;
        warn_if_changed(input, source, &dataset);
        let is_validation = dataset.origin.name == "pictures" && has_validation(path);
        let judged = JudgedData::test_of(dataset);
        let part = if is_validation { JudgedPart::Named(Part::Validation) } else { judged.part };
        return Ok(JudgedData { part, ..judged });
    }
    let digests = input.settings.as_ref().and_then(|settings| settings.data.as_ref());
    if input.patches_of(source).is_some() || target.is_some() {
        let dataset = load(progress)?;
        if digests.is_some_and(|data| data.are_of(&dataset)) {
            return Ok(JudgedData::test_of(dataset));
        }
        let all = JudgedData::test_of(dataset.with_part(Some(Part::All))?);
        return Ok(JudgedData { part: JudgedPart::All, ..all });
    }
    let inputs = input_images(path, &input.format, read, network, progress)?;
    let is_as_many =
        |images| digests.is_some_and(|data| data.train_images + data.test_images == images);
    if is_as_many(inputs.len()) {
        let dataset = load(&mut ())?;
        if digests.is_some_and(|data| data.are_of(&dataset)) {
            return Ok(JudgedData::test_of(dataset));
        }
    }
    let (name, skipped) = (inputs.name.clone(), inputs.skipped);
    let images = images_of(inputs, input.format.scaling.is_some())?;
    let part = match digests {
        Some(data) if data.train_images == images.len() && is_of_digest(&images, &data.train)? => {
            JudgedPart::Training
        }
        _ => JudgedPart::All,
    };
    Ok(JudgedData { name, images, inputs: None, part, skipped })
}

impl JudgedData {
    fn test_of(dataset: Dataset) -> Self {
        let part = if dataset.held_out.is_some() { JudgedPart::HeldOut } else { JudgedPart::Test };
        let Dataset { test, origin, skipped, inputs, .. } = dataset;
        let inputs = inputs.map(|inputs| inputs.test);
        Self { name: origin.name, images: test, inputs, part, skipped }
    }
}

/// Whether a folder of pictures has a validation set, which the training uses as its test set.
fn has_validation(folder: &Path) -> bool {
    let is_folder = |name: &str| folder.join(name).is_dir();
    is_folder("train") && ["val", "valid", "validation"].into_iter().any(is_folder)
}

/// Warns if the data of the run has changed, so that its held-out part is no longer known.
fn warn_if_changed(input: &ModelInput, source: &str, dataset: &Dataset) {
    let digests = input.settings.as_ref().and_then(|settings| settings.data.as_ref());
    let is_same = digests.is_none_or(|digests| digests.are_of(dataset));
    if input.is_data_of_run(source) && dataset.held_out.is_some() && !is_same {
        tracing::warn!(
            "{source} has changed since the training, or is read in another way: the model may have been \
             trained on what is judged"
        );
    }
}

/// Images as a data set holds them: bytes if all were 8-bit.
fn images_of(inputs: Inputs, is_table: bool) -> Result<Images, ApplyError> {
    let bytes = if is_table { None } else { to_bytes(&inputs, Mode::Exact).ok() };
    let pixels = bytes.map_or(Pixels::Floats(inputs.pixels), Pixels::Bytes);
    Ok(Images::of_shape(inputs.shape, pixels)?)
}

fn is_of_digest(images: &Images, digest: &str) -> Result<bool, ApplyError> {
    let one = images.select(&[0])?;
    let origin = Dataset::new("", "", images.clone(), one)?.origin;
    Ok(images_digests(&origin).is_some_and(|[train, _]| train == digest))
}
