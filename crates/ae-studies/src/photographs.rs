//! Photographs: whole pictures with Gaussian noise, denoised by networks that learned from patches, beside a median filter,
//! non-local means and published figures.

mod methods;
mod published;
mod report;
mod test_set;

use std::time::Instant;

use ae_corruption::Clipping;
use ae_dataset::{Network, Source};
use ae_experiment::{PhotographNetwork, Photographs, Spec, check_name, resolve};
use ae_random::Seed;

use crate::error::{StudyError, setting};
use crate::setup::{Setup, StudyModel, check_distinct};
use crate::study::Study;
use crate::workbench::Workbench;
use methods::{Method, Quality, median_window};
use test_set::{Level, TestSet, test_sets};

/// What came out for a method on a test set.
struct Judged {
    set: &'static str,
    level: Level,
    method: String,
    quality: Quality,
}

/// The pictures of the figure: an original, and what each method makes of it.
struct Shown {
    label: String,
    /// Rows and columns.
    size: [usize; 2],
    images: Vec<(String, Vec<f32>)>,
}

impl Study for Photographs {
    fn prepare(&self, spec: &mut Spec) -> Result<(), StudyError> {
        if let Some(folder) = &self.pictures {
            let training = std::path::Path::new(folder).join(Self::TRAINING);
            spec.data.source = Source::Path(training).to_string();
        } else if spec.data.source != Source::Leaves.to_string() {
            let expected = "leaves, unless study.pictures names a folder of photographs";
            return Err(setting("data.source", expected, &spec.data.source));
        }
        match spec.data.patches {
            Some(_) => Ok(()),
            None => Err(setting("data.patches", "a size: networks learn from patches", "none")),
        }
    }

    fn check(&self, setup: &Setup) -> Result<Vec<StudyModel>, StudyError> {
        check_levels("study.levels", &self.levels)?;
        if self.most == 0 {
            return Err(setting("study.most", "1 or more", "0"));
        }
        check_distinct("study.networks.name", self.networks.iter().map(|it| it.name.clone()))?;
        if setup.dataset.train.channels() != 1 {
            return Err(setting("study.pictures", "grey photographs", "coloured ones"));
        }
        test_sets(self)?;
        self.networks.iter().map(|network| planned(self, network, setup)).collect()
    }

    fn run(&self, bench: &mut Workbench) -> Result<(), StudyError> {
        let mut methods = vec![Method::Noisy, Method::Median, Method::NonLocalMeans];
        for network in &self.networks {
            let levels = network.levels.clone().unwrap_or_else(|| self.levels.clone());
            let (name, model) = (network.name.clone(), Box::new(bench.model(&network.name)?));
            methods.push(Method::Network { name, levels, model });
        }
        let (mut judged, mut shown) = (Vec::new(), Vec::new());
        for set in test_sets(self)? {
            bench.metric(&format!("{}_pictures", set.name), set.pictures.len() as f64);
            for &level in &self.levels {
                for clipping in [Clipping::Off, Clipping::UnitRange] {
                    let level = Level { level, clipping };
                    judged.extend(judge(bench, &set, level, &methods)?);
                }
            }
            shown.push(show(self, bench, &set, &methods)?);
        }
        report::keep_metrics(bench, &judged);
        report::draw(bench, &shown)?;
        report::tabulate(bench, &judged)
    }
}

fn check_levels(place: &'static str, levels: &[u32]) -> Result<(), StudyError> {
    if levels.is_empty() {
        return Err(setting(place, "at least one", "none"));
    }
    check_distinct(place, levels.iter().map(u32::to_string))?;
    match levels.iter().find(|level| !(1..=255).contains(*level)) {
        Some(level) => Err(setting(place, "from 1 to 255", &level.to_string())),
        None => Ok(()),
    }
}

