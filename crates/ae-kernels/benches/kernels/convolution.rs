//! Convolutions of known networks. Items are floating-point operations, so items a second are FLOP/s.

use std::fmt;

use ae_kernels::{
    Activation, ConvolutionGeometry as Convolution, ConvolutionScratch, Extent, PackedConvolution,
    Padding, Shape,
};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};

use super::numbers;

/// Pixels of a call: a slice of a batch, whose maps stay in the second-level cache.
const PIXELS: usize = 8 * 28 * 28;

/// A layer of 3 x 3 kernels on square maps.
#[derive(Clone, Copy)]
struct Layer {
    from: usize,
    to: usize,
    size: usize,
    padding: Padding,
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, size, padding } = self;
        write!(f, "{from} to {to} at {size}, {padding:?}")
    }
}

const fn layer(from: usize, to: usize, size: usize, padding: Padding) -> Layer {
    Layer { from, to, size, padding }
}

/// The convolutional autoencoder of the Keras blog, and a denoiser of patches.
const LAYERS: [Layer; 12] = [
    layer(1, 16, 28, Padding::Same),
    layer(16, 8, 14, Padding::Same),
    layer(8, 8, 7, Padding::Same),
    layer(8, 8, 4, Padding::Same),
    layer(8, 8, 8, Padding::Same),
    layer(8, 16, 16, Padding::Valid),
    layer(16, 1, 28, Padding::Same),
    layer(1, 32, 40, Padding::Same),
    layer(32, 32, 40, Padding::Same),
    layer(32, 64, 40, Padding::Same),
    layer(64, 64, 40, Padding::Same),
    layer(32, 1, 40, Padding::Same),
];

/// A layer with numbers on both sides.
struct Case {
    geometry: Convolution,
    packed: PackedConvolution,
    input: Vec<f32>,
    output: Vec<f32>,
    scratch: ConvolutionScratch,
    operations: ItemsCount,
}

impl Case {
    fn new(layer: Layer) -> Self {
        let Layer { from, to, size, padding } = layer;
        let input = Shape { channels: from, height: size, width: size };
        let kernel = Extent::square(3);
        let stride = Extent::square(1);
        let geometry = Convolution::new(input, to, kernel, stride, padding).expect("a layer");
        let mut packed = PackedConvolution::new(geometry);
        let weight = numbers(geometry.weight_count());
        packed.pack_forward(&weight, &numbers(to));
        packed.pack_backward(&weight);
        let items = (PIXELS / (size * size)).min(8);
        Self {
            geometry,
            packed,
            input: numbers(items * input.numbers()),
            output: numbers(items * geometry.output().numbers()),
            scratch: ConvolutionScratch::default(),
            operations: ItemsCount::new(2 * items * geometry.multiplications()),
        }
    }
}

#[divan::bench(args = LAYERS)]
fn forward(bencher: Bencher<'_, '_>, layer: Layer) {
    let Case { packed, input, mut output, mut scratch, operations, .. } = Case::new(layer);
    let linear = Activation::Linear;
    bencher
        .counter(operations)
        .bench_local(|| packed.forward(black_box(&input), &mut output, linear, &mut scratch));
}

#[divan::bench(args = LAYERS)]
fn input_gradient(bencher: Bencher<'_, '_>, layer: Layer) {
    let Case { packed, mut input, output, mut scratch, operations, .. } = Case::new(layer);
    bencher
        .counter(operations)
        .bench_local(|| packed.input_gradient(black_box(&output), &mut input, &mut scratch));
}

#[divan::bench(args = LAYERS)]
fn weight_gradient(bencher: Bencher<'_, '_>, layer: Layer) {
    let Case { geometry, input, output, mut scratch, operations, .. } = Case::new(layer);
    let mut packed = vec![0.0; geometry.packed_gradient_count()];
    bencher.counter(operations).bench_local(|| {
        geometry.add_weight_gradient(black_box(&input), &output, &mut packed, &mut scratch);
    });
}

/// What is done once a step or once a leaf of the gradient's tree.
#[divan::bench(args = LAYERS)]
fn pack_and_unpack(bencher: Bencher<'_, '_>, layer: Layer) {
    let Case { geometry, mut packed, .. } = Case::new(layer);
    let (mut weight, bias) = (numbers(geometry.weight_count()), numbers(layer.to));
    let sums = vec![1e-3; geometry.packed_gradient_count()];
    bencher.bench_local(|| {
        packed.pack_forward(&weight, &bias);
        packed.pack_backward(&weight);
        geometry.unpack_weight_gradient(black_box(&sums), &mut weight);
    });
}

#[divan::bench(args = LAYERS)]
fn bias_gradient(bencher: Bencher<'_, '_>, layer: Layer) {
    let Case { geometry, output, .. } = Case::new(layer);
    let mut bias = vec![0.0; layer.to];
    bencher
        .counter(ItemsCount::new(output.len()))
        .bench_local(|| geometry.add_bias_gradient(black_box(&output), &mut bias));
}
