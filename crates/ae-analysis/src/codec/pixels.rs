//! What the decoder misses: a pixel's value, given the decoder's and how it erred nearby.

use super::fixed::unfit;
use super::symbols::{Frequencies, Reader, Writer};
use crate::AnalysisError;

/// Upper ends of the classes of an expected value; narrow where most pixels of a scan are.
const EXPECTED: [i32; 21] =
    [0, 1, 3, 6, 10, 20, 32, 48, 64, 84, 104, 128, 152, 176, 196, 212, 226, 238, 248, 253, 254];
/// Upper ends of the classes of the errors nearby.
const NEARBY: [i32; 4] = [2, 16, 64, 160];

/// How many contexts there are.
pub(super) const CONTEXTS: usize = (EXPECTED.len() + 1) * (NEARBY.len() + 1);

/// Calls `code` for every pixel of an image, `channels x height x width` with rows of `width`, with the
/// pixel's place and its context; `code` says what the pixel is.
pub(super) fn visit<E>(
    [channels, height, width]: [usize; 3],
    predicted: &[u8],
    mut code: impl FnMut(usize, usize) -> Result<u8, E>,
) -> Result<(), E> {
    let plane = height * width;
    let mut errors = vec![0; channels * plane];
    for place in 0..channels * plane {
        let (row, column) = (place % plane / width, place % width);
        let left = if column > 0 { errors[place - 1] } else { 0 };
        let above = if row > 0 { errors[place - width] } else { 0 };
        let right = if row > 0 && column + 1 < width { errors[place + 1 - width] } else { 0 };
        let prediction = i32::from(predicted[place]);
        let expected = (prediction + (left + above) / 2).clamp(0, 255);
        let nearby: i32 = left.abs() + above.abs() + right.abs();
        let context = EXPECTED.partition_point(|&end| end < expected) * (NEARBY.len() + 1)
            + NEARBY.partition_point(|&end| end < nearby);
        errors[place] = i32::from(code(place, context)?) - prediction;
    }
    Ok(())
}

/// Frequencies for every context.
pub(super) struct PixelModel {
    contexts: Vec<Frequencies>,
    shape: [usize; 3],
}

impl PixelModel {
    pub(super) fn new(counts: &[Vec<u32>], shape: [usize; 3]) -> Result<Self, AnalysisError> {
        if counts.len() != CONTEXTS || counts.iter().any(|counts| counts.len() != 256) {
            return Err(unfit("the pixels of its codec are not 256 in each context".to_owned()));
        }
        let weights = counts.iter().map(|counts| {
            // A part of a count more: what was not seen may still come.
            Frequencies::new(&counts.iter().map(|&n| 32 * u64::from(n) + 1).collect::<Vec<_>>())
        });
        Ok(Self { contexts: weights.collect::<Result<_, _>>()?, shape })
    }

    pub(super) fn write(
        &self,
        image: &[u8],
        predicted: &[u8],
        writer: &mut Writer,
    ) -> Result<(), AnalysisError> {
        visit(self.shape, predicted, |place, context| {
            writer.write(usize::from(image[place]), &self.contexts[context])?;
            Ok(image[place])
        })
    }

    pub(super) fn read(
        &self,
        predicted: &[u8],
        reader: &mut Reader,
    ) -> Result<Vec<u8>, AnalysisError> {
        let mut image = Vec::with_capacity(predicted.len());
        visit(self.shape, predicted, |_, context| {
            let pixel = reader.read(&self.contexts[context])? as u8;
            image.push(pixel);
            Ok::<u8, AnalysisError>(pixel)
        })?;
        Ok(image)
    }
}
