//! How large a figure may be.

/// The longest side, in pixels at the figure's own size.
pub(crate) const MAX_SIDE: f32 = 16_384.0;
/// The largest area; its PNG has four times as many pixels.
pub(crate) const MAX_AREA: f32 = 8_000_000.0;
