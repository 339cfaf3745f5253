//! What the API answers is what the library computes, bit for bit.

use std::io::Cursor;

use ae_apply::{Autoencoded, JudgedData, JudgedPart};
use ae_corruption::{Noise, corrupt_batch};
use ae_dataset::{Images, Pixels};
use ae_random::Seed;
use ae_serve::Examples;
use image::{GrayImage, ImageFormat, Luma};
use serde_json::{Value, json};

use crate::support::*;

fn rows(list: &Value) -> Vec<Vec<f32>> {
    list.as_array().unwrap().iter().map(floats).collect()
}

#[test]
fn items_have_the_bits_of_the_library_alone_and_in_a_batch() {
    let (served, model) = (Served::model(regular()), regular());
    let items = numbers(3 * 20);
    let Autoencoded { codes, reconstructions } = model.autoencode(&items).unwrap();
    let batch: Vec<&[f32]> = items.chunks(20).collect();
    let body = json!({ "items": batch, "include": ["codes", "inputs", "errors"] });
    let answer = served.post("/v1/reconstruct", &body.to_string()).ok();
    assert_eq!(answer["items"], 3);
    assert_eq!(answer["shape"], json!([1, 4, 5]));
    assert_eq!(rows(&answer["reconstructions"]).concat(), reconstructions);
    assert_eq!(rows(&answer["codes"]).concat(), codes);
    assert_eq!(rows(&answer["inputs"]).concat(), items);
    for (place, item) in batch.iter().enumerate() {
        let alone = served.post("/v1/reconstruct", &json!({ "item": item }).to_string()).ok();
        assert_eq!(rows(&alone["reconstructions"])[0], rows(&answer["reconstructions"])[place]);
        assert_eq!(alone["mse"][0], answer["mse"][place]);
        assert!(alone.get("codes").is_none());
    }
    let first: f64 = (0..20).map(|i| f64::from((reconstructions[i] - items[i]).powi(2))).sum();
    assert!((answer["mse"][0].as_f64().unwrap() - first / 20.0).abs() < 1e-7);
    assert_eq!(rows(&answer["errors"])[0][3], (reconstructions[3] - items[3]).powi(2));
}

#[test]
fn codes_and_what_they_decode_to_are_those_of_the_library() {
    let (served, model) = (Served::model(regular()), regular());
    let items = numbers(2 * 20);
    let body = json!({ "items": items.chunks(20).collect::<Vec<_>>() });
    let answer = served.post("/v1/encode", &body.to_string()).ok();
    let codes = model.encode(&items).unwrap();
    assert_eq!(rows(&answer["codes"]).concat(), codes);
    let body = json!({ "codes": answer["codes"] });
    let decoded = served.post("/v1/decode", &body.to_string()).ok();
    assert_eq!(rows(&decoded["decoded"]).concat(), model.decode(&codes).unwrap());
    let one = served.post("/v1/decode", &json!({ "code": answer["codes"][1] }).to_string()).ok();
    assert_eq!(one["decoded"][0], decoded["decoded"][1]);
}

#[test]
fn an_item_may_be_flat_or_nested() {
    let served = Served::model(regular());
    let item = numbers(20);
    let lines: Vec<&[f32]> = item.chunks(5).collect();
    let told = |body: Value| served.post("/v1/encode", &body.to_string()).ok()["codes"].clone();
    let flat = told(json!({ "item": item }));
    assert_eq!(told(json!({ "item": lines })), flat);
    assert_eq!(told(json!({ "item": [lines] })), flat);
    assert_eq!(told(json!({ "items": [lines] })), flat);
    assert_eq!(told(json!({ "items": [[lines]] })), flat);
}

