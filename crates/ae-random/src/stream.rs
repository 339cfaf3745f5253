//! A stream of random numbers, which can start at any epoch and sample.

use pulp::{Arch, Simd, WithSimd};

use crate::normal::box_muller;
use crate::philox::{LANES, Words, philox};

/// Words that are generated together.
const GROUP: usize = 4 * LANES;

/// A stream of random numbers, made by [`Seed::stream`](crate::Seed::stream).
///
/// At each epoch and sample it has 2^34 words before it repeats. `fill_uniform` and `fill_normal` start at the next group
/// of 64 words: words of the current group that are left are skipped.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    /// The upper words of the counter: the epoch and the two halves of the sample.
    place: [u32; 3],
    /// The lower word of the counter: the first block of the next group.
    block: u32,
    group: [u32; GROUP],
    used: usize,
}

impl Stream {
    pub(crate) fn new(key: [u32; 2]) -> Self {
        Self { key, place: [0; 3], block: 0, group: [0; GROUP], used: GROUP }
    }

    /// The start of this stream at an epoch and a sample. It depends on the seed, the name and these two numbers, not
    /// on what was drawn before.
    pub fn at(&self, epoch: u32, sample: u64) -> Self {
        Self { place: [epoch, sample as u32, (sample >> 32) as u32], ..Self::new(self.key) }
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        if self.used == GROUP {
            self.group = flatten(Arch::new().dispatch(NextWords(self)));
            self.used = 0;
        }
        self.used += 1;
        self.group[self.used - 1]
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) | u64::from(self.next_u32()) << 32
    }

    /// A number in [0, 1), a multiple of 2^-24.
    pub fn uniform(&mut self) -> f32 {
        unit_interval(self.next_u32())
    }

    /// A standard normal number.
    ///
    /// The first one of a stream equals the first of [`fill_normal`](Self::fill_normal).
    pub fn normal(&mut self) -> f32 {
        let mut one = [0.0];
        self.fill_normal(&mut one);
        one[0]
    }

    /// An integer in [0, `bound`), each with the same probability (Lemire 2019, arXiv 1805.10941).
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0, "there is no number below 0");
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.next_u32()) * u64::from(bound);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// As [`below`](Self::below), for bounds of 64 bits. It takes two words or more.
    ///
    /// # Panics
    /// If `bound` is 0.
    pub fn below_u64(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "there is no number below 0");
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// Puts the items into a random order (Fisher and Yates), each order with the same probability.
    ///
    /// # Panics
    /// If there are 2^32 items or more.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        assert!(u32::try_from(items.len()).is_ok(), "a stream shuffles fewer than 2^32 items");
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u32 + 1) as usize);
        }
    }

    /// Fills a slice with numbers in [0, 1), multiples of 2^-24.
    pub fn fill_uniform(&mut self, out: &mut [f32]) {
        self.fill(out, Distribution::Uniform);
    }

    /// Fills a slice with standard normal numbers, of magnitude at most 6.56.
    pub fn fill_normal(&mut self, out: &mut [f32]) {
        self.fill(out, Distribution::Normal);
    }

    /// Fills a slice with the widest vectors of the machine. The compiler never contracts `a * b + c`, so the width of
    /// the vectors does not change a bit. Functions under the dispatch must be `inline(always)`: others are compiled for
    /// the baseline.
    fn fill(&mut self, out: &mut [f32], distribution: Distribution) {
        self.used = GROUP;
        Arch::new().dispatch(Fill { stream: self, out, distribution });
    }

    #[inline(always)]
    fn next_words<S: Simd>(&mut self, simd: S) -> Words {
        let first = self.block;
        self.block = first.wrapping_add(LANES as u32);
        let counters = std::array::from_fn(|lane| first.wrapping_add(lane as u32));
        let [epoch, low, high] = self.place;
        philox(simd, &[counters, [epoch; LANES], [low; LANES], [high; LANES]], self.key)
    }
}

/// Generates a group of words, compiled for each instruction set.
struct NextWords<'a>(&'a mut Stream);

impl WithSimd for NextWords<'_> {
    type Output = Words;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Words {
        self.0.next_words(simd)
    }
}

/// The distribution of the numbers that words become.
#[derive(Debug, Clone, Copy)]
enum Distribution {
    Uniform,
    Normal,
}

/// Fills a slice, compiled for each instruction set.
struct Fill<'a> {
    stream: &'a mut Stream,
    out: &'a mut [f32],
    distribution: Distribution,
}

impl WithSimd for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for chunk in self.out.chunks_mut(GROUP) {
            let words = self.stream.next_words(simd);
            let numbers = match self.distribution {
                Distribution::Uniform => uniforms(&words),
                Distribution::Normal => box_muller(simd, &words),
            };
            chunk.copy_from_slice(&numbers.as_flattened()[..chunk.len()]);
        }
    }
}

#[inline(always)]
fn uniforms(words: &Words) -> [[f32; LANES]; 4] {
    let mut numbers = [[0.0; LANES]; 4];
    let pairs = numbers.as_flattened_mut().iter_mut().zip(words.as_flattened());
    for (number, &word) in pairs {
        *number = unit_interval(word);
    }
    numbers
}

fn flatten<T: Copy + Default>(words: [[T; LANES]; 4]) -> [T; GROUP] {
    let mut flat = [T::default(); GROUP];
    for (chunk, word) in flat.chunks_exact_mut(LANES).zip(words) {
        chunk.copy_from_slice(&word);
    }
    flat
}

/// The upper 24 bits as a number in [0, 1), which `f32` represents exactly.
#[inline(always)]
fn unit_interval(word: u32) -> f32 {
    (word >> 8) as i32 as f32 * (1.0 / 16_777_216.0)
}
