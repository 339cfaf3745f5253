//! The figures of a run.

pub(crate) mod display;
mod first_layer;
pub(crate) mod latent;

use std::io::ErrorKind;
use std::path::Path;
use std::{fmt, fs};

use ae_dataset::Images;
use ae_files::FileError;
use ae_models::Inference;
use ae_report::{
    Axes, Figure, GridRow, Reference, ReportError, Series, WorstReconstruction, loss_curves,
    reconstruction_grid, worst_reconstructions,
};
use ae_training::{
    Counted, ReconstructedSamples, Samples, TrainingState, reconstruct_samples, squared_errors,
};
use display::Display;
use first_layer::FirstLayer;
use rayon::prelude::*;

use crate::expectation::Bound;
use crate::folder::RunFolder;
use crate::parallel::in_order;
use crate::plan::{Plan, validation_metric};
use crate::record::FigureRecord;
use crate::{ExperimentError, Record};

/// Images of a grid, as in the tutorial.
const COLUMNS: u32 = 10;

/// The title and the caption of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FigureText<'a> {
    /// The line above the figure.
    pub title: &'a str,
    /// The lines below it: data, epoch, metric.
    pub caption: &'a str,
}

/// Figures that were written into a folder, and notes about them.
#[derive(Debug, Default)]
pub struct KeptFigures {
    /// The figures that were written.
    pub figures: Vec<FigureRecord>,
    /// A sentence for each figure that was changed so that it could be drawn, or that was left out.
    pub notes: Vec<String>,
}

impl KeptFigures {
    /// Appends other figures and notes.
    pub fn extend(&mut self, other: Self) {
        self.figures.extend(other.figures);
        self.notes.extend(other.notes);
    }
}

/// Draws the figures of a run into its folder, each as PNG and as SVG. `grid` holds the pictures of the first one.
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
) -> Result<KeptFigures, ExperimentError> {
    let caption = caption(plan, record);
    let display = Display::of_dataset(&plan.dataset);
    let of_rows = display.caption(&caption);
    let validation = plan.validation_samples();
    let reconstructions = |title: &str, caption: &str| match grid {
        Ok(grid) => Ok(reconstruction_grid(grid, title, caption)?),
        Err(error) => Err(ExperimentError::NoPictures { reason: error.to_string() }),
    };
    let worst = |title: &str, caption: &str| worst_ten(model, &validation, display, title, caption);
    let loss = |title: &str, caption: &str| curve(plan, state, title, caption);
    let first = FirstLayer::of(plan, state.parameters());
    let units = |title: &str, caption: &str| match &first {
        Ok(layer) => layer.draw(title, caption),
        Err(reason) => Err(ExperimentError::NoPictures { reason: reason.clone() }),
    };
    let (of_first, told) = match &first {
        Ok(layer) => (layer.title, layer.told()),
        Err(_) => ("What the first layer looks for", String::new()),
    };
    let mut drawings = vec![Drawing {
        name: "reconstructions",
        title: if validation.is_corrupted() { "Denoised" } else { "Reconstructed" },
        caption: of_rows.clone(),
        draw: &reconstructions,
    }];
    // With blind spots nobody knows the clean images.
    if plan.counted() == Counted::All {
        drawings.push(Drawing {
            name: "worst",
            title: "Worst reconstructions",
            caption: format!("{of_rows}; {}", meaning_of_index(plan)),
            draw: &worst,
        });
    }
    drawings.extend([
        Drawing { name: "loss", title: "Learning curve", caption: caption.clone(), draw: &loss },
        Drawing { name: "filters", title: of_first, caption: caption + &told, draw: &units },
    ]);
    let keep = |Drawing { name, title, caption, draw }: Drawing| {
        keep_figure(folder, name, FigureText { title, caption: &caption }, draw)
    };
    let written: Vec<Result<KeptFigures, _>> = drawings.into_par_iter().map(keep).collect();
    let mut all = KeptFigures::default();
    // Of several failures, the first one in the figures' order is reported.
    for kept in written {
        all.extend(kept?);
    }
    Ok(all)
}

/// A figure that is to be drawn.
struct Drawing<'a> {
    name: &'static str,
    title: &'static str,
    caption: String,
    draw: Draw<'a>,
}

/// Draws a figure with a title and a caption.
type Draw<'a> = &'a (dyn Fn(&str, &str) -> Result<Figure, ExperimentError> + Sync);

