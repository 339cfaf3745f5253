//! Optimizer steps against the plain loops that they stand for.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use ae_kernels::{AdamStep, SgdStep, Step};
use support::{Numbers, on_threads};

const LENGTHS: [usize; 5] = [1, 17, 4096, 4097, 50_992];

#[test]
fn adam_with_decay_takes_kerass_steps_bit_for_bit() {
    for length in LENGTHS {
        let mut numbers = Numbers::new(1);
        let start = numbers.take(length, -1.0, 1.0);
        let gradients: Vec<_> = (0..3).map(|_| numbers.take(length, -1.0, 1.0)).collect();
        let (mut p, mut m, mut v) = (start.clone(), vec![0.0_f32; length], vec![0.0_f32; length]);
        for (step, gradient) in (1_i32..).zip(&gradients) {
            let (correct1, correct2) = (1.0 - 0.9_f64.powi(step), 1.0 - 0.999_f64.powi(step));
            let alpha = (0.01 * correct2.sqrt() / correct1) as f32;
            let (gain1, gain2) = ((1.0_f64 - 0.9) as f32, (1.0_f64 - 0.999) as f32);
            for i in 0..length {
                p[i] *= (1.0_f64 - 0.01 * 0.1) as f32;
                m[i] += (gradient[i] - m[i]) * gain1;
                v[i] += (gradient[i] * gradient[i] - v[i]) * gain2;
                p[i] -= m[i] * alpha / (v[i].sqrt() + 1e-7);
            }
        }
        for threads in [1, 2, 5] {
            let mut found = [start.clone(), vec![0.0; length], vec![0.0; length]];
            for (step, gradient) in (1..).zip(&gradients) {
                let [p, mean, variance] = &mut found;
                let step = AdamStep::new(0.01, 0.9, 0.999, 1e-7, step).with_decay(0.01, 0.1);
                let step = Step::Adam { step, mean, variance };
                on_threads(threads, || step.apply(p, gradient)).unwrap();
            }
            assert!(
                found == [p.clone(), m.clone(), v.clone()],
                "{length} numbers, {threads} threads"
            );
        }
    }
}

#[test]
fn a_scale_multiplies_the_gradient_first() {
    let mut numbers = Numbers::new(4);
    let (start, gradient) = (numbers.take(100, -1.0, 1.0), numbers.take(100, -1.0, 1.0));
    let scaled: Vec<f32> = gradient.iter().map(|g| g * 0.3).collect();
    let run = |gradient: &[f32], scale: f64| {
        let [mut p, mut q] = [start.clone(), start.clone()];
        let [mut m, mut v, mut velocity] = [(); 3].map(|()| vec![0.0; 100]);
        let step = AdamStep::new(0.01, 0.9, 0.999, 1e-7, 1).with_scale(scale);
        Step::Adam { step, mean: &mut m, variance: &mut v }.apply(&mut p, gradient).unwrap();
        let step = SgdStep::new(0.1, 0.9).with_scale(scale);
        Step::Sgd { step, velocity: &mut velocity }.apply(&mut q, gradient).unwrap();
        [p, q, m, v, velocity]
    };
    assert!(run(&gradient, 0.3) == run(&scaled, 1.0));
}

#[test]
fn descent_with_momentum_takes_its_steps_bit_for_bit() {
    for length in LENGTHS {
        let mut numbers = Numbers::new(2);
        let start = numbers.take(length, -1.0, 1.0);
        let gradient = numbers.take(length, -1.0, 1.0);
        let (mut p, mut v) = (start.clone(), vec![0.0_f32; length]);
        let (mut found, mut velocity) = (start, vec![0.0; length]);
        for _ in 0..3 {
            for i in 0..length {
                v[i] = v[i] * 0.9 - 0.1 * gradient[i];
                p[i] += v[i];
            }
            let step = SgdStep::new(0.1, 0.9);
            Step::Sgd { step, velocity: &mut velocity }.apply(&mut found, &gradient).unwrap();
        }
        assert!(found == p && velocity == v, "{length} numbers");
    }
}
