//! Range coding of symbols, and their frequencies. It computes with integers only.

use constriction::stream::model::ContiguousCategoricalEntropyModel;
use constriction::stream::queue::{DefaultRangeDecoder, DefaultRangeEncoder};
use constriction::stream::{Decode, Encode};

use crate::CompressionError;
use crate::error::unfit;

/// The frequencies of a set of symbols sum to 2 to this power.
const PRECISION: usize = 16;
/// The largest number of symbols.
pub(crate) const MAX_SYMBOLS: usize = 1 << 12;

/// The probability of each of the symbols 0, 1, ...
#[derive(Debug, Clone)]
pub(crate) struct Frequencies(ContiguousCategoricalEntropyModel<u32, Vec<u32>, PRECISION>);

impl Frequencies {
    /// Frequencies in proportion to weights. Every symbol has at least the least frequency, 2^-16.
    pub(crate) fn new(weights: &[u64]) -> Result<Self, CompressionError> {
        if !(2..=MAX_SYMBOLS).contains(&weights.len()) {
            return Err(unfit(format!("a code has {} symbols", weights.len())));
        }
        let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
        let budget = (1_u128 << PRECISION) - weights.len() as u128;
        let (mut sum, mut given) = (0, 0);
        let mut frequencies: Vec<u32> = weights
            .iter()
            .map(|&weight| {
                sum += u128::from(weight);
                let until = (sum * budget).checked_div(total).unwrap_or(0) as u32;
                let frequency = 1 + until - given;
                given = until;
                frequency
            })
            .collect();
        if total == 0 {
            let symbols = frequencies.len() as u32;
            let even = (1 << PRECISION) / symbols;
            frequencies.fill(even);
            frequencies[0] += (1 << PRECISION) - even * symbols;
        }
        ContiguousCategoricalEntropyModel::from_nonzero_fixed_point_probabilities(
            &frequencies,
            false,
        )
        .map(Self)
        .map_err(|()| unfit("frequencies do not add up".to_owned()))
    }
}

/// Range encoder.
pub(crate) struct Writer(DefaultRangeEncoder);

impl Writer {
    pub(crate) fn new() -> Self {
        Self(DefaultRangeEncoder::new())
    }

    pub(crate) fn write(
        &mut self,
        symbol: usize,
        model: &Frequencies,
    ) -> Result<(), CompressionError> {
        self.0
            .encode_symbol(symbol, &model.0)
            .map_err(|_| unfit(format!("the symbol {symbol} has no frequency")))
    }

    /// All bytes, without zeros at the end, which the reader adds.
    pub(crate) fn finish(self) -> Vec<u8> {
        let words = self.0.into_compressed().unwrap_or_else(|never| match never {});
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes()).collect();
        bytes.truncate(bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1));
        bytes
    }
}

/// Range decoder. It reads zeros after the last byte.
pub(crate) struct Reader(DefaultRangeDecoder);

impl Reader {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let mut words: Vec<u32> = bytes
            .chunks(4)
            .map(|chunk| {
                let mut word = [0; 4];
                word[..chunk.len()].copy_from_slice(chunk);
                u32::from_be_bytes(word)
            })
            .collect();
        // The two words of the coder's state.
        words.extend([0, 0]);
        Self(DefaultRangeDecoder::from_compressed(words).unwrap_or_else(|never| match never {}))
    }

    pub(crate) fn read(&mut self, model: &Frequencies) -> Result<usize, CompressionError> {
        self.0.decode_symbol(&model.0).map_err(|_| CompressionError::Archive {
            expected: "symbols of the code".to_owned(),
            found: "none that the model knows".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn symbols_come_back(
            weights in prop::collection::vec(0_u64..1_000_000_000_000, 2..40),
            symbols in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
        ) {
            let model = Frequencies::new(&weights).unwrap();
            let mut writer = Writer::new();
            for symbol in &symbols {
                writer.write(symbol.index(weights.len()), &model).unwrap();
            }
            let bytes = writer.finish();
            let mut reader = Reader::new(&bytes);
            for symbol in &symbols {
                prop_assert_eq!(reader.read(&model).unwrap(), symbol.index(weights.len()));
            }
        }
    }

    #[test]
    fn a_likely_symbol_costs_little() {
        let model = Frequencies::new(&[999, 1]).unwrap();
        let mut writer = Writer::new();
        for _ in 0..8000 {
            writer.write(0, &model).unwrap();
        }
        // 8000 log2(1000 / 999) = 11.5 bits.
        assert!(writer.finish().len() <= 6);
    }
}
