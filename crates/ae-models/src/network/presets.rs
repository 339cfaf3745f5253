//! Networks that have a name.

use crate::layer::{
    Conv, ConvTranspose, Dense, MaxPool, PixelShuffle, PixelUnshuffle, Reshape, Sample, Upsample,
};
use crate::{Activation, Initialisation, Layer, MAX_LAYERS, Network, Padding, Shape};

/// Dense layers of these widths, the input's first: all but the last with `hidden`, the last with `last`.
pub fn dense_layers(widths: &[usize], hidden: Activation, last: Activation) -> Vec<Layer> {
    let widths = widths.get(1..).unwrap_or_default();
    let layers = widths.iter().enumerate().map(|(index, &outputs)| {
        let activation = if index + 1 == widths.len() { last } else { hidden };
        Layer::Dense(Dense { outputs, activation, tied_to: None })
    });
    layers.collect()
}

fn conv(channels: usize, padding: Padding, activation: Activation) -> Layer {
    Layer::Conv(Conv { channels, kernel: [3, 3], stride: [1, 1], padding, activation })
}

fn pool() -> Layer {
    Layer::MaxPool(MaxPool { size: [2, 2], stride: None, padding: Padding::Same })
}

fn upsample() -> Layer {
    Layer::Upsample(Upsample { factor: [2, 2] })
}

/// The convolutional autoencoder of the Keras blog's "Building Autoencoders in Keras": for 28 x 28 pixels 16, 8 and 8
/// channels with pooling after each, code 8 x 4 x 4.
///
/// The blog's decoder has one convolution without padding, which brings 16 x 16 to 14 x 14. Sizes that three poolings
/// halve evenly need none, so it is padded there; other sizes are refused when the network is checked.
pub fn keras_conv(input: Shape, output: Activation) -> Network {
    use Activation::Relu;
    use Padding::{Same, Valid};
    let is_blogs = [input.height, input.width].iter().all(|side| side.div_ceil(4) % 2 == 1);
    let third = if is_blogs { Valid } else { Same };
    Network {
        encoder: vec![
            conv(16, Same, Relu),
            pool(),
            conv(8, Same, Relu),
            pool(),
            conv(8, Same, Relu),
            pool(),
        ],
        decoder: vec![
            conv(8, Same, Relu),
            upsample(),
            conv(8, Same, Relu),
            upsample(),
            conv(16, third, Relu),
            upsample(),
            conv(input.channels, Same, output),
        ],
        ..Network::empty(input)
    }
}

/// The convolutional denoiser of the same blog: 32 and 32 channels, for 28 x 28 pixels a code of 32 x 7 x 7.
pub fn keras_conv_denoiser(input: Shape, output: Activation) -> Network {
    use Activation::Relu;
    use Padding::Same;
    Network {
        encoder: vec![conv(32, Same, Relu), pool(), conv(32, Same, Relu), pool()],
        decoder: vec![
            conv(32, Same, Relu),
            upsample(),
            conv(32, Same, Relu),
            upsample(),
            conv(input.channels, Same, output),
        ],
        ..Network::empty(input)
    }
}

/// A denoiser for photographs of any size: how its layers are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DenoiserConfig {
    /// Channels of every convolution but the last.
    pub features: usize,
    /// Convolutions, 2 or more.
    pub depth: usize,
    /// The activation of every convolution but the last.
    pub hidden_activation: Activation,
    /// Whether the output is the image plus what the layers give.
    pub residual: bool,
    /// Whether the network is told the level of the noise ([`Network::noise_level`]).
    pub noise_level: bool,
}

impl Default for DenoiserConfig {
    /// 8 convolutions of 48 channels with ReLU, residual, told the level of the noise.
    fn default() -> Self {
        let hidden_activation = Activation::Relu;
        Self { features: 48, depth: 8, hidden_activation, residual: true, noise_level: true }
    }
}

