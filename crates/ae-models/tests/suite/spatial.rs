//! Networks for pictures of any size: a tile with its neighbourhood gives the bits of the whole picture.

use ae_models::layer::{
    ActivationLayer, BatchNorm, Conv, ConvTranspose, Dropout, MaxPool, PixelShuffle,
    PixelUnshuffle, Reshape, Upsample,
};
use ae_models::{
    Activation, CheckedNetwork, Device, Inference, Layer, Margins, ModelKind, ModelSpec, Network,
    Padding, Parameters, Reach, SavedModel, Shape, Window, keras_conv, keras_conv_denoiser,
};
use proptest::prelude::*;

fn conv(channels: usize, kernel: Window, stride: Window) -> Layer {
    let (padding, activation) = (Padding::Same, Activation::LeakyRelu);
    Layer::Conv(Conv { channels, kernel, stride, padding, activation })
}

fn transposed(channels: usize, kernel: Window, stride: Window) -> Layer {
    let (padding, activation) = (Padding::Same, Activation::Tanh);
    Layer::ConvTranspose(ConvTranspose { channels, kernel, stride, padding, activation })
}

fn pool(size: Window, stride: Window) -> Layer {
    Layer::MaxPool(MaxPool { size, stride: Some(stride), padding: Padding::Same })
}

fn network(encoder: Vec<Layer>, decoder: Vec<Layer>) -> Network {
    let mut network = ModelSpec::tutorial(ModelKind::Regular).network;
    network.image = [24, 24];
    network.encoder = encoder;
    network.decoder = decoder;
    network
}

fn reach(network: &Network) -> Option<[Reach; 2]> {
    network.check().unwrap().spatial()
}

/// Down, where the code has a place for each pixel and the encoder is the whole network but the last layer.
fn down(network: &Network) -> Reach {
    reach(network).unwrap()[0]
}

#[test]
fn the_reach_of_small_networks() {
    let margins = |before, after| Margins { before, after };
    let point = || conv(1, [1, 1], [1, 1]);
    // 3 taps see a pixel before and a pixel behind; 4 taps one before and two behind.
    let both = down(&network(vec![conv(2, [3, 1], [1, 1])], vec![conv(1, [4, 1], [1, 1])]));
    let code = margins(1, 1);
    assert_eq!(both, Reach { step: 1, output: margins(2, 3), code, code_places: 1 });
    // The transposed convolution is the adjoint.
    assert_eq!(
        down(&network(vec![transposed(1, [4, 1], [1, 1])], vec![point()])).output,
        margins(2, 1)
    );
    // Windows of 2 pixels with nothing to pad, repeated twice.
    let halves =
        network(vec![pool([2, 2], [2, 2])], vec![Layer::Upsample(Upsample { factor: [2, 2] })]);
    let none = margins(0, 0);
    assert_eq!(down(&halves), Reach { step: 2, output: none, code: none, code_places: 1 });
    // Stride 2, 3 taps: a block of two pixels sees the pixel behind it; margins are whole blocks.
    let strided =
        network(vec![conv(1, [3, 3], [2, 2])], vec![Layer::Upsample(Upsample { factor: [2, 2] })]);
    assert_eq!(down(&strided).output, margins(0, 2));
    // At half the size, 3 taps reach 2 pixels to both sides.
    let shuffled = network(
        vec![Layer::PixelUnshuffle(PixelUnshuffle { factor: 2 }), conv(8, [3, 3], [1, 1])],
        vec![conv(4, [3, 3], [1, 1]), Layer::PixelShuffle(PixelShuffle { factor: 2 })],
    );
    let two = margins(2, 2);
    assert_eq!(
        down(&shuffled),
        Reach { step: 2, output: margins(4, 4), code: two, code_places: 1 }
    );
    // A finer code has several places for each pixel.
    let finer = network(vec![transposed(2, [3, 3], [3, 3])], vec![conv(1, [3, 3], [3, 3])]);
    assert_eq!(down(&finer), Reach { step: 1, output: none, code: none, code_places: 3 });
    // Axes are apart.
    let flat = reach(&network(vec![conv(1, [3, 1], [1, 1])], vec![point()])).unwrap();
    assert_eq!([flat[0].output, flat[1].output], [margins(1, 1), none]);
}

#[test]
fn presets_of_the_blog_are_spatial_where_they_have_no_valid_padding() {
    let size = |side| Shape::new(1, side, side);
    let denoiser = reach(&keras_conv_denoiser(size(28), Activation::Sigmoid)).unwrap();
    // 3 taps at steps 1, 2, 4, 2, 1: 1 + 2 + 4 + 2 + 1 = 10 to both sides, of blocks of 4.
    assert_eq!(denoiser[0].step, 4);
    assert_eq!(denoiser[0].output, Margins { before: 12, after: 12 });
    assert!(reach(&keras_conv(size(32), Activation::Sigmoid)).is_some());
    assert_eq!(reach(&keras_conv(size(28), Activation::Sigmoid)), None);
}

