//! Probes: simple classifiers on frozen codes, compared with the same on pixels and on PCA.

use std::ops::Range;

use ae_analysis::{LogisticRegression, MeanInterval, Pca, Rows, accuracy, classify_by_neighbours};
use ae_dataset::{Dataset, Inputs};
use ae_random::Seed;
use serde::{Deserialize, Serialize};

use crate::error::ApplyError;
use crate::model::Model;

/// The number of neighbours that vote.
pub const NEIGHBOURS: usize = 5;

/// How many labels the classifiers learn from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeSpec {
    /// Numbers of training labels, such as 100 and 1000, from 1 to all; all labels are always probed too.
    pub labels: Vec<usize>,
    /// Random draws of so many labels; at least 1.
    pub repetitions: u32,
}

/// Training and test items as rows of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Representation {
    /// Its name in tables: `pixels` (of a table `columns`), `PCA`, or the name of a model.
    pub name: String,
    /// Numbers for an item.
    pub columns: usize,
    /// The training items, `n x columns`.
    pub train: Vec<f32>,
    /// The test items, `n x columns`.
    pub test: Vec<f32>,
}

/// The accuracy of both classifiers on one representation and one number of labels.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeResult {
    /// The representation's name.
    pub name: String,
    /// Numbers for an item.
    pub columns: usize,
    /// Labels that were learned from; `None` is all.
    pub labels: Option<usize>,
    /// The number of repetitions.
    pub repetitions: usize,
    /// Accuracy of logistic regression on the test items, over the repetitions.
    pub logistic: MeanInterval,
    /// Accuracy of the [`NEIGHBOURS`] nearest neighbours on the test items, over the repetitions.
    pub neighbours: MeanInterval,
}

/// The accuracies of both classifiers for one number of labels, one for each repetition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Accuracies {
    /// Labels that were learned from; `None` is all.
    pub labels: Option<usize>,
    /// Accuracy of logistic regression, by repetition.
    pub logistic: Vec<f64>,
    /// Accuracy of the nearest neighbours, by repetition.
    pub neighbours: Vec<f64>,
}

/// Probes a model's codes, pixels, and PCA of the codes' length. All three learn from the same labels, which are drawn from
/// the stream `probe/labels` of the seed.
///
/// # Errors
/// As [`ProbeSpec::check`]; [`ApplyError::OneClass`] if a draw has one class only; and if the items do not fit the model.
pub fn probe(
    model: &Model,
    dataset: &Dataset,
    spec: &ProbeSpec,
    seed: Seed,
) -> Result<Vec<ProbeResult>, ApplyError> {
    spec.check(dataset)?;
    let mut results = Vec::new();
    let latent = model.latent_dim();
    for representation in [
        pixel_representation(dataset),
        pca_representation(dataset, latent)?,
        code_representation("autoencoder", model, dataset)?,
    ] {
        let found =
            probe_representation(&representation, dataset, spec, seed, 0..spec.repetitions)?;
        results.extend(ProbeResult::all(&representation.name, representation.columns, &found)?);
    }
    Ok(results)
}

impl ProbeSpec {
    /// Checks the settings against the data before anything is computed.
    ///
    /// # Errors
    /// [`ApplyError::NoLabels`] or [`ApplyError::OneClass`] if the data have no labels or one class only;
    /// [`ApplyError::Setting`] if a number is out of its range.
    pub fn check(&self, dataset: &Dataset) -> Result<(), ApplyError> {
        let location = || dataset.origin.location.clone();
        let (Some(of_train), Some(_)) = (dataset.train.labels(), dataset.test.labels()) else {
            return Err(ApplyError::NoLabels { location: location() });
        };
        if is_one_class(of_train) {
            return Err(ApplyError::OneClass { what: location() });
        }
        let images = dataset.train.len();
        if let Some(labels) = self.labels.iter().find(|labels| !(1..=images).contains(*labels)) {
            let expected = format!("from 1 to the {images} training images");
            return Err(ApplyError::setting("labels", &expected, &labels.to_string()));
        }
        if self.repetitions == 0 {
            return Err(ApplyError::setting("repetitions", "at least 1", "0"));
        }
        Ok(())
    }

    /// Checks that each of these draws has at least two classes.
    ///
    /// # Errors
    /// [`ApplyError::OneClass`].
    pub fn check_draws(
        &self,
        dataset: &Dataset,
        seed: Seed,
        draws: Range<u32>,
    ) -> Result<(), ApplyError> {
        let of_train = dataset.train.labels().unwrap_or_default();
        for (labels, draw) in
            self.labels.iter().flat_map(|&labels| draws.clone().map(move |draw| (labels, draw)))
        {
            let chosen = draw_labels(of_train.len(), Some(labels), draw, seed);
            let chosen: Vec<u8> = chosen.iter().map(|&row| of_train[row as usize]).collect();
            if is_one_class(&chosen) {
                return Err(too_few_labels(labels));
            }
        }
        Ok(())
    }
}

/// The pixels of a data set.
pub fn pixel_representation(dataset: &Dataset) -> Representation {
    let pixels = |images| Inputs::from_images("", images).pixels;
    let (train, test) = (pixels(&dataset.train), pixels(&dataset.test));
    let name = if dataset.scaling.is_some() { "columns" } else { "pixels" }.to_owned();
    Representation { name, columns: dataset.train.image_size(), train, test }
}