/// A denoiser for photographs of any size, after FFDNet (Zhang, Zuo and Zhang, IEEE Transactions on Image Processing 27,
/// 2018): squares of 2 x 2 pixels become channels, convolutions of 3 x 3 follow, and the last one's channels become
/// pixels again.
///
/// FFDNet has 15 convolutions of 64 channels with ReLU, batch normalisation and orthogonal first weights, is always told
/// the level of the noise, and is not residual. The code is the feature map in the middle. Both sides of an item must be
/// even; others, and a depth below 2, are refused when the network is checked.
pub fn denoiser(item: Shape, config: &DenoiserConfig) -> Network {
    use Activation::Linear;
    use Padding::Same;
    let DenoiserConfig { features, depth, hidden_activation, residual, noise_level } = *config;
    // Far more than a network can have, and few enough to be listed.
    let depth = depth.min(4 * MAX_LAYERS);
    let before = depth / 2;
    let hidden = |count: usize| (0..count).map(|_| conv(features, Same, hidden_activation));
    let mut encoder = vec![Layer::PixelUnshuffle(PixelUnshuffle { factor: 2 })];
    encoder.extend(hidden(before));
    let mut decoder: Vec<Layer> = hidden(depth.saturating_sub(before + 1)).collect();
    decoder.push(conv(item.channels.saturating_mul(4), Same, Linear));
    decoder.push(Layer::PixelShuffle(PixelShuffle { factor: 2 }));
    let initialisation = Initialisation::OF_DENOISER;
    Network { encoder, decoder, residual, noise_level, initialisation, ..Network::empty(item) }
}

/// A variational autoencoder of convolutions: 32 and 64 channels with stride 2, a dense layer to means and
/// log-variances, and transposed convolutions back, as in the example "Variational AutoEncoder" of Keras (Chollet
/// 2020), which has a dense layer of 16 more. Both sides of an item must be divisible by 4; others are refused when the
/// network is checked.
pub fn convolutional_variational(input: Shape, code: usize, output: Activation) -> Network {
    use Activation::{Linear, Relu};
    let down = |channels| {
        let (kernel, stride) = ([3, 3], [2, 2]);
        Layer::Conv(Conv { channels, kernel, stride, padding: Padding::Same, activation: Relu })
    };
    let up = |channels| {
        let (kernel, stride, padding) = ([3, 3], [2, 2], Padding::Same);
        Layer::ConvTranspose(ConvTranspose { channels, kernel, stride, padding, activation: Relu })
    };
    let dense = |outputs, activation| Layer::Dense(Dense { outputs, activation, tied_to: None });
    let small = Shape::new(64, input.height.div_ceil(4), input.width.div_ceil(4));
    Network {
        encoder: vec![
            down(32),
            down(64),
            dense(code.saturating_mul(2), Linear),
            Layer::Sample(Sample {}),
        ],
        decoder: vec![
            dense(small.numbers(), Relu),
            Layer::Reshape(Reshape { shape: [small.channels, small.height, small.width] }),
            up(64),
            up(32),
            conv(input.channels, Padding::Same, output),
        ],
        ..Network::empty(input)
    }
}

/// A variational autoencoder of dense layers: hidden widths, then the code's (Kingma and Welling, ICLR 2014, appendix
/// C.1). The decoder mirrors the encoder.
pub fn variational(input: Shape, hidden: &[usize], code: usize, output: Activation) -> Network {
    use Activation::{Linear, Relu};
    let numbers = input.numbers();
    let widths = |first: usize, hidden: &mut dyn Iterator<Item = usize>, last: usize| {
        [first].into_iter().chain(hidden).chain([last]).collect::<Vec<_>>()
    };
    let down = widths(numbers, &mut hidden.iter().copied(), code.saturating_mul(2));
    let up = widths(code, &mut hidden.iter().rev().copied(), numbers);
    let mut encoder = dense_layers(&down, Relu, Linear);
    encoder.push(Layer::Sample(Sample {}));
    Network { encoder, decoder: dense_layers(&up, Relu, output), ..Network::empty(input) }
}
