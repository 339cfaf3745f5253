//! The throughput of each kernel alone, on one thread or on `RAYON_NUM_THREADS`.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark may panic")]

mod chains;
mod convolution;
mod peak;

use ae_kernels::{
    Activation, AdamStep, Batch, Chain, Dense, Loss, Objective, PackedChain, Problem, Step, Target,
    Trainer, Weight, binary_cross_entropy, gather_bytes,
};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

const PIXELS: usize = 784;
const CODE: usize = 32;
const OBJECTIVE: Objective = Objective::new(Loss::BinaryCrossEntropy);

fn main() {
    // One thread by default, to measure the kernels and not the distribution of tasks.
    let threads = usize::from(std::env::var_os("RAYON_NUM_THREADS").is_none());
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .use_current_thread()
        .build_global()
        .expect("a pool");
    divan::main();
}

fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.4).collect()
}

/// Weights of either sign, as at the start of a training: half of the outputs of a ReLU are 0.
fn weights(count: usize) -> Vec<f32> {
    let mut state = 1_u32;
    let mut weight = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.1 * ((state >> 8) as f32 / (1 << 24) as f32 - 0.5)
    };
    (0..count).map(|_| weight()).collect()
}

/// Images of 28 x 28 pixels with a slanted stroke, at another place in each; most pixels are 0.
fn strokes(rows: usize) -> Vec<f32> {
    let pixel = |i: usize| {
        let (row, y, x) = (i / PIXELS, i % PIXELS / 28, i % 28);
        let middle = 8 + row * 5 % 11 + (y * (row % 3)) / 6;
        let is_ink = (4..24).contains(&y) && x.abs_diff(middle) < 3;
        if is_ink { 0.8 } else { 0.0 }
    };
    (0..rows * PIXELS).map(pixel).collect()
}

/// A network of these widths, with ReLU as hidden and sigmoid as last activation.
fn network(widths: &[usize]) -> Chain {
    let mut offset = 0;
    let last = widths.len() - 2;
    let layers = widths.windows(2).enumerate().map(|(index, pair)| {
        let (inputs, outputs) = (pair[0], pair[1]);
        let weight = Weight::Own { offset };
        let bias = offset + inputs * outputs;
        offset = bias + outputs;
        let activation = if index == last { Activation::Sigmoid } else { Activation::Relu };
        Dense { inputs, outputs, weight, bias, activation }
    });
    let layers: Vec<Dense> = layers.collect();
    Chain::of_dense(layers, last / 2, offset).expect("layers that fit")
}

/// The tutorial's network: 784-32-784.
fn dense_chain() -> Chain {
    network(&[PIXELS, CODE, PIXELS])
}

/// The gradient of a batch of 256; items are floating-point operations of the products.
#[divan::bench(args = ["784-32-784", "784-128-64-32-64-128-784", "784-1000-500-250-30-250-500-1000-784"])]
fn gradient_of_batch(bencher: Bencher<'_, '_>, widths: &str) {
    gradient_of(bencher, widths, &numbers(ROWS * PIXELS));
}

/// The same for images of which most pixels are 0. Operations are counted for all pixels.
#[divan::bench(args = ["784-32-784", "784-128-64-32-64-128-784", "784-1000-500-250-30-250-500-1000-784"])]
fn gradient_of_batch_of_strokes(bencher: Bencher<'_, '_>, widths: &str) {
    gradient_of(bencher, widths, &strokes(ROWS));
}

/// A whole training step: gathering, gradient and Adam.
#[divan::bench(args = ["784-32-784", "784-128-64-32-64-128-784", "784-1000-500-250-30-250-500-1000-784"])]
fn training_step(bencher: Bencher<'_, '_>, widths: &str) {
    let chain = network(&numbers_of(widths));
    let count = chain.parameters();
    let mut parameters = weights(count);
    let [mut gradient, mut mean, mut variance] = [(); 3].map(|()| vec![0.0; count]);
    let different = strokes(300).into_iter().map(|pixel| (pixel * 255.0) as u8);
    let bytes: Vec<u8> =
        different.collect::<Vec<u8>>().into_iter().cycle().take(IMAGES * PIXELS).collect();
    let mut trainer = Trainer::new();
    let problem = Problem { chain: &chain, objective: &OBJECTIVE };
    let mut order = random_rows();
    bencher.bench_local(|| {
        let order: [u32; ROWS] = std::array::from_fn(|_| order());
        let fill = |rows: std::ops::Range<usize>, to: &mut [f32], _: &mut [f32]| {
            gather_bytes(&bytes, PIXELS, &order[rows], to).expect("rows of the data set");
        };
        let step = AdamStep::new(1e-5, 0.9, 0.999, 1e-7, 10);
        let step = Step::Adam { step, mean: &mut mean, variance: &mut variance };
        let batch = Batch::new(ROWS, Target::Input, fill);
        trainer.step(problem, &mut parameters, step, batch, &mut gradient)
    });
}

/// The widths in a name.
fn numbers_of(widths: &str) -> Vec<usize> {
    widths.split('-').map(|width| width.parse().expect("a width")).collect()
}

/// Images of a data set that is larger than the caches.
const IMAGES: usize = 60_000;

/// Random rows of the data set.
fn random_rows() -> impl FnMut() -> u32 {
    let mut state = 1_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % IMAGES as u32
    }
}

/// Images of a batch.
const ROWS: usize = 256;

