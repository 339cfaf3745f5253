//! Walks the entropy-coded data of a JPEG's scan without computing pixels.

use super::bits::BitReader;
use super::fault::JpegFault;
use super::frame::{Component, Frame};
use super::huffman::HuffmanTable;

/// The most blocks of an interleaved MCU.
const MAX_BLOCKS: usize = 10;

/// The header of a scan.
pub(super) struct Scan {
    /// Indices of the frame's components, each with the numbers of its DC and AC tables.
    components: Vec<(usize, [usize; 2])>,
    /// The first and the last coefficient in zigzag order.
    band: [usize; 2],
    /// The number of low bits that were missing before (0 in a first scan), and the number after this scan.
    bits: [u8; 2],
}

/// The current Huffman tables: four for DC differences, four for AC coefficients.
pub(super) type Tables = [[Option<HuffmanTable>; 4]; 2];

impl Scan {
    /// Parses a header (SOS).
    pub(super) fn parse(header: &[u8], frame: &Frame) -> Result<Self, JpegFault> {
        let (&count, rest) = header.split_first().ok_or(JpegFault::Header)?;
        let count = usize::from(count);
        if !(1..=4).contains(&count) || rest.len() != 2 * count + 3 {
            return Err(JpegFault::Header);
        }
        let (parts, parameters) = rest.split_at(2 * count);
        let mut components = Vec::with_capacity(count);
        for &[id, tables] in parts.as_chunks::<2>().0 {
            let place = frame.components.iter().position(|component| component.id == id);
            let place = place.ok_or(JpegFault::Header)?;
            let tables = [usize::from(tables >> 4), usize::from(tables & 15)];
            if components.iter().any(|&(other, _)| other == place) {
                return Err(JpegFault::Header);
            }
            components.push((place, tables));
        }
        let blocks = components.iter().map(|&(place, _)| {
            let [across, down] = frame.components[place].sampling;
            across * down
        });
        let [first, last, bits] = [parameters[0], parameters[1], parameters[2]];
        let scan = Self {
            band: [usize::from(first), usize::from(last)],
            bits: [bits >> 4, bits & 15],
            components: components.clone(),
        };
        let fits = count == 1 || blocks.sum::<usize>() <= MAX_BLOCKS;
        if !fits || (frame.is_progressive && !scan.is_sound()) {
            return Err(JpegFault::Header);
        }
        // A sequential scan always has all coefficients, though some encoders write zeros here.
        Ok(if frame.is_progressive { scan } else { Self { band: [0, 63], bits: [0, 0], ..scan } })
    }

    fn is_sound(&self) -> bool {
        let Self { components, band: [first, last], bits: [before, after] } = self;
        let band_fits = match first {
            0 => *last == 0,
            _ => first <= last && *last < 64 && components.len() == 1,
        };
        band_fits && *after <= 13 && (*before == 0 || *before == after + 1)
    }

    /// The indices of the components.
    pub(super) fn components(&self) -> Vec<usize> {
        self.components.iter().map(|&(place, _)| place).collect()
    }

    /// Records which bits of which coefficients are known after this scan.
    pub(super) fn advance(&self, frame: &mut Frame) -> Result<(), JpegFault> {
        let [first, last] = self.band;
        let [before, after] = self.bits;
        for &(place, _) in &self.components {
            let missing = &mut frame.components[place].missing_bits;
            // AC coefficients come after the DC coefficient.
            if first > 0 && missing[0].is_none() {
                return Err(JpegFault::Progression);
            }
            for missing in &mut missing[first..=last] {
                if frame.is_progressive && missing.unwrap_or(0) != before {
                    return Err(JpegFault::Progression);
                }
                *missing = Some(after);
            }
        }
        Ok(())
    }

    /// Walks the data. `restart` is called after every `interval` MCUs and moves the reader past the restart marker.
    pub(super) fn walk<'a>(
        &self,
        frame: &mut Frame,
        tables: &Tables,
        bits: &mut BitReader<'a>,
        interval: usize,
        mut restart: impl FnMut(&mut BitReader<'a>) -> Result<(), JpegFault>,
    ) -> Result<(), JpegFault> {
        let [columns, rows] = frame.units_of(&self.components());
        let is_alone = self.components.len() == 1;
        let tables = self.tables(tables, frame.is_progressive)?;
        let mut run = 0;
        for unit in 0..columns * rows {
            if interval > 0 && unit > 0 && unit.is_multiple_of(interval) {
                check_run_has_ended(run)?;
                restart(bits)?;
            }
            let (row, column) = (unit / columns, unit % columns);
            for (&(place, _), tables) in self.components.iter().zip(&tables) {
                let component = &mut frame.components[place];
                let [across, down] = if is_alone { [1, 1] } else { component.sampling };
                for block in 0..across * down {
                    let row = row * down + block / across;
                    let place = row * component.stride + column * across + block % across;
                    match frame.is_progressive {
                        true => self.progressive(component, place, tables, bits, &mut run)?,
                        false => sequential(tables, bits)?,
                    }
                }
            }
        }
        check_run_has_ended(run)
    }

