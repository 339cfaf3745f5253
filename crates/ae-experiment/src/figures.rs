//! The pictures of a run.

pub(crate) mod display;
pub(crate) mod latent;

use std::io::ErrorKind;
use std::path::Path;
use std::{fmt, fs};

use ae_dataset::{ImageShape, Images};
use ae_files::FileError;
use ae_models::Inference;
use ae_report::{
    Axes, Figure, GridRow, Reference, ReportError, Series, WorstReconstruction, filters,
    loss_curves, reconstruction_grid, worst_reconstructions,
};
use ae_training::{Samples, TrainingBatch, TrainingState, squared_errors};
use display::Display;
use rayon::prelude::*;

use crate::expectation::Bound;
use crate::folder::RunFolder;
use crate::parallel::in_order;
use crate::plan::{Plan, validation_metric};
use crate::record::FigureRecord;
use crate::{ExperimentError, Record};

/// Images of a grid, as in the tutorial.
const COLUMNS: u32 = 10;
/// Units that are drawn; wider layers show their first ones.
const FILTERS: usize = 64;

/// What became of one figure or of several.
#[derive(Debug, Default)]
pub struct Kept {
    /// The figures that were written.
    pub figures: Vec<FigureRecord>,
    /// What was changed so that they could be drawn, and which ones could not.
    pub notes: Vec<String>,
}

impl Kept {
    /// Adds what became of others.
    pub fn extend(&mut self, other: Self) {
        self.figures.extend(other.figures);
        self.notes.extend(other.notes);
    }
}

/// Draws the figures of a run into its folder, each as PNG and as SVG; `grid` is the first one.
///
/// # Errors
/// If a file cannot be written. A figure that cannot be drawn is left out, with a note.
pub(crate) fn write_figures(
    plan: &Plan,
    folder: &RunFolder,
    model: &dyn Inference,
    state: &TrainingState,
    grid: &Result<Vec<GridRow<'static>>, ExperimentError>,
    record: &Record,
) -> Result<Kept, ExperimentError> {
    let caption = caption(plan, record);
    let display = Display::of_dataset(&plan.dataset);
    let of_rows = display.caption(&caption);
    let validation = plan.validation_samples();
    let mut drawings: Vec<(&str, &str, String, Draw)> = Vec::new();
    let title = if validation.is_corrupted() { "Denoised" } else { "Reconstructed" };
    let reconstructions = |title: &str, caption: &str| match grid {
        Ok(grid) => Ok(reconstruction_grid(grid, title, caption)?),
        Err(error) => Err(ExperimentError::NoPictures { reason: error.to_string() }),
    };
    drawings.push(("reconstructions", title, of_rows.clone(), &reconstructions));
    let worst =
        |title: &str, caption: &str| worst_ten(model, (&validation, display), title, caption);
    let of_worst = format!("{of_rows}; {}", meaning_of_index(plan));
    drawings.push(("worst", "Worst reconstructions", of_worst, &worst));
    let loss = |title: &str, caption: &str| curve(plan, state, title, caption);
    drawings.push(("loss", "Learning curve", caption.clone(), &loss));
    let ImageShape { channels, height, width } = plan.dataset.train.shape();
    let weights = state.parameters().get("encoder.0.weight");
    let units = |title: &str, caption: &str| {
        let weights = weights.unwrap_or_default();
        let shown = weights.len().min(FILTERS * channels * height * width);
        Ok(filters(&weights[..shown], [channels, height, width], title, caption)?)
    };
    if let Some(weights) = weights {
        let all = weights.len() / (channels * height * width).max(1);
        let first = (all > FILTERS).then(|| format!("; the first {FILTERS} of {all} units"));
        let caption = caption + first.as_deref().unwrap_or_default();
        drawings.push(("filters", "What the encoder's units look for", caption, &units));
    }
    let keep = |(name, title, caption, draw): (&str, &str, String, Draw)| {
        keep_figure(folder, name, (title, &caption), draw)
    };
    let written: Vec<Result<Kept, _>> = drawings.into_par_iter().map(keep).collect();
    let mut all = Kept::default();
    // Of several failures the first in the figures' order, whichever came first.
    for kept in written {
        all.extend(kept?);
    }
    Ok(all)
}

/// Draws a figure with the title and the caption that it is given.
type Draw<'a> = &'a (dyn Fn(&str, &str) -> Result<Figure, ExperimentError> + Sync);

