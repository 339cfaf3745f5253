//! The largest sizes that are accepted. Files from elsewhere are not believed beyond them.

/// The largest file that is read whole, uncompressed: 1 GiB, twenty times MNIST.
pub(crate) const MAX_FILE_BYTES: u64 = 1 << 30;

/// The most memory that one half of a data set may take: 8 GiB.
pub(crate) const MAX_HALF_BYTES: u64 = 8 << 30;

/// The most classes: a label is a byte.
pub(crate) const MAX_CLASSES: usize = 256;

/// The most columns of a table. A model's file holds their names and bounds.
pub(crate) const MAX_COLUMNS: usize = 8192;

/// The most memory that the patches of an epoch may take: 2 GiB.
pub(crate) const MAX_PATCH_BYTES: u64 = 2 << 30;

/// The longest side of a patch.
pub(crate) const MAX_PATCH_SIDE: usize = 8192;

/// The most decoded pictures in memory that patches are cut from, for training and for testing together: 1 GiB. It is
/// part of the result of a training on more pictures, so it does not depend on the machine.
#[cfg(feature = "pictures")]
pub(crate) const POOL_BYTES: u64 = 1 << 30;

/// The most numbers of a table that a model learns from and that is kept in memory: 1 GiB of `f64`.
pub(crate) const MAX_TABLE_NUMBERS: usize = 1 << 27;
