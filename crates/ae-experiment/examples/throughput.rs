//! How fast a trained model and a noise are: our side of `cargo xtask bench`, and an example of [`Model`].
//!
//! `throughput inference RUN DATA THREADS` or `throughput noise DATA THREADS` prints one line of JSON; RUN is
//! the folder of a run or a weights file, DATA a data folder.
#![expect(clippy::print_stdout, reason = "its result is a line on standard output")]

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use ae_corruption::{Noise, corrupt_batch};
use ae_experiment::{Dataset, Inputs, Model, Network, Seed, Source, device, load};
use rayon::prelude::*;

/// Rows of a slice that a thread corrupts at once.
const SLICE: usize = 64;
/// Calls with one image that are timed together.
const SINGLES: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match arguments.as_slice() {
        ["inference", run, data, threads] => {
            limit(threads)?;
            inference(&Model::open(Path::new(run), &device("cpu")?)?, &read(data)?)?
        }
        ["noise", data, threads] => {
            limit(threads)?;
            noise(&read(data)?)
        }
        _ => {
            return Err("usage: throughput inference RUN DATA THREADS, or noise DATA THREADS".into());
        }
    };
    println!("{result}");
    Ok(())
}

fn limit(threads: &str) -> Result<(), Box<dyn Error>> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build_global()?)
}

fn read(data: &str) -> Result<Dataset, Box<dyn Error>> {
    let source: Source = data.parse()?;
    Ok(load(&source, Network::Offline, &mut |_: &str, _: u64, _: Option<u64>| {})?)
}

/// Images a second in batches of 256 and of 10 000, and microseconds for one image.
fn inference(model: &Model, dataset: &Dataset) -> Result<serde_json::Value, Box<dyn Error>> {
    let images = Inputs::from_images("test images", &dataset.test).pixels;
    let size = dataset.test.height() * dataset.test.width();
    // What can fail fails here, before the clock runs.
    model.reconstruct(&images)?;
    let in_batches = |rows: usize| {
        let seconds = median_seconds(|| {
            for batch in images.chunks(rows * size) {
                let _ = black_box(model.reconstruct(black_box(batch)));
            }
        });
        (images.len() / size) as f64 / seconds
    };
    let single = median_seconds(|| {
        for _ in 0..SINGLES {
            let _ = black_box(model.reconstruct(black_box(&images[..size])));
        }
    });
    Ok(serde_json::json!({
        "images_per_second_256": in_batches(256),
        "images_per_second_10000": in_batches(10_000),
        "single_image_us": single / SINGLES as f64 * 1e6,
    }))
}

/// Seconds to put Gaussian noise of factor 0.5 on every training image, clipped to [0, 1].
fn noise(dataset: &Dataset) -> serde_json::Value {
    let train = &dataset.train;
    let (height, width) = (train.height(), train.width());
    let images = Inputs::from_images("training images", train).pixels;
    let mut noisy = images.clone();
    let noise: Noise = "gaussian:0.5".parse().unwrap_or_else(|error| panic!("{error}"));
    let stream = Seed::new(42).stream("corruption/train");
    let slice = SLICE * height * width;
    let seconds = median_seconds(|| {
        noisy.par_chunks_mut(slice).zip(images.par_chunks(slice)).enumerate().for_each(
            |(index, (noisy, images))| {
                noisy.copy_from_slice(images);
                let first = (index * SLICE) as u32;
                let rows = (images.len() / (height * width)) as u32;
                let samples: Vec<u32> = (first..first + rows).collect();
                corrupt_batch(&noise, noisy, &samples, height, width, 1, &stream);
            },
        );
        black_box(&noisy);
    });
    serde_json::json!({ "noise_seconds": seconds })
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
