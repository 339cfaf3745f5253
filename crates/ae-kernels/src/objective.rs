//! What a training minimises.

use crate::{Loss, Penalty};

/// The loss of the reconstruction plus penalties. The default is binary cross-entropy without penalties.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Objective {
    /// The loss.
    pub loss: Loss,
    /// The penalties that are added to it.
    pub penalties: Vec<Penalty>,
}

impl Objective {
    /// A loss without penalties.
    pub const fn new(loss: Loss) -> Self {
        Self { loss, penalties: Vec::new() }
    }

    /// The same objective with one more penalty.
    #[must_use]
    pub fn with(mut self, penalty: impl Into<Penalty>) -> Self {
        self.penalties.push(penalty.into());
        self
    }
}