#[test]
fn noise_is_that_of_the_command_line_and_errors_are_against_the_clean_item() {
    let (served, model) = (Served::model(denoising()), denoising());
    let items = numbers(2 * 20);
    let noise: Noise = "gaussian:0.3".parse().unwrap();
    let mut seen = items.clone();
    let stream = Seed::new(9).stream("corruption/validation");
    corrupt_batch(&noise, &mut seen, &[0, 1], 4, 5, 0, &stream);
    let body = json!({
        "items": items.chunks(20).collect::<Vec<_>>(), "noise": "gaussian:0.3", "seed": 9, "include": "inputs, errors",
    });
    let answer = served.post("/v1/denoise", &body.to_string()).ok();
    assert_eq!(rows(&answer["inputs"]).concat(), seen);
    let denoised = model.reconstruct(&seen).unwrap();
    assert_eq!(rows(&answer["denoised"]).concat(), denoised);
    assert_eq!(rows(&answer["errors"])[1][0], (denoised[20] - items[20]).powi(2));
}

#[test]
fn a_picture_is_an_item() {
    let served = Served::model(regular());
    let png = |width, height| {
        let image = GrayImage::from_fn(width, height, |x, y| Luma([(x * 40 + y * 9) as u8]));
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner()
    };
    let answer = served.post_picture("/v1/encode?include=inputs", &png(5, 4)).ok();
    let pixels: Vec<f32> = (0..20).map(|i| ((i % 5) * 40 + (i / 5) * 9) as f32 / 255.0).collect();
    assert_eq!(floats(&answer["inputs"][0]), pixels);
    let same = served.post("/v1/encode", &json!({ "item": pixels }).to_string()).ok();
    assert_eq!(answer["codes"], same["codes"]);
    served.post_picture("/v1/encode", &png(10, 8)).is_fault(422, "?resize=fit");
    let fitted = served.post_picture("/v1/encode?resize=fit&include=inputs", &png(10, 8)).ok();
    assert_eq!(floats(&fitted["inputs"][0]).len(), 20);
}

