//! The cost of the sparse loop relative to the dense one.

use pulp::{Simd, WithSimd};

use super::bits::{NonzeroBits, WORD_BITS};

/// Cost of one term of the sparse loop, relative to the dense loop.
const COST_OF_TERM: f32 = 1.15;
/// Cost of one word of bits beside its terms, in terms of the dense loop: the sums are loaded and stored, and the
/// branch at the end of the word is mispredicted.
const COST_OF_WORD: f32 = 6.0;

/// The number of rows that share their terms in a sparse product of so many columns.
///
/// Rows that share terms also share the loads of the right factor, but must add the terms of all of them. So rows
/// share only where one row has too few columns to keep the arithmetic units busy.
#[inline(always)]
pub(super) fn rows_together<S: Simd>(columns: usize) -> usize {
    match columns.div_ceil(S::F32_LANES) {
        0..=1 => 8,
        2 => 4,
        3..=4 => 2,
        _ => 1,
    }
}

/// The cost of a product of `inner` terms and `columns` columns by the sparse loop, relative to the dense one.
#[inline(always)]
pub(in crate::product) fn relative_cost<S: Simd>(
    nonzeros: NonzeroBits<'_>,
    inner: usize,
    columns: usize,
) -> f32 {
    let words = COST_OF_WORD / inner.min(WORD_BITS) as f32;
    COST_OF_TERM * nonzeros.density_of_union(rows_together::<S>(columns)) + words
}

/// The cost of a product by the cheaper loop, relative to the dense one.
pub(in crate::product) struct RelativeCost<'a> {
    pub(in crate::product) inner: usize,
    pub(in crate::product) columns: usize,
    pub(in crate::product) nonzeros: Option<NonzeroBits<'a>>,
}

impl WithSimd for RelativeCost<'_> {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f32 {
        let Self { inner, columns, nonzeros } = self;
        nonzeros.map_or(1.0, |nonzeros| relative_cost::<S>(nonzeros, inner, columns).min(1.0))
    }
}
