//! `ae data info|fetch|export`

mod survey;

use std::path::Path;

use ae_dataset::{
    Dataset, Images, LoadOptions, Mapping, Part, Scaling, TableInfo, refuse_existing,
    replace_folder, replace_pictures, write_folder, write_pictures,
};
use ae_experiment::{DatasetRecord, Display, PatchRecord};
use ae_files::counted_as;
use ae_random::Seed;
use ae_report::GridRow;
use serde_json::json;

use super::dataset;
use crate::args::{Becoming, Common, DataCommand, Split};
use crate::exit_status::{Status, Usage};
use crate::output;

/// Images that `--show` draws.
const SHOWN: u32 = 10;
/// Columns of a table that are described.
const COLUMNS: usize = 40;

pub(crate) fn run(command: &DataCommand, common: &Common) -> anyhow::Result<Status> {
    match command {
        DataCommand::Info(info) => {
            let dataset = match load(&info.split, common) {
                Ok(dataset) => dataset,
                Err(refusal) => {
                    let folder = Path::new(info.split.named().unwrap_or_default());
                    survey::describe(folder, refusal, common)?;
                    return Ok(Status::Done);
                }
            };
            describe(&dataset, info.split.becoming.reading.part, common)?;
            if info.show {
                show(&dataset)?;
            }
        }
        DataCommand::Fetch(fetch) => {
            if common.offline {
                let sentence = "--offline and fetching do not go together";
                return Err(Usage(sentence.to_owned()).into());
            }
            let dataset = dataset(Some(&fetch.name), &LoadOptions::default(), common)?;
            describe(&dataset, None, common)?;
        }
        DataCommand::Export(export) => {
            if export.split.becoming.reading.part.is_some() {
                let sentence = "--part does not go with an export, which writes all parts";
                return Err(Usage(sentence.to_owned()).into());
            }
            let replaces = export.overwrite.force;
            if !replaces {
                // Before anything is read.
                refuse_existing(&export.out)?;
            }
            let dataset = load(&export.split, common)?;
            // IDX files need labels. What has 16 bits is refused with the reason that pictures have.
            let is_of_pictures = dataset.train.are_bytes() || dataset.of_16_bits > 0;
            let as_pictures = dataset.train.labels().is_none() && is_of_pictures;
            match (as_pictures, replaces) {
                (true, true) => replace_pictures(&dataset, &export.out)?,
                (true, false) => write_pictures(&dataset, &export.out)?,
                (false, true) => replace_folder(&dataset, &export.out)?,
                (false, false) => write_folder(&dataset, &export.out)?,
            }
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

fn load(split: &Split, common: &Common) -> anyhow::Result<Dataset> {
    let Split { becoming, seed, .. } = split;
    let Becoming { reading, size, channels, test_fraction, .. } = becoming;
    let options = LoadOptions {
        read: reading.options(),
        size: *size,
        channels: *channels,
        test_fraction: test_fraction.unwrap_or(LoadOptions::TEST_FRACTION),
        seed: Seed::new(*seed),
        patches: becoming.patches(None)?,
        mapping: if becoming.mapped { Mapping::Always } else { Mapping::Large },
        ..LoadOptions::default()
    };
    dataset(split.named(), &options, common)
}

/// Tells what the data is, or one part of it.
fn describe(dataset: &Dataset, part: Option<Part>, common: &Common) -> anyhow::Result<()> {
    let record = DatasetRecord::of(dataset);
    if common.json {
        output::json(&serde_json::to_value(&record)?)?;
        return Ok(());
    }
    output::text(&format!("{}: {}", record.name, record.location))?;
    let (train, test) = (record.train_images, record.test_images);
    let shape = dataset.train.shape();
    let what = match &dataset.scaling {
        Some(scaling) => format!("rows of {}", counted_as(scaling.columns(), "column")),
        None => format!("images of {shape}"),
    };
    let deep = if record.of_16_bits > 0 { " of 16 bits" } else { "" };
    output::text(&match part {
        None => format!("  {train} training and {test} test {what}{deep}"),
        Some(Part::All) => format!("  {test} {what}{deep} in all parts"),
        Some(part) => format!("  {test} {what}{deep} in the part {part}"),
    })?;
    let pictures = train + test;
    if part.is_none() && (1..pictures).contains(&record.of_16_bits) {
        output::text(&format!(
            "  {} of the {pictures} have 16 bits, the others 8",
            record.of_16_bits
        ))?;
    }
    if let Some(patches) = &record.patches {
        describe_patches(patches, train, test)?;
    }
    if let Some(part) = dataset.held_out {
        output::text(&format!("  {part} of all was held out for testing"))?;
    }
    if dataset.skipped > 0 {
        output::text(&format!("  {} left out", dataset.skipped))?;
    }
    if let Some(variation) = dataset.origin.variation {
        let made = variation.description();
        output::text(&format!("  {made}; made by this program, not the published files"))?;
    }
    if let Some(scaling) = &dataset.scaling {
        describe_columns(scaling)?;
    }
    if let Some(table) = &dataset.table {
        describe_table(table)?;
    }
    let halves = [("training ", &dataset.train), ("test ", &dataset.test)];
    let shown = if part.is_some() { vec![("", &dataset.test)] } else { halves.to_vec() };
    for (part, images) in shown {
        if let Some(labels) = images.labels() {
            output::text(&format!("  {part}labels: {}", counts(images, labels)))?;
        }
    }
    for file in &record.files {
        output::text(&format!("  {}  {}", file.sha256, file.name))?;
    }
    Ok(())
}

/// What the patches are cut from, and how.
fn describe_patches(patches: &PatchRecord, train: usize, test: usize) -> anyhow::Result<()> {
    let PatchRecord { train_pictures, test_pictures, flips, rotations } = patches;
    let train_pictures = counted_as(*train_pictures, "picture");
    output::text(&format!(
        "  the training images are patches, others in every epoch, of {train_pictures}: {train} an epoch"
    ))?;
    let test_pictures = counted_as(*test_pictures, "other picture");
    output::text(&format!("  the test images are {test} fixed patches of {test_pictures}"))?;
    let how = match (flips, rotations) {
        (false, false) => return Ok(()),
        (true, false) => "mirrored",
        (false, true) => "turned by quarter turns",
        (true, true) => "mirrored and turned by quarter turns",
    };
    output::text(&format!("  training patches are {how} at random"))
}

/// The range of each column in the training rows.
fn describe_columns(scaling: &Scaling) -> anyhow::Result<()> {
    for column in (0..scaling.columns()).take(COLUMNS) {
        let (name, [low, high]) = (scaling.name(column), scaling.range(column));
        let range = if low < high { format!("{low} to {high}") } else { format!("constant {low}") };
        output::text(&format!("  {name}: {range}"))?;
    }
    let more = scaling.columns().saturating_sub(COLUMNS);
    if more > 0 {
        output::text(&format!("  and {more} more columns (--json lists all)"))?;
    }
    Ok(())
}

/// What was read of a table beside its columns of numbers.
fn describe_table(table: &TableInfo) -> anyhow::Result<()> {
    if let Some(label) = &table.label {
        output::text(&format!("  {label}: the classes"))?;
    }
    if !table.left_out.is_empty() {
        let columns: Vec<&str> = table.left_out.iter().take(COLUMNS).map(String::as_str).collect();
        output::text(&format!("  columns left out: {}", columns.join(", ")))?;
    }
    if !table.missing.is_empty() {
        let missing = table.missing.iter().take(COLUMNS);
        let counts: Vec<String> =
            missing.map(|missing| format!("{} in {}", missing.cells, missing.column)).collect();
        output::text(&format!("  missing cells: {}", counts.join(", ")))?;
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
    let display = Display::of_dataset(dataset);
    let mut values = vec![0.0; shown.len() * images.image_size()];
    images.gather(&shown, &mut values);
    output::pictures(&[GridRow { label: "", images: display.pictures(&values)? }])?;
    Ok(())
}
