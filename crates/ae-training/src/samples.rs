//! The images that a model learns from, and their corruption.

use ae_corruption::{Corruption, Draw};
use ae_dataset::{DatasetError, Images, PatchSource, Pixels};
use ae_kernels::gather_bytes;
use ae_random::Stream;

use crate::blind_spots::BlindSpots;
use crate::{Counted, TrainingError};

/// The corruption of a set of images: which one, how often it is drawn, and from which stream.
#[derive(Debug, Clone)]
pub struct SampleCorruption<'a> {
    /// Changes an image.
    pub corruption: &'a dyn Corruption,
    /// Drawn once (the same in every epoch) or anew in every epoch.
    pub draw: Draw,
    /// The random numbers; sample `i` of epoch `e` uses `stream.at(e, i)`.
    pub stream: Stream,
}

/// Images and, for a model that learns from corrupted ones, their corruption.
#[derive(Debug, Clone)]
pub struct Samples<'a> {
    images: &'a Images,
    /// Of pairs, the input of each image.
    inputs: Option<&'a Images>,
    patches: Option<&'a PatchSource>,
    corruption: Option<SampleCorruption<'a>>,
    blind_spots: Option<BlindSpots>,
}

/// The patches of an epoch, and their inputs if they are pairs.
#[derive(Debug)]
pub(crate) struct Cut {
    images: Images,
    inputs: Option<Images>,
}

/// Some of the samples, as they stand in an epoch. A batch is their data.
#[derive(Debug, Clone, Copy)]
pub struct BatchSelection<'a> {
    /// All samples.
    pub samples: &'a Samples<'a>,
    /// The numbers of the selected samples, in the order of the batch.
    pub indices: &'a [u32],
    /// The epoch, counted from 0: it decides the corruption.
    pub epoch: u32,
}

/// The data of a batch: inputs of `rows x inputs`, targets of `rows x image_size`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrainingBatch {
    /// The model's input, values in [0, 1]: images, each with a plane for the level of its noise if the model needs
    /// one.
    pub inputs: Vec<f32>,
    /// The clean images, values in [0, 1]. With blind spots, what was at these; all other numbers are NaN.
    pub targets: Vec<f32>,
}

impl<'a> Samples<'a> {
    /// Images, and their corruption if there is one.
    pub fn new(images: &'a Images, corruption: Option<SampleCorruption<'a>>) -> Self {
        Self { images, inputs: None, patches: None, corruption, blind_spots: None }
    }

    /// Pairs: `inputs` has the input of each image, of the same shape. A corruption is that of the inputs.
    ///
    /// # Panics
    /// If there are not as many inputs of the images' shape.
    pub fn with_inputs(self, inputs: &'a Images) -> Self {
        let shape_of = |images: &Images| (images.len(), images.shape());
        assert_eq!(shape_of(inputs), shape_of(self.images), "an input for each image");
        Self { inputs: Some(inputs), ..self }
    }

    /// Noisy images that are learned from themselves: pixels are hidden from the input, and these alone are to be
    /// found.
    pub fn with_blind_spots(self, blind_spots: BlindSpots) -> Self {
        Self { blind_spots: Some(blind_spots), ..self }
    }

    /// Training images that are cut anew in every epoch; those that were given are the patches of epoch 0.
    ///
    /// Their corruption must be drawn in every epoch.
    pub fn cut_from(self, patches: &'a PatchSource) -> Self {
        Self { patches: Some(patches), ..self }
    }

    /// The images of an epoch, counted from 0, if they are others than [`images`](Self::images).
    ///
    /// # Errors
    /// As [`PatchSource::epoch`].
    pub(crate) fn cut(&self, epoch: u32) -> Result<Option<Cut>, DatasetError> {
        let Some(patches) = self.patches.filter(|_| epoch > 0) else { return Ok(None) };
        let (images, inputs) = (patches.epoch(epoch)?, patches.inputs(epoch)?);
        Ok(Some(Cut { images, inputs }))
    }

    /// These samples with the images that were [`cut`](Self::cut), if there are any.
    pub(crate) fn with<'b>(&'b self, cut: Option<&'b Cut>) -> Samples<'b> {
        match cut {
            Some(Cut { images, inputs }) => {
                Samples { images, inputs: inputs.as_ref(), ..self.clone() }
            }
            None => self.clone(),
        }
    }

    /// Whether patches that differ in every epoch would have the same noise in all of them.
    pub(crate) fn repeats_noise(&self) -> bool {
        let is_once = |noise: &SampleCorruption| noise.draw == Draw::Once;
        self.patches.is_some() && self.corruption.as_ref().is_some_and(is_once)
    }

    /// Asks the system to read these samples of a mapped file; see [`Images::read_ahead`].
    ///
    /// # Errors
    /// As [`Images::read_ahead`].
    pub(crate) fn read_ahead(&self, indices: &[u32]) -> Result<(), DatasetError> {
        self.inputs.map_or(Ok(()), |inputs| inputs.read_ahead(indices))?;
        self.images.read_ahead(indices)
    }

    /// The clean images. Of patches, those of epoch 0.
    pub fn images(&self) -> &Images {
        self.images
    }

    /// Whether the inputs differ from the targets.
    pub fn is_corrupted(&self) -> bool {
        self.corruption.is_some() || self.inputs.is_some() || self.blind_spots.is_some()
    }

    /// Which numbers of an image a loss counts.
    pub fn counted(&self) -> Counted {
        if self.blind_spots.is_some() { Counted::BlindSpots } else { Counted::All }
    }

