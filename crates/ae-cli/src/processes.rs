//! Several processes that train together, where `mpirun` has started the program. They are ranks of MPI.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ae_training::Peers;

use crate::args::Common;
use crate::exit_status::Usage;

/// Environment variables by which launchers tell how many processes there are, in all and on this machine, and which
/// one this is: Open MPI's, then those of MPICH and its kin.
const SIZES: [&str; 2] = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"];
const LOCAL_SIZES: [&str; 2] = ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"];
const RANKS: [&str; 3] = ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"];

/// Whether this process trains beside rank 0, which alone speaks.
static IS_SILENT: AtomicBool = AtomicBool::new(false);

fn number(names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| std::env::var(name).ok()?.parse().ok())
}

/// How many processes a launcher says that it has started, if it has started several.
fn launched() -> Option<usize> {
    number(&SIZES).filter(|&ranks| ranks > 1)
}

/// Whether a launcher has started several processes.
pub(crate) fn are_several() -> bool {
    launched().is_some()
}

/// Whether nothing but an error of its own is to be said by this process.
pub(crate) fn is_silent() -> bool {
    IS_SILENT.load(Ordering::Relaxed)
}

/// Makes all but rank 0 of several processes silent.
pub(crate) fn silence(common: &mut Common) {
    if launched().is_some() && number(&RANKS).is_some_and(|rank| rank > 0) {
        IS_SILENT.store(true, Ordering::Relaxed);
        (common.quiet, common.verbose) = (true, 0);
        common.progress = crate::args::ProgressStyle::None;
    }
}

/// The threads of one of several processes on this machine, unless it is told: its share of the cores.
pub(crate) fn threads() -> Option<usize> {
    let here = number(&LOCAL_SIZES).filter(|&here| here > 1)?;
    let allowed = std::thread::available_parallelism().map_or(1, usize::from);
    let cores = cores().unwrap_or(allowed);
    // The launcher may have bound the process to its cores already.
    Some(allowed.min((cores / here).max(1)))
}

/// The cores of this machine, whichever this process may use.
fn cores() -> Option<usize> {
    let online = std::fs::read_to_string("/sys/devices/system/cpu/online").ok()?;
    let range = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        Some(last.parse::<usize>().ok()?.checked_sub(first.parse().ok()?)? + 1)
    };
    online.trim().split(',').map(range).sum()
}

/// Refuses to do something in several processes that would all do the same.
pub(crate) fn refuse(what: &str) -> Result<(), Usage> {
    match launched() {
        None => Ok(()),
        Some(ranks) => Err(Usage(format!(
            "{what} was started as {ranks} processes, which would all write the same files; processes share the \
             training of a single model alone: start it without mpirun"
        ))),
    }
}

#[cfg(not(feature = "mpi"))]
pub(crate) fn together<R>(
    _: std::time::Duration,
    work: impl FnOnce(Option<Arc<dyn Peers>>) -> anyhow::Result<R>,
) -> anyhow::Result<R> {
    match launched() {
        None => work(None),
        Some(ranks) => Err(Usage(format!(
            "this was started as {ranks} processes by mpirun, and this build of ae has no MPI, so that each would train \
             for itself and write the same files; build it with `cargo build --release -p ae-cli --features mpi`, or \
             start it without mpirun"
        ))
        .into()),
    }
}

/// Does work as one of several processes, if a launcher has started several. If it fails, all processes end.
#[cfg(feature = "mpi")]
pub(crate) fn together<R>(
    patience: std::time::Duration,
    work: impl FnOnce(Option<Arc<dyn Peers>>) -> anyhow::Result<R>,
) -> anyhow::Result<R> {
    use crate::{exit_status, output};

    if number(&SIZES).is_none() && number(&RANKS).is_none() {
        return work(None);
    }
    let tell = |message: &str| output::error(&anyhow::anyhow!("{message}; all processes end"));
    let world = ae_mpi::World::start(patience, tell)?;
    let peers = world.peers();
    if peers.ranks() == 1 {
        // Each process of the launcher of another library believes that it is alone.
        return match launched() {
            None => work(None),
            Some(ranks) => Err(Usage(format!(
                "this was started as {ranks} processes that do not find each other, so that each would train for itself \
                 and write the same files; start it with the mpirun of the MPI library that it was built with"
            ))
            .into()),
        };
    }
    let rank = peers.rank();
    let shared: Arc<dyn Peers> = Arc::<ae_mpi::MpiPeers>::clone(&peers);
    let begun = std::time::Instant::now();
    let done = work(Some(shared));
    tell_waits(&peers.waits(), begun.elapsed());
    done.map_err(|error| {
        let status = exit_status::of_error(&error);
        if rank == 0 {
            output::error(&error);
        } else {
            // What fails everywhere is said by rank 0, which ends the others meanwhile.
            std::thread::sleep(BEFORE_SPEAKING);
            output::error(&error.context(format!("rank {rank}")));
        }
        world.abort(status)
    })
}

/// Tells a developer how much of the messages was not hidden behind the work.
#[cfg(feature = "mpi")]
fn tell_waits(waits: &ae_mpi::Waits, of: std::time::Duration) {
    let ae_mpi::Waits { received, sent } = waits;
    tracing::debug!(
        "waited for others, in {of:.3?}: {received:.3?}, and {sent:.3?} for what was sent"
    );
}

/// How long a rank lets rank 0 say first what is wrong.
#[cfg(feature = "mpi")]
const BEFORE_SPEAKING: std::time::Duration = std::time::Duration::from_millis(500);
