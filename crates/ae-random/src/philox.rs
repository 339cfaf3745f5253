//! Philox4x32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.

/// Blocks that are computed together: one vector register of `u32` on the widest machines.
pub(crate) const LANES: usize = 16;

/// The four words of `LANES` blocks, word by word.
pub(crate) type Words = [[u32; LANES]; 4];

const ROUNDS: usize = 10;
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Lanes that are encrypted together: their words fill half of the registers of AVX2, and leave the
/// others to the products.
const AT_ONCE: usize = 8;

/// Encrypts `LANES` counters with one key.
#[inline(always)]
pub(crate) fn philox(mut words: Words, key: [u32; 2]) -> Words {
    for first in (0..LANES).step_by(AT_ONCE) {
        let mut wide = [[0; AT_ONCE]; 4];
        for (wide, word) in wide.iter_mut().zip(&words) {
            for lane in 0..AT_ONCE {
                wide[lane] = u64::from(word[first + lane]);
            }
        }
        let wide = encrypt(wide, key);
        for (wide, word) in wide.iter().zip(&mut words) {
            for lane in 0..AT_ONCE {
                word[first + lane] = wide[lane] as u32;
            }
        }
    }
    words
}

/// Encrypts some counters.
///
/// Written lane by lane over arrays so that the compiler vectorises it. A word is kept in the lower
/// half of 64 bits, where the multiplier wants it and leaves the next one; what gathers in the upper
/// half is cut off wherever it would count.
#[inline(always)]
fn encrypt(mut wide: [[u64; AT_ONCE]; 4], mut key: [u32; 2]) -> [[u64; AT_ONCE]; 4] {
    for _ in 0..ROUNDS {
        let [x0, x1, x2, x3] = wide;
        for lane in 0..AT_ONCE {
            let product0 = u64::from(MULTIPLIERS[0]) * u64::from(x0[lane] as u32);
            let product1 = u64::from(MULTIPLIERS[1]) * u64::from(x2[lane] as u32);
            wide[0][lane] = (product1 >> 32) ^ x1[lane] ^ u64::from(key[0]);
            wide[1][lane] = product1;
            wide[2][lane] = (product0 >> 32) ^ x3[lane] ^ u64::from(key[1]);
            wide[3][lane] = product0;
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that the authors publish with their code (Random123, `kat_vectors`).
    #[test]
    fn equals_the_published_known_answers() {
        let cases = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([!0; 4], [!0; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, expected) in cases {
            let words = philox(counter.map(|word| [word; LANES]), key);
            for lane in 0..LANES {
                assert_eq!(words.map(|word| word[lane]), expected);
            }
        }
    }
}
