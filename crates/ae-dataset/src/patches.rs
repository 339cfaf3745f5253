//! Patches: parts of pictures of any size, cut at random places anew in every epoch.

mod cut;
#[cfg(feature = "pictures")]
pub(crate) mod folder;
#[cfg(feature = "pictures")]
mod half;
mod options;
mod pictures;
mod places;

use std::sync::Arc;

use ae_random::Seed;
use rayon::prelude::*;

use crate::{Dataset, DatasetError, ImageShape, Images, PatchError, Pixels, Progress};
use cut::empty;
use options::Held;
pub use options::PatchOptions;
use pictures::Pictures;
use places::{Place, Places};

/// The stream of the training patches; patch `i` of epoch `e` uses `at(e, i)`.
const TRAINING: &str = "patches";
/// The stream of the validation patches, at epoch 0.
const VALIDATION: &str = "patches/validation";
/// The stream of the pictures that an epoch is cut from, if not all fit into memory.
const POOL: &str = "patches/pool";

/// Pictures whose patches are cut before these are put in their places. The result does not depend on it.
const CHUNK: usize = 64;

/// Cuts the patches of any epoch from the same pictures.
///
/// A patch depends on the seed, the epoch and its number alone. Every place of every picture has the same probability,
/// so a picture is chosen in proportion to its number of places. If the decoded pictures take more than 1 GiB, each epoch
/// decodes as many as fit, in an order drawn for this epoch, and these have all of its patches. Cloning it is cheap.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchSource(Arc<Inner>);

impl From<Inner> for PatchSource {
    fn from(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }
}

#[derive(Debug, PartialEq)]
struct Inner {
    pictures: Pictures,
    /// Of pairs, the input of each picture, of the same size. An epoch is cut from the pool of the pictures.
    inputs: Option<Pictures>,
    /// One class for each picture, or none.
    labels: Vec<u8>,
    class_names: Vec<String>,
    options: PatchOptions,
    count: usize,
    /// The shape of a patch.
    shape: ImageShape,
    /// Whether patches are floats, because pictures have 16 bits per value.
    has_floats: bool,
    seed: Seed,
    stream: &'static str,
    /// The number of other pictures, which the validation patches are cut from.
    validation_pictures: usize,
}

impl PatchSource {
    /// Patches of pictures in memory: one image each, of any size, all with as many channels.
    ///
    /// Without a number of patches in `options`, there are as many as cover the pictures once, from 1000 to 16 000.
    ///
    /// # Errors
    /// If there is no picture, a picture is smaller than a patch or has other channels, or an option is outside its
    /// range ([`PatchOptions::check`]); also if an epoch's patches take more than 2 GiB.
    pub fn of_pictures(
        pictures: Vec<Images>,
        options: PatchOptions,
        seed: Seed,
    ) -> Result<Self, DatasetError> {
        Ok(Self::from(Inner::of_pictures(pictures, None, options, seed)?))
    }

    /// Patches of pairs in memory: `inputs[i]` is the input that becomes `pictures[i]`, and both have one size.
    ///
    /// # Errors
    /// As [`of_pictures`](Self::of_pictures), and if a picture has no input of its size.
    pub fn of_pairs(
        inputs: Vec<Images>,
        pictures: Vec<Images>,
        options: PatchOptions,
        seed: Seed,
    ) -> Result<Self, DatasetError> {
        let alike = |(a, b): (&Images, &Images)| a.shape() == b.shape() && a.len() == b.len();
        if inputs.len() != pictures.len() || !inputs.iter().zip(&pictures).all(alike) {
            let expected = format!("one for each of {} pictures, of its shape", pictures.len());
            let found = format!("{}, or another shape", inputs.len());
            return Err(
                PatchError::Setting { what: "the number of inputs", expected, found }.into()
            );
        }
        Ok(Self::from(Inner::of_pictures(pictures, Some(inputs), options, seed)?))
    }

    /// The options, with the number of patches of an epoch.
    pub fn options(&self) -> PatchOptions {
        PatchOptions { count: Some(self.0.count), ..self.0.options }
    }

