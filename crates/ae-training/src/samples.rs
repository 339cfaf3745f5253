//! The images that a model learns from, and their corruption.

use ae_corruption::{Corruption, Draw, corrupt_batch};
use ae_dataset::{DatasetError, Images, PatchSource, Pixels};
use ae_kernels::gather_bytes;
use ae_random::Stream;

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
    patches: Option<&'a PatchSource>,
    corruption: Option<SampleCorruption<'a>>,
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

/// The data of a batch, inputs and targets, both `rows x image_size`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrainingBatch {
    /// The model's input, values in [0, 1].
    pub inputs: Vec<f32>,
    /// The clean images, values in [0, 1].
    pub targets: Vec<f32>,
}

impl<'a> Samples<'a> {
    /// Images, and their corruption if there is one.
    pub fn new(images: &'a Images, corruption: Option<SampleCorruption<'a>>) -> Self {
        Self { images, patches: None, corruption }
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
    pub(crate) fn cut(&self, epoch: u32) -> Result<Option<Images>, DatasetError> {
        self.patches.filter(|_| epoch > 0).map(|patches| patches.epoch(epoch)).transpose()
    }

    /// These samples with the images that were [`cut`](Self::cut), if there are any.
    pub(crate) fn with<'b>(&'b self, cut: Option<&'b Images>) -> Samples<'b> {
        Samples { images: cut.unwrap_or(self.images), ..self.clone() }
    }

    /// Whether patches that differ in every epoch would have the same noise in all of them.
    pub(crate) fn repeats_noise(&self) -> bool {
        let is_once = |noise: &SampleCorruption| noise.draw == Draw::Once;
        self.patches.is_some() && self.corruption.as_ref().is_some_and(is_once)
    }

    /// The clean images. Of patches, those of epoch 0.
    pub fn images(&self) -> &Images {
        self.images
    }

    /// Whether the inputs differ from the targets.
    pub fn is_corrupted(&self) -> bool {
        self.corruption.is_some()
    }

    /// Gathers a batch, as it stands in an epoch (counted from 0), into `rows x image_size` each.
    ///
    /// Without a corruption the inputs are the targets, and `targets` must be empty.
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
        let gather = |out: &mut [f32]| match images.pixels() {
            Pixels::Bytes(bytes) => {
                let gathered = gather_bytes(bytes, images.image_size(), indices, out);
                gathered.unwrap_or_else(|error| panic!("{error}"));
            }
            Pixels::Floats(_) => images.gather(indices, out),
        };
        let Some(SampleCorruption { corruption, draw, stream }) = &self.corruption else {
            assert!(targets.is_empty(), "without a corruption the inputs are the targets");
            return gather(inputs);
        };
        gather(targets);
        inputs.copy_from_slice(targets);
        let (height, width) = (images.height(), images.width());
        corrupt_batch(*corruption, inputs, indices, height, width, draw.epoch(epoch), stream);
    }

    /// Gathers a batch, as it stands in an epoch (counted from 0), in the memory of another one.
    /// Without a corruption the targets are the inputs, and stay empty.
    pub(crate) fn gather_again(&self, indices: &[u32], epoch: u32, batch: &mut TrainingBatch) {
        let numbers = indices.len() * self.images.image_size();
        let TrainingBatch { inputs, targets } = batch;
        inputs.resize(numbers, 0.0);
        targets.resize(if self.is_corrupted() { numbers } else { 0 }, 0.0);
        self.gather_into(indices, epoch, inputs, targets);
    }

    /// Gathers a batch, as it stands in an epoch (counted from 0).
    ///
    /// # Panics
    /// If there is no such sample.
    pub fn gather(&self, indices: &[u32], epoch: u32) -> TrainingBatch {
        let mut batch = TrainingBatch::default();
        self.gather_again(indices, epoch, &mut batch);
        if !self.is_corrupted() {
            batch.targets.clone_from(&batch.inputs);
        }
        batch
    }
}
