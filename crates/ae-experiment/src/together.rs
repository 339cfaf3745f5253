//! A run that several processes train together: what they agree on, and what all but rank 0 do.

use std::path::Path;
use std::sync::Arc;

use ae_dataset::Progress;
use ae_files::{counted_as, printable};
use ae_models::Device;
use ae_training::{
    Agreement, Observer, Peers, StopTogether, TrainingState, agree, has_fused_multiply_add,
    process_names, share_state,
};

use crate::plan::Plan;
use crate::resume::lengthened;
use crate::run::{fit_with, resolve};
use crate::{Adaptation, EngineKind, ExperimentError, ResumeChanges, RunOptions, Spec};

/// The most processes that are named one by one unless more is asked for.
const NAMED: usize = 64;
/// Where Linux says what the machine is called.
const HOST: &str = "/proc/sys/kernel/hostname";

/// Trains as one of the processes beside rank 0, which calls [`train`](crate::train) with the same spec and adaptation.
/// Nothing is written but, for a mapped table, a temporary file in `folder`; see [`resolve`](crate::resolve).
///
/// # Errors
/// As [`train`](crate::train), but for what concerns the folder.
pub fn train_beside(
    mut spec: Spec,
    adaptation: &Adaptation,
    folder: &Path,
    options: RunOptions,
) -> Result<(), ExperimentError> {
    let RunOptions { device, network, progress, observer, peers, .. } = options;
    let Some(peers) = peers else { return Ok(()) };
    if spec.study.is_some() {
        return Err(ExperimentError::Study { name: spec.name });
    }
    adaptation.before_reading(&mut spec);
    let (mut spec, dataset) = resolve(spec, folder, network, progress)?;
    adaptation.after_reading(&mut spec, &dataset, progress)?;
    let plan = Plan::new(spec, dataset, &device)?;
    agree_on(&plan, peers.as_ref(), progress)?;
    let mut state = plan.initial_state();
    share_state(peers.as_ref(), &mut state)?;
    follow(&plan, &device, state, (peers, observer))
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
    let RunOptions { device, network, progress, observer, peers, .. } = options;
    let Some(peers) = peers else { return Ok(()) };
    let written = crate::begun_spec(folder)?;
    let (spec, dataset) = resolve(changes.applied_to(&written), folder, network, progress)?;
    let mut plan = Plan::new(spec, dataset, &device)?;
    agree_on(&plan, peers.as_ref(), progress)?;
    let mut state = plan.initial_state();
    share_state(peers.as_ref(), &mut state)?;
    if changes.epochs.is_some() {
        lengthened(&mut plan, &written, &state, progress)?;
    }
    follow(&plan, &device, state, (peers, observer))
}

