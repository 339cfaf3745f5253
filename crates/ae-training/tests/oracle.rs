//! The fused engine against the autograd one on every kind of layer, activation, loss and penalty: gradients agree to
//! 1e-5 of their length, losses and penalties as well. The lists are the workspace's own, so that a new kind fails here
//! until it has a row.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]
#![cfg(feature = "candle")]

#[path = "oracle/windows.rs"]
mod windows;

use std::collections::BTreeSet;

use ae_corruption::{Draw, Noise};
use ae_dataset::{ImageShape, Images, Pixels};
use ae_models::{
    Activation, Architecture, CodeL1, Contractive, Device, Kl, KlSparsity, Layer, Loss, ModelSpec,
    Objective, Penalty,
};
use ae_random::Seed;
use ae_training::{
    AutogradEngine, BatchResult, BatchSelection, Engine, FusedEngine, OptimizerConfig,
    SampleCorruption, Samples, StepSize, TrainingState,
};
use serde_json::{Value, json};
use windows::{rectangles, windows};

/// A network as it stands in a file, for items of `[channels, height, width]`.
struct Row {
    what: String,
    item: [usize; 3],
    encoder: Value,
    decoder: Value,
    residual: bool,
    /// Whether images are noisy, and the network is told how much.
    noise_level: bool,
    objective: Objective,
}

/// A row whose last layer is linear, with squared errors.
fn row(what: &str, item: [usize; 3], encoder: Value, decoder: Value) -> Row {
    let objective = Objective::new(Loss::MeanSquaredError);
    Row {
        what: what.to_owned(),
        item,
        encoder,
        decoder,
        residual: false,
        noise_level: false,
        objective,
    }
}

fn dense(outputs: usize, activation: &str) -> Value {
    json!({ "layer": "dense", "outputs": outputs, "activation": activation })
}

/// Kernels and strides are written as one number or as two.
fn convolution<W: Into<Value>>(
    layer: &str,
    channels: usize,
    kernel: W,
    stride: W,
    padding: &str,
) -> Value {
    let (kernel, stride) = (kernel.into(), stride.into());
    json!({ "layer": layer, "channels": channels, "kernel": kernel, "stride": stride,
            "padding": padding, "activation": "tanh" })
}

fn conv<W: Into<Value>>(channels: usize, kernel: W, stride: W, padding: &str) -> Value {
    convolution("conv", channels, kernel, stride, padding)
}

