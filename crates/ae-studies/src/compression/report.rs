//! Tables, figures and metrics of the comparison.

use std::slice;

use ae_compression::Quality;
use ae_experiment::Display;
use ae_report::{Axes, GridRow, Series, line_chart, reconstruction_grid};

use super::curve::{Curve, best_within, fewest_at};
use super::{Comparison, Measured, drawn_pixels};
use crate::StudyError;
use crate::workbench::Workbench;

/// PSNR in dB at which bytes are compared, and how finely ratios are searched for their largest.
const PSNR: std::ops::RangeInclusive<u32> = 12..=32;
const STEPS: u32 = 4;
/// Bytes an image that a figure shows at most.
const MOST_DRAWN: f64 = 80.0;
/// Bytes an image of the pictures that are drawn.
const DRAWN: [f64; 3] = [4.0, 12.0, 30.0];

pub(super) fn write(
    comparison: &Comparison,
    pixels: &[u8],
    bench: &mut Workbench,
) -> Result<(), StudyError> {
    let autoencoders: Vec<Curve> =
        comparison.autoencoders.iter().map(|model| model.curve.clone()).collect();
    let others =
        [comparison.pca.curve.clone(), comparison.jpeg_mosaic.clone(), comparison.jpeg.clone()];
    curves(&autoencoders, &others, bench)?;
    equal_quality(&autoencoders, &others, bench)?;
    lossless(comparison, bench.dataset().test.image_size(), bench)?;
    model_size(comparison, bench)?;
    digits(&autoencoders, &others, pixels, bench)
}

/// Every setting of every method, as a table and as a figure.
fn curves(
    autoencoders: &[Curve],
    others: &[Curve],
    bench: &mut Workbench,
) -> Result<(), StudyError> {
    let all = || autoencoders.iter().chain(others);
    let rows = all().flat_map(|curve| {
        curve.points.iter().map(|point| {
            let (name, setting) = (curve.name.clone(), point.setting.clone());
            vec![name, setting, format!("{:.3}", point.bytes), format!("{:.3}", point.psnr)]
        })
    });
    let title = "Rate and distortion";
    let caption =
        "bytes of the test images' files, headers included, by their number; PSNR of all pixels";
    let headings = ["method", "quality", "bytes an image", "PSNR in dB"];
    bench.table("rate-distortion", title, caption, &headings, rows.collect())?;
    let series = all().filter_map(|curve| {
        let points = curve.points.iter().map(|point| (point.bytes, point.psnr));
        let points: Vec<_> = points.filter(|point| point.0 <= MOST_DRAWN).collect();
        (!points.is_empty()).then_some(Series { label: &curve.name, points })
    });
    let series: Vec<Series> = series.collect();
    let caption = format!("{caption}; methods that take more than {MOST_DRAWN} bytes are left out");
    let axes = Axes { x: "bytes an image", y: "PSNR in dB" };
    bench.figure("rate-distortion", title, &caption, |title, caption| {
        Ok(line_chart(&series, axes, title, caption)?)
    })
}

/// Bytes at equal PSNR, and the largest part of another's bytes that the autoencoders take.
fn equal_quality(
    autoencoders: &[Curve],
    others: &[Curve],
    bench: &mut Workbench,
) -> Result<(), StudyError> {
    let names = ["pca", "jpeg_mosaic", "jpeg"];
    let mut rows = Vec::new();
    for decibels in PSNR {
        let at = f64::from(decibels);
        let fewest = fewest_at(autoencoders, at);
        let found: Vec<Option<f64>> =
            std::iter::once(fewest).chain(others.iter().map(|curve| curve.bytes_at(at))).collect();
        if found.iter().all(Option::is_none) {
            continue;
        }
        for (name, bytes) in std::iter::once("autoencoder").chain(names).zip(&found) {
            if let Some(bytes) = bytes {
                bench.metric(&format!("bytes_{name}_at_{decibels}_db"), *bytes);
            }
        }
        let cells = found.iter().map(|&bytes| or_none(bytes));
        rows.push([decibels.to_string()].into_iter().chain(cells).collect());
    }
    for (name, other) in names.into_iter().zip(others) {
        let steps = PSNR.start() * STEPS..=PSNR.end() * STEPS;
        let ratios = steps.filter_map(|step| {
            let at = f64::from(step) / f64::from(STEPS);
            Some(fewest_at(autoencoders, at)? / other.bytes_at(at)?)
        });
        if let Some(largest) = ratios.max_by(f64::total_cmp) {
            bench.metric(&format!("most_of_{name}"), largest);
        }
    }
    let headings = ["PSNR in dB", "autoencoder", "PCA", "JPEG mosaic", "JPEG"];
    let title = "Bytes an image at equal quality";
    let caption =
        "the smallest autoencoder's; interpolated, logarithm of bytes over PSNR; - is not reached";
    bench.table("equal-quality", title, caption, &headings, rows)
}