/// Draws a figure into a run's folder, as PNG and as SVG. One that cannot be drawn is left out, with what
/// an earlier run may have left of it, and a note says so.
///
/// # Errors
/// If a file cannot be written or removed.
pub fn keep_figure<E: fmt::Display + From<ReportError>>(
    folder: &RunFolder,
    name: &str,
    (title, caption): (&str, &str),
    draw: impl FnOnce(&str, &str) -> Result<Figure, E>,
) -> Result<Kept, ExperimentError> {
    let (file, svg) = (format!("{name}.png"), format!("{name}.svg"));
    let drawn =
        draw(title, caption).and_then(|figure| Ok((figure.png()?, figure.svg()?, figure.notes())));
    match drawn {
        Ok((png_bytes, svg_text, notes)) => {
            let write_png = || Ok(ae_files::write_atomic(&folder.file(&file), &png_bytes)?);
            let write_svg = || Ok(ae_files::write_atomic(&folder.file(&svg), svg_text.as_bytes())?);
            in_order(write_png, write_svg)?;
            let notes = notes.into_iter().map(|note| format!("{name}: {note}")).collect();
            let (title, caption) = (title.to_owned(), caption.to_owned());
            Ok(Kept { figures: vec![FigureRecord { file, svg, title, caption }], notes })
        }
        Err(error) => {
            for stale in [file, svg].map(|file| folder.file(&file)) {
                remove_if_there(&stale)?;
            }
            let note = format!("{name}: the figure is left out: {error}");
            tracing::warn!("{note}");
            Ok(Kept { figures: Vec::new(), notes: vec![note] })
        }
    }
}

