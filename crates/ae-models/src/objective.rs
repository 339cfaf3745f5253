//! Which objectives suit which networks, with advice where one does not. The rules of penalties are the kernels'.

use ae_kernels::{Chain, ChainError, Loss, Objective, Penalty};

use crate::network::chain;
use crate::{Architecture, CheckedNetwork, ModelError};

impl CheckedNetwork {
    /// Checks that an objective suits the network.
    ///
    /// # Errors
    /// [`ModelError::Objective`] with what to do, if the loss is no loss of a reconstruction or needs another last
    /// activation, or if a penalty is out of its range or needs another code.
    pub fn check_objective(&self, objective: &Objective) -> Result<(), ModelError> {
        check(&chain(self, None)?, objective)
    }
}

impl dyn Architecture + '_ {
    /// Checks that an objective suits the model. Without a [`chain`](Architecture::chain) the penalty on the magnitude
    /// of codes is the only one that suits it.
    ///
    /// # Errors
    /// As [`CheckedNetwork::check_objective`].
    pub fn check_objective(&self, objective: &Objective) -> Result<(), ModelError> {
        if let Some(chain) = self.chain() {
            return check(chain, objective);
        }
        check_loss(objective.loss, self.output_is_probability())?;
        objective.penalties.iter().try_for_each(|penalty| match penalty {
            Penalty::CodeL1(_) => check_weight(penalty),
            other => {
                let needs = "needs a network that is a list of layers";
                Err(refused(&quoted(other), needs, "leave it out"))
            }
        })
    }
}

fn check(chain: &Chain, objective: &Objective) -> Result<(), ModelError> {
    check_loss(objective.loss, chain.output_is_probability())?;
    for penalty in &objective.penalties {
        check_weight(penalty)?;
        let alone = Objective::new(Loss::MeanSquaredError).with(*penalty);
        chain.check_objective(&alone).map_err(|error| advised(penalty, error))?;
    }
    let has_kl = objective.penalties.iter().any(|it| matches!(it, Penalty::Kl(_)));
    if chain.sample().is_some() && !has_kl {
        return Err(refused(
            "a network with a `sample` layer",
            "needs the penalty `kl`, without which the variances of its codes vanish",
            "add `kl` with the weight 1",
        ));
    }
    Ok(())
}

/// The kernels' refusal of a penalty, with what to do.
fn advised(penalty: &Penalty, error: ChainError) -> ModelError {
    let ChainError::Penalty { expected, found, .. } = error else { return error.into() };
    let advice = match penalty {
        Penalty::Kl(_) => "end the encoder with twice the code's channels and a `sample` layer",
        Penalty::KlSparsity(_) => {
            "take a target such as 0.05, and the activation `sigmoid` in the encoder's last layer"
        }
        Penalty::Contractive(_) => {
            "give the encoder one dense layer with the activation `sigmoid`, for which the penalty is exact"
        }
        _ => "leave it out",
    };
    refused(&quoted(penalty), &format!("needs {expected}, but found {found}"), advice)
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
            "take `binary-cross-entropy`, `mean-squared-error` or `mean-absolute-error`",
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

fn quoted(penalty: &Penalty) -> String {
    format!("the penalty `{}`", penalty.name())
}

fn refused(what: &str, needs: &str, advice: &str) -> ModelError {
    let [what, needs, advice] = [what, needs, advice].map(str::to_owned);
    ModelError::Objective { what, needs, advice }
}
