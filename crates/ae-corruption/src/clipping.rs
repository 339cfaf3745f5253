//! Whether results are clipped to [0, 1].

/// Whether a noise clips its results to [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Clipping {
    /// Results are clipped to [0, 1], the range of pixels.
    #[default]
    UnitRange,
    /// Results are kept as they are. For values of any range, such as standardised columns.
    Off,
}

impl Clipping {
    /// Clips the values if they are to be clipped.
    pub(crate) fn apply(self, values: &mut [f32]) {
        if self == Self::UnitRange {
            values.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        }
    }

    /// The ending of a noise's text.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::UnitRange => "",
            Self::Off => ":unclipped",
        }
    }
}
