//! Checks before the first step: the size of the training, and warnings about its data.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use ae_corruption::Corruption as _;
use ae_dataset::{Images, Pixels};
use ae_files::counted_as;
use ae_models::{CheckedLayer, Layer, Loss, ModelKind, Part, Shape};
use rayon::prelude::*;

use crate::network_text::network_in_words;
use crate::plan::{NO_NEIGHBOURS, Plan};
use crate::{EngineKind, ExperimentError, NetworkName};

/// Parameters per number of the training data above which a network is called too large.
const FAR_MORE: usize = 4;
/// Training items below which a model does not generalise.
const FEW_ITEMS: usize = 10;
/// Bytes of memory above which a warning is given.
const MUCH_MEMORY: u64 = 4 << 30;
/// Values of an image above which a warning about dense layers is given: 256 x 256.
const MANY_PIXELS: usize = 1 << 16;
/// Bytes of memory per parameter without the optimizer's moments: parameters, gradient, weights laid out for the
/// kernels, and the copies for the best model's file.
const PER_PARAMETER: u64 = 24;
/// Bytes of memory per parameter and per moment while a checkpoint is written: a copy, its bytes, the file.
const PER_SAVED: u64 = 12;

/// The most memory that a training may take, in bytes.
const MOST_MEMORY: u64 = 64 << 30;

/// What is known before the first step.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Preflight {
    /// The model's parameters.
    parameters: usize,
    /// Batches of an epoch.
    batches: usize,
    /// An estimate of the memory that the training takes, in bytes.
    memory: u64,
    /// Validation images that are equal to a training image.
    pub(crate) duplicates: usize,
    /// Values of the data outside [0, 1], if the loss or the output activation needs values within.
    pub(crate) outside: usize,
    /// What a reader of the results has to know of network and data, a sentence each.
    pub(crate) notes: Vec<String>,
}

impl Preflight {
    pub(crate) fn of(plan: &Plan) -> Self {
        let (train, test) = (&plan.dataset.train, &plan.dataset.test);
        let is_bounded = plan.spec.training.loss == Loss::BinaryCrossEntropy
            || plan.network.output_is_probability();
        Self {
            parameters: plan.architecture.layout().len(),
            batches: train.len().div_ceil(plan.spec.training.batch_size.max(1)),
            memory: memory_of(plan),
            // Plain patches of different pictures, such as skies, are equal without harm.
            duplicates: if plan.dataset.patches.is_some() { 0 } else { duplicates(train, test) },
            outside: if is_bounded { outside(train) + outside(test) } else { 0 },
            notes: [note_of_neighbours(plan), note_of_blind_spots(plan)]
                .into_iter()
                .flatten()
                .collect(),
        }
    }

    /// The size of the training, in one line.
    pub(crate) fn announcement(&self, plan: &Plan) -> String {
        let epochs = plan.spec.training.epochs;
        format!(
            "network {}: {}; {} ({epochs} x {}); about {} of memory",
            network_in_words(&plan.spec.model, &plan.network),
            counted_as(self.parameters, "parameter"),
            counted_as((epochs as usize).saturating_mul(self.batches), "step"),
            self.batches,
            megabytes(self.memory),
        )
    }

    /// Gives warnings about data and network that rarely lead to a good model.
    pub(crate) fn warn(&self, plan: &Plan) {
        let (train, test) = (&plan.dataset.train, &plan.dataset.test);
        let items = if plan.dataset.scaling.is_some() { "rows" } else { "images" };
        let numbers = train.pixels().len();
        let pixels = train.image_size();
        let is_dense = matches!(plan.spec.model.name(), NetworkName::Dense | NetworkName::Vae);
        if plan.dataset.scaling.is_none() && is_dense && pixels > MANY_PIXELS {
            tracing::warn!(
                "images of {} have {pixels} values, which is too many for a dense network to learn well: \
                 make them smaller, such as `data.size = [64, 64]` with `data.resize = \"fit\"`",
                train.shape()
            );
        }
        if train.len() < FEW_ITEMS {
            tracing::warn!(
                "the training data has {} {items} only: what is learned from so few says little about others",
                train.len()
            );
        }
        if train.len() > 1 && are_equal(train) {
            tracing::warn!("all training {items} are equal: there is nothing to learn from them");
        }
        if self.memory > MUCH_MEMORY {
            tracing::warn!("the training takes about {} of memory", megabytes(self.memory));
        }
        if self.parameters > FAR_MORE * numbers {
            tracing::warn!(
                "the network has {} parameters, the {} training {items} have {numbers} numbers: it may learn \
                 them by heart; narrower layers or more {items} help",
                self.parameters,
                train.len(),
            );
        }
        if may_copy(plan) {
            tracing::warn!(
                "no layer of the encoder is narrower than the {pixels} values of an input: the network can \
                 copy them without learning anything; make a layer narrower"
            );
        }
        if self.duplicates > 0 {
            tracing::warn!(
                "{} of the {} validation {items} are equal to training {items}: the validation error is too low",
                self.duplicates,
                test.len(),
            );
        }
        if self.outside > 0 {
            let all = numbers + test.pixels().len();
            tracing::warn!(
                "{} of {all} values are outside [0, 1], which {} cannot reach; mean squared error with a linear \
                 output can",
                self.outside,
                match plan.spec.training.loss {
                    Loss::BinaryCrossEntropy => "binary cross-entropy",
                    _ => "a sigmoid output",
                }
            );
        }
    }
}

