//! Detectors of earlier versions, scores that are not finite, and slices in memory.

use std::path::PathBuf;

use ae_dataset::{ImageShape, Images, Pixels, ReadOptions};
use ae_models::{DenseConfig, ModelKind};
use ae_random::Seed;

use super::*;

const SHAPE: ImageShape = ImageShape { channels: 1, height: 1, width: 4 };

fn model() -> Model {
    let dense = DenseConfig {
        image: [1, 4],
        channels: 1,
        encoder: vec![4, 2],
        decoder: vec![2, 4],
        ..DenseConfig::default()
    };
    let spec = dense.model(ModelKind::Regular).unwrap();
    let parameters = spec.architecture().unwrap().initialise(Seed::new(1));
    Model::new(SavedModel::new(spec, parameters)).unwrap()
}

fn detector(score: AnomalyScore, items: usize) -> Result<AnomalyDetector, ApplyError> {
    let error = ErrorSpec { score, noise: None, smoothing: 0.0 };
    let values: Vec<f32> = (0..items * 4).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
    let open = |model: &Model| {
        let images = Images::of_shape(SHAPE, Pixels::Floats(values.clone()))?;
        let (format, options) = (model.format().clone(), ReadOptions::default());
        Ok(InputReader::of_images("normals", images, format, options)?)
    };
    let (rule, step) = (ThresholdRule::Quantile(0.9), &mut |_, _| {});
    Ok(AnomalyDetector::fit(model(), error, rule, Normals::New, open, step)?.detector)
}

const SCORES: [AnomalyScore; 4] = [
    AnomalyScore::Squared,
    AnomalyScore::Standardised,
    AnomalyScore::Latent,
    AnomalyScore::Likelihood,
];

/// Items of an input of which seven came before.
fn inputs(pixels: Vec<f32>, files: Option<Vec<PathBuf>>) -> Inputs {
    let images = Images::of_shape(SHAPE, Pixels::Floats(vec![0.5; pixels.len()])).unwrap();
    let items = (7..7 + images.len() as u64).collect();
    Inputs { pixels, files, items, ..Inputs::from_images("new", &images) }
}

#[test]
fn a_score_that_is_not_finite_is_an_error_with_number_and_file() {
    for score in SCORES {
        let detector = detector(score, 40).unwrap();
        let good = vec![0.5; 4];
        for bad in [f32::NAN, f32::INFINITY] {
            let pixels = [good.clone(), vec![0.5, bad, 0.5, 0.5]].concat();
            let told = detector.judge(&inputs(pixels.clone(), None)).unwrap_err().to_string();
            assert!(told.starts_with("the score of item 8 is "), "{score:?} {bad}: {told}");
            let files = Some(vec!["a.png".into(), "b.png".into()]);
            let told = detector.judge(&inputs(pixels, files)).unwrap_err().to_string();
            assert!(told.starts_with("the score of item 8 (b.png) is "), "{told}");
        }
        assert_eq!(detector.judge(&inputs(good, None)).unwrap().verdicts.len(), 1);
    }
}

#[test]
fn fewer_than_three_items_are_refused() {
    for score in SCORES {
        for few in [1, 2] {
            let told = detector(score, few).err().map(|error| error.to_string()).unwrap();
            assert!(told.contains("at least 3 normal items"), "{score:?}: {told}");
        }
        assert!(detector(score, 3).is_ok(), "{score:?}");
    }
}

/// A fit of version 0.1 has neither p-values nor a largest error.
#[test]
fn a_fit_of_an_earlier_version_scores_as_it_did() {
    let json = r#"{"error":{"score":"standardised","smoothing":0.0},
        "scorer":{"score":"standardised","mean":[0.0,0.0,0.0,0.0],"variance":[1.0,1.0,2.0,4.0]},
        "calibration":{"rule":{"quantile":0.5},"items":3,"threshold":2.0,"quantiles":[1.0,2.0,4.0]}}"#;
    let fitted: Fitted = serde_json::from_str(json).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    let model = model();
    let mut saved = model.saved().clone();
    saved.attachments.set(ATTACHMENT, &fitted).unwrap();
    saved.save(&path).unwrap();
    let detector = AnomalyDetector::open(&path).unwrap();
    let image = [0.0_f32, 9.0, 0.5, 1.0];
    let JudgedItems { verdicts, errors } = detector.judge(&inputs(image.to_vec(), None)).unwrap();
    let made = model.reconstruct(&image).unwrap();
    let square = |place: usize| f64::from(made[place] - image[place]).powi(2);
    let expected = square(0) + square(1) + square(2) / 2.0 + square(3) / 4.0;
    let verdict = verdicts[0];
    assert!((verdict.score / expected - 1.0).abs() < 1e-6, "{verdict:?} {expected}");
    // Above all three: one of four.
    assert!(verdict.is_anomaly && verdict.p_value == 0.25, "{verdict:?}");
    assert_eq!((errors.len(), detector.largest_normal_error()), (4, None));
}

#[test]
fn a_slice_is_judged_as_the_same_items_of_an_input() {
    for score in SCORES {
        let detector = detector(score, 40).unwrap();
        let pixels: Vec<f32> = (0..5 * 4).map(|i| (i * 13 % 17) as f32 / 16.0).collect();
        let judged = detector.judge_slice(&pixels).unwrap();
        assert_eq!(judged, detector.judge(&inputs(pixels.clone(), None)).unwrap());
        let bad = [&pixels[..4], &[f32::NAN, 0.5, 0.5, 0.5]].concat();
        let told = detector.judge_slice(&bad).unwrap_err().to_string();
        assert!(told.starts_with("the score of item 1 is "), "{told}");
    }
}
