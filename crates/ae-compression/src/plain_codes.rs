//! Compression of codes alone, of any encoder: rounded to a grid of a given error, and entropy-coded.
//!
//! # Format
//! The bytes `89 41 45 43`; the version, 1; the largest error as a little-endian `f32`; as LEB128 the number of
//! rows and `latent_dim`; for each dimension, as LEB128, the least multiple of the step (zigzag) and the number of
//! multiples; the range-coded numbers, row by row; and the first 8 bytes of the
//! SHA-256 of all bytes before.
//!
//! A number `x` is stored as the multiple `round(x / step)`, with `step = 2 * largest error`; where this would miss
//! the error bound, as 32 bits. The frequencies of a dimension are those of its earlier rows, so that no table is
//! stored. Encoder and decoder compute them in integers, and
//! the value of a multiple is one product in `f64`: the same bytes give the same numbers on every machine.

use crate::CompressionError;
use crate::byte_fields::{add_checksum, checked, read_number, take, write_number, wrong};
use crate::range_coder::{Frequencies, Reader, Writer};

const MAGIC: [u8; 4] = *b"\x89AEC";
const VERSION: u8 = 1;
/// The largest number of multiples of a dimension. Numbers outside of this window are stored as 32 bits.
const MAX_MULTIPLES: i64 = 1 << 22;
/// Bins of the frequencies of one dimension. Multiples in the same bin are told apart by raw bits.
const MIN_BINS: usize = 16;
const MAX_BINS: usize = 1 << 11;
/// The prior of the frequencies is the histogram, smoothed over this fraction of the bins to either side.
const SMOOTHED_FRACTION: usize = 8;
/// The range-coded part has at least one byte for this many numbers, so that few bytes cannot claim many numbers.
const NUMBERS_PER_BYTE: usize = 64;

/// Codes that [`decompress_codes`] has read.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Codes {
    /// `n x latent_dim`, row-major.
    pub values: Vec<f32>,
    /// Numbers in a code.
    pub latent_dim: usize,
}

/// Compresses codes of any encoder, `n x latent_dim`, row-major, to bytes that [`decompress_codes`] reads.
///
/// Every number comes back with an error of at most `max_error`, also after the rounding to `f32`. To compress
/// dimensions of different importance, divide each by the error that it may have and pass 1.
///
/// Each dimension takes about `h - log2(2 max_error)` bits a number, where `h` is its differential entropy in
/// bits (for a normal distribution of standard deviation `s`: `log2(s) + 2.05`), and at first more, until its
/// frequencies are known. Dimensions are coded independently: decorrelated codes are shorter.
///
/// ```
/// use ae_compression::{compress_codes, decompress_codes};
///
/// let codes = [0.11, -1.0, 0.52, 3.25, 0.49, -1.0];
/// let bytes = compress_codes(&codes, 2, 0.01)?;
/// let read = decompress_codes(&bytes)?;
/// assert_eq!(read.latent_dim, 2);
/// assert!(read.values.iter().zip(codes).all(|(read, code)| (read - code).abs() <= 0.01));
/// # Ok::<(), ae_compression::CompressionError>(())
/// ```
///
/// # Errors
/// If `codes` are not a whole, positive number of rows, a number is NaN or infinite, or `max_error` is not a
/// finite number above 0.
pub fn compress_codes(
    codes: &[f32],
    latent_dim: usize,
    max_error: f32,
) -> Result<Vec<u8>, CompressionError> {
    if latent_dim == 0 || codes.is_empty() || !codes.len().is_multiple_of(latent_dim) {
        return Err(CompressionError::NotWholeRows { columns: latent_dim, values: codes.len() });
    }
    if !is_error(max_error) {
        return Err(CompressionError::MaxError { found: max_error });
    }
    if let Some((place, &value)) = codes.iter().enumerate().find(|(_, code)| !code.is_finite()) {
        let (row, column) = (place / latent_dim, place % latent_dim);
        return Err(CompressionError::NotFinite { row, column, value });
    }
    let grid = Grid { max_error };
    let mut bytes = MAGIC.to_vec();
    bytes.push(VERSION);
    bytes.extend(max_error.to_le_bytes());
    write_number(codes.len() / latent_dim, &mut bytes);
    write_number(latent_dim, &mut bytes);
    let mut dimensions = Vec::with_capacity(latent_dim);
    for dimension in 0..latent_dim {
        let window = Window::around(codes.iter().skip(dimension).step_by(latent_dim), grid);
        write_number(zigzag(window.first), &mut bytes);
        write_number(window.multiples as usize, &mut bytes);
        dimensions.push(AdaptiveDimension::new(window, codes.len() / latent_dim)?);
    }
    let mut writer = Writer::new();
    let raw = RawBits::new()?;
    for row in codes.chunks_exact(latent_dim) {
        for (&code, dimension) in row.iter().zip(&mut dimensions) {
            dimension.write(code, grid, &raw, &mut writer)?;
        }
    }
    let coded = writer.finish();
    let least = codes.len().div_ceil(NUMBERS_PER_BYTE);
    let padding = least.saturating_sub(coded.len());
    bytes.extend(coded);
    bytes.extend(std::iter::repeat_n(0, padding));
    add_checksum(&mut bytes);
    Ok(bytes)
}

