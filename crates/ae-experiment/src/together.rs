//! A run that several processes train together: what they agree on, and what all but rank 0 do.

use std::path::Path;
use std::sync::Arc;

use ae_files::counted_as;
use ae_models::Device;
use ae_training::{
    Agreement, Event, Observer, Peers, StopTogether, TrainingError, TrainingState, agree,
    share_state,
};

use crate::plan::Plan;
use crate::resume::lengthened;
use crate::run::{fit_with, resolve};
use crate::{Adaptation, EngineKind, ExperimentError, ResumeChanges, RunOptions, Spec};

/// Trains as one of the processes beside rank 0, which calls [`train`](crate::train) with the same spec and adaptation.
/// Nothing is written.
///
/// # Errors
/// As [`train`](crate::train), but for what concerns the folder.
pub fn train_beside(
    mut spec: Spec,
    adaptation: &Adaptation,
    options: RunOptions,
) -> Result<(), ExperimentError> {
    let RunOptions { device, network, progress, peers, .. } = options;
    let Some(peers) = peers else { return Ok(()) };
    if spec.study.is_some() {
        return Err(ExperimentError::Study { name: spec.name });
    }
    adaptation.before_reading(&mut spec);
    let (mut spec, dataset) = resolve(spec, network, progress)?;
    adaptation.after_reading(&mut spec, &dataset, progress)?;
    let plan = Plan::new(spec, dataset, &device)?;
    agree_on(&plan, peers.as_ref())?;
    let mut state = plan.initial_state();
    share_state(peers.as_ref(), &mut state)?;
    follow(&plan, &device, state, peers)
}

/// Goes on with a run as one of the processes beside rank 0, which calls [`resume`](crate::resume) with the same
/// arguments. Of the folder it reads the spec alone.
///
/// # Errors
/// As [`resume`](crate::resume).
pub fn resume_beside(
    folder: &Path,
    changes: &ResumeChanges,
    options: RunOptions,
) -> Result<(), ExperimentError> {
    let RunOptions { device, network, progress, peers, .. } = options;
    let Some(peers) = peers else { return Ok(()) };
    let written = crate::begun_spec(folder)?;
    let (spec, dataset) = resolve(changes.applied_to(&written), network, progress)?;
    let mut plan = Plan::new(spec, dataset, &device)?;
    agree_on(&plan, peers.as_ref())?;
    let mut state = plan.initial_state();
    share_state(peers.as_ref(), &mut state)?;
    if changes.epochs.is_some() {
        lengthened(&mut plan, &written, &state, progress)?;
    }
    follow(&plan, &device, state, peers)
}

fn follow(
    plan: &Plan,
    device: &Device,
    mut state: TrainingState,
    peers: Arc<dyn Peers>,
) -> Result<(), ExperimentError> {
    let mut engine = plan.start_engine_among(device, Some(Arc::clone(&peers)))?;
    let mut observer = StopTogether::new(Box::new(Nobody), peers);
    match fit_with(engine.as_mut(), plan, &mut state, None, &mut observer) {
        // Rank 0 has said so.
        Err(ExperimentError::Stopped { .. }) => Ok(()),
        ended => ended.map(|_| ()),
    }
}

/// Hears of everything and does nothing.
struct Nobody;

impl Observer for Nobody {
    fn observe(&mut self, _: &Event) -> Result<(), TrainingError> {
        Ok(())
    }
}

/// Makes sure that all processes train the same: with this version of the program, these settings and this data.
///
/// # Errors
/// If the plan's engine does not share batches, and on rank 0 if another rank has something else.
pub(crate) fn agree_on(plan: &Plan, peers: &dyn Peers) -> Result<(), ExperimentError> {
    if plan.engine != EngineKind::Fused {
        let expected = "fused: the other engine does not share batches with other processes";
        let found = plan.engine.to_string();
        return Err(ExperimentError::setting("training.engine", expected, &found));
    }
    let mut agreement: Agreement =
        vec![("the program's version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    agreement.extend(plan.parts()?);
    Ok(agree(peers, &agreement)?)
}

/// Who takes part, and how the rows of a batch are divided, in one line.
pub(crate) fn announcement(plan: &Plan, peers: &dyn Peers) -> String {
    let ranks = peers.ranks();
    let batch = plan.spec.training.batch_size.min(plan.dataset.train.len());
    let threads = counted_as(rayon::current_num_threads(), "thread");
    let shares = plan.architecture.chain().map(|chain| chain.rows_of_ranks(batch, ranks));
    let shares = shares.unwrap_or_default();
    let (least, most) = (shares.iter().min(), shares.iter().max());
    let idle = shares.iter().filter(|rows| **rows == 0).count();
    let rows = match (least, most) {
        (Some(least), Some(most)) if least == most => format!("{most} rows each"),
        (_, Some(most)) => format!("at most {most} rows each"),
        _ => "no rows".to_owned(),
    };
    let without = match idle {
        0 => String::new(),
        idle => format!(
            "; {idle} of them have no rows, because a batch has too few, and only take optimizer steps for their \
             part of the parameters"
        ),
    };
    format!("{ranks} processes of {threads} share every batch of {batch}: {rows}{without}")
}
