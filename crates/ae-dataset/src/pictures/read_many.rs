//! Decodes many pictures at once, in parallel. Bad ones are refused or left out.

use std::path::Path;

use rayon::prelude::*;

use crate::other_sizes::in_shape;
use crate::pictures::decode::{self, Decoded, Wanted};
use crate::pictures::list::PictureList;
use crate::pictures::remark::warn_of_remarks;
use crate::{
    BadItems, DatasetError, FormatError, ImageShape, Images, Inputs, PictureId, ReadOptions,
};

/// The number of offenders that an error names.
pub(crate) const NAMED: usize = 5;

/// Reads pictures as inputs of a model.
pub(crate) fn read_inputs(
    folder: &Path,
    list: &PictureList,
    shape: ImageShape,
    options: &ReadOptions,
) -> Result<Inputs, DatasetError> {
    let images = read_all(folder, &list.files, shape, options)?;
    let good: Vec<u32> =
        (0..).zip(&images).filter(|(_, image)| image.is_some()).map(|(place, _)| place).collect();
    let skipped = images.len() - good.len();
    let list = list.select(&good);
    let (names, origins) = (list.names(), list.origins());
    let PictureList { labels, class_names, places, .. } = list;
    let has_classes = !class_names.is_empty();
    let images = || images.iter().flatten();
    Ok(Inputs {
        name: String::new(),
        shape,
        pixels: images().flat_map(Images::to_floats).collect(),
        labels: has_classes.then_some(labels),
        class_names: has_classes.then_some(class_names),
        files: Some(names),
        origins: Some(origins),
        items: places,
        has_16_bits: images().map(|image| image.bytes().is_none()).collect(),
        skipped,
    })
}

/// Decodes pictures to images of one shape; `None` for those that are left out.
///
/// # Errors
/// If a picture has another size that is not to be changed, or is damaged and not to be left out.
pub(crate) fn read_all(
    folder: &Path,
    files: &[PictureId],
    shape: ImageShape,
    options: &ReadOptions,
) -> Result<Vec<Option<Images>>, DatasetError> {
    let images: Vec<_> = files.par_iter().map(|file| read_one(file, shape, options)).collect();
    let remark = |image: &Result<Decoded, _>| image.as_ref().ok().and_then(|image| image.remark);
    warn_of_remarks(folder, files.iter().zip(images.iter().map(remark)));
    let images: Vec<_> =
        images.into_iter().map(|image| image.map(|decoded| decoded.images)).collect();
    refuse_other_sizes(folder, files, &images)?;
    good_ones(folder, images, options.bad)
}

fn read_one(
    file: &PictureId,
    shape: ImageShape,
    options: &ReadOptions,
) -> Result<Decoded, DatasetError> {
    let wanted = Wanted { channels: shape.channels, background: options.background };
    let Decoded { images, remark } = decode::read(file, wanted)?;
    let images = in_shape(images, shape, options.resize, &file.path)?;
    Ok(Decoded { images, remark })
}

/// Refuses pictures of another size. They are never treated as damaged.
fn refuse_other_sizes(
    folder: &Path,
    files: &[PictureId],
    images: &[Result<Images, DatasetError>],
) -> Result<(), DatasetError> {
    let mut wanted = None;
    let mut first = Vec::new();
    let mut count = 0;
    for (file, image) in files.iter().zip(images) {
        if let Err(DatasetError::InputSize { expected, found, .. }) = image {
            wanted = Some((expected.height, expected.width));
            count += 1;
            if count <= NAMED {
                first.push(with_size(file, *found));
            }
        }
    }
    let Some(expected) = wanted else { return Ok(()) };
    let total = images.len();
    Err(DatasetError::OtherSizes { folder: folder.to_owned(), expected, first, count, total })
}

/// What was read of each picture; `None` for those that are left out, with a warning for each.
///
/// # Errors
/// If a picture could not be read and such pictures are refused.
pub(crate) fn good_ones<T>(
    folder: &Path,
    results: Vec<Result<T, DatasetError>>,
    bad: BadItems,
) -> Result<Vec<Option<T>>, DatasetError> {
    let total = results.len();
    let failures = || results.iter().filter_map(|result| result.as_ref().err());
    let are_transparent = failures().filter(|failure| is_of_opacity(failure)).count();
    let failures: Vec<String> = failures().map(ToString::to_string).collect();
    if bad == BadItems::Refuse && !failures.is_empty() {
        let first = failures.iter().take(NAMED).cloned().collect();
        let (folder, count) = (folder.to_owned(), failures.len());
        return Err(DatasetError::BadPictures { folder, first, count, total, are_transparent });
    }
    failures.iter().for_each(|failure| tracing::warn!("left out: {failure}"));
    Ok(results.into_iter().map(Result::ok).collect())
}

/// Whether a picture was refused because it is partly transparent.
fn is_of_opacity(error: &DatasetError) -> bool {
    matches!(
        error,
        DatasetError::Format { source: FormatError::Transparent, .. }
            | DatasetError::Page { source: FormatError::Transparent, .. }
    )
}

/// "a.png (4 x 12)"
pub(crate) fn with_size(file: &PictureId, shape: ImageShape) -> String {
    format!("{file} ({} x {})", shape.height, shape.width)
}
