//! Maps of the latent space: codes as points of a plane, and points of the plane decoded to images.

use std::path::PathBuf;

use ae_analysis::{Pca, Rows, tsne};
use ae_dataset::{ImageShape, Images, InputReader, Inputs, Progress};
use ae_files::counted_as;
use ae_random::{Seed, Stream};

use crate::encoder::TrainedEncoder;
use crate::error::ApplyError;
use crate::model::Model;

/// The stream that chooses the items of a map.
const STREAM: &str = "map";

/// Most points in a row of a decoded plane.
const MAX_SIDE: usize = 100;
/// Most numbers of the images of a decoded plane: 256 MiB.
const MAX_DECODED: usize = 1 << 26;

/// How codes are projected into the plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// Not at all: the model's codes are two numbers.
    Model,
    /// The first two principal components of the codes on the map.
    Pca,
    /// t-SNE of the codes on the map.
    Tsne,
}

/// The codes of a random sample of items.
#[derive(Debug)]
pub struct CodeSample {
    /// The items of the sample, in the order of the input.
    pub items: Vec<CodedItem>,
    /// The names of the classes: label `i` means the `i`-th; empty if the input has no labels.
    pub classes: Vec<String>,
    /// The number of items in the input.
    pub total: usize,
    /// The number of items that were left out because they could not be read.
    pub skipped: usize,
    codes: Vec<f32>,
    latent_dim: usize,
}

/// An item of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodedItem {
    /// Its place in the input.
    pub place: usize,
    /// Its file in its class's folder, if it has one.
    pub file: Option<PathBuf>,
    /// Its label, if it has one.
    pub label: Option<u8>,
}

/// Decoded images of a regular grid in the plane of a projection.
#[derive(Debug, Clone, PartialEq)]
pub struct DecodedPlane {
    /// The images, row by row from the top, `channels x height x width` each.
    pub images: Vec<f32>,
    /// The horizontal coordinates of the columns, rising.
    pub across: Vec<f32>,
    /// The vertical coordinates of the rows, rising: the last one is that of the top row.
    pub up: Vec<f32>,
}

impl CodeSample {
    /// Encodes an input and keeps the codes of a random sample of at most `limit` items.
    ///
    /// The choice depends on the stream `map` of the seed and on the places alone; the sample of a smaller limit is part
    /// of that of a larger one.
    ///
    /// # Errors
    /// If an item cannot be read or does not fit the model.
    pub fn draw(
        encoder: &TrainedEncoder,
        reader: InputReader,
        limit: usize,
        seed: Seed,
        progress: &mut dyn Progress,
    ) -> Result<Self, ApplyError> {
        Ok(Self::draw_with(encoder, reader, limit, seed, &mut |_, _| (), progress)?.0)
    }

    /// The same, and what `keep` makes of the place and the values of each item of the sample, in the items' order.
    ///
    /// It is also called for items of early chunks that later ones replace; what it returns should be small.
    ///
    /// # Errors
    /// As [`draw`](Self::draw).
    pub fn draw_with<T>(
        encoder: &TrainedEncoder,
        mut reader: InputReader,
        limit: usize,
        seed: Seed,
        keep: &mut dyn FnMut(usize, &[f32]) -> T,
        progress: &mut dyn Progress,
    ) -> Result<(Self, Vec<T>), ApplyError> {
        let (stream, latent_dim) = (seed.stream(STREAM), encoder.latent_dim());
        let mut drawn: Vec<Candidate<T>> = Vec::new();
        let (mut total, mut classes) = (0, Vec::new());
        while let Some(chunk) = reader.next().transpose()? {
            let codes = encoder.encode(&chunk.pixels)?;
            let coded = items(&chunk).zip(codes.chunks(latent_dim)).enumerate();
            drawn.extend(coded.map(|(within, (item, code))| Candidate {
                priority: priority(&stream, item.place),
                item,
                code: code.to_vec(),
                kept: Kept::OfChunk(within),
            }));
            drawn.sort_by_key(|candidate| (candidate.priority, candidate.item.place));
            drawn.truncate(limit);
            let size = chunk.pixels.len().checked_div(chunk.len()).unwrap_or_default();
            for candidate in &mut drawn {
                if let Kept::OfChunk(within) = candidate.kept {
                    let values = &chunk.pixels[within * size..][..size];
                    candidate.kept = Kept::Made(keep(candidate.item.place, values));
                }
            }
            total += chunk.len();
            add_classes(&mut classes, &chunk);
            progress.read("encoding", reader.done() as u64, reader.total() as u64);
        }
        drawn.sort_by_key(|candidate| candidate.item.place);
        let codes = drawn.iter().flat_map(|candidate| &candidate.code).copied().collect();
        let (mut items, mut all_kept) = (Vec::new(), Vec::new());
        for Candidate { item, kept, .. } in drawn {
            items.push(item);
            if let Kept::Made(kept) = kept {
                all_kept.push(kept);
            }
        }
        let skipped = reader.skipped();
        Ok((Self { items, classes, total, skipped, codes, latent_dim }, all_kept))
    }

