//! Figures of the latent space: maps of codes, a decoded plane of codes, the interpolation between two images.

use ae_analysis::{Rows, trustworthiness};
use ae_apply::{CodeSample, Model, NEIGHBOURS, Projection, Representation, sample_places};
use ae_experiment::{PointClasses, decoded_plane_figure, interpolation_figure, map_figure};
use ae_files::counted_as;
use ae_random::Seed;

use crate::StudyError;
use crate::workbench::Workbench;

/// Most test images on a map in the plane of the codes.
const ON_A_MAP: usize = 5000;
/// Most test images for t-SNE and trustworthiness, whose time grows with the square of their number.
const COMPARED: usize = 2000;
/// Points of the plane that are decoded, in a row and in a column.
const SIDE: usize = 15;
/// Steps of an interpolation between two images.
const STEPS: usize = 9;

/// Test images whose neighbourhoods are compared in the pixels and in codes.
pub(super) struct Neighbourhoods {
    places: Vec<usize>,
    columns: usize,
    pixels: Vec<f32>,
}

impl Neighbourhoods {
    pub(super) fn of(pixels: &Representation, seed: Seed) -> Self {
        let columns = pixels.columns;
        let places = sample_places(pixels.test.len() / columns, COMPARED, seed);
        let pixels = rows(&pixels.test, columns, &places);
        Self { places, columns, pixels }
    }

    /// The number of images.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The trustworthiness of the codes: how far neighbours by code are neighbours by pixels. `None` for too few
    /// images.
    pub(super) fn trustworthiness(
        &self,
        codes: &Representation,
    ) -> Result<Option<f64>, StudyError> {
        self.of_map(&rows(&codes.test, codes.columns, &self.places), codes.columns)
    }

    fn of_map(&self, map: &[f32], columns: usize) -> Result<Option<f64>, StudyError> {
        let neighbours = NEIGHBOURS.min(self.places.len().saturating_sub(1) / 2);
        if neighbours == 0 {
            return Ok(None);
        }
        let pixels = Rows::new(&self.pixels, self.columns)?;
        Ok(Some(trustworthiness(pixels, Rows::new(map, columns)?, neighbours)?))
    }
}

/// Maps of the test images in the planes of two numbers, the autoencoder's and PCA's, and what the
/// autoencoder's decodes to.
pub(super) fn draw_planes(
    bench: &mut Workbench,
    model: &Model,
    [own, pca]: [&Representation; 2],
) -> Result<(), StudyError> {
    let images = &bench.dataset().test;
    let places = sample_places(images.len(), ON_A_MAP, Seed::new(bench.spec().seed));
    let about = format!("{} test images", places.len());
    for (name, codes, projection, title) in [
        ("map-autoencoder", own, Projection::Model, "The autoencoder's plane"),
        ("map-pca", pca, Projection::Pca, "PCA's plane"),
    ] {
        let sample = CodeSample::of_images(images, Rows::new(&codes.test, codes.columns)?, &places);
        let labels = sample.labels().unwrap_or_default();
        bench.figure(name, title, &about, |title, caption| {
            let points = sample.project(Projection::Model, &mut |_, _| {})?;
            let classes = PointClasses { labels: &labels, names: &sample.classes };
            Ok(map_figure(&points, classes, &[], projection, title, caption)?)
        })?;
    }
    let sample = CodeSample::of_images(images, Rows::new(&own.test, own.columns)?, &places);
    let title = "What the autoencoder's plane decodes to";
    let about = format!("quantiles of the codes of {about}");
    bench.figure("decoded-plane", title, &about, |title, caption| {
        let plane = sample.decoded_plane(model, Projection::Model, SIDE)?;
        Ok(decoded_plane_figure(model, &plane, title, caption)?)
    })
}

/// A t-SNE map of the codes of test images, and the interpolation between the first two test images.
pub(super) fn draw_codes(
    bench: &mut Workbench,
    model: &Model,
    codes: &Representation,
    neighbourhoods: &Neighbourhoods,
) -> Result<(), StudyError> {
    let images = &bench.dataset().test;
    let places = &neighbourhoods.places;
    if places.len() < 4 {
        bench.say("no map by t-SNE: there are fewer than 4 test images");
        return Ok(());
    }
    let sample = CodeSample::of_images(images, Rows::new(&codes.test, codes.columns)?, places);
    let length = counted_as(codes.columns, "number");
    bench.say(&format!("t-SNE of {length}"));
    let points = sample.project(Projection::Tsne, &mut |_, _| {})?;
    let trusted = neighbourhoods.of_map(points.as_flattened(), 2)?;
    trusted.into_iter().for_each(|trusted| bench.metric("tsne_trustworthiness", trusted));
    let labels = sample.labels().unwrap_or_default();
    let about = format!("t-SNE of {length} each of {} test images", places.len());
    bench.figure("map-tsne", "The autoencoder's codes", &about, |title, caption| {
        let classes = PointClasses { labels: &labels, names: &sample.classes };
        Ok(map_figure(&points, classes, &[], Projection::Tsne, title, caption)?)
    })?;
    let ends = images.select(&[0, 1])?.to_floats();
    let (from, to) = ends.split_at(images.image_size());
    let about = format!("equal steps between the codes of {length} of two test images");
    bench.figure("interpolation", "From one image to another", &about, |title, caption| {
        Ok(interpolation_figure(model, [from, to], STEPS, title, caption)?)
    })
}

fn rows(values: &[f32], columns: usize, places: &[usize]) -> Vec<f32> {
    places.iter().flat_map(|place| &values[place * columns..][..columns]).copied().collect()
}
