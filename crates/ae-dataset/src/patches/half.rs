//! The pictures that training or validation patches are cut from, as they are found in a folder.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ae_files::{FileError, hexadecimal};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::patches::area;
use crate::patches::pictures::{FileState, PictureFiles, Pictures};
use crate::pictures::decode::{self, Decoded, Wanted};
use crate::pictures::headers::PictureHeaders;
use crate::pictures::list::PictureList;
use crate::pictures::pairs::common_places;
use crate::pictures::read_many::good_ones;
use crate::pictures::remark::{Remark, warn_of_remarks};
use crate::{DatasetError, FileDigest, ImageShape, Images, PictureId, Progress, ReadOptions};

/// Pictures that are decoded between two reports of progress. The result does not depend on it.
const CHUNK: usize = 64;

/// How pictures are read, and into how many bytes of memory.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) folder: &'a Path,
    pub(super) channels: usize,
    pub(super) pool: u64,
    pub(super) options: &'a ReadOptions,
}

/// The pictures for training or for validation, all of which can be decoded.
pub(super) struct Half {
    pub(super) list: PictureList,
    pub(super) pictures: Pictures,
    /// The input of each picture, if they are pairs.
    pub(super) inputs: Option<Box<Half>>,
    /// SHA-256 over the names, shapes and files of the pictures, in lower-case hexadecimal digits.
    digest: String,
    /// The number of pictures that were left out; a pair is one.
    pub(super) skipped: usize,
    /// What all pictures and their inputs take when they are decoded, in bytes.
    pub(super) bytes: u64,
}

/// Pictures that were decoded once.
struct Seen {
    list: PictureList,
    looked: Vec<Looked>,
    skipped: usize,
}

/// What is known of a picture once it was decoded.
struct Looked {
    sha256: Vec<u8>,
    state: FileState,
    shape: ImageShape,
    bytes: u64,
    /// What is not read as it stands.
    remark: Option<Remark>,
    /// The picture, if it is to stay in memory.
    image: Option<Images>,
}

impl Half {
    /// Decodes all pictures and their inputs, and keeps them if they fit into the pool together.
    ///
    /// # Errors
    /// If a picture cannot be decoded and such pictures are refused, or if none can.
    pub(super) fn read(
        images: PictureHeaders,
        inputs: Option<PictureHeaders>,
        reading: Reading<'_>,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let headers = images.headers.iter().chain(inputs.iter().flat_map(|half| &half.headers));
        let expected = headers.map(|header| {
            let value = if header.has_16_bits { size_of::<f32>() } else { 1 };
            area(header.shape) * (reading.channels * value) as u64
        });
        let stays = expected.sum::<u64>() <= reading.pool;
        let images = Seen::of(images, stays, reading, progress)?;
        let Some(inputs) = inputs else { return Ok(Self::of(images, stays, reading)) };
        let inputs = Seen::of(inputs, stays, reading, progress)?;
        let both = common_places(&images.list.places, &inputs.list.places);
        if both.is_empty() {
            let (path, count) = (reading.folder.to_owned(), images.looked.len());
            return Err(DatasetError::AllSkipped { path, count });
        }
        let mut images = Self::of(images.only(&both), stays, reading);
        let inputs = Self::of(inputs.only(&both), stays, reading);
        images.bytes += inputs.bytes;
        if let (Pictures::Files(images), Pictures::Files(inputs)) =
            (&mut images.pictures, &inputs.pictures)
        {
            // An epoch decodes both of a pair.
            images.bytes.iter_mut().zip(&inputs.bytes).for_each(|(sum, bytes)| *sum += bytes);
        }
        Ok(Self { inputs: Some(Box::new(inputs)), ..images })
    }