#[test]
fn layers_that_know_places_are_not_spatial() {
    let reshape = Layer::Reshape(Reshape { shape: [1, 24, 24] });
    assert_eq!(reach(&network(vec![conv(1, [3, 3], [1, 1])], vec![reshape])), None);
    assert_eq!(reach(&ModelSpec::tutorial(ModelKind::Regular).network), None);
    // An item that happens to come back to its size: 1 pixel is halved to 1.
    let mut tiny = network(vec![conv(1, [1, 1], [2, 2])], vec![conv(1, [1, 1], [1, 1])]);
    tiny.image = [1, 1];
    assert_eq!(reach(&tiny), None);
}

/// Sizes beyond all numbers end in `None`, not in a wrong number.
#[test]
fn a_step_that_overflows_is_none() {
    let half = 1 << 63;
    let layers = |count: usize| vec![pool([1, 1], [half, half]); count];
    let mut huge = network(layers(3), layers(3));
    huge.image = [1, 1];
    assert_eq!(reach(&huge), None);
}

/// A layer of a random network, on its way to the item's size.
#[derive(Debug, Clone)]
enum Part {
    Conv(Window, Window),
    Transposed(Window, Window),
    Pool(Window, Window),
    Upsample(Window),
    Unshuffle,
    Shuffle,
    Normalised,
}

fn part() -> impl Strategy<Value = Part> {
    let kernel = || [1..6_usize, 1..6_usize];
    let stride = || prop_oneof![2 => Just([1, 1]), 1 => [1..4_usize, 1..4_usize]];
    prop_oneof![
        4 => (kernel(), stride()).prop_map(|(kernel, stride)| Part::Conv(kernel, stride)),
        3 => (kernel(), stride()).prop_map(|(kernel, stride)| Part::Transposed(kernel, stride)),
        2 => (kernel(), stride()).prop_map(|(kernel, stride)| Part::Pool(kernel, stride)),
        1 => stride().prop_map(Part::Upsample),
        1 => Just(Part::Unshuffle),
        1 => Just(Part::Shuffle),
        1 => Just(Part::Normalised),
    ]
}

/// Layers of these kinds, and one that brings the item's size back.
fn spatial_network(parts: &[Part], channels: usize, image: [usize; 2]) -> Network {
    let mut layers = Vec::new();
    // Steps of the map, down and across: how much finer and how much coarser than pixels.
    let [mut finer, mut coarser] = [[1; 2]; 2];
    let times = |steps: &mut Window, by: Window| (0..2).for_each(|axis| steps[axis] *= by[axis]);
    for part in parts {
        match *part {
            Part::Conv(kernel, stride) => {
                layers.push(conv(5, kernel, stride));
                times(&mut coarser, stride);
            }
            Part::Transposed(kernel, stride) => {
                layers.push(transposed(2, kernel, stride));
                times(&mut finer, stride);
            }
            Part::Pool(size, stride) => {
                layers.push(pool(size, stride));
                times(&mut coarser, stride);
            }
            Part::Upsample(factor) => {
                layers.push(Layer::Upsample(Upsample { factor }));
                times(&mut finer, factor);
            }
            Part::Unshuffle => {
                layers.push(Layer::PixelUnshuffle(PixelUnshuffle { factor: 2 }));
                times(&mut coarser, [2, 2]);
            }
            Part::Shuffle => {
                layers.push(conv(4, [1, 1], [1, 1]));
                layers.push(Layer::PixelShuffle(PixelShuffle { factor: 2 }));
                times(&mut finer, [2, 2]);
            }
            Part::Normalised => {
                layers.push(Layer::BatchNorm(BatchNorm { momentum: 0.1, epsilon: 1e-5 }));
                layers.push(Layer::Activation(ActivationLayer { activation: Activation::Elu }));
                layers.push(Layer::Dropout(Dropout { rate: 0.5 }));
            }
        }
    }
    let decoder = vec![transposed(3, [3, 3], coarser), conv(channels, [3, 3], finer)];
    layers.insert(0, conv(3, [1, 1], [1, 1]));
    Network { channels, image, ..network(layers, decoder) }
}

fn model(network: &Network) -> SavedModel {
    let spec = ModelSpec { kind: ModelKind::Regular, network: network.clone() };
    let layout = spec.check().unwrap().layout();
    let mut values = Vec::new();
    for view in layout.views() {
        let count = view.shape.iter().product::<usize>();
        let number = |k: usize| ((k * 37 + 11) % 101) as f32 / 50.0 - 1.0;
        let is_variance = view.name.ends_with("running_var");
        let value = |k| if is_variance { 0.5 + number(k).abs() } else { 0.6 * number(k) };
        values.extend((values.len()..values.len() + count).map(value));
    }
    SavedModel::new(spec, Parameters::new(layout, values).unwrap())
}

fn at_size(model: &SavedModel, size: [usize; 2]) -> (CheckedNetwork, Box<dyn Inference>) {
    let spec = model.spec.at_size(size);
    let inference = spec.architecture().unwrap().inference(&model.parameters, &Device::Cpu);
    (spec.check().unwrap(), inference.unwrap())
}

