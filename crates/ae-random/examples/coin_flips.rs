//! Counts the heads of 100 000 series of coin flips on one thread and on four: the same series on both.

use std::thread;

use ae_random::{Seed, Stream};

const SERIES: u64 = 100_000;
const FLIPS: u32 = 100;

/// Heads of one series. The series is the sample of the stream, so it does not matter which thread draws it.
fn heads(flips: &Stream, series: u64) -> u32 {
    let mut flips = flips.at(0, series);
    (0..FLIPS).map(|_| flips.below(2)).sum()
}

/// The number of series with at least 60 heads, counted by so many threads.
fn lucky_series(flips: &Stream, threads: u64) -> usize {
    let count = |thread: u64| {
        let series = (thread..SERIES).step_by(threads as usize);
        series.filter(|&series| heads(flips, series) >= 60).count()
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || count(thread))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap_or_default()).sum()
    })
}

fn main() {
    let flips = Seed::new(42).stream("flips");
    for threads in [1, 4] {
        let lucky = lucky_series(&flips, threads);
        let percent = 100.0 * lucky as f64 / SERIES as f64;
        #[expect(clippy::print_stdout, reason = "an example prints")]
        {
            // The exact probability of at least 60 heads is 2.84 %.
            println!(
                "{threads} threads: {lucky} of {SERIES} series have 60 heads or more ({percent:.2} %)"
            );
        }
    }
}