    /// The DC and the AC table of each component, as far as the scan uses them.
    fn tables<'t>(
        &self,
        tables: &'t Tables,
        is_progressive: bool,
    ) -> Result<Vec<[Option<&'t HuffmanTable>; 2]>, JpegFault> {
        let has_first = self.band[0] == 0 && self.bits[0] == 0;
        let has_others = self.band[1] > 0;
        let is_used = [has_first, has_others || !is_progressive];
        let of_component = |&(_, numbers): &(usize, [usize; 2])| {
            let mut of_component = [None; 2];
            for class in [0, 1].into_iter().filter(|&class| is_used[class]) {
                let table = tables[class].get(numbers[class]).and_then(Option::as_ref);
                of_component[class] = Some(table.ok_or(JpegFault::Tables)?);
            }
            Ok(of_component)
        };
        self.components.iter().map(of_component).collect()
    }

    fn progressive(
        &self,
        component: &mut Component,
        place: usize,
        [first, others]: &[Option<&HuffmanTable>; 2],
        bits: &mut BitReader<'_>,
        run: &mut u32,
    ) -> Result<(), JpegFault> {
        match (self.band, self.bits, first, others) {
            ([0, _], [0, _], Some(table), _) => difference(table, bits),
            ([0, _], ..) => bits.bits(1).map(|_| ()),
            (band, [before, _], _, Some(table)) => {
                let nonzero = component.nonzero.get_mut(place).ok_or(JpegFault::Header)?;
                match before {
                    0 => first_bits(band, nonzero, table, bits, run),
                    _ => next_bit(band, nonzero, table, bits, run),
                }
            }
            _ => Err(JpegFault::Tables),
        }
    }
}

/// An end-of-band run must not go beyond its restart interval.
fn check_run_has_ended(run: u32) -> Result<(), JpegFault> {
    if run == 0 { Ok(()) } else { Err(JpegFault::BadCode) }
}

/// The DC coefficient: the difference to that of the block before.
fn difference(table: &HuffmanTable, bits: &mut BitReader<'_>) -> Result<(), JpegFault> {
    let size = bits.symbol(table)?;
    bits.bits(u32::from(size)).map(|_| ())
}

/// Walks a block of a sequential file.
fn sequential(
    tables: &[Option<&HuffmanTable>; 2],
    bits: &mut BitReader<'_>,
) -> Result<(), JpegFault> {
    let [Some(first), Some(others)] = tables else { return Err(JpegFault::Tables) };
    difference(first, bits)?;
    let mut place = 1;
    while place < 64 {
        let symbol = bits.symbol(others)?;
        let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        if size == 0 && zeros != 15 {
            return Ok(());
        }
        place += zeros;
        if place > 63 {
            return Err(JpegFault::BadCode);
        }
        bits.bits(size)?;
        place += 1;
    }
    Ok(())
}

/// The length of an end-of-band run: the number of blocks without further coefficients in this scan.
fn run_length(symbol: u8, bits: &mut BitReader<'_>) -> Result<u32, JpegFault> {
    let size = u32::from(symbol >> 4);
    Ok((1 << size) + bits.bits(size)?)
}

/// Walks a block in the first scan of a band of coefficients.
fn first_bits(
    [first, last]: [usize; 2],
    nonzero: &mut u64,
    table: &HuffmanTable,
    bits: &mut BitReader<'_>,
    run: &mut u32,
) -> Result<(), JpegFault> {
    if *run > 0 {
        *run -= 1;
        return Ok(());
    }
    let mut place = first;
    while place <= last {
        let symbol = bits.symbol(table)?;
        let (zeros, size) = (usize::from(symbol >> 4), u32::from(symbol & 15));
        if size == 0 && zeros != 15 {
            *run = run_length(symbol, bits)? - 1;
            return Ok(());
        }
        place += zeros;
        if place > last {
            return Err(JpegFault::BadCode);
        }
        if size > 0 {
            bits.bits(size)?;
            *nonzero |= 1 << place;
        }
        place += 1;
    }
    Ok(())
}

/// Walks a block in a scan that refines a band of coefficients by one bit.
fn next_bit(
    [first, last]: [usize; 2],
    nonzero: &mut u64,
    table: &HuffmanTable,
    bits: &mut BitReader<'_>,
    run: &mut u32,
) -> Result<(), JpegFault> {
    let mut place = first;
    while *run == 0 && place <= last {
        let symbol = bits.symbol(table)?;
        let (mut zeros, size) = (symbol >> 4, symbol & 15);
        match size {
            0 if zeros != 15 => {
                *run = run_length(symbol, bits)?;
                break;
            }
            0 => {}
            1 => bits.bits(1).map(|_| ())?,
            _ => return Err(JpegFault::BadCode),
        }
        // Skips `zeros` coefficients that were zero. Those between them that were not get one bit each.
        while place <= last {
            if *nonzero >> place & 1 == 1 {
                bits.bits(1)?;
            } else if zeros == 0 {
                break;
            } else {
                zeros -= 1;
            }
            place += 1;
        }
        if size == 1 {
            if place > last {
                return Err(JpegFault::BadCode);
            }
            *nonzero |= 1 << place;
        }
        place += 1;
    }
    if *run > 0 {
        for place in place..=last {
            bits.bits((*nonzero >> place & 1) as u32)?;
        }
        *run -= 1;
    }
    Ok(())
}
