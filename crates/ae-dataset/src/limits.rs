//! The largest sizes that are accepted. Files from elsewhere are not believed beyond them.

/// The largest file that is read whole, uncompressed: 1 GiB, twenty times MNIST.
pub(crate) const MAX_FILE_BYTES: u64 = 1 << 30;

/// The most memory that one half of a data set may take: 8 GiB.
pub(crate) const MAX_HALF_BYTES: u64 = 8 << 30;

/// The most classes: a label is a byte.
pub(crate) const MAX_CLASSES: usize = 256;

/// The most columns of a table. A model's file holds their names and bounds.
pub(crate) const MAX_COLUMNS: usize = 8192;
