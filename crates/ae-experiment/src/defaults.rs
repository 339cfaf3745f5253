//! What is not set by hand follows from the data: the rules of `docs/defaults.md`.

use ae_corruption::{Corruption as _, Draw, Masking, Noise};
use ae_dataset::{ColumnScaling, Dataset, ImageShape, Progress};
use ae_files::counted_as;
use ae_models::{Activation, Loss, ModelKind, OutputActivation};

use crate::{CorruptionSpec, ExperimentError, Spec};

/// Steps that a training on a small table takes: with a third of them the model is as good, with twice as
/// many hardly better.
const TABLE_STEPS: usize = 3000;
/// Steps that a training on few images takes: with half of them its error is a fifth larger.
const IMAGE_STEPS: usize = 6000;
/// Fewest epochs, however many steps one has.
const EPOCHS: usize = 20;
/// Most epochs, however few steps one has.
const MOST_EPOCHS: usize = 3000;
/// The tutorial's code, and the widest by rule.
const CODE: usize = 32;
/// The widest hidden layer by rule.
const HIDDEN: usize = 64;
/// The part of a row that is hidden from a model of a table.
const MASKED: f32 = 0.2;
/// Most checkpoints of a run by rule: writing them takes longer than short epochs.
const CHECKPOINTS: usize = 50;

/// A setting that a person can set by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// The images of a batch.
    BatchSize,
    /// The passes over the training images.
    Epochs,
    /// What is minimised.
    Loss,
    /// The noise, or that there is none.
    Noise,
    /// How often the noise is drawn.
    Drawn,
    /// How the columns of a table are scaled.
    Scaling,
}

/// How a spec becomes one for its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adaptation {
    /// The spec says everything.
    None,
    /// The spec says everything but the network's widths from the image's pixels to the code.
    Widths(Vec<usize>),
    /// What was not set by hand follows from the data, unless it is the tutorial's.
    Rules {
        /// The widths, if they were set by hand.
        widths: Option<Vec<usize>>,
        /// What else was set by hand.
        set: Vec<Setting>,
        /// Keys of the spec that were set by hand, with their values: no rule changes them.
        keys: Vec<(String, String)>,
    },
}

impl Adaptation {
    /// Whether a rule decides.
    fn rules(&self, setting: Setting) -> bool {
        matches!(self, Self::Rules { set, .. } if !set.contains(&setting))
    }

    /// Decides what the reading of the data depends on: how the columns of a table are scaled.
    pub(crate) fn before_reading(&self, spec: &mut Spec) {
        if !self.rules(Setting::Scaling) {
            return;
        }
        let entropy = !self.rules(Setting::Loss) && spec.training.loss == Loss::BinaryCrossEntropy;
        let noise = spec.corruption.as_ref().map(|corruption| &corruption.noise);
        let bounded = entropy || noise.is_some_and(Noise::needs_unit_range);
        spec.data.scaling = if bounded { ColumnScaling::MinMax } else { ColumnScaling::Standard };
    }

    /// Decides the rest, once the data is there, and says what was decided.
    pub(crate) fn after_reading(
        &self,
        spec: &mut Spec,
        dataset: &Dataset,
        progress: &mut dyn Progress,
    ) -> Result<(), ExperimentError> {
        let pixels = dataset.train.image_size();
        let (widths, is_ruled) = match self {
            Self::None => return Ok(()),
            Self::Widths(widths) => (Some(widths.clone()), false),
            Self::Rules { widths, .. } => (widths.clone(), !is_of_the_tutorial(dataset)),
        };
        if dataset.scaling.is_none() {
            spec.data.scaling = ColumnScaling::MinMax;
        }
        let widths = widths.unwrap_or_else(|| match is_ruled {
            true => network_for(dataset),
            false => vec![CODE],
        });
        spec.model.encoder = [&[pixels], widths.as_slice()].concat();
        spec.model.decoder = spec.model.encoder.iter().rev().copied().collect();
        if is_ruled {
            self.decide(spec, dataset)?;
        }
        if let Self::Rules { keys, .. } = self {
            for (key, value) in keys {
                *spec = spec.with(key, value)?;
            }
        }
        if is_ruled {
            progress.chose(&chosen(spec, dataset));
        }
        Ok(())
    }

