//! The figure of the strangest items.

use std::path::{Path, PathBuf};

use ae_apply::AnomalyDetector;
use ae_experiment::Display;
use ae_report::{ErrorScale, HeatMapItem, Picture, heat_map};
use anyhow::Context as _;

use super::Strange;
use crate::delivery::write_figure;

/// The strangest items over their reconstructions and the places of their errors.
pub(super) fn draw(
    detector: &AnomalyDetector,
    items: &[Strange],
    name: &str,
    path: &Path,
) -> anyhow::Result<()> {
    let model = detector.model();
    let (end, of) = scale_end(detector, items);
    let display = Display::of(model.format());
    let only = |mut pictures: Vec<Picture>| pictures.pop().context("an item without numbers");
    let drawn = items.iter().map(|Strange { name, score, image, errors }| {
        // Of a picture in subfolders the file and the last folder, which is its class.
        let parts: Vec<_> = Path::new(name).components().map(|part| part.as_os_str()).collect();
        let last = parts[parts.len().saturating_sub(2)..].iter();
        let name = last.collect::<PathBuf>().display().to_string();
        Ok(HeatMapItem {
            image: only(display.pictures(image)?)?,
            reconstruction: only(display.pictures(&model.reconstruct(image)?)?)?,
            errors: errors.clone(),
            name,
            score: *score,
        })
    });
    let drawn = drawn.collect::<anyhow::Result<Vec<_>>>()?;
    let caption = display.caption(&format!(
        "{name}: largest scores first; the scale ends at an error of {end:.4}, {of}"
    ));
    let scale = ErrorScale { end, meaning: "reconstruction error" };
    let figure = heat_map(&drawn, scale, "Where the error is", &caption)?;
    write_figure(path, &figure)
}

/// The error at the end of the scale, and what it is: that of the fit, so that an item looks the same in any
/// company.
pub(super) fn scale_end(detector: &AnomalyDetector, items: &[Strange]) -> (f32, &'static str) {
    let (white, of) = match detector.largest_normal_error() {
        Some(largest) => (largest as f32, "the largest of the fitted normal items"),
        None => {
            let errors = items.iter().flat_map(|item| &item.errors);
            let largest = errors.fold(0.0, |a: f32, &b| a.max(b));
            (largest, "the largest shown (a fit of this version has a fixed one)")
        }
    };
    (white.clamp(f32::MIN_POSITIVE, f32::MAX), of)
}