/// The other kinds of layers.
fn others() -> Vec<Row> {
    let same = |channels| conv(channels, 3, 1, "same");
    let norm = |epsilon: f64| json!({ "layer": "batch-norm", "epsilon": epsilon });
    let dropout = |rate: f64| json!({ "layer": "dropout", "rate": rate });
    let noise = |deviation: f64| json!({ "layer": "gaussian-noise", "deviation": deviation });
    let tied = json!({ "layer": "dense", "outputs": 15, "tied_to": 0 });
    let twelve = || json!([dense(12, "linear")]);
    vec![
        row("tied", [1, 3, 5], json!([dense(4, "sigmoid")]), json!([tied])),
        row(
            "upsample",
            [1, 4, 3],
            json!([conv(3, 3, 2, "same"), { "layer": "upsample", "factor": 3 }, same(2)]),
            twelve(),
        ),
        row(
            "pixel-unshuffle and pixel-shuffle",
            [3, 6, 4],
            json!([{ "layer": "pixel-unshuffle", "factor": 2 }, same(8), { "layer": "pixel-shuffle", "factor": 2 }]),
            json!([conv(3, 1, 1, "same")]),
        ),
        row(
            "reshape",
            [1, 3, 4],
            json!([dense(30, "tanh"), { "layer": "reshape", "shape": [5, 2, 3] }, same(2)]),
            twelve(),
        ),
        row(
            "reshape of maps",
            [1, 4, 3],
            json!([same(6), { "layer": "reshape", "shape": [4, 6, 3] }, same(2)]),
            twelve(),
        ),
        row(
            "batch-norm of vectors",
            [1, 3, 4],
            json!([dense(6, "tanh"), norm(1e-5)]),
            json!([dense(5, "tanh"), norm(0.1), dense(12, "linear")]),
        ),
        row(
            "batch-norm of maps",
            [3, 5, 4],
            json!([same(6), norm(1e-3), conv(4, 3, 2, "same")]),
            json!([dense(60, "linear")]),
        ),
        row(
            "dropout",
            [1, 3, 4],
            json!([dense(9, "tanh"), dropout(0.4)]),
            json!([dense(8, "tanh"), dropout(0.2), dense(12, "linear")]),
        ),
        row("dropout of maps", [1, 4, 3], json!([dropout(0.3), same(5), dropout(0.5)]), twelve()),
        row(
            "gaussian-noise",
            [1, 3, 4],
            json!([noise(0.3), dense(5, "tanh"), noise(0.1)]),
            twelve(),
        ),
        row("gaussian-noise of maps", [1, 4, 3], json!([same(5), noise(0.3), same(2)]), twelve()),
        row(
            "top-k",
            [1, 3, 4],
            json!([dense(9, "linear"), { "layer": "top-k", "k": 4 }]),
            twelve(),
        ),
        row("sample", [1, 3, 4], json!([dense(6, "linear"), { "layer": "sample" }]), twelve()),
        row(
            "sample of maps",
            [1, 4, 6],
            json!([conv(6, 3, 2, "same"), { "layer": "sample" }]),
            json!([convolution("conv-transpose", 4, 3, 2, "same"), same(1)]),
        ),
        Row {
            residual: true,
            ..row(
                "residual",
                [3, 4, 5],
                json!([same(4)]),
                json!([conv(3, 1, 1, "same"), { "layer": "activation", "activation": "linear" }]),
            )
        },
        Row {
            residual: true,
            noise_level: true,
            ..row(
                "residual, with the noise level",
                [3, 4, 6],
                json!([{ "layer": "pixel-unshuffle", "factor": 2 }, same(5)]),
                json!([
                    { "layer": "conv", "channels": 12, "kernel": 3 },
                    { "layer": "pixel-shuffle", "factor": 2 }
                ]),
            )
        },
        Row {
            noise_level: true,
            ..row("noise level before dense layers", [1, 3, 4], json!([dense(5, "tanh")]), twelve())
        },
    ]
}

/// Every activation, within a dense layer, within a convolution, and on its own.
fn activations() -> Vec<Row> {
    let of = |activation: &Activation| {
        let name = activation.to_string();
        let conv = json!({ "layer": "conv", "channels": 3, "kernel": 2, "activation": name });
        let alone = json!({ "layer": "activation", "activation": name });
        let encoder = json!([conv, dense(7, &name), dense(6, "linear"), alone]);
        row(&format!("activation {name}"), [1, 3, 4], encoder, json!([dense(12, "linear")]))
    };
    Activation::ALL.iter().map(of).collect()
}

/// Every loss, behind a dense layer and behind a convolution.
fn losses() -> Vec<Row> {
    let of = |loss: &Loss| {
        let last = match loss {
            Loss::BinaryCrossEntropy => "sigmoid",
            _ => "linear",
        };
        let maps = json!([conv(4, 3, 1, "same"), { "layer": "conv", "channels": 3, "kernel": 3, "activation": last }]);
        let objective = Objective::new(*loss);
        [json!([dense(5, "tanh"), dense(36, last)]), maps].map(|decoder| Row {
            objective: objective.clone(),
            ..row(&format!("loss {loss}"), [3, 4, 3], json!([conv(3, 3, 1, "same")]), decoder)
        })
    };
    Loss::ALL.iter().flat_map(of).chain([moved()]).collect()
}

/// A loss whose activation stands before layers that only move numbers.
fn moved() -> Row {
    let last = json!({ "layer": "conv", "channels": 4, "kernel": 3, "activation": "sigmoid" });
    let shuffle = json!({ "layer": "pixel-shuffle", "factor": 2 });
    let decoder = json!([last, shuffle, { "layer": "reshape", "shape": [24, 1, 1] }]);
    let objective = Objective::new(Loss::BinaryCrossEntropy);
    let row = row("loss before moves", [1, 4, 6], json!([conv(4, 3, 2, "same")]), decoder);
    Row { objective, ..row }
}

