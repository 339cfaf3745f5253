//! Exchange with other programs: ONNX out, weights of PyTorch and Keras in.
//!
//! [`onnx_of_model`] and [`onnx_of_encoder`] make ONNX files of a trained model. [`import`] makes a model of a weights file
//! that another program wrote.
//!
//! ```
//! use ae_models::exchange::{ImportOptions, NetworkPart, import, onnx_of_model};
//! use ae_models::{Dtype, FileTensor, tensor_file};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("weights.safetensors");
//! // What `torch.nn.Sequential(Linear(4, 1), ReLU(), Linear(1, 4), Sigmoid())` saves: layers 0 and 2.
//! let bytes = [0; 16];
//! let tensor = |name, shape, data| FileTensor { name, dtype: Dtype::F32, shape, data };
//! let tensors = vec![
//!     tensor("0.weight", &[1, 4], &bytes[..]),
//!     tensor("0.bias", &[1], &bytes[..4]),
//!     tensor("2.weight", &[4, 1], &bytes[..]),
//!     tensor("2.bias", &[4], &bytes[..]),
//! ];
//! ae_files::write_atomic(&path, &tensor_file(&[], tensors)?)?;
//!
//! let imported = import(&path, &ImportOptions::default())?;
//! assert_eq!(imported.model.spec.network.image, [2, 2]);
//! assert_eq!(imported.model.spec.check()?.code().numbers(), 1);
//! for assumption in &imported.assumptions {
//!     println!("{assumption}");
//! }
//!
//! let onnx = onnx_of_model(&imported.model, NetworkPart::Encoder, None)?;
//! ae_files::write_atomic(&folder.path().join("encoder.onnx"), &onnx)?;
//! # Ok(())
//! # }
//! ```

mod arrays;
mod assumption;
mod convert;
mod error;
mod import;
mod npz;
mod onnx;
mod stack;

pub use assumption::{Assumption, PixelOrder, WeightLayout};
pub use error::ExchangeError;
pub use import::{Converted, ImportOptions, Imported, MAX_IMPORT_BYTES, import, import_bytes};
pub(crate) use onnx::{Attribute, Flow, LayerGraph, OnnxKind, window_attributes};
pub use onnx::{NetworkPart, TableColumns, onnx_of_encoder, onnx_of_model};
