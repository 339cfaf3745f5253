//! Items of the model's data: to begin with, and as a map of codes.

use ae_analysis::{Rows, tsne};
use ae_apply::{JudgedData, JudgedPart, Model, sample_places};
use ae_dataset::Images;
use ae_random::Seed;
use serde::Serialize;

use crate::ServeError;
use crate::answer::items_as_sent;

/// Items that are shown.
const SHOWN: usize = 24;
/// Items on the map.
const MAPPED: usize = 600;
/// The fewest items of a map.
const LEAST_MAPPED: usize = 4;
/// The most numbers of the codes of a map: half a megabyte of JSON.
const MOST_CODES: usize = 1 << 16;
/// The most numbers of the items that are encoded for the map: 64 MiB.
const MOST_NUMBERS: usize = 1 << 24;
/// The most numbers of the items that are sent.
const MOST_SENT: usize = 1 << 20;

/// A few items of a data set, and the codes of some more in the plane.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Examples {
    /// The data's name.
    name: String,
    /// Which part of the data it is.
    part: &'static str,
    /// The items, each `channels x height x width`, or a row in the table's own units.
    items: Vec<Vec<f64>>,
    /// Their classes, if the data has classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
    /// The map, if the codes have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    map: Option<CodeMap>,
}

/// Codes in the plane.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct CodeMap {
    /// What the plane is: `code` for codes of two numbers, otherwise `t-sne`.
    kind: &'static str,
    points: Vec<[f32; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<String>>,
    /// The code of each point, to four digits, where it is not the point itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    codes: Option<Vec<Vec<f32>>>,
}

impl Examples {
    /// Examples of the data that a model is judged on. The choice is seeded, so that it is the same at every start.
    ///
    /// # Errors
    /// If the data does not fit the model.
    pub fn of(model: &Model, data: &JudgedData) -> Result<Self, ServeError> {
        let images = data.inputs.as_ref().unwrap_or(&data.images);
        let size = images.shape().size().max(1);
        let shown = chosen(images, SHOWN.min(MOST_SENT / size).max(1));
        let (items, labels) = select(images, &shown)?;
        let part = match data.part {
            JudgedPart::HeldOut => "held out of the training",
            JudgedPart::Test => "the test set",
            JudgedPart::Training => "the training data",
            JudgedPart::All | JudgedPart::Named(_) => "all or a named part of the data",
        };
        let map = CodeMap::of(model, images, MAPPED.min(MOST_NUMBERS / size).max(2))?;
        let items = items_as_sent(model.format(), &items);
        Ok(Self { name: data.name.clone(), part, items, labels, map })
    }
}

impl CodeMap {
    /// The map of the codes of at most so many images; none if a code alone gives no image, or codes are no plane.
    fn of(model: &Model, images: &Images, most: usize) -> Result<Option<Self>, ServeError> {
        let latent = model.latent_dim();
        if model.is_residual() || latent < 2 {
            return Ok(None);
        }
        let most = most.min(MOST_CODES / latent);
        if most < LEAST_MAPPED {
            return Ok(None);
        }
        let (items, labels) = select(images, &chosen(images, most))?;
        let codes = model.encode(&items)?;
        if codes.len() < LEAST_MAPPED * latent || !codes.iter().all(|value| value.is_finite()) {
            return Ok(None);
        }
        if latent == 2 {
            let points = codes.as_chunks().0.to_vec();
            return Ok(Some(Self { kind: "code", points, labels, codes: None }));
        }
        let rows = Rows::new(&codes, latent).map_err(ae_apply::ApplyError::from)?;
        // Codes that are all equal have no map.
        let Ok(points) = tsne(rows, &mut |_, _| {}) else { return Ok(None) };
        let points = points.as_chunks().0.to_vec();
        let codes = codes.chunks(latent).map(|code| code.iter().map(to_four_digits).collect());
        Ok(Some(Self { kind: "t-sne", points, labels, codes: Some(codes.collect()) }))
    }
}

fn to_four_digits(value: &f32) -> f32 {
    format!("{value:.3e}").parse().unwrap_or(*value)
}

/// The places of at most so many images.
fn chosen(images: &Images, most: usize) -> Vec<u32> {
    let places = sample_places(images.len(), most, Seed::new(42));
    places.into_iter().map(|place| place as u32).collect()
}

type Selected = (Vec<f32>, Option<Vec<String>>);

fn select(images: &Images, places: &[u32]) -> Result<Selected, ServeError> {
    let images = images.select(places).map_err(ae_apply::ApplyError::from)?;
    let labels = images.labels();
    let names = labels.map(|labels| labels.iter().map(|&label| images.class_name(label)).collect());
    Ok((images.to_floats(), names))
}
