//! A folder of pictures as a data set, and many pictures at once.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::dataset::MAX_MEMORY;
use crate::picture_list::{PictureList, split_folders};
use crate::resize::reshape;
use crate::split::hold_out;
use crate::{
    BadItems, Dataset, DatasetError, ImageShape, Images, LoadOptions, Pixels, Progress, Resize,
    picture,
};

/// Pictures that are decoded between two reports of progress. Never part of a result.
const AT_ONCE: usize = 256;

/// Offenders that an error names.
const NAMED: usize = 5;

/// Reads a folder of pictures as a data set: training and test pictures by its subfolders `train` and
/// `test`, or a part held out.
pub(crate) fn open(
    folder: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let (parts, held_out) = match split_folders(folder) {
        Some([train, test]) => {
            let mut parts = [PictureList::of(&train, progress)?, PictureList::of(&test, progress)?];
            unite_classes(&mut parts)?;
            (parts, None)
        }
        None => {
            let all = PictureList::of(folder, progress)?;
            let [train, test] = hold_out(all.files.len(), options.test_fraction, options.seed)?;
            progress.chose(&format!(
                "{}: {} of {} pictures are held out for testing (no subfolders train and test)",
                folder.display(),
                test.len(),
                all.files.len()
            ));
            ([all.select(&train), all.select(&test)], Some(options.test_fraction))
        }
    };
    let bad = options.read.bad;
    let mut surveys = Vec::new();
    for part in parts {
        surveys.push(Survey::of(folder, part, bad, progress)?);
    }
    let shape = choose_shape(folder, &surveys, options, progress)?;
    check_sizes(folder, &surveys, shape, options.read.resize)?;
    let count: usize = surveys.iter().map(|survey| survey.list.files.len()).sum();
    let bytes = count as u64 * shape.size() as u64;
    if bytes > MAX_MEMORY {
        return Err(DatasetError::TooLarge { part: "picture", bytes, limit: MAX_MEMORY });
    }
    progress.chose(&format!(
        "{}: {count} pictures of {shape} take {:.1} MB of memory",
        folder.display(),
        bytes as f64 / 1e6
    ));
    let mut skipped = 0;
    let mut halves = Vec::new();
    for Survey { list, skipped: before, .. } in surveys {
        let (images, after) = decode_all(folder, &list, shape, options, progress)?;
        skipped += before + after;
        halves.push(images);
    }
    let [train, test] = <[Images; 2]>::try_from(halves)
        .map_err(|_| DatasetError::NoPictures { folder: folder.to_owned() })?;
    let location = folder.display().to_string();
    let dataset = Dataset::new("pictures", location, train, test)?;
    Ok(Dataset { skipped, held_out, ..dataset })
}

/// What one picture became, or why not.
pub(crate) fn read_all(
    files: &[PathBuf],
    shape: ImageShape,
    resize: Resize,
) -> Vec<Result<Vec<u8>, DatasetError>> {
    files.par_iter().map(|file| read_one(file, shape, resize)).collect()
}

/// Parts pictures into those that could be read and those that could not; the latter are listed, or
/// an error. One of another size is always an error.
pub(crate) fn part_bad<T>(
    folder: &Path,
    results: Vec<(&PathBuf, Result<T, DatasetError>)>,
    bad: BadItems,
) -> Result<Vec<Option<T>>, DatasetError> {
    let total = results.len();
    let failures: Vec<String> = results
        .iter()
        .filter_map(|(_, result)| result.as_ref().err().map(ToString::to_string))
        .collect();
    if bad == BadItems::Refuse && !failures.is_empty() {
        let first = failures.iter().take(NAMED).cloned().collect();
        let (folder, count) = (folder.to_owned(), failures.len());
        return Err(DatasetError::BadPictures { folder, first, count, total });
    }
    failures.iter().for_each(|failure| tracing::warn!("left out: {failure}"));
    Ok(results.into_iter().map(|(_, result)| result.ok()).collect())
}

fn read_one(file: &Path, shape: ImageShape, resize: Resize) -> Result<Vec<u8>, DatasetError> {
    let image = picture::read(file, shape.channels)?;
    let found = image.shape();
    match reshape(image, shape, resize)?.as_ref().and_then(Images::bytes) {
        Some(bytes) => Ok(bytes.to_vec()),
        None => Err(DatasetError::InputSize { path: file.to_owned(), expected: shape, found }),
    }
}

/// The pictures whose headers can be read.
pub(crate) struct Survey {
    pub(crate) list: PictureList,
    pub(crate) headers: Vec<ImageShape>,
    pub(crate) skipped: usize,
}

