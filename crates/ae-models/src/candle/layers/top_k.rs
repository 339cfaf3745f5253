//! The largest numbers of a code, over tensors.

use candle_core::{DType, Device, Tensor};

use super::{LayerWeights, Pass, TensorKind, TensorLayer};
use crate::{ModelError, TopK};

impl TensorKind for TopK {
    fn over(&self, _weights: &LayerWeights<'_>) -> Result<Box<dyn TensorLayer>, ModelError> {
        Ok(Box::new(self.clone()))
    }
}

impl TensorLayer for TopK {
    fn forward(&self, input: &Tensor, _pass: &mut Pass<'_>) -> Result<Tensor, ModelError> {
        // Chosen on the host: candle's sorts on GPUs keep no order of equal numbers, and take at most 1024 of them.
        let values = input.detach().flatten_from(1)?.to_device(&Device::Cpu)?;
        let mut mask = Vec::with_capacity(values.elem_count());
        for row in values.to_dtype(DType::F64)?.to_vec2::<f64>()? {
            mask.extend(largest(&row, self.k));
        }
        let mask = Tensor::from_vec(mask, input.dims(), input.device())?;
        // Not a product: infinity times 0 is NaN.
        Ok(mask.where_cond(input, &input.zeros_like()?)?)
    }
}

/// 1 for the `k` largest numbers, of equal numbers the first, and 0 for the others.
fn largest(row: &[f64], k: usize) -> Vec<u8> {
    let mut order: Vec<usize> = (0..row.len()).collect();
    // A total order, in which the two zeros are equal.
    order.sort_by(|&a, &b| (row[b] + 0.0).total_cmp(&(row[a] + 0.0)));
    let mut mask = vec![0; row.len()];
    for &place in order.iter().take(k) {
        mask[place] = 1;
    }
    mask
}