    /// A sample of images that are encoded already: `codes` has a row for each of `images`, and `places` are the rows of
    /// the sample.
    ///
    /// # Panics
    /// If there is no row at one of the places.
    pub fn of_images(images: &Images, codes: Rows<'_>, places: &[usize]) -> Self {
        let label = |place: usize| images.labels().and_then(|labels| labels.get(place)).copied();
        let item = |&place: &usize| CodedItem { place, file: None, label: label(place) };
        let largest = images.labels().and_then(|labels| labels.iter().max());
        let classes = largest.map(|&largest| (0..=largest).map(|label| images.class_name(label)));
        let latent_dim = codes.columns();
        let codes = places.iter().flat_map(|&place| codes.row(place));
        Self {
            items: places.iter().map(item).collect(),
            classes: classes.into_iter().flatten().collect(),
            total: images.len(),
            skipped: 0,
            codes: codes.copied().collect(),
            latent_dim,
        }
    }

    /// The labels of the items, if all have one.
    pub fn labels(&self) -> Option<Vec<u8>> {
        self.items.iter().map(|item| item.label).collect()
    }

    /// The codes as points of the plane. `progress` is called with the number of steps of t-SNE done and of all.
    ///
    /// # Errors
    /// [`ApplyError::Setting`] for [`Projection::Model`] and codes that are not two numbers; [`ApplyError::NoPlane`] for
    /// codes of one number; and if there are too few or too many codes, or all are equal.
    pub fn project(
        &self,
        projection: Projection,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<[f32; 2]>, ApplyError> {
        let plane = match projection {
            Projection::Tsne => {
                self.check("a map by t-SNE", 4)?;
                tsne(self.rows()?, progress)?
            }
            _ => self.plane(projection)?.flatten(self.rows()?)?,
        };
        Ok(plane.as_chunks().0.to_vec())
    }

    /// Decodes a grid of `side` x `side` points of the plane. Its coordinates are equally spaced quantiles of those of the
    /// sample.
    ///
    /// # Errors
    /// As [`project`](Self::project) and [`Projection::check_decoded_plane`]; points of t-SNE cannot be decoded.
    pub fn decoded_plane(
        &self,
        model: &Model,
        projection: Projection,
        side: usize,
    ) -> Result<DecodedPlane, ApplyError> {
        projection.check_decoded_plane(model.shape(), side)?;
        let plane = self.plane(projection)?;
        let points = plane.flatten(self.rows()?)?;
        let [across, up] = [0, 1].map(|axis| quantiles(points.iter().skip(axis).step_by(2), side));
        let pairs = up.iter().rev().flat_map(|&y| across.iter().flat_map(move |&x| [x, y]));
        let codes = plane.unflatten(pairs.collect())?;
        Ok(DecodedPlane { images: model.decode(&codes)?, across, up })
    }

    fn rows(&self) -> Result<Rows<'_>, ApplyError> {
        Ok(Rows::new(&self.codes, self.latent_dim)?)
    }