    /// How many numbers of every image a loss counts, if not all.
    pub(crate) fn count_of_blind_spots(&self) -> Option<usize> {
        self.blind_spots.as_ref().map(|spots| spots.count(self.images.shape()))
    }

    /// Whether inputs of so many numbers are their own targets: they are clean images, without the plane of a noise
    /// level.
    pub fn are_targets(&self, inputs: usize) -> bool {
        !self.is_corrupted() && inputs == self.images.image_size()
    }

    /// Gathers a batch, as it stands in an epoch (counted from 0): inputs of `rows x inputs`, targets of
    /// `rows x image_size`.
    ///
    /// `inputs` is the image's size, or one plane more. That plane, the last, is filled with the noise level of its
    /// image: the standard deviation of the noise that was added, 0 without noise.
    ///
    /// If the inputs [are the targets](Self::are_targets), `targets` must be empty.
    ///
    /// # Panics
    /// If a buffer has another length or there is no such sample.
    pub fn gather_into(
        &self,
        indices: &[u32],
        epoch: u32,
        inputs: &mut [f32],
        targets: &mut [f32],
    ) {
        let images = self.images;
        let numbers = inputs.len() / indices.len().max(1);
        if self.are_targets(numbers) {
            assert!(targets.is_empty(), "without a corruption the inputs are the targets");
            return gather_images(images, indices, inputs);
        }
        gather_images(images, indices, targets);
        let size = images.image_size();
        assert_eq!(inputs.len(), indices.len() * numbers, "an input for each sample");
        let rows = inputs.chunks_exact_mut(numbers.max(1)).zip(targets.chunks_exact_mut(size));
        for ((input, target), &index) in rows.zip(indices) {
            let (image, plane) = input.split_at_mut(size);
            match self.inputs {
                Some(of_pairs) => gather_images(of_pairs, &[index], image),
                None => image.copy_from_slice(target),
            }
            let level = self.corrupt(image, index, epoch);
            plane.fill(level.unwrap_or(0.0));
            if let Some(spots) = &self.blind_spots {
                spots.hide(image, target, images.shape(), (epoch, index));
            }
        }
    }

    /// Corrupts the input of a sample, as it stands in an epoch; the noise level, if it is known.
    fn corrupt(&self, image: &mut [f32], index: u32, epoch: u32) -> Option<f32> {
        let SampleCorruption { corruption, draw, stream } = self.corruption.as_ref()?;
        let mut stream = stream.at(draw.epoch(epoch), u64::from(index));
        let (height, width) = (self.images.height(), self.images.width());
        corruption.corrupt_with_level(image, height, width, &mut stream)
    }

    /// Gathers a batch, as it stands in an epoch (counted from 0), in the memory of another one, with so many numbers
    /// an input. If the inputs [are the targets](Self::are_targets), the targets stay empty.
    pub(crate) fn gather_again(
        &self,
        indices: &[u32],
        epoch: u32,
        numbers: usize,
        batch: &mut TrainingBatch,
    ) {
        let TrainingBatch { inputs, targets } = batch;
        inputs.resize(indices.len() * numbers, 0.0);
        let of_targets = if self.are_targets(numbers) { 0 } else { self.images.image_size() };
        targets.resize(indices.len() * of_targets, 0.0);
        self.gather_into(indices, epoch, inputs, targets);
    }

    /// Gathers a batch, as it stands in an epoch (counted from 0): images alone.
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn gather(&self, indices: &[u32], epoch: u32) -> TrainingBatch {
        self.gather_inputs(indices, epoch, self.images.image_size())
    }

    /// As [`gather`](Self::gather), with so many numbers an input.
    pub(crate) fn gather_inputs(
        &self,
        indices: &[u32],
        epoch: u32,
        numbers: usize,
    ) -> TrainingBatch {
        let mut batch = TrainingBatch::default();
        self.gather_again(indices, epoch, numbers, &mut batch);
        if self.are_targets(numbers) {
            batch.targets.clone_from(&batch.inputs);
        }
        batch
    }

    /// Checks that the images fit a model: images of so many pixels, and inputs of as many or of one plane more.
    ///
    /// # Errors
    /// [`TrainingError::ImageSize`].
    pub(crate) fn check(&self, pixels: usize, inputs: usize) -> Result<(), TrainingError> {
        let images = self.images;
        let (size, plane) = (images.image_size(), images.height() * images.width());
        if size != pixels {
            return Err(TrainingError::ImageSize { expected: pixels, found: size });
        }
        if inputs != size && inputs != size + plane {
            return Err(TrainingError::ImageSize { expected: inputs, found: size });
        }
        Ok(())
    }
}

/// Gathers images into `rows x image_size`.
///
/// # Panics
/// If the buffer has another length or there is no such image.
fn gather_images(images: &Images, indices: &[u32], out: &mut [f32]) {
    match images.pixels() {
        Pixels::Bytes(bytes) => {
            let gathered = gather_bytes(bytes, images.image_size(), indices, out);
            gathered.unwrap_or_else(|error| panic!("{error}"));
        }
        Pixels::Mapped(mapped) => match mapped.file_bytes() {
            Some(bytes) => {
                let places = mapped.places(indices);
                let gathered = gather_bytes(bytes, images.image_size(), &places, out);
                gathered.unwrap_or_else(|error| panic!("{error}"));
            }
            None => images.gather(indices, out),
        },
        Pixels::Floats(_) => images.gather(indices, out),
    }
}
