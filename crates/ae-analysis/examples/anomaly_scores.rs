//! Anomaly scores for a model of one's own: it only has to give residuals and codes.
//!
//! The model here is PCA on rings; put your own encoder and decoder in its place.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use ae_analysis::{
    AnalysisError, AnomalyScore, Calibration, LeaveOneOut, NormalMoments, Pca, Ranking, Rows,
    ThresholdRule,
};
use ae_random::{Seed, Stream};

const SIDE: usize = 12;
const PIXELS: usize = SIDE * SIDE;
const LATENT: usize = 5;

/// A noisy ring of a random radius; an anomaly has a gap.
fn ring(stream: &mut Stream, has_gap: bool) -> Vec<f32> {
    let radius = 3.0 + 2.0 * stream.uniform();
    let mut image = vec![0.0; PIXELS];
    for (place, pixel) in image.iter_mut().enumerate() {
        let offset = |index: usize| index as f32 - (SIDE as f32 - 1.0) / 2.0;
        let (x, y) = (offset(place % SIDE), offset(place / SIDE));
        let is_in_gap = has_gap && x > 0.0 && y.abs() < 1.5;
        let line = (1.5 - (x.hypot(y) - radius).abs()).clamp(0.0, 1.0);
        *pixel = if is_in_gap { 0.0 } else { line } + 0.05 * stream.normal();
    }
    image
}

fn rings(name: &str, count: usize, has_gap: bool) -> Vec<f32> {
    let stream = Seed::new(42).stream(name);
    (0..count as u64).flat_map(|item| ring(&mut stream.at(0, item), has_gap)).collect()
}

/// What a score needs of each item.
struct Measured {
    residuals: Vec<f32>,
    codes: Vec<f32>,
}

fn measure(model: &Pca, images: &[f32]) -> Result<Measured, AnalysisError> {
    let codes = model.encode(Rows::new(images, PIXELS)?)?;
    let decoded = model.decode(Rows::new(&codes, LATENT)?)?;
    let residuals = decoded.iter().zip(images).map(|(decoded, pixel)| decoded - pixel).collect();
    Ok(Measured { residuals, codes })
}

fn main() -> Result<(), AnalysisError> {
    let training = rings("training", 300, false);
    let model = Pca::fit(Rows::new(&training, PIXELS)?, LATENT)?;

    // The calibration set: normal items that the model was not trained on.
    let normal = measure(&model, &rings("calibration", 200, false))?;
    let (residuals, codes) =
        (Rows::new(&normal.residuals, PIXELS)?, Rows::new(&normal.codes, LATENT)?);
    let mut moments = NormalMoments::new(PIXELS, LATENT);
    moments.add(residuals, codes)?;
    let left_out = LeaveOneOut::fit(AnomalyScore::Likelihood, &moments)?;
    let scores = left_out.scores(residuals, codes)?;
    let calibration = Calibration::fit(&scores, ThresholdRule::Quantile(0.95))?;
    let scorer = left_out.into_scorer();

    let mut all = Vec::new();
    for (what, has_gap) in [("whole rings", false), ("rings with a gap", true)] {
        let new = measure(&model, &rings(what, 100, has_gap))?;
        let found =
            scorer.scores(Rows::new(&new.residuals, PIXELS)?, Rows::new(&new.codes, LATENT)?)?;
        let alarms = found.iter().filter(|&&score| score > calibration.threshold()).count();
        println!(
            "{what}: {alarms} of 100 are anomalies; the first has p = {:.3}",
            calibration.p_value(found[0])?
        );
        all.extend(found.into_iter().map(|score| (score, has_gap)));
    }
    let (scores, labels): (Vec<f64>, Vec<bool>) = all.into_iter().unzip();
    println!("AUROC {:.3}", Ranking::new(&scores, &labels)?.auroc());
    Ok(())
}