/// Refuses a training that takes more memory than machines have.
///
/// # Errors
/// [`ExperimentError::Setting`] with the estimate.
pub(crate) fn check_memory(plan: &Plan) -> Result<(), ExperimentError> {
    let memory = memory_of(plan);
    if memory <= MOST_MEMORY {
        return Ok(());
    }
    let expected = format!(
        "such that the training takes at most {} of memory: fewer items in a batch, smaller maps or fewer channels",
        megabytes(MOST_MEMORY)
    );
    let found = format!("{} ({})", plan.spec.training.batch_size, megabytes(memory));
    Err(ExperimentError::setting("training.batch_size", &expected, &found))
}

/// An estimate of the memory that a training takes, in bytes.
fn memory_of(plan: &Plan) -> u64 {
    let (train, test) = (&plan.dataset.train, &plan.dataset.test);
    let moments = plan.spec.training.optimizer.moments().len() as u64;
    let per_parameter = PER_PARAMETER + 4 * moments + PER_SAVED * (1 + moments);
    let parameters = plan.architecture.layout().len() as u64;
    let inputs = plan.dataset.inputs.as_ref();
    let inputs = inputs.map_or(0, |it| bytes_of(&it.train) + bytes_of(&it.test));
    (parameters * per_parameter + bytes_of(train) + bytes_of(test) + inputs)
        .saturating_add(bytes_of_patches(plan))
        .saturating_add(bytes_of_maps(plan))
}

/// That layers compare neighbouring columns of a table, if some do: those between the columns and the nearest dense
/// layer, which mixes all of them.
fn note_of_neighbours(plan: &Plan) -> Option<String> {
    plan.dataset.scaling.as_ref()?;
    let (layers, is_dense) =
        (plan.network.layers(), |it: &&CheckedLayer| matches!(it.layer, Layer::Dense(_)));
    let before = layers.iter().take_while(|it| !is_dense(it));
    let behind = layers.iter().rev().take_while(|it| !is_dense(it));
    let mut compares = before.chain(behind).filter(|it| match &it.layer {
        Layer::Conv(conv) => conv.kernel[1] > 1,
        Layer::ConvTranspose(conv) => conv.kernel[1] > 1,
        Layer::MaxPool(pool) => pool.size[1] > 1,
        _ => false,
    });
    let first = compares.next()?;
    let (name, kind) = (first.name(), first.layer.kind_name());
    Some(format!("the layer {name} (`{kind}`) {NO_NEIGHBOURS}; dense layers compare all columns"))
}

/// That blind spots do not remove noise which neighbours share, if the noise is such.
fn note_of_blind_spots(plan: &Plan) -> Option<String> {
    plan.spec.training.blind_spot?;
    let noise = plan.spec.corruption.as_ref().map(|corruption| &corruption.noise);
    let noise = noise.filter(|noise| noise.is_spatial())?;
    Some(format!(
        "the noise {noise} is alike in neighbouring pixels: what can be found from neighbours is not removed by \
         learning from blind spots"
    ))
}

/// Whether nothing keeps the network from copying its input: no narrow layer, no sparse or random code, no noise on
/// images. (Tables are masked by rule, which a copy of the other columns does not mind.)
fn may_copy(plan: &Plan) -> bool {
    let pixels = plan.dataset.train.image_size();
    let layers = || plan.network.layers().iter().filter(|layer| layer.part == Part::Encoder);
    let is_narrow = layers().any(|layer| layer.output.numbers() < pixels);
    let is_kept = layers().any(|layer| matches!(layer.layer, Layer::Sample(_) | Layer::TopK(_)));
    let is_noisy = plan.spec.model.kind == ModelKind::Denoising && plan.dataset.scaling.is_none();
    !is_narrow && !is_kept && !is_noisy && plan.spec.training.sparsity_weight.is_none()
}

fn megabytes(bytes: u64) -> String {
    match bytes as f64 / 1e6 {
        small if small < 10.0 => format!("{small:.1} MB"),
        large if large < 10_000.0 => format!("{large:.0} MB"),
        huge => format!("{:.1} GB", huge / 1e3),
    }
}

