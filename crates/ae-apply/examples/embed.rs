//! A foreign program embeds a trained model: it opens the weights file, reconstructs and encodes slices of `f32`, and
//! judges items by a detector that it fits to normal ones.
#![expect(clippy::print_stdout, reason = "an example prints its results")]

use std::error::Error;

use ae_apply::{
    AnomalyDetector, AnomalyScore, ErrorSpec, Images, InputReader, Model, Normals, ReadOptions,
    SavedModel, Seed, ThresholdRule,
};
use ae_dataset::Pixels;
use ae_models::{DenseConfig, ModelKind};

/// Images of 8 x 8 pixels with one bright vertical line.
fn lines(count: usize) -> Vec<f32> {
    let pixel = |image: usize, column: usize| if image % 8 == column { 0.9 } else { 0.1 };
    (0..count * 64).map(|index| pixel(index / 64, index % 8)).collect()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("model.safetensors");
    untrained_model()?.save(&path)?;

    // A trained model is opened in the same way, by its file or by the folder of its run.
    let model = Model::open(&path)?;
    let images = lines(100);
    let codes = model.encode(&images)?;
    let reconstructions = model.reconstruct(&images)?;
    let squares = images.iter().zip(&reconstructions).map(|(x, y)| (x - y) * (x - y));
    let mse = squares.sum::<f32>() / images.len() as f32;
    println!("{} numbers to {} numbers, mean squared error {mse:.4}", images.len(), codes.len());

    // A detector is fitted to normal items and saved with the model.
    let normals = Images::of_shape(model.shape(), Pixels::Floats(images))?;
    let format = model.format().clone();
    let open = |_: &Model| {
        let options = ReadOptions::default();
        Ok(InputReader::of_images("lines", normals.clone(), format.clone(), options)?)
    };
    let error = ErrorSpec { score: AnomalyScore::Standardised, noise: None, smoothing: 0.0 };
    let rule = ThresholdRule::Quantile(0.95);
    let fit = AnomalyDetector::fit(model, error, rule, Normals::New, open, &mut |_, _| {})?;
    fit.detector.save(&path)?;

    let detector = AnomalyDetector::open(&path)?;
    let white = vec![1.0; 64];
    for (name, item) in [("a line", &lines(1)), ("a white image", &white)] {
        let verdict = detector.judge_slice(item)?.verdicts[0];
        let said = if verdict.is_anomaly { "anomalous" } else { "normal" };
        println!("{name}: score {:.1}, p-value {:.3}, {said}", verdict.score, verdict.p_value);
    }
    Ok(())
}

/// A small model with its initial weights, in place of the result of a training.
fn untrained_model() -> Result<SavedModel, Box<dyn Error>> {
    let dense = DenseConfig {
        image: [8, 8],
        encoder: vec![64, 4],
        decoder: vec![4, 64],
        ..DenseConfig::default()
    };
    let spec = dense.model(ModelKind::Regular)?;
    let parameters = spec.architecture()?.initialise(Seed::new(42));
    Ok(SavedModel::new(spec, parameters))
}
