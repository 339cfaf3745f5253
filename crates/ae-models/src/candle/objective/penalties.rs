//! Penalties on tensors.

use ae_kernels::{KlSparsity, Penalty};
use candle_core::{D, Result, Tensor};

use super::losses::magnitude;
use crate::{Autoencoder, ModelError, Posterior, TrainingPass};

/// A penalty of a pass times its weight, a scalar.
pub(super) fn evaluate(
    penalty: &Penalty,
    model: &dyn Autoencoder,
    pass: &TrainingPass,
) -> std::result::Result<Tensor, ModelError> {
    let value = match penalty {
        Penalty::CodeL1(_) => mean_magnitude(&pass.codes)?,
        Penalty::Kl(_) => match &pass.posterior {
            Some(posterior) => (divergence(posterior)? / pass.logits.dim(1)? as f64)?,
            None => return Err(refused(penalty, "an encoder that ends with `sample`")),
        },
        Penalty::KlSparsity(it) => sparsity(&pass.codes, f64::from(it.target))?,
        Penalty::Contractive(_) => match model.squared_jacobian(&pass.codes)? {
            Some(norms) => norms.mean_all()?,
            None => return Err(refused(penalty, "one dense layer with a sigmoid")),
        },
        _ => return Err(refused(penalty, "one that candle can compute the penalty of")),
    };
    Ok((value * f64::from(penalty.weight()))?)
}

fn refused(penalty: &Penalty, expected: &str) -> ModelError {
    ModelError::Spec {
        field: "encoder".to_owned(),
        expected: format!("{expected}, as the objective has the penalty {}", penalty.name()),
        found: "another".to_owned(),
    }
}

/// `sum |code| / n` of codes `(n, latent_dim)`.
fn mean_magnitude(codes: &Tensor) -> Result<Tensor> {
    magnitude(codes)?.sum(D::Minus1)?.mean_all()
}

/// The divergence from the standard normal distribution, `sum (exp(v) + mean^2 - 1 - v) / 2`, the mean over items
/// (Kingma and Welling, ICLR 2014, appendix B).
fn divergence(Posterior { mean, log_variance }: &Posterior) -> Result<Tensor> {
    let terms = ((log_variance.exp()? + mean.sqr()?)? - log_variance)?.affine(0.5, -0.5)?;
    terms.sum(D::Minus1)?.mean_all()
}

/// `sum target ln(target / mean) + (1 - target) ln((1 - target) / (1 - mean))` over the units, with their means over
/// the batch (Ng, "Sparse autoencoder", CS294A notes, section 3).
fn sparsity(codes: &Tensor, target: f64) -> Result<Tensor> {
    let means = codes.mean(0)?;
    let rest = bounded(&means.affine(-1.0, 1.0)?)?;
    let means = bounded(&means)?;
    let constant = target * target.ln() + (1.0 - target) * (1.0 - target).ln();
    let variable = ((means.log()? * -target)? + (rest.log()? * (target - 1.0))?)?;
    (variable + constant)?.sum_all()
}

/// Means as far from 0 and 1 as the kernels have them: saturated units have a large penalty, not an infinite
/// one. The gradient is that of the penalty at the bounded mean.
fn bounded(means: &Tensor) -> Result<Tensor> {
    let least = KlSparsity::LEAST_DISTANCE;
    let within = means.detach().clamp(least, 1.0 - least)?;
    means + (within - means.detach())?
}