/// Bytes of the numbers between the layers of a network with maps. Those of dense layers are few beside their
/// parameters.
fn bytes_of_maps(plan: &Plan) -> u64 {
    let layers = plan.network.layers();
    if layers.iter().all(|layer| layer.output == Shape::vector(layer.output.numbers())) {
        return 0;
    }
    let rows = plan.spec.training.batch_size.min(plan.dataset.train.len());
    let chain = plan.architecture.chain().filter(|_| plan.engine == EngineKind::Fused);
    let bytes = chain.map_or_else(
        || {
            // Values and gradients, one of each.
            let item = layers.iter().map(|layer| layer.output.numbers());
            let item = item.fold(0, usize::saturating_add);
            item.saturating_mul(rows).saturating_mul(2 * size_of::<f32>())
        },
        |chain| chain.working_bytes(&plan.objective, rows, rayon::current_num_threads()),
    );
    bytes as u64
}

/// Bytes of the pictures that patches are cut from, and of the patches of an epoch after the first one.
fn bytes_of_patches(plan: &Plan) -> u64 {
    let Some(patches) = &plan.dataset.patches else { return 0 };
    let inputs = plan.dataset.inputs.as_ref().map_or(0, |inputs| bytes_of(&inputs.train));
    patches.memory().saturating_add(bytes_of(&plan.dataset.train) + inputs)
}

fn bytes_of(images: &Images) -> u64 {
    images.pixels().memory()
}

/// Whether every image is the first one again.
fn are_equal(images: &Images) -> bool {
    fn repeats<T: PartialEq>(values: &[T], size: usize) -> bool {
        values.chunks(size.max(1)).all(|image| values.starts_with(image))
    }
    match images.pixels() {
        Pixels::Bytes(values) => repeats(values, images.image_size()),
        Pixels::Floats(values) => repeats(values, images.image_size()),
        Pixels::Mapped(_) => {
            let first = images.image_bytes(0);
            (1..images.len()).all(|index| images.image_bytes(index) == first)
        }
    }
}

/// Values outside [0, 1]; bytes have none.
fn outside(images: &Images) -> usize {
    let count = |values: &[f32]| values.iter().filter(|it| !(0.0..=1.0).contains(*it)).count();
    match images.pixels() {
        _ if images.are_bytes() => 0,
        Pixels::Floats(values) => count(values),
        _ => (0..images.len() as u32)
            .into_par_iter()
            .map_init(
                || vec![0.0; images.image_size()],
                |values, index| {
                    images.gather(&[index], values);
                    count(values)
                },
            )
            .sum(),
    }
}

/// The number of validation images that are equal to a training image, by 64-bit hashes. Only the hashes of the
/// validation images are kept in memory.
fn duplicates(train: &Images, validation: &Images) -> usize {
    let mut seen: HashMap<u64, (usize, bool)> = HashMap::new();
    for hash in hashes(validation) {
        seen.entry(hash).or_default().0 += 1;
    }
    for hash in hashes(train) {
        if let Some((_, is_twin)) = seen.get_mut(&hash) {
            *is_twin = true;
        }
    }
    seen.values().filter(|(_, is_twin)| *is_twin).map(|(count, _)| count).sum()
}

fn hashes(images: &Images) -> Vec<u64> {
    let size = images.image_size().max(1);
    let of_bytes = |bytes: &[u8]| {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        hasher.finish()
    };
    match images.pixels() {
        Pixels::Bytes(bytes) => bytes.par_chunks(size).map(of_bytes).collect(),
        Pixels::Floats(floats) => {
            let row = |row: &[f32]| of_bytes(&ae_files::f32_to_le_bytes(row));
            floats.par_chunks(size).map(row).collect()
        }
        Pixels::Mapped(_) => {
            let hash = |index| of_bytes(&images.image_bytes(index));
            (0..images.len()).into_par_iter().map(hash).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use ae_dataset::ImageShape;

    use super::*;

    #[test]
    fn validation_images_that_equal_training_images_are_counted() {
        let images = |rows: &[[f32; 2]]| {
            Images::of_shape(ImageShape::grey(1, 2), Pixels::Floats(rows.concat())).unwrap()
        };
        let train = images(&[[0.0, 1.0], [0.5, 0.5], [0.5, 0.5], [0.25, 0.0]]);
        assert_eq!(duplicates(&train, &images(&[[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]])), 2);
        assert_eq!(duplicates(&train, &images(&[[1.0, 0.0]])), 0);
        let bytes = |pixels: Vec<u8>| Images::new(1, 2, pixels).unwrap();
        assert_eq!(duplicates(&bytes(vec![1, 2, 3, 4]), &bytes(vec![3, 4, 4, 3, 1, 2])), 2);
    }

    #[test]
    fn values_outside_the_unit_interval_are_counted() {
        let floats = Pixels::Floats(vec![0.0, 1.0, -0.5, 1.5]);
        assert_eq!(outside(&Images::of_shape(ImageShape::grey(1, 4), floats).unwrap()), 2);
        assert_eq!(outside(&Images::new(1, 2, vec![0, 255]).unwrap()), 0);
    }
}