    /// The number of pictures that training patches are cut from.
    pub fn pictures(&self) -> usize {
        self.0.pictures.len()
    }

    /// The number of other pictures, which the fixed validation patches were cut from; 0 if there are none.
    pub fn validation_pictures(&self) -> usize {
        self.0.validation_pictures
    }

    /// Whether the decoded pictures do not fit into memory, so that each epoch decodes some of them.
    pub fn is_streamed(&self) -> bool {
        self.0.pictures.is_streamed()
    }

    /// The memory that the decoded pictures take, in bytes.
    pub fn memory(&self) -> u64 {
        let inputs = self.0.inputs.as_ref().map_or(0, Pictures::memory);
        self.0.pictures.memory() + inputs
    }

    /// The patches of an epoch, counted from 0, with the classes of their pictures if these have some.
    ///
    /// # Errors
    /// If a picture's file cannot be read any more, or has changed since it was first read.
    pub fn epoch(&self, epoch: u32) -> Result<Images, DatasetError> {
        let inner = &*self.0;
        let places = inner.draw(epoch);
        let images = inner.all(&inner.pictures, &places)?;
        if inner.class_names.is_empty() {
            return Ok(images);
        }
        let label = |place: &Place| inner.labels.get(place.picture).copied().unwrap_or_default();
        let labels = places.iter().map(label).collect();
        images.with_labels(labels)?.with_class_names(inner.class_names.clone())
    }

    /// Of pairs, the inputs of an epoch's patches: cut at the same places, mirrored and turned in the same way. `None` if the
    /// patches are their own inputs.
    ///
    /// # Errors
    /// As [`epoch`](Self::epoch).
    pub fn inputs(&self, epoch: u32) -> Result<Option<Images>, DatasetError> {
        let inner = &*self.0;
        let inputs = inner.inputs.as_ref();
        inputs.map(|inputs| inner.all(inputs, &inner.draw(epoch))).transpose()
    }
}

/// The numbers of the patches that are cut from the same picture.
type Group = Vec<usize>;

/// A data set of pictures of one size as one of patches: its training images are the patches of epoch 0, its test images a
/// fixed set of patches of its test pictures.
pub(crate) fn patches_of(
    dataset: Dataset,
    options: PatchOptions,
    seed: Seed,
    progress: &mut dyn Progress,
) -> Result<Dataset, DatasetError> {
    let apart = |images: &Images| -> Result<Vec<Images>, DatasetError> {
        (0..images.len() as u32).map(|picture| images.select(&[picture])).collect()
    };
    let training = Inner::of_pictures(apart(&dataset.train)?, None, options, seed)?;
    let pictures = [dataset.train.len(), dataset.test.len()];
    progress.chose(&options.in_words(&dataset.origin.name, pictures, training.count, false));
    let fixed = options.for_validation(training.count);
    let validation = Inner::of_pictures(apart(&dataset.test)?, None, fixed, seed)?;
    let validation = PatchSource::from(Inner { stream: VALIDATION, ..validation });
    let validation_pictures = dataset.test.len();
    let training = PatchSource::from(Inner { validation_pictures, ..training });
    let (train, test) = (training.epoch(0)?, validation.epoch(0)?);
    Ok(Dataset { train, test, patches: Some(training), ..dataset })
}

impl Inner {
    /// Training patches of pictures in memory.
    fn of_pictures(
        pictures: Vec<Images>,
        inputs: Option<Vec<Images>>,
        options: PatchOptions,
        seed: Seed,
    ) -> Result<Self, DatasetError> {
        let no_picture = DatasetError::NotWholeImages { shape: options.shape(1), pixels: 0 };
        let channels = pictures.first().ok_or(no_picture)?.channels();
        let shape = options.shape(channels);
        for picture in &pictures {
            let found = picture.shape();
            if !options.fits_into(found) || found.channels != channels || picture.len() != 1 {
                let expected = format!("one picture of at least {shape}");
                let found = format!("{} of {found}", picture.len());
                return Err(PatchError::Setting { what: "a picture", expected, found }.into());
            }
        }
        let has_floats =
            pictures.iter().chain(inputs.iter().flatten()).any(|picture| picture.bytes().is_none());
        let area = pictures.iter().map(|picture| area(picture.shape())).sum();
        let held = Held { shape, has_floats, is_paired: inputs.is_some() };
        let count = options.count_for(area, held)?;
        Ok(Self {
            pictures: Pictures::Decoded(pictures),
            inputs: inputs.map(Pictures::Decoded),
            labels: Vec::new(),
            class_names: Vec::new(),
            options,
            count,
            shape,
            has_floats,
            seed,
            stream: TRAINING,
            validation_pictures: 0,
        })
    }

