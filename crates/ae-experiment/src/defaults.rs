//! Default settings that follow from the data: the rules of `docs/defaults.md`.

use ae_corruption::{Corruption as _, Draw, Masking, Noise};
use ae_dataset::{ColumnScaling, Dataset, ImageShape, Progress};
use ae_files::counted_as;
use ae_models::{Activation, Loss, ModelKind};

use crate::network_text::network_in_words;
use crate::plan::check_table;
use crate::{ConvVaeForm, CorruptionSpec, ExperimentError, NetworkForm, Spec, VaeForm};

/// Steps of a training on a small table. A third of them gives as good a model; twice as many hardly improve it.
const TABLE_STEPS: usize = 3000;
/// Steps of a training on few images. With half of them, the error is a fifth larger.
const IMAGE_STEPS: usize = 6000;
/// Fewest epochs, however many steps an epoch has.
const MIN_EPOCHS: usize = 20;
/// Most epochs, however few steps an epoch has.
const MAX_EPOCHS: usize = 3000;
/// The longest code by rule; it is the tutorial's.
const MAX_CODE: usize = 32;
/// The widest hidden layer by rule.
const MAX_HIDDEN: usize = 64;
/// The fraction of a table's row that is masked in training.
const MASKED: f32 = 0.2;
/// Most checkpoints of a run by rule, because writing one takes longer than a short epoch.
const MAX_CHECKPOINTS: usize = 50;

/// A setting that a rule chooses unless it is set by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Setting {
    /// The number of images in a batch.
    BatchSize,
    /// The number of epochs.
    Epochs,
    /// The reconstruction loss.
    Loss,
    /// The noise, or that there is none.
    Noise,
    /// Whether the noise is drawn once or in every epoch.
    Drawn,
    /// How the columns of a table are scaled.
    Scaling,
}

/// How a spec is completed from its data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adaptation {
    /// Not at all: the spec is complete.
    None,
    /// These are the widths of the network's layers after the pixels, up to the code; everything else is in the spec.
    Widths(Vec<usize>),
    /// The rules choose what was not set by hand, except for the tutorial's data.
    Rules {
        /// The widths after the pixels, up to the code, if they were set by hand.
        widths: Option<Vec<usize>>,
        /// The other settings that were set by hand.
        set: Vec<Setting>,
        /// Keys of the spec that were set by hand, with their values: no rule changes them.
        keys: Vec<(String, String)>,
    },
}

impl Adaptation {
    /// Whether a rule chooses the setting.
    fn rules(&self, setting: Setting) -> bool {
        matches!(self, Self::Rules { set, .. } if !set.contains(&setting))
    }

    /// Chooses the settings that reading the data depends on: the scaling of a table's columns.
    pub(crate) fn before_reading(&self, spec: &mut Spec) {
        if !self.rules(Setting::Scaling) {
            return;
        }
        let entropy = !self.rules(Setting::Loss) && spec.training.loss == Loss::BinaryCrossEntropy;
        let noise = spec.corruption.as_ref().map(|corruption| &corruption.noise);
        let bounded = entropy || noise.is_some_and(Noise::needs_unit_range);
        spec.data.scaling = if bounded { ColumnScaling::MinMax } else { ColumnScaling::Standard };
    }

    /// Chooses the other settings once the data is read, and tells [`Progress::chose`] of them.
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
        check_table(spec, dataset)?;
        match (widths, &mut spec.model.form) {
            (Some(widths), _) => spec.model.set_widths(pixels, &widths)?,
            (None, NetworkForm::Dense(_)) => {
                let widths = if is_ruled { network_for(spec, dataset) } else { vec![MAX_CODE] };
                spec.model.set_widths(pixels, &widths)?;
            }
            (
                None,
                NetworkForm::Vae(VaeForm { code, .. })
                | NetworkForm::ConvVae(ConvVaeForm { code, .. }),
            ) if is_ruled => {
                *code = (*code).min(longest_code(dataset));
            }
            _ => {}
        }
        if is_ruled {
            self.decide(spec, dataset)?;
        }
        if let Self::Rules { keys, .. } = self {
            if let Some(dense) = spec.model.dense_mut()
                && spec.training.needs_sigmoid_code()
            {
                dense.code_activation = Activation::Sigmoid;
            }
            for (key, value) in keys {
                *spec = spec.with(key, value)?;
            }
        }
        if is_ruled {
            progress.chose(&chosen(spec, dataset)?);
        }
        Ok(())
    }

    fn decide(&self, spec: &mut Spec, dataset: &Dataset) -> Result<(), ExperimentError> {
        let is_table = dataset.scaling.is_some();
        let is_dense = spec.model.dense().is_some();
        if let Some(dense) = spec.model.dense_mut() {
            // Units of a ReLU code can die; with a linear code the network can do at least what PCA does.
            dense.code_activation = Activation::Linear;
            // Tied weights are half as many, which few images determine better.
            dense.tied_weights |= !is_table && matches!(self, Self::Rules { widths: None, .. });
        }
        if is_table && self.rules(Setting::Loss) {
            spec.training.loss = Loss::MeanSquaredError;
        }
        if is_table && spec.training.loss != Loss::BinaryCrossEntropy {
            spec.model.set_output_activation(Activation::Linear);
        }
        if is_table && is_dense && self.rules(Setting::Noise) {
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
            spec.training.batch_size = batch_size_for(items).min(spec.training.batch_size);
        }
        if self.rules(Setting::Epochs) {
            let batches = items.div_ceil(spec.training.batch_size.max(1)).max(1);
            let steps = if is_table { TABLE_STEPS } else { IMAGE_STEPS };
            let epochs = steps.div_ceil(batches).clamp(MIN_EPOCHS, MAX_EPOCHS);
            spec.training.epochs = u32::try_from(epochs).unwrap_or(u32::MAX);
        }
        spec.checkpoints.every = spec.training.epochs.div_ceil(MAX_CHECKPOINTS as u32).max(1);
        Ok(())
    }
}

