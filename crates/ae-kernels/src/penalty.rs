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

use crate::Chain;
use crate::layer::Refusal;

/// What a penalty says about itself.
pub(crate) trait PenaltyKind: Debug {
    /// The name of its value, in snake case.
    fn name(&self) -> &'static str;

    /// What it is multiplied by; 0 for none.
    fn weight(&self) -> f32;

    /// Checks that it suits a chain.
    fn check(&self, chain: &Chain) -> Result<(), Refusal>;
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