/// Reads codes that [`compress_codes`] has written. Each number differs from the original by at most the
/// `max_error` that was given there. The same bytes give the same numbers on every machine.
///
/// # Errors
/// [`CompressionError::Archive`] if the bytes are damaged anywhere, or of a later version.
pub fn decompress_codes(bytes: &[u8]) -> Result<Codes, CompressionError> {
    if !bytes.starts_with(&MAGIC) {
        return Err(wrong("compressed codes", "something else"));
    }
    let version = bytes.get(MAGIC.len()).copied().unwrap_or(VERSION);
    if version != VERSION {
        return Err(wrong("version 1", &format!("version {version}, of a later program")));
    }
    let body = checked(bytes, "compressed codes")?;
    let mut rest = body.get(MAGIC.len() + 1..).unwrap_or_default();
    let max_error = f32::from_le_bytes(take(&mut rest)?);
    if !is_error(max_error) {
        return Err(wrong("a largest error above 0", &max_error.to_string()));
    }
    let (rows, latent_dim) = (read_number(&mut rest)?, read_number(&mut rest)?);
    let numbers = rows.checked_mul(latent_dim).filter(|&numbers| numbers > 0);
    if numbers.is_none_or(|numbers| numbers.div_ceil(NUMBERS_PER_BYTE) > rest.len()) {
        let found = format!("{rows} codes of {latent_dim} numbers in {} bytes", rest.len());
        return Err(wrong("as many codes as the bytes can hold", &found));
    }
    let dimensions = (0..latent_dim).map(|_| {
        let first = unzigzag(read_number(&mut rest)?);
        let multiples = read_number(&mut rest)? as i64;
        if !(1..=MAX_MULTIPLES).contains(&multiples) {
            return Err(wrong("from 1 to 2^22 multiples", &multiples.to_string()));
        }
        AdaptiveDimension::new(Window { first, multiples }, rows)
    });
    let mut dimensions = dimensions.collect::<Result<Vec<_>, _>>()?;
    let mut reader = Reader::new(rest);
    let (grid, raw) = (Grid { max_error }, RawBits::new()?);
    let mut values = Vec::with_capacity(rows * latent_dim);
    for _ in 0..rows {
        for dimension in &mut dimensions {
            values.push(dimension.read(grid, &raw, &mut reader)?);
        }
    }
    Ok(Codes { values, latent_dim })
}

fn is_error(max_error: f32) -> bool {
    max_error > 0.0 && max_error.is_finite()
}

/// Zigzag: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
fn zigzag(number: i64) -> usize {
    ((number << 1) ^ (number >> 63)) as usize
}

fn unzigzag(number: usize) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// The multiples of `2 * max_error`.
#[derive(Debug, Clone, Copy)]
struct Grid {
    max_error: f32,
}

