//! What a training minimises.

/// The distance between outputs and targets: the mean over all numbers of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconstructionLoss {
    /// Binary cross-entropy in nats. It needs a sigmoid as the last activation and is computed from its logits `x` and
    /// targets `t` in [0, 1] as `max(x, 0) - x t + ln(1 + exp(-|x|))`.
    BinaryCrossEntropy,
    /// The squared difference.
    MeanSquaredError,
}

/// The reconstruction loss plus a penalty on the code.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective {
    /// The reconstruction loss.
    pub loss: ReconstructionLoss,
    /// Weight of the penalty `sum |code| / n` over `n` rows, 0 for none. The derivative of `|code|` at 0 is taken as 0.
    pub code_l1: f32,
}
