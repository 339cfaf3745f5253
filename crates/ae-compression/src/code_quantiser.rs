//! Quantisation of codes: numbers rounded to multiples of a step, with frequencies from a histogram.

use serde::{Deserialize, Serialize};

use crate::CompressionError;
use crate::error::unfit;
use crate::quality::Quality;
use crate::range_coder::{Frequencies, MAX_SYMBOLS, Reader, Writer};

/// Fractional bits of a unit beyond those of a code.
const UNIT_BITS: u32 = 8;
/// Limits that keep the arithmetic within its integers.
const LARGEST_UNIT: i64 = 1 << 50;
const LARGEST_WIDTH: i64 = 1 << 31;
const LARGEST_LOW: i64 = 1 << 32;
const MAX_BINS: usize = 1 << 10;

/// One dimension of the codes, all values with 16 fractional bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dimension {
    /// The step that changes an image as much as a step of one grey level in its pixels; 24 fractional bits.
    pub(crate) unit: i64,
    /// The lower end of the histogram.
    pub(crate) low: i64,
    /// The width of its bins.
    pub(crate) width: i64,
    /// How many training codes each bin holds.
    pub(crate) counts: Vec<u32>,
}

impl Dimension {
    /// Raises a unit that is so small that the finest quality would need more symbols than there can be.
    pub(crate) fn new(unit: f64, low: i64, width: i64, counts: Vec<u32>) -> Self {
        let range = width * counts.len() as i64;
        let finest = Quality::all().last().unwrap_or_default().grey_levels();
        let least = (range << UNIT_BITS) / (finest * (MAX_SYMBOLS as i64 / 2)) + 1;
        // A cast saturates.
        let unit = (unit * f64::from(1_u32 << (16 + UNIT_BITS))).round() as i64;
        Self { unit: unit.clamp(least, LARGEST_UNIT.max(least)), low, width, counts }
    }
}

/// The quantiser of one dimension at one quality.
pub(crate) struct Quantiser {
    /// The value of the multiple 0 of a step.
    origin: i64,
    step: i64,
    /// The multiple that the symbol 0 stands for.
    first: i64,
    /// How many multiples have a symbol; the next symbol says that the multiple follows.
    multiples: usize,
    frequencies: Frequencies,
}

impl Quantiser {
    pub(crate) fn new(dimension: &Dimension, quality: Quality) -> Result<Self, CompressionError> {
        let Dimension { unit, low, width, ref counts } = *dimension;
        let sound = (1..=LARGEST_UNIT).contains(&unit)
            && (1..=LARGEST_WIDTH).contains(&width)
            && (-LARGEST_LOW..=LARGEST_LOW).contains(&low)
            && (1..=MAX_BINS).contains(&counts.len());
        if !sound {
            return Err(unfit("a dimension of its codec is out of range".to_owned()));
        }
        let end = low + width * counts.len() as i64;
        // Rectified codes are often exactly 0.
        let origin = if low <= 0 && end > 0 { 0 } else { low };
        let step = ((unit * quality.grey_levels()) >> UNIT_BITS).max(1);
        let [first, last] = [low, end - 1].map(|value| nearest(value - origin, step));
        let multiples = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
        if multiples >= MAX_SYMBOLS {
            return Err(unfit(format!("{multiples} steps of a dimension are too many")));
        }
        let mut sums = vec![0_u64];
        sums.extend(counts.iter().scan(0_u64, |sum, &count| {
            // A sixteenth of a count more, because values that training codes did not have can occur.
            *sum += 16 * u64::from(count) + 1;
            Some(*sum)
        }));
        // The number of training codes below a value, times the width of a bin.
        let below = |value: i64| {
            let place = (value - low).clamp(0, end - low);
            let (bin, within) = ((place / width) as usize, (place % width) as u64);
            let here = sums[(bin + 1).min(counts.len())] - sums[bin];
            sums[bin] * width as u64 + here * within
        };
        let edge = |multiple: i64| match multiple {
            _ if multiple == first => low,
            _ if multiple > last => end,
            _ => origin + multiple * step - step / 2,
        };
        let weights =
            (first..=last).map(|multiple| below(edge(multiple + 1)) - below(edge(multiple)));
        let mut weights: Vec<u64> = weights.collect();
        weights.push(0);
        let frequencies = Frequencies::new(&weights)?;
        Ok(Self { origin, step, first, multiples, frequencies })
    }

    /// The multiple that is nearest to a code with 16 fractional bits.
    pub(crate) fn quantise(&self, code: i64) -> i32 {
        let multiple = nearest(code.saturating_sub(self.origin), self.step);
        multiple.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    }

    pub(crate) fn value(&self, multiple: i32) -> i64 {
        self.origin.saturating_add(self.step.saturating_mul(i64::from(multiple)))
    }

    pub(crate) fn write(
        &self,
        multiple: i32,
        raw: &Frequencies,
        writer: &mut Writer,
    ) -> Result<(), CompressionError> {
        let symbol = usize::try_from(i64::from(multiple) - self.first).ok();
        if let Some(symbol) = symbol.filter(|&symbol| symbol < self.multiples) {
            return writer.write(symbol, &self.frequencies);
        }
        writer.write(self.multiples, &self.frequencies)?;
        for byte in multiple.to_be_bytes() {
            writer.write(usize::from(byte), raw)?;
        }
        Ok(())
    }

    pub(crate) fn read(
        &self,
        raw: &Frequencies,
        reader: &mut Reader,
    ) -> Result<i32, CompressionError> {
        let symbol = reader.read(&self.frequencies)?;
        if symbol < self.multiples {
            return Ok((self.first + symbol as i64) as i32);
        }
        let mut bytes = [0; 4];
        for byte in &mut bytes {
            *byte = reader.read(raw)? as u8;
        }
        Ok(i32::from_be_bytes(bytes))
    }
}

/// The nearest multiple; if two are equally near, the upper one.
fn nearest(value: i64, step: i64) -> i64 {
    value.saturating_add(step / 2).div_euclid(step)
}
