//! What is served, as `/v1/model` tells it.

use ae_apply::AnomalyScore;
use serde_json::{Value, json};

use crate::noises::offered;
use crate::{Fault, Limits, Subject};

/// The model: shapes, network, and what it can do.
pub(crate) fn description(subject: &Subject, limits: &Limits) -> Value {
    let model = subject.model();
    let saved = model.saved();
    let shape = model.shape();
    let detector = subject.detector().ok().map(|detector| {
        json!({
            "score": score_name(detector.error().score),
            "threshold": detector.calibration().threshold(),
            "largest_error": detector.largest_normal_error(),
        })
    });
    let settings = model.input().settings.as_ref();
    json!({
        "name": subject.name(),
        "kind": saved.spec.kind.to_string(),
        "item": if model.format().scaling.is_some() { "row" } else { "image" },
        "shape": [shape.channels, shape.height, shape.width],
        "latent_dim": model.latent_dim(),
        "parameters": saved.parameters.values().len(),
        "network": saved.spec.network,
        "is_residual": model.is_residual(),
        "is_variational": subject.is_variational(),
        "takes_noise_level": model.takes_noise_level(),
        "trained_noise": settings.and_then(|settings| settings.noise.as_ref()).map(ToString::to_string),
        "columns": columns(subject),
        "detector": detector,
        "can": {
            "reconstruct": true,
            "encode": true,
            "denoise": can(subject.check_denoiser()),
            "decode": can(subject.check_decoder()),
            "score": can(subject.detector().map(|_| ())),
            "sample": can(subject.check_sampler()),
        },
        "noises": offered(model.format()),
        "limits": {
            "body_bytes": limits.body_bytes,
            "batch": subject.most_items(limits.batch),
            "seconds": limits.time.as_secs_f64(),
        },
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// `true`, or why not.
fn can(checked: Result<(), Fault>) -> Value {
    match checked {
        Ok(()) => Value::Bool(true),
        Err(fault) => Value::String(fault.error().to_owned()),
    }
}

fn score_name(score: AnomalyScore) -> String {
    format!("{score:?}").to_lowercase()
}

/// Names and ranges of a table's columns.
fn columns(subject: &Subject) -> Option<Vec<Value>> {
    let scaling = subject.model().format().scaling.as_ref()?;
    let constant = scaling.constant();
    let column = |place: usize| {
        let (name, range) = (scaling.name(place), scaling.range(place));
        json!({ "name": name, "range": range, "is_constant": constant.contains(&place) })
    };
    Some((0..scaling.columns()).map(column).collect())
}
