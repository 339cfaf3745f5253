//! New items from a variational model: codes drawn from N(0, 1), and what the decoder makes of them.

use ae_random::Seed;

use crate::error::ApplyError;
use crate::model::Model;

/// The stream of the codes.
const STREAM: &str = "sample";

impl Model {
    /// Decodes `count` codes from N(0, 1), the distribution that a variational autoencoder is trained for (Kingma and
    /// Welling, ICLR 2014, section 2.2), to `count x channels x height x width`. The sample `first + i` depends on the seed
    /// and its number alone.
    ///
    /// # Errors
    /// [`ApplyError::NotVariational`] if the model's codes have no known distribution; and if the device fails.
    pub fn sample(&self, seed: Seed, first: u64, count: usize) -> Result<Vec<f32>, ApplyError> {
        if !self.saved().spec.check()?.is_variational() {
            return Err(ApplyError::NotVariational);
        }
        let stream = seed.stream(STREAM);
        let length = self.latent_dim();
        let mut codes = vec![0.0; count.saturating_mul(length)];
        for (index, code) in codes.chunks_mut(length.max(1)).enumerate() {
            stream.at(0, first.wrapping_add(index as u64)).fill_normal(code);
        }
        self.decode(&codes)
    }
}
