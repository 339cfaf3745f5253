//! Dispatch to the widest vector instructions of the machine, at run time.

use pulp::{Arch, Simd, WithSimd};

/// Lanes of a sum: the number of `f32` in the widest vector. It is part of the results, because it fixes the order of
/// additions; machines with narrower vectors keep the same lanes in several registers.
pub(crate) const LANES: usize = 16;
/// Vectors that are computed in an interleaved way. One operation waits for the result of the one before, so
/// independent chains keep the processor busy.
pub(crate) const INTERLEAVED: usize = 8;

/// Runs a loop that is compiled for AVX-512, AVX2, NEON and the baseline.
///
/// The loop must be an `#[inline(always)]` closure over `#[inline(always)]` functions: code that is not inlined here
/// is compiled for the baseline. The bodies of iterator methods (`map`, `sum`, `for_each`) are not inlined either, so
/// write `for`. (The bound must be `FnOnce` itself: behind another trait the compiler wraps the closure in a shim that
/// it does not inline.)
#[inline]
pub(crate) fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(body)
}

/// Whether products are added without being rounded first. Without it the last bits of all results differ, so processes
/// with and without it do not train together.
pub fn has_fused_multiply_add() -> bool {
    cfg!(target_arch = "aarch64") || !matches!(Arch::new(), Arch::Scalar)
}

/// A kernel whose sums have [`LANES`] lanes.
pub(crate) trait WithLanes {
    type Output;

    /// Runs with the lanes in `V` vectors and with `I` vectors interleaved, where `I` is a multiple of `V`.
    fn with_lanes<S: Simd, const V: usize, const I: usize>(self, simd: S) -> Self::Output;
}

/// Chooses the number of vectors that the lanes fill.
#[derive(Clone, Copy)]
pub(crate) struct InLanes<K>(pub(crate) K);

impl<K: WithLanes> WithSimd for InLanes<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> K::Output {
        match S::F32_LANES {
            16 => self.0.with_lanes::<S, 1, INTERLEAVED>(simd),
            8 => self.0.with_lanes::<S, 2, INTERLEAVED>(simd),
            4 => self.0.with_lanes::<S, 4, INTERLEAVED>(simd),
            _ => self.0.with_lanes::<S, LANES, LANES>(simd),
        }
    }
}

/// The sum of the lanes, first to last.
#[inline(always)]
pub(crate) fn sum_of_lanes(lanes: [f32; LANES]) -> f64 {
    lanes.iter().map(|&lane| f64::from(lane)).sum()
}

/// The instructions that a kernel uses. Tests choose narrower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dispatch {
    /// The widest vectors that the machine has.
    Widest,
    /// AVX2, or no vectors where the machine has no AVX2.
    #[cfg(all(test, target_arch = "x86_64"))]
    Avx2,
    /// Vectors of four numbers, as NEON has, or no vectors where the machine has no AVX2.
    #[cfg(all(test, target_arch = "x86_64"))]
    FourLanes,
    /// No vectors.
    #[cfg(test)]
    Scalar,
}

impl Dispatch {
    #[inline]
    pub(crate) fn run<Op: WithSimd>(self, operation: Op) -> Op::Output {
        #[cfg(test)]
        let forced = if self == Self::Widest { forcing::FORCED.get() } else { None };
        #[cfg(test)]
        if let Some(forced) = forced {
            return forced.run(operation);
        }
        match self {
            Self::Widest => Arch::new().dispatch(operation),
            #[cfg(all(test, target_arch = "x86_64"))]
            Self::Avx2 => match pulp::x86::V3::try_new() {
                Some(simd) => pulp::Simd::vectorize(simd, operation),
                None => Arch::Scalar.dispatch(operation),
            },
            #[cfg(all(test, target_arch = "x86_64"))]
            Self::FourLanes => match pulp::x86::V3::try_new() {
                Some(simd) => pulp::Simd::vectorize(pulp::x86::V3_128b(simd), operation),
                None => Arch::Scalar.dispatch(operation),
            },
            #[cfg(test)]
            Self::Scalar => Arch::Scalar.dispatch(operation),
        }
    }
}

/// Every instruction set that a test can choose.
#[cfg(test)]
pub(crate) fn dispatches() -> impl Iterator<Item = Dispatch> {
    [
        Dispatch::Widest,
        Dispatch::Scalar,
        #[cfg(target_arch = "x86_64")]
        Dispatch::Avx2,
        #[cfg(target_arch = "x86_64")]
        Dispatch::FourLanes,
    ]
    .into_iter()
}

/// Runs whole trainings with another instruction set.
#[cfg(test)]
pub(crate) mod forcing {
    use std::cell::Cell;

    use super::Dispatch;

    thread_local! {
        /// The instruction set that stands for the widest one on this thread.
        pub(super) static FORCED: Cell<Option<Dispatch>> = const { Cell::new(None) };
    }

    /// Runs `work` in a pool of two threads that take `dispatch` for the widest instructions.
    pub(crate) fn forced<R: Send>(dispatch: Dispatch, work: impl FnOnce() -> R + Send) -> R {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(2);
        let pool = builder.start_handler(move |_| FORCED.set(Some(dispatch))).build().unwrap();
        pool.install(work)
    }
}
