//! Noise for the rows of a batch.

use ae_random::Stream;

use crate::Corruption;

/// Corrupts a batch in place, each image with the noise of its sample.
///
/// `batch` is `n x channels x height x width`, row-major, values in [0, 1]; `samples` holds the index of each of
/// the `n` images in its data set. The noise of an image is drawn from the stream at (`epoch`, its
/// sample), so it is the same whatever the batch that the image is in, and wherever it stands there.
/// For `epoch`, see [`Draw::epoch`](crate::Draw::epoch).
///
/// # Panics
/// If the batch does not hold one image, of whole channels, for each sample.
pub fn corrupt_batch(
    noise: &dyn Corruption,
    batch: &mut [f32],
    samples: &[u32],
    height: usize,
    width: usize,
    epoch: u32,
    stream: &Stream,
) {
    let size = batch.len() / samples.len().max(1);
    assert!(
        batch.len() == samples.len() * size
            && size.is_multiple_of(height.saturating_mul(width).max(1)),
        "a batch holds an image for each sample"
    );
    if size == 0 {
        return;
    }
    for (pixels, &sample) in batch.chunks_exact_mut(size).zip(samples) {
        let mut of_sample = stream.at(epoch, u64::from(sample));
        noise.corrupt(pixels, height, width, &mut of_sample);
    }
}