    fn plane(&self, projection: Projection) -> Result<Plane, ApplyError> {
        let wrong =
            |expected: &str, found: &str| Err(ApplyError::setting("the method", expected, found));
        match projection {
            Projection::Model if self.latent_dim == 2 => Ok(Plane::Own),
            Projection::Model => wrong(
                &format!("pca or tsne for codes of {}", counted_as(self.latent_dim, "number")),
                "model",
            ),
            Projection::Pca => {
                self.check("a map by PCA", 2)?;
                Ok(Plane::Principal(Pca::fit(self.rows()?, 2)?))
            }
            Projection::Tsne => wrong(DECODABLE, "tsne"),
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

/// An item that belongs to the sample unless enough others come first.
struct Candidate<T> {
    priority: u64,
    item: CodedItem,
    code: Vec<f32>,
    kept: Kept<T>,
}

/// What is kept of a candidate.
enum Kept<T> {
    /// Nothing yet: its place in the current chunk.
    OfChunk(usize),
    Made(T),
}

/// The projections whose points can be decoded.
const DECODABLE: &str = "model or pca, which lead back to images";

/// The plane of a projection that can be inverted.
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
    /// Checks, before anything is read, that a grid of `side` x `side` points can be decoded to images.
    ///
    /// # Errors
    /// [`ApplyError::Setting`] for t-SNE, whose points cannot be decoded, and if the images would take more than 256 MiB.
    pub fn check_decoded_plane(self, shape: ImageShape, side: usize) -> Result<(), ApplyError> {
        if self == Self::Tsne {
            return Err(ApplyError::setting("the method", DECODABLE, "tsne"));
        }
        let most = (MAX_DECODED / shape.size().max(1)).isqrt().clamp(1, MAX_SIDE);
        if !(1..=most).contains(&side) {
            let expected = format!("from 1 to {most} for images of {shape}");
            return Err(ApplyError::setting("the side of the grid", &expected, &side.to_string()));
        }
        Ok(())
    }

    /// The projection that suits codes of this length: none for two numbers, PCA for others.
    pub fn of_model(latent_dim: usize) -> Self {
        if latent_dim == 2 { Self::Model } else { Self::Pca }
    }

    /// The projection as the end of a caption.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Model => "the plane of its codes",
            Self::Pca => "the first two principal components of its codes",
            Self::Tsne => "t-SNE of its codes, whose axes mean nothing",
        }
    }
}

/// The places of a random sample of at most `limit` of `total` items, rising: those that [`CodeSample::draw`] chooses.
pub fn sample_places(total: usize, limit: usize, seed: Seed) -> Vec<usize> {
    let stream = seed.stream(STREAM);
    let mut places: Vec<usize> = (0..total).collect();
    places.sort_by_cached_key(|&place| (priority(&stream, place), place));
    places.truncate(limit);
    places.sort_unstable();
    places
}

/// The items with the smallest priorities are chosen.
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

/// Adds the names of a chunk's classes: their own, or the labels' numbers.
fn add_classes(classes: &mut Vec<String>, chunk: &Inputs) {
    if let Some(names) = &chunk.class_names {
        classes.clone_from(names);
    } else if let Some(&largest) = chunk.labels.iter().flatten().max() {
        classes.extend((classes.len()..=usize::from(largest)).map(|label| label.to_string()));
    }
}

/// The quantiles `1/2n, 3/2n, ...` for `n = count`, interpolated linearly as `numpy.quantile` does.
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
    fn a_smaller_sample_is_part_of_a_larger_one() {
        let (few, more) =
            (sample_places(1000, 50, Seed::new(7)), sample_places(1000, 200, Seed::new(7)));
        assert_eq!((few.len(), more.len()), (50, 200));
        assert!(few.iter().all(|place| more.contains(place)));
        assert!(more.is_sorted());
        assert_ne!(few, sample_places(1000, 50, Seed::new(8)));
        assert_eq!(sample_places(3, 50, Seed::new(7)), [0, 1, 2]);
        // Each hundred has its share: 20 of 200, within five standard deviations of 4.
        for hundred in more.chunk_by(|a, b| a / 100 == b / 100) {
            assert!((2..=40).contains(&hundred.len()), "{}", hundred.len());
        }
    }
}
