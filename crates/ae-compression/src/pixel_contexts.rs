//! Exact pixels: the value of each one is coded given its context, which is the decoder's prediction and the
//! decoder's errors at the neighbours.

use crate::CompressionError;
use crate::error::unfit;
use crate::range_coder::{Frequencies, Reader, Writer};

/// Upper ends of the classes of an expected value. They are narrow near black and white, the values of most pixels
/// of a scan.
const EXPECTED: [i32; 21] =
    [0, 1, 3, 6, 10, 20, 32, 48, 64, 84, 104, 128, 152, 176, 196, 212, 226, 238, 248, 253, 254];
/// Upper ends of the classes of the neighbours' summed errors.
const NEARBY: [i32; 4] = [2, 16, 64, 160];

/// The class of every expected value, and of every sum of three absolute errors.
static CLASS_EXPECTED: [u8; 256] = classes(&EXPECTED);
static CLASS_NEARBY: [u8; 3 * 255 + 1] = classes(&NEARBY);

/// The number of contexts.
pub(crate) const CONTEXTS: usize = (EXPECTED.len() + 1) * (NEARBY.len() + 1);

/// The class of each number from 0 on: how many ends are below it.
const fn classes<const NUMBERS: usize>(ends: &[i32]) -> [u8; NUMBERS] {
    let mut classes = [0; NUMBERS];
    let (mut number, mut class) = (0, 0);
    while number < NUMBERS {
        while class < ends.len() && ends[class] < number as i32 {
            class += 1;
        }
        classes[number] = class as u8;
        number += 1;
    }
    classes
}

/// Calls `code` for every pixel of an image, `channels x height x width`, with the pixel's index and its context.
/// `code` returns the pixel's value, which it has written or read.
pub(crate) fn visit<E>(
    [_, height, width]: [usize; 3],
    predicted: &[u8],
    mut code: impl FnMut(usize, usize) -> Result<u8, E>,
) -> Result<(), E> {
    // The errors of the row above, replaced by those of this row one by one. The last element stays 0.
    let mut errors = vec![0_i32; width + 1];
    for (row, predicted) in predicted.chunks_exact(width).enumerate() {
        if row % height == 0 {
            errors.fill(0);
        }
        let mut left = 0;
        for (column, &prediction) in predicted.iter().enumerate() {
            let prediction = i32::from(prediction);
            let (above, right) = (errors[column], errors[column + 1]);
            let expected = (prediction + (left + above) / 2).clamp(0, 255);
            let nearby = left.abs() + above.abs() + right.abs();
            let context = usize::from(CLASS_EXPECTED[expected as usize]) * (NEARBY.len() + 1)
                + usize::from(CLASS_NEARBY[nearby as usize]);
            left = i32::from(code(row * width + column, context)?) - prediction;
            errors[column] = left;
        }
    }
    Ok(())
}

/// The frequencies of a pixel's values in every context.
pub(crate) struct PixelModel {
    contexts: Vec<Frequencies>,
    shape: [usize; 3],
}

impl PixelModel {
    pub(crate) fn new(counts: &[Vec<u32>], shape: [usize; 3]) -> Result<Self, CompressionError> {
        if counts.len() != CONTEXTS || counts.iter().any(|counts| counts.len() != 256) {
            return Err(unfit("the pixels of its codec are not 256 in each context".to_owned()));
        }
        let weights = counts.iter().map(|counts| {
            // A part of a count more, because values that training images did not have can occur.
            Frequencies::new(&counts.iter().map(|&n| 32 * u64::from(n) + 1).collect::<Vec<_>>())
        });
        Ok(Self { contexts: weights.collect::<Result<_, _>>()?, shape })
    }

    pub(crate) fn write(
        &self,
        image: &[u8],
        predicted: &[u8],
        writer: &mut Writer,
    ) -> Result<(), CompressionError> {
        visit(self.shape, predicted, |place, context| {
            writer.write(usize::from(image[place]), &self.contexts[context])?;
            Ok(image[place])
        })
    }

    pub(crate) fn read(
        &self,
        predicted: &[u8],
        reader: &mut Reader,
    ) -> Result<Vec<u8>, CompressionError> {
        let mut image = Vec::with_capacity(predicted.len());
        visit(self.shape, predicted, |_, context| {
            let pixel = reader.read(&self.contexts[context])? as u8;
            image.push(pixel);
            Ok::<u8, CompressionError>(pixel)
        })?;
        Ok(image)
    }
}

#[cfg(test)]
mod tests {
    use ae_random::Seed;

    use super::*;

    /// Index and context of every pixel, straight from the definition.
    fn contexts([_, height, width]: [usize; 3], images: [&[u8]; 2]) -> Vec<(usize, usize)> {
        let error = |channel: usize, row: usize, column: usize| {
            let place = (channel * height + row) * width + column;
            let [pixel, predicted] = images.map(|image| i32::from(image[place]));
            pixel - predicted
        };
        let class = |ends: &[i32], number: i32| ends.partition_point(|&end| end < number);
        let mut found = Vec::new();
        for (place, &predicted) in images[1].iter().enumerate() {
            let (channel, row, column) =
                (place / width / height, place / width % height, place % width);
            let left = if column > 0 { error(channel, row, column - 1) } else { 0 };
            let above = if row > 0 { error(channel, row - 1, column) } else { 0 };
            let is_inside = row > 0 && column + 1 < width;
            let right = if is_inside { error(channel, row - 1, column + 1) } else { 0 };
            let expected = (i32::from(predicted) + (left + above) / 2).clamp(0, 255);
            let nearby = left.abs() + above.abs() + right.abs();
            let context = class(&EXPECTED, expected) * (NEARBY.len() + 1) + class(&NEARBY, nearby);
            found.push((place, context));
        }
        found
    }

    #[test]
    fn contexts_are_those_of_the_definition() {
        for shape in [[1, 9, 7], [3, 4, 5], [1, 1, 6], [2, 6, 1]] {
            let size = shape.iter().product();
            for round in 0..50 {
                let image = |name| {
                    let mut values = vec![0.0; size];
                    Seed::new(round).stream(name).fill_uniform(&mut values);
                    // Cubes: many dark pixels, as in a scan, and some of every level.
                    values.iter().map(|x| (256.0 * x * x * x) as u8).collect::<Vec<u8>>()
                };
                let (pixels, predicted) = (image("pixels"), image("predicted"));
                let mut found = Vec::new();
                let visited = visit(shape, &predicted, |place, context| {
                    found.push((place, context));
                    Ok::<u8, std::convert::Infallible>(pixels[place])
                });
                visited.unwrap();
                assert_eq!(found, contexts(shape, [&pixels, &predicted]), "{shape:?}");
            }
        }
    }

    #[test]
    fn the_largest_errors_have_contexts() {
        let mut contexts = Vec::new();
        let visited = visit([1, 3, 3], &[0; 9], |_, context| {
            contexts.push(context);
            Ok::<u8, std::convert::Infallible>(255)
        });
        visited.unwrap();
        assert_eq!(contexts.last(), Some(&(CONTEXTS - 1)));
        assert_eq!(contexts.first(), Some(&0));
    }
}