/// Every penalty, where it suits.
fn penalties() -> Vec<Row> {
    let sample = json!({ "layer": "sample" });
    let (sparsity, kl) = (KlSparsity { target: 0.1, weight: 0.2 }, |weight| Kl { weight });
    let cases: [(Value, Penalty); 6] = [
        (json!([dense(5, "tanh")]), CodeL1 { weight: 0.3 }.into()),
        (json!([conv(4, 3, 2, "same")]), CodeL1 { weight: 0.3 }.into()),
        (json!([dense(10, "linear"), sample]), kl(0.7).into()),
        (json!([conv(4, 3, 2, "same"), sample]), kl(1.0).into()),
        (json!([dense(9, "tanh"), dense(5, "sigmoid")]), sparsity.into()),
        (json!([dense(5, "sigmoid")]), Contractive { weight: 0.4 }.into()),
    ];
    let rows = cases.map(|(encoder, penalty)| Row {
        objective: Objective::new(Loss::MeanSquaredError).with(penalty),
        ..row(&format!("penalty {penalty:?}"), [1, 3, 4], encoder, json!([dense(12, "linear")]))
    });
    rows.into()
}

fn all_rows() -> Vec<Row> {
    [windows(), rectangles(), others(), activations(), losses(), penalties()]
        .into_iter()
        .flatten()
        .collect()
}

impl Row {
    fn architecture(&self) -> Box<dyn Architecture> {
        let [channels, height, width] = self.item;
        let mut spec = json!({ "image": [height, width], "channels": channels, "encoder": self.encoder, "decoder": self.decoder });
        if self.residual {
            spec["residual"] = true.into();
        }
        if self.noise_level {
            spec["noise_level"] = true.into();
        }
        let spec: ModelSpec = serde_json::from_value(spec).unwrap();
        spec.architecture().unwrap_or_else(|error| panic!("{}: {error}", self.what))
    }

    fn images(&self, n: usize) -> Images {
        let [channels, height, width] = self.item;
        let mut stream = Seed::new(3).stream("images");
        let size = channels * height * width;
        let mut pixels: Vec<u8> = (0..n * size).map(|_| stream.next_u32() as u8).collect();
        if self.objective.loss == Loss::SoftmaxCrossEntropy {
            // Each item is the distribution of one class.
            for (index, item) in pixels.chunks_mut(size).enumerate() {
                item.fill(0);
                item[5 * index % size] = 255;
            }
        }
        Images::of_shape(ImageShape { channels, height, width }, Pixels::Bytes(pixels)).unwrap()
    }
}

