//! Whole training steps and inference of networks with maps. Items are images.

use ae_kernels::{
    Activation, AdamStep, Batch, Chain, Connection, Convolution, Dense, Direction, Extent, Layer,
    Loss, MaxPooling, Objective, PackedChain, Padding, Problem, Sample, Shape, Step, Target,
    Trainer, Upsampling, Weight,
};
use divan::Bencher;
use divan::counter::ItemsCount;

use super::{strokes, weights};

/// Images of a batch.
const ROWS: usize = 128;

/// Layers with parameters one after the other.
struct Network {
    channels: usize,
    layers: Vec<Layer>,
    parameters: usize,
}

impl Network {
    fn conv(mut self, channels: usize, padding: Padding, activation: Activation) -> Self {
        let weight = self.parameters;
        let bias = weight + self.channels * channels * 9;
        let (kernel, stride) = (Extent::square(3), Extent::square(1));
        let direction = Direction::Forward;
        let layer =
            Convolution { direction, channels, kernel, stride, padding, weight, bias, activation };
        self.layers.push(layer.into());
        self.parameters = bias + channels;
        self.channels = channels;
        self
    }

    fn dense(mut self, inputs: usize, outputs: usize, activation: Activation) -> Self {
        let (offset, bias) = (self.parameters, self.parameters + inputs * outputs);
        let weight = Weight::Own { offset };
        self.layers.push(Dense { inputs, outputs, weight, bias, activation }.into());
        self.parameters = bias + outputs;
        self
    }

    fn pool(mut self) -> Self {
        let size = Extent::square(2);
        self.layers.push(MaxPooling { size, stride: size, padding: Padding::Same }.into());
        self
    }

    fn up(mut self) -> Self {
        self.layers.push(Upsampling { factor: Extent::square(2) }.into());
        self
    }

    fn sample(mut self) -> Self {
        self.layers.push(Sample.into());
        self
    }
}

fn network(name: &str) -> Chain {
    let (same, relu, sigmoid) = (Padding::Same, Activation::Relu, Activation::Sigmoid);
    let empty = Network { channels: 1, layers: Vec::new(), parameters: 0 };
    let image = Shape::new(1, 28, 28);
    let (input, network, code) = match name {
        "keras" => {
            let encoder = empty.conv(16, same, relu).pool().conv(8, same, relu).pool();
            let code = encoder.conv(8, same, relu).pool();
            let decoder = code.conv(8, same, relu).up().conv(8, same, relu).up();
            let decoder = decoder.conv(16, Padding::Valid, relu).up();
            (image, decoder.conv(1, same, sigmoid), 5)
        }
        "keras-denoiser" => {
            let encoder = empty.conv(32, same, relu).pool().conv(32, same, relu).pool();
            let decoder = encoder.conv(32, same, relu).up().conv(32, same, relu).up();
            (image, decoder.conv(1, same, sigmoid), 3)
        }
        "patches" => {
            let inner = empty.conv(32, same, relu).conv(64, same, relu).conv(32, same, relu);
            (Shape::new(1, 40, 40), inner.conv(1, same, Activation::Linear), 1)
        }
        _ => {
            let encoder = empty.dense(784, 400, relu).dense(400, 40, Activation::Linear).sample();
            (image, encoder.dense(20, 400, relu).dense(400, 784, sigmoid), 2)
        }
    };
    Chain::new(input, network.layers, code, Connection::Plain, network.parameters)
        .expect("layers that fit")
}

const NETWORKS: [&str; 4] = ["keras", "keras-denoiser", "patches", "vae"];

#[divan::bench(args = NETWORKS, sample_count = 20)]
fn chain_step(bencher: Bencher<'_, '_>, name: &str) {
    let chain = network(name);
    let count = chain.parameters();
    let mut parameters = weights(count);
    let [mut gradient, mut mean, mut variance] = [(); 3].map(|()| vec![0.0; count]);
    let images = strokes(ROWS * 3);
    let inputs = chain.inputs();
    let loss = match name {
        "patches" => Loss::MeanSquaredError,
        _ => Loss::BinaryCrossEntropy,
    };
    let objective = Objective::new(loss);
    let problem = Problem { chain: &chain, objective: &objective };
    let mut trainer = Trainer::new();
    bencher.counter(ItemsCount::new(ROWS)).bench_local(|| {
        let fill = |rows: std::ops::Range<usize>, to: &mut [f32], _: &mut [f32]| {
            to.copy_from_slice(&images[rows.start * inputs..rows.end * inputs]);
        };
        let draws = |_: usize, _: std::ops::Range<usize>, to: &mut [f32]| to.fill(0.5);
        let step = AdamStep::new(1e-5, 0.9, 0.999, 1e-7, 10);
        let step = Step::Adam { step, mean: &mut mean, variance: &mut variance };
        let batch = Batch::new(ROWS, Target::Input, fill).with_draws(&draws);
        trainer.step(problem, &mut parameters, step, batch, &mut gradient).expect("a step")
    });
}

#[divan::bench(args = [("keras", 1), ("keras", 256), ("keras-denoiser", 1), ("keras-denoiser", 256)], sample_count = 20)]
fn chain_reconstruct(bencher: Bencher<'_, '_>, (name, rows): (&str, usize)) {
    let chain = network(name);
    let packed = PackedChain::new(&chain, &weights(chain.parameters())).expect("parameters");
    let (images, mut outputs) = (strokes(rows), vec![0.0; rows * chain.outputs()]);
    bencher
        .counter(ItemsCount::new(rows))
        .bench_local(|| packed.reconstruct(&images, &mut outputs));
}