#[test]
fn rows_are_in_the_tables_own_units() {
    let (served, model) = (Served::model(table()), table());
    let answer =
        served.post("/v1/reconstruct", r#"{"item": [5, 0.5], "include": ["inputs"]}"#).ok();
    let made = model.reconstruct(&[0.5, 0.75]).unwrap();
    let undone = model.format().scaling.as_ref().unwrap().undo(&made);
    assert_eq!(answer["inputs"], json!([[5.0, 0.5]]));
    assert_eq!(answer["reconstructions"], json!([undone]));
    let told = served.get("/v1/model").ok();
    assert_eq!(told["item"], "row");
    assert_eq!(told["columns"][1]["name"], "weight");
    assert_eq!(told["columns"][1]["range"], json!([-1.0, 1.0]));
    served.post("/v1/encode", r#"{"item": [1e300, 0]}"#).is_fault(422, "too large");
    served.post_picture("/v1/encode", b"").is_fault(422, "table");
    let noises = told["noises"].to_string();
    // The page shows these numbers as they are.
    assert!(noises.contains("\"step\":0.01,"), "{noises}");
    assert!(noises.contains("masking") && !noises.contains("blur"), "{noises}");
}

#[test]
fn a_detector_judges_items() {
    let detector = detecting();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    detector.save(&path).unwrap();
    let served = Served::model(ae_apply::Model::open(&path).unwrap());
    let item = vec![0.9; 20];
    let answer =
        served.post("/v1/score", &json!({ "item": item, "include": "errors" }).to_string()).ok();
    let judged = detector.judge_slice(&item).unwrap();
    let verdict = judged.verdicts[0];
    assert_eq!(answer["verdicts"][0]["score"], verdict.score);
    assert_eq!(answer["verdicts"][0]["p_value"], verdict.p_value);
    assert_eq!(answer["verdicts"][0]["is_anomaly"], verdict.is_anomaly);
    assert_eq!(answer["threshold"], detector.calibration().threshold());
    assert_eq!(floats(&answer["errors"][0]), judged.errors);
    let both = json!({ "item": item, "include": ["verdicts"] });
    let both = served.post("/v1/reconstruct", &both.to_string()).ok();
    assert_eq!(both["verdicts"], answer["verdicts"]);
    assert_eq!(served.get("/v1/model").ok()["can"]["score"], true);
}

#[test]
fn a_model_says_what_it_cannot_do() {
    let residual = Served::model(residual());
    residual.post("/v1/decode", r#"{"code": [0, 0, 0]}"#).is_fault(409, "residual");
    let told = residual.get("/v1/model").ok();
    assert!(told["can"]["decode"].as_str().unwrap().contains("residual"));
    assert_eq!(told["can"]["denoise"], true);
    let regular = Served::model(regular());
    regular.post("/v1/denoise", "{}").is_fault(409, "regular autoencoder");
    regular.post("/v1/score", "{}").is_fault(409, "ae anomaly fit");
    regular.post("/v1/sample", "{}").is_fault(409, "variational");
    let item = json!({ "item": numbers(20), "include": "verdicts" });
    regular.post("/v1/reconstruct", &item.to_string()).is_fault(409, "ae anomaly fit");
    let item = json!({ "item": numbers(20), "noise_level": 0.1 });
    regular.post("/v1/reconstruct", &item.to_string()).is_fault(422, "noise_level");
}

#[test]
fn a_variational_model_draws_samples() {
    let served = Served::model(vae());
    let answer = served.post("/v1/sample", r#"{"count": 3, "seed": 5}"#).ok();
    let samples = vae().sample(Seed::new(5), 0, 3).unwrap();
    assert_eq!(rows(&answer["samples"]).concat(), samples);
    assert_eq!(served.get("/v1/model").ok()["is_variational"], true);
}

#[test]
fn examples_come_when_they_are_read_with_a_map_of_their_codes() {
    let served = Served::model(regular());
    assert_eq!(served.get("/v1/examples").ok(), json!({ "state": "loading" }));
    let images = Images::of_shape(regular().shape(), Pixels::Floats(numbers(50 * 20))).unwrap();
    let images = images.with_labels((0..50).map(|i| i % 3).collect()).unwrap();
    let data = JudgedData {
        name: "some".to_owned(),
        images,
        inputs: None,
        part: JudgedPart::Test,
        skipped: 0,
    };
    served.subject.add_examples(Examples::of(&regular(), &data).map_err(|error| error.to_string()));
    let told = served.get("/v1/examples").ok();
    assert_eq!(told["state"], "ready");
    let examples = &told["examples"];
    assert_eq!(examples["items"].as_array().unwrap().len(), 24);
    assert_eq!(examples["labels"].as_array().unwrap().len(), 24);
    let map = &examples["map"];
    assert_eq!(map["points"].as_array().unwrap().len(), 50);
    assert_eq!(
        (map["kind"].as_str(), map["points"][0].as_array().unwrap().len()),
        (Some("t-sne"), 2)
    );
    // The first item's code is one of those on the map, to four digits.
    let body = json!({ "items": [examples["items"][0]] }).to_string();
    let code = floats(&served.post("/v1/encode", &body).ok()["codes"][0]);
    let is_near = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-3 * b.abs();
    let codes = rows(&map["codes"]);
    assert_eq!(codes.len(), 50);
    assert!(codes.iter().any(|other| other.iter().zip(&code).all(is_near)), "{code:?} {codes:?}");
}

#[test]
fn health_and_metrics_are_told() {
    let served = Served::model(regular());
    assert_eq!(served.get("/healthz").ok(), json!({ "status": "ok" }));
    served.post("/v1/encode", "{").is_fault(400, "JSON");
    served.get("/nowhere");
    let metrics = served.get("/metrics");
    assert_eq!(metrics.header("content-type").unwrap(), "text/plain; version=0.0.4; charset=utf-8");
    let text = String::from_utf8(metrics.body).unwrap();
    for line in [
        "ae_requests_total{route=\"/v1/encode\",status=\"400\"} 1",
        "ae_requests_total{route=\"other\",status=\"404\"} 1",
        "ae_requests_total{route=\"/healthz\",status=\"200\"} 1",
        "ae_requests_queued 0",
        "ae_held_bytes 0",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}
