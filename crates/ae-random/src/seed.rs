//! The seed of a run, and the keys of its streams.

use crate::Stream;

/// The seed of a run: the one number that determines everything random in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seed(u64);

impl Seed {
    /// A seed. Every number is a good one.
    pub const fn new(value: u64) -> Self {
        Self(value)
    }

    /// The number that the seed was made from.
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The stream of this name, at epoch 0 and sample 0. It depends on the seed and the name alone.
    pub fn stream(self, name: &str) -> Stream {
        let key = mix(mix(self.0) ^ fnv1a(name.as_bytes()));
        Stream::new([key as u32, (key >> 32) as u32])
    }
}

/// FNV-1a, 64 bits.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The output function of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), a bijection.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_and_mixer_equal_their_published_values() {
        // FNV-1a of "foobar" from the authors' test suite; SplitMix64's first output from seed 0.
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
    }

    #[test]
    fn a_stream_depends_on_the_seed_and_on_the_name() {
        let first = |seed: u64, name: &str| Seed::new(seed).stream(name).next_u64();
        assert_eq!(first(1, "order"), first(1, "order"));
        assert_ne!(first(1, "order"), first(2, "order"));
        assert_ne!(first(1, "order"), first(1, "noise"));
    }
}
