//! A folder of pictures of any size as a data set of patches.

use std::path::Path;

use ae_files::shown;

use crate::limits::POOL_BYTES;
use crate::patches::half::{Half, Reading};
use crate::patches::options::Held;
use crate::patches::pictures::Pictures;
use crate::patches::{Inner, TRAINING, VALIDATION, area};
use crate::pictures::decode::Header;
use crate::pictures::folder::{choose_channels, of_16_bits, parts, say_16_bits};
use crate::pictures::headers::PictureHeaders;
use crate::pictures::list::PictureList;
use crate::pictures::pairs::Sides;
use crate::pictures::read_many::{NAMED, with_size};
use crate::{
    BadItems, Dataset, DatasetError, LoadOptions, PairedInputs, PatchError, PatchOptions,
    PatchSource, Progress, Resize,
};

/// Reads a folder of pictures as a data set of patches. Its training images are the patches of epoch 0, its test images
/// a fixed set of patches of pictures that no training patch is cut from.
///
/// Every picture is decoded once here, so that damaged ones are found before a training begins.
pub(crate) fn open(
    folder: &Path,
    patches: PatchOptions,
    options: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    open_within(POOL_BYTES, folder, patches, options, progress)
}

/// As [`open`], with at most `pool` bytes of decoded pictures in memory.
pub(super) fn open_within(
    pool: u64,
    folder: &Path,
    patches: PatchOptions,
    load: &LoadOptions,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    check(patches, load)?;
    let (lists, held_out) = parts(folder, load, progress)?;
    let sides = Sides::read(folder, lists, load, progress)?;
    let sides = large_enough(folder, sides, patches, load.read.bad)?;
    let all = sides.all();
    let channels = choose_channels(folder, &all, load, progress)?;
    let of_16_bits = of_16_bits(&all);
    let total = all.iter().map(|part| part.headers.len()).sum();
    say_16_bits(folder, of_16_bits, total, progress);
    let (shape, has_floats) = (patches.shape(channels), of_16_bits > 0);
    let covered = sides.images[0].headers.iter().map(|header| area(header.shape)).sum();
    let held = Held { shape, has_floats, is_paired: sides.inputs.is_some() };
    let count = patches.count_for(covered, held)?;
    let reading = Reading { folder, channels, pool, options: &load.read };
    let Sides { images: [train, test], inputs } = sides;
    let [train_inputs, test_inputs] = inputs.map_or([None, None], |inputs| inputs.map(Some));
    let train = Half::read(train, train_inputs, reading, progress)?;
    // The pictures of both halves share the pool.
    let pool = pool.saturating_sub(train.memory());
    let test = Half::read(test, test_inputs, Reading { pool, ..reading }, progress)?;
    say(folder, [&train, &test], patches, count, progress);
    let skipped = train.skipped + test.skipped;
    let files = [train.digests("train"), test.digests("t10k")].concat();
    let validation_pictures = test.pictures.len();
    let source = |half: Half, options: PatchOptions, stream| {
        let Half { pictures, inputs, list: PictureList { labels, class_names, .. }, .. } = half;
        let count = options.count.unwrap_or(count);
        PatchSource::from(Inner {
            pictures,
            inputs: inputs.map(|inputs| inputs.pictures),
            labels,
            class_names,
            options,
            count,
            shape,
            has_floats,
            seed: load.seed,
            stream,
            validation_pictures,
        })
    };
    let validation = source(test.whole(), patches.for_validation(count), VALIDATION);
    let training = source(train, patches, TRAINING);
    let (first, fixed) = (training.epoch(0)?, validation.epoch(0)?);
    let location = folder.display().to_string();
    let dataset = Dataset::of_files("pictures".to_owned(), location, first, fixed, files)?;
    let inputs = (training.inputs(0)?, validation.inputs(0)?, &load.target);
    let dataset = match inputs {
        (Some(train), Some(test), Some(target)) => {
            let target = target.display().to_string();
            dataset.with_inputs(PairedInputs { train, test, target }, Vec::new())
        }
        _ => dataset,
    };
    Ok(Dataset { skipped, of_16_bits, held_out, patches: Some(training), ..dataset })
}

fn check(patches: PatchOptions, load: &LoadOptions) -> Result<(), DatasetError> {
    patches.check()?;
    let changed = match (load.read.resize, load.size) {
        (Resize::None, None) => return Ok(()),
        (Resize::None, Some([height, width])) => format!("one size, {height} x {width}"),
        (resize, _) => resize.to_string(),
    };
    let expected = "none: patches are cut from pictures in their own sizes".to_owned();
    Err(PatchError::Setting { what: "the resizing", expected, found: changed }.into())
}

/// The pictures that are at least as large as a patch.
///
/// # Errors
/// If some are smaller and such pictures are not to be left out, or all of a half are.
fn large_enough(
    folder: &Path,
    sides: Sides,
    patches: PatchOptions,
    bad: BadItems,
) -> Result<Sides, DatasetError> {
    let is_large = |header: &Header| patches.fits_into(header.shape);
    let all = || sides.images.iter().flat_map(|part| part.list.files.iter().zip(&part.headers));
    let small = all().filter(|(_, header)| !is_large(header));
    let small: Vec<String> = small.map(|(file, header)| with_size(file, header.shape)).collect();
    if bad == BadItems::Refuse && !small.is_empty() {
        let (count, total) = (small.len(), all().count());
        let first = small.into_iter().take(NAMED).collect();
        let (folder, patch) = (folder.to_owned(), patches.size);
        return Err(PatchError::SmallPictures { folder, patch, first, count, total }.into());
    }
    let [height, width] = patches.size;
    for picture in small {
        tracing::warn!("left out: {picture}: smaller than a patch of {height} x {width}");
    }
    let large = sides.images.each_ref().map(|PictureHeaders { list, headers, .. }| {
        let large = list.places.iter().zip(headers).filter(|(_, header)| is_large(header));
        large.map(|(place, _)| *place).collect()
    });
    sides.only(folder, &large)
}

/// Says what is cut from how many pictures, and what these take.
fn say(
    folder: &Path,
    [train, test]: [&Half; 2],
    patches: PatchOptions,
    count: usize,
    progress: &mut dyn Progress,
) {
    let place = shown(folder).to_string();
    let pictures = [train, test].map(|half| half.pictures.len());
    progress.chose(&patches.in_words(&place, pictures, count, train.inputs.is_some()));
    let megabytes = train.bytes as f64 / 1e6;
    progress.chose(&match &train.pictures {
        Pictures::Decoded(_) => {
            format!("{place}: the pictures take {megabytes:.1} MB of memory")
        }
        Pictures::Files(files) => format!(
            "{place}: the pictures take {megabytes:.1} MB when they are decoded; every epoch decodes those of a random \
             part, {:.1} MB at most",
            files.pool as f64 / 1e6
        ),
    });
}
