//! The gradients of every kind of layer against finite differences, for every option and odd sizes.

use ae_models::Activation::{self, Linear, Tanh};
use ae_models::layer::{
    ActivationLayer, BatchNorm, Conv, ConvTranspose, Dense, Dropout, GaussianNoise, MaxPool,
    PixelShuffle, PixelUnshuffle, Reshape, Sample, TopK, Upsample,
};
use ae_models::{Autoencoder, CheckedNetwork, Encoder, Layer, Network, Padding};
use candle_core::{Device, Tensor, Var};

use super::{Drawn, dense, flat, model, network};
use crate::{kinds, numbers};

/// A sum of squares of what a pass in training gives, with the batch as a variable.
fn evaluate(
    network: &CheckedNetwork,
    rows: usize,
    batch: &[f64],
    values: &[Vec<f64>],
) -> (Vec<Var>, Tensor) {
    let (mut vars, model) = model(network, values);
    let batch = Var::from_slice(batch, (rows, network.input().numbers()), &Device::Cpu).unwrap();
    let pass = model.forward_training(&batch, &Drawn { rows }).unwrap();
    let targets = numbers(pass.logits.elem_count(), 41, 83, 30.0);
    let targets = Tensor::from_vec(targets, pass.logits.dims(), &Device::Cpu).unwrap();
    let sum = (pass.logits - targets).unwrap().sqr().unwrap().sum_all().unwrap();
    vars.insert(0, batch);
    (vars, sum)
}

/// Compares the gradient of the batch, which the residual connection uses a second time, and of every parameter. In `f64` a
/// step of 1e-5 leaves an error of about 1e-9 of the largest gradients, which are about 10.
fn check(rows: usize, network: &Network) {
    let network = network.check().unwrap_or_else(|error| panic!("{error}: {network:?}"));
    let mut values: Vec<Vec<f64>> = vec![numbers(rows * network.input().numbers(), 29, 97, 40.0)];
    for (index, view) in network.layout().views().iter().enumerate() {
        let shift = if view.name.ends_with("running_var") { 0.0 } else { 50.0 };
        values.push(numbers(view.len() + index, 37, 101, shift).split_off(index));
    }
    let (vars, sum) = evaluate(&network, rows, &values[0], &values[1..]);
    let gradients = sum.backward().unwrap();
    let layout = network.layout();
    let names = std::iter::once("batch".to_owned())
        .chain(layout.views().iter().map(|view| view.name.clone()));
    for (place, (name, var)) in names.zip(vars).enumerate() {
        let found = gradients.get(&var).map(flat);
        if name.contains("running") {
            assert!(found.is_none_or(|found| found.iter().all(|&x| x == 0.0)), "{name} is trained");
            continue;
        }
        let found = found.unwrap_or_else(|| panic!("{name} has no gradient: {network:?}"));
        // The dense decoder's weight is large and the same everywhere.
        let step_by = if name == "decoder.0.weight" { 7 } else { 1 };
        for index in (0..found.len()).step_by(step_by) {
            let mut at = |offset: f64| {
                let before = values[place][index];
                values[place][index] = before + offset;
                let (_, sum) = evaluate(&network, rows, &values[0], &values[1..]);
                values[place][index] = before;
                sum.to_scalar::<f64>().unwrap()
            };
            let expected = (at(1e-5) - at(-1e-5)) / 2e-5;
            let difference = (found[index] - expected).abs();
            assert!(
                difference < 2e-8 * expected.abs().max(1.0),
                "{name}[{index}]: {} for {expected}, {rows} rows of {:?}",
                found[index],
                network.network().encoder
            );
        }
    }
}

/// The layer under test after a convolution that gives it this many channels, and first in the network.
fn check_both(rows: usize, [channels, height, width]: [usize; 3], layer: &Layer) {
    let before = Layer::Conv(Conv {
        channels,
        kernel: [1, 1],
        stride: [1, 1],
        padding: Padding::Same,
        activation: Linear,
    });
    check(rows, &network([1, height, width], vec![before, layer.clone(), dense(2)]));
    if [1, 3].contains(&channels) {
        check(rows, &network([channels, height, width], vec![layer.clone(), dense(2)]));
    }
}

#[test]
fn every_kind() {
    for row in kinds::rows() {
        check(2, &Network { residual: true, ..row.network() });
    }
}

#[test]
fn convolutions() {
    for padding in Padding::ALL {
        for (item, kernel, stride) in [
            ([1, 1, 1], [1, 1], [1, 1]),
            ([3, 5, 7], [3, 3], [1, 1]),
            ([2, 5, 7], [2, 4], [2, 2]),
            ([1, 7, 4], [3, 2], [2, 3]),
            ([2, 3, 8], [1, 2], [4, 3]),
            ([1, 7, 5], [2, 2], [3, 3]),
            ([2, 5, 5], [5, 5], [2, 2]),
            ([1, 1, 11], [1, 5], [1, 4]),
        ] {
            let layer = Conv { channels: 3, kernel, stride, padding, activation: Tanh };
            check_both(2, item, &Layer::Conv(layer));
        }
    }
    // A kernel and a stride beyond the map.
    for (item, kernel, stride) in [([1, 1, 1], [3, 3], [2, 2]), ([2, 2, 3], [4, 5], [5, 5])] {
        let padding = Padding::Same;
        let layer = Conv { channels: 2, kernel, stride, padding, activation: Linear };
        check_both(1, item, &Layer::Conv(layer));
    }
}

