//! A folder of pictures of any size as a data set of patches.

use std::fs::File;
use std::io;
use std::path::Path;

use ae_files::{FileError, hexadecimal, shown};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::limits::POOL_BYTES;
use crate::patches::pictures::{PictureFiles, Pictures};
use crate::patches::{Inner, TRAINING, VALIDATION, area};
use crate::pictures::decode::{self, Decoded, Header, Wanted};
use crate::pictures::folder::{choose_channels, of_16_bits, parts, say_16_bits};
use crate::pictures::headers::PictureHeaders;
use crate::pictures::list::PictureList;
use crate::pictures::read_many::{NAMED, good_ones, with_size};
use crate::pictures::remark::{Remark, warn_of_remarks};
use crate::{
    BadItems, Dataset, DatasetError, FileDigest, ImageShape, Images, LoadOptions, PatchError,
    PatchOptions, PatchSource, PictureId, Progress, ReadOptions, Resize,
};

/// Pictures that are decoded between two reports of progress. The result does not depend on it.
const CHUNK: usize = 64;

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
    let bad = load.read.bad;
    let (lists, held_out) = parts(folder, load, progress)?;
    let [train, test] = lists.map(|list| PictureHeaders::read(folder, list, bad, &mut *progress));
    let pictures = large_enough(folder, [train?, test?], patches, bad)?;
    let channels = choose_channels(folder, &pictures, load, progress)?;
    let of_16_bits = of_16_bits(&pictures);
    let total = pictures.iter().map(|part| part.headers.len()).sum();
    say_16_bits(folder, of_16_bits, total, progress);
    let (shape, has_floats) = (patches.shape(channels), of_16_bits > 0);
    let [train, test] = pictures;
    let covered = train.headers.iter().map(|header| area(header.shape)).sum();
    let count = patches.count_for(covered, shape, has_floats)?;
    let train = Half::read(folder, train, channels, pool, &load.read, progress)?;
    let test = Half::read(folder, test, channels, pool, &load.read, progress)?;
    say(folder, [&train, &test], patches, count, progress);
    let skipped = train.skipped + test.skipped;
    let files = [("train-images", &train), ("t10k-images", &test)];
    let files = files.map(|(half, Half { digest, .. })| FileDigest {
        name: format!("{half}-pictures"),
        sha256: digest.clone(),
    });
    let validation_pictures = test.pictures.len();
    let source = |half: Half, options: PatchOptions, stream| {
        let Half { pictures, list: PictureList { labels, class_names, .. }, .. } = half;
        let count = options.count.unwrap_or(count);
        PatchSource::from(Inner {
            pictures,
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
    let validation = source(test.whole(), patches.for_validation(count), VALIDATION).epoch(0)?;
    let training = source(train, patches, TRAINING);
    let first = training.epoch(0)?;
    let location = folder.display().to_string();
    let dataset =
        Dataset::of_files("pictures".to_owned(), location, first, validation, files.to_vec())?;
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
    pictures: [PictureHeaders; 2],
    patches: PatchOptions,
    bad: BadItems,
) -> Result<[PictureHeaders; 2], DatasetError> {
    let is_large = |header: &Header| patches.fits_into(header.shape);
    let all = || pictures.iter().flat_map(|part| part.list.files.iter().zip(&part.headers));
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
    let [train, test] = pictures.map(|PictureHeaders { list, headers, skipped }| {
        let large = (0..).zip(&headers).filter(|(_, header)| is_large(header));
        let large: Vec<u32> = large.map(|(place, _)| place).collect();
        let total = headers.len();
        if large.is_empty() {
            return Err(DatasetError::AllSkipped { path: folder.to_owned(), count: total });
        }
        let skipped = skipped + total - large.len();
        let headers = headers.into_iter().filter(is_large).collect();
        Ok(PictureHeaders { list: list.select(&large), headers, skipped })
    });
    Ok([train?, test?])
}

/// The pictures for training or for validation, all of which can be decoded.
struct Half {
    list: PictureList,
    pictures: Pictures,
    /// SHA-256 over the names, shapes and files of the pictures, in lower-case hexadecimal digits.
    digest: String,
    /// The number of pictures that were left out.
    skipped: usize,
    /// What all pictures take when they are decoded, in bytes.
    bytes: u64,
}

/// What is known of a picture once it was decoded.
struct Looked {
    sha256: Vec<u8>,
    shape: ImageShape,
    bytes: u64,
    /// What is not read as it stands.
    remark: Option<Remark>,
    /// The picture, if it is to stay in memory.
    image: Option<Images>,
}

impl Half {
    /// Decodes all pictures, and keeps them if they fit into the pool together.
    fn read(
        folder: &Path,
        pictures: PictureHeaders,
        channels: usize,
        pool: u64,
        options: &ReadOptions,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let PictureHeaders { list, headers, skipped } = pictures;
        let expected = headers.iter().map(|header| {
            let value = if header.has_16_bits { size_of::<f32>() } else { 1 };
            area(header.shape) * (channels * value) as u64
        });
        let stays = expected.sum::<u64>() <= pool;
        let total = list.files.len();
        let wanted = Wanted { channels, background: options.background };
        let mut looked = Vec::new();
        for files in list.files.chunks(CHUNK) {
            let results = files.par_iter().map(|file| look_at(file, wanted, stays)).collect();
            looked.extend(good_ones(folder, results, options.bad)?);
            progress.read("reading pictures", looked.len() as u64, total as u64);
        }
        let remark = |looked: &Option<Looked>| looked.as_ref().and_then(|looked| looked.remark);
        warn_of_remarks(folder, list.files.iter().zip(looked.iter().map(remark)));
        let good = (0..).zip(&looked).filter(|(_, it)| it.is_some()).map(|(place, _)| place);
        let list = list.select(&good.collect::<Vec<u32>>());
        let looked: Vec<Looked> = looked.into_iter().flatten().collect();
        if looked.is_empty() {
            return Err(DatasetError::AllSkipped { path: folder.to_owned(), count: total });
        }
        let digest = digest(&list, &looked);
        let bytes: Vec<u64> = looked.iter().map(|one| one.bytes).collect();
        let all = bytes.iter().sum();
        let skipped = skipped + total - looked.len();
        let pictures = match stays {
            true => Pictures::Decoded(looked.into_iter().filter_map(|one| one.image).collect()),
            false => {
                let background = options.background;
                let shapes = looked.iter().map(|one| one.shape).collect();
                Pictures::Files(PictureFiles {
                    files: list.files.clone(),
                    shapes,
                    bytes,
                    pool,
                    background,
                })
            }
        };
        Ok(Self { list, pictures, digest, skipped, bytes: all })
    }

    /// The same pictures, of which none is left out for want of memory: they are read only once more.
    fn whole(mut self) -> Self {
        if let Pictures::Files(files) = &mut self.pictures {
            files.pool = u64::MAX;
        }
        self
    }
}

fn look_at(file: &PictureId, wanted: Wanted, stays: bool) -> Result<Looked, DatasetError> {
    let unreadable = |source| FileError::Read { path: file.path.clone(), source };
    let Decoded { images: image, remark } = decode::read(file, wanted)?;
    let mut hasher = Hashing(Sha256::new());
    io::copy(&mut File::open(&file.path).map_err(unreadable)?, &mut hasher).map_err(unreadable)?;
    Ok(Looked {
        sha256: hasher.0.finalize().to_vec(),
        shape: image.shape(),
        bytes: image.pixels().memory(),
        remark,
        image: stays.then_some(image),
    })
}

/// A digest that is written to.
struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The digest of the names, shapes and files of pictures.
fn digest(list: &PictureList, looked: &[Looked]) -> String {
    let mut hasher = Sha256::new();
    for (name, Looked { sha256, shape, .. }) in list.names().iter().zip(looked) {
        // The same on systems that separate folders otherwise.
        let name = name.to_string_lossy().replace('\\', "/");
        let ImageShape { channels, height, width } = shape;
        hasher.update(format!("{}:{name} {channels} {height} {width} ", name.len()));
        hasher.update(sha256);
    }
    hexadecimal(&hasher.finalize())
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
    progress.chose(&patches.in_words(&place, pictures, count));
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
