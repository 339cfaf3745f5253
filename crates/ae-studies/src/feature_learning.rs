//! Feature learning: which noise gives the codes that simple classifiers do best on.

use std::ops::Range;

use ae_apply::{
    Accuracies, ProbeResult, Representation, code_representation, pca_representation,
    pixel_representation, probe_representation,
};
use ae_corruption::{Draw, Noise};
use ae_experiment::{CorruptionSpec, FeatureLearning, probe_table};
use ae_models::ModelKind;
use ae_random::Seed;
use ae_report::{Axes, Series, line_chart};

use crate::StudyError;
use crate::setup::{Setup, StudyModel, check_components, check_distinct};
use crate::study::Study;
use crate::workbench::Workbench;

impl Study for FeatureLearning {
    fn check(&self, setup: &Setup) -> Result<Vec<StudyModel>, StudyError> {
        let dataset = setup.dataset;
        self.probe.check(dataset)?;
        setup.check_repetitions("study.models", self.models)?;
        setup.check_repetitions("study.probe.repetitions", self.probe.repetitions)?;
        let seed = Seed::new(setup.spec.seed);
        self.probe.check_draws(dataset, seed, all_draws(self))?;
        check_components("study.pca_components", &[1], &dataset.train)?;
        let place = "study.noises, with all but letters, digits and dots replaced,";
        check_distinct(place, learned_with(self).map(|noise| plain(&name(noise))))?;
        let mut models = Vec::new();
        for noise in learned_with(self) {
            for network in 0..self.models {
                let mut spec = setup.repeated(network);
                spec.model.kind =
                    if noise.is_some() { ModelKind::Denoising } else { ModelKind::Regular };
                spec.corruption = noise
                    .map(|noise| CorruptionSpec { noise: noise.clone(), drawn: Draw::EveryEpoch });
                models.push(StudyModel::new(model(noise, network), spec));
            }
        }
        Ok(models)
    }

    fn run(&self, bench: &mut Workbench) -> Result<(), StudyError> {
        let (dataset, seed) = (bench.dataset(), Seed::new(bench.spec().seed));
        let latent = bench.spec().model.code_length(dataset.train.shape())?;
        let mut probed = Vec::new();
        for representation in [pixel_representation(dataset), pca_representation(dataset, latent)?]
        {
            bench.say(&format!("probing {}", representation.name));
            let draws = all_draws(self);
            let found = probe_representation(&representation, dataset, &self.probe, seed, draws)?;
            let Representation { name, columns, .. } = representation;
            probed.extend(ProbeResult::all(&name, columns, &found)?);
        }
        for noise in learned_with(self) {
            probed.extend(learned(self, bench, noise)?);
        }
        keep_metrics(bench, &probed);
        let caption = format!(
            "accuracy on the test images, mean and 95 % interval over {} networks (their draws of labels \
             averaged), of pixels and PCA over the draws",
            self.models
        );
        draw(bench, &probed)?;
        let table = probe_table(&probed, &caption);
        let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
        bench.table("probes", &table.title, &caption, &columns, table.rows)
    }
}

/// The name of a noise, or of its absence.
fn name(noise: Option<&Noise>) -> String {
    noise.map_or_else(|| "no noise".to_owned(), Noise::to_string)
}

/// The name of a network that learns with a noise.
fn model(noise: Option<&Noise>, network: u32) -> String {
    format!("{}-{network}", plain(&name(noise)))
}

/// No noise, and the noises.
fn learned_with(study: &FeatureLearning) -> impl Iterator<Item = Option<&Noise>> {
    std::iter::once(None).chain(study.noises.iter().map(Some))
}

/// Networks that learn with a noise, each probed with its own parts of the labels.
fn learned(
    study: &FeatureLearning,
    bench: &mut Workbench,
    noise: Option<&Noise>,
) -> Result<Vec<ProbeResult>, StudyError> {
    let (dataset, seed) = (bench.dataset(), Seed::new(bench.spec().seed));
    let name = name(noise);
    let mut of_all: Vec<Accuracies> = Vec::new();
    for network in 0..study.models {
        let model = bench.model(&model(noise, network))?;
        bench.say(&format!("probing {name}"));
        let codes = code_representation(&name, &model, dataset)?;
        let draws = draws(study, network);
        let found = probe_representation(&codes, dataset, &study.probe, seed, draws)?;
        let means = found.iter().map(Accuracies::mean);
        if of_all.is_empty() {
            of_all = means.collect();
        } else {
            of_all.iter_mut().zip(means).for_each(|(all, mean)| all.extend(&mean));
        }
    }
    let columns = bench.spec().model.code_length(dataset.train.shape())?;
    Ok(ProbeResult::all(&name, columns, &of_all)?)
}

/// The draws of labels of all networks.
fn all_draws(study: &FeatureLearning) -> Range<u32> {
    0..draws(study, study.models.saturating_sub(1)).end
}

/// The draws of labels that a network is probed with.
fn draws(study: &FeatureLearning, network: u32) -> Range<u32> {
    let first = network.saturating_mul(study.probe.repetitions);
    first..first.saturating_add(study.probe.repetitions)
}

/// Each classifier's accuracy over the labels that it has learned from.
fn draw(bench: &mut Workbench, probed: &[ProbeResult]) -> Result<(), StudyError> {
    let axes = Axes { x: "labels learned from, as a power of ten", y: "accuracy on test images" };
    let (caption, images) = ("means of the repetitions", bench.dataset().train.len());
    let logistic = series(probed, images, |probed| probed.logistic.mean);
    bench.figure("probes-logistic", "Logistic regression", caption, |title, caption| {
        Ok(line_chart(&logistic, axes, title, caption)?)
    })?;
    let neighbours = series(probed, images, |probed| probed.neighbours.mean);
    bench.figure("probes-neighbours", "Five nearest neighbours", caption, |title, caption| {
        Ok(line_chart(&neighbours, axes, title, caption)?)
    })
}

/// A line for each representation, whose probes stand together.
fn series(
    probed: &[ProbeResult],
    images: usize,
    accuracy: impl Fn(&ProbeResult) -> f64,
) -> Vec<Series<'_>> {
    let mut lines: Vec<Series<'_>> = Vec::new();
    for of_one in probed.chunk_by(|a, b| a.name == b.name) {
        let labels = |probed: &ProbeResult| (probed.labels.unwrap_or(images) as f64).log10();
        let points = of_one.iter().map(|probed| (labels(probed), accuracy(probed))).collect();
        lines.push(Series { label: &of_one[0].name, points });
    }
    lines
}

/// Accuracies with all labels, and half the width of their intervals.
fn keep_metrics(bench: &mut Workbench, probed: &[ProbeResult]) {
    for probed in probed.iter().filter(|probed| probed.labels.is_none()) {
        let name = plain(&probed.name).to_lowercase();
        for (probe, accuracy) in [("logistic", probed.logistic), ("neighbours", probed.neighbours)]
        {
            bench.metric(&format!("{probe}_{name}"), accuracy.mean);
            if let Some(half_width) = accuracy.half_width {
                bench.metric(&format!("{probe}_{name}_half_width"), half_width);
            }
        }
    }
}

/// A name for files and metrics: all but letters, digits and dots are replaced.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}
