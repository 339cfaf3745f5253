//! candle tensors of images, with candle-core alone.

use candle_core::{Device, Tensor};

use crate::{DatasetError, Images};

impl Images {
    /// All images as a tensor of `f32`, `n x channels x height x width`, with the same bits as [`gather`](Self::gather).
    ///
    /// # Errors
    /// If candle cannot put the tensor on the device.
    ///
    /// ```
    /// use ae_dataset::Digits;
    /// use candle_core::Device;
    ///
    /// # fn main() -> Result<(), ae_dataset::DatasetError> {
    /// let digits = Digits::STANDARD.train(5)?;
    /// assert_eq!(digits.to_tensor(&Device::Cpu)?.dims(), [5, 1, 28, 28]);
    /// assert_eq!(digits.gather_tensor(&[4, 0], &Device::Cpu)?.dims(), [2, 1, 28, 28]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn to_tensor(&self, device: &Device) -> Result<Tensor, DatasetError> {
        self.tensor(self.to_floats(), device)
    }

    /// The images with these indices as a tensor of `f32`, `indices.len() x channels x height x width`.
    ///
    /// # Errors
    /// If candle cannot put the tensor on the device.
    ///
    /// # Panics
    /// If an index is not below [`len`](Self::len).
    pub fn gather_tensor(&self, indices: &[u32], device: &Device) -> Result<Tensor, DatasetError> {
        let mut pixels = vec![0.0; indices.len() * self.image_size()];
        self.gather(indices, &mut pixels);
        self.tensor(pixels, device)
    }

    /// The labels as a tensor of `u8`, `n`; `None` if there are no labels.
    ///
    /// # Errors
    /// If candle cannot put the tensor on the device.
    pub fn labels_tensor(&self, device: &Device) -> Result<Option<Tensor>, DatasetError> {
        let labels = self.labels();
        let tensor = labels.map(|labels| Tensor::from_slice(labels, labels.len(), device));
        Ok(tensor.transpose()?)
    }

    fn tensor(&self, pixels: Vec<f32>, device: &Device) -> Result<Tensor, DatasetError> {
        let n = pixels.len() / self.image_size();
        let shape = (n, self.channels(), self.height(), self.width());
        Ok(Tensor::from_vec(pixels, shape, device)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ImageShape, Pixels};

    #[test]
    fn tensors_have_the_values_of_gathered_batches() {
        let shape = ImageShape { channels: 3, height: 1, width: 2 };
        let bytes = Pixels::Bytes((0..12).map(|value| value * 20).collect());
        let images = Images::of_shape(shape, bytes).unwrap().with_labels(vec![7, 9]).unwrap();
        let flat = |tensor: Tensor| tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap();

        let all = images.to_tensor(&Device::Cpu).unwrap();
        assert_eq!(all.dims(), [2, 3, 1, 2]);
        assert_eq!(flat(all), images.to_floats());
        let mut batch = vec![0.0; 6];
        images.gather(&[1], &mut batch);
        assert_eq!(flat(images.gather_tensor(&[1], &Device::Cpu).unwrap()), batch);
        let labels = images.labels_tensor(&Device::Cpu).unwrap().unwrap();
        assert_eq!(labels.to_vec1::<u8>().unwrap(), [7, 9]);

        let plain = Images::new(1, 1, vec![3]).unwrap();
        assert!(plain.labels_tensor(&Device::Cpu).unwrap().is_none());
    }
}
