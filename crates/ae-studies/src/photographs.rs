//! Photographs: whole pictures with Gaussian noise, denoised by networks that learned from patches, beside a median
//! filter, non-local means and published figures.

mod methods;
mod published;
mod report;
mod test_set;

use std::path::Path;
use std::time::Instant;

use ae_analysis::MedianWindow;
use ae_corruption::Clipping;
use ae_dataset::{Network, PatchOptions, Source};
use ae_experiment::{PhotographNetwork, Photographs, Spec, StudySpec, check_name, resolve};
use ae_random::Seed;

use crate::error::{StudyError, setting};
use crate::setup::{Setup, StudyModel, check_distinct};
use crate::study::Study;
use crate::workbench::Workbench;
use methods::{Method, ORIGINAL, Quality, median_window};
pub(crate) use test_set::TestSet;
use test_set::{Level, Photograph, test_sets};

/// What a network of the study may change in the spec.
const CHANGED: [&str; 5] = ["data.", "model.", "corruption", "training.", "seed"];

/// A level with the median's window that suits it.
struct Tuned {
    level: Level,
    window: MedianWindow,
}

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
    images: Vec<Restored>,
}

/// What a method makes of a picture, or its middle.
struct Restored {
    method: String,
    pixels: Vec<f32>,
}

impl Study for Photographs {
    fn prepared(&self, mut spec: Spec) -> Result<Spec, StudyError> {
        if let Some(folder) = &self.pictures {
            // The full path, so that the study can be resumed from another folder.
            let folder = Path::new(folder);
            // One that is not there is refused where it is read.
            let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
            spec.data.source = Source::Path(folder.join(Self::TRAINING)).to_string();
            let pictures = Some(full.display().to_string());
            spec.study = Some(StudySpec::Photographs(Self { pictures, ..self.clone() }));
        } else if spec.data.source != Source::Leaves.to_string() {
            let expected = "leaves, unless study.pictures names a folder of photographs";
            return Err(setting("data.source", expected, &spec.data.source));
        }
        match spec.data.patches {
            Some(_) => Ok(spec),
            None => Err(setting("data.patches", "a size: networks learn from patches", "none")),
        }
    }

    fn test_sets(&self) -> Result<Vec<TestSet>, StudyError> {
        test_sets(self)
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
        self.networks.iter().map(|network| planned(self, network, setup)).collect()
    }

    fn run(&self, bench: &mut Workbench) -> Result<(), StudyError> {
        let mut methods = vec![Method::Noisy, Method::Median, Method::NonLocalMeans];
        for network in &self.networks {
            let levels = network.levels.clone().unwrap_or_else(|| self.levels.clone());
            let (name, model) = (network.name.clone(), Box::new(bench.model(&network.name)?));
            methods.push(Method::Network { name, levels, model });
        }
        let tuned = tuned(self, bench)?;
        let of_figure = self.levels.get(self.levels.len() / 2).copied().unwrap_or_default();
        let of_figure = Level { level: of_figure, clipping: Clipping::Off };
        let (mut judged, mut shown) = (Vec::new(), Vec::new());
        for set in bench.take_tests() {
            bench.metric(&format!("{}_pictures", set.name), set.pictures.len() as f64);
            for tuned in &tuned {
                let (of_set, first) = judge(bench, &set, tuned, &methods)?;
                judged.extend(of_set);
                if tuned.level == of_figure {
                    shown.push(first);
                }
            }
        }
        report::keep_metrics(bench, &judged);
        report::draw(bench, &shown)?;
        report::tabulate(bench, &judged)
    }
}

/// All levels, not clipped and clipped.
fn tuned(study: &Photographs, bench: &Workbench) -> Result<Vec<Tuned>, StudyError> {
    let seed = Seed::new(bench.spec().seed);
    let levels = study.levels.iter().flat_map(|&level| {
        [Clipping::Off, Clipping::UnitRange].map(|clipping| Level { level, clipping })
    });
    let tune = |level| {
        let window = median_window(&bench.dataset().train, level, seed)?;
        Ok(Tuned { level, window })
    };
    levels.map(tune).collect()
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
    if Method::is_taken(&network.name) {
        let expected = "a name that no other method has, and that does not begin with `clipped_`";
        return Err(setting("study.networks.name", expected, &network.name));
    }
    if let Some(levels) = &network.levels {
        check_levels("study.networks.levels", levels)?;
        if let Some(level) = levels.iter().find(|level| !study.levels.contains(level)) {
            let expected = "levels of study.levels";
            return Err(setting("study.networks.levels", expected, &level.to_string()));
        }
    }
    let mut spec = setup.with_changes(&network.set, &CHANGED)?;
    if spec.data == setup.spec.data {
        return Ok(StudyModel::new(&network.name, spec));
    }
    let of_study = setup.spec.data.patches;
    spec.data.patches = spec.data.patches.map(|wanted| own_patches(wanted, of_study, &network.set));
    let (spec, dataset) = resolve(spec, &std::env::temp_dir(), Network::Offline, &mut ())?;
    Ok(StudyModel { data: Some(dataset.into()), ..StudyModel::new(&network.name, spec) })
}

