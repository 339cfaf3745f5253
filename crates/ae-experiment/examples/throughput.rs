//! Measures how fast a trained model reconstructs: our side of `cargo xtask bench`, and an example of [`Inference`].
//!
//! `throughput RUN DATA THREADS [IMAGES]` prints one line of JSON; RUN is the folder of a run or a weights file, DATA a
//! data folder, of which the first IMAGES test images are used.
#![expect(clippy::print_stdout, reason = "its result is a line on standard output")]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use ae_apply::{Device, Model};
use ae_dataset::{Dataset, Inputs, LoadOptions, Network, Source, load};
use ae_models::{Inference, ModelError};
use serde_json::{Value, json};

/// Calls with one image that are timed together.
const SINGLES: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [run, data, threads, rest @ ..] = arguments.as_slice() else {
        return Err("usage: throughput RUN DATA THREADS [IMAGES]".into());
    };
    let count = rest.first().map_or(Ok(usize::MAX), |count| count.parse())?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build()?;
    let dataset = read(data)?;
    let model = Model::open(Path::new(run))?.saved().inference(&Device::Cpu)?;
    let result = pool.install(|| inference(model.as_ref(), &dataset, count))?;
    println!("{result}");
    Ok(())
}

fn read(data: &str) -> Result<Dataset, Box<dyn Error>> {
    let source: Source = data.parse()?;
    Ok(load(&source, &LoadOptions::default(), Network::Offline, &mut ())?)
}

/// Images a second in batches of 256 and, of as many images, of 10 000, and microseconds for one image.
fn inference(model: &dyn Inference, dataset: &Dataset, count: usize) -> Result<Value, ModelError> {
    let mut images = Inputs::from_images("test images", &dataset.test).pixels;
    let size = model.pixels();
    images.truncate(count.saturating_mul(size));
    let mut outputs = vec![0.0; images.len()];
    // What can fail fails here, before the clock runs.
    model.reconstruct(&images, &mut outputs)?;
    let mut in_batches = |rows: usize| {
        let seconds = median_seconds(|| {
            // Every batch into the same memory, as a program that goes through a data set does.
            for images in images.chunks(rows * size) {
                let outputs = &mut outputs[..images.len()];
                let _ = model.reconstruct(black_box(images), black_box(outputs));
            }
        });
        (images.len() / size) as f64 / seconds
    };
    let mut results = json!({ "images_per_second_256": in_batches(256) });
    if images.len() >= 10_000 * size {
        results["images_per_second_10000"] = in_batches(10_000).into();
    }
    let single = median_seconds(|| {
        for _ in 0..SINGLES {
            let _ = model.reconstruct(black_box(&images[..size]), black_box(&mut outputs[..size]));
        }
    });
    results["single_image_us"] = (single / SINGLES as f64 * 1e6).into();
    Ok(results)
}

/// The median time of a call, over about a second of calls after a warm-up.
fn median_seconds(mut call: impl FnMut()) -> f64 {
    call();
    let mut times: Vec<Duration> = Vec::new();
    while times.len() < 5 || times.iter().sum::<Duration>() < Duration::from_secs(1) {
        let start = Instant::now();
        call();
        times.push(start.elapsed());
    }
    times.sort();
    times[times.len() / 2].as_secs_f64()
}
