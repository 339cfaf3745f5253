//! Chains of any layers, and batches for them.

use std::ops::Range;

use ae_kernels::{
    Activation, Batch, BatchNorm, BatchSummary, Chain, Connection, Convolution, Dense, Direction,
    Extent, Layer, Loss, Objective, Padding, Problem, Shape, Target, Trainer, Weight,
};

use super::Numbers;

/// Makes chains, with each layer's parameters after those of the layer before.
pub(crate) struct Builder {
    input: Shape,
    layers: Vec<Layer>,
    parameters: usize,
}

impl Builder {
    pub(crate) fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { input: Shape::new(channels, height, width), layers: Vec::new(), parameters: 0 }
    }

    pub(crate) fn depth(&self) -> usize {
        self.layers.len()
    }

    pub(crate) fn shape(&self) -> Shape {
        if self.layers.is_empty() {
            return self.input;
        }
        let code = self.layers.len() - 1;
        let chain =
            Chain::new(self.input, self.layers.clone(), code, Connection::Plain, self.parameters)
                .unwrap();
        chain.output_shape()
    }

    pub(crate) fn take(&mut self, numbers: usize) -> usize {
        self.parameters += numbers;
        self.parameters - numbers
    }

    pub(crate) fn with(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self
    }

    pub(crate) fn dense(mut self, outputs: usize, activation: Activation) -> Self {
        let inputs = self.shape().numbers();
        let weight = Weight::Own { offset: self.take(inputs * outputs) };
        let bias = self.take(outputs);
        self.with(Dense { inputs, outputs, weight, bias, activation })
    }

    pub(crate) fn tied(mut self, layer: usize, activation: Activation) -> Self {
        let (outputs, inputs) = match self.layers[layer] {
            Layer::Dense(of) => (of.inputs, of.outputs),
            other => panic!("{other:?}"),
        };
        let (weight, bias) = (Weight::TransposeOf { layer }, self.take(outputs));
        self.with(Dense { inputs, outputs, weight, bias, activation })
    }

    /// A convolution with a square kernel of this side, and with this stride along both axes.
    pub(crate) fn conv(
        self,
        channels: usize,
        sizes: [usize; 2],
        padding: Padding,
        activation: Activation,
    ) -> Self {
        self.conv_of(channels, sizes.map(Extent::square), padding, activation)
    }

    /// A convolution with this kernel and stride.
    pub(crate) fn conv_of(
        self,
        channels: usize,
        sizes: [Extent; 2],
        padding: Padding,
        activation: Activation,
    ) -> Self {
        self.convolution(Direction::Forward, channels, sizes, padding, activation)
    }

    /// A transposed convolution with a square kernel of this side, and with this stride along both axes.
    pub(crate) fn transposed(
        self,
        channels: usize,
        sizes: [usize; 2],
        padding: Padding,
        activation: Activation,
    ) -> Self {
        self.transposed_of(channels, sizes.map(Extent::square), padding, activation)
    }

    /// A transposed convolution with this kernel and stride.
    pub(crate) fn transposed_of(
        self,
        channels: usize,
        sizes: [Extent; 2],
        padding: Padding,
        activation: Activation,
    ) -> Self {
        self.convolution(Direction::Transposed, channels, sizes, padding, activation)
    }

    fn convolution(
        mut self,
        direction: Direction,
        channels: usize,
        [kernel, stride]: [Extent; 2],
        padding: Padding,
        activation: Activation,
    ) -> Self {
        let weight = self.take(self.shape().channels * channels * kernel.area());
        let bias = self.take(channels);
        self.with(Convolution {
            direction,
            channels,
            kernel,
            stride,
            padding,
            weight,
            bias,
            activation,
        })
    }

    pub(crate) fn batch_norm(mut self) -> Self {
        let channels = self.shape().channels;
        let [weight, bias, running_mean, running_variance] = [(); 4].map(|()| self.take(channels));
        let (momentum, epsilon) = (0.1, 1e-3);
        self.with(BatchNorm { weight, bias, running_mean, running_variance, momentum, epsilon })
    }

    pub(crate) fn chain(self, code: usize) -> Chain {
        Chain::new(self.input, self.layers, code, Connection::Plain, self.parameters).unwrap()
    }

    pub(crate) fn residual(self, code: usize) -> Chain {
        Chain::new(self.input, self.layers, code, Connection::Residual, self.parameters).unwrap()
    }
}

