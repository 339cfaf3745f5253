//! Penalties that are added to a loss.
//!
//! A penalty is a file in `penalty/` and a line in the list of [`Penalty`].

mod code_l1;
mod contractive;
mod kl;
mod kl_sparsity;

use std::fmt::Debug;

pub use code_l1::CodeL1;
pub use contractive::Contractive;
pub use kl::Kl;
pub use kl_sparsity::KlSparsity;

pub(crate) use contractive::add_squared_slopes;

use crate::Chain;
use crate::chain::{Boundary, Program};
use crate::layer::Refusal;

/// What a penalty says about itself.
pub(crate) trait PenaltyKind: Debug {
    /// The name of its value, in snake case.
    fn name(&self) -> &'static str;

    /// What it is multiplied by; 0 for none.
    fn weight(&self) -> f32;

    /// Checks that it suits a chain.
    fn check(&self, chain: &Chain) -> Result<(), Refusal>;

    /// The term that is computed item by item; `None` if it is a function of the code's means.
    fn term(&self, _: &TermContext<'_>) -> Option<Term> {
        None
    }

    /// The function of the code's means over the batch, if it is one.
    fn of_means(&self) -> Option<&dyn OfMeans> {
        None
    }
}

/// What the terms of a batch are made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TermContext<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) program: &'a Program,
    pub(crate) parameters: &'a [f32],
    /// Items of the batch.
    pub(crate) rows: usize,
}

/// A penalty of each item, at a place within the chain.
#[derive(Debug)]
pub(crate) struct Term {
    pub(crate) at: Boundary,
    pub(crate) of_items: Box<dyn OfItems>,
}

/// A penalty of items, with its weight and its share in the batch.
pub(crate) trait OfItems: Debug + Send + Sync {
    /// The sum over items.
    fn value(&self, values: &[f32]) -> f64;

    /// Adds the gradient at the values.
    fn add_gradient(&self, values: &[f32], gradient: &mut [f32]);

    /// What it adds to the gradient of a weight directly.
    fn contraction(&self) -> Option<&Contraction> {
        None
    }
}

/// A part of a weight's gradient: each row of the weight times `factor` times a sum over items.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Contraction {
    /// Where the weight begins in the flat buffer.
    pub(crate) weight: usize,
    pub(crate) factor: f32,
}

/// A penalty that is a function of the code's means over a batch.
pub(crate) trait OfMeans: Sync {
    /// The value with its weight.
    fn value(&self, means: &[f64]) -> f64;

    /// The derivative by each mean.
    fn slope(&self, mean: f64) -> f64;
}

/// Declares the list of penalties.
macro_rules! penalties {
    ($($(#[$documentation:meta])* $name:ident,)*) => {
        /// A term that is added to the loss.
        #[derive(Debug, Clone, Copy, PartialEq)]
        #[non_exhaustive]
        pub enum Penalty {
            $($(#[$documentation])* $name($name),)*
        }

        impl Penalty {
            /// The names of all variants, so that a test can tell that it covers each.
            pub const VARIANTS: &[&str] = &[$(stringify!($name)),*];

            pub(crate) fn kind(&self) -> &dyn PenaltyKind {
                match self { $(Self::$name(penalty) => penalty,)* }
            }
        }

        $(impl From<$name> for Penalty {
            fn from(penalty: $name) -> Self {
                Self::$name(penalty)
            }
        })*
    };
}

penalties! {
    /// The sum of the magnitudes of a code.
    CodeL1,
    /// The divergence of a sampled code from a standard normal.
    Kl,
    /// The divergence of the units' mean activations from a target.
    KlSparsity,
    /// The squared norm of the code's derivative by the input.
    Contractive,
}

impl Penalty {
    /// The name of its value, in snake case: `code_l1`, `kl`, `kl_sparsity`, `contractive`.
    pub fn name(&self) -> &'static str {
        self.kind().name()
    }

    /// What it is multiplied by.
    pub fn weight(&self) -> f32 {
        self.kind().weight()
    }
}