/// A part of a map, `channels x height x width`.
fn cut(
    map: &[f32],
    [_, width]: [usize; 2],
    area: usize,
    rows: [usize; 2],
    columns: [usize; 2],
) -> Vec<u32> {
    let mut part = Vec::new();
    for plane in map.chunks(area) {
        for y in rows[0]..rows[1] {
            part.extend(plane[y * width..][columns[0]..columns[1]].iter().map(|x| x.to_bits()));
        }
    }
    part
}

/// The shortest tile that has the block with its neighbourhood, within the picture.
fn around(block: usize, reach: Reach, margins: Margins, length: usize) -> [usize; 2] {
    let tile = (margins.before + reach.step + margins.after).min(length);
    let start = (block * reach.step).saturating_sub(margins.before).min(length - tile);
    [start, start + tile]
}

fn check_tiles(network: &Network, blocks: [usize; 2]) {
    let model = model(network);
    let reaches = reach(network).unwrap();
    let size = [0, 1].map(|axis| blocks[axis] * reaches[axis].step);
    let (whole, inference) = at_size(&model, size);
    assert_eq!(whole.spatial(), Some(reaches));
    assert_eq!(&whole.layout(), model.parameters.layout());
    let channels = network.channels;
    let picture: Vec<f32> = (0..channels * size[0] * size[1])
        .map(|k| ((k * k * 7 + k * 13) % 251) as f32 / 250.0)
        .collect();
    let mut output = vec![0.0; picture.len()];
    inference.reconstruct(&picture, &mut output).unwrap();
    let mut code = vec![0.0; inference.latent_dim()];
    inference.encode(&picture, &mut code).unwrap();
    let code_shape = whole.code();
    for y in 0..blocks[0] {
        for x in 0..blocks[1] {
            let at = [y, x];
            for of_code in [false, true] {
                let margins =
                    |axis: usize| if of_code { reaches[axis].code } else { reaches[axis].output };
                let tile =
                    [0, 1].map(|axis| around(at[axis], reaches[axis], margins(axis), size[axis]));
                let lengths = [0, 1].map(|axis| tile[axis][1] - tile[axis][0]);
                let (_, inference) = at_size(&model, lengths);
                let pixels: Vec<f32> = cut(&picture, size, size[0] * size[1], tile[0], tile[1])
                    .into_iter()
                    .map(f32::from_bits)
                    .collect();
                // Places of a pixel in the result, its size, and that of the tile's.
                let per = |axis: usize| {
                    if of_code { reaches[axis].code_places } else { reaches[axis].step }
                };
                let scaled = |pixels: usize, axis: usize| pixels / reaches[axis].step * per(axis);
                let (whole, expected) = match of_code {
                    true => ([code_shape.height, code_shape.width], &code),
                    false => (size, &output),
                };
                let mut found =
                    vec![0.0; if of_code { inference.latent_dim() } else { pixels.len() }];
                match of_code {
                    true => inference.encode(&pixels, &mut found).unwrap(),
                    false => inference.reconstruct(&pixels, &mut found).unwrap(),
                }
                let block = [0, 1].map(|axis| [at[axis] * per(axis), (at[axis] + 1) * per(axis)]);
                let within = [0, 1].map(|axis| {
                    let start = scaled(tile[axis][0], axis);
                    [block[axis][0] - start, block[axis][1] - start]
                });
                let own = [0, 1].map(|axis| scaled(lengths[axis], axis));
                assert_eq!(
                    cut(&found, own, own[0] * own[1], within[0], within[1]),
                    cut(expected, whole, whole[0] * whole[1], block[0], block[1]),
                    "block {at:?} of {blocks:?}, code: {of_code}, {network:?}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_block_with_its_neighbourhood_has_the_bits_of_the_whole_picture(
        parts in prop::collection::vec(part(), 1..5),
        is_coloured in any::<bool>(),
        is_residual in any::<bool>(),
        blocks in [1..5_usize, 1..5_usize],
    ) {
        let channels = if is_coloured { 3 } else { 1 };
        let mut network = spatial_network(&parts, channels, [6 * 36, 6 * 36]);
        network.residual = is_residual;
        if let Some(Layer::Conv(last)) = network.decoder.last_mut() {
            last.activation = if is_residual { Activation::Linear } else { last.activation };
        }
        let checked = network.check();
        prop_assume!(checked.is_ok_and(|checked| checked.spatial().is_some_and(|reach| {
            reach.iter().all(|reach| reach.step * blocks[0].max(blocks[1]) <= 120)
        })));
        check_tiles(&network, blocks);
    }
}

/// Many blocks, so that some have no border near, and pictures of one row or column.
#[test]
fn blocks_far_from_the_border_have_the_bits_of_the_whole_picture() {
    let parts = [
        Part::Unshuffle,
        Part::Conv([3, 4], [1, 1]),
        Part::Pool([3, 2], [2, 1]),
        Part::Transposed([2, 3], [1, 2]),
    ];
    let network = spatial_network(&parts, 3, [24, 24]);
    for blocks in [[9, 8], [1, 12], [12, 1]] {
        check_tiles(&network, blocks);
    }
    let denoiser = keras_conv_denoiser(Shape::new(1, 28, 28), Activation::Sigmoid);
    check_tiles(&denoiser, [8, 9]);
}
