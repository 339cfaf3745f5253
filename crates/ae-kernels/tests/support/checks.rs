//! Checks of a chain against the reference.

use ae_kernels::{Activation, BatchSummary, Chain, Loss, Objective, PackedChain, Trainer};

use super::chains::{Data, draw};
use super::on_threads;
use super::reference::{Mode, objective, outputs, values};

const MSE: Objective = Objective::new(Loss::MeanSquaredError);

/// The loss and the gradient against differences of the reference at up to `most` parameters.
pub(crate) fn check(chain: &Chain, of: &Objective, rows: usize, most: usize, seed: u32) {
    let data = Data::new(chain, of, rows, seed);
    let inputs = Data::items(&data.inputs, chain.inputs());
    let targets = Data::items(&data.targets, chain.outputs());
    let start: Vec<f64> = data.parameters.iter().map(|&p| f64::from(p)).collect();
    let draws = |layer, item, number| f64::from(draw(layer, item, number));
    let evaluate = |p: &[f64]| {
        let all = values(chain, p, &inputs, Mode::Training(&draws));
        objective(chain, of, p, &all, &targets)
    };
    let (loss, penalties) = evaluate(&start);
    let (summary, gradient) = data.gradient(chain, of, &mut Trainer::new());
    let near =
        |found: f64, expected: f64| (found - expected).abs() <= 2e-6 * expected.abs().max(0.1);
    assert!(near(summary.reconstruction, loss), "{} {loss} of {chain:?}", summary.reconstruction);
    assert_eq!(summary.penalties.len(), penalties.len());
    for (&found, &expected) in summary.penalties.iter().zip(&penalties) {
        assert!(near(found, expected), "{found} {expected} of {of:?} {chain:?}");
    }
    let step = chain.parameters().div_ceil(most);
    let places = (seed as usize % step..chain.parameters()).step_by(step);
    let mut worst = 0.0_f64;
    let norm = gradient.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>();
    let scale = (norm / chain.parameters() as f64).sqrt().max(1e-9);
    for place in places {
        let found = f64::from(gradient[place]);
        if chain.untrained().iter().any(|range| range.contains(&place)) {
            assert_eq!(found, 0.0, "{place} is not trained");
            continue;
        }
        let total = |change: f64| {
            let mut p = start.clone();
            p[place] += change;
            let (loss, penalties) = evaluate(&p);
            loss + penalties.iter().sum::<f64>()
        };
        // A large step may go over a kink, a small one is rounded more.
        let errors = [1e-5, 1e-7].map(|step| {
            let expected = (total(step) - total(-step)) / (2.0 * step);
            (found - expected).abs() / scale.max(expected.abs())
        });
        worst = worst.max(errors[0].min(errors[1]));
    }
    assert!(worst < 1e-5, "{worst:e} off: {rows} rows, {of:?}, {chain:?}");
    check_norm(&summary, norm);
    same_bits(chain, of, &data, (&summary, &gradient));
}

fn check_norm(summary: &BatchSummary, norm: f64) {
    assert!((summary.squared_norm - norm).abs() <= 1e-12 * norm, "{} {norm}", summary.squared_norm);
}

/// The same bits for any number of threads, and when the memory was used before.
fn same_bits(chain: &Chain, of: &Objective, data: &Data, expected: (&BatchSummary, &[f32])) {
    for threads in [1, 2, 3] {
        on_threads(threads, || {
            let mut trainer = Trainer::new();
            for _ in 0..2 {
                let (summary, gradient) = data.gradient(chain, of, &mut trainer);
                assert_eq!(&summary, expected.0, "{threads} threads, {chain:?}");
                assert!(gradient == expected.1, "{threads} threads, {chain:?}");
            }
        });
    }
}

/// Inference against the reference, and an item alone against the batch.
pub(crate) fn check_inference(chain: &Chain, rows: usize, seed: u32) {
    let data = Data::new(chain, &MSE, rows, seed);
    let packed = PackedChain::new(chain, &data.parameters).unwrap();
    let p: Vec<f64> = data.parameters.iter().map(|&p| f64::from(p)).collect();
    let all = values(chain, &p, &Data::items(&data.inputs, chain.inputs()), Mode::Inference);
    let close = |found: &[f32], expected: &[Vec<f64>]| {
        for (found, expected) in found.iter().zip(expected.iter().flatten()) {
            let error = (f64::from(*found) - expected).abs();
            assert!(error <= 1e-5 * expected.abs().max(1.0), "{found} {expected} {chain:?}");
        }
    };
    let mut codes = vec![0.0; rows * chain.code_width()];
    packed.encode(&data.inputs, &mut codes).unwrap();
    close(&codes, &all[chain.code() + 1]);
    let mut found = vec![0.0; rows * chain.outputs()];
    packed.reconstruct(&data.inputs, &mut found).unwrap();
    close(&found, &outputs(chain, &all));
    let (mut logits, mut again) = (found.clone(), found.clone());
    packed.forward(&data.inputs, &mut logits, &mut again).unwrap();
    assert_eq!(again, found, "{chain:?}");
    if chain.last_activation() == Activation::Linear {
        assert_eq!(logits, found, "with the input of a residual chain: {chain:?}");
    }
    if chain.has_decoder() {
        packed.decode(&codes, &mut again).unwrap();
        close(&again, all.last().unwrap());
    }
    if let Some(sample) = chain.sample() {
        let numbers = chain.shapes()[sample].numbers() / 2;
        let [mut means, mut variances] = [(); 2].map(|()| vec![0.0; rows * numbers]);
        packed.posterior(&data.inputs, &mut means, &mut variances).unwrap();
        let half = |first: usize| -> Vec<Vec<f64>> {
            all[sample].iter().map(|item| item[first..first + numbers].to_vec()).collect()
        };
        close(&means, &half(0));
        close(&variances, &half(numbers));
    }
    let mut one = vec![0.0; chain.outputs()];
    for (x, y) in data.inputs.chunks(chain.inputs()).zip(found.chunks(chain.outputs())) {
        packed.reconstruct(x, &mut one).unwrap();
        assert_eq!(one, y, "an item alone: {chain:?}");
    }
}