/// Whether the data has the form of the Keras tutorial's, whose settings it then keeps.
fn is_of_the_tutorial(dataset: &Dataset) -> bool {
    match dataset.origin.name.as_str() {
        "mnist" | "fashion-mnist" | "digits" => true,
        "folder" => dataset.train.shape() == ImageShape::grey(28, 28),
        _ => false,
    }
}

/// The largest power of two, from 32 to 256, that leaves at least 128 batches in an epoch; at most the number of items.
fn batch_size_for(items: usize) -> usize {
    let largest = (items / 128).clamp(32, 256);
    (1 << largest.ilog2()).min(items.max(1))
}

/// The longest code by rule: half of the values of an item and half of the items, at most the tutorial's.
fn longest_code(dataset: &Dataset) -> usize {
    let (items, pixels) = (dataset.train.len(), dataset.train.image_size());
    MAX_CODE.min(pixels.div_ceil(2)).min(items.div_ceil(2)).max(1)
}

/// The widths after the pixels, up to the code: for tables a hidden layer and the code, for images the code.
fn network_for(spec: &Spec, dataset: &Dataset) -> Vec<usize> {
    let code = longest_code(dataset);
    // The contractive penalty is for an encoder of one layer.
    match dataset.scaling.is_some() && spec.training.contractive_weight.is_none() {
        true => vec![MAX_HIDDEN.min(dataset.train.len()).max(code), code],
        false => vec![code],
    }
}

/// One line with everything that the rules chose.
fn chosen(spec: &Spec, dataset: &Dataset) -> Result<String, ExperimentError> {
    let (training, items) = (&spec.training, dataset.train.len());
    let loss = match training.loss {
        Loss::BinaryCrossEntropy => "binary cross-entropy",
        Loss::MeanSquaredError => "mean squared error",
        Loss::MeanAbsoluteError => "mean absolute error",
        Loss::SoftmaxCrossEntropy => "softmax cross-entropy",
    };
    let network = match spec.model.dense() {
        Some(dense) => {
            let widths: Vec<String> = dense.encoder.iter().map(ToString::to_string).collect();
            let tied = if dense.tied_weights { " with tied weights" } else { "" };
            format!("{}{tied}", widths.join("-"))
        }
        None => {
            let network = spec.model.network_for(dataset, spec.data.resize.unwrap_or_default())?;
            network_in_words(&spec.model, &network.check()?)
        }
    };
    let mut parts = vec![format!("network {network}"), loss.to_owned()];
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
    Ok(format!("chosen for {items} of {size}: {}", parts.join(", ")))
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
            let dense = spec.model.dense().unwrap();
            let code = *dense.encoder.last().unwrap();
            assert!(code < columns || columns == 1, "{code} of {columns}");
            assert_eq!(dense.decoder.last(), Some(&columns));
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
            let code = *spec.model.dense().unwrap().encoder.last().unwrap();
            assert!(code < side * side || side == 1, "{code} of {side} x {side}");
            assert_eq!(spec.corruption, None);
            assert_eq!(spec.data.scaling, ColumnScaling::MinMax);
        }
    }

    #[test]
    fn settings_made_by_hand_stay() {
        let mut spec = Spec::tutorial();
        (spec.training.epochs, spec.training.batch_size) = (7, 5);
        let set = [Setting::Epochs, Setting::BatchSize, Setting::Noise];
        let found = adapted(spec, &set, &table(100, 6));
        assert_eq!((found.training.epochs, found.training.batch_size), (7, 5));
        assert_eq!(found.corruption, None);
        // A loss for values in [0, 1] needs such values; so does Gaussian noise.
        let found = adapted(Spec::tutorial(), &[Setting::Loss], &table(100, 6));
        assert_eq!(found.training.loss, Loss::BinaryCrossEntropy);
        assert_eq!(found.model.dense().unwrap().output_activation, Activation::Sigmoid);
        assert_eq!(found.data.scaling, ColumnScaling::MinMax);
        let mut spec = Spec::tutorial();
        let noise = "gaussian:0.1".parse().unwrap();
        spec.corruption = Some(CorruptionSpec { noise, drawn: Draw::Once });
        let found = adapted(spec, &[Setting::Noise], &table(100, 6));
        assert_eq!(found.data.scaling, ColumnScaling::MinMax);
        assert_eq!(found.corruption.unwrap().drawn, Draw::EveryEpoch);
    }
}
