//! Anomaly detection: a model of one class at a time, and how well its scores tell the others from it.

use std::sync::Arc;

use ae_analysis::{
    AnomalyScore, AnomalyScorer, CurvePoint, MeanInterval, NormalMoments, Pca, Ranking, Rows,
};
use ae_apply::{ApplyError, ErrorSpec, Model};
use ae_dataset::{Dataset, Images, Inputs};
use ae_experiment::{AnomalyDetection, check_name};
use ae_report::{Axes, Series, line_chart};

use crate::error::{StudyError, setting};
use crate::setup::{Setup, StudyModel, check_components, check_distinct};
use crate::study::Study;
use crate::workbench::Workbench;

/// One in so many of a class's training images is held out from its model; the scores are fitted to these.
const HELD_OUT: usize = 10;
/// Points of a drawn curve, equally spaced.
const GRID: usize = 101;
/// Fewest training images of a class: two of them are held out.
const FEWEST: usize = 2 * HELD_OUT;
const PCA: &str = "pca";
/// The metrics of the judged score are repeated under this name.
const BEST: &str = "best";

/// What was measured of one score.
struct Measured {
    name: String,
    /// By repetition, then by class.
    auroc: Vec<Vec<f64>>,
    precision: Vec<Vec<f64>>,
    roc: MeanCurve,
    precision_recall: MeanCurve,
}

impl Study for AnomalyDetection {
    fn check(&self, setup: &Setup) -> Result<Vec<StudyModel>, StudyError> {
        let dataset = setup.dataset;
        let classes = check_classes(dataset)?;
        check_scores(self, dataset)?;
        setup.check_repetitions("study.repetitions", self.repetitions)?;
        let mut models = Vec::new();
        for &class in &classes {
            let data = Arc::new(one_class(dataset, class)?);
            check_components("study.pca_components", &[self.pca_components], &data.train)?;
            for repetition in 0..self.repetitions {
                let name = name(dataset, class, repetition);
                let data = Some(Arc::clone(&data));
                models
                    .push(StudyModel { data, ..StudyModel::new(name, setup.repeated(repetition)) });
            }
        }
        Ok(models)
    }

    fn run(&self, bench: &mut Workbench) -> Result<(), StudyError> {
        let dataset = bench.dataset();
        let test = Inputs::from_images("test", &dataset.test);
        let labels = dataset.test.labels().unwrap_or_default();
        let classes = classes(&dataset.train);
        let names = self.scores.iter().map(|score| score.name.as_str());
        let mut measured: Vec<Measured> =
            std::iter::once(PCA).chain(names).map(Measured::new).collect();
        for repetition in 0..self.repetitions {
            measured.iter_mut().for_each(Measured::repeat);
            for &class in &classes {
                let is_anomaly: Vec<bool> = labels.iter().map(|&label| label != class).collect();
                let name = name(dataset, class, repetition);
                let model = bench.model(&name)?;
                bench.say(&format!("scoring with {name}"));
                let data = bench.data_of(&name)?;
                let mut scores = vec![errors_of_pca(self, &data.train, &test.pixels)?];
                let held_out = data.test.to_floats();
                for score in &self.scores {
                    scores.push(scores_of_model(&score.error, &model, &held_out, &test.pixels)?);
                }
                for (measured, scores) in measured.iter_mut().zip(&scores) {
                    measured.add(&Ranking::new(scores, &is_anomaly)?);
                }
            }
        }
        report(self, bench, &measured, &classes)
    }
}

/// The name of a class's model.
fn name(dataset: &Dataset, class: u8, repetition: u32) -> String {
    format!("{}-{repetition}", dataset.train.class_name(class))
}

/// The classes, of each of which there is enough to learn from, to fit a score to and to rank.
fn check_classes(dataset: &Dataset) -> Result<Vec<u8>, StudyError> {
    let (Some(of_train), Some(of_test)) = (dataset.train.labels(), dataset.test.labels()) else {
        return Err(setting("data.source", "of several classes", "no labels"));
    };
    let classes = classes(&dataset.train);
    if classes.len() < 2 {
        return Err(StudyError::from(ApplyError::OneClass {
            what: dataset.origin.location.clone(),
        }));
    }
    for &class in &classes {
        let name = dataset.train.class_name(class);
        let images = of_train.iter().filter(|&&label| label == class).count();
        if images < FEWEST {
            let expected = format!("of at least {FEWEST} training images in each class");
            return Err(setting("data.source", &expected, &format!("{images} of {name}")));
        }
        if !of_test.contains(&class) {
            let expected = "of classes that are all among the test images";
            return Err(setting("data.source", expected, &format!("none of {name}")));
        }
    }
    Ok(classes)
}

