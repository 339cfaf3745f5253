//! Metrics, figure and table of the photographs.

use ae_corruption::Clipping;
use ae_dataset::ImageShape;
use ae_report::{GridRow, Picture, comparison_grid};

use super::published::{Published, published};
use super::{Judged, Restored, Shown};
use crate::StudyError;
use crate::workbench::Workbench;

/// Rows and columns of the part of a picture that is shown.
const CROP: usize = 128;
const COLUMNS: [&str; 6] = ["pictures", "sigma", "noise", "method", "psnr", "ssim"];

/// PSNR and SSIM such as `bsd68_25_nlm_psnr` and `bsd68_25_clipped_nlm_ssim`.
pub(super) fn keep_metrics(bench: &mut Workbench, judged: &[Judged]) {
    for Judged { set, level, method, quality } in judged {
        let name = format!("{set}_{}_{method}", level.name());
        if quality.psnr().is_finite() {
            bench.metric(&format!("{name}_psnr"), quality.psnr());
        }
        quality.ssim().into_iter().for_each(|ssim| bench.metric(&format!("{name}_ssim"), ssim));
    }
}

/// The middle of a picture.
pub(super) fn crop(pixels: &[f32], shape: ImageShape) -> Vec<f32> {
    let [height, width] = crop_size(shape);
    let (top, left) = ((shape.height - height) / 2, (shape.width - width) / 2);
    let rows = pixels.chunks_exact(shape.width).skip(top).take(height);
    rows.flat_map(|row| row[left..left + width].iter().copied()).collect()
}

/// Rows and columns of the part that is shown.
pub(super) fn crop_size(shape: ImageShape) -> [usize; 2] {
    [shape.height.min(CROP), shape.width.min(CROP)]
}

pub(super) fn draw(bench: &mut Workbench, shown: &[Shown]) -> Result<(), StudyError> {
    let caption = "the middle of the first picture of each set; noise that is not clipped";
    bench.figure("photographs", "Photographs, denoised", caption, |title, caption| {
        let rows = shown
            .iter()
            .map(|Shown { label, size: [height, width], images }| {
                let images = images.iter().map(|Restored { pixels, .. }| {
                    let clipped: Vec<f32> = pixels.iter().map(|x| x.clamp(0.0, 1.0)).collect();
                    Ok(Picture::from_unit(1, *height, *width, &clipped)?)
                });
                Ok(GridRow { label, images: images.collect::<Result<_, StudyError>>()? })
            })
            .collect::<Result<Vec<_>, StudyError>>()?;
        let columns = shown.first().into_iter().flat_map(|shown| &shown.images);
        let columns: Vec<&str> = columns.map(|image| image.method.as_str()).collect();
        Ok(comparison_grid(&rows, &columns, title, caption)?)
    })
}

/// A line for each set, level and method; published figures follow those of this study.
pub(super) fn tabulate(bench: &mut Workbench, judged: &[Judged]) -> Result<(), StudyError> {
    let mut rows = Vec::new();
    for group in judged.chunk_by(|a, b| a.set == b.set && a.level == b.level) {
        rows.extend(group.iter().map(row_of));
        let Some(Judged { set, level, .. }) = group.first() else { continue };
        if level.clipping == Clipping::Off {
            rows.extend(published(set, level.level).iter().map(row_of_published));
        }
    }
    let caption = "whole pictures: the mean of the pictures' PSNR in dB, and of their structural similarity (Wang et al. 2004); \
                   sigma in units of 1/255; published figures by Zhang et al. 2017 and 2018";
    bench.table("photographs", "Photographs, method by method", caption, &COLUMNS, rows)
}

fn row_of(judged: &Judged) -> Vec<String> {
    let Judged { set, level, method, quality } = judged;
    let noise = if level.clipping == Clipping::Off { "unclipped" } else { "clipped" };
    vec![
        (*set).to_owned(),
        level.level.to_string(),
        noise.to_owned(),
        method.clone(),
        format!("{:.2}", quality.psnr()),
        quality.ssim().map_or_else(|| "-".to_owned(), |ssim| format!("{ssim:.4}")),
    ]
}

fn row_of_published(published: &Published) -> Vec<String> {
    let Published { set, level, method, psnr } = published;
    let method = format!("{method} (published)");
    let (noise, none) = ("unclipped".to_owned(), "-".to_owned());
    vec![(*set).to_owned(), level.to_string(), noise, method, format!("{psnr:.2}"), none]
}
