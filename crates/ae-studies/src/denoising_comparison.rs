//! Denoising: autoencoders for one noise and for all, beside a median filter and PCA.

use ae_analysis::{Pca, Rows};
use ae_apply::Model;
use ae_corruption::{Draw, Noise};
use ae_dataset::Images;
use ae_experiment::{CorruptionSpec, DenoisingComparison, Display, NoiseStrengths, check_name};
use ae_models::ModelKind;
use ae_random::Seed;
use ae_report::{GridRow, comparison_grid};
use ae_training::{Quality, Samples, TrainingBatch};

use crate::baselines::Baselines;
use crate::error::{StudyError, setting};
use crate::setup::{Setup, StudyModel, check_components};
use crate::study::Study;
use crate::workbench::Workbench;

/// Most training images that the baselines' settings are chosen on.
const CHOSEN_ON: usize = 2000;
/// The methods as metrics and the table's columns name them.
const METHODS: [&str; 6] = ["noisy", "median", "pca", "regular", "denoising", "denoising-all"];
/// The model that learns without noise, and the one that learns with all noises.
const REGULAR: &str = "regular";
const ALL: &str = "denoising-all";
/// Labels of the figure's columns.
const COLUMNS: [&str; 7] =
    ["original", "noisy", "median", "PCA", "regular", "one noise", "all noises"];

/// What the methods make of the test images with one noise.
struct Compared {
    noise: String,
    qualities: [Quality; METHODS.len()],
    /// The settings of the baselines.
    side: usize,
    components: usize,
    /// One image, clean and by every method.
    shown: Vec<f32>,
}

/// The denoisers that every noise is tried on.
struct Denoisers {
    pca: Pca,
    regular: Model,
    all: Model,
}

impl Study for DenoisingComparison {
    fn check(&self, setup: &Setup) -> Result<Vec<StudyModel>, StudyError> {
        check_components("study.pca_components", &self.pca_components, &setup.dataset.train)?;
        check_noises(self)?;
        let model = |name: String, noise: Option<Noise>| {
            let mut spec = setup.spec.clone();
            spec.model.kind =
                if noise.is_some() { ModelKind::Denoising } else { ModelKind::Regular };
            spec.corruption = noise.map(|noise| CorruptionSpec { noise, drawn: Draw::EveryEpoch });
            StudyModel::new(name, spec)
        };
        let mut models = vec![
            model(REGULAR.to_owned(), None),
            model(ALL.to_owned(), Some(Noise::one_of(strengths(self))?)),
        ];
        for noise in &self.noises {
            models.push(model(model_name(noise), Some(Noise::one_of(noise.strengths.clone())?)));
        }
        Ok(models)
    }

    fn run(&self, bench: &mut Workbench) -> Result<(), StudyError> {
        let dataset = bench.dataset();
        bench.say("PCA");
        let train = dataset.train.to_floats();
        let largest = self.pca_components.iter().copied().max().unwrap_or_default();
        let pca = Pca::fit(Rows::new(&train, dataset.train.image_size())?, largest)?;
        drop(train);
        let (regular, all) = (bench.model(REGULAR)?, bench.model(ALL)?);
        let denoisers = Denoisers { pca, regular, all };
        let (mut compared, mut shown) = (Vec::new(), Vec::new());
        for (place, noise) in self.noises.iter().enumerate() {
            let one = bench.model(&model_name(noise))?;
            bench.say(&format!("comparing on {}", noise.name));
            for (rank, strength) in noise.strengths.iter().enumerate() {
                let result = compare(self, bench, strength, &denoisers, &one, place)?;
                if rank == noise.strengths.len() / 2 {
                    shown.push((result.noise.clone(), result.shown.clone()));
                }
                compared.push(result);
            }
        }
        keep_metrics(bench, &compared);
        draw(bench, &shown)?;
        tabulate(bench, &compared)
    }
}

/// The strengths of all noises.
fn strengths(study: &DenoisingComparison) -> Vec<Noise> {
    study.noises.iter().flat_map(|noise| noise.strengths.clone()).collect()
}

fn check_noises(study: &DenoisingComparison) -> Result<(), StudyError> {
    if study.noises.is_empty() {
        return Err(setting("study.noises", "at least one", "none"));
    }
    let (mut names, mut texts) = (vec!["all"], Vec::new());
    for NoiseStrengths { name, strengths } in &study.noises {
        check_name("study.noises.name", name)?;
        if names.contains(&name.as_str()) {
            let found = format!("`{name}`");
            return Err(setting(
                "study.noises.name",
                "different for each noise and not `all`",
                &found,
            ));
        }
        names.push(name);
        if strengths.is_empty() {
            return Err(setting("study.noises.strengths", "at least one", "none"));
        }
        for text in strengths.iter().map(Noise::to_string) {
            if texts.contains(&text) {
                let found = format!("`{text}` twice");
                return Err(setting("study.noises.strengths", "different noises", &found));
            }
            texts.push(text);
        }
    }
    Ok(())
}

