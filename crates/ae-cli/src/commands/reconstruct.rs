//! `ae reconstruct`, and how images are shown and written by all commands that make some.

use std::path::Path;

use ae_experiment::{
    GridRow, ImageShape, Model, device, pictures, reconstruction_grid, write_file, write_npy,
};

use super::{Status, counted, inputs, written};
use crate::args::{Apply, Common, Target};
use crate::output;

pub(crate) fn run(args: &Apply, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let inputs = inputs(&args.images, model.shape(), common)?;
    let outputs = model.reconstruct(&inputs.pixels)?;
    let rows = [("original", inputs.pixels.as_slice()), ("reconstructed", &outputs)];
    deliver(&outputs, &rows, model.shape(), &inputs.name, &args.target, common)?;
    Ok(Status::Done)
}

/// Writes images to where the person wants them, and shows them if asked.
///
/// `images` is `n x channels x height x width`; `rows` are what a figure shows beneath each other.
pub(crate) fn deliver(
    images: &[f32],
    rows: &[(&'static str, &[f32])],
    shape: ImageShape,
    name: &str,
    target: &Target,
    common: &Common,
) -> anyhow::Result<()> {
    let size = shape.size();
    let n = images.len() / size;
    let shown = n.min(target.count.get());
    let grid = rows.iter().map(|(label, values)| {
        Ok(GridRow { label, images: pictures(shape, &values[..shown * size])? })
    });
    let grid: Vec<GridRow> = grid.collect::<anyhow::Result<_>>()?;
    if let Some(path) = &target.output {
        let mut what = format!("{} written", counted(n));
        match ending(path) {
            "npy" => write_npy(path, &npy_shape(n, shape), images)?,
            "png" if n == 1 => {
                for picture in pictures(shape, images)? {
                    write_file(path, &picture.png()?)?;
                }
            }
            ending => {
                let caption = format!("the first {shown} of {}", counted(n));
                let figure = reconstruction_grid(&grid, "", &format!("{name}: {caption}"))?;
                // The arguments accept no other ending but .svg.
                let bytes =
                    if ending == "png" { figure.png()? } else { figure.svg()?.into_bytes() };
                write_file(path, &bytes)?;
                what = format!("a figure of {caption} written");
            }
        }
        written(common, path, n, &what)?;
    }
    if target.show {
        output::pictures(&grid)?;
    }
    Ok(())
}

/// Grey images have three dimensions, coloured ones four.
fn npy_shape(n: usize, shape: ImageShape) -> Vec<usize> {
    let ImageShape { channels, height, width } = shape;
    if channels == 1 { vec![n, height, width] } else { vec![n, channels, height, width] }
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or("")
}
