//! The flat parameter buffer: where each weight and bias lies in it.

use super::layer::{Layer, Weight};
use crate::StackError;
use crate::product::{Orientation, RowMajor};

/// The weight of a layer within the flat parameter buffer.
#[derive(Debug, Clone, Copy)]
pub(super) struct WeightView {
    offset: usize,
    rows: usize,
    columns: usize,
    /// How the stored matrix becomes the right factor of the forward product, (inputs, outputs).
    pub(super) forward: Orientation,
}

impl WeightView {
    /// The weight of a layer of a checked stack.
    pub(super) fn new(layers: &[Layer], layer: &Layer) -> Self {
        let Layer { inputs, outputs, weight, .. } = *layer;
        match weight {
            Weight::Own { offset } => {
                let forward = Orientation::Transposed;
                Self { offset, rows: outputs, columns: inputs, forward }
            }
            Weight::TransposeOf { layer: owner } => match layers[owner].weight {
                Weight::Own { offset } => {
                    let forward = Orientation::AsStored;
                    Self { offset, rows: inputs, columns: outputs, forward }
                }
                Weight::TransposeOf { .. } => unreachable!("a stack is checked when it is made"),
            },
        }
    }

    /// The stored matrix.
    pub(super) fn matrix(self, parameters: &[f32]) -> RowMajor<'_> {
        RowMajor::new(&parameters[self.offset..], self.rows, self.columns)
    }
}

/// Checks that weights and biases fill a buffer of this length without gaps and overlaps.
pub(super) fn check_coverage(layers: &[Layer], parameters: usize) -> Result<(), StackError> {
    let mut places = Vec::new();
    for layer in layers {
        if let Weight::Own { offset } = layer.weight {
            places.push((offset, layer.inputs.saturating_mul(layer.outputs)));
        }
        places.push((layer.bias, layer.outputs));
    }
    places.sort_unstable();
    let mut expected = 0_usize;
    for (found, length) in places {
        if found != expected {
            return Err(StackError::Parameters { expected, found });
        }
        expected = expected.saturating_add(length);
    }
    if expected != parameters {
        return Err(StackError::Parameters { expected, found: parameters });
    }
    Ok(())
}
