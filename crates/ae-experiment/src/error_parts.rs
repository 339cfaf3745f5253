//! Where a model errs: by class, by pixel or by column.

use ae_dataset::{Dataset, ImageShape, Images};
use ae_models::Inference;
use ae_training::{Counted, errors_by_place};
use serde::{Deserialize, Serialize};

use crate::ExperimentError;
use crate::plan::Plan;

/// The longest side of the map of an image's errors: larger images are divided into blocks.
const MOST_SIDE: usize = 64;
/// Most columns of a table whose errors are kept.
const MOST_COLUMNS: usize = 4096;

/// The squared error on the validation items, divided into parts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorParts {
    /// By class, if the data has classes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_class: Vec<ClassError>,
    /// By pixel, row by row from the top, averaged over the channels; of large images by block of pixels. Of a table one
    /// row, by column. Each row is written as a text of numbers.
    #[serde(with = "number_rows", default, skip_serializing_if = "Vec::is_empty")]
    pub by_place: Vec<Vec<f32>>,
}

/// The error on the items of a class.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClassError {
    /// The name of the class.
    pub class: String,
    /// The number of its validation items.
    pub items: usize,
    /// The squared error per value.
    pub mse: f64,
}

impl ErrorParts {
    /// The parts of a trained model's error; none if the clean values are not known, or an error is not finite.
    pub(crate) fn of(plan: &Plan, model: &dyn Inference) -> Result<Option<Self>, ExperimentError> {
        if plan.counted() == Counted::BlindSpots {
            return Ok(None);
        }
        let samples = plan.validation_samples();
        let grid = Grid::of(&plan.dataset);
        let (cells, count) = grid.cells();
        let errors = errors_by_place(model, &samples, &cells, count)?;
        if !errors.items.iter().all(|error| error.is_finite()) {
            return Ok(None);
        }
        let places: Vec<f32> = errors.places.iter().map(|&error| error as f32).collect();
        let by_place = places.chunks(grid.across.max(1)).map(<[f32]>::to_vec).collect();
        let by_class = by_class(&plan.dataset.test, &errors.items);
        let by_place = if count > 1 { by_place } else { Vec::new() };
        Ok(Some(Self { by_class, by_place }))
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.by_class.is_empty() && self.by_place.is_empty()
    }
}

/// How an item is divided into places.
struct Grid {
    shape: ImageShape,
    /// The side of a block.
    block: usize,
    across: usize,
    down: usize,
}

impl Grid {
    fn of(dataset: &Dataset) -> Self {
        let shape = dataset.train.shape();
        let (longest, most) = match dataset.scaling {
            Some(_) => (shape.width, MOST_COLUMNS),
            None => (shape.height.max(shape.width), MOST_SIDE),
        };
        let block = longest.div_ceil(most).max(1);
        // The columns of a very wide table are not averaged: they have nothing in common.
        let block = if dataset.scaling.is_some() && block > 1 { longest } else { block };
        let (across, down) = (shape.width.div_ceil(block), shape.height.div_ceil(block));
        Self { shape, block, across, down }
    }

    /// The place of each value of an item, and the number of places.
    fn cells(&self) -> (Vec<u32>, usize) {
        let Self { shape: ImageShape { channels, height, width }, block, across, down } = *self;
        let channel = (0..height).flat_map(|y| (0..width).map(move |x| (y, x)));
        let of_channel: Vec<u32> =
            channel.map(|(y, x)| (y / block * across + x / block) as u32).collect();
        (of_channel.repeat(channels), across * down)
    }
}

/// The classes in the order of their labels, without those that no item has.
fn by_class(images: &Images, errors: &[f64]) -> Vec<ClassError> {
    let Some(labels) = images.labels() else { return Vec::new() };
    let of_label = |label: u8| {
        let own = labels.iter().zip(errors).filter(|(own, _)| **own == label);
        let (items, sum) = own.fold((0, 0.0), |(count, sum), (_, error)| (count + 1, sum + error));
        let mse = sum / f64::from(u32::max(items, 1));
        ClassError { class: images.class_name(label), items: items as usize, mse }
    };
    let mut present: Vec<u8> = labels.to_vec();
    present.sort_unstable();
    present.dedup();
    // One class divides nothing.
    if present.len() < 2 { Vec::new() } else { present.into_iter().map(of_label).collect() }
}

/// Rows of numbers as texts, so that a record stays readable: a number a line would fill pages.
mod number_rows {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(
        rows: &[Vec<f32>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let texts = rows.iter().map(|row| {
            row.iter().map(|value| format!("{value:.3e}")).collect::<Vec<_>>().join(" ")
        });
        texts.collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Vec<f32>>, D::Error> {
        let rows = Vec::<String>::deserialize(deserializer)?;
        let row = |row: &String| row.split_whitespace().map(str::parse).collect();
        rows.iter().map(row).collect::<Result<_, _>>().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_images_are_divided_into_blocks() {
        let shape = ImageShape { channels: 2, height: 3, width: 5 };
        let grid = Grid { shape, block: 2, across: 3, down: 2 };
        let plane = [0, 0, 1, 1, 2, 0, 0, 1, 1, 2, 3, 3, 4, 4, 5];
        assert_eq!(grid.cells(), (plane.repeat(2), 6));
    }

    #[test]
    fn errors_are_averaged_by_class() {
        let images = Images::new(1, 1, vec![0; 4]).unwrap().with_labels(vec![3, 0, 3, 3]).unwrap();
        let classes = by_class(&images, &[0.1, 0.5, 0.2, 0.3]);
        let told: Vec<(&str, usize)> =
            classes.iter().map(|class| (class.class.as_str(), class.items)).collect();
        assert_eq!(told, [("0", 1), ("3", 3)]);
        assert!((classes[1].mse - 0.2).abs() < 1e-12);
        let one = Images::new(1, 1, vec![0; 2]).unwrap().with_labels(vec![3, 3]).unwrap();
        assert_eq!(by_class(&one, &[0.1, 0.5]), []);
    }

    #[test]
    fn rows_are_written_as_text_and_read_again() {
        let by_place = vec![vec![0.0, 1.25e-3], vec![3.5, 0.125]];
        let parts = ErrorParts { by_place, ..ErrorParts::default() };
        let json = serde_json::to_string(&parts).unwrap();
        assert_eq!(json, r#"{"by_place":["0.000e0 1.250e-3","3.500e0 1.250e-1"]}"#);
        assert_eq!(serde_json::from_str::<ErrorParts>(&json).unwrap(), parts);
        assert!(serde_json::from_str::<ErrorParts>(r#"{"by_place":["a"]}"#).is_err());
    }
}
