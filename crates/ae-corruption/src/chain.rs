//! Several noises, one after the other.

use std::fmt;

use ae_random::Stream;

use crate::{Corruption, Noise};

/// Two noises or more, applied in order, each to what the one before has left.
///
/// They draw from the stream one after the other. Made by [`Noise::chain`] or from text.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// None of them is a chain: so every chain has one text.
    links: Vec<Noise>,
}

impl Chain {
    pub(crate) fn of_links(links: Vec<Noise>) -> Self {
        Self { links }
    }

    pub(crate) fn links(&self) -> &[Noise] {
        &self.links
    }

    pub(crate) fn into_links(self) -> Vec<Noise> {
        self.links
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, link) in self.links.iter().enumerate() {
            let plus = if position == 0 { "" } else { "+" };
            write!(f, "{plus}{link}")?;
        }
        Ok(())
    }
}

impl Corruption for Chain {
    fn corrupt(&self, pixels: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        for link in &self.links {
            link.corrupt(pixels, height, width, stream);
        }
    }
}
