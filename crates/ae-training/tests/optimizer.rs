//! Optimizers and schedules against Keras.
//!
//! ```python
//! # KERAS_BACKEND=jax, keras 3.15.1
//! import keras, numpy as np
//! def run(opt):
//!     v = keras.Variable(np.array([1.0, -2.0, 0.5], "float32"))
//!     opt.build([v])
//!     for g in [[0.1, -0.2, 0.0], [0.3, 0.1, -0.5], [-0.2, 0.4, 0.25]]:
//!         opt.apply([keras.ops.convert_to_tensor(np.array(g, "float32"))], [v])
//!     print(type(opt).__name__, [float(x) for x in np.array(v)])
//! run(keras.optimizers.Adam(0.001))
//! run(keras.optimizers.AdamW(0.01, weight_decay=0.1))
//! run(keras.optimizers.SGD(0.1, momentum=0.9))
//! run(keras.optimizers.SGD(0.1))
//! s = keras.optimizers.schedules.CosineDecay(
//!     0.0, decay_steps=89, alpha=0.1, warmup_target=1.0, warmup_steps=10)
//! print([float(s(i)) for i in (10, 50, 99)])
//! ```

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_training::{
    EarlyStopping, EpochRecord, Metrics, Optimizer, OptimizerConfig, Schedule, StepPosition,
};

const GRADIENTS: [[f32; 3]; 3] = [[0.1, -0.2, 0.0], [0.3, 0.1, -0.5], [-0.2, 0.4, 0.25]];

#[track_caller]
fn check(config: OptimizerConfig, expected: [f32; 3]) {
    let mut parameters = [1.0, -2.0, 0.5];
    let mut optimizer = Optimizer::new(config, 3);
    for gradient in GRADIENTS {
        optimizer.step(config.learning_rate(), &mut parameters, &gradient, 1.0).unwrap();
    }
    for (ours, keras) in parameters.iter().zip(expected) {
        assert!((ours - keras).abs() <= 2e-7, "{parameters:?} against {expected:?}");
    }
}

#[test]
fn adam_equals_keras() {
    let expected = [0.997_824_3, -1.999_191, 0.500_972_75];
    check(OptimizerConfig::keras_adam(), expected);
}

#[test]
fn adamw_equals_keras() {
    let config = OptimizerConfig::AdamW {
        learning_rate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-7,
        weight_decay: 0.1,
    };
    check(config, [0.975_275_9, -1.985_938_8, 0.508_221_7]);
}

#[test]
fn sgd_equals_keras_with_and_without_momentum() {
    let sgd = |momentum| OptimizerConfig::Sgd { learning_rate: 0.1, momentum };
    check(sgd(0.9), [0.935_900_03, -2.004_8, 0.57]);
    check(sgd(0.0), [0.98, -2.03, 0.525]);
}

#[test]
fn constants_outside_their_range_are_refused() {
    let refused = |config: OptimizerConfig| config.check().unwrap_err().to_string();
    let nan = refused(OptimizerConfig::keras_adam().with_learning_rate(f64::NAN));
    assert_eq!(nan, "learning_rate must be finite and above 0, found NaN");
    let sgd = refused(OptimizerConfig::Sgd { learning_rate: 0.1, momentum: 1.0 });
    assert_eq!(sgd, "momentum must be in [0, 1), found 1");
}

fn factors(schedule: Schedule, steps: &[u64]) -> Vec<f64> {
    let at = |&step| schedule.factor(StepPosition { step, steps_per_epoch: 10, epochs: 10 });
    steps.iter().map(at).collect()
}

#[test]
fn cosine_equals_keras_after_its_warm_up() {
    let cosine = Schedule::Cosine { warmup_epochs: 1, final_factor: 0.1 };
    for (ours, keras) in factors(cosine, &[10, 50, 99]).iter().zip([1.0, 0.621_179_819, 0.1]) {
        assert!((ours - keras).abs() < 1e-6);
    }
    // Keras' warm-up wastes its first step on a rate of 0; ours begins with a tenth.
    assert_eq!(factors(cosine, &[0, 4, 9]), [0.1, 0.5, 1.0]);
}

#[test]
fn step_and_exponential_fall_by_their_factor_an_epoch() {
    let step = Schedule::Step { factor: 0.5, every_epochs: 2 };
    assert_eq!(factors(step, &[0, 19, 20, 59]), [1.0, 1.0, 0.5, 0.25]);
    let exponential = factors(Schedule::Exponential { factor: 0.5 }, &[0, 5, 10, 20]);
    assert_eq!(exponential, [1.0, 0.5_f64.sqrt(), 0.5, 0.25]);
}

#[test]
fn a_warm_up_as_long_as_the_run_is_refused() {
    let cosine = Schedule::Cosine { warmup_epochs: 10, final_factor: 0.0 };
    let error = cosine.check(10).unwrap_err().to_string();
    assert_eq!(error, "schedule.warmup_epochs must be below the 10 epochs of the run, found 10");
}

#[test]
fn early_stopping_waits_for_its_patience_and_ignores_small_gains() {
    let stopping = EarlyStopping { metric: "val_bce".to_owned(), patience: 2, min_delta: 0.01 };
    let curve = |values: &[f64]| -> Vec<EpochRecord> {
        let record = |(epoch, &value): (usize, &f64)| EpochRecord {
            epoch: epoch as u32 + 1,
            learning_rate: 0.001,
            metrics: Metrics::from([("val_bce".to_owned(), value)]),
        };
        values.iter().enumerate().map(record).collect()
    };
    assert!(!stopping.should_stop(&curve(&[0.5, 0.4, 0.395])));
    assert!(stopping.should_stop(&curve(&[0.5, 0.4, 0.395, 0.391])));
    assert!(!stopping.should_stop(&curve(&[0.5, 0.4, 0.395, 0.38])));
}
