//! The generator Philox4x32-10: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 3.

use pulp::Simd;

/// Blocks that are computed together: the number of `u32` in the widest vector.
pub(crate) const LANES: usize = 16;

/// The four words of `LANES` blocks: the first words of all blocks, then the second ones, and so on.
pub(crate) type Words = [[u32; LANES]; 4];

const ROUNDS: usize = 10;
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Encrypts `LANES` counters with one key.
#[inline(always)]
pub(crate) fn philox<S: Simd>(simd: S, counters: &Words, key: [u32; 2]) -> Words {
    match S::F32_LANES {
        16 => encrypt::<S, 1>(simd, counters, key),
        8 => encrypt::<S, 2>(simd, counters, key),
        4 => encrypt::<S, 4>(simd, counters, key),
        _ => encrypt::<S, LANES>(simd, counters, key),
    }
}

/// The same with `V` vectors for the lanes of a word. A round depends on the one before, so the vectors are interleaved.
#[inline(always)]
fn encrypt<S: Simd, const V: usize>(simd: S, counters: &Words, mut key: [u32; 2]) -> Words {
    let mut words = [[simd.splat_u32s(0); V]; 4];
    for (word, counters) in words.iter_mut().zip(counters) {
        word.copy_from_slice(S::as_simd_u32s(counters).0);
    }
    for _ in 0..ROUNDS {
        let [x0, x1, x2, x3] = words;
        for v in 0..V {
            let (low0, high0) = simd.widening_mul_u32s(x0[v], simd.splat_u32s(MULTIPLIERS[0]));
            let (low1, high1) = simd.widening_mul_u32s(x2[v], simd.splat_u32s(MULTIPLIERS[1]));
            words[0][v] = simd.xor_u32s(high1, simd.xor_u32s(x1[v], simd.splat_u32s(key[0])));
            words[1][v] = low1;
            words[2][v] = simd.xor_u32s(high0, simd.xor_u32s(x3[v], simd.splat_u32s(key[1])));
            words[3][v] = low0;
        }
        key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
    }
    let mut encrypted = [[0; LANES]; 4];
    for (to, word) in encrypted.iter_mut().zip(&words) {
        S::as_mut_simd_u32s(to).0.copy_from_slice(word);
    }
    encrypted
}

#[cfg(test)]
mod tests {
    use pulp::{Arch, WithSimd};

    use super::*;

    struct Philox(Words, [u32; 2]);

    impl WithSimd for Philox {
        type Output = Words;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Words {
            philox(simd, &self.0, self.1)
        }
    }

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
            for arch in [Arch::new(), Arch::Scalar] {
                let words = arch.dispatch(Philox(counter.map(|word| [word; LANES]), key));
                for lane in 0..LANES {
                    assert_eq!(words.map(|word| word[lane]), expected);
                }
            }
        }
    }

    #[test]
    fn lanes_are_independent() {
        let counters: Words =
            std::array::from_fn(|word| std::array::from_fn(|lane| (word * 99 + lane) as u32));
        let together = Arch::new().dispatch(Philox(counters, [7, 11]));
        for lane in 0..LANES {
            let alone = counters.map(|word| [word[lane]; LANES]);
            let alone = Arch::new().dispatch(Philox(alone, [7, 11]));
            assert_eq!(together.map(|word| word[lane]), alone.map(|word| word[0]));
        }
    }
}
