//! Images from candle's tensors.

use candle_core::{DType, Tensor};

use crate::{PictureError, Pictures};

impl TryFrom<&Tensor> for Pictures {
    type Error = PictureError;

    /// From a tensor of shape `(n, height, width)`, of any number type and on any device.
    fn try_from(tensor: &Tensor) -> Result<Self, PictureError> {
        let &[_, height, width] = tensor.dims() else {
            return Err(PictureError::Shape { found: tensor.dims().to_vec() });
        };
        let pixels = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        Self::new(pixels, height, width)
    }
}

impl From<candle_core::Error> for PictureError {
    fn from(error: candle_core::Error) -> Self {
        Self::Tensor(Box::new(error))
    }
}
