//! The weights of a small training, pinned: a change of them makes every number that people keep another one.

use crate::support::{SPEC, Sandbox, skip};

/// What machines with fused multiply-adds reach (AVX2, AVX-512, NEON): by Adam, on images with a background, under noise
/// that is drawn in every epoch. The program cannot be told to leave them out; `ae-kernels` pins the same for its own
/// scalar path (`batch.rs`).
const WITH_FMA: &str = "2ce470d3897651d5fa3f0414219ee0edc4ca61f07a8ad04bf35724adc9be13c9";

/// Whether products on this machine use fused multiply-adds.
pub(crate) fn has_fma() -> bool {
    #[cfg(target_arch = "x86_64")]
    let with_fma = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    let with_fma = cfg!(target_arch = "aarch64");
    with_fma
}

#[test]
fn a_small_training_has_pinned_weights() {
    if !has_fma() {
        return skip("this machine has no fused multiply-adds");
    }
    let sandbox = Sandbox::with_data();
    sandbox.write("spec.toml", SPEC);
    sandbox.ae("train spec.toml --out run --progress none").succeeds();
    assert_eq!(sandbox.weights_of("run"), WITH_FMA);
}