    fn of(seen: Seen, stays: bool, Reading { pool, options, .. }: Reading<'_>) -> Self {
        let Seen { list, looked, skipped } = seen;
        let digest = digest(&list, &looked);
        let bytes: Vec<u64> = looked.iter().map(|one| one.bytes).collect();
        let all = bytes.iter().sum();
        let pictures = match stays {
            true => Pictures::Decoded(looked.into_iter().filter_map(|one| one.image).collect()),
            false => {
                let background = options.background;
                let shapes = looked.iter().map(|one| one.shape).collect();
                let states = looked.iter().map(|one| one.state).collect();
                Pictures::Files(PictureFiles {
                    files: list.files.clone(),
                    shapes,
                    states,
                    bytes,
                    pool,
                    background,
                })
            }
        };
        Self { list, pictures, inputs: None, digest, skipped, bytes: all }
    }

    /// The memory of the pictures and inputs that stay decoded, in bytes.
    pub(super) fn memory(&self) -> u64 {
        self.pictures.memory() + self.inputs.as_ref().map_or(0, |inputs| inputs.memory())
    }

    /// The digests of the pictures, and of their inputs if they have some.
    pub(super) fn digests(&self, half: &str) -> Vec<FileDigest> {
        let of = |kind: &str, sha256: &String| FileDigest {
            name: format!("{half}-{kind}-pictures"),
            sha256: sha256.clone(),
        };
        let inputs = self.inputs.iter().map(|inputs| of("inputs", &inputs.digest));
        [of("images", &self.digest)].into_iter().chain(inputs).collect()
    }

    /// The same pictures, of which none is left out for want of memory: they are read only once more.
    pub(super) fn whole(mut self) -> Self {
        if let Pictures::Files(files) = &mut self.pictures {
            files.pool = u64::MAX;
        }
        self
    }
}

impl Seen {
    /// Decodes all pictures, and keeps them if they are to stay.
    fn of(
        pictures: PictureHeaders,
        stays: bool,
        Reading { folder, channels, options, .. }: Reading<'_>,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let PictureHeaders { list, skipped, .. } = pictures;
        let total = list.files.len();
        let wanted = Wanted { channels, background: options.background };
        let (mut looked, stacks) = (Vec::new(), StackDigests::default());
        for files in list.files.chunks(CHUNK) {
            let look_at = |file| look_at(file, wanted, stays, &stacks);
            let results = files.par_iter().map(look_at).collect();
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
        let skipped = skipped + total - looked.len();
        Ok(Self { list, looked, skipped })
    }

    /// Those at some places among all items of the input; the others are left out.
    fn only(self, places: &HashSet<u64>) -> Self {
        let Self { list, looked, skipped } = self;
        let chosen = (0..).zip(&list.places).filter(|(_, place)| places.contains(place));
        let chosen: Vec<u32> = chosen.map(|(index, _)| index).collect();
        let skipped = skipped + looked.len() - chosen.len();
        let kept = looked.into_iter().zip(&list.places);
        let looked = kept.filter(|(_, place)| places.contains(place)).map(|(one, _)| one).collect();
        Self { list: list.select(&chosen), looked, skipped }
    }
}

fn look_at(
    file: &PictureId,
    wanted: Wanted,
    stays: bool,
    stacks: &StackDigests,
) -> Result<Looked, DatasetError> {
    let unreadable = |source| FileError::Read { path: file.path.clone(), source };
    let state = FileState::of(&file.path).map_err(unreadable)?;
    let Decoded { images: image, remark } = decode::read(file, wanted)?;
    // The name of a page, which has its number, is a part of the digest.
    let sha256 = match file.page {
        Some(_) => stacks.of(&file.path),
        None => sha256_of(&file.path),
    };
    Ok(Looked {
        sha256: sha256.map_err(unreadable)?,
        state,
        shape: image.shape(),
        bytes: image.pixels().memory(),
        remark,
        image: stays.then_some(image),
    })
}

/// The digests of files with several pages, each of which is read once.
#[derive(Default)]
struct StackDigests(Mutex<HashMap<PathBuf, Vec<u8>>>);

impl StackDigests {
    fn of(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(digest) = known.get(path) {
            return Ok(digest.clone());
        }
        let digest = sha256_of(path)?;
        known.insert(path.to_owned(), digest.clone());
        Ok(digest)
    }
}

fn sha256_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut hasher = Hashing(Sha256::new());
    io::copy(&mut File::open(path)?, &mut hasher)?;
    Ok(hasher.0.finalize().to_vec())
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