fn gradient_of(bencher: Bencher<'_, '_>, widths: &str, inputs: &[f32]) {
    let widths = numbers_of(widths);
    let chain = network(&widths);
    let products: usize = widths.windows(2).map(|pair| 3 * pair[0] * pair[1]).sum();
    let parameters = weights(chain.parameters());
    let mut gradient = vec![0.0; chain.parameters()];
    let mut trainer = Trainer::new();
    let problem = Problem { chain: &chain, objective: &OBJECTIVE };
    // The first layer's input has no gradient.
    let operations = 2 * ROWS * (products - widths[0] * widths[1]);
    bencher.counter(ItemsCount::new(operations)).bench_local(|| {
        let fill = |rows: std::ops::Range<usize>, to: &mut [f32], _: &mut [f32]| {
            to.copy_from_slice(&inputs[rows.start * PIXELS..rows.end * PIXELS]);
        };
        let batch = Batch::new(ROWS, Target::Input, fill);
        trainer.gradient(problem, &parameters, batch, &mut gradient)
    });
}

/// One slice of so many rows. Items are floating-point operations of the five products, so items a second are FLOP/s.
#[divan::bench(args = [32, 64, 128, 256])]
fn gradient_of_slice(bencher: Bencher<'_, '_>, rows: usize) {
    let chain = dense_chain();
    let (parameters, inputs) = (numbers(chain.parameters()), numbers(rows * PIXELS));
    let mut gradient = vec![0.0; chain.parameters()];
    let mut trainer = Trainer::with_slice_rows(rows);
    let problem = Problem { chain: &chain, objective: &OBJECTIVE };
    bencher.counter(ItemsCount::new(5 * 2 * rows * PIXELS * CODE)).bench_local(|| {
        let fill = |_: std::ops::Range<usize>, to: &mut [f32], _: &mut [f32]| {
            to.copy_from_slice(&inputs);
        };
        let batch = Batch::new(rows, Target::Input, fill);
        trainer.gradient(problem, &parameters, batch, &mut gradient)
    });
}

#[divan::bench(args = [1, 16, 64, 256, 1000])]
fn reconstruct_rows(bencher: Bencher<'_, '_>, rows: usize) {
    let chain = dense_chain();
    let packed =
        PackedChain::new(&chain, &numbers(chain.parameters())).expect("as many parameters");
    let (inputs, mut outputs) = (numbers(rows * PIXELS), vec![0.0; rows * PIXELS]);
    // Items are images.
    bencher
        .counter(ItemsCount::new(rows))
        .bench_local(|| packed.reconstruct(black_box(&inputs), &mut outputs));
}

/// Items are floating-point operations.
#[divan::bench(args = [1, 64])]
fn encode_rows(bencher: Bencher<'_, '_>, rows: usize) {
    let chain = dense_chain();
    let packed =
        PackedChain::new(&chain, &numbers(chain.parameters())).expect("as many parameters");
    let (inputs, mut codes) = (numbers(rows * PIXELS), vec![0.0; rows * CODE]);
    bencher
        .counter(ItemsCount::new(2 * rows * PIXELS * CODE))
        .bench_local(|| packed.encode(black_box(&inputs), &mut codes));
}

/// Items are floating-point operations of the product.
#[divan::bench(args = [1, 64])]
fn decode_rows(bencher: Bencher<'_, '_>, rows: usize) {
    let chain = dense_chain();
    let packed =
        PackedChain::new(&chain, &numbers(chain.parameters())).expect("as many parameters");
    let (codes, mut outputs) = (numbers(rows * CODE), vec![0.0; rows * PIXELS]);
    bencher
        .counter(ItemsCount::new(2 * rows * PIXELS * CODE))
        .bench_local(|| packed.decode(black_box(&codes), &mut outputs));
}

#[divan::bench]
fn cross_entropy_with_gradient(bencher: Bencher<'_, '_>) {
    let rows = 64;
    let targets = numbers(rows * PIXELS);
    let (mut logits, mut of_bias) = (numbers(rows * PIXELS), vec![0.0; PIXELS]);
    bencher
        .counter(ItemsCount::new(rows * PIXELS))
        .bench_local(|| binary_cross_entropy(&targets, 1e-3, &mut logits, &mut of_bias));
}

#[divan::bench]
fn gather_at_random(bencher: Bencher<'_, '_>) {
    let rows = 64;
    let bytes = vec![7_u8; IMAGES * PIXELS];
    let mut output = vec![0.0; rows * PIXELS];
    let mut order = random_rows();
    bencher.counter(BytesCount::new(rows * PIXELS)).bench_local(|| {
        let order: [u32; 64] = std::array::from_fn(|_| order());
        gather_bytes(&bytes, PIXELS, &order, &mut output)
    });
}

#[divan::bench]
fn adam_step(bencher: Bencher<'_, '_>) {
    let count = dense_chain().parameters();
    let (mut parameters, gradient) = (numbers(count), numbers(count));
    let (mut mean, mut variance) = (vec![0.0; count], vec![0.0; count]);
    let step = AdamStep::new(1e-3, 0.9, 0.999, 1e-7, 10);
    // Read: parameter, gradient, two moments; written: all but the gradient.
    bencher.counter(BytesCount::new(7 * 4 * count)).bench_local(|| {
        Step::Adam { step, mean: &mut mean, variance: &mut variance }
            .apply(&mut parameters, &gradient)
    });
}