/// A draw in [0, 1) that depends on its place alone.
pub(crate) fn draw(layer: usize, item: usize, number: usize) -> f32 {
    let place = (layer * 1009 + item) as u32;
    Numbers::new(place * 7919 + number as u32).take(2, 0.0, 1.0)[1]
}

/// Parameters in (-0.5, 0.5), and running variances above 0.
pub(crate) fn parameters(chain: &Chain, seed: u32) -> Vec<f32> {
    let mut all = Numbers::new(seed).take(chain.parameters(), -0.5, 0.5);
    for layer in chain.layers() {
        if let Layer::BatchNorm(norm) = layer {
            let channels = norm.running_variance - norm.running_mean;
            all[norm.running_variance..][..channels].iter_mut().for_each(|v| *v += 1.0);
            all[norm.weight..][..channels].iter_mut().for_each(|w| *w += 1.0);
        }
    }
    all
}

/// A batch for a chain.
pub(crate) struct Data {
    pub(crate) parameters: Vec<f32>,
    pub(crate) inputs: Vec<f32>,
    pub(crate) targets: Vec<f32>,
    pub(crate) rows: usize,
}

impl Data {
    pub(crate) fn new(chain: &Chain, objective: &Objective, rows: usize, seed: u32) -> Self {
        let mut numbers = Numbers::new(seed);
        let inputs = numbers.take(rows * chain.inputs(), 0.0, 1.0);
        let mut targets = numbers.take(rows * chain.outputs(), 0.0, 1.0);
        if objective.loss == Loss::SoftmaxCrossEntropy {
            for (row, target) in targets.chunks_mut(chain.outputs()).enumerate() {
                let class = row * 7 % target.len();
                target.iter_mut().enumerate().for_each(|(i, t)| *t = f32::from(i == class));
            }
        }
        Self { parameters: parameters(chain, seed + 1), inputs, targets, rows }
    }

    pub(crate) fn gradient(
        &self,
        chain: &Chain,
        objective: &Objective,
        trainer: &mut Trainer,
    ) -> (BatchSummary, Vec<f32>) {
        let (inputs, outputs) = (chain.inputs(), chain.outputs());
        let fill = |rows: Range<usize>, x: &mut [f32], t: &mut [f32]| {
            x.copy_from_slice(&self.inputs[rows.start * inputs..rows.end * inputs]);
            t.copy_from_slice(&self.targets[rows.start * outputs..rows.end * outputs]);
        };
        let counts: Vec<_> = chain.draws().collect();
        let draws = |layer: usize, rows: Range<usize>, to: &mut [f32]| {
            let count = counts.iter().find(|draws| draws.layer == layer).unwrap().numbers;
            for (item, to) in rows.zip(to.chunks_exact_mut(count)) {
                for (number, to) in to.iter_mut().enumerate() {
                    *to = draw(layer, item, number);
                }
            }
        };
        let batch = Batch::new(self.rows, Target::Separate, fill).with_draws(&draws);
        let mut gradient = vec![f32::NAN; chain.parameters()];
        let problem = Problem { chain, objective };
        let summary = trainer.gradient(problem, &self.parameters, batch, &mut gradient).unwrap();
        (summary, gradient)
    }

    pub(crate) fn items(numbers: &[f32], width: usize) -> Vec<Vec<f64>> {
        let items = numbers.chunks_exact(width);
        items.map(|item| item.iter().map(|&x| f64::from(x)).collect()).collect()
    }
}
