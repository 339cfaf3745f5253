//! Throughput of uniform and normal numbers for the pixels of 64 images, each at its own sample, on one thread.

use ae_random::{Seed, Stream};
use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};

const IMAGES: usize = 64;
const PIXELS: usize = 784;

fn main() {
    divan::main();
}

#[divan::bench]
fn uniforms(bencher: Bencher<'_, '_>) {
    fill(bencher, Stream::fill_uniform);
}

#[divan::bench]
fn normals(bencher: Bencher<'_, '_>) {
    fill(bencher, Stream::fill_normal);
}

fn fill(bencher: Bencher<'_, '_>, draw: impl Fn(&mut Stream, &mut [f32])) {
    let stream = Seed::new(42).stream("bench");
    let mut numbers = vec![0.0; IMAGES * PIXELS];
    bencher
        .counter(ItemsCount::new(numbers.len()))
        .counter(BytesCount::of_slice(&numbers))
        .bench_local(|| {
            for (image, numbers) in numbers.chunks_exact_mut(PIXELS).enumerate() {
                draw(&mut stream.at(0, image as u64), numbers);
            }
        });
}