fn lossless(
    comparison: &Comparison,
    pixels: usize,
    bench: &mut Workbench,
) -> Result<(), StudyError> {
    let Comparison { autoencoders, pca, lossless, .. } = comparison;
    let mut rows = vec![("the pixels".to_owned(), pixels as f64)];
    let exact = |model: &Measured| (format!("exact, {}", model.curve.name), model.exact);
    rows.extend(autoencoders.iter().map(exact));
    rows.push(exact(pca));
    for (name, metric, bytes) in [
        ("PNG, a file each", "png_bytes", lossless.png_each),
        ("PNG mosaic", "png_mosaic_bytes", lossless.png_mosaic),
        ("zstd 19, a file each", "zstd_bytes", lossless.zstd_each),
        ("zstd 19, one file", "zstd_whole_bytes", lossless.zstd_whole),
    ] {
        bench.metric(metric, bytes);
        rows.push((name.to_owned(), bytes));
    }
    bench.metric("pca_exact_bytes", pca.exact);
    let fewest = autoencoders.iter().map(|model| model.exact).min_by(f64::total_cmp);
    if let Some(fewest) = fewest {
        bench.metric("exact_bytes", fewest);
        bench.metric("exact_of_png", fewest / lossless.png_each);
        bench.metric("exact_of_png_mosaic", fewest / lossless.png_mosaic);
    }
    let rows = rows.into_iter().map(|(name, bytes)| vec![name, format!("{bytes:.2}")]).collect();
    let caption = "all pixels come back as they were";
    bench.table("lossless", "Without loss", caption, &["method", "bytes an image"], rows)
}

/// What the models take, and after how many images they have paid for themselves.
fn model_size(comparison: &Comparison, bench: &mut Workbench) -> Result<(), StudyError> {
    let Comparison { autoencoders, pca, lossless, jpeg, jpeg_mosaic } = comparison;
    let rows = autoencoders.iter().chain([pca]).filter_map(|model| {
        let bytes = model.compressor.model_bytes() as f64;
        let middle = usize::from(Quality::default().number() - 1);
        let point = model.curve.points.get(middle)?;
        let after = |saved: f64| match saved > 0.0 {
            true => format!("{:.0}", (bytes / saved).ceil()),
            false => "never".to_owned(),
        };
        let lossy = |other: &Curve| other.bytes_at(point.psnr).map(|found| found - point.bytes);
        let or_none = |saved: Option<f64>| saved.map_or_else(|| "-".to_owned(), after);
        Some(vec![
            model.curve.name.clone(),
            format!("{bytes:.0}"),
            format!("{:.2}", point.psnr),
            format!("{:.2}", point.bytes),
            or_none(lossy(jpeg)),
            or_none(lossy(jpeg_mosaic)),
            after(lossless.png_each - model.exact),
        ])
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let headings = [
        "model",
        "bytes of the model",
        "PSNR at quality 5",
        "bytes an image",
        "images until smaller than JPEG",
        "than JPEG mosaic",
        "exact, than PNG",
    ];
    let caption = "a model is sent once: parameters and codec; JPEG at the same PSNR";
    bench.table("model-size", "With the model counted", caption, &headings, rows)
}

/// The first test images at several rates.
fn digits(
    autoencoders: &[Curve],
    others: &[Curve],
    pixels: &[u8],
    bench: &mut Workbench,
) -> Result<(), StudyError> {
    let dataset = bench.dataset();
    let (shape, display) = (dataset.test.shape(), Display::of_dataset(dataset));
    let original = &pixels[..drawn_pixels(pixels, shape.size())];
    let original: Vec<f32> = original.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let methods = [
        ("autoencoder", autoencoders),
        ("PCA", slice::from_ref(&others[0])),
        ("JPEG mosaic", slice::from_ref(&others[1])),
    ];
    let rates = DRAWN.map(|bytes| bytes.to_string()).join(", ");
    let caption =
        format!("the best of at most {rates} bytes an image; methods that take more are left out");
    bench.figure("compressed", "Compressed images", &caption, |title, caption| {
        let mut rows = vec![("original".to_owned(), display.pictures(&original)?)];
        for bytes in DRAWN {
            for (name, curves) in methods {
                let Some(point) = best_within(curves, bytes) else { continue };
                let label = format!("{name}, {:.1} bytes", point.bytes);
                rows.push((label, display.pictures(&point.first)?));
            }
        }
        let rows: Vec<GridRow> =
            rows.iter().map(|(label, images)| GridRow { label, images: images.clone() }).collect();
        Ok(reconstruction_grid(&rows, title, caption)?)
    })
}

fn or_none(bytes: Option<f64>) -> String {
    bytes.map_or_else(|| "-".to_owned(), |bytes| format!("{bytes:.2}"))
}