/// The first principal components of a data set; PCA is fitted to the training items.
///
/// # Errors
/// If a number is not finite.
pub fn pca_representation(
    dataset: &Dataset,
    components: usize,
) -> Result<Representation, ApplyError> {
    let Representation { columns, train, test, .. } = pixel_representation(dataset);
    let rows = Rows::new(&train, columns)?;
    let components = components.min(columns).min(rows.len());
    let pca = Pca::fit(rows, components)?;
    let (train, test) = (pca.encode(rows)?, pca.encode(Rows::new(&test, columns)?)?);
    Ok(Representation { name: "PCA".to_owned(), columns: components, train, test })
}

/// A model's codes of a data set.
///
/// # Errors
/// If the items do not fit the model.
pub fn code_representation(
    name: &str,
    model: &Model,
    dataset: &Dataset,
) -> Result<Representation, ApplyError> {
    let pixels = pixel_representation(dataset);
    let (train, test) = (model.encode(&pixels.train)?, model.encode(&pixels.test)?);
    Ok(Representation { name: name.to_owned(), columns: model.latent_dim(), train, test })
}

/// Probes one representation: with each number of labels for each of the `draws`, and with all labels once.
///
/// # Errors
/// [`ApplyError::OneClass`] if a draw has one class only; and if a number is not finite.
pub fn probe_representation(
    representation: &Representation,
    dataset: &Dataset,
    spec: &ProbeSpec,
    seed: Seed,
    draws: Range<u32>,
) -> Result<Vec<Accuracies>, ApplyError> {
    let of_train = dataset.train.labels().unwrap_or_default();
    let mut found = Vec::new();
    for labels in spec.labels.iter().copied().map(Some).chain([None]) {
        let mut accuracies = Accuracies { labels, ..Accuracies::default() };
        let draws = if labels.is_some() { draws.clone() } else { 0..1 };
        for draw in draws {
            let chosen = draw_labels(of_train.len(), labels, draw, seed);
            let [logistic, neighbours] = classify(representation, dataset, &chosen)?;
            accuracies.logistic.push(logistic);
            accuracies.neighbours.push(neighbours);
        }
        found.push(accuracies);
    }
    Ok(found)
}

/// The accuracies of logistic regression and of the nearest neighbours that learned from these training items.
fn classify(
    representation: &Representation,
    dataset: &Dataset,
    chosen: &[u32],
) -> Result<[f64; 2], ApplyError> {
    let columns = representation.columns;
    let of_train = dataset.train.labels().unwrap_or_default();
    let of_test = dataset.test.labels().unwrap_or_default();
    let rows =
        chosen.iter().flat_map(|&row| &representation.train[row as usize * columns..][..columns]);
    let rows: Vec<f32> = rows.copied().collect();
    let labels: Vec<u8> = chosen.iter().map(|&row| of_train[row as usize]).collect();
    if is_one_class(&labels) {
        return Err(too_few_labels(labels.len()));
    }
    let (rows, test) = (Rows::new(&rows, columns)?, Rows::new(&representation.test, columns)?);
    let logistic = LogisticRegression::fit(rows, &labels)?.predict(test)?;
    let neighbours = classify_by_neighbours(rows, &labels, test, NEIGHBOURS.min(rows.len()))?;
    Ok([accuracy(&logistic, of_test), accuracy(&neighbours, of_test)])
}

/// The training items whose labels are learned from, in the data's order.
fn draw_labels(images: usize, labels: Option<usize>, draw: u32, seed: Seed) -> Vec<u32> {
    let mut order: Vec<u32> = (0..images as u32).collect();
    let Some(labels) = labels else { return order };
    seed.stream("probe/labels").at(draw, 0).shuffle(&mut order);
    order.truncate(labels);
    order.sort_unstable();
    order
}

/// The error of a part of the labels that holds one class alone.
fn too_few_labels(labels: usize) -> ApplyError {
    ApplyError::setting("labels", "so many that every draw holds two classes", &labels.to_string())
}

fn is_one_class(labels: &[u8]) -> bool {
    labels.windows(2).all(|pair| pair[0] == pair[1])
}

impl Accuracies {
    /// The means over the repetitions, as one repetition.
    pub fn mean(&self) -> Self {
        let mean = |values: &[f64]| vec![values.iter().sum::<f64>() / values.len() as f64];
        let (logistic, neighbours) = (mean(&self.logistic), mean(&self.neighbours));
        Self { labels: self.labels, logistic, neighbours }
    }

    /// Appends the repetitions of another.
    pub fn extend(&mut self, other: &Self) {
        self.logistic.extend(&other.logistic);
        self.neighbours.extend(&other.neighbours);
    }
}

impl ProbeResult {
    /// Means and confidence intervals of a representation's accuracies.
    ///
    /// # Errors
    /// If there are no repetitions.
    pub fn all(name: &str, columns: usize, found: &[Accuracies]) -> Result<Vec<Self>, ApplyError> {
        let of = |found: &Accuracies| {
            Ok(Self {
                name: name.to_owned(),
                columns,
                labels: found.labels,
                repetitions: found.logistic.len(),
                logistic: MeanInterval::of(&found.logistic)?,
                neighbours: MeanInterval::of(&found.neighbours)?,
            })
        };
        found.iter().map(of).collect()
    }
}