    fn decide(&self, spec: &mut Spec, dataset: &Dataset) -> Result<(), ExperimentError> {
        let is_table = dataset.scaling.is_some();
        // A rectified code can die, and a linear one cannot; with it the network finds at least what PCA does.
        spec.model.code_activation = Activation::Linear;
        // Half as many weights: few images determine them better.
        spec.model.tied_weights |= !is_table && matches!(self, Self::Rules { widths: None, .. });
        if is_table && self.rules(Setting::Loss) {
            spec.training.loss = Loss::MeanSquaredError;
        }
        if is_table && spec.training.loss == Loss::MeanSquaredError {
            spec.model.output_activation = OutputActivation::Linear;
        }
        if is_table && self.rules(Setting::Noise) {
            let noise = Noise::from(Masking::new(MASKED)?);
            spec.corruption = Some(CorruptionSpec { noise, drawn: Draw::EveryEpoch });
            spec.model.kind = ModelKind::Denoising;
        }
        if self.rules(Setting::Drawn)
            && let Some(corruption) = &mut spec.corruption
        {
            corruption.drawn = Draw::EveryEpoch;
        }
        let items = dataset.train.len();
        if self.rules(Setting::BatchSize) {
            spec.training.batch_size = batch_size_for(items);
        }
        if self.rules(Setting::Epochs) {
            let batches = items.div_ceil(spec.training.batch_size.max(1)).max(1);
            let steps = if is_table { TABLE_STEPS } else { IMAGE_STEPS };
            let epochs = steps.div_ceil(batches).clamp(EPOCHS, MOST_EPOCHS);
            spec.training.epochs = u32::try_from(epochs).unwrap_or(u32::MAX);
        }
        spec.checkpoints.every = spec.training.epochs.div_ceil(CHECKPOINTS as u32).max(1);
        Ok(())
    }
}

/// MNIST and what has its form keeps the settings of the Keras tutorial.
fn is_of_the_tutorial(dataset: &Dataset) -> bool {
    match dataset.origin.name.as_str() {
        "mnist" | "fashion-mnist" | "digits" => true,
        "folder" => dataset.train.shape() == ImageShape::grey(28, 28),
        _ => false,
    }
}

/// A power of two such that an epoch has at least 128 batches, within 32 to 256.
fn batch_size_for(items: usize) -> usize {
    let largest = (items / 128).clamp(32, 256);
    (1 << largest.ilog2()).min(items.max(1))
}

/// The widths from the pixels to the code: a bottleneck, and for tables a hidden layer before it.
fn network_for(dataset: &Dataset) -> Vec<usize> {
    let (items, pixels) = (dataset.train.len(), dataset.train.image_size());
    let code = CODE.min(pixels.div_ceil(2)).min(items.div_ceil(2)).max(1);
    match dataset.scaling {
        Some(_) => vec![HIDDEN.min(items).max(code), code],
        None => vec![code],
    }
}