    /// All patches of an epoch.
    fn all(&self, pictures: &Pictures, places: &[Place]) -> Result<Images, DatasetError> {
        let mut pixels = empty(self.has_floats, self.count * self.shape.size());
        match &mut pixels {
            Pixels::Bytes(bytes) => bytes.resize(self.count * self.shape.size(), 0),
            Pixels::Floats(floats) => floats.resize(self.count * self.shape.size(), 0.0),
            // Patches are always in memory.
            Pixels::Mapped(_) => {}
        }
        for groups in by_picture(places).chunks(CHUNK) {
            let cut = groups.par_iter().map(|group| self.cut(pictures, group, places));
            for (group, patches) in groups.iter().zip(cut.collect::<Result<Vec<_>, _>>()?) {
                put(&mut pixels, &patches, self.shape.size(), group);
            }
        }
        Images::of_shape(self.shape, pixels)
    }

    /// Where each patch of an epoch is cut.
    fn draw(&self, epoch: u32) -> Vec<Place> {
        let pool = self.pictures.pool(self.seed.stream(POOL).at(epoch, 0));
        let places = Places::new(&self.pictures, &pool, self.options.size);
        let stream = self.seed.stream(self.stream);
        let draw = |number: usize| places.draw(&mut stream.at(epoch, number as u64), self.options);
        (0..self.count).into_par_iter().map(draw).collect()
    }

    /// The patches of one picture.
    fn cut(
        &self,
        pictures: &Pictures,
        group: &Group,
        places: &[Place],
    ) -> Result<Pixels, DatasetError> {
        let first = group.first().map_or(0, |&number| places[number].picture);
        let picture = pictures.decoded(first, self.shape.channels)?;
        let mut pixels = empty(self.has_floats, group.len() * self.shape.size());
        for &number in group {
            let is_cut = cut::append(&picture, &places[number], self.options.size, &mut pixels);
            if !is_cut {
                return Err(pictures.changed(first).into());
            }
        }
        Ok(pixels)
    }
}

/// The patches of each picture that has some.
fn by_picture(places: &[Place]) -> Vec<Group> {
    let mut numbers: Vec<usize> = (0..places.len()).collect();
    numbers.sort_by_key(|&number| places[number].picture);
    let same = |a: &usize, b: &usize| places[*a].picture == places[*b].picture;
    numbers.chunk_by(same).map(<[usize]>::to_vec).collect()
}

/// Copies the patches of a group to their places among all patches.
fn put(all: &mut Pixels, patches: &Pixels, size: usize, group: &Group) {
    fn rows<T: Copy>(all: &mut [T], patches: &[T], size: usize, group: &Group) {
        for (&number, patch) in group.iter().zip(patches.chunks_exact(size)) {
            all[number * size..][..size].copy_from_slice(patch);
        }
    }
    match (all, patches) {
        (Pixels::Bytes(all), Pixels::Bytes(patches)) => rows(all, patches, size, group),
        (Pixels::Floats(all), Pixels::Floats(patches)) => rows(all, patches, size, group),
        // Both are of the kind that `has_floats` says.
        _ => {}
    }
}

/// The number of pixels of a picture.
fn area(shape: ImageShape) -> u64 {
    shape.height as u64 * shape.width as u64
}

#[cfg(feature = "pictures")]
#[cfg(test)]
mod tests;