impl Survey {
    pub(crate) fn of(
        folder: &Path,
        list: PictureList,
        bad: BadItems,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let mut headers = Vec::new();
        for files in list.files.chunks(AT_ONCE) {
            headers.par_extend(files.par_iter().map(|file| picture::header(file)));
            progress.read("looking at pictures", headers.len() as u64, list.files.len() as u64);
        }
        let headers = part_bad(folder, list.files.iter().zip(headers).collect(), bad)?;
        let good = (0..).zip(&headers).filter(|(_, header)| header.is_some());
        let good: Vec<u32> = good.map(|(place, _)| place).collect();
        if good.is_empty() {
            return Err(DatasetError::AllSkipped { path: folder.to_owned(), count: headers.len() });
        }
        let skipped = headers.len() - good.len();
        Ok(Self {
            list: list.select(&good),
            headers: headers.into_iter().flatten().collect(),
            skipped,
        })
    }
}

/// The classes of both parts, sorted, for both.
fn unite_classes(parts: &mut [PictureList; 2]) -> Result<(), DatasetError> {
    let names: BTreeSet<&String> = parts.iter().flat_map(|part| &part.class_names).collect();
    let names: Vec<String> = names.into_iter().cloned().collect();
    for part in parts {
        part.relabel(&names)?;
    }
    Ok(())
}

/// What was asked for, and the first picture's size and kind where nothing was.
fn choose_shape(
    folder: &Path,
    surveys: &[Survey],
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<ImageShape, DatasetError> {
    let headers = || surveys.iter().flat_map(|survey| &survey.headers);
    let first =
        *headers().next().ok_or_else(|| DatasetError::NoPictures { folder: folder.to_owned() })?;
    let place = folder.display();
    let channels = options.channels.unwrap_or_else(|| {
        let coloured = headers().filter(|header| header.channels == 3).count();
        let total = headers().count();
        let (kind, other) = if first.channels == 1 { ("grey", 3) } else { ("in colour", 1) };
        if coloured > 0 {
            progress.chose(&format!(
                "{place}: {coloured} of {total} pictures are in colour; all are read {kind}, as the \
                 first one is (--channels {other} reads them otherwise)"
            ));
        }
        first.channels
    });
    let [height, width] = options.size.unwrap_or_else(|| {
        if options.read.resize != Resize::None {
            let (height, width) = (first.height, first.width);
            progress.chose(&format!(
                "{place}: all pictures become {height} x {width}, the first one's size"
            ));
        }
        [first.height, first.width]
    });
    Ok(ImageShape { channels, height, width })
}

fn check_sizes(
    folder: &Path,
    surveys: &[Survey],
    shape: ImageShape,
    resize: Resize,
) -> Result<(), DatasetError> {
    if resize != Resize::None {
        return Ok(());
    }
    let size = (shape.height, shape.width);
    let pictures = surveys.iter().flat_map(|survey| survey.list.files.iter().zip(&survey.headers));
    let others = pictures.filter(|(_, header)| (header.height, header.width) != size);
    let others: Vec<String> = others
        .map(|(file, header)| format!("{} ({} x {})", file.display(), header.height, header.width))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    Err(DatasetError::OtherSizes {
        folder: folder.to_owned(),
        expected: size,
        first: others.iter().take(NAMED).cloned().collect(),
        count: others.len(),
        total: surveys.iter().map(|survey| survey.headers.len()).sum(),
    })
}

/// Decodes pictures in their order; also the number of those that were left out.
fn decode_all(
    folder: &Path,
    list: &PictureList,
    shape: ImageShape,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<(Images, usize), DatasetError> {
    let mut pixels = Vec::with_capacity(list.files.len() * shape.size());
    let mut good = Vec::new();
    let total = list.files.len();
    for (files, start) in list.files.chunks(AT_ONCE).zip((0..).step_by(AT_ONCE)) {
        let read = read_all(files, shape, options.read.resize);
        let read = part_bad(folder, files.iter().zip(read).collect(), options.read.bad)?;
        for (place, bytes) in (start..).zip(read) {
            if let Some(bytes) = bytes {
                pixels.extend(bytes);
                good.push(place);
            }
        }
        progress.read("reading pictures", (start as usize + files.len()) as u64, total as u64);
    }
    if good.is_empty() {
        return Err(DatasetError::AllSkipped { path: folder.to_owned(), count: total });
    }
    let images = Images::of_shape(shape, Pixels::Bytes(pixels))?;
    let PictureList { labels, class_names, .. } = list.select(&good);
    let images = if class_names.is_empty() {
        images
    } else {
        images.with_labels(labels)?.with_class_names(class_names)?
    };
    Ok((images, total - good.len()))
}
