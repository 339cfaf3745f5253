//! Maps of the latent space: codes as points of a plane, and the way back from there to images.

use std::path::PathBuf;

use ae_analysis::{Pca, Rows, tsne};
use ae_dataset::{ImageShape, Images, InputReader, Inputs, Progress};
use ae_files::counted_as;
use ae_random::{Seed, Stream};

use crate::error::ApplyError;
use crate::model::{Model, TrainedEncoder};

/// The random numbers that choose what is on a map.
const STREAM: &str = "map";

/// Most points of a decoded plane in a row.
const MOST_SIDE: usize = 100;
/// Most numbers of its images: 256 MiB.
const MOST_DECODED: usize = 1 << 26;

/// How codes become points of a plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// They are: those of a model with codes of two numbers.
    Model,
    /// The first two principal components of the codes on the map.
    Pca,
    /// t-SNE of the codes on the map.
    Tsne,
}

/// Codes of some images, at most so many.
#[derive(Debug)]
pub struct CodeSample {
    /// What was encoded, in the order of the input.
    pub items: Vec<CodedItem>,
    /// The names of the classes: label `i` means the `i`-th; empty if the input has no labels.
    pub classes: Vec<String>,
    /// Images of the input.
    pub total: usize,
    /// Those that were left out because they could not be read.
    pub skipped: usize,
    codes: Vec<f32>,
    latent_dim: usize,
}

/// An image of which there is a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodedItem {
    /// Its place in the input.
    pub place: usize,
    /// Its file, if it has one, in its class's folder.
    pub file: Option<PathBuf>,
    /// Its class, if it has one.
    pub label: Option<u8>,
}

impl CodeSample {
    /// Encodes at most `limit` images. Which ones depends on the stream `map` of the seed and on their
    /// places alone, and a smaller limit chooses some of what a larger one does; the rest is read, but
    /// not kept.
    ///
    /// # Errors
    /// If an image cannot be read or does not fit the model.
    pub fn draw(
        encoder: &TrainedEncoder,
        mut reader: InputReader,
        (limit, seed): (usize, Seed),
        progress: &mut dyn Progress,
    ) -> Result<Self, ApplyError> {
        let (stream, latent_dim) = (seed.stream(STREAM), encoder.latent_dim());
        let mut drawn: Vec<(u64, CodedItem, Vec<f32>)> = Vec::new();
        let (mut total, mut classes) = (0, Vec::new());
        while let Some(chunk) = reader.next().transpose()? {
            let codes = encoder.encode(&chunk.pixels)?;
            let coded = items(&chunk).zip(codes.chunks(latent_dim));
            drawn.extend(
                coded.map(|(item, code)| (priority(&stream, item.place), item, code.to_vec())),
            );
            drawn.sort_by_key(|(priority, item, _)| (*priority, item.place));
            drawn.truncate(limit);
            total += chunk.len();
            add_classes(&mut classes, &chunk);
            progress.read("encoding", reader.done() as u64, reader.total() as u64);
        }
        drawn.sort_by_key(|(_, item, _)| item.place);
        let codes = drawn.iter().flat_map(|(_, _, code)| code).copied().collect();
        let items = drawn.into_iter().map(|(_, item, _)| item).collect();
        Ok(Self { items, classes, total, skipped: reader.skipped(), codes, latent_dim })
    }

    /// Codes that are there already, of the images at these places.
    pub fn of_images(
        images: &Images,
        (codes, latent_dim): (&[f32], usize),
        places: &[usize],
    ) -> Self {
        let label = |place: usize| images.labels().and_then(|labels| labels.get(place)).copied();
        let item = |&place: &usize| CodedItem { place, file: None, label: label(place) };
        let largest = images.labels().and_then(|labels| labels.iter().max());
        let classes = largest.map(|&largest| (0..=largest).map(|label| images.class_name(label)));
        let codes = places.iter().flat_map(|place| &codes[place * latent_dim..][..latent_dim]);
        Self {
            items: places.iter().map(item).collect(),
            classes: classes.into_iter().flatten().collect(),
            total: images.len(),
            skipped: 0,
            codes: codes.copied().collect(),
            latent_dim,
        }
    }