impl Grid {
    fn step(self) -> f64 {
        2.0 * f64::from(self.max_error)
    }

    /// The nearest multiple. The conversion saturates, far outside of the window.
    fn multiple(self, code: f32) -> i64 {
        (f64::from(code) / self.step()).round() as i64
    }

    fn value(self, multiple: i64) -> f32 {
        (multiple as f64 * self.step()) as f32
    }

    /// Whether the multiple's value, rounded to `f32`, is within the largest error.
    fn holds(self, multiple: i64, code: f32) -> bool {
        let error = f64::from(self.value(multiple)) - f64::from(code);
        error.abs() <= f64::from(self.max_error)
    }
}

/// The multiples of a dimension that are entropy-coded. All other numbers are stored as 32 bits.
#[derive(Debug, Clone, Copy)]
struct Window {
    first: i64,
    multiples: i64,
}

impl Window {
    /// All multiples from the least to the greatest, or those around the median if they are too many.
    fn around<'a>(codes: impl Iterator<Item = &'a f32>, grid: Grid) -> Self {
        /// Beyond, zigzag and LEB128 of 35 bits cannot hold the first multiple.
        const FARTHEST: i64 = 1 << 33;
        let mut multiples: Vec<i64> = codes
            .map(|&code| grid.multiple(code))
            .filter(|multiple| (-FARTHEST..=FARTHEST).contains(multiple))
            .collect();
        multiples.sort_unstable();
        let (Some(&low), Some(&high)) = (multiples.first(), multiples.last()) else {
            return Self { first: 0, multiples: 1 };
        };
        if high - low < MAX_MULTIPLES {
            return Self { first: low, multiples: high - low + 1 };
        }
        let median = multiples[multiples.len() / 2];
        let first = (median - MAX_MULTIPLES / 2).max(low);
        Self { first, multiples: MAX_MULTIPLES.min(high - first + 1) }
    }
}

/// A dimension and the frequencies of its numbers in the rows so far.
struct AdaptiveDimension {
    window: Window,
    /// The bin of a multiple is its place in the window without the lower bits.
    lower_bits: u32,
    /// Occurrences of each bin and, at the end, of numbers outside of the window.
    counts: Vec<u64>,
    rows: u64,
    /// The number of rows at which the frequencies are computed again.
    next_update: u64,
    frequencies: Frequencies,
}

impl AdaptiveDimension {
    /// Few rows cannot fill many bins: the number of bins is bounded by theirs, and with it the memory.
    fn new(window: Window, rows: usize) -> Result<Self, CompressionError> {
        let max_bins = rows.saturating_mul(2).clamp(MIN_BINS, MAX_BINS) as i64;
        let last = window.multiples - 1;
        let lower_bits = (0..).find(|bits| last >> bits < max_bins).unwrap_or(0);
        let counts = vec![0; (last >> lower_bits) as usize + 2];
        let frequencies = Frequencies::new(&weights(&counts))?;
        Ok(Self { window, lower_bits, counts, rows: 0, next_update: 1, frequencies })
    }

    /// The symbol of numbers outside of the window.
    fn outside(&self) -> usize {
        self.counts.len() - 1
    }

    fn write(
        &mut self,
        code: f32,
        grid: Grid,
        raw: &RawBits,
        writer: &mut Writer,
    ) -> Result<(), CompressionError> {
        let multiple = grid.multiple(code);
        let place = multiple.saturating_sub(self.window.first);
        if !(0..self.window.multiples).contains(&place) || !grid.holds(multiple, code) {
            let outside = self.outside();
            writer.write(outside, &self.frequencies)?;
            raw.write(code.to_bits(), u32::BITS, writer)?;
            return self.count(outside);
        }
        let bin = (place >> self.lower_bits) as usize;
        writer.write(bin, &self.frequencies)?;
        raw.write(place as u32, self.lower_bits, writer)?;
        self.count(bin)
    }

