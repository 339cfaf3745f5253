//! A folder of pictures as a data set, and many pictures at once.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use ae_files::shown;
use rayon::prelude::*;

use crate::dataset::MAX_MEMORY;
use crate::picture::Header;
use crate::picture_list::{PictureList, unite_classes};
use crate::picture_parts::split_folders;
use crate::resize::reshape;
use crate::split::hold_out;
use crate::{
    BadItems, Dataset, DatasetError, ImageShape, Images, Inputs, LoadOptions, Pixels, Progress,
    ReadOptions, Resize, picture,
};

/// Pictures that are decoded between two reports of progress. Never part of a result.
const AT_ONCE: usize = 256;

/// Offenders that an error names.
const NAMED: usize = 5;

/// Reads a folder of pictures as a data set: what is for training and what is held out by its subfolders
/// `train` and `val` or `test`, or a part held out at random.
pub(crate) fn open(
    folder: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let (parts, held_out) = parts(folder, options, progress)?;
    let mut surveys = Vec::new();
    for part in parts {
        surveys.push(Survey::of(folder, part, options.read.bad, progress)?);
    }
    let shape = choose_shape(folder, &surveys, options, progress)?;
    check_sizes(folder, &surveys, shape, &options.read)?;
    let of_16_bits = check_memory(folder, &surveys, shape, progress)?;
    let mut skipped = 0;
    let mut halves = Vec::new();
    for Survey { list, skipped: before, .. } in surveys {
        let (images, after) =
            decode_all(folder, &list, (shape, of_16_bits > 0), options, progress)?;
        skipped += before + after;
        halves.push(images);
    }
    let [train, test] = <[Images; 2]>::try_from(halves)
        .map_err(|_| DatasetError::NoPictures { folder: folder.to_owned() })?;
    let location = folder.display().to_string();
    let dataset = Dataset::new("pictures", location, train, test)?;
    Ok(Dataset { skipped, of_16_bits, held_out, ..dataset })
}