#[test]
fn transposed_convolutions() {
    for padding in Padding::ALL {
        for (item, kernel, stride) in [
            ([1, 1, 1], [1, 1], [1, 1]),
            ([1, 1, 1], [3, 3], [2, 2]),
            ([3, 3, 2], [3, 3], [1, 1]),
            ([2, 3, 2], [2, 4], [2, 2]),
            ([1, 2, 3], [3, 2], [2, 3]),
            ([2, 2, 2], [1, 2], [3, 4]),
            ([1, 3, 1], [2, 2], [3, 3]),
            ([2, 2, 3], [5, 4], [1, 2]),
        ] {
            let layer = ConvTranspose { channels: 2, kernel, stride, padding, activation: Tanh };
            check_both(2, item, &Layer::ConvTranspose(layer));
        }
    }
}

#[test]
fn max_pooling() {
    for padding in Padding::ALL {
        for (item, size, stride) in [
            ([1, 1, 1], [1, 1], None),
            ([3, 7, 5], [2, 2], None),
            ([2, 7, 7], [3, 3], Some([1, 1])),
            ([1, 5, 6], [2, 3], Some([3, 2])),
            ([2, 5, 4], [1, 2], Some([3, 3])),
        ] {
            check_both(2, item, &Layer::MaxPool(MaxPool { size, stride, padding }));
        }
    }
    let beyond = MaxPool { size: [9, 9], stride: Some([2, 2]), padding: Padding::Same };
    check_both(1, [1, 2, 3], &Layer::MaxPool(beyond));
}

#[test]
fn layers_that_move_numbers() {
    for factor in [[1, 1], [2, 2], [3, 1], [2, 5]] {
        check_both(2, [3, 2, 3], &Layer::Upsample(Upsample { factor }));
    }
    check_both(2, [3, 4, 6], &Layer::PixelUnshuffle(PixelUnshuffle { factor: 2 }));
    check_both(1, [1, 3, 3], &Layer::PixelUnshuffle(PixelUnshuffle { factor: 3 }));
    check_both(2, [12, 1, 3], &Layer::PixelShuffle(PixelShuffle { factor: 2 }));
    check_both(1, [9, 1, 1], &Layer::PixelShuffle(PixelShuffle { factor: 3 }));
    check_both(2, [3, 2, 5], &Layer::Reshape(Reshape { shape: [5, 3, 2] }));
    check_both(2, [3, 2, 5], &Layer::TopK(TopK { k: 7 }));
    check_both(1, [1, 1, 1], &Layer::TopK(TopK { k: 1 }));
}

#[test]
fn layers_that_compute_something_else_in_training() {
    for (rows, item) in [(2, [3, 2, 3]), (1, [2, 3, 1]), (3, [1, 1, 1]), (5, [3, 1, 1])] {
        for epsilon in [1e-5, 0.1] {
            let layer = BatchNorm { momentum: 0.1, epsilon };
            check_both(rows, item, &Layer::BatchNorm(layer));
        }
        check_both(rows, item, &Layer::Dropout(Dropout { rate: 0.3 }));
        check_both(rows, item, &Layer::Dropout(Dropout { rate: 0.0 }));
        check_both(rows, item, &Layer::GaussianNoise(GaussianNoise { deviation: 0.5 }));
    }
    for item in [[1, 1, 1], [3, 2, 3]] {
        let [channels, height, width] = item;
        let halves = dense(2 * channels * height * width);
        let reshape = Layer::Reshape(Reshape { shape: [2 * channels, height, width] });
        check(2, &network(item, vec![halves, reshape, Layer::Sample(Sample {})]));
    }
}

#[test]
fn dense_and_tied_layers_and_activations() {
    check_both(2, [3, 2, 1], &dense(5));
    check_both(1, [1, 1, 1], &dense(1));
    for activation in Activation::ALL {
        check_both(2, [1, 3, 2], &Layer::Activation(ActivationLayer { activation }));
    }
    let mut tied = network([1, 2, 3], vec![dense(4), dense(3)]);
    let layer = |outputs, position| Dense { outputs, activation: Linear, tied_to: Some(position) };
    tied.decoder = vec![Layer::Dense(layer(4, 1)), Layer::Dense(layer(6, 0))];
    check(2, &tied);
}

#[test]
fn validation_draws_samples_alone() {
    let batch_norm = Layer::BatchNorm(BatchNorm { momentum: 0.1, epsilon: 1e-5 });
    let others = vec![
        batch_norm,
        Layer::Dropout(Dropout { rate: 0.5 }),
        Layer::GaussianNoise(GaussianNoise { deviation: 1.0 }),
        dense(4),
    ];
    let sampled = [others.clone(), vec![Layer::Sample(Sample {})]].concat();
    for (encoder, is_variational) in [(others, false), (sampled, true)] {
        let network = network([3, 2, 2], encoder).check().unwrap();
        let layout = network.layout();
        let values = layout.views().iter().map(|view| numbers(view.len(), 37, 101, -10.0));
        let (_, model) = model(&network, &values.collect::<Vec<_>>());
        let batch = Tensor::from_vec(numbers(24, 29, 97, 40.0), (2, 12), &Device::Cpu).unwrap();
        let drawn = Drawn { rows: 2 };
        let pass = model.forward_validation(&batch, &drawn).unwrap();
        assert!(pass.statistics.is_empty());
        let codes = flat(&model.encode(&batch).unwrap());
        let logits = flat(&model.reconstruct_logits(&batch).unwrap());
        assert_eq!(pass.posterior.is_some(), is_variational);
        if let Some(posterior) = &pass.posterior {
            assert_eq!(flat(&posterior.mean), codes);
            assert_ne!(flat(&pass.codes), codes);
        } else {
            assert_eq!((flat(&pass.codes), flat(&pass.logits)), (codes, logits));
        }
    }
}
