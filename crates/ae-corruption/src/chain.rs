//! Several noises, one after the other.

use std::fmt;

use ae_random::Stream;

use crate::Corruption;

/// Two noises or more, applied in order. They draw from the stream one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Chain<C> {
    /// None of them is a chain, so that every chain has one text.
    pub(crate) links: Vec<C>,
}

impl<C: Corruption> fmt::Display for Chain<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, link) in self.links.iter().enumerate() {
            let plus = if position == 0 { "" } else { "+" };
            write!(f, "{plus}{link}")?;
        }
        Ok(())
    }
}

impl<C: Corruption> Corruption for Chain<C> {
    fn corrupt(&self, values: &mut [f32], height: usize, width: usize, stream: &mut Stream) {
        for link in &self.links {
            link.corrupt(values, height, width, stream);
        }
    }
}