fn check_scores(study: &AnomalyDetection, dataset: &Dataset) -> Result<(), StudyError> {
    let place = "study.scores.name";
    if study.scores.is_empty() {
        return Err(setting("study.scores", "at least one", "none"));
    }
    for score in &study.scores {
        check_name(place, &score.name)?;
        if [PCA, BEST].contains(&score.name.as_str()) {
            let expected = format!("neither `{PCA}` nor `{BEST}`");
            return Err(setting(place, &expected, &format!("`{}`", score.name)));
        }
        score.error.check(dataset.train.shape())?;
    }
    check_distinct(place, study.scores.iter().map(|score| score.name.clone()))?;
    if !study.scores.iter().any(|score| score.name == study.best) {
        let found = format!("`{}`", study.best);
        return Err(setting("study.best", "the name of one of the scores", &found));
    }
    Ok(())
}

/// The squared errors of test images under PCA that is fitted to the training images.
fn errors_of_pca(
    study: &AnomalyDetection,
    train: &Images,
    test: &[f32],
) -> Result<Vec<f64>, StudyError> {
    let columns = train.image_size();
    let pca = Pca::fit(Rows::new(&train.to_floats(), columns)?, study.pca_components)?;
    let reconstructions = pca.reconstruct(Rows::new(test, columns)?)?;
    let rows = reconstructions.chunks(columns).zip(test.chunks(columns));
    let square = |(y, x): (&f32, &f32)| (f64::from(*y) - f64::from(*x)).powi(2);
    Ok(rows.map(|(y, x)| y.iter().zip(x).map(square).sum()).collect())
}

fn report(
    study: &AnomalyDetection,
    bench: &mut Workbench,
    measured: &[Measured],
    classes: &[u8],
) -> Result<(), StudyError> {
    let mut rows = Vec::new();
    for score in measured {
        let mean = score.mean(&score.auroc)?;
        let precision = score.mean(&score.precision)?;
        let interval = |interval: MeanInterval| match interval.half_width {
            Some(half_width) => {
                format!("{:.2} +- {:.2}", 100.0 * interval.mean, 100.0 * half_width)
            }
            None => format!("{:.2}", 100.0 * interval.mean),
        };
        let names = std::iter::once(score.name.as_str());
        for name in names.chain((score.name == study.best).then_some(BEST)) {
            bench.metric(&format!("auroc_{name}_mean"), 100.0 * mean.mean);
            bench.metric(&format!("average_precision_{name}_mean"), 100.0 * precision.mean);
            if let Some(half_width) = mean.half_width {
                bench.metric(&format!("auroc_{name}_half_width"), 100.0 * half_width);
            }
        }
        let by_class =
            (0..classes.len()).map(|class| format!("{:.1}", 100.0 * score.of_class(class)));
        let ends = [interval(mean), interval(precision)];
        rows.push([score.name.clone()].into_iter().chain(by_class).chain(ends).collect());
    }
    let class_names: Vec<String> =
        classes.iter().map(|&class| bench.dataset().train.class_name(class)).collect();
    let columns = class_names.iter().map(String::as_str);
    let columns = std::iter::once("score").chain(columns).chain(["mean AUROC", "mean AP"]);
    let caption = format!(
        "AUROC in % by the class that is normal, mean of {} run(s) with the 95 % interval by Student's t",
        study.repetitions
    );
    bench.table(
        "anomalies",
        "One class against all others",
        &caption,
        &columns.collect::<Vec<_>>(),
        rows,
    )?;
    let caption = "mean over classes and runs";
    let roc = Axes { x: "false-alarm rate", y: "detection rate" };
    bench.figure("roc", "Detection rate over false-alarm rate", caption, |title, caption| {
        Ok(line_chart(&series(measured, |score| &score.roc), roc, title, caption)?)
    })?;
    let axes = Axes { x: "recall", y: "precision" };
    bench.figure("precision-recall", "Precision over recall", caption, |title, caption| {
        Ok(line_chart(&series(measured, |score| &score.precision_recall), axes, title, caption)?)
    })
}

