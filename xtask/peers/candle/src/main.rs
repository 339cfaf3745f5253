//! The tutorial's autoencoder as a user of candle writes it: `Linear`, its own loss, `AdamW`.
//!
//! `candle-peer tutorial DATA EPOCHS THREADS` prints one line of JSON.

#[path = "../../idx.rs"]
mod idx;

use std::time::Instant;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::loss::binary_cross_entropy_with_logit;
use candle_nn::{AdamW, Linear, Module, Optimizer, ParamsAdamW, VarBuilder, VarMap, linear};

const BATCH: usize = 256;

struct Autoencoder {
    encoder: Linear,
    decoder: Linear,
}

impl Autoencoder {
    fn new(variables: VarBuilder) -> Result<Self> {
        Ok(Self {
            encoder: linear(idx::PIXELS, 32, variables.pp("encoder"))?,
            decoder: linear(32, idx::PIXELS, variables.pp("decoder"))?,
        })
    }

    fn logits(&self, images: &Tensor) -> Result<Tensor> {
        self.decoder.forward(&self.encoder.forward(images)?.relu()?)
    }
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, work, data, epochs, _threads] = arguments.as_slice() else {
        return Err("usage: candle-peer tutorial DATA EPOCHS THREADS".into());
    };
    if work != "tutorial" {
        return Err(format!("this peer does not know the work {work}").into());
    }
    let load = |stem| -> std::result::Result<Tensor, Box<dyn std::error::Error>> {
        let pixels = idx::images(data, stem)?;
        let count = pixels.len() / idx::PIXELS;
        Ok(Tensor::from_vec(pixels, (count, idx::PIXELS), &Device::Cpu)?)
    };
    let (train, test) = (load("train-images-idx3-ubyte")?, load("t10k-images-idx3-ubyte")?);

    let variables = VarMap::new();
    let model = Autoencoder::new(VarBuilder::from_varmap(&variables, DType::F32, &Device::Cpu))?;
    let parameters = ParamsAdamW { lr: 1e-3, weight_decay: 0.0, ..ParamsAdamW::default() };
    let mut optimizer = AdamW::new(variables.all_vars(), parameters)?;
    let (mut seconds, mut loss, mut val_loss) = (Vec::new(), 0.0, 0.0);
    for epoch in 0..epochs.parse()? {
        let start = Instant::now();
        loss = 0.0;
        let order = idx::order(train.dim(0)?, epoch);
        for batch in order.chunks(BATCH) {
            let images = train.index_select(&Tensor::new(batch, &Device::Cpu)?, 0)?;
            let batch_loss = binary_cross_entropy_with_logit(&model.logits(&images)?, &images)?;
            optimizer.backward_step(&batch_loss)?;
            loss += f64::from(batch_loss.to_scalar::<f32>()?);
        }
        loss /= order.chunks(BATCH).len() as f64;
        let logits = model.logits(&test)?;
        val_loss = f64::from(binary_cross_entropy_with_logit(&logits, &test)?.to_scalar::<f32>()?);
        seconds.push(start.elapsed().as_secs_f64());
    }
    if !loss.is_finite() {
        return Err(format!("the loss is {loss}").into());
    }
    idx::report("candle 0.11.1", &seconds, loss, val_loss);
    Ok(())
}
