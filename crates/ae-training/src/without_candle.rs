//! What stands in the autograd engine's place in a build without the feature `candle`.

use ae_models::{Architecture, Device, Objective};

use crate::{Engine, TrainingError};

/// The autograd engine, which this build does not have.
///
/// # Errors
/// [`TrainingError::NeedsCandle`].
pub fn autograd_engine<'a>(
    _architecture: &'a dyn Architecture,
    _objective: Objective,
    _device: &Device,
) -> Result<Box<dyn Engine + 'a>, TrainingError> {
    Err(TrainingError::NeedsCandle)
}
