//! Of fresh normal items, the fraction with a small p-value is what the p-value says.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_analysis::{AnomalyScore, Calibration, LeaveOneOut, NormalMoments, Rows, ThresholdRule};
use ae_random::{Seed, Stream};

const REPETITIONS: usize = 200;
const FRESH: usize = 100;

/// How codes and residuals are spread.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spread {
    /// Independent normals of equal variance.
    Normal,
    /// Codes as after a ReLU, of mixed directions; residuals of very different variances, and heavy tails.
    Skewed,
}

fn rows(values: &[f32], columns: usize) -> Rows<'_> {
    Rows::new(values, columns).unwrap()
}

/// Codes and residuals of items of one kind.
struct Source {
    spread: Spread,
    latent: usize,
    pixels: usize,
    mixing: Vec<f32>,
}

impl Source {
    fn new(spread: Spread, latent: usize, pixels: usize, stream: &mut Stream) -> Self {
        let mut mixing = vec![0.0; latent * latent];
        stream.fill_normal(&mut mixing);
        Self { spread, latent, pixels, mixing }
    }

    fn items(&self, count: usize, stream: &mut Stream) -> [Vec<f32>; 2] {
        let mut codes = vec![0.0; count * self.latent];
        let mut residuals = vec![0.0; count * self.pixels];
        stream.fill_normal(&mut codes);
        stream.fill_normal(&mut residuals);
        if self.spread == Spread::Skewed {
            let mix = |row: &[f32]| -> Vec<f32> {
                let lines = self.mixing.chunks(self.latent);
                let dot = |line: &[f32]| line.iter().zip(row).map(|(a, b)| a * b).sum::<f32>();
                lines.map(|line| dot(line).max(0.0)).collect()
            };
            codes = codes.chunks(self.latent).flat_map(mix).collect();
            for (place, value) in residuals.iter_mut().enumerate() {
                let pixel = (place % self.pixels) as f32;
                *value = 0.1 * pixel + (1.0 + pixel) * *value * value.abs();
            }
        }
        [residuals, codes]
    }
}

/// The fraction of fresh items with `p <= 0.05` and of those above the threshold, of 10 % alarms.
fn alarms(score: AnomalyScore, n: usize, spread: Spread, latent: usize, pixels: usize) -> [f64; 2] {
    let seed = Seed::new(1).stream("false-alarms");
    let mut found = [0_usize; 2];
    for repetition in 0..REPETITIONS {
        let mut stream = seed.at(n as u32, repetition as u64);
        let source = Source::new(spread, latent, pixels, &mut stream);
        let [residuals, codes] = source.items(n, &mut stream);
        let (residuals, codes) = (rows(&residuals, pixels), rows(&codes, latent));
        let mut moments = NormalMoments::new(pixels, latent);
        moments.add(residuals, codes).unwrap();
        let fitted = LeaveOneOut::fit(score, &moments).unwrap();
        let held_out = fitted.scores(residuals, codes).unwrap();
        let calibration = Calibration::fit(&held_out, ThresholdRule::Quantile(0.9)).unwrap();
        let [residuals, codes] = source.items(FRESH, &mut stream);
        let (residuals, codes) = (rows(&residuals, pixels), rows(&codes, latent));
        for fresh in fitted.scorer().scores(residuals, codes).unwrap() {
            found[0] += usize::from(calibration.p_value(fresh).unwrap() <= 0.05);
            found[1] += usize::from(calibration.is_anomaly(fresh).unwrap());
        }
    }
    found.map(|found| found as f64 / (REPETITIONS * FRESH) as f64)
}

fn check(score: AnomalyScore, sizes: &[(usize, usize)]) {
    for n in [30, 36, 50, 100, 300] {
        for &(latent, pixels) in sizes {
            for spread in [Spread::Normal, Spread::Skewed] {
                let [small_p, above] = alarms(score, n, spread, latent, pixels);
                let what = format!("{score:?}, {n} x ({latent}, {pixels}), {spread:?}");
                // 0.05 give or take three standard errors and what interpolation loses in a tail.
                assert!((0.035..0.06).contains(&small_p), "{what}: {small_p}");
                assert!((0.08..0.115).contains(&above), "{what}: {above} above the threshold");
            }
        }
    }
}

#[test]
fn of_the_squared_error() {
    check(AnomalyScore::Squared, &[(1, 2), (1, 60)]);
}

#[test]
fn of_the_standardised_error() {
    check(AnomalyScore::Standardised, &[(1, 1), (1, 3), (1, 60)]);
}

#[test]
fn of_the_distance_of_the_code() {
    check(AnomalyScore::Latent, &[(1, 1), (4, 1), (32, 1)]);
}

#[test]
fn of_both() {
    check(AnomalyScore::Likelihood, &[(2, 3), (8, 20), (32, 60)]);
}

/// A valve that was always shut: its residual is 0 among normals, and the code knows nothing of it.
#[test]
fn a_deviation_where_nothing_ever_varied_stands_out() {
    let mut stream = Seed::new(2).stream("valve");
    let mut residuals = vec![0.0_f32; 40 * 3];
    let mut codes = vec![0.0_f32; 40 * 2];
    stream.fill_normal(&mut codes);
    for row in residuals.chunks_mut(3) {
        stream.fill_normal(&mut row[..2]);
        row[..2].iter_mut().for_each(|value| *value *= 0.05);
    }
    let mut moments = NormalMoments::new(3, 2);
    moments.add(rows(&residuals, 3), rows(&codes, 2)).unwrap();
    for score in [AnomalyScore::Squared, AnomalyScore::Standardised, AnomalyScore::Likelihood] {
        let fitted = LeaveOneOut::fit(score, &moments).unwrap();
        let held_out = fitted.scores(rows(&residuals, 3), rows(&codes, 2)).unwrap();
        let calibration = Calibration::fit(&held_out, ThresholdRule::Quantile(0.95)).unwrap();
        for deviation in [0.0, -1.0, -1e6] {
            let item = [0.02, -0.01, deviation];
            let score = fitted.scorer().scores(rows(&item, 3), rows(&codes[..2], 2)).unwrap()[0];
            let is_anomaly = calibration.is_anomaly(score).unwrap();
            assert_eq!(is_anomaly, deviation != 0.0, "{deviation}: {score} {calibration:?}");
            let p_value = calibration.p_value(score).unwrap();
            assert!(deviation == 0.0 || (p_value - 1.0 / 41.0).abs() < 1e-12, "{p_value}");
        }
    }
}
