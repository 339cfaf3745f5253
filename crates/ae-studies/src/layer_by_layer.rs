//! The training of a dense network one layer after the other, by the settings of a plan.

use ae_dataset::ImageShape;
use ae_experiment::{ExperimentError, Plan, Spec};
use ae_models::{DenseConfig, Loss, Parameters, Shape};
use ae_training::{MemoryObserver, Pretraining, check_pretrainable, pretrain_layers};

use crate::error::{StudyError, setting};

/// Checks that the network of a spec can be trained layer by layer on items of this shape, and that the spec asks for
/// nothing that such a training does not do: every layer minimises the cross-entropy alone, on the same items in every
/// epoch.
pub(crate) fn check_layer_by_layer(spec: &Spec, shape: ImageShape) -> Result<(), StudyError> {
    check_pretrainable(&network(spec, shape)?).map_err(ExperimentError::from)?;
    let training = &spec.training;
    if training.loss != Loss::BinaryCrossEntropy {
        let expected = "binary-cross-entropy to train layer by layer";
        return Err(setting("training.loss", expected, &training.loss.to_string()));
    }
    for (place, found) in [
        ("data.target", spec.data.target.clone()),
        ("data.patches", spec.data.patches.map(|patches| format!("{:?}", patches.size))),
    ] {
        if let Some(found) = found {
            return Err(setting(place, "left out to train layer by layer", &found));
        }
    }
    for (place, weight) in [
        ("training.code_l1", training.code_l1.filter(|weight| *weight != 0.0)),
        ("training.sparsity_weight", training.sparsity_weight),
        ("training.contractive_weight", training.contractive_weight),
    ] {
        if let Some(weight) = weight {
            let expected = "left out to train layer by layer";
            return Err(setting(place, expected, &weight.to_string()));
        }
    }
    Ok(())
}

/// The parameters of the network of a plan that was checked.
pub(crate) fn layer_by_layer(plan: &Plan) -> Result<Parameters, StudyError> {
    let corruption = plan.spec.corruption.as_ref();
    let pretraining = Pretraining {
        network: &network(&plan.spec, plan.dataset.train.shape())?,
        corruption: corruption.map(|corruption| &corruption.noise as _),
        optimizer: plan.spec.training.optimizer,
        fit: &plan.fit_config(),
    };
    let data = [&plan.dataset.train, &plan.dataset.test];
    let trained = pretrain_layers(&pretraining, data, &mut |_| (), &mut MemoryObserver::default())?;
    Ok(trained.parameters)
}

/// The widths and activations of a spec's network.
fn network(spec: &Spec, shape: ImageShape) -> Result<DenseConfig, StudyError> {
    let Some(dense) = spec.model.dense().filter(|dense| dense.top_k.is_none()) else {
        let found = match spec.model.dense() {
            Some(_) => "one with `top_k`".to_owned(),
            None => spec.model.name().to_string(),
        };
        return Err(setting("model.network", "dense to train layer by layer", &found));
    };
    let ImageShape { channels, height, width } = shape;
    Ok(dense.config(Shape { channels, height, width }))
}
