//! One of several noises, chosen for each item, so that one model learns to remove all of them.

use std::fmt;

use ae_random::Stream;

use crate::{Corruption, Noise};

/// Two noises or more. Each item gets one of them, all with the same probability.
///
/// The first number of the item's stream makes the choice; the chosen noise draws what follows.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    /// None of them is a choice, so that every choice has one text.
    pub(crate) alternatives: Vec<Noise>,
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
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        let chosen = stream.below(self.alternatives.len() as u32);
        self.alternatives[chosen as usize].corrupt(values, height, width, stream);
    }
}
