//! Surveys a folder of pictures and reads one epoch of it: `cargo run -p ae-dataset --example epoch -- FOLDER`.
//!
//! Without a folder, it uses the procedural digits.

use std::env;
use std::error::Error;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use ae_dataset::{
    BadItems, EpochBatches, LastBatch, LoadOptions, Network, Resize, Seed, Source, TrainingNeed,
    load, survey_folder,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = LoadOptions::default();
    let source = match env::args_os().nth(1).map(PathBuf::from) {
        None => Source::Digits,
        Some(folder) => {
            prepare(&folder, &mut options)?;
            Source::Path(folder)
        }
    };
    let data = load(&source, &options, Network::Offline, &mut ())?;
    say(&format!("{}: {} images of {}", data.origin.name, data.train.len(), data.train.shape()));
    let batch_size = NonZeroUsize::new(256).unwrap_or(NonZeroUsize::MIN);
    let batches = EpochBatches::new(&data.train, Seed::new(42), 0, batch_size, LastBatch::Keep);
    say(&format!("an epoch has {} batches", batches.len()));
    let (mut sum, mut values) = (0.0, 0);
    for batch in batches {
        sum += batch.pixels.iter().map(|&pixel| f64::from(pixel)).sum::<f64>();
        values += batch.pixels.len();
    }
    say(&format!("the mean pixel is {:.4}", sum / values as f64));
    Ok(())
}

/// Prints what a folder holds, and sets the options that its pictures need.
fn prepare(folder: &Path, options: &mut LoadOptions) -> Result<(), Box<dyn Error>> {
    let survey = survey_folder(folder, &mut ())?;
    // The survey reads headers only, so damaged pixels are found later.
    options.read.bad = BadItems::Skip;
    for kind in &survey.kinds {
        say(&format!("{}: {}", kind.kind, kind.files));
    }
    for skipped in &survey.skipped {
        say(&format!(
            "not read, {}: {} such as {:?}",
            skipped.reason, skipped.count, skipped.first
        ));
    }
    for need in survey.needs() {
        match need {
            TrainingNeed::Resize { most_frequent, .. } => {
                options.size = Some([most_frequent.height, most_frequent.width]);
                options.read.resize = Resize::Fit;
            }
            TrainingNeed::Channels { grey, coloured } => {
                options.channels = Some(if grey > coloured { 1 } else { 3 });
            }
            other => say(&format!("needed: {other:?}")),
        }
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn say(line: &str) {
    println!("{line}");
}
