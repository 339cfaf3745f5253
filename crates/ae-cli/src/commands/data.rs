//! `ae data info|fetch|export`

use ae_experiment::{Dataset, DatasetRecord, GridRow, Images, pictures, write_folder};
use anyhow::bail;
use serde_json::json;

use super::{Status, dataset};
use crate::args::{Common, Data, DataCommand};
use crate::output;

/// Images that `--show` draws.
const SHOWN: u32 = 10;

pub(crate) fn run(command: &DataCommand, common: &Common) -> anyhow::Result<Status> {
    match command {
        DataCommand::Info(info) => {
            let dataset = dataset(&info.data, common)?;
            describe(&dataset, common)?;
            if info.show {
                show(&dataset)?;
            }
        }
        DataCommand::Fetch(fetch) => {
            if common.offline {
                bail!("--offline and fetching do not go together");
            }
            describe(&dataset(&Data { data: Some(fetch.name.clone()) }, common)?, common)?;
        }
        DataCommand::Export(export) => {
            let dataset = dataset(&export.data, common)?;
            let mut files = dataset.origin.files.iter().map(|file| export.out.join(&file.name));
            if let Some(file) = files.find(|file| file.exists()) {
                bail!("{} exists already; choose another folder", file.display());
            }
            write_folder(&dataset, &export.out)?;
            let (train, test) = (dataset.train.len(), dataset.test.len());
            let out = export.out.display().to_string();
            if common.json {
                output::json(
                    &json!({ "train_images": train, "test_images": test, "output": out }),
                )?;
            } else if !common.quiet {
                output::text(&format!("{train} training and {test} test images written to {out}"))?;
            }
        }
    }
    Ok(Status::Done)
}

fn describe(dataset: &Dataset, common: &Common) -> anyhow::Result<()> {
    let record = DatasetRecord::of(dataset);
    if common.json {
        output::json(&serde_json::to_value(&record)?)?;
        return Ok(());
    }
    output::text(&format!("{}: {}", record.name, record.location))?;
    let (train, test) = (record.train_images, record.test_images);
    let shape = dataset.train.shape();
    output::text(&format!("  {train} training and {test} test images of {shape}"))?;
    for (part, images) in [("training", &dataset.train), ("test", &dataset.test)] {
        if let Some(labels) = images.labels() {
            output::text(&format!("  {part} labels: {}", counts(images, labels)))?;
        }
    }
    for file in &record.files {
        output::text(&format!("  {}  {}", file.sha256, file.name))?;
    }
    Ok(())
}

/// "0: 5923, 1: 6742, ..."
fn counts(images: &Images, labels: &[u8]) -> String {
    let mut counts = [0_usize; 256];
    labels.iter().for_each(|&label| counts[usize::from(label)] += 1);
    let present = (0..=u8::MAX).zip(counts).filter(|&(_, count)| count > 0);
    let named = present.map(|(label, count)| format!("{}: {count}", images.class_name(label)));
    named.collect::<Vec<_>>().join(", ")
}

fn show(dataset: &Dataset) -> anyhow::Result<()> {
    let images = &dataset.train;
    let shown: Vec<u32> = (0..SHOWN.min(images.len() as u32)).collect();
    let mut values = vec![0.0; shown.len() * images.image_size()];
    images.gather(&shown, &mut values);
    output::pictures(&[GridRow { label: "", images: pictures(images.shape(), &values)? }])?;
    Ok(())
}
