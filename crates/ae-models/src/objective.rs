//! Which objectives suit which networks.

use ae_kernels::{Loss, Objective, Penalty};

use crate::{Activation, Architecture, CheckedNetwork, Layer, ModelError};

impl CheckedNetwork {
    /// Checks that an objective suits the network.
    ///
    /// # Errors
    /// [`ModelError::Objective`] with what to do, if the loss is no loss of a reconstruction or needs another last
    /// activation, or if a penalty is out of its range or needs another code.
    pub fn check_objective(&self, objective: &Objective) -> Result<(), ModelError> {
        check_loss(objective.loss, self.output_is_probability())?;
        objective.penalties.iter().try_for_each(|penalty| self.check_penalty(penalty))?;
        let has_kl = objective.penalties.iter().any(|it| matches!(it, Penalty::Kl(_)));
        if self.is_variational() && !has_kl {
            return Err(refused(
                "a network with a `sample` layer",
                "needs the penalty `kl`, without which the variances of its codes vanish",
                "add `kl` with the weight 1",
            ));
        }
        Ok(())
    }

    fn check_penalty(&self, penalty: &Penalty) -> Result<(), ModelError> {
        check_weight(penalty)?;
        match penalty {
            Penalty::Kl(_) if !self.is_variational() => Err(refused(
                "the penalty `kl`",
                "needs a variational code",
                "end the encoder with twice the code's channels and a `sample` layer",
            )),
            Penalty::KlSparsity(it) if !(it.target > 0.0 && it.target < 1.0) => Err(refused(
                "the penalty `kl-sparsity`",
                &format!("needs a target between 0 and 1, but found {}", it.target),
                "take 0.05, for example",
            )),
            Penalty::KlSparsity(_) if self.code_activation() != Some(Activation::Sigmoid) => {
                Err(refused(
                    "the penalty `kl-sparsity`",
                    "needs code units between 0 and 1",
                    "give the encoder's last layer the activation `sigmoid`",
                ))
            }
            Penalty::Contractive(_) if !self.is_one_sigmoid_layer() => Err(refused(
                "the penalty `contractive`",
                "is exact for an encoder of one dense layer with the sigmoid alone",
                "give the encoder one dense layer with the activation `sigmoid`",
            )),
            _ => Ok(()),
        }
    }

    /// The activation of the encoder's last layer.
    fn code_activation(&self) -> Option<Activation> {
        let last = self.network().encoder.last();
        last.and_then(|layer| layer.kind().activation())
    }

    fn is_one_sigmoid_layer(&self) -> bool {
        matches!(&self.network().encoder[..],
            [Layer::Dense(dense)] if dense.activation == Activation::Sigmoid)
    }
}

impl dyn Architecture + '_ {
    /// Checks that an objective suits the model. Without a [`network`](Architecture::network) the penalty on the
    /// magnitude of codes is the only one that suits it.
    ///
    /// # Errors
    /// As [`CheckedNetwork::check_objective`].
    pub fn check_objective(&self, objective: &Objective) -> Result<(), ModelError> {
        if let Some(network) = self.network() {
            return network.check_objective(objective);
        }
        check_loss(objective.loss, self.output_is_probability())?;
        objective.penalties.iter().try_for_each(|penalty| match penalty {
            Penalty::CodeL1(_) => check_weight(penalty),
            other => Err(refused(
                &format!("the penalty `{}`", other.name()),
                "needs a network that is a list of layers",
                "leave it out",
            )),
        })
    }
}

fn check_loss(loss: Loss, output_is_probability: bool) -> Result<(), ModelError> {
    match loss {
        Loss::BinaryCrossEntropy if !output_is_probability => Err(refused(
            "binary cross-entropy",
            "needs a sigmoid as the last activation, and no residual connection",
            "take the loss `mean-squared-error` or the output activation `sigmoid`",
        )),
        Loss::SoftmaxCrossEntropy => Err(refused(
            "softmax cross-entropy",
            "is a loss of classes, not of reconstructions",
            "take `binary-cross-entropy` or `mean-squared-error`",
        )),
        _ => Ok(()),
    }
}

fn check_weight(penalty: &Penalty) -> Result<(), ModelError> {
    let weight = penalty.weight();
    if weight >= 0.0 && weight.is_finite() {
        return Ok(());
    }
    Err(ModelError::Spec {
        field: penalty.name().to_owned(),
        expected: "a finite number, 0 or above".to_owned(),
        found: weight.to_string(),
    })
}

fn refused(what: &str, needs: &str, advice: &str) -> ModelError {
    let [what, needs, advice] = [what, needs, advice].map(str::to_owned);
    ModelError::Objective { what, needs, advice }
}