    fn read(
        &mut self,
        grid: Grid,
        raw: &RawBits,
        reader: &mut Reader,
    ) -> Result<f32, CompressionError> {
        let bin = reader.read(&self.frequencies)?;
        let value = if bin == self.outside() {
            f32::from_bits(raw.read(u32::BITS, reader)?)
        } else {
            let lower = i64::from(raw.read(self.lower_bits, reader)?);
            grid.value(self.window.first + ((bin as i64) << self.lower_bits | lower))
        };
        self.count(bin)?;
        Ok(value)
    }

    fn count(&mut self, bin: usize) -> Result<(), CompressionError> {
        self.counts[bin] += 1;
        self.rows += 1;
        if self.rows == self.next_update {
            // The frequencies are never older than a fifth of the rows.
            self.next_update += 1 + self.rows / 4;
            self.frequencies = Frequencies::new(&weights(&self.counts))?;
        }
        Ok(())
    }
}

/// Bits that are stored as they are: equal frequencies of 1, 2, ... 8 bits.
struct RawBits(Vec<Frequencies>);

impl RawBits {
    fn new() -> Result<Self, CompressionError> {
        let even = |bits: u32| Frequencies::new(&vec![1; 1 << bits]);
        Ok(Self((1..=8).map(even).collect::<Result<_, _>>()?))
    }

    /// Writes the lowest `bits` bits of a number, at most 8 at once.
    fn write(&self, number: u32, bits: u32, writer: &mut Writer) -> Result<(), CompressionError> {
        for (start, frequencies) in self.parts(bits) {
            let part = (number >> start) as usize;
            let mask = (1 << (bits - start).min(8)) - 1;
            writer.write(part & mask, frequencies)?;
        }
        Ok(())
    }

    fn read(&self, bits: u32, reader: &mut Reader) -> Result<u32, CompressionError> {
        self.parts(bits).try_fold(0, |number, (start, frequencies)| {
            Ok(number | (reader.read(frequencies)? as u32) << start)
        })
    }

    /// The first bit and the frequencies of each part.
    fn parts(&self, bits: u32) -> impl Iterator<Item = (u32, &Frequencies)> {
        (0..bits).step_by(8).filter_map(move |start| {
            let part = (bits - start).min(8);
            Some((start, self.0.get(part as usize - 1)?))
        })
    }
}

/// The weights of bins with these counts; the last one is that of numbers outside of the window.
///
/// The posterior mean of a Dirichlet prior around the smoothed histogram `q`: in proportion to `count + a q`. With
/// few rows it is close to `q`, with many to the histogram itself. Weights are in units of `1 / PRIOR_UNIT`.
fn weights(counts: &[u64]) -> Vec<u64> {
    const PRIOR_UNIT: u64 = 1 << 16;
    let Some((outside, bins)) = counts.split_last() else { return Vec::new() };
    // A triangular kernel: a box twice.
    let radius = bins.len() / SMOOTHED_FRACTION;
    let smoothed = box_sums(&box_sums(bins, radius), radius);
    let total: u64 = smoothed.iter().sum();
    // The prior weighs as much as one row for each bin.
    let strength = bins.len() as u64;
    let prior = smoothed.iter().map(|&sum| match total {
        0 => PRIOR_UNIT / bins.len() as u64,
        _ => (u128::from(sum) * u128::from(PRIOR_UNIT) / u128::from(total)) as u64,
    });
    let weight = |(&count, prior): (&u64, u64)| count * PRIOR_UNIT + strength * prior;
    let mut weights: Vec<u64> = bins.iter().zip(prior).map(weight).collect();
    weights.push(outside * PRIOR_UNIT);
    weights
}

/// For each number the sum of those at most `radius` places away.
fn box_sums(numbers: &[u64], radius: usize) -> Vec<u64> {
    let mut sum: u64 = numbers.iter().take(radius).sum();
    (0..numbers.len())
        .map(|place| {
            sum += numbers.get(place + radius).unwrap_or(&0);
            let left = place.checked_sub(radius + 1).and_then(|left| numbers.get(left));
            sum -= left.unwrap_or(&0);
            sum
        })
        .collect()
}
