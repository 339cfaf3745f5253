//! IDX, the format of MNIST's files.

pub(crate) mod file_names;
pub(crate) mod folder;
pub(crate) mod format;
pub(crate) mod gzip;
