//! The tutorial's autoencoder as a user of Burn writes it: `Linear`, `Adam`, the stable loss from logits.
//!
//! `burn-peer tutorial DATA EPOCHS THREADS` prints one line of JSON.

#[path = "../../idx.rs"]
mod idx;

use std::time::Instant;

use burn::backend::{Autodiff, Flex};
use burn::module::{AutodiffModule, Module};
use burn::nn::{Initializer, Linear, LinearConfig};
use burn::optim::{AdamConfig, GradientsParams, Optimizer};
use burn::tensor::activation::relu;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{ElementConversion, Int, Tensor, TensorData};

const BATCH: usize = 256;

#[derive(Module, Debug)]
struct Autoencoder<B: Backend> {
    encoder: Linear<B>,
    decoder: Linear<B>,
}

impl<B: Backend> Autoencoder<B> {
    fn new(device: &B::Device) -> Self {
        let layer = |inputs, outputs| {
            let glorot = Initializer::XavierUniform { gain: 1.0 };
            LinearConfig::new(inputs, outputs).with_initializer(glorot).init(device)
        };
        Self { encoder: layer(idx::PIXELS, 32), decoder: layer(32, idx::PIXELS) }
    }

    /// Burn's own loss takes targets of 0 and 1 alone; this is its formula for any target.
    fn loss(&self, images: Tensor<B, 2>) -> Tensor<B, 1> {
        let logits = self.decoder.forward(relu(self.encoder.forward(images.clone())));
        let softplus = logits.clone().abs().neg().exp().log1p();
        (relu(logits.clone()) - logits * images + softplus).mean()
    }
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, work, data, epochs, _threads] = arguments.as_slice() else {
        return Err("usage: burn-peer tutorial DATA EPOCHS THREADS".into());
    };
    if work != "tutorial" {
        return Err(format!("this peer does not know the work {work}").into());
    }
    train::<Autodiff<Flex>>(data, epochs.parse()?)
}

fn train<B: AutodiffBackend>(data: &str, epochs: u64) -> Result<()> {
    let device = B::Device::default();
    let train = images::<B>(data, "train-images-idx3-ubyte", &device)?;
    let test = images::<B::InnerBackend>(data, "t10k-images-idx3-ubyte", &device)?;
    let mut model = Autoencoder::<B>::new(&device);
    let mut optimizer = AdamConfig::new().with_epsilon(1e-7).init();
    let (mut seconds, mut loss, mut val_loss) = (Vec::new(), 0.0, 0.0);
    for epoch in 0..epochs {
        let start = Instant::now();
        loss = 0.0;
        let order = idx::order(train.dims()[0], epoch);
        for batch in order.chunks(BATCH) {
            let rows = Tensor::<B, 1, Int>::from_data(TensorData::from(batch), &device);
            let batch_loss = model.loss(train.clone().select(0, rows));
            let gradients = GradientsParams::from_grads(batch_loss.backward(), &model);
            model = optimizer.step(1e-3, model, gradients);
            loss += batch_loss.into_scalar().elem::<f64>();
        }
        loss /= order.chunks(BATCH).len() as f64;
        val_loss = model.valid().loss(test.clone()).into_scalar().elem::<f64>();
        seconds.push(start.elapsed().as_secs_f64());
    }
    idx::report("burn 0.21.0 (flex)", &seconds, loss, val_loss);
    Ok(())
}

fn images<B: Backend>(data: &str, stem: &str, device: &B::Device) -> Result<Tensor<B, 2>> {
    let pixels = idx::images(data, stem)?;
    let count = pixels.len() / idx::PIXELS;
    Ok(Tensor::from_data(TensorData::new(pixels, [count, idx::PIXELS]), device))
}