fn follow(
    plan: &Plan,
    device: &Device,
    mut state: TrainingState,
    (peers, observer): (Arc<dyn Peers>, Box<dyn Observer + '_>),
) -> Result<(), ExperimentError> {
    let mut engine = plan.start_engine_among(device, Some(Arc::clone(&peers)))?;
    let mut observer = StopTogether::new(observer, peers);
    match fit_with(engine.as_mut(), plan, &mut state, None, &mut observer) {
        // Rank 0 has said so.
        Err(ExperimentError::Stopped { .. }) => Ok(()),
        ended => ended.map(|_| ()),
    }
}

/// Makes sure that all processes train the same: with this version of the program, these settings and this data.
/// Rank 0 says who takes part.
///
/// # Errors
/// If the plan's engine does not share batches, and on rank 0 if another rank has something else.
pub(crate) fn agree_on(
    plan: &Plan,
    peers: &dyn Peers,
    progress: &mut dyn Progress,
) -> Result<(), ExperimentError> {
    if plan.engine != EngineKind::Fused {
        let expected = "fused: the other engine does not share batches with other processes";
        let found = plan.engine.to_string();
        return Err(ExperimentError::setting("training.engine", expected, &found));
    }
    agree(peers, &agreement(plan, env!("CARGO_PKG_VERSION"))?)?;
    let names = process_names(peers, &own_name())?;
    if peers.rank() > 0 {
        return Ok(());
    }
    progress.chose(&announcement(plan, peers));
    let names = names_in_words(&names);
    if peers.ranks() <= NAMED {
        progress.chose(&names);
    } else {
        tracing::info!("{names}");
    }
    Ok(())
}

/// What all processes must have in common.
fn agreement(plan: &Plan, version: &str) -> Result<Agreement, ExperimentError> {
    let products = if has_fused_multiply_add() { "present" } else { "missing" };
    let of_program =
        [("the program's version", version), ("the processor's fused multiply-add", products)];
    let of_program = of_program.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(of_program.into_iter().chain(plan.parts()?).collect())
}

/// The number of this process and the name of its machine, by which launchers speak of it.
fn own_name() -> String {
    let host = ae_files::read_bounded(Path::new(HOST), 256).unwrap_or_default();
    format!("{} {}", std::process::id(), String::from_utf8_lossy(&host).trim())
}

/// Which process each rank is.
fn names_in_words(names: &[String]) -> String {
    let mut machine = "";
    let in_words = names.iter().enumerate().map(|(rank, name)| {
        let (process, host) = name.split_once(' ').unwrap_or((name, ""));
        let place =
            if host == machine { String::new() } else { format!(" on {}", printable(host)) };
        machine = host;
        format!("rank {rank} is process {process}{place}")
    });
    in_words.collect::<Vec<_>>().join(", ")
}

/// Who takes part, and how the rows of a batch are divided, in one line.
fn announcement(plan: &Plan, peers: &dyn Peers) -> String {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ae_dataset::{Dataset, Images};
    use ae_training::LocalPeers;

    use super::*;

    fn plan(images: usize, seed: u64) -> Plan {
        let pixels: Vec<u8> = (0..images * 16).map(|i| (i * 37 % 256) as u8).collect();
        let images = Images::new(4, 4, pixels).unwrap();
        let dataset = Dataset::new("toy", "here", images.clone(), images).unwrap();
        let mut spec = Spec::tutorial();
        spec.seed = seed;
        Adaptation::Widths(vec![3]).after_reading(&mut spec, &dataset, &mut ()).unwrap();
        Plan::new(spec, dataset, &Device::Cpu).unwrap()
    }

    /// What rank 0 says of a rank 1 with this plan in this version.
    fn fault(theirs: &Plan, version: &str) -> Option<String> {
        let agreements = [(plan(20, 7), "0.1.0"), (theirs.clone(), version)]
            .map(|(plan, version)| agreement(&plan, version).unwrap());
        let peers = LocalPeers::all(2, Duration::from_secs(60));
        let ends: Vec<_> = std::thread::scope(|scope| {
            let ranks = peers.iter().zip(&agreements);
            let ranks: Vec<_> =
                ranks.map(|(peers, own)| scope.spawn(move || agree(peers, own))).collect();
            ranks.into_iter().map(|rank| rank.join().unwrap()).collect()
        });
        assert!(ends[1].is_ok(), "rank 0 alone says what differs");
        ends[0].as_ref().err().map(ToString::to_string)
    }

    #[test]
    fn a_rank_with_another_version_spec_or_data_is_named() {
        let cannot = "rank 1 cannot train with rank 0:";
        assert_eq!(fault(&plan(20, 7), "0.1.0"), None);
        assert_eq!(
            // The version, and not what follows from it.
            fault(&plan(20, 8), "0.2.0").unwrap(),
            format!("{cannot} the program's version is 0.2.0 there, and 0.1.0 on rank 0")
        );
        assert_eq!(
            fault(&plan(20, 8), "0.1.0").unwrap(),
            format!("{cannot} seed is 8 there, and 7 on rank 0")
        );
        assert_eq!(
            fault(&plan(21, 7), "0.1.0").unwrap(),
            format!("{cannot} training images is 21 there, and 20 on rank 0")
        );
    }

    #[test]
    fn a_machine_is_named_once() {
        let names = ["11 node-a", "12 node-a", "9 node-b"].map(str::to_owned);
        assert_eq!(
            names_in_words(&names),
            "rank 0 is process 11 on node-a, rank 1 is process 12, rank 2 is process 9 on node-b"
        );
    }
}