/// The pictures for training and those held out; also the part that was held out at random.
fn parts(
    folder: &Path,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<([PictureList; 2], Option<f64>), DatasetError> {
    if let Some(split) = split_folders(folder) {
        let held_out = split.held_out(options.read.part)?;
        let names: Vec<_> = held_out
            .iter()
            .map(|path| path.file_name().unwrap_or_default().to_string_lossy())
            .collect();
        let what = format!("train is for training, {} held out", are(&names));
        split.say(&what, &[&[split.train.as_path()], held_out.as_slice()].concat(), progress)?;
        let held_out = held_out.into_iter().map(|path| PictureList::of(folder, path, progress));
        let held_out = PictureList::united(held_out.collect::<Result<_, _>>()?)?;
        let mut parts = [PictureList::of(folder, &split.train, progress)?, held_out];
        unite_classes(&mut parts)?;
        return Ok((parts, None));
    }
    let all = PictureList::of(folder, folder, progress)?;
    let [train, test] = hold_out(folder, all.files.len(), options.test_fraction, options.seed)?;
    progress.chose(&format!(
        "{}: {} of {} pictures are held out for testing (no subfolders train and test)",
        shown(folder),
        test.len(),
        all.files.len()
    ));
    Ok(([all.select(&train), all.select(&test)], Some(options.test_fraction)))
}

/// "test is", "val and test are"
fn are(names: &[Cow<'_, str>]) -> String {
    format!("{} {}", names.join(" and "), if names.len() == 1 { "is" } else { "are" })
}

/// Refuses what does not fit into memory, and says what fits; also tells how many pictures have 16 bits.
fn check_memory(
    folder: &Path,
    surveys: &[Survey],
    shape: ImageShape,
    progress: &mut dyn Progress,
) -> Result<usize, DatasetError> {
    let headers = || surveys.iter().flat_map(|survey| &survey.headers);
    let (count, deep) = (headers().count(), headers().filter(|header| header.has_16_bits).count());
    let value_bytes = if deep > 0 { size_of::<f32>() } else { 1 };
    let bytes = count as u64 * (shape.size() * value_bytes) as u64;
    if bytes > MAX_MEMORY {
        return Err(DatasetError::TooLarge { part: "picture", bytes, limit: MAX_MEMORY });
    }
    let place = shown(folder);
    if deep > 0 {
        progress.chose(&format!(
            "{place}: {deep} of {count} pictures have 16 bits; the values of all are kept as 32-bit floats"
        ));
    }
    progress.chose(&format!(
        "{place}: {count} pictures of {shape} take {:.1} MB of memory",
        bytes as f64 / 1e6
    ));
    Ok(deep)
}

/// Pictures that a model is applied to.
pub(crate) fn read_pictures(
    folder: &Path,
    list: &PictureList,
    shape: ImageShape,
    options: &ReadOptions,
) -> Result<Inputs, DatasetError> {
    let read = read_all(&list.files, shape, options.resize);
    refuse_sizes(folder, &read)?;
    let read = part_bad(folder, list.files.iter().zip(read).collect(), options.bad)?;
    let good: Vec<u32> =
        (0..).zip(&read).filter(|(_, bytes)| bytes.is_some()).map(|(place, _)| place).collect();
    let skipped = read.len() - good.len();
    let list = list.select(&good);
    let names = list.names();
    let PictureList { labels, class_names, places, .. } = list;
    let has_classes = !class_names.is_empty();
    let images = || read.iter().flatten();
    Ok(Inputs {
        name: String::new(),
        shape,
        pixels: images().flat_map(Images::to_floats).collect(),
        labels: has_classes.then_some(labels),
        class_names: has_classes.then_some(class_names),
        files: Some(names),
        items: places,
        has_16_bits: images().map(|image| image.bytes().is_none()).collect(),
        skipped,
    })
}

/// What each picture became, or why not.
fn read_all(
    files: &[PathBuf],
    shape: ImageShape,
    resize: Resize,
) -> Vec<Result<Images, DatasetError>> {
    files.par_iter().map(|file| read_one(file, shape, resize)).collect()
}

/// Refuses pictures of another size, which are never taken for damaged ones.
fn refuse_sizes<T>(folder: &Path, results: &[Result<T, DatasetError>]) -> Result<(), DatasetError> {
    let mut wanted = None;
    let mut first = Vec::new();
    let mut count = 0;
    for result in results {
        if let Err(DatasetError::InputSize { path, expected, found }) = result {
            wanted = Some((expected.height, expected.width));
            count += 1;
            if count <= NAMED {
                first.push(sized(path, *found));
            }
        }
    }
    let Some(expected) = wanted else { return Ok(()) };
    let total = results.len();
    Err(DatasetError::OtherSizes { folder: folder.to_owned(), expected, first, count, total })
}

/// Parts pictures into those that could be read and those that could not; the latter are listed, or
/// an error.
fn part_bad<T>(
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

fn read_one(file: &Path, expected: ImageShape, resize: Resize) -> Result<Images, DatasetError> {
    let image = picture::read(file, expected.channels)?;
    let found = image.shape();
    let size = || DatasetError::InputSize { path: file.to_owned(), expected, found };
    reshape(image, expected, resize)?.ok_or_else(size)
}

/// "a.png (4 x 12)"
fn sized(file: &Path, shape: ImageShape) -> String {
    format!("{} ({} x {})", shown(file), shape.height, shape.width)
}

/// The pictures whose headers can be read.
pub(crate) struct Survey {
    pub(crate) list: PictureList,
    pub(crate) headers: Vec<Header>,
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

/// What was asked for, and the first picture's size and kind where nothing was.
fn choose_shape(
    folder: &Path,
    surveys: &[Survey],
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<ImageShape, DatasetError> {
    let headers = || surveys.iter().flat_map(|survey| &survey.headers).map(|header| &header.shape);
    let mut pictures = headed(surveys);
    // Without one that can be used, decoding ends with an error.
    let usable = pictures.find(|picture| is_kept(picture, options.read.bad));
    let first = usable.map(|(_, header)| header.shape).or_else(|| headers().next().copied());
    let first = first.ok_or_else(|| DatasetError::NoPictures { folder: folder.to_owned() })?;
    let place = shown(folder);
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

/// Pictures with their headers.
fn headed(surveys: &[Survey]) -> impl Iterator<Item = (&PathBuf, &Header)> {
    surveys.iter().flat_map(|survey| survey.list.files.iter().zip(&survey.headers))
}

/// Whether a picture with a sound header is not one that is left out, because the rest is damaged.
fn is_kept((file, header): &(&PathBuf, &Header), bad: BadItems) -> bool {
    bad == BadItems::Refuse || picture::read(file, header.shape.channels).is_ok()
}

fn check_sizes(
    folder: &Path,
    surveys: &[Survey],
    shape: ImageShape,
    options: &ReadOptions,
) -> Result<(), DatasetError> {
    if options.resize != Resize::None {
        return Ok(());
    }
    let size = (shape.height, shape.width);
    let others =
        headed(surveys).filter(|(_, header)| (header.shape.height, header.shape.width) != size);
    let others = others.filter(|picture| is_kept(picture, options.bad));
    let others: Vec<String> = others.map(|(file, header)| sized(file, header.shape)).collect();
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
    (shape, has_16_bits): (ImageShape, bool),
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<(Images, usize), DatasetError> {
    let total = list.files.len();
    let mut pixels = match has_16_bits {
        true => Pixels::Floats(Vec::with_capacity(total * shape.size())),
        false => Pixels::Bytes(Vec::with_capacity(total * shape.size())),
    };
    let mut good = Vec::new();
    for (files, start) in list.files.chunks(AT_ONCE).zip((0..).step_by(AT_ONCE)) {
        let read = read_all(files, shape, options.read.resize);
        refuse_sizes(folder, &read)?;
        let read = part_bad(folder, files.iter().zip(read).collect(), options.read.bad)?;
        for (place, image) in (start..).zip(read) {
            if let Some(image) = image {
                pixels.append(image.pixels());
                good.push(place);
            }
        }
        progress.read("reading pictures", (start as usize + files.len()) as u64, total as u64);
    }
    if good.is_empty() {
        return Err(DatasetError::AllSkipped { path: folder.to_owned(), count: total });
    }
    let images = Images::of_shape(shape, pixels)?;
    let PictureList { labels, class_names, .. } = list.select(&good);
    let images = if class_names.is_empty() {
        images
    } else {
        images.with_labels(labels)?.with_class_names(class_names)?
    };
    Ok((images, total - good.len()))
}
