//! What codes are good for: simple classifiers on frozen codes, beside raw pixels and PCA.

use std::ops::Range;

use ae_analysis::{LogisticRegression, MeanInterval, Pca, Rows, accuracy, classify_by_neighbours};
use ae_dataset::{Dataset, Inputs};
use ae_random::Seed;
use serde::{Deserialize, Serialize};

use crate::error::ApplyError;
use crate::model::Model;

/// Neighbours that vote.
pub const NEIGHBOURS: usize = 5;

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
pub struct Representation {
    /// What it is called.
    pub name: String,
    /// Numbers that stand for an image.
    pub columns: usize,
    /// The training images, `n x columns`.
    pub train: Vec<f32>,
    /// The test images, `n x columns`.
    pub test: Vec<f32>,
}

/// How well classifiers on one representation do with so many labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Probed {
    /// `pixels` (of a table `columns`), `PCA` or what learned the codes.
    pub name: String,
    /// Numbers that stand for an image.
    pub columns: usize,
    /// Labels that were learned from; `None` is all.
    pub labels: Option<usize>,
    /// How often that was repeated.
    pub repetitions: usize,
    /// Accuracy of logistic regression on the test images, over the repetitions.
    pub logistic: MeanInterval,
    /// Accuracy of the five nearest neighbours on the test images, over the repetitions.
    pub neighbours: MeanInterval,
}

/// Accuracies with so many labels, one for each repetition.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Accuracies {
    /// Labels that were learned from; `None` is all.
    pub labels: Option<usize>,
    /// Accuracy of logistic regression, by repetition.
    pub logistic: Vec<f64>,
    /// Accuracy of the nearest neighbours, by repetition.
    pub neighbours: Vec<f64>,
}

/// Probes a model's codes beside raw pixels and PCA of the same length. The parts are drawn from the
/// seed, and are the same for all three.
///
/// # Errors
/// If the data have no labels or one class alone, a part is larger than the data or of one class, or the
/// images do not fit the model.
pub fn probe(
    model: &Model,
    dataset: &Dataset,
    spec: &ProbeSpec,
    seed: Seed,
) -> Result<Vec<Probed>, ApplyError> {
    spec.check(dataset)?;
    let mut probed = Vec::new();
    let latent = model.latent_dim();
    for representation in
        [raw(dataset), principal(dataset, latent)?, codes("autoencoder", model, dataset)?]
    {
        let found =
            probe_representation(&representation, dataset, spec, seed, 0..spec.repetitions)?;
        probed.extend(Probed::all(&representation.name, representation.columns, &found)?);
    }
    Ok(probed)
}

impl ProbeSpec {
    /// Checks it against the data before anything is computed.
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
            return Err(ApplyError::Setting {
                setting: "labels",
                expected: format!("from 1 to the {images} training images"),
                found: labels.to_string(),
            });
        }
        if self.repetitions == 0 {
            let (expected, found) = ("at least 1".to_owned(), "0".to_owned());
            return Err(ApplyError::Setting { setting: "repetitions", expected, found });
        }
        Ok(())
    }

    /// Checks that every part that will be drawn has two classes or more.
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
            let chosen = part(of_train.len(), Some(labels), draw, seed);
            let chosen: Vec<u8> = chosen.iter().map(|&row| of_train[row as usize]).collect();
            if is_one_class(&chosen) {
                let what = format!("a draw of {labels} labels");
                return Err(ApplyError::OneClass { what });
            }
        }
        Ok(())
    }
}

/// The pixels themselves.
pub fn raw(dataset: &Dataset) -> Representation {
    let pixels = |images| Inputs::from_images("", images).pixels;
    let (train, test) = (pixels(&dataset.train), pixels(&dataset.test));
    let name = if dataset.scaling.is_some() { "columns" } else { "pixels" }.to_owned();
    Representation { name, columns: dataset.train.image_size(), train, test }
}

/// PCA of the training images.
pub fn principal(dataset: &Dataset, components: usize) -> Result<Representation, ApplyError> {
    let Representation { columns, train, test, .. } = raw(dataset);
    let rows = Rows::new(&train, columns)?;
    let components = components.min(columns).min(rows.len());
    let pca = Pca::fit(rows, components)?;
    let (train, test) = (pca.encode(rows)?, pca.encode(Rows::new(&test, columns)?)?);
    Ok(Representation { name: "PCA".to_owned(), columns: components, train, test })
}

/// A model's codes.
pub fn codes(name: &str, model: &Model, dataset: &Dataset) -> Result<Representation, ApplyError> {
    let pixels = raw(dataset);
    let (train, test) = (model.encode(&pixels.train)?, model.encode(&pixels.test)?);
    Ok(Representation { name: name.to_owned(), columns: model.latent_dim(), train, test })
}

/// Both classifiers, with each number of labels, drawn as often as `draws` says, and with all.
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
            let chosen = part(of_train.len(), labels, draw, seed);
            let [logistic, neighbours] = classify(representation, dataset, &chosen)?;
            accuracies.logistic.push(logistic);
            accuracies.neighbours.push(neighbours);
        }
        found.push(accuracies);
    }
    Ok(found)
}

/// The accuracies of both classifiers that have learned from the chosen training images.
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
        let what = format!("a draw of {} labels", labels.len());
        return Err(ApplyError::OneClass { what });
    }
    let (rows, test) = (Rows::new(&rows, columns)?, Rows::new(&representation.test, columns)?);
    let logistic = LogisticRegression::fit(rows, &labels)?.predict(test)?;
    let neighbours = classify_by_neighbours(rows, &labels, test, NEIGHBOURS.min(rows.len()))?;
    Ok([accuracy(&logistic, of_test), accuracy(&neighbours, of_test)])
}

/// The training images whose labels are learned from, in the data's order.
fn part(images: usize, labels: Option<usize>, draw: u32, seed: Seed) -> Vec<u32> {
    let mut order: Vec<u32> = (0..images as u32).collect();
    let Some(labels) = labels else { return order };
    seed.stream("probe/labels").at(draw, 0).shuffle(&mut order);
    order.truncate(labels);
    order.sort_unstable();
    order
}

fn is_one_class(labels: &[u8]) -> bool {
    labels.windows(2).all(|pair| pair[0] == pair[1])
}

impl Accuracies {
    /// With its means in place of its repetitions.
    pub fn mean(&self) -> Self {
        let mean = |values: &[f64]| vec![values.iter().sum::<f64>() / values.len() as f64];
        let (logistic, neighbours) = (mean(&self.logistic), mean(&self.neighbours));
        Self { labels: self.labels, logistic, neighbours }
    }

    /// Adds the repetitions of another.
    pub fn extend(&mut self, other: &Self) {
        self.logistic.extend(&other.logistic);
        self.neighbours.extend(&other.neighbours);
    }
}

impl Probed {
    /// Means and intervals of what was found of a representation.
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