/// How far two gradients are apart, relative to their length.
fn distance(ours: &[f32], theirs: &[f32]) -> f64 {
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>().sqrt();
    let apart = norm(&mut ours.iter().zip(theirs).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    apart / norm(&mut theirs.iter().map(|&b| f64::from(b))).max(1e-30)
}

/// What an engine finds on a batch, and the parameters after a step that moves only what follows the batch.
fn differentiate(
    engine: &mut dyn Engine,
    state: &TrainingState,
    batch: BatchSelection<'_>,
) -> (Vec<f32>, BatchResult, Vec<f32>) {
    let mut gradient = vec![0.0; state.parameters().values().len()];
    engine.load(state, Seed::new(5)).unwrap();
    let result = engine.gradient(batch, &mut gradient).unwrap();
    let size = StepSize { learning_rate: 0.0, clip_norm: None, kl_share: 1.0 };
    engine.step(batch, size).unwrap();
    let mut after = state.clone();
    engine.snapshot(&mut after).unwrap();
    (gradient, result, after.parameters().values().to_vec())
}

fn close(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= 1e-5 * theirs.abs().max(1e-3)
}

/// The faults of a row: what differs between the engines.
fn faults(row: &Row, rows: usize) -> Vec<String> {
    let architecture = row.architecture();
    let architecture = architecture.as_ref();
    let images = row.images(rows);
    let noise: Noise = "gaussian:0.02..0.4:unclipped".parse().unwrap();
    let corruption = row.noise_level.then(|| SampleCorruption {
        corruption: &noise,
        draw: Draw::EveryEpoch,
        stream: Seed::new(8).stream("noise"),
    });
    let samples = Samples::new(&images, corruption);
    let mut parameters = architecture.initialise(Seed::new(4));
    // Off 0, where rectifiers have no derivative.
    let mut stream = Seed::new(6).stream("shift");
    parameters.values_mut().iter_mut().for_each(|p| *p += 0.2 * stream.uniform() - 0.1);
    let sgd = OptimizerConfig::Sgd { learning_rate: 1.0, momentum: 0.0 };
    let state = TrainingState::new(parameters, sgd);
    let indices: Vec<u32> = (0..rows as u32).rev().collect();
    let batch = BatchSelection { samples: &samples, indices: &indices, epoch: 2 };
    let mut fused = match FusedEngine::new(architecture, row.objective.clone()) {
        Ok(engine) => engine,
        Err(error) => return vec![format!("{}: {error}", row.what)],
    };
    let mut autograd = AutogradEngine::new(architecture, row.objective.clone(), Device::Cpu);
    let (ours, our_result, our_values) = differentiate(&mut fused, &state, batch);
    let (theirs, their_result, their_values) = differentiate(&mut autograd, &state, batch);

    let mut faults = Vec::new();
    let mut check = |holds: bool, what: &str, found: String| {
        if !holds {
            faults.push(format!("{}, {rows} rows, {what}: {found}", row.what));
        }
    };
    let apart = distance(&ours, &theirs);
    check(apart < 1e-5, "gradient", format!("{apart:e} apart"));
    for view in architecture.layout().views() {
        // A parameter's gradient may be a sum that nearly cancels: ten times what all together may be off.
        let [ours, theirs] = [&ours, &theirs].map(|gradient| &gradient[view.range()]);
        let apart = distance(ours, theirs);
        check(apart < 1e-4, &view.name, format!("{apart:e} apart"));
        if !view.is_trained {
            let [ours, theirs] = [&our_values, &their_values].map(|it| &it[view.range()]);
            let apart = distance(ours, theirs);
            check(apart < 1e-5, &view.name, format!("running, {apart:e} apart"));
            let before = &state.parameters().values()[view.range()];
            check(ours != before, &view.name, "does not follow the batch".to_owned());
        }
    }
    let (our_loss, their_loss) = (&our_result.loss, &their_result.loss);
    let holds = close(our_loss.reconstruction, their_loss.reconstruction);
    check(holds, "loss", format!("{our_loss:?} {their_loss:?}"));
    let pairs = our_loss.penalties.iter().zip(&their_loss.penalties);
    let holds = our_loss.penalties.len() == row.objective.penalties.len()
        && our_loss.penalties.len() == their_loss.penalties.len()
        && pairs.clone().all(|(&ours, &theirs)| close(ours, theirs) && theirs > 0.0);
    check(holds, "penalties", format!("{our_loss:?} {their_loss:?}"));
    faults
}

#[test]
fn engines_agree_on_every_layer_activation_loss_and_penalty() {
    let mut all = Vec::new();
    for row in all_rows() {
        for rows in [1, 7, 70] {
            all.extend(faults(&row, rows));
        }
    }
    assert!(all.is_empty(), "{} faults:\n{}", all.len(), all.join("\n"));
}

/// A batch of more than a group of 256 rows and a leaf of 8 items.
#[test]
fn engines_agree_on_large_batches() {
    let all: Vec<String> = others().iter().flat_map(|row| faults(row, 521)).collect();
    assert!(all.is_empty(), "{} faults:\n{}", all.len(), all.join("\n"));
}

#[test]
fn every_kind_has_a_row() {
    let rows = all_rows();
    let layers = rows.iter().flat_map(|row| [&row.encoder, &row.decoder]);
    let layers = layers.flat_map(|layers| layers.as_array().unwrap());
    let used = layers.map(|layer| layer["layer"].as_str().unwrap().to_owned());
    let known = Layer::KINDS.iter().map(|&kind| kind.to_owned());
    assert_eq!(used.collect::<BTreeSet<_>>(), known.collect());
    let penalties = rows.iter().flat_map(|row| &row.objective.penalties);
    let used =
        penalties.map(|penalty| format!("{penalty:?}").split('(').next().unwrap().to_owned());
    let known = Penalty::VARIANTS.iter().map(|&name| name.to_owned());
    assert_eq!(used.collect::<BTreeSet<_>>(), known.collect());
    // Activations and losses are taken from `ALL` lists.
    assert!(Activation::ALL.len() >= 8 && Loss::ALL.len() >= 3);
}
