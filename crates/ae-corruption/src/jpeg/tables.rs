//! Quantisation tables.

/// The divisors of the 64 coefficients of a block, row by row.
pub(super) type Table = [f32; 64];

/// ITU-T T.81, table K.1.
pub(super) const LUMINANCE: [u32; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, //
    12, 12, 14, 19, 26, 58, 60, 55, //
    14, 13, 16, 24, 40, 57, 69, 56, //
    14, 17, 22, 29, 51, 87, 80, 62, //
    18, 22, 37, 56, 68, 109, 103, 77, //
    24, 35, 55, 64, 81, 104, 113, 92, //
    49, 64, 78, 87, 103, 121, 120, 101, //
    72, 92, 95, 98, 112, 100, 103, 99,
];

/// ITU-T T.81, table K.2.
pub(super) const CHROMINANCE: [u32; 64] = [
    17, 18, 24, 47, 99, 99, 99, 99, //
    18, 21, 26, 66, 99, 99, 99, 99, //
    24, 26, 56, 99, 99, 99, 99, 99, //
    47, 66, 99, 99, 99, 99, 99, 99, //
    99, 99, 99, 99, 99, 99, 99, 99, //
    99, 99, 99, 99, 99, 99, 99, 99, //
    99, 99, 99, 99, 99, 99, 99, 99, //
    99, 99, 99, 99, 99, 99, 99, 99,
];

/// The table of a quality from 1 to 100: libjpeg's `jpeg_set_quality` with baseline tables, whose entries are bytes.
pub(super) fn scaled(table: [u32; 64], quality: u32) -> Table {
    let quality = quality.clamp(1, 100);
    let percent = if quality < 50 { 5000 / quality } else { 200 - 2 * quality };
    table.map(|entry| ((entry * percent + 50) / 100).clamp(1, 255) as f32)
}