/// The model of a network, with patches of its own if it wants others than the study's.
fn planned(
    study: &Photographs,
    network: &PhotographNetwork,
    setup: &Setup,
) -> Result<StudyModel, StudyError> {
    check_name("study.networks.name", &network.name)?;
    if Method::BUILT_IN.contains(&network.name.as_str()) {
        let expected = "a name that no other method has";
        return Err(setting("study.networks.name", expected, &network.name));
    }
    if let Some(levels) = &network.levels {
        check_levels("study.networks.levels", levels)?;
        if let Some(level) = levels.iter().find(|level| !study.levels.contains(level)) {
            let expected = "levels of study.levels";
            return Err(setting("study.networks.levels", expected, &level.to_string()));
        }
    }
    let mut spec = setup.spec.clone();
    for change in &network.set {
        let Some((key, value)) = change.split_once('=') else {
            return Err(setting("study.networks.set", "KEY=VALUE", change));
        };
        spec = spec.with(key.trim(), value.trim())?;
    }
    if spec.data == setup.spec.data {
        return Ok(StudyModel::new(&network.name, spec));
    }
    let wanted = spec.data.patches;
    spec.data.patches = wanted.map(|patches| {
        // The number of the study's patches is not a choice for those of another size.
        let is_chosen = network.set.iter().any(|change| change.contains("patches.count"));
        ae_dataset::PatchOptions { count: patches.count.filter(|_| is_chosen), ..patches }
    });
    let (spec, dataset) = resolve(spec, Network::Offline, &mut ())?;
    Ok(StudyModel { data: Some(dataset.into()), ..StudyModel::new(&network.name, spec) })
}

/// Denoises all pictures of a set by every method.
fn judge(
    bench: &mut Workbench,
    set: &TestSet,
    level: Level,
    methods: &[Method],
) -> Result<Vec<Judged>, StudyError> {
    let seed = Seed::new(bench.spec().seed);
    let window = median_window(&bench.dataset().train, level, seed)?;
    let mut judged = Vec::new();
    for method in methods.iter().filter(|method| method.is_judged_at(level)) {
        let (mut quality, mut seconds, mut area) = (Quality::default(), 0.0, 0);
        for (place, photograph) in set.pictures.iter().enumerate() {
            let noisy = level.added_to(photograph, place, seed)?;
            let start = Instant::now();
            let restored = method.restored(&noisy, photograph.shape, level, window)?;
            seconds += start.elapsed().as_secs_f64();
            area += noisy.len();
            quality.add(photograph, &restored)?;
        }
        // Times are said and not kept: the results do not depend on the clock.
        let per_megapixel = seconds / (area.max(1) as f64 / 1e6);
        let (name, at) = (method.name(), level.name());
        let psnr = quality.psnr();
        bench.say(&format!(
            "{} {at}: {name} {psnr:.2} dB, {per_megapixel:.2} s a megapixel",
            set.name
        ));
        judged.push(Judged { set: set.name, level, method: name.to_owned(), quality });
    }
    Ok(judged)
}

/// The first picture of a set by every method, at the level in the middle.
fn show(
    study: &Photographs,
    bench: &Workbench,
    set: &TestSet,
    methods: &[Method],
) -> Result<Shown, StudyError> {
    let seed = Seed::new(bench.spec().seed);
    let level = study.levels.get(study.levels.len() / 2).copied().unwrap_or_default();
    let level = Level { level, clipping: Clipping::Off };
    let window = median_window(&bench.dataset().train, level, seed)?;
    let (mut images, mut size) = (Vec::new(), [0; 2]);
    if let Some(photograph) = set.pictures.first() {
        size = report::crop_size(photograph.shape);
        let cut = |pixels: &[f32]| report::crop(pixels, photograph.shape);
        images.push(("original".to_owned(), cut(&photograph.pixels)));
        let noisy = level.added_to(photograph, 0, seed)?;
        for method in methods.iter().filter(|method| method.is_judged_at(level)) {
            let restored = method.restored(&noisy, photograph.shape, level, window)?;
            images.push((method.name().to_owned(), cut(&restored)));
        }
    }
    Ok(Shown { label: format!("{} {}", set.name, level.name()), size, images })
}