/// One line with all that the rules decided.
fn chosen(spec: &Spec, dataset: &Dataset) -> String {
    let (training, items) = (&spec.training, dataset.train.len());
    let loss = match training.loss {
        Loss::BinaryCrossEntropy => "binary cross-entropy",
        Loss::MeanSquaredError => "mean squared error",
    };
    let network: Vec<String> = spec.model.encoder.iter().map(ToString::to_string).collect();
    let tied = if spec.model.tied_weights { " with tied weights" } else { "" };
    let mut parts = vec![format!("network {}{tied}", network.join("-")), loss.to_owned()];
    if dataset.scaling.is_some() {
        parts.push(format!(
            "{} columns",
            match spec.data.scaling {
                ColumnScaling::MinMax => "min-max scaled",
                ColumnScaling::Standard => "standardised",
            }
        ));
    }
    if let Some(corruption) = &spec.corruption {
        parts.push(format!("noise {} drawn {}", corruption.noise, corruption.drawn));
    }
    parts.push(format!("batches of {}", training.batch_size));
    let (batches, epochs) = (items.div_ceil(training.batch_size.max(1)), training.epochs);
    let epochs = epochs as usize;
    let steps = counted_as(batches.saturating_mul(epochs), "step");
    parts.push(format!("{steps} in {}", counted_as(epochs, "epoch")));
    let (what, one) =
        if dataset.scaling.is_some() { ("row", "column") } else { ("image", "value") };
    let size = dataset.train.image_size();
    let (items, size) = (counted_as(items, what), counted_as(size, one));
    format!("chosen for {items} of {size}: {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use ae_dataset::{Images, Pixels};

    use super::*;

    fn images(name: &str, shape: ImageShape, count: usize) -> Dataset {
        let pixels = Pixels::Bytes(vec![7; count * shape.size()]);
        let images = Images::of_shape(shape, pixels).unwrap();
        Dataset::new(name, "nowhere", images.clone(), images).unwrap()
    }

    fn table(rows: usize, columns: usize) -> Dataset {
        let values = Pixels::Floats(vec![0.5; rows * columns]);
        let images = Images::of_shape(ImageShape::grey(1, columns), values).unwrap();
        let scaling = serde_json::json!({
            "kind": "standard", "minimum": vec![0.0; columns], "maximum": vec![1.0; columns],
        });
        let scaling = Some(serde_json::from_value(scaling).unwrap());
        Dataset { scaling, ..Dataset::new("table", "nowhere", images.clone(), images).unwrap() }
    }

    fn adapted(mut spec: Spec, set: &[Setting], dataset: &Dataset) -> Spec {
        let adaptation = Adaptation::Rules { widths: None, set: set.to_vec(), keys: Vec::new() };
        adaptation.before_reading(&mut spec);
        adaptation.after_reading(&mut spec, dataset, &mut ()).unwrap();
        spec
    }

    #[test]
    fn small_data_has_small_batches() {
        for (items, batch_size) in
            [(1, 1), (9, 9), (135, 32), (8000, 32), (9000, 64), (20_000, 128), (54_000, 256)]
        {
            assert_eq!(batch_size_for(items), batch_size, "{items}");
        }
    }

    #[test]
    fn the_tutorials_data_keeps_the_tutorials_settings() {
        let shape = ImageShape::grey(28, 28);
        for name in ["mnist", "fashion-mnist", "digits", "folder"] {
            assert_eq!(adapted(Spec::tutorial(), &[], &images(name, shape, 40)), Spec::tutorial());
        }
        for dataset in [images("pictures", shape, 40), images("folder", ImageShape::grey(8, 8), 40)]
        {
            assert_ne!(adapted(Spec::tutorial(), &[], &dataset).training.batch_size, 256);
        }
    }

    #[test]
    fn every_code_is_a_bottleneck_and_every_training_long_enough() {
        for (rows, columns) in [(1, 1), (2, 3), (9, 4), (135, 13), (9000, 36), (500, 1555)] {
            let spec = adapted(Spec::tutorial(), &[], &table(rows, columns));
            let code = *spec.model.encoder.last().unwrap();
            assert!(code < columns || columns == 1, "{code} of {columns}");
            assert_eq!(spec.model.decoder.last(), Some(&columns));
            let steps = rows.div_ceil(spec.training.batch_size) * spec.training.epochs as usize;
            assert!((3000..7000).contains(&steps), "{rows}: {steps}");
            assert!(spec.training.epochs.div_ceil(spec.checkpoints.every) <= 50);
            assert_eq!(spec.training.loss, Loss::MeanSquaredError);
            assert_eq!(spec.data.scaling, ColumnScaling::Standard);
            assert_eq!(spec.corruption.unwrap().drawn, Draw::EveryEpoch);
        }
        for (count, side) in [(1, 1), (9, 2), (360, 32)] {
            let dataset = images("pictures", ImageShape::grey(side, side), count);
            let spec = adapted(Spec::tutorial(), &[], &dataset);
            let code = *spec.model.encoder.last().unwrap();
            assert!(code < side * side || side == 1, "{code} of {side} x {side}");
            assert_eq!(spec.corruption, None);
            assert_eq!(spec.data.scaling, ColumnScaling::MinMax);
        }
    }

    #[test]
    fn what_is_set_by_hand_stays() {
        let mut spec = Spec::tutorial();
        (spec.training.epochs, spec.training.batch_size) = (7, 5);
        let set = [Setting::Epochs, Setting::BatchSize, Setting::Noise];
        let found = adapted(spec, &set, &table(100, 6));
        assert_eq!((found.training.epochs, found.training.batch_size), (7, 5));
        assert_eq!(found.corruption, None);
        // A loss for values in [0, 1] needs such values; so does Gaussian noise.
        let found = adapted(Spec::tutorial(), &[Setting::Loss], &table(100, 6));
        assert_eq!(found.training.loss, Loss::BinaryCrossEntropy);
        assert_eq!(found.model.output_activation, OutputActivation::Sigmoid);
        assert_eq!(found.data.scaling, ColumnScaling::MinMax);
        let mut spec = Spec::tutorial();
        let noise = "gaussian:0.1".parse().unwrap();
        spec.corruption = Some(CorruptionSpec { noise, drawn: Draw::Once });
        let found = adapted(spec, &[Setting::Noise], &table(100, 6));
        assert_eq!(found.data.scaling, ColumnScaling::MinMax);
        assert_eq!(found.corruption.unwrap().drawn, Draw::EveryEpoch);
    }
}
