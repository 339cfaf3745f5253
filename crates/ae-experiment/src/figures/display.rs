//! Items of a model as pictures: which numbers are black and which are white.

use ae_dataset::{ColumnScaling, Dataset, ImageShape, InputFormat, Scaling};
use ae_report::Picture;

use crate::ExperimentError;

/// Standardised values are clamped to this many deviations: one far value would otherwise make all others the same
/// grey.
const MAX_DEVIATIONS: f64 = 5.0;

/// How items of one format are drawn: the values of images from 0 (black) to 1 (white), rows of a standardised table
/// over the range of the training data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Display {
    shape: ImageShape,
    low: f32,
    high: f32,
    columns: Option<ColumnScaling>,
}

impl Display {
    /// The display of a model's format.
    pub fn of(format: &InputFormat) -> Self {
        let columns = format.scaling.as_ref().map(|scaling| scaling.kind);
        let (low, high) = match &format.scaling {
            Some(scaling) if scaling.kind == ColumnScaling::Standard => range(scaling),
            _ => (0.0, 1.0),
        };
        Self { shape: format.shape, low, high, columns }
    }

    /// The display of a data set's items.
    pub fn of_dataset(dataset: &Dataset) -> Self {
        let (shape, scaling) = (dataset.train.shape(), dataset.scaling.clone());
        Self::of(&InputFormat { shape, scaling })
    }

    /// Items, `n x channels x height x width`, as pictures. Values outside of the range are black or white.
    ///
    /// # Errors
    /// If the slice is not whole items, or a value is not finite.
    pub fn pictures(&self, values: &[f32]) -> Result<Vec<Picture>, ExperimentError> {
        let ImageShape { channels, height, width } = self.shape;
        let part = |value: &f32| (value - self.low) / (self.high - self.low);
        let items = values.chunks(self.shape.size().max(1)).map(|item| {
            // The difference of two finite numbers may be infinite; it is clamped like every other.
            let parts = item.iter().map(|value| match value.is_finite() {
                true => part(value).clamp(0.0, 1.0),
                false => *value,
            });
            Picture::from_unit(channels, height, width, &parts.collect::<Vec<_>>())
        });
        Ok(items.collect::<Result<_, _>>()?)
    }

    /// What is black and what is white, for a caption; nothing for images, whose range is known.
    pub fn in_words(&self) -> Option<String> {
        let Self { low, high, .. } = self;
        Some(match self.columns? {
            ColumnScaling::MinMax => {
                "black is the smallest value of a column in training or less, white its largest or more"
                    .to_owned()
            }
            ColumnScaling::Standard => format!(
                "black is {low:.1} or less, white {high:.1} or more, in standard deviations from a \
                 column's mean"
            ),
        })
    }

    /// A caption, followed by [`in_words`](Self::in_words).
    pub fn caption(&self, caption: &str) -> String {
        match self.in_words() {
            Some(range) => format!("{caption}; {range}"),
            None => caption.to_owned(),
        }
    }
}

/// The range of all columns in training, in standard deviations, without the columns that are constant.
fn range(scaling: &Scaling) -> (f32, f32) {
    let deviations = |column: usize| {
        let (zero, one) = (scaling.minimum[column], scaling.maximum[column]);
        let range = scaling.range(column);
        range.map(|bound| (bound / 2.0 - zero / 2.0) / (one / 2.0 - zero / 2.0))
    };
    let varying =
        (0..scaling.columns()).filter(|&column| scaling.minimum[column] < scaling.maximum[column]);
    let (low, high) = varying
        .map(deviations)
        .fold((0.0, 1.0), |(low, high): (f64, f64), range| (low.min(range[0]), high.max(range[1])));
    (low.max(-MAX_DEVIATIONS) as f32, high.min(MAX_DEVIATIONS) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn display(scaling: Option<serde_json::Value>) -> Display {
        let scaling = scaling.map(|scaling| serde_json::from_value(scaling).unwrap());
        Display::of(&InputFormat { shape: ImageShape::grey(1, 3), scaling })
    }

    fn levels(display: &Display, values: &[f32]) -> Picture {
        display.pictures(values).unwrap().remove(0)
    }

    #[test]
    fn standardised_rows_are_drawn_over_the_range_of_training() {
        let display = display(Some(serde_json::json!({
            "kind": "standard",
            "minimum": [10.0, 0.0, 7.0], "maximum": [12.0, 1.0, 7.0],
            "ranges": [[6.0, 16.0], [-1.0, 2.5], [7.0, 7.0]],
        })));
        // -2 and 3 deviations in the first column; the last one is constant.
        let shown = levels(&display, &[-2.0, 0.5, 3.0]);
        assert_eq!(shown, Picture::new(1, 1, 3, &[0, 128, 255]).unwrap());
        // What is far outside is saturated, and no hole.
        let shown = levels(&display, &[-f32::MAX, f32::MAX, 1e9]);
        assert_eq!(shown, Picture::new(1, 1, 3, &[0, 255, 255]).unwrap());
        assert!(display.pictures(&[f32::NAN, 0.0, 0.0]).is_err());
        let caption = display.caption("rows");
        assert!(caption.starts_with("rows; black is -2.0 or less, white 3.0 or more"), "{caption}");
    }

    #[test]
    fn a_column_with_one_far_value_does_not_make_the_others_grey() {
        let display = display(Some(serde_json::json!({
            "kind": "standard",
            "minimum": [0.0, 0.0, 0.0], "maximum": [1.0, 1.0, 1.0],
            "ranges": [[-40.0, 1.0], [-1.0, 90.0], [-1.0, 1.0]],
        })));
        assert_eq!((display.low, display.high), (-5.0, 5.0));
    }

    #[test]
    fn images_and_min_max_scaled_rows_are_drawn_from_0_to_1() {
        let bounds = serde_json::json!({ "minimum": [1.0, 0.0, 7.0], "maximum": [2.0, 1.0, 7.0] });
        for (display, is_told) in [(display(None), false), (display(Some(bounds)), true)] {
            let shown = levels(&display, &[-0.5, 0.5, 1.5]);
            assert_eq!(shown, Picture::new(1, 1, 3, &[0, 128, 255]).unwrap());
            assert_eq!(display.in_words().is_some(), is_told);
            assert_eq!(display.caption("x") == "x", !is_told);
        }
    }
}
