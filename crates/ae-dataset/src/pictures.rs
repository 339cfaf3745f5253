//! Pictures: PNG and JPEG files, alone or in folders whose subfolders are classes or parts.

pub(crate) mod list;
pub(crate) mod parts;

#[cfg(feature = "pictures")]
pub(crate) mod decode;
#[cfg(feature = "pictures")]
pub(crate) mod folder;
#[cfg(feature = "pictures")]
pub(crate) mod headers;
#[cfg(feature = "pictures")]
pub(crate) mod read_many;
#[cfg(feature = "pictures")]
pub(crate) mod reader;

#[cfg(feature = "pictures")]
mod jpeg;
#[cfg(feature = "pictures")]
mod png;
