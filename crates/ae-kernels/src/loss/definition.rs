//! The losses by name.

use crate::named::named;

/// The distance between outputs and targets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Loss {
    /// Binary cross-entropy in nats, the mean over all numbers of a batch. It needs a sigmoid as the last activation
    /// and is computed from its logits `x` and targets `t` in [0, 1] as `max(x, 0) - x t + ln(1 + exp(-|x|))`.
    #[cfg_attr(feature = "serde", serde(alias = "bce"))]
    #[default]
    BinaryCrossEntropy,
    /// The squared difference, the mean over all numbers of a batch.
    #[cfg_attr(feature = "serde", serde(alias = "mse"))]
    MeanSquaredError,
    /// The absolute difference, the mean over all numbers of a batch. Its slope is 0 where output and target are equal.
    #[cfg_attr(feature = "serde", serde(alias = "mae"))]
    MeanAbsoluteError,
    /// Cross-entropy in nats of the softmax over an item's numbers `x` against targets `t` that sum to 1 (one-hot for
    /// a class): `ln(sum exp(x)) - sum t x`, the mean over items. It needs a last layer without an activation.
    SoftmaxCrossEntropy,
}

impl Loss {
    /// Every loss.
    pub const ALL: [Self; 4] = [
        Self::BinaryCrossEntropy,
        Self::MeanSquaredError,
        Self::MeanAbsoluteError,
        Self::SoftmaxCrossEntropy,
    ];
}

named!(Loss, "the loss", {
    BinaryCrossEntropy => "binary-cross-entropy" | "bce",
    MeanSquaredError => "mean-squared-error" | "mse",
    MeanAbsoluteError => "mean-absolute-error" | "mae",
    SoftmaxCrossEntropy => "softmax-cross-entropy",
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Padding};

    #[test]
    fn every_name_is_read_back() {
        for loss in Loss::ALL {
            assert_eq!(loss.to_string().parse(), Ok(loss));
        }
        for activation in Activation::ALL {
            assert_eq!(activation.to_string().parse(), Ok(activation));
        }
        for padding in Padding::ALL {
            assert_eq!(padding.to_string().parse(), Ok(padding));
        }
        assert_eq!("bce".parse(), Ok(Loss::BinaryCrossEntropy));
        assert_eq!("mse".parse(), Ok(Loss::MeanSquaredError));
        assert_eq!("mae".parse(), Ok(Loss::MeanAbsoluteError));
        let error = "Relu".parse::<Activation>().unwrap_err().to_string();
        assert!(error.contains("leaky-relu") && error.contains("Relu"), "{error}");
    }
}