    /// A class for each image, if all have one.
    pub fn labels(&self) -> Option<Vec<u8>> {
        self.items.iter().map(|item| item.label).collect()
    }

    /// The points of the codes in the plane. `step` hears how far t-SNE is.
    ///
    /// # Errors
    /// If the codes are no pairs and no projection is asked for, they have no plane, there are too few or
    /// too many, or all are equal.
    pub fn project(
        &self,
        projection: Projection,
        step: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<[f32; 2]>, ApplyError> {
        let plane = match projection {
            Projection::Tsne => {
                self.check("a map by t-SNE", 4)?;
                tsne(self.rows()?, step)?
            }
            _ => self.plane(projection)?.flatten(self.rows()?)?,
        };
        Ok(plane.as_chunks().0.to_vec())
    }

    /// Images at `side` x `side` points of the plane, row by row from the top, at equally far quantiles
    /// of the points' coordinates; also gives the coordinates, horizontal and vertical, rising.
    ///
    /// # Errors
    /// As [`project`](Self::project); t-SNE has no way back.
    pub fn decoded_plane(
        &self,
        model: &Model,
        projection: Projection,
        side: usize,
    ) -> Result<(Vec<f32>, [Vec<f32>; 2]), ApplyError> {
        projection.check_decoded_plane(model.shape(), side)?;
        let plane = self.plane(projection)?;
        let points = plane.flatten(self.rows()?)?;
        let axes = [0, 1].map(|axis| quantiles(points.iter().skip(axis).step_by(2), side));
        let [across, up] = &axes;
        let pairs = up.iter().rev().flat_map(|&y| across.iter().flat_map(move |&x| [x, y]));
        let codes = plane.unflatten(pairs.collect())?;
        Ok((model.decode(&codes)?, axes))
    }

    fn rows(&self) -> Result<Rows<'_>, ApplyError> {
        Ok(Rows::new(&self.codes, self.latent_dim)?)
    }

    fn plane(&self, projection: Projection) -> Result<Plane, ApplyError> {
        let wrong = |expected: String, found: &str| {
            Err(ApplyError::Setting { setting: "the method", expected, found: found.to_owned() })
        };
        match projection {
            Projection::Model if self.latent_dim == 2 => Ok(Plane::Own),
            Projection::Model => wrong(
                format!("pca or tsne for codes of {}", counted_as(self.latent_dim, "number")),
                "model",
            ),
            Projection::Pca => {
                self.check("a map by PCA", 2)?;
                Ok(Plane::Principal(Pca::fit(self.rows()?, 2)?))
            }
            Projection::Tsne => wrong("model or pca, which lead back to images".to_owned(), "tsne"),
        }
    }

    fn check(&self, what: &'static str, needed: usize) -> Result<(), ApplyError> {
        if self.latent_dim < 2 {
            return Err(ApplyError::NoPlane { latent_dim: self.latent_dim });
        }
        let found = self.items.len();
        if found < needed {
            return Err(ApplyError::TooFew { what, needed, found });
        }
        Ok(self.rows()?.check_varies("the codes")?)
    }
}

/// A plane among the codes.
enum Plane {
    Own,
    Principal(Pca),
}

impl Plane {
    /// Codes to points, `n x 2`.
    fn flatten(&self, codes: Rows<'_>) -> Result<Vec<f32>, ApplyError> {
        match self {
            Self::Own => Ok(codes.values().to_vec()),
            Self::Principal(pca) => Ok(pca.encode(codes)?),
        }
    }

    /// Points, `n x 2`, to codes.
    fn unflatten(&self, points: Vec<f32>) -> Result<Vec<f32>, ApplyError> {
        match self {
            Self::Own => Ok(points),
            Self::Principal(pca) => Ok(pca.decode(Rows::new(&points, 2)?)?),
        }
    }
}

