//! NumPy's `.npy` files: images or rows of a table as arrays.

pub(crate) mod dataset;
pub(crate) mod images;
pub(crate) mod items;
pub(crate) mod matrix;
pub(crate) mod npy;
pub(crate) mod npy_join;
pub(crate) mod npy_reader;
pub(crate) mod npy_writer;
pub(crate) mod numbers;
