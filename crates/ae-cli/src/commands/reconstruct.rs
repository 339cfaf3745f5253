//! `ae reconstruct`, and how images are shown and written by all commands that make some.

use std::path::Path;

use ae_experiment::{
    GreyImage, GridRow, Model, device, reconstruction_grid, write_file, write_npy,
};

use super::{Status, counted, inputs, written};
use crate::args::{Apply, Common, Target};
use crate::output;

pub(crate) fn run(args: &Apply, common: &Common) -> anyhow::Result<Status> {
    let model = Model::open(&args.model, &device(&common.device)?)?;
    let inputs = inputs(&args.images, model.image(), common)?;
    let outputs = model.reconstruct(&inputs.pixels)?;
    let rows = [("original", inputs.pixels.as_slice()), ("reconstructed", &outputs)];
    deliver(&outputs, &rows, model.image(), &inputs.name, &args.target, common)?;
    Ok(Status::Done)
}

/// Writes images to where the person wants them, and shows them if asked.
///
/// `images` is `n x height x width`; `rows` are what a figure shows beneath each other.
pub(crate) fn deliver(
    images: &[f32],
    rows: &[(&'static str, &[f32])],
    [height, width]: [usize; 2],
    name: &str,
    target: &Target,
    common: &Common,
) -> anyhow::Result<()> {
    let size = height * width;
    let n = images.len() / size;
    let shown = n.min(target.count.get());
    let grid =
        rows.iter().map(|(label, values)| grid_row(label, &values[..shown * size], height, width));
    let grid: Vec<GridRow> = grid.collect::<anyhow::Result<_>>()?;
    if let Some(path) = &target.output {
        let mut what = format!("{} written", counted(n));
        match ending(path) {
            "npy" => write_npy(path, &[n, height, width], images)?,
            "png" if n == 1 => {
                write_file(path, &GreyImage::from_unit(height, width, images)?.png()?)?;
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

fn grid_row(
    label: &'static str,
    values: &[f32],
    height: usize,
    width: usize,
) -> anyhow::Result<GridRow<'static>> {
    let images =
        values.chunks(height * width).map(|image| GreyImage::from_unit(height, width, image));
    Ok(GridRow { label, images: images.collect::<Result<_, _>>()? })
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or("")
}