/// The scores of test images by a model, fitted to held-out images of its class.
fn scores_of_model(
    error: &ErrorSpec,
    model: &Model,
    held_out: &[f32],
    test: &[f32],
) -> Result<Vec<f64>, StudyError> {
    let mut moments = NormalMoments::new(model.shape().size(), model.latent_dim());
    if error.score != AnomalyScore::Squared {
        let normals = error.residuals(model, held_out, 0)?;
        moments.add(normals.residuals()?, normals.codes()?)?;
    }
    let scorer = AnomalyScorer::fit(error.score, &moments)?;
    let residuals = error.residuals(model, test, 0)?;
    Ok(scorer.scores(residuals.residuals()?, residuals.codes()?)?)
}

/// The classes of labelled images, in ascending order.
fn classes(images: &Images) -> Vec<u8> {
    let labels = images.labels().unwrap_or_default();
    (0..=u8::MAX).filter(|class| labels.contains(class)).collect()
}

/// The training images of one class; the last tenth of them is held out.
fn one_class(dataset: &Dataset, class: u8) -> Result<Dataset, StudyError> {
    let labels = (0..).zip(dataset.train.labels().unwrap_or_default());
    let chosen: Vec<u32> = labels.filter(|&(_, &label)| label == class).map(|(i, _)| i).collect();
    let (train, held_out) = chosen.split_at(chosen.len() - chosen.len() / HELD_OUT);
    let halves = [dataset.train.select(train)?, dataset.train.select(held_out)?];
    let [train, test] = halves;
    Ok(Dataset::new(dataset.origin.name.clone(), dataset.origin.location.clone(), train, test)?)
}

fn series<'a>(
    measured: &'a [Measured],
    curve: impl Fn(&Measured) -> &MeanCurve,
) -> Vec<Series<'a>> {
    let line = |score: &'a Measured| Series { label: &score.name, points: curve(score).points() };
    measured.iter().map(line).collect()
}

impl Measured {
    fn new(name: &str) -> Self {
        let (auroc, precision) = (Vec::new(), Vec::new());
        let (roc, precision_recall) = (MeanCurve::default(), MeanCurve::default());
        Self { name: name.to_owned(), auroc, precision, roc, precision_recall }
    }

    fn repeat(&mut self) {
        self.auroc.push(Vec::new());
        self.precision.push(Vec::new());
    }

    fn add(&mut self, ranking: &Ranking) {
        if let (Some(auroc), Some(precision)) = (self.auroc.last_mut(), self.precision.last_mut()) {
            auroc.push(ranking.auroc());
            precision.push(ranking.average_precision());
        }
        self.roc.add(&ranking.roc());
        self.precision_recall.add(&ranking.precision_recall());
    }

    /// The mean over the repetitions of the mean over the classes.
    fn mean(&self, by_repetition: &[Vec<f64>]) -> Result<MeanInterval, StudyError> {
        let means = by_repetition.iter().map(|run| run.iter().sum::<f64>() / run.len() as f64);
        Ok(MeanInterval::of(&means.collect::<Vec<_>>())?)
    }

    fn of_class(&self, class: usize) -> f64 {
        let runs = self.auroc.iter().filter_map(|run| run.get(class));
        runs.sum::<f64>() / self.auroc.len() as f64
    }
}

/// The mean of curves, each of which rises along its horizontal axis.
#[derive(Default)]
struct MeanCurve {
    sums: Vec<f64>,
    curves: usize,
}

impl MeanCurve {
    fn add(&mut self, curve: &[CurvePoint]) {
        self.sums.resize(GRID, 0.0);
        self.curves += 1;
        for (sum, x) in self.sums.iter_mut().zip(grid()) {
            // The last point at or before x, or the first point.
            let place = curve.partition_point(|point| point.x <= x).saturating_sub(1);
            *sum += curve.get(place).map_or(0.0, |point| point.y);
        }
    }

    fn points(&self) -> Vec<(f64, f64)> {
        grid().zip(&self.sums).map(|(x, sum)| (x, sum / self.curves as f64)).collect()
    }
}

fn grid() -> impl Iterator<Item = f64> {
    (0..GRID).map(|place| place as f64 / (GRID - 1) as f64)
}
