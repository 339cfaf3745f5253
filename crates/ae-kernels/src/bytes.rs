//! Rows of bytes to numbers in [0, 1]: the pixels of a batch.

use crate::error::{ChainError, check_length};
use crate::simd::vectorised;

/// `1 / 255 - 1 / 256`.
const CORRECTION: f32 = (1.0_f64 / 255.0 - 1.0 / 256.0) as f32;

/// Writes `byte / 255`, correctly rounded, without a division: `byte / 256` is exact, and with a small correction
/// the sum has the bits of the quotient for all 256 bytes.
fn normalise_bytes(bytes: &[u8], numbers: &mut [f32]) {
    vectorised(
        #[inline(always)]
        || {
            for (number, &byte) in numbers.iter_mut().zip(bytes) {
                let byte = f32::from(byte);
                *number = byte * (1.0 / 256.0) + byte * CORRECTION;
            }
        },
    );
}

/// Gathers rows of bytes by their indices and divides each byte by 255.
///
/// `bytes` is row-major, `width` bytes a row; `numbers` receives `rows.len() x width` numbers. The rows that come
/// next are prefetched, because in a shuffled order every row is a cache miss, which costs more than the arithmetic.
///
/// # Errors
/// If an index is not below the number of whole rows in `bytes`, or `numbers` has another length.
pub fn gather_bytes(
    bytes: &[u8],
    width: usize,
    rows: &[u32],
    numbers: &mut [f32],
) -> Result<(), ChainError> {
    check_length("the gathered rows", rows.len().saturating_mul(width), numbers.len())?;
    let stored_rows = bytes.len().checked_div(width).unwrap_or(usize::MAX);
    if let Some(&row) = rows.iter().find(|&&row| row as usize >= stored_rows) {
        let expected = (row as usize).saturating_add(1).saturating_mul(width);
        return Err(ChainError::Length { what: "the bytes", expected, found: bytes.len() });
    }
    let place = |row: u32| row as usize * width..(row as usize + 1) * width;
    rows.iter().take(ROWS_AHEAD).for_each(|&row| prefetch(&bytes[place(row)]));
    for (index, numbers) in numbers.chunks_exact_mut(width.max(1)).enumerate() {
        if let Some(&ahead) = rows.get(index + ROWS_AHEAD) {
            prefetch(&bytes[place(ahead)]);
        }
        normalise_bytes(&bytes[place(rows[index])], numbers);
    }
    Ok(())
}

/// Rows that are prefetched: enough to hide the latency of memory at 784 bytes a row.
const ROWS_AHEAD: usize = 2;

/// Prefetches the cache lines of a slice.
#[allow(unsafe_code, reason = "`expect` would warn where there is no such block")]
fn prefetch(bytes: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    for line in bytes.chunks(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing and faults nowhere, and SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = bytes;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_divided_by_255() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut numbers = vec![0.0; 256];
        normalise_bytes(&bytes, &mut numbers);
        for (byte, number) in bytes.into_iter().zip(numbers) {
            assert_eq!(number, f32::from(byte) / 255.0);
        }
    }

    #[test]
    fn rows_are_gathered_in_the_order_of_their_indices() {
        let bytes: Vec<u8> = (0..70).collect();
        for width in [1, 7, 70] {
            let order: Vec<u32> = (0..(70 / width) as u32).rev().chain([0]).collect();
            let mut numbers = vec![0.0; order.len() * width];
            gather_bytes(&bytes, width, &order, &mut numbers).unwrap();
            for (numbers, row) in numbers.chunks(width).zip(order) {
                let first = row as usize * width;
                for (number, byte) in numbers.iter().zip(first..first + width) {
                    assert_eq!(*number, byte as f32 / 255.0);
                }
            }
        }
    }
}