/// Draws a figure into a run's folder as `name.png` and `name.svg`. A figure that cannot be drawn is left out: its
/// files of an earlier run are removed, and a note says why.
///
/// # Errors
/// If a file cannot be written or removed.
pub fn keep_figure<E: fmt::Display + From<ReportError>>(
    folder: &RunFolder,
    name: &str,
    text: FigureText<'_>,
    draw: impl FnOnce(&str, &str) -> Result<Figure, E>,
) -> Result<KeptFigures, ExperimentError> {
    let (file, svg) = (format!("{name}.png"), format!("{name}.svg"));
    let FigureText { title, caption } = text;
    let drawn =
        draw(title, caption).and_then(|figure| Ok((figure.png()?, figure.svg()?, figure.notes())));
    match drawn {
        Ok((png_bytes, svg_text, notes)) => {
            let write_png = || Ok(ae_files::write_atomic(&folder.file(&file), &png_bytes)?);
            let write_svg = || Ok(ae_files::write_atomic(&folder.file(&svg), svg_text.as_bytes())?);
            in_order(write_png, write_svg)?;
            let notes = notes.into_iter().map(|note| format!("{name}: {note}")).collect();
            let (title, caption) = (title.to_owned(), caption.to_owned());
            Ok(KeptFigures { figures: vec![FigureRecord { file, svg, title, caption }], notes })
        }
        Err(error) => {
            for stale in [file, svg].map(|file| folder.file(&file)) {
                remove_if_there(&stale)?;
            }
            let note = format!("{name}: the figure is left out: {error}");
            // The summary says it, too.
            tracing::info!("{note}");
            Ok(KeptFigures { figures: Vec::new(), notes: vec![note] })
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

/// The caption of the run's figures: data, epoch, metric, corruption, and the substitution, if there was one.
fn caption(plan: &Plan, record: &Record) -> String {
    let metric = validation_metric(plan);
    let value = record.metrics.get(&metric).map(|value| format!(", {metric} {value:.4}"));
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
    if let Some(inputs) = &plan.dataset.inputs {
        let target = Path::new(&inputs.target).file_name().unwrap_or_default().to_string_lossy();
        caption.push_str(&format!(", learned from pairs with {target}"));
    }
    if plan.counted() == Counted::BlindSpots {
        caption.push_str(", learned from noisy images alone");
    }
    if let Some(substituted) = &record.dataset.substituted {
        caption.push_str(&format!(". {substituted}"));
    }
    caption
}

/// What the index of an item means in the figure of the worst reconstructions.
fn meaning_of_index(plan: &Plan) -> String {
    let items = if plan.dataset.scaling.is_some() { "rows" } else { "images" };
    let part = if plan.dataset.held_out.is_some() { "held-out" } else { "test" };
    format!("index among the {part} {items}, from 0")
}

/// The rows of the tutorial's figures: originals over reconstructions, or noisy, denoised, original.
pub(crate) fn first_images(
    model: &dyn Inference,
    samples: &Samples,
    counted: Counted,
    display: Display,
) -> Result<Vec<GridRow<'static>>, ExperimentError> {
    let shown: Vec<u32> = (0..COLUMNS.min(samples.images().len() as u32)).collect();
    let ReconstructedSamples { inputs, targets, outputs } =
        reconstruct_samples(model, samples, &shown)?;
    let rows = if samples.is_corrupted() {
        vec![("noisy", inputs), ("denoised", outputs), ("original", targets)]
    } else if counted == Counted::BlindSpots {
        vec![("noisy", targets), ("denoised", outputs)]
    } else {
        vec![("original", targets), ("reconstructed", outputs)]
    };
    let rows = rows.into_iter();
    rows.map(|(label, values)| Ok(GridRow { label, images: display.pictures(&values)? })).collect()
}

/// The ten validation images with the largest squared error.
fn worst_ten(
    model: &dyn Inference,
    samples: &Samples,
    display: Display,
    title: &str,
    caption: &str,
) -> Result<Figure, ExperimentError> {
    let errors = squared_errors(model, samples)?;
    let mut order: Vec<u32> = (0..errors.len() as u32).collect();
    // Ties keep the data's order: the sort is stable.
    order.sort_by(|&a, &b| errors[b as usize].total_cmp(&errors[a as usize]));
    order.truncate(COLUMNS as usize);
    let ReconstructedSamples { targets, outputs, .. } =
        reconstruct_samples(model, samples, &order)?;
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

/// Training and validation loss over the epochs, with the bounds of the expectations.
fn curve(
    plan: &Plan,
    state: &TrainingState,
    title: &str,
    caption: &str,
) -> Result<Figure, ExperimentError> {
    let validation = validation_metric(plan);
    let training = ae_training::train_metric(plan.spec.training.loss, plan.counted());
    let series = [(&training, "training"), (&validation, "validation")].map(|(metric, label)| {
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

/// The name of an image's class, if it has one.
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

    const LOSS: FigureText<'_> = FigureText { title: "Loss", caption: "caption" };

    fn failing(_: &str, _: &str) -> Result<Figure, ExperimentError> {
        Err(ReportError::Empty { figure: "a grid of images" }.into())
    }

    #[test]
    fn a_figure_that_cannot_be_drawn_is_left_out_and_its_old_files_are_removed() {
        let place = tempfile::tempdir().unwrap();
        let folder =
            Claim::new(&place.path().join("run"), Existing::Refuse).unwrap().take().unwrap();
        let kept = keep_figure(&folder, "loss", LOSS, drawn).unwrap();
        assert_eq!(kept.figures.len(), 1);
        assert_eq!(kept.notes, ["loss: values that are not finite or beyond 1e100 leave gaps: 1"]);
        assert!(folder.file("loss.png").is_file() && folder.file("loss.svg").is_file());

        for _ in 0..2 {
            let kept = keep_figure(&folder, "loss", LOSS, failing).unwrap();
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
        let error = keep_figure(&folder, "loss", LOSS, drawn).unwrap_err();
        assert!(matches!(error, ExperimentError::File(_)), "{error}");
        assert!(error.to_string().contains("loss.png"), "{error}");
    }
}