/// The patches of a network with these changes. The number of the study's patches is no choice for those of another
/// size.
fn own_patches(
    wanted: PatchOptions,
    of_study: Option<PatchOptions>,
    changes: &[String],
) -> PatchOptions {
    let chooses_count = |change: &String| {
        let key = change.split('=').next().unwrap_or_default().trim();
        ["data.patches", "data.patches.count"].contains(&key)
    };
    let is_as_large = of_study.is_some_and(|of_study| of_study.size == wanted.size);
    let stays = is_as_large || changes.iter().any(chooses_count);
    PatchOptions { count: wanted.count.filter(|_| stays), ..wanted }
}

/// Denoises all pictures of a set by every method; and the first picture, to be shown.
fn judge(
    bench: &mut Workbench,
    set: &TestSet,
    &Tuned { level, window }: &Tuned,
    methods: &[Method],
) -> Result<(Vec<Judged>, Shown), StudyError> {
    let seed = Seed::new(bench.spec().seed);
    let methods = methods.iter().filter(|method| method.is_judged_at(level));
    let mut trials: Vec<Trial> = methods.map(Trial::of).collect();
    let mut shown = Shown::empty(set, level);
    for (place, photograph) in set.pictures.iter().enumerate() {
        let noisy = level.added_to(photograph, place, seed)?;
        if place == 0 {
            shown.add(ORIGINAL, photograph, &photograph.pixels);
        }
        for trial in &mut trials {
            let start = Instant::now();
            let restored = trial.method.restored(&noisy, photograph.shape, level, window)?;
            trial.seconds += start.elapsed().as_secs_f64();
            trial.area += noisy.len();
            trial.quality.add(photograph, &restored)?;
            if place == 0 {
                shown.add(trial.method.name(), photograph, &restored);
            }
        }
    }
    for trial in &trials {
        bench.say(&trial.told(set, level));
    }
    let judged = trials.into_iter().map(|Trial { method, quality, .. }| {
        let method = method.name().to_owned();
        Judged { set: set.name, level, method, quality }
    });
    Ok((judged.collect(), shown))
}

/// A method while it is judged on a set.
struct Trial<'a> {
    method: &'a Method,
    quality: Quality,
    seconds: f64,
    /// The pixels that were denoised.
    area: usize,
}

impl<'a> Trial<'a> {
    fn of(method: &'a Method) -> Self {
        Self { method, quality: Quality::default(), seconds: 0.0, area: 0 }
    }

    /// What is said of it. Times are said and not kept: the results do not depend on the clock.
    fn told(&self, set: &TestSet, level: Level) -> String {
        let per_megapixel = self.seconds / (self.area.max(1) as f64 / 1e6);
        let (at, name, psnr) = (level.name(), self.method.name(), self.quality.psnr());
        format!("{} {at}: {name} {psnr:.2} dB, {per_megapixel:.2} s a megapixel", set.name)
    }
}

impl Shown {
    /// Of the first picture of a set.
    fn empty(set: &TestSet, level: Level) -> Self {
        let size = set.pictures.first().map_or([0; 2], |first| report::crop_size(first.shape));
        Self { label: format!("{} {}", set.name, level.name()), size, images: Vec::new() }
    }

    /// The middle of what a method makes of a picture.
    fn add(&mut self, method: &str, photograph: &Photograph, pixels: &[f32]) {
        let pixels = report::crop(pixels, photograph.shape);
        self.images.push(Restored { method: method.to_owned(), pixels });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_patches_is_dropped_with_another_size_alone() {
        let of = |side: usize| PatchOptions {
            size: [side, side],
            count: Some(400),
            flips: true,
            rotations: false,
        };
        for (side, changes, expected) in [
            (8, "data.patches.flips=true", Some(400)),
            (8, "data.patches.size=[8, 8]", Some(400)),
            (6, "data.patches.size=[6, 6]", None),
            (6, " data.patches.count = 400", Some(400)),
            (6, "data.patches={ size = [6, 6], count = 400 }", Some(400)),
            (6, "data.patches.count_of_others=400", None),
        ] {
            let found = own_patches(of(side), Some(of(8)), &[changes.to_owned()]);
            assert_eq!(found, PatchOptions { count: expected, ..of(side) }, "{changes}");
        }
    }
}
