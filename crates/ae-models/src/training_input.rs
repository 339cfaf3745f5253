//! What tells a regular autoencoder from a denoising one.

/// Which images an autoencoder is shown in training; the target is the clean image either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrainingInput {
    /// Clean images: the regular autoencoder.
    Clean,
    /// Corrupted images: the denoising autoencoder (Vincent et al. 2008, section 2.3).
    Corrupted,
}
