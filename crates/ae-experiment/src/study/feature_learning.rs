//! Feature learning: which noise an autoencoder should learn to remove so that its codes serve best.

use ae_corruption::{Draw, Noise};
use ae_models::ModelKind;
use ae_random::Seed;
use serde::{Deserialize, Serialize};

use super::Workbench;
use crate::probe::{HEADINGS, Probed, codes, principal, probe_representation, raw};
use crate::{CorruptionSpec, ExperimentError, ProbeSpec};

/// Codes of the same network that has learned with different noises, probed beside pixels and PCA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureLearning {
    /// The noises, drawn afresh in every epoch; the same network without noise is always among them.
    pub noises: Vec<Noise>,
    /// Which labels the classifiers learn from.
    pub probe: ProbeSpec,
}

impl FeatureLearning {
    pub(super) fn run(&self, bench: &mut Workbench) -> Result<(), ExperimentError> {
        let (dataset, seed) = (bench.dataset(), Seed::new(bench.spec().seed));
        let latent = bench.spec().model.encoder.last().copied().unwrap_or_default();
        let mut probed = Vec::new();
        for representation in [raw(dataset), principal(dataset, latent)?] {
            bench.say(&format!("probing {}", representation.name));
            probed.extend(probe_representation(&representation, dataset, &self.probe, seed)?);
        }
        for noise in std::iter::once(None).chain(self.noises.iter().map(Some)) {
            let mut spec = bench.spec();
            spec.model.kind =
                if noise.is_some() { ModelKind::Denoising } else { ModelKind::Regular };
            spec.corruption =
                noise.map(|noise| CorruptionSpec { noise: noise.clone(), drawn: Draw::EveryEpoch });
            let name = noise.map_or_else(|| "no noise".to_owned(), Noise::to_string);
            let model = bench.train(&file_name(&name), spec, dataset)?;
            bench.say(&format!("probing {name}"));
            let codes = codes(&name, &model, dataset)?;
            let of_codes = probe_representation(&codes, dataset, &self.probe, seed)?;
            probed.extend(of_codes);
        }
        keep_metrics(bench, &probed);
        let rows = probed.iter().map(Probed::row).collect();
        let caption = "accuracy on the test images, ± the 95 % interval over drawn labels";
        bench.table("probes", "Probes of frozen codes", caption, &HEADINGS, rows)
    }
}

/// With all labels: PCA's and pixels' accuracies, and the best of the autoencoders'.
fn keep_metrics(bench: &mut Workbench, probed: &[Probed]) {
    let with_all = || probed.iter().filter(|probed| probed.labels.is_none());
    for (name, metric) in [("pixels", "pixels"), ("PCA", "pca")] {
        for probed in with_all().filter(|probed| probed.name == name) {
            bench.metric(&format!("{metric}_logistic"), probed.logistic.mean);
            bench.metric(&format!("{metric}_neighbours"), probed.neighbours.mean);
        }
    }
    let codes = || with_all().filter(|probed| !["pixels", "PCA"].contains(&probed.name.as_str()));
    let best = |accuracy: fn(&Probed) -> f64| codes().map(accuracy).fold(0.0, f64::max);
    bench.metric("best_logistic", best(|probed| probed.logistic.mean));
    bench.metric("best_neighbours", best(|probed| probed.neighbours.mean));
}

/// A noise's text without what a file's name should not have.
fn file_name(noise: &str) -> String {
    noise.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect()
}
