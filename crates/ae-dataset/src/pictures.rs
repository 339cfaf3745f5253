//! Pictures: files of seven formats, alone or in folders whose subfolders are classes or parts.

pub(crate) mod id;
pub(crate) mod list;
pub(crate) mod parts;

#[cfg(feature = "pictures")]
pub(crate) mod decode;
#[cfg(feature = "pictures")]
pub(crate) mod folder;
#[cfg(feature = "pictures")]
pub(crate) mod headers;
#[cfg(feature = "pictures")]
pub(crate) mod in_memory;
#[cfg(feature = "pictures")]
pub(crate) mod pairs;
#[cfg(feature = "pictures")]
pub(crate) mod read_many;
#[cfg(feature = "pictures")]
pub(crate) mod reader;
#[cfg(feature = "pictures")]
pub(crate) mod remark;
#[cfg(feature = "pictures")]
pub(crate) mod writer;

#[cfg(feature = "pictures")]
pub(crate) mod metadata;

#[cfg(feature = "pictures")]
mod background;
#[cfg(feature = "pictures")]
mod bounds;
#[cfg(feature = "pictures")]
mod containers;
#[cfg(feature = "pictures")]
mod jpeg;
#[cfg(feature = "pictures")]
mod png;
#[cfg(feature = "pictures")]
mod tiff;
