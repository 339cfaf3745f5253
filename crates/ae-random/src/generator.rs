//! [`Stream`] as a generator for the crates that build on `rand_core`.

use rand_core::utils::fill_bytes_via_next_word;
use rand_core::{Infallible, TryRng};

use crate::Stream;

/// The words of [`Stream::next_u32`] and [`Stream::next_u64`]. Bytes are those of the 32-bit words, lowest first; a
/// partial word at the end is drawn whole.
impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        fill_bytes_via_next_word(bytes, || self.try_next_u32())
    }
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use crate::Seed;

    #[test]
    fn a_generator_gives_the_numbers_of_its_stream() {
        let stream = Seed::new(42).stream("generator");
        let mut expected = stream.clone();
        // A generic function sees the trait alone.
        fn draw(generator: &mut impl Rng) -> (u32, u64, [u8; 7], u32) {
            let (word, long) = (generator.next_u32(), generator.next_u64());
            let mut bytes = [0; 7];
            generator.fill_bytes(&mut bytes);
            (word, long, bytes, generator.next_u32())
        }
        let (word, long, bytes, last) = draw(&mut stream.clone());
        assert_eq!((word, long), (expected.next_u32(), expected.next_u64()));
        let words = [expected.next_u32(), expected.next_u32()].map(u32::to_le_bytes);
        assert_eq!(bytes, words.as_flattened()[..7]);
        assert_eq!(last, expected.next_u32());
    }
}
