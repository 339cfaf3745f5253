//! The machine's peak, to compare the kernels with.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use pulp::{Arch, Simd, WithSimd};

/// Independent chains of fused multiply-adds: more than latency times throughput, and few enough for the registers of
/// AVX2.
const CHAINS: usize = 12;
const STEPS: usize = 10_000;

struct MultiplyAdd;

impl WithSimd for MultiplyAdd {
    /// The floating-point operations of a run.
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        let factor = simd.splat_f32s(black_box(0.999));
        let mut sums = [simd.splat_f32s(black_box(1.0)); CHAINS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, factor, factor);
            }
        }
        for sum in sums {
            black_box(simd.reduce_sum_f32s(sum));
        }
        2 * STEPS * CHAINS * S::F32_LANES
    }
}

/// Items are floating-point operations.
#[divan::bench]
fn fused_multiply_add(bencher: Bencher<'_, '_>) {
    let operations = Arch::new().dispatch(MultiplyAdd);
    bencher.counter(ItemsCount::new(operations)).bench_local(|| Arch::new().dispatch(MultiplyAdd));
}

/// Copies within each cache and in memory: bytes read and written, in KiB of one buffer.
#[divan::bench(args = [8, 256, 4096, 65_536])]
fn copy(bencher: Bencher<'_, '_>, kibibytes: usize) {
    let from = vec![1_u8; kibibytes << 10];
    let mut to = vec![0_u8; from.len()];
    let again = (65_536 / kibibytes).min(256);
    bencher.counter(BytesCount::new(2 * again * from.len())).bench_local(|| {
        for _ in 0..again {
            black_box(&mut to).copy_from_slice(black_box(&from));
        }
    });
}
