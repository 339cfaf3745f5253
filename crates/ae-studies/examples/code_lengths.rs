//! Compares autoencoders of several code lengths with PCA, on small images that are made here.
#![expect(clippy::print_stdout, reason = "the table is the example's result")]

use std::error::Error;

use ae_dataset::{Dataset, Images, Network, write_folder};
use ae_experiment::{DimensionalityReduction, Existing, Spec, StudySpec};
use ae_studies::{StudyOptions, run_study};

const SIDE: usize = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    write_folder(&Dataset::new("rectangles", "here", rectangles(2000)?, rectangles(200)?)?, &data)?;

    let mut spec = Spec::tutorial();
    spec.data.source = data.display().to_string();
    spec.model.set_widths(SIDE * SIDE, &[16])?;
    spec.training.epochs = 10;
    spec.study = Some(StudySpec::DimensionalityReduction(DimensionalityReduction {
        hidden: vec![64],
        dimensions: vec![2, 4, 8],
    }));
    let options = StudyOptions {
        device: ae_apply::device("cpu")?,
        network: Network::Offline,
        progress: &mut (),
        step: &mut |step| println!("{step}"),
    };
    let study = folder.path().join("study");
    let record = run_study(spec, &study, Existing::Refuse, options)?;
    for table in &record.tables {
        println!("\n{}: {}", table.title, table.caption);
        println!("{}", table.columns.join("\t"));
        table.rows.iter().for_each(|row| println!("{}", row.join("\t")));
    }
    Ok(())
}

/// White rectangles on black, of several places and sizes.
fn rectangles(count: usize) -> Result<Images, Box<dyn Error>> {
    let pixel = |image: usize, row: usize, column: usize| {
        let (top, left) = (image % 6, image / 6 % 5);
        let (height, width) = (3 + image % 4, 3 + image / 4 % 3);
        let is_inside =
            (top..top + height).contains(&row) && (left..left + width).contains(&column);
        if is_inside { 255 } else { 0 }
    };
    let pixels = (0..count * SIDE * SIDE)
        .map(|at| pixel(at / (SIDE * SIDE), at / SIDE % SIDE, at % SIDE))
        .collect();
    Ok(Images::new(SIDE, SIDE, pixels)?.with_labels(vec![0; count])?)
}
