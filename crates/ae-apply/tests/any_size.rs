//! Tiles give the bits of the whole picture.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_apply::{
    ApplyError, ImageShape, Model, PictureOptions, TrainedEncoder, estimated_noise_level,
};
use ae_models::layer::{Conv, ConvTranspose, MaxPool, PixelUnshuffle, Upsample};
use ae_models::{
    Activation, DenoiserConfig, Device, Layer, ModelKind, ModelSpec, Network, Padding, SavedModel,
    Seed, Shape, denoiser, keras_conv_denoiser,
};

/// Numbers of this shape, channels first.
struct Map {
    shape: [usize; 3],
    values: Vec<f32>,
}

fn model(network: Network) -> SavedModel {
    let spec = ModelSpec { kind: ModelKind::Denoising, network };
    let parameters = spec.architecture().unwrap().initialise(Seed::new(5));
    SavedModel::new(spec, parameters)
}

fn image(shape: ImageShape) -> Vec<f32> {
    (0..shape.size()).map(|place| (place * 7919 % 1009) as f32 / 1008.0).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

/// A picture whose outermost pixels are repeated to these lengths.
fn padded(picture: &[f32], shape: ImageShape, [rows, columns]: [usize; 2]) -> Vec<f32> {
    let ImageShape { height, width, .. } = shape;
    let plane = |plane: &[f32]| -> Vec<f32> {
        let at = |place: usize| {
            let (y, x) = (place / columns, place % columns);
            plane[y.min(height - 1) * width + x.min(width - 1)]
        };
        (0..rows * columns).map(at).collect()
    };
    picture.chunks(height * width).flat_map(plane).collect()
}

/// Strides, poolings and kernels of even sizes, down and across unlike, at a step of 6 and 4.
fn uneven() -> Network {
    let conv = |channels, kernel, stride| {
        let (padding, activation) = (Padding::Same, Activation::Elu);
        Layer::Conv(Conv { channels, kernel, stride, padding, activation })
    };
    let mut network = keras_conv_denoiser(Shape::new(1, 24, 24), Activation::Linear);
    network.encoder = vec![
        Layer::PixelUnshuffle(PixelUnshuffle { factor: 2 }),
        conv(6, [4, 3], [3, 1]),
        Layer::MaxPool(MaxPool { size: [3, 3], stride: Some([1, 2]), padding: Padding::Same }),
    ];
    network.decoder = vec![
        Layer::ConvTranspose(ConvTranspose {
            channels: 4,
            kernel: [2, 5],
            stride: [2, 4],
            padding: Padding::Same,
            activation: Activation::Tanh,
        }),
        Layer::Upsample(Upsample { factor: [3, 1] }),
        conv(1, [3, 2], [1, 1]),
    ];
    network
}

fn networks() -> Vec<Network> {
    vec![
        denoiser(
            Shape::new(1, 8, 8),
            &DenoiserConfig { features: 5, depth: 4, ..DenoiserConfig::default() },
        ),
        denoiser(
            Shape::new(3, 8, 8),
            &DenoiserConfig {
                features: 5,
                depth: 3,
                hidden_activation: Activation::LeakyRelu,
                noise_level: false,
                ..DenoiserConfig::default()
            },
        ),
        keras_conv_denoiser(Shape::new(1, 28, 28), Activation::Sigmoid),
        uneven(),
    ]
}

/// The whole picture at once, padded.
fn at_once(saved: &SavedModel, picture: &[f32], shape: ImageShape, level: f32) -> [Map; 2] {
    let network = saved.spec.check().unwrap();
    let reach = network.spatial().unwrap();
    let [rows, columns] = [0, 1].map(|axis| {
        let length = if axis == 0 { shape.height } else { shape.width };
        length.next_multiple_of(reach[axis].step)
    });
    let mut input = padded(picture, shape, [rows, columns]);
    if saved.spec.network.noise_level {
        input.extend(std::iter::repeat_n(level, rows * columns));
    }
    let spec = saved.spec.at_size([rows, columns]);
    let inference =
        spec.architecture().unwrap().inference(&saved.parameters, &Device::Cpu).unwrap();
    let (mut output, mut code) =
        (vec![0.0; shape.channels * rows * columns], vec![0.0; inference.latent_dim()]);
    inference.reconstruct(&input, &mut output).unwrap();
    inference.encode(&input, &mut code).unwrap();
    let ImageShape { height, width, .. } = shape;
    let cropped = output.chunks(columns).enumerate().filter(|(y, _)| y % rows < height);
    let values = cropped.flat_map(|(_, row)| row[..width].to_vec()).collect();
    let Shape { channels, height, width } = spec.check().unwrap().code();
    let [of_output, of_code] = [shape_of(shape), [channels, height, width]];
    [Map { shape: of_output, values }, Map { shape: of_code, values: code }]
}

fn shape_of(ImageShape { channels, height, width }: ImageShape) -> [usize; 3] {
    [channels, height, width]
}

fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// Also at the borders, where sizes do not fit the network, below a tile, and of one row or column.
#[test]
fn tiles_give_the_bits_of_the_whole_picture() {
    for network in networks() {
        let saved = model(network);
        let encoder = saved.encoder().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("encoder.safetensors");
        encoder.save(&path).unwrap();
        let (model, encoder) =
            (Model::new(saved.clone()).unwrap(), TrainedEncoder::open(&path).unwrap());
        let channels = saved.spec.network.channels;
        for (height, width) in [(1, 1), (1, 150), (97, 2), (3, 3), (40, 61), (64, 64), (101, 130)] {
            let shape = ImageShape { channels, height, width };
            let picture = image(shape);
            let takes_level = model.takes_noise_level();
            let level = match model.noise_level(&picture, shape) {
                Ok(level) => level.unwrap_or_default(),
                Err(error) => {
                    assert!(matches!(error, ApplyError::NoNoiseLevel { .. }), "{error}");
                    assert!(height.min(width) < 3);
                    0.25
                }
            };
            let noise_level = takes_level.then_some(level);
            let [output, code] = at_once(&saved, &picture, shape, level);
            for threads in [1, 3, 16] {
                let what = format!("{height} x {width}, {threads} threads, {:?}", saved.spec);
                with_threads(threads, || {
                    let options = PictureOptions { noise_level, overlap: None };
                    let mut calls = Vec::new();
                    let mut count = |done, total| calls.push((done, total));
                    let found =
                        model.reconstruct_picture(picture.clone(), shape, &options, &mut count);
                    assert_eq!(bits(&found.unwrap()), bits(&output.values), "{what}");
                    let (done, total) = calls.pop().unwrap();
                    assert_eq!(done, total);
                    // With as many threads there are tiles.
                    assert!(threads < 16 || height < 64 || total > 4, "{total}");
                    if takes_level && height.min(width) < 3 {
                        return;
                    }
                    let found = encoder.encode_picture(&picture, shape, &mut |_, _| {}).unwrap();
                    assert_eq!(found.shape, code.shape, "{what}");
                    assert_eq!(bits(&found.values), bits(&code.values), "{what}");
                });
            }
        }
    }
}

/// Where a picture has the model's own size, tiles change nothing.
#[test]
fn a_picture_of_the_models_size_is_what_the_model_makes_of_it() {
    for network in networks() {
        let model = Model::new(model(network)).unwrap();
        let (shape, picture) = (model.shape(), image(model.shape()));
        let whole = model.reconstruct_picture(
            picture.clone(),
            shape,
            &PictureOptions::default(),
            &mut |_, _| {},
        );
        assert_eq!(bits(&whole.unwrap()), bits(&model.reconstruct(&picture).unwrap()));
    }
}

/// A grey model takes each plane of a colour picture by itself.
#[test]
fn planes_go_through_a_grey_model_one_by_one() {
    let model = Model::new(model(uneven())).unwrap();
    let shape = ImageShape { channels: 3, height: 31, width: 22 };
    let picture = image(shape);
    let options = PictureOptions::default();
    let found =
        model.reconstruct_picture(picture.clone(), shape, &options, &mut |_, _| {}).unwrap();
    let grey = ImageShape { channels: 1, ..shape };
    for (plane, found) in picture.chunks(grey.size()).zip(found.chunks(grey.size())) {
        let alone =
            model.reconstruct_picture(plane.to_vec(), grey, &options, &mut |_, _| {}).unwrap();
        assert_eq!(bits(&alone), bits(found));
    }
}

/// A grey residual denoiser takes brightness and differences of colours, each with its share of the noise.
#[test]
fn a_colour_picture_goes_through_a_grey_denoiser_as_opponent_colours() {
    let mut saved = model(denoiser(
        Shape::new(1, 8, 8),
        &DenoiserConfig { features: 5, depth: 3, ..DenoiserConfig::default() },
    ));
    saved.spec.kind = ModelKind::Denoising;
    let model = Model::new(saved).unwrap();
    assert!(model.takes_colour_differences());
    let shape = ImageShape { channels: 3, height: 31, width: 22 };
    let (grey, picture) = (ImageShape { channels: 1, ..shape }, image(shape));
    let at = |level: f32| PictureOptions { noise_level: Some(level), overlap: None };
    let found =
        model.reconstruct_picture(picture.clone(), shape, &at(0.1), &mut |_, _| {}).unwrap();
    type OfColours = fn(f32, f32, f32) -> f32;
    let plane = |of: OfColours, planes: &[f32]| -> Vec<f32> {
        let size = grey.size();
        (0..size).map(|p| of(planes[p], planes[size + p], planes[2 * size + p])).collect()
    };
    let brightness: OfColours = |r, g, b| (r + g + b) / 3.0;
    let first: OfColours = |r, _, b| (r - b) / 2.0 + 0.5;
    let second: OfColours = |r, g, b| (r - 2.0 * g + b) / 4.0 + 0.5;
    let planes = [
        (brightness, 3.0_f32.sqrt().recip()),
        (first, 0.5_f32.sqrt()),
        (second, 6.0_f32.sqrt() / 4.0),
    ];
    // A plane has its share of the colours' level, or that in proportion to its own estimate if that is more.
    let whole = estimated_noise_level(&picture, shape).unwrap();
    let estimated = PictureOptions::default();
    let by_estimate =
        model.reconstruct_picture(picture.clone(), shape, &estimated, &mut |_, _| {}).unwrap();
    for (level, found) in [(0.1, found), (whole, by_estimate)] {
        for (of, share) in planes {
            let alone = plane(of, &picture);
            let own = estimated_noise_level(&alone, grey).unwrap() / whole;
            let options = at(level * own.max(share));
            let alone = model.reconstruct_picture(alone, grey, &options, &mut |_, _| {}).unwrap();
            let pairs = plane(of, &found).into_iter().zip(alone);
            pairs.for_each(|(a, b)| assert!((a - b).abs() < 1e-5, "{a} {b}"));
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let grey = Model::new(model(uneven())).unwrap();
    let told = Model::new(model(denoiser(
        Shape::new(3, 8, 8),
        &DenoiserConfig { features: 5, depth: 3, ..DenoiserConfig::default() },
    )))
    .unwrap();
    let shape = ImageShape { channels: 1, height: 20, width: 20 };
    let picture = image(shape);
    let refused = |model: &Model, length: usize, shape, options| {
        model
            .reconstruct_picture(picture[..length].to_vec(), shape, &options, &mut |_, _| {})
            .unwrap_err()
    };
    let plain = PictureOptions::default();
    let empty = ImageShape { height: 0, ..shape };
    for error in [
        refused(&grey, 399, shape, plain),
        refused(&grey, 0, empty, plain),
        refused(&told, 400, shape, plain),
    ] {
        assert!(matches!(error, ApplyError::ImageSize { .. }), "{error}");
    }
    let level = |level| PictureOptions { noise_level: Some(level), ..plain };
    let error = refused(&grey, 400, shape, level(0.1)).to_string();
    assert!(error.contains("the network is not told it"), "{error}");
    for sigma in [-0.1, 1.5, f32::NAN] {
        let error = refused(&grey, 400, shape, level(sigma)).to_string();
        assert!(error.contains("the noise level must be a number from 0 to 1"), "{error}");
    }
    let error = refused(&grey, 400, shape, PictureOptions { overlap: Some(2), ..plain });
    assert!(matches!(error, ApplyError::Setting { .. }), "{error}");
}