fn remove_if_there(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => {
            Err(FileError::Write { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

/// Data, epoch and metric; and the substitution, if there was one.
fn caption(plan: &Plan, record: &Record) -> String {
    let metric = validation_metric(plan);
    let value = record.metrics.get(metric).map(|value| format!(", {metric} {value:.4}"));
    let mut caption = format!(
        "{}: data {}, epoch {}{}",
        record.name,
        record.dataset.name,
        record.epochs,
        value.unwrap_or_default()
    );
    if let Some(corruption) = &plan.spec.corruption {
        caption.push_str(&format!(", noise {} drawn {}", corruption.noise, corruption.drawn));
    }
    if let Some(substituted) = &record.dataset.substituted {
        caption.push_str(&format!(". {substituted}"));
    }
    caption
}

/// What the index of an item counts in the figure of the worst ones.
fn meaning_of_index(plan: &Plan) -> String {
    let items = if plan.dataset.scaling.is_some() { "rows" } else { "images" };
    let part = if plan.dataset.held_out.is_some() { "held-out" } else { "test" };
    format!("index among the {part} {items}, from 0")
}

/// The rows of the tutorial's figures: originals over reconstructions, or noisy, denoised, original.
pub(crate) fn first_images(
    model: &dyn Inference,
    samples: &Samples,
    display: Display,
) -> Result<Vec<GridRow<'static>>, ExperimentError> {
    let shown: Vec<u32> = (0..COLUMNS.min(samples.images().len() as u32)).collect();
    let (TrainingBatch { inputs, targets }, outputs) = reconstruct(model, samples, &shown)?;
    let rows = if samples.is_corrupted() {
        vec![("noisy", inputs), ("denoised", outputs), ("original", targets)]
    } else {
        vec![("original", targets), ("reconstructed", outputs)]
    };
    let rows = rows.into_iter();
    rows.map(|(label, values)| Ok(GridRow { label, images: display.pictures(&values)? })).collect()
}

/// The ten validation images with the largest squared error.
fn worst_ten(
    model: &dyn Inference,
    (samples, display): (&Samples, Display),
    title: &str,
    caption: &str,
) -> Result<Figure, ExperimentError> {
    let errors = squared_errors(model, samples)?;
    let mut order: Vec<u32> = (0..errors.len() as u32).collect();
    // Ties keep the data's order: the sort is stable.
    order.sort_by(|&a, &b| errors[b as usize].total_cmp(&errors[a as usize]));
    order.truncate(COLUMNS as usize);
    let (TrainingBatch { targets, .. }, outputs) = reconstruct(model, samples, &order)?;
    let originals = display.pictures(&targets)?;
    let reconstructions = display.pictures(&outputs)?;
    let pairs = originals.into_iter().zip(reconstructions).zip(&order);
    let items: Vec<WorstReconstruction> = pairs
        .map(|((original, reconstruction), &index)| WorstReconstruction {
            original,
            reconstruction,
            index: index as usize,
            label: class_of(samples.images(), index as usize),
            squared_error: errors[index as usize],
        })
        .collect();
    Ok(worst_reconstructions(&items, title, caption)?)
}

/// Training and validation loss over the epochs, with the numbers that are expected of them.
fn curve(
    plan: &Plan,
    state: &TrainingState,
    title: &str,
    caption: &str,
) -> Result<Figure, ExperimentError> {
    let validation = validation_metric(plan);
    let training = ae_training::train_metric(plan.spec.training.loss);
    let series = [(training, "training"), (validation, "validation")].map(|(metric, label)| {
        let rows = state.curve().iter();
        let points = rows.filter_map(|row| Some((f64::from(row.epoch), *row.metrics.get(metric)?)));
        Series { label, points: points.collect() }
    });
    let expected = plan.spec.expected.iter().filter(|expected| {
        expected.metric == validation && expected.dataset == plan.dataset.origin.name
    });
    let bounds: Vec<(String, f64)> = expected
        .map(|expected| match expected.bound {
            Bound::AtMost(value) => (format!("at most {value}"), value),
            Bound::AtLeast(value) => (format!("at least {value}"), value),
        })
        .collect();
    let references: Vec<Reference> =
        bounds.iter().map(|(label, value)| Reference { label, value: *value }).collect();
    let axes = Axes { x: "epoch", y: &validation["val_".len()..] };
    Ok(loss_curves(&series, &references, axes, title, caption)?)
}

fn reconstruct(
    model: &dyn Inference,
    samples: &Samples,
    chosen: &[u32],
) -> Result<(TrainingBatch, Vec<f32>), ExperimentError> {
    let batch = samples.gather(chosen, 0);
    let mut outputs = vec![0.0; batch.inputs.len()];
    model.reconstruct(&batch.inputs, &mut outputs)?;
    Ok((batch, outputs))
}

/// The class of an image, if it has one.
fn class_of(images: &Images, index: usize) -> Option<String> {
    let label = images.labels()?.get(index)?;
    Some(images.class_name(*label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder::{Claim, Existing};

    fn drawn(title: &str, caption: &str) -> Result<Figure, ExperimentError> {
        let series = [Series { label: "a", points: vec![(1.0, f64::NAN), (2.0, 1.0)] }];
        Ok(loss_curves(&series, &[], Axes { x: "epoch", y: "loss" }, title, caption)?)
    }

    fn failing(_: &str, _: &str) -> Result<Figure, ExperimentError> {
        Err(ReportError::Empty { figure: "a grid of images" }.into())
    }

    #[test]
    fn a_figure_that_cannot_be_drawn_is_left_out_with_what_an_earlier_run_left_of_it() {
        let place = tempfile::tempdir().unwrap();
        let folder =
            Claim::new(&place.path().join("run"), Existing::Refuse).unwrap().take().unwrap();
        let kept = keep_figure(&folder, "loss", ("Loss", "caption"), drawn).unwrap();
        assert_eq!(kept.figures.len(), 1);
        assert_eq!(kept.notes, ["loss: values that are not finite or beyond 1e100 leave gaps: 1"]);
        assert!(folder.file("loss.png").is_file() && folder.file("loss.svg").is_file());

        for _ in 0..2 {
            let kept = keep_figure(&folder, "loss", ("Loss", "caption"), failing).unwrap();
            assert_eq!(kept.figures, []);
            let reason = "a grid of images needs at least one image, found none";
            assert_eq!(kept.notes, [format!("loss: the figure is left out: {reason}")]);
            assert!(!folder.file("loss.png").exists() && !folder.file("loss.svg").exists());
        }
    }

    #[test]
    fn a_figure_that_cannot_be_written_fails() {
        let place = tempfile::tempdir().unwrap();
        let folder =
            Claim::new(&place.path().join("run"), Existing::Refuse).unwrap().take().unwrap();
        std::fs::create_dir(folder.file("loss.png")).unwrap();
        let error = keep_figure(&folder, "loss", ("Loss", ""), drawn).unwrap_err();
        assert!(matches!(error, ExperimentError::File(_)), "{error}");
        assert!(error.to_string().contains("loss.png"), "{error}");
    }
}
