//! Dimensionality reduction: how much of an image a few numbers keep, beside PCA.

use ae_analysis::{Pca, Rows, accuracy, classify_by_neighbours};
use ae_apply::{Model, NEIGHBOURS, Representation, code_representation, pixel_representation};
use ae_experiment::{DimensionalityReduction, Display};
use ae_random::Seed;
use ae_report::{GridRow, reconstruction_grid};
use ae_training::Quality;

use crate::StudyError;
use crate::latent_figures::{Neighbourhoods, draw_codes, draw_planes};
use crate::setup::{Setup, StudyModel, check_components, check_distinct};
use crate::study::Study;
use crate::workbench::Workbench;

/// Images in a figure.
const COLUMNS: usize = 10;
const HEADINGS: [&str; 6] =
    ["dimensions", "method", "mse", "ssim", "trustworthiness", "5 nearest neighbours"];

impl Study for DimensionalityReduction {
    fn check(&self, setup: &Setup) -> Result<Vec<StudyModel>, StudyError> {
        let place = "study.dimensions";
        check_distinct(place, self.dimensions.iter().map(ToString::to_string))?;
        check_components(place, &self.dimensions, &setup.dataset.train)?;
        let model = |&dimension: &usize| {
            let widths = [self.hidden.as_slice(), &[dimension]].concat();
            Ok(StudyModel::new(name(dimension), setup.with_widths(&widths)?))
        };
        self.dimensions.iter().map(model).collect()
    }

    fn run(&self, bench: &mut Workbench) -> Result<(), StudyError> {
        let dataset = bench.dataset();
        let pixels = pixel_representation(dataset);
        let train = Rows::new(&pixels.train, pixels.columns)?;
        bench.say("PCA");
        let largest = self.dimensions.iter().copied().max().unwrap_or_default();
        let pca = Pca::fit(train, largest)?;
        let shown = COLUMNS.min(dataset.test.len()) * pixels.columns;
        let mut grid = vec![("original".to_owned(), pixels.test[..shown].to_vec())];
        let neighbourhoods = Neighbourhoods::of(&pixels, Seed::new(bench.spec().seed));
        let mut rows = Vec::new();
        for &dimension in &self.dimensions {
            let model = bench.model(&name(dimension))?;
            bench.say(&format!("comparing {dimension} dimensions"));
            let reduced =
                [by_autoencoder(&model, bench)?, by_pca(&pca.truncated(dimension)?, &pixels)?];
            let [(own, _), (by_pca, _)] = &reduced;
            if dimension == 2 {
                draw_planes(bench, &model, [own, by_pca])?;
            }
            if dimension == largest {
                draw_codes(bench, &model, own, &neighbourhoods)?;
            }
            for (codes, reconstruction) in reduced {
                let original = (&pixels, &neighbourhoods);
                rows.push(measure(bench, dimension, &codes, &reconstruction, original)?);
                grid.push((
                    format!("{}, {dimension}", codes.name),
                    reconstruction[..shown].to_vec(),
                ));
            }
        }
        let display = Display::of_dataset(dataset);
        let title = "Autoencoder and PCA";
        let caption = display.caption("test images from a few numbers each");
        bench.figure("reconstructions", title, &caption, |title, caption| {
            let grid = grid
                .iter()
                .map(|(label, values)| Ok(GridRow { label, images: display.pictures(values)? }))
                .collect::<Result<Vec<_>, StudyError>>()?;
            Ok(reconstruction_grid(&grid, title, caption)?)
        })?;
        let caption = format!(
            "squared error a pixel, structural similarity and accuracy on the test images, trustworthiness \
             of {} of them",
            neighbourhoods.len()
        );
        bench.table("dimensions", title, &caption, &HEADINGS, rows)
    }
}

fn name(dimension: usize) -> String {
    format!("autoencoder-{dimension}")
}

/// Codes and reconstructions of the test images.
type Reduced = (Representation, Vec<f32>);

fn by_autoencoder(model: &Model, bench: &Workbench) -> Result<Reduced, StudyError> {
    let codes = code_representation("autoencoder", model, bench.dataset())?;
    let reconstruction = model.decode(&codes.test)?;
    Ok((codes, reconstruction))
}

fn by_pca(pca: &Pca, pixels: &Representation) -> Result<Reduced, StudyError> {
    let encode = |values: &[f32]| pca.encode(Rows::new(values, pixels.columns)?);
    let (name, columns) = ("pca".to_owned(), pca.components());
    let (train, test) = (encode(&pixels.train)?, encode(&pixels.test)?);
    let reconstruction = pca.decode(Rows::new(&test, columns)?)?;
    Ok((Representation { name, columns, train, test }, reconstruction))
}

/// Keeps the metrics of one method at one code length; the row of the table.
fn measure(
    bench: &mut Workbench,
    dimension: usize,
    codes: &Representation,
    reconstruction: &[f32],
    (pixels, neighbourhoods): (&Representation, &Neighbourhoods),
) -> Result<Vec<String>, StudyError> {
    let (dataset, method) = (bench.dataset(), &codes.name);
    let quality = Quality::of(reconstruction, &pixels.test, dataset.test.shape());
    let mut keep = |metric: &str, value| {
        bench.metric(&format!("{method}_{dimension}_{metric}"), value);
    };
    keep("mse", quality.mse);
    keep("sse", quality.sse);
    quality.ssim.into_iter().for_each(|similarity| keep("ssim", similarity));
    let trusted = neighbourhoods.trustworthiness(codes)?;
    trusted.into_iter().for_each(|trusted| keep("trustworthiness", trusted));
    let mut neighbours = None;
    if let (Some(of_train), Some(of_test)) = (dataset.train.labels(), dataset.test.labels()) {
        let train = Rows::new(&codes.train, codes.columns)?;
        let count = NEIGHBOURS.min(train.len());
        let test = Rows::new(&codes.test, codes.columns)?;
        let found = classify_by_neighbours(train, of_train, test, count)?;
        neighbours = Some(accuracy(&found, of_test));
    }
    neighbours.into_iter().for_each(|accuracy| keep("neighbours", accuracy));
    let or_none = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |v| format!("{v:.4}"));
    Ok(vec![
        dimension.to_string(),
        method.clone(),
        format!("{:.6}", quality.mse),
        or_none(quality.ssim),
        or_none(trusted),
        or_none(neighbours),
    ])
}
