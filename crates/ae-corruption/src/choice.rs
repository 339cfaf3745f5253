//! One of several noises, chosen for each sample: so a model learns to remove all of them.

use std::fmt;

use ae_random::Stream;

use crate::{Corruption, Noise};

/// Two noises or more, of which each sample gets one, all with the same probability.
///
/// The sample's stream decides which one, and is then the noise's. Made by [`Noise::one_of`] or from
/// text.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// None of them is a choice: so every choice has one text.
    alternatives: Vec<Noise>,
}

impl Choice {
    pub(crate) fn of_alternatives(alternatives: Vec<Noise>) -> Self {
        Self { alternatives }
    }

    pub(crate) fn alternatives(&self) -> &[Noise] {
        &self.alternatives
    }

    pub(crate) fn into_alternatives(self) -> Vec<Noise> {
        self.alternatives
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, alternative) in self.alternatives.iter().enumerate() {
            let bar = if position == 0 { "" } else { "|" };
            write!(f, "{bar}{alternative}")?;
        }
        Ok(())
    }
}

impl Corruption for Choice {
    fn corrupt(&self, pixels: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        let chosen = stream.below(self.alternatives.len() as u32);
        self.alternatives[chosen as usize].corrupt(pixels, height, width, stream);
    }
}
