//! The largest numbers of a code.

use serde::{Deserialize, Serialize};

use super::kind::LayerKind;
use crate::Shape;

/// The `k` largest numbers of an item stay, the others become 0 (Makhzani and Frey, ICLR 2014, algorithm 1). Of equal
/// numbers the first stays. A NaN is larger than any number, so that it shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TopK {
    /// How many stay, at least 1.
    pub k: usize,
}

impl LayerKind for TopK {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        match (1..=input.numbers()).contains(&self.k) {
            true => Ok(input),
            false => {
                Err(format!("must have a k from 1 to {}, but found {}", input.numbers(), self.k))
            }
        }
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        ae_kernels::TopK { k: self.k }.into()
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::{DType, Device, Tensor};

    use super::TopK;
    use crate::ModelError;
    use crate::candle::{Pass, TensorLayer};

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
        // A total order, in which the two zeros are equal, and a NaN of either sign is above all numbers, so that it
        // shows.
        let number = |place: usize| if row[place].is_nan() { f64::NAN } else { row[place] + 0.0 };
        order.sort_by(|&a, &b| number(b).total_cmp(&number(a)));
        let mut mask = vec![0; row.len()];
        for &place in order.iter().take(k) {
            mask[place] = 1;
        }
        mask
    }
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::TopK;
    use crate::exchange::{Attribute, ExchangeError, Flow, LayerGraph, OnnxKind};

    impl OnnxKind for TopK {
        /// Of equal numbers ONNX' `TopK` takes the first.
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            let input = at.rows(input);
            let k = at.integers("k", &[self.k]);
            let [largest, places] = at.node_with("TopK", &[&input, &k], ["largest", "places"]);
            let shape = at.node("Shape", &[&input], "shape", vec![]);
            // Written out, as tract takes an `f64` where there is none.
            let zero = vec![Attribute::number("value", 0.0)];
            let zeros = at.node("ConstantOfShape", &[&shape], "zeros", zero);
            let axis = vec![Attribute::int("axis", 1)];
            let inputs = [zeros.as_str(), &places, &largest];
            Ok(Flow::Rows(at.node("ScatterElements", &inputs, "kept", axis)))
        }
    }
}
