//! The distributions of streams, and the independence of streams from each other.

use ae_random::{Seed, Stream};
use proptest::prelude::*;

const SAMPLES: usize = 1_000_000;

fn stream() -> Stream {
    Seed::new(42).stream("statistics")
}

fn normals() -> Vec<f32> {
    let mut numbers = vec![0.0; SAMPLES];
    stream().fill_normal(&mut numbers);
    numbers
}

fn uniforms() -> Vec<f32> {
    let mut numbers = vec![0.0; SAMPLES];
    stream().fill_uniform(&mut numbers);
    numbers
}

fn mean(numbers: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = numbers.len() as f64;
    numbers.sum::<f64>() / n
}

/// The Kolmogorov-Smirnov distance between a sample and a distribution function.
fn kolmogorov_smirnov(mut numbers: Vec<f32>, distribution: impl Fn(f64) -> f64) -> f64 {
    numbers.sort_by(f32::total_cmp);
    let n = numbers.len() as f64;
    numbers.iter().enumerate().fold(0.0, |distance: f64, (rank, &x)| {
        let f = distribution(f64::from(x));
        distance.max(f - rank as f64 / n).max((rank + 1) as f64 / n - f)
    })
}

/// Phi(x) by the series of Marsaglia, "Evaluating the normal distribution" (2004).
fn normal_distribution(x: f64) -> f64 {
    let (mut term, mut sum, mut i) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() && i < 400.0 {
        i += 2.0;
        term *= x * x / i;
        sum += term;
    }
    0.5 + sum * (-0.5 * x * x - 0.918_938_533_204_672_7).exp()
}

// The 0.1 % critical value of the distance is 1.95 / sqrt(n).
const CRITICAL: f64 = 1.95 / 1000.0;

#[test]
fn uniforms_are_uniform() {
    let numbers = uniforms();
    assert!(numbers.iter().all(|x| (0.0..1.0).contains(x)));
    assert!(kolmogorov_smirnov(numbers, |x| x) < CRITICAL);
}

#[test]
fn normals_are_normal() {
    let numbers = normals();
    let moment = |power| mean(numbers.iter().map(|&x| f64::from(x).powi(power)));
    // Standard errors at a million samples: 0.001, 0.0014, 0.0039, 0.0098. Four of each.
    assert!(moment(1).abs() < 0.004);
    assert!((moment(2) - 1.0).abs() < 0.0057);
    assert!(moment(3).abs() < 0.016);
    assert!((moment(4) - 3.0).abs() < 0.04);
    assert!(kolmogorov_smirnov(numbers, normal_distribution) < CRITICAL);
}

#[test]
fn neighbours_in_a_stream_and_neighbouring_samples_and_epochs_are_uncorrelated() {
    let numbers = normals();
    for lag in [1, 16, 32, 64] {
        let pairs = numbers.iter().zip(&numbers[lag..]).map(|(&a, &b)| f64::from(a) * f64::from(b));
        assert!((pairs.sum::<f64>() / SAMPLES as f64).abs() < 0.004, "lag {lag}");
    }
    let draw = |epoch, sample| {
        let mut numbers = vec![0.0_f32; 100_000];
        stream().at(epoch, sample).fill_normal(&mut numbers);
        numbers
    };
    let here = draw(3, 7);
    for there in [draw(3, 8), draw(4, 7), draw(7, 3), draw(3, 7 + (1 << 32))] {
        let correlation = mean(here.iter().zip(&there).map(|(&a, &b)| f64::from(a) * f64::from(b)));
        assert!(correlation.abs() < 4.0 / 100_000_f64.sqrt());
    }
}

#[test]
fn every_integer_below_a_bound_has_the_same_probability() {
    let mut stream = stream();
    let mut counts = [0_u32; 7];
    for _ in 0..70_000 {
        counts[stream.below(7) as usize] += 1;
    }
    let chi_squared: f64 =
        counts.iter().map(|&count| (f64::from(count) - 10_000.0).powi(2) / 10_000.0).sum();
    assert!(chi_squared < 22.46, "0.1 % critical value at 6 degrees: {chi_squared}");
}

/// Without rejection, the products with 3 x 2^62 would give multiples of three twice as often as the others.
#[test]
fn every_integer_below_a_bound_of_64_bits_has_the_same_probability() {
    let mut stream = stream();
    let bound = 3_u64 << 62;
    let (mut by_size, mut by_remainder) = ([0_u32; 3], [0_u32; 3]);
    for _ in 0..30_000 {
        let number = stream.below_u64(bound);
        by_size[(number / (bound / 3)) as usize] += 1;
        by_remainder[(number % 3) as usize] += 1;
    }
    for count in by_size.into_iter().chain(by_remainder) {
        // Five standard deviations of a count.
        assert!((f64::from(count) - 10_000.0).abs() < 5.0 * (20_000.0_f64 / 3.0).sqrt(), "{count}");
    }
    for bound in [1, 2, 9] {
        assert!((0..1000).all(|_| stream.below_u64(bound) < bound));
    }
    // Both parities: the lower word is used too.
    let odd = (0..10_000).filter(|_| stream.below_u64(1 << 40) % 2 == 1).count();
    assert!((odd as f64 - 5000.0).abs() < 250.0, "{odd}");
}

#[test]
fn an_epoch_and_sample_do_not_depend_on_what_was_drawn() {
    let mut used = stream();
    for _ in 0..100 {
        used.next_u32();
    }
    assert_eq!(used.at(5, 6).next_u64(), stream().at(5, 6).next_u64());
}

/// Expected values: a Philox4x32-10 and a Box-Muller transform in Python, with integers and doubles.
#[test]
fn numbers_equal_an_independent_implementation() {
    let mut stream = Seed::new(42).stream("golden");
    assert_eq!(stream.next_u32(), WORD);
    let mut normals = [0.0; 4];
    stream.fill_normal(&mut normals);
    for (ours, theirs) in normals.iter().zip(NORMALS) {
        assert!((f64::from(*ours) - theirs).abs() < 1e-6, "{ours} against {theirs}");
    }
    // Bit for bit: the same on every machine.
    assert_eq!(normals.map(f32::to_bits), BITS);
}

const WORD: u32 = 649_469_701;
const NORMALS: [f64; 4] =
    [0.385_299_726_281_98, -0.293_767_324_200_22, 0.070_436_582_729_355, 2.414_852_815_581_35];
const BITS: [u32; 4] = [1_053_115_905, 3_197_528_237, 1_032_864_015, 1_075_481_842];

proptest! {
    #[test]
    fn shuffling_keeps_every_item(seed: u64, n in 0_usize..300) {
        let mut items: Vec<usize> = (0..n).collect();
        Seed::new(seed).stream("shuffle").shuffle(&mut items);
        items.sort_unstable();
        prop_assert_eq!(items, (0..n).collect::<Vec<_>>());
    }

    #[test]
    fn a_prefix_does_not_depend_on_the_length(seed: u64, n in 1_usize..500) {
        let mut long = vec![0.0; 500];
        let mut short = vec![0.0; n];
        Seed::new(seed).stream("prefix").fill_normal(&mut long);
        Seed::new(seed).stream("prefix").fill_normal(&mut short);
        prop_assert_eq!(&long[..n], &short[..]);
    }
}
