//! Convolutions of known networks, each alone in a chain. Items are floating-point operations, so items a second are
//! FLOP/s; those of one core with `RAYON_NUM_THREADS=1`.

use std::fmt;
use std::ops::Range;

use ae_kernels::{
    Activation, Batch, Chain, Connection, Convolution, Direction, Extent, Loss, Objective,
    PackedChain, Padding, Problem, Shape, Target, Trainer,
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

impl Layer {
    fn chain(self) -> Chain {
        let Self { from, to, size, padding } = self;
        let (weight, bias) = (0, from * to * 9);
        let layer = Convolution {
            direction: Direction::Forward,
            channels: to,
            kernel: Extent::square(3),
            stride: Extent::square(1),
            padding,
            weight,
            bias,
            activation: Activation::Linear,
        };
        let input = Shape::new(from, size, size);
        let layers = vec![layer.into()];
        Chain::new(input, layers, 0, Connection::Plain, bias + to).expect("a layer that fits")
    }

    fn items(self) -> usize {
        (PIXELS / (self.size * self.size)).min(8)
    }

    /// Operations of the forward pass, without those with padding. The gradient of the weight takes as many.
    fn operations(self) -> usize {
        let taps = match self.padding {
            Padding::Same => 3 * self.size - 2,
            Padding::Valid => 3 * (self.size - 2),
        };
        2 * self.items() * self.from * self.to * taps * taps
    }
}

/// With the change of order to channels last and back.
#[divan::bench(args = LAYERS)]
fn forward(bencher: Bencher<'_, '_>, layer: Layer) {
    let chain = layer.chain();
    let packed = PackedChain::new(&chain, &numbers(chain.parameters())).expect("parameters");
    let input = numbers(layer.items() * chain.inputs());
    let mut output = vec![0.0; layer.items() * chain.outputs()];
    let bencher = bencher.counter(ItemsCount::new(layer.operations()));
    bencher.bench_local(|| packed.reconstruct(black_box(&input), &mut output));
}

/// A step without the optimizer: packing, forward pass, loss, and the gradients of weight and bias.
#[divan::bench(args = LAYERS)]
fn gradient(bencher: Bencher<'_, '_>, layer: Layer) {
    let chain = layer.chain();
    let parameters = numbers(chain.parameters());
    let [inputs, targets] =
        [chain.inputs(), chain.outputs()].map(|width| numbers(layer.items() * width));
    let fill = |rows: Range<usize>, x: &mut [f32], t: &mut [f32]| {
        x.copy_from_slice(&inputs[rows.start * chain.inputs()..rows.end * chain.inputs()]);
        t.copy_from_slice(&targets[rows.start * chain.outputs()..rows.end * chain.outputs()]);
    };
    let objective = Objective::new(Loss::MeanSquaredError);
    let problem = Problem { chain: &chain, objective: &objective };
    let (mut trainer, mut gradient) = (Trainer::new(), vec![0.0; chain.parameters()]);
    let bencher = bencher.counter(ItemsCount::new(2 * layer.operations()));
    bencher.bench_local(|| {
        let batch = Batch::new(layer.items(), Target::Separate, fill);
        trainer.gradient(problem, &parameters, batch, &mut gradient)
    });
}
