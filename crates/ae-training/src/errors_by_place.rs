//! Where a model errs: the squared error by item, and by place within the items.

use ae_models::Inference;

use crate::evaluate::{SliceBuffers, in_slices_of};
use crate::{Samples, TrainingError};

/// Items that are evaluated before their sums are added up: the memory does not grow with the number of items.
const GROUP: usize = 4096;

/// Squared errors of reconstructions, per value.
#[derive(Debug, Clone, PartialEq)]
pub struct ErrorsByPlace {
    /// The mean over the values of each item.
    pub items: Vec<f64>,
    /// The mean over all items and over the values of each place; 0 where there is no value.
    pub places: Vec<f64>,
}

/// Sums of a slice.
struct SliceErrors {
    items: Vec<f64>,
    places: Vec<f64>,
}

/// The squared errors of all samples; the corruption is that of epoch 0. `place_of` says for each value of an item
/// which of `places` it is in. The sums are those of any number of threads.
///
/// # Errors
/// If the samples do not fit the model, or candle fails.
///
/// # Panics
/// If there is not a place for each value, or one is not below `places`.
pub fn errors_by_place(
    model: &dyn Inference,
    samples: &Samples,
    place_of: &[u32],
    places: usize,
) -> Result<ErrorsByPlace, TrainingError> {
    let size = samples.images().image_size();
    assert_eq!(place_of.len(), size, "a place for each value");
    let of_slice = |inputs: &[f32], targets: &[f32], buffers: &mut SliceBuffers| {
        buffers.outputs.resize(targets.len(), 0.0);
        model.reconstruct(inputs, &mut buffers.outputs)?;
        let mut errors = SliceErrors { items: Vec::new(), places: vec![0.0; places] };
        for (output, target) in buffers.outputs.chunks(size).zip(targets.chunks(size)) {
            let mut item = 0.0;
            for ((&output, &target), &place) in output.iter().zip(target).zip(place_of) {
                let square = (f64::from(output) - f64::from(target)).powi(2);
                item += square;
                errors.places[place as usize] += square;
            }
            errors.items.push(item / size as f64);
        }
        Ok(vec![errors])
    };
    let all: Vec<u32> = (0..samples.images().len() as u32).collect();
    let (mut items, mut sums) = (Vec::with_capacity(all.len()), vec![0.0; places]);
    for group in all.chunks(GROUP) {
        for slice in in_slices_of(model, samples, group, of_slice)? {
            items.extend(slice.items);
            sums.iter_mut().zip(slice.places).for_each(|(sum, part)| *sum += part);
        }
    }
    let mut counts = vec![0_usize; places];
    place_of.iter().for_each(|&place| counts[place as usize] += 1);
    let mean = |(sum, count): (f64, usize)| match count * items.len() {
        0 => 0.0,
        values => sum / values as f64,
    };
    let places = sums.into_iter().zip(counts).map(mean).collect();
    Ok(ErrorsByPlace { items, places })
}
