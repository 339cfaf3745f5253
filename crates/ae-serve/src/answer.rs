//! Answers with many numbers, written without a detour.

use ae_apply::AnomalyVerdict;
use ae_dataset::InputFormat;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use crate::Fault;

/// Rows of numbers as a list of lists.
#[derive(Debug)]
pub(crate) struct RowsOf<T> {
    values: Vec<T>,
    width: usize,
}

impl<T: Serialize> Serialize for RowsOf<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows = self.values.chunks(self.width);
        let mut list = serializer.serialize_seq(Some(rows.len()))?;
        rows.into_iter().try_for_each(|row| list.serialize_element(row))?;
        list.end()
    }
}

/// Items in the numbers of the model, or rows in the table's own units.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Items {
    Images(RowsOf<f32>),
    Rows(RowsOf<f64>),
}

impl Items {
    /// Items as they are sent.
    ///
    /// # Errors
    /// If a number is not finite: JSON could not hold it.
    pub(crate) fn of(format: &InputFormat, values: Vec<f32>) -> Result<Self, Fault> {
        check_finite(&values)?;
        let width = format.shape.size().max(1);
        Ok(match &format.scaling {
            None => Self::Images(RowsOf { values, width }),
            Some(scaling) => Self::Rows(RowsOf { values: scaling.undo(&values), width }),
        })
    }
}

/// Rows of numbers that are no items.
///
/// # Errors
/// If a number is not finite.
pub(crate) fn rows(values: Vec<f32>, width: usize) -> Result<RowsOf<f32>, Fault> {
    check_finite(&values)?;
    Ok(RowsOf { values, width: width.max(1) })
}

fn check_finite(values: &[f32]) -> Result<(), Fault> {
    match values.iter().find(|value| !value.is_finite()) {
        None => Ok(()),
        Some(value) => Err(Fault::unfit(
            "the model's answer is not finite",
            "numbers that the network can take without an overflow",
            value.to_string(),
            "send numbers of the size of those that the model was trained on",
        )),
    }
}

/// Items as lists, in the units in which they are sent.
pub(crate) fn items_as_sent(format: &InputFormat, values: &[f32]) -> Vec<Vec<f64>> {
    let numbers = match &format.scaling {
        Some(scaling) => scaling.undo(values),
        // The shortest text of a float is that of the same number as a double.
        None => values.iter().map(|value| value.to_string().parse().unwrap_or_default()).collect(),
    };
    numbers.chunks(format.shape.size().max(1)).map(<[f64]>::to_vec).collect()
}

/// What a request is answered. Fields that were not asked for are left out.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Answer {
    /// The number of items.
    pub(crate) items: usize,
    /// Channels, height and width of an item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shape: Option<[usize; 3]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reconstructions: Option<Items>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) denoised: Option<Items>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decoded: Option<Items>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) samples: Option<Items>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) inputs: Option<Items>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) codes: Option<RowsOf<f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) errors: Option<RowsOf<f32>>,
    /// The mean squared error of each item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mse: Option<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) noise_levels: Option<Vec<f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verdicts: Option<Vec<Verdict>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) threshold: Option<f64>,
}

/// What the detector says of an item.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    score: f64,
    p_value: f64,
    is_anomaly: bool,
}

impl From<AnomalyVerdict> for Verdict {
    fn from(AnomalyVerdict { score, p_value, is_anomaly }: AnomalyVerdict) -> Self {
        Self { score, p_value, is_anomaly }
    }
}
