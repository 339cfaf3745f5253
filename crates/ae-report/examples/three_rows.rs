//! The three rows of a denoising model (clean, corrupted, reconstructed) in the terminal and as PNG and SVG.
//!
//! The "model" is a mean over five pixels; put your own images in its place.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ae_report::{
    ColorSupport, GridRow, Picture, ReportError, TextTable, half_blocks, reconstruction_grid,
};

const SIDE: usize = 16;

/// A ring around the middle.
fn ring(radius: f32) -> Vec<f32> {
    let distance = |place: usize| {
        let offset = |index: usize| index as f32 - (SIDE as f32 - 1.0) / 2.0;
        offset(place % SIDE).hypot(offset(place / SIDE))
    };
    (0..SIDE * SIDE).map(|place| (1.5 - (distance(place) - radius).abs()).clamp(0.0, 1.0)).collect()
}

/// Every seventh pixel is inverted.
fn corrupted(clean: &[f32]) -> Vec<f32> {
    clean.iter().enumerate().map(|(i, &x)| if i % 7 == 3 { 1.0 - x } else { x }).collect()
}

/// The mean of each pixel and its four neighbours.
fn reconstructed(image: &[f32]) -> Vec<f32> {
    let mean = |place: usize| {
        let neighbours = [-(SIDE as isize), -1, 0, 1, SIDE as isize];
        let values =
            neighbours.iter().filter_map(|&offset| image.get(place.wrapping_add_signed(offset)));
        values.clone().sum::<f32>() / values.count() as f32
    };
    (0..image.len()).map(mean).collect()
}

fn squared_error(image: &[f32], clean: &[f32]) -> f32 {
    image.iter().zip(clean).map(|(x, y)| (x - y).powi(2)).sum()
}

fn row<'a>(label: &'a str, images: &[Vec<f32>]) -> Result<GridRow<'a>, ReportError> {
    let pictures = images.iter().map(|image| Picture::from_unit(1, SIDE, SIDE, image));
    Ok(GridRow { label, images: pictures.collect::<Result<_, _>>()? })
}

fn main() -> Result<(), ReportError> {
    let clean = [2.0, 4.0, 6.0].map(ring);
    let noisy = clean.each_ref().map(|image| corrupted(image));
    let denoised = noisy.each_ref().map(|image| reconstructed(image));
    let rows = [row("clean", &clean)?, row("corrupted", &noisy)?, row("reconstructed", &denoised)?];
    print!("{}", half_blocks(&rows, 80, ColorSupport::None));

    let mut table = TextTable::new(["image", "error of the corrupted", "of the reconstructed"]);
    for (index, clean) in clean.iter().enumerate() {
        let errors = [&noisy[index], &denoised[index]].map(|image| squared_error(image, clean));
        table.push([index.to_string(), format!("{:.2}", errors[0]), format!("{:.2}", errors[1])]);
    }
    print!("{}", table.text());

    let figure = reconstruction_grid(&rows, "Denoised rings", "mean of five pixels")?;
    let (png, svg) = (figure.png()?, figure.svg()?);
    println!("the figure has {} bytes as PNG and {} as SVG", png.len(), svg.len());
    Ok(())
}
