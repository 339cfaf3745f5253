//! The evaluation of a model on images of several channels.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_corruption::{Draw, Noise};
use ae_dataset::{ImageShape, Images, Pixels};
use ae_models::{DenseConfig, Device, ModelKind};
use ae_random::Seed;
use ae_training::{Detail, Quality, SampleCorruption, Samples, TrainingBatch, evaluate};

const SIDE: usize = 8;

/// scikit-image with `channel_axis` averages over the channels; of three equal ones, the mean is each one's.
#[test]
fn the_similarity_of_colours_is_the_mean_of_the_channels() {
    let grey: Vec<u8> = (0..20 * SIDE * SIDE).map(|i| (i * i * 31 % 256) as u8).collect();
    let of_channels = |channels: usize| {
        let size = channels * SIDE * SIDE;
        let images = grey.chunks(SIDE * SIDE);
        let pixels = Pixels::Bytes(images.flat_map(|image| image.repeat(channels)).collect());
        let shape = ImageShape { channels, height: SIDE, width: SIDE };
        let images = Images::of_shape(shape, pixels).unwrap();
        let dense = DenseConfig {
            image: [SIDE, SIDE],
            channels,
            encoder: vec![size, 2],
            decoder: vec![2, size],
            ..DenseConfig::default()
        };
        let spec = dense.model(ModelKind::Denoising).unwrap();
        let architecture = spec.architecture().unwrap();
        let parameters = architecture.initialise(Seed::new(1));
        let model = architecture.inference(&parameters, &Device::Cpu).unwrap();
        // At the same place in every channel.
        let corruption: Noise = "occlusion:0.3".parse().unwrap();
        let stream = Seed::new(1).stream("noise");
        let corruption = SampleCorruption { corruption: &corruption, draw: Draw::Once, stream };
        let samples = Samples::new(&images, Some(corruption));
        let noisy = evaluate(model.as_ref(), &samples, Detail::Full).unwrap().noisy.unwrap();
        let TrainingBatch { inputs, targets } =
            samples.gather(&Vec::from_iter(0..images.len() as u32), 0);
        assert_eq!(Quality::of(&inputs, &targets, images.shape()), noisy);
        noisy
    };
    let (grey, colours) = (of_channels(1), of_channels(3));
    assert!((colours.ssim.unwrap() - grey.ssim.unwrap()).abs() < 1e-12);
    assert!((colours.mse - grey.mse).abs() < 1e-12);
    assert!((colours.sse - 3.0 * grey.sse).abs() < 1e-9);
}
