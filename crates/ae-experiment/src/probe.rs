//! What codes are good for: simple classifiers on frozen codes, beside raw pixels and PCA.

use ae_analysis::{LogisticRegression, MeanInterval, Pca, Rows, accuracy, classify_by_neighbours};
use ae_dataset::Dataset;
use ae_random::Seed;
use serde::{Deserialize, Serialize};

use crate::record::TableRecord;
use crate::{ExperimentError, Inputs, Model};

/// Neighbours that vote.
pub(crate) const NEIGHBOURS: usize = 5;
/// The headings of a table of probes.
pub(crate) const HEADINGS: [&str; 6] =
    ["numbers", "length", "labels", "logistic regression", "5 nearest neighbours", "repetitions"];

/// Which labels the classifiers learn from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeSpec {
    /// Labels of a small part of the training images each, such as 100 and 1 000; all labels are
    /// always probed too.
    pub labels: Vec<usize>,
    /// How often a part is drawn.
    pub repetitions: u32,
}

/// Training and test images as numbers, by a name.
pub(crate) struct Representation {
    pub(crate) name: String,
    pub(crate) columns: usize,
    pub(crate) train: Vec<f32>,
    pub(crate) test: Vec<f32>,
}

/// How well one representation serves with so many labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Probed {
    pub(crate) name: String,
    columns: usize,
    /// `None` is all.
    pub(crate) labels: Option<usize>,
    repetitions: u32,
    pub(crate) logistic: MeanInterval,
    pub(crate) neighbours: MeanInterval,
}

/// Probes a model's codes beside raw pixels and PCA of the same length. The parts are drawn from the
/// seed, and are the same for all three.
///
/// # Errors
/// If the data have no labels or one class alone, a part is larger than the data, or the images do not
/// fit the model.
pub fn probe(
    model: &Model,
    dataset: &Dataset,
    spec: &ProbeSpec,
    seed: Seed,
) -> Result<TableRecord, ExperimentError> {
    let mut probed = Vec::new();
    let latent = model.latent_dim();
    for representation in
        [raw(dataset), principal(dataset, latent)?, codes("autoencoder", model, dataset)?]
    {
        probed.extend(probe_representation(&representation, dataset, spec, seed)?);
    }
    let caption = format!("accuracy on the {} test images", dataset.test.len());
    Ok(TableRecord {
        file: String::new(),
        title: "Probes of frozen codes".to_owned(),
        caption,
        columns: HEADINGS.map(str::to_owned).to_vec(),
        rows: probed.iter().map(Probed::row).collect(),
    })
}

/// The pixels themselves.
pub(crate) fn raw(dataset: &Dataset) -> Representation {
    let pixels = |images| Inputs::from_images("", images).pixels;
    let (train, test) = (pixels(&dataset.train), pixels(&dataset.test));
    Representation { name: "pixels".to_owned(), columns: dataset.train.image_size(), train, test }
}

/// PCA of the training images.
pub(crate) fn principal(
    dataset: &Dataset,
    components: usize,
) -> Result<Representation, ExperimentError> {
    let Representation { columns, train, test, .. } = raw(dataset);
    let rows = Rows::new(&train, columns)?;
    let components = components.min(columns).min(rows.len());
    let pca = Pca::fit(rows, components)?;
    let (train, test) = (pca.encode(rows)?, pca.encode(Rows::new(&test, columns)?)?);
    Ok(Representation { name: "PCA".to_owned(), columns: components, train, test })
}

/// A model's codes.
pub(crate) fn codes(
    name: &str,
    model: &Model,
    dataset: &Dataset,
) -> Result<Representation, ExperimentError> {
    let pixels = raw(dataset);
    let (train, test) = (model.encode(&pixels.train)?, model.encode(&pixels.test)?);
    Ok(Representation { name: name.to_owned(), columns: model.latent_dim(), train, test })
}

/// Both classifiers, with each number of labels and with all.
pub(crate) fn probe_representation(
    representation: &Representation,
    dataset: &Dataset,
    spec: &ProbeSpec,
    seed: Seed,
) -> Result<Vec<Probed>, ExperimentError> {
    let unlabelled = || ExperimentError::NoLabels { location: dataset.origin.location.clone() };
    let of_train = dataset.train.labels().ok_or_else(unlabelled)?;
    let of_test = dataset.test.labels().ok_or_else(unlabelled)?;
    let columns = representation.columns;
    let test = Rows::new(&representation.test, columns)?;
    let mut probed = Vec::new();
    for labels in spec.labels.iter().copied().map(Some).chain([None]) {
        let repetitions = if labels.is_some() { spec.repetitions } else { 1 };
        let (mut logistic, mut neighbours) = (Vec::new(), Vec::new());
        for repetition in 0..repetitions {
            let chosen = part(of_train.len(), labels, repetition, seed)?;
            let rows = chosen.iter().flat_map(|&row| {
                representation.train[row as usize * columns..][..columns].iter().copied()
            });
            let (rows, of_rows): (Vec<f32>, Vec<u8>) =
                (rows.collect(), chosen.iter().map(|&row| of_train[row as usize]).collect());
            let rows = Rows::new(&rows, columns)?;
            let predicted = LogisticRegression::fit(rows, &of_rows)?.predict(test)?;
            logistic.push(accuracy(&predicted, of_test));
            let count = NEIGHBOURS.min(rows.len());
            let predicted = classify_by_neighbours(rows, &of_rows, test, count)?;
            neighbours.push(accuracy(&predicted, of_test));
        }
        probed.push(Probed {
            name: representation.name.clone(),
            columns,
            labels,
            repetitions,
            logistic: MeanInterval::of(&logistic)?,
            neighbours: MeanInterval::of(&neighbours)?,
        });
    }
    Ok(probed)
}

/// The training images whose labels are learned from, in the data's order.
fn part(
    images: usize,
    labels: Option<usize>,
    repetition: u32,
    seed: Seed,
) -> Result<Vec<u32>, ExperimentError> {
    let mut order: Vec<u32> = (0..images as u32).collect();
    let Some(labels) = labels else { return Ok(order) };
    if labels == 0 || labels > images {
        return Err(ExperimentError::Setting {
            setting: "labels",
            expected: format!("from 1 to the {images} training images"),
            found: labels.to_string(),
        });
    }
    seed.stream("probe/labels").at(repetition, 0).shuffle(&mut order);
    order.truncate(labels);
    order.sort_unstable();
    Ok(order)
}

impl Probed {
    /// The row of a table: accuracies with the half-width of their 95 % interval.
    pub(crate) fn row(&self) -> Vec<String> {
        let labels = self.labels.map_or_else(|| "all".to_owned(), |labels| labels.to_string());
        vec![
            self.name.clone(),
            self.columns.to_string(),
            labels,
            with_interval(self.logistic),
            with_interval(self.neighbours),
            self.repetitions.to_string(),
        ]
    }
}

fn with_interval(accuracy: MeanInterval) -> String {
    let MeanInterval { mean, half_width } = accuracy;
    match half_width {
        Some(half_width) => format!("{mean:.4} ± {half_width:.4}"),
        None => format!("{mean:.4}"),
    }
}
