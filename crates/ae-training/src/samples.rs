//! Which images a model learns from, and the noise on them.

use ae_corruption::{Corruption, Draw, corrupt_batch};
use ae_dataset::{Images, Pixels};
use ae_kernels::gather_bytes;
use ae_random::Stream;

/// Noise on a set of images: what, how often it is drawn, and from which stream.
#[derive(Debug, Clone)]
pub struct Noise<'a> {
    /// The noise itself.
    pub corruption: &'a dyn Corruption,
    /// Drawn once (every epoch sees the same noise) or afresh in every epoch.
    pub draw: Draw,
    /// Where it is drawn from; sample `i` of epoch `e` uses `stream.at(e, i)`.
    pub stream: Stream,
}

/// Images and, for a model that learns from corrupted ones, the noise on them.
#[derive(Debug, Clone)]
pub struct Samples<'a> {
    images: &'a Images,
    noise: Option<Noise<'a>>,
}

/// A batch in memory: what the model sees and what it should answer, both `rows x image_size`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// The model's input, values in [0, 1].
    pub inputs: Vec<f32>,
    /// The clean images, values in [0, 1].
    pub targets: Vec<f32>,
}

impl<'a> Samples<'a> {
    /// Images, and the noise on them if there is one.
    pub fn new(images: &'a Images, noise: Option<Noise<'a>>) -> Self {
        Self { images, noise }
    }

    /// The clean images.
    pub fn images(&self) -> &Images {
        self.images
    }

    /// Whether the inputs differ from the targets.
    pub fn is_corrupted(&self) -> bool {
        self.noise.is_some()
    }

    /// Gathers a batch as it stands in an epoch (counted from 0), into `rows x image_size` each.
    ///
    /// Without noise the inputs are the targets, and `targets` must be empty.
    ///
    /// # Panics
    /// If a buffer has another length or there is no such sample.
    pub fn gather_into(
        &self,
        samples: &[u32],
        epoch: u32,
        inputs: &mut [f32],
        targets: &mut [f32],
    ) {
        let images = self.images;
        let gather = |out: &mut [f32]| match images.pixels() {
            Pixels::Bytes(bytes) => {
                let gathered = gather_bytes(bytes, images.image_size(), samples, out);
                gathered.unwrap_or_else(|error| panic!("{error}"));
            }
            Pixels::Floats(_) => images.gather(samples, out),
        };
        let Some(Noise { corruption, draw, stream }) = &self.noise else {
            assert!(targets.is_empty(), "without noise the inputs are the targets");
            return gather(inputs);
        };
        gather(targets);
        inputs.copy_from_slice(targets);
        let (height, width) = (images.height(), images.width());
        corrupt_batch(*corruption, inputs, samples, height, width, draw.epoch(epoch), stream);
    }

    /// Gathers a batch as it stands in an epoch (counted from 0), in the memory of another one.
    /// Without noise the targets are the inputs, and stay empty.
    pub(crate) fn gather_again(&self, samples: &[u32], epoch: u32, batch: &mut Batch) {
        let numbers = samples.len() * self.images.image_size();
        let Batch { inputs, targets } = batch;
        inputs.resize(numbers, 0.0);
        targets.resize(if self.is_corrupted() { numbers } else { 0 }, 0.0);
        self.gather_into(samples, epoch, inputs, targets);
    }

    /// Gathers a batch as it stands in an epoch (counted from 0).
    pub fn gather(&self, samples: &[u32], epoch: u32) -> Batch {
        let mut batch = Batch::default();
        self.gather_again(samples, epoch, &mut batch);
        if !self.is_corrupted() {
            batch.targets.clone_from(&batch.inputs);
        }
        batch
    }
}