/// Applies every method to the test images with a noise, and keeps the one at `place` to be shown.
fn compare(
    study: &DenoisingComparison,
    bench: &Workbench,
    noise: &Noise,
    denoisers: &Denoisers,
    one: &Model,
    place: usize,
) -> Result<Compared, StudyError> {
    let (dataset, seed) = (bench.dataset(), Seed::new(bench.spec().seed));
    let shape = dataset.test.shape();
    let tuning = corrupted(&dataset.train, noise, seed, "corruption/train", CHOSEN_ON);
    let Denoisers { pca, regular, all } = denoisers;
    let baselines = Baselines::choose(&tuning, shape, pca, &study.pca_components)?;
    let count = dataset.test.len();
    let TrainingBatch { inputs, targets } =
        corrupted(&dataset.test, noise, seed, "corruption/validation", count);
    let mut shown = Vec::new();
    let at = place % count * shape.size()..(place % count + 1) * shape.size();
    shown.extend_from_slice(&targets[at.clone()]);
    let mut judge = |outputs: &[f32]| {
        shown.extend_from_slice(&outputs[at.clone()]);
        Quality::of(outputs, &targets, shape)
    };
    let qualities = [
        judge(&inputs),
        judge(&baselines.median(&inputs)?),
        judge(&baselines.projection(&inputs)?),
        judge(&regular.reconstruct(&inputs)?),
        judge(&one.reconstruct(&inputs)?),
        judge(&all.reconstruct(&inputs)?),
    ];
    let (side, components) = (baselines.side(), baselines.components());
    Ok(Compared { noise: noise.to_string(), qualities, side, components, shown })
}

/// The name of the model that learns with all strengths.
fn model_name(noise: &NoiseStrengths) -> String {
    format!("denoising-{}", noise.name)
}

/// The first `count` images with a noise of epoch 0, beside the clean ones.
fn corrupted(
    images: &Images,
    noise: &Noise,
    seed: Seed,
    stream: &str,
    count: usize,
) -> TrainingBatch {
    let stream = seed.stream(stream);
    let noise = ae_training::SampleCorruption { corruption: noise, draw: Draw::Once, stream };
    let chosen: Vec<u32> = (0..count.min(images.len()) as u32).collect();
    Samples::new(images, Some(noise)).gather(&chosen, 0)
}

/// PSNR, SSIM and MSE of every method, such as `gaussian_0.5_denoising_psnr`, and by how many decibels the
/// denoising models are above the best of the noisy images and the baselines.
fn keep_metrics(bench: &mut Workbench, compared: &[Compared]) {
    for Compared { noise, qualities, .. } in compared {
        let noise = noise.replace(':', "_");
        let mut keep = |name: String, value: f64| {
            // A method that restores every image has no finite ratio.
            if value.is_finite() {
                bench.metric(&format!("{noise}_{name}"), value);
            }
        };
        let [noisy, median, pca, _, one, all] = qualities.each_ref().map(Quality::psnr);
        for (method, quality) in METHODS.iter().zip(qualities) {
            keep(format!("{method}_psnr"), quality.psnr());
            keep(format!("{method}_mse"), quality.mse);
            quality.ssim.into_iter().for_each(|ssim| keep(format!("{method}_ssim"), ssim));
        }
        let best = noisy.max(median).max(pca);
        keep("denoising_gain".to_owned(), one - best);
        keep("denoising-all_gain".to_owned(), all - best);
    }
}

fn draw(bench: &mut Workbench, shown: &[(String, Vec<f32>)]) -> Result<(), StudyError> {
    let display = Display::of_dataset(bench.dataset());
    let caption = "a test image for each noise, at its middle strength; the median's window and PCA's \
                   components as chosen on training images";
    bench.figure(
        "denoised",
        "Denoised by six methods",
        &display.caption(caption),
        |title, caption| {
            let rows = shown
                .iter()
                .map(|(noise, images)| {
                    Ok(GridRow { label: noise, images: display.pictures(images)? })
                })
                .collect::<Result<Vec<_>, StudyError>>()?;
            Ok(comparison_grid(&rows, &COLUMNS, title, caption)?)
        },
    )
}

/// A line for each noise and metric, a column for each method.
fn tabulate(bench: &mut Workbench, compared: &[Compared]) -> Result<(), StudyError> {
    type Metric = (&'static str, fn(&Quality) -> String);
    let metrics: [Metric; 3] = [
        ("psnr", |quality| format!("{:.2}", quality.psnr())),
        ("ssim", |quality| {
            quality.ssim.map_or_else(|| "-".to_owned(), |ssim| format!("{ssim:.4}"))
        }),
        ("mse", |quality| format!("{:.5}", quality.mse)),
    ];
    let rows = metrics.iter().flat_map(|(name, text)| {
        compared.iter().map(move |Compared { noise, qualities, side, components, .. }| {
            let settings = [format!("{side} x {side}"), components.to_string()];
            let first = [(*name).to_owned(), noise.clone()];
            first.into_iter().chain(qualities.iter().map(text)).chain(settings).collect()
        })
    });
    let columns = ["metric", "noise"].into_iter().chain(METHODS).chain(["window", "components"]);
    let caption = "the test images against the clean ones: PSNR of the mean squared error in dB, structural \
                   similarity, squared error a pixel; the median's window and PCA's components as chosen on \
                   training images";
    let columns: Vec<&str> = columns.collect();
    bench.table("denoising", "Denoising, method by method", caption, &columns, rows.collect())
}
