//! The widest vectors that the machine has, chosen at run time.

use pulp::{Arch, Simd, WithSimd};

use crate::elementary::TURNS;

/// Lanes of a sum: the width of the widest vector of `f32`. Part of the results, because it fixes
/// the order of additions; narrower machines add the same lanes in several registers.
pub(crate) const LANES: usize = 16;

/// Runs a loop compiled for AVX-512, AVX2, NEON or nothing of the kind.
///
/// The loop has to be an `#[inline(always)]` closure over `#[inline(always)]` functions: what is not
/// inlined here keeps the narrow vectors of the baseline. Iterators' own loops (`map`, `sum`,
/// `for_each`) are not inlined either: write `for`. (The bound has to be `FnOnce` itself: behind
/// a wider trait the compiler wraps the closure in a shim that it does not inline.)
#[inline]
pub(crate) fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    Arch::new().dispatch(body)
}

/// A kernel whose sums have [`LANES`] lanes.
pub(crate) trait WithLanes {
    type Output;

    /// Runs with the lanes in `V` vectors; `T` vectors take turns, a multiple of these.
    fn with_lanes<S: Simd, const V: usize, const T: usize>(self, simd: S) -> Self::Output;
}

/// Chooses how many vectors the lanes fill.
#[derive(Clone, Copy)]
pub(crate) struct InLanes<K>(pub(crate) K);

impl<K: WithLanes> WithSimd for InLanes<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> K::Output {
        match S::F32_LANES {
            16 => self.0.with_lanes::<S, 1, TURNS>(simd),
            8 => self.0.with_lanes::<S, 2, TURNS>(simd),
            4 => self.0.with_lanes::<S, 4, TURNS>(simd),
            _ => self.0.with_lanes::<S, LANES, LANES>(simd),
        }
    }
}

/// Adds up lanes in one fixed order.
#[inline(always)]
pub(crate) fn sum_of_lanes(lanes: [f32; LANES]) -> f64 {
    lanes.iter().map(|&lane| f64::from(lane)).sum()
}

/// Which instructions a kernel uses. Tests choose narrower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dispatch {
    /// The widest vectors that the machine has.
    Widest,
    /// AVX2, if the machine has it.
    #[cfg(all(test, target_arch = "x86_64"))]
    Avx2,
    /// Numbers one by one.
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
            #[cfg(test)]
            Self::Scalar => Arch::Scalar.dispatch(operation),
        }
    }
}

/// Every instruction set that can be tested.
#[cfg(test)]
pub(crate) fn dispatches() -> impl Iterator<Item = Dispatch> {
    [
        Dispatch::Widest,
        Dispatch::Scalar,
        #[cfg(target_arch = "x86_64")]
        Dispatch::Avx2,
    ]
    .into_iter()
}

/// Instruction sets that a test chooses.
#[cfg(test)]
pub(crate) mod forcing {
    use std::cell::Cell;

    use super::Dispatch;

    thread_local! {
        /// What this thread takes for the widest, so that a test can run whole trainings without FMA.
        pub(super) static FORCED: Cell<Option<Dispatch>> = const { Cell::new(None) };
    }

    /// Runs something in a pool of two threads for which these are the widest instructions.
    pub(crate) fn forced<R: Send>(dispatch: Dispatch, work: impl FnOnce() -> R + Send) -> R {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(2);
        let pool = builder.start_handler(move |_| FORCED.set(Some(dispatch))).build().unwrap();
        pool.install(work)
    }
}
