//! `ae probe`

mod fine_tuning;

use ae_apply::{ProbeResult, ProbeSpec, device, load_options, probe};
use ae_dataset::{Dataset, Part, Source, load};
use ae_experiment::{open_model, probe_table};
use ae_files::counted_as;
use ae_random::Seed;
use serde_json::{Value, json};

use super::{hint_of_run, network, noun_of, read_as, source_of};
use crate::args::{Common, Probe};
use crate::exit_status::Status;
use crate::{output, progress};

/// Parts of the labels where the person says none; those that the data cannot give are left out.
const LABELS: [usize; 2] = [100, 1000];

pub(crate) fn run(args: &Probe, common: &Common) -> anyhow::Result<Status> {
    let model = open_model(&args.applied.model, &device(&common.device)?)?;
    let input = model.input();
    let source = source_of(args.applied.data.as_deref(), input, &args.applied.model)?;
    let Ok(named) = source.parse::<Source>();
    let dataset = read_as(input, &args.reading, common, |options, progress| {
        Ok(load(&named, &load_options(input, source, options.clone()), network(common), progress)?)
    });
    let dataset =
        dataset.map_err(|error| hint_of_run(error, args.applied.data.as_deref(), source))?;
    if let Some(sentence) = &dataset.origin.substituted {
        tracing::warn!("{sentence}");
    }
    if matches!(args.reading.part, Some(Part::Train | Part::All)) {
        tracing::warn!("the classifiers are tested on the images that they were trained on");
    }
    let images = dataset.train.len();
    let labels = args.labels.as_ref().map_or_else(
        || LABELS.into_iter().filter(|&labels| labels < images).collect(),
        |labels| labels.clone(),
    );
    let spec = ProbeSpec { labels, repetitions: args.repetitions as u32 };
    let what = format!("probing {}", counted_as(images, noun_of(&input.format)));
    let working = progress::working(common, &what);
    let probed = probe(&model, &dataset, &spec, Seed::new(args.seed))?;
    drop(working);
    let fine_tuned =
        if args.fine_tune { Some(fine_tuning::run(args, &model, &dataset, common)?) } else { None };
    let (name, test_images) = (&dataset.origin.name, dataset.test.len());
    let guess = most_frequent_class(&dataset);
    if common.json {
        let probes: Vec<Value> = probed.iter().map(|probed| as_json(probed, images)).collect();
        let mut told = json!({
            "dataset": name, "train_images": images, "test_images": test_images,
            "seed": args.seed, "most_frequent_class": guess, "probes": probes,
        });
        if let Some(fine_tuned) = &fine_tuned {
            told["fine_tuned"] = fine_tuned.as_json();
        }
        output::json(&told)?;
    } else {
        let caption = format!(
            "{name}: accuracy on {}, ± the 95 % interval over draws of labels",
            counted_as(test_images, &format!("test {}", noun_of(&input.format)))
        );
        let table = probe_table(&probed, &caption);
        output::text(&caption)?;
        output::text(&output::aligned(&table.columns, &table.rows))?;
        if let Some(fine_tuned) = &fine_tuned {
            output::text(&format!("  {}", fine_tuned.sentence(noun_of(&input.format))))?;
        }
        output::text(&format!("  always the most frequent class: {guess:.4}"))?;
    }
    let best = |probed: &ProbeResult| probed.logistic.mean.max(probed.neighbours.mean);
    if probed.iter().any(|probed| {
        probed.name == "autoencoder" && probed.labels.is_none() && best(probed) <= guess
    }) {
        tracing::warn!(
            "classifiers on the codes are no better than always answering the most frequent class"
        );
    }
    Ok(Status::Done)
}

/// The accuracy on the test images of saying the class that is most frequent in training.
fn most_frequent_class(dataset: &Dataset) -> f64 {
    let mut counts = [0_usize; 256];
    dataset
        .train
        .labels()
        .unwrap_or_default()
        .iter()
        .for_each(|&label| counts[usize::from(label)] += 1);
    let most =
        (0..=u8::MAX).zip(counts).max_by_key(|&(label, count)| (count, std::cmp::Reverse(label)));
    let of_test = dataset.test.labels().unwrap_or_default();
    let right =
        of_test.iter().filter(|&&label| most.is_some_and(|(most, _)| most == label)).count();
    right as f64 / of_test.len().max(1) as f64
}

fn as_json(probed: &ProbeResult, images: usize) -> Value {
    json!({
        "numbers": probed.name,
        "length": probed.columns,
        "labels": probed.labels.unwrap_or(images),
        "repetitions": probed.repetitions,
        "logistic": probed.logistic.mean,
        "logistic_half_width": probed.logistic.half_width,
        "neighbours": probed.neighbours.mean,
        "neighbours_half_width": probed.neighbours.half_width,
    })
}
