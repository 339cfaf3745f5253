//! Why a JPEG is damaged.

/// The most scans that are accepted; encoders write about ten.
pub(super) const MAX_SCANS: usize = 500;

/// Why a JPEG is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JpegFault {
    #[error("the file ends before the picture does")]
    FileEnd,
    #[error("the data of a scan end before the picture does")]
    DataEnd,
    #[error("a code that does not exist in the data of a scan")]
    BadCode,
    #[error("{count} bytes that belong to nothing before the marker {marker:#04x}")]
    ExtraneousBytes { count: usize, marker: u8 },
    #[error("the marker {found:#04x} in the data of a scan, expected {expected:#04x}")]
    Restart { expected: u8, found: u8 },
    #[error(
        "it has {height} x {width} pixels of {components} components, another size than its part"
    )]
    Frame { height: u16, width: u16, components: u8 },
    #[error("it is arithmetic, lossless, or not of 8 bits")]
    Kind,
    #[error("a header that makes no sense")]
    Header,
    #[error("a missing or impossible table")]
    Tables,
    #[error("the unknown marker {0:#04x}")]
    Marker(u8),
    #[error("scans that do not follow each other")]
    Progression,
    #[error("no image data for every component")]
    NoData,
    #[error("more than {MAX_SCANS} scans")]
    ManyScans,
}
