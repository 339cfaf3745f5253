//! The flat parameter buffer: where each weight and bias lies in it.

use std::ops::Range;

use crate::layer::{Place, Role};
use crate::product::{Orientation, RowMajor};
use crate::{ChainError, Dense, Layer, Shape, Weight};

/// The weight of a layer within the flat parameter buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WeightView {
    pub(crate) offset: usize,
    rows: usize,
    columns: usize,
    /// How the stored matrix becomes the right factor of the forward product, (inputs, outputs).
    pub(crate) forward: Orientation,
}

impl WeightView {
    /// The weight of a layer of a checked chain.
    pub(crate) fn new(layers: &[Layer], layer: &Dense) -> Self {
        let Dense { inputs, outputs, weight, .. } = *layer;
        match weight {
            Weight::Own { offset } => {
                let forward = Orientation::Transposed;
                Self { offset, rows: outputs, columns: inputs, forward }
            }
            Weight::TransposeOf { layer: owner } => match layers[owner] {
                Layer::Dense(Dense { weight: Weight::Own { offset }, .. }) => {
                    let forward = Orientation::AsStored;
                    Self { offset, rows: inputs, columns: outputs, forward }
                }
                _ => unreachable!("a chain is checked when it is made"),
            },
        }
    }

    /// The stored matrix.
    pub(super) fn matrix(self, parameters: &[f32]) -> RowMajor<'_> {
        RowMajor::new(&parameters[self.offset..], self.rows, self.columns)
    }
}

/// The parameters of all layers; `shapes` are those before each layer.
fn places(layers: &[Layer], shapes: &[Shape]) -> impl Iterator<Item = Place> {
    layers.iter().zip(shapes).flat_map(|(layer, shape)| layer.kind().places(*shape))
}

/// Checks that parameters fill a buffer of this length without gaps and overlaps.
pub(super) fn check_coverage(
    layers: &[Layer],
    shapes: &[Shape],
    parameters: usize,
) -> Result<(), ChainError> {
    let mut places: Vec<Place> = places(layers, shapes).collect();
    places.sort_unstable_by_key(|place| (place.offset, place.length));
    let mut expected = 0_usize;
    for Place { offset: found, length, .. } in places {
        if found != expected {
            return Err(ChainError::Parameters { expected, found });
        }
        expected = expected.saturating_add(length);
    }
    if expected != parameters {
        return Err(ChainError::Parameters { expected, found: parameters });
    }
    Ok(())
}

/// The parts of a checked buffer that are not trained, in order.
pub(super) fn untrained(layers: &[Layer], shapes: &[Shape]) -> Vec<Range<usize>> {
    let places = places(layers, shapes).filter(|place| place.role == Role::Untrained);
    let mut ranges: Vec<_> =
        places.map(|place| place.offset..place.offset + place.length).collect();
    ranges.sort_unstable_by_key(|range| range.start);
    ranges
}
