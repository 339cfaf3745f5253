//! Dimensionality reduction: how much of an image a few numbers keep, beside PCA.

use ae_analysis::{Pca, Rows};
use ae_report::{GridRow, reconstruction_grid};
use serde::{Deserialize, Serialize};

use super::Workbench;
use crate::figures::pictures;
use crate::{ExperimentError, Inputs};

/// Images of a figure.
const COLUMNS: usize = 10;

/// Autoencoders and PCA side by side at several code lengths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionalityReduction {
    /// Numbers in a code, a pair of models each.
    pub dimensions: Vec<usize>,
}

impl DimensionalityReduction {
    pub(super) fn run(&self, bench: &mut Workbench) -> Result<(), ExperimentError> {
        let dataset = bench.dataset();
        let train = Inputs::from_images("train", &dataset.train);
        let test = Inputs::from_images("test", &dataset.test);
        let columns = dataset.test.image_size();
        let test_rows = Rows::new(&test.pixels, columns)?;
        let mut rows = Vec::new();
        let shown = COLUMNS.min(dataset.test.len()) * columns;
        let picture = |values: &[f32]| pictures(dataset.test.shape(), &values[..shown]);
        let mut grid = vec![("original".to_owned(), picture(&test.pixels)?)];
        for &dimension in &self.dimensions {
            let spec = bench.with_widths(&[dimension]);
            let model = bench.train(&format!("autoencoder-{dimension}"), spec, dataset)?;
            bench.say(&format!("PCA with {dimension} components"));
            let pca = Pca::fit(Rows::new(&train.pixels, columns)?, dimension)?;
            let reconstructions = [
                ("autoencoder", model.reconstruct(&test.pixels)?),
                ("pca", pca.reconstruct(test_rows)?),
            ];
            for (method, reconstruction) in reconstructions {
                let mse = ae_training::metrics::mse(&reconstruction, &test.pixels);
                bench.metric(&format!("{method}_{dimension}_mse"), mse);
                bench.metric(&format!("{method}_{dimension}_sse"), mse * columns as f64);
                grid.push((format!("{method}, {dimension}"), picture(&reconstruction)?));
                rows.push(vec![dimension.to_string(), method.to_owned(), format!("{mse:.6}")]);
            }
        }
        let grid: Vec<GridRow> =
            grid.iter().map(|(label, images)| GridRow { label, images: images.clone() }).collect();
        let caption = "test images from a few numbers each";
        bench.figure("reconstructions", "Autoencoder and PCA", caption, |title, caption| {
            Ok(reconstruction_grid(&grid, title, caption)?)
        })?;
        let caption = "squared error a pixel on the test images";
        bench.table(
            "dimensions",
            "Autoencoder and PCA",
            caption,
            &["dimensions", "method", "mse"],
            rows,
        )
    }
}