impl Projection {
    /// Whether `side` x `side` points of the plane can be decoded to images: before anything is read.
    ///
    /// # Errors
    /// [`ApplyError::Setting`] if the projection has no way back, or the images take too much memory.
    pub fn check_decoded_plane(self, shape: ImageShape, side: usize) -> Result<(), ApplyError> {
        let wrong =
            |setting, expected, found| Err(ApplyError::Setting { setting, expected, found });
        if self == Self::Tsne {
            let expected = "model or pca, which lead back to images".to_owned();
            return wrong("the method", expected, "tsne".to_owned());
        }
        let most = (MOST_DECODED / shape.size().max(1)).isqrt().clamp(1, MOST_SIDE);
        if !(1..=most).contains(&side) {
            let expected = format!("from 1 to {most} for images of {shape}");
            return wrong("the side of the grid", expected, side.to_string());
        }
        Ok(())
    }

    /// The model's own plane where there is one, otherwise PCA.
    pub fn of_model(latent_dim: usize) -> Self {
        if latent_dim == 2 { Self::Model } else { Self::Pca }
    }

    /// What it is, in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Model => "the plane of its codes",
            Self::Pca => "the first two principal components of its codes",
            Self::Tsne => "t-SNE of its codes, whose axes mean nothing",
        }
    }
}

/// The places of at most `limit` of `total` images, rising: those that [`CodeSample::draw`] chooses.
pub fn chosen(total: usize, limit: usize, seed: Seed) -> Vec<usize> {
    let stream = seed.stream(STREAM);
    let mut places: Vec<usize> = (0..total).collect();
    places.sort_by_cached_key(|&place| (priority(&stream, place), place));
    places.truncate(limit);
    places.sort_unstable();
    places
}

/// Images with the smallest ones are chosen.
fn priority(stream: &Stream, place: usize) -> u64 {
    stream.at(0, place as u64).next_u64()
}

fn items(chunk: &Inputs) -> impl Iterator<Item = CodedItem> {
    let files = chunk.files.clone();
    chunk.items.iter().enumerate().map(move |(within, &place)| CodedItem {
        place: place as usize,
        file: files.as_ref().and_then(|files| files.get(within)).cloned(),
        label: chunk.labels.as_ref().and_then(|labels| labels.get(within)).copied(),
    })
}

/// Names of all labels until now: their own, or the labels' numbers.
fn add_classes(classes: &mut Vec<String>, chunk: &Inputs) {
    if let Some(names) = &chunk.class_names {
        classes.clone_from(names);
    } else if let Some(&largest) = chunk.labels.iter().flatten().max() {
        classes.extend((classes.len()..=usize::from(largest)).map(|label| label.to_string()));
    }
}

/// `count` equally far quantiles, from `1 / 2 count` on, between the values as NumPy interpolates.
fn quantiles<'a>(values: impl Iterator<Item = &'a f32>, count: usize) -> Vec<f32> {
    let mut sorted: Vec<f32> = values.copied().collect();
    sorted.sort_by(f32::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let quantile = |index: usize| {
        let place = (index as f64 + 0.5) / count as f64 * last as f64;
        let (low, high) = (sorted[place as usize], sorted[(place as usize + 1).min(last)]);
        (f64::from(low) + place.fract() * f64::from(high - low)) as f32
    };
    (0..count).map(quantile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // np.quantile([5, 1, 2, 8], (np.arange(3) + 0.5) / 3)
    #[test]
    fn quantiles_are_numpys() {
        let found = quantiles([5.0, 1.0, 2.0, 8.0].iter(), 3);
        for (found, expected) in found.iter().zip([1.5, 3.5, 6.5]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
        assert_eq!(quantiles([3.0].iter(), 2), [3.0, 3.0]);
    }

    #[test]
    fn a_smaller_choice_is_part_of_a_larger_one() {
        let (few, more) = (chosen(1000, 50, Seed::new(7)), chosen(1000, 200, Seed::new(7)));
        assert_eq!((few.len(), more.len()), (50, 200));
        assert!(few.iter().all(|place| more.contains(place)));
        assert!(more.is_sorted());
        assert_ne!(few, chosen(1000, 50, Seed::new(8)));
        assert_eq!(chosen(3, 50, Seed::new(7)), [0, 1, 2]);
        // Each hundred has its share: 20 of 200, within five standard deviations of 4.
        for hundred in more.chunk_by(|a, b| a / 100 == b / 100) {
            assert!((2..=40).contains(&hundred.len()), "{}", hundred.len());
        }
    }
}
