//! The thread beside a training: it draws reconstructions, and talks with those who watch from other processes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{Builder, Scope};
use std::time::{Duration, Instant};

use ae_models::{Device, Parameters};
use ae_report::reconstruction_grid;
use ae_training::{Event, Observer, TrainingError};
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::LiveTraining;
use super::mailbox::Mailbox;
use crate::ExperimentError;
use crate::figures::display::Display;
use crate::figures::first_images;
use crate::page::Sketch;
use crate::plan::Plan;

/// Between two looks.
const TICK: Duration = Duration::from_secs(1);
/// How often longer than a drawing the pause after it is: drawing costs at most 1/250 of the time of one core.
const REST: u32 = 250;

/// The thread beside a training. It ends when this and its [`listener`](Self::listener) are dropped.
pub(crate) struct Attendant {
    snapshots: SyncSender<Snapshot>,
    /// Whether the next snapshot is wanted.
    wanted: Arc<AtomicBool>,
}

/// The parameters after an epoch.
struct Snapshot {
    epoch: u32,
    parameters: Parameters,
}

impl Attendant {
    /// Starts the thread.
    pub(crate) fn start<'scope>(
        scope: &'scope Scope<'scope, '_>,
        live: &LiveTraining,
        plan: &'scope Plan,
    ) -> Self {
        let (snapshots, received) = sync_channel(1);
        let wanted = Arc::new(AtomicBool::new(live.is_shown()));
        let (live, flag) = (live.clone(), Arc::clone(&wanted));
        let attend = move || attend(&live, plan, &received, &flag);
        let thread = Builder::new().name("ae-attendant".to_owned());
        if let Err(error) = thread.spawn_scoped(scope, attend) {
            tracing::warn!("nobody can watch the training: {error}");
        }
        Self { snapshots, wanted }
    }

    /// Hands the thread the parameters of an epoch when it wants them.
    pub(crate) fn listener(&self) -> impl Observer + use<> {
        Listener { snapshots: self.snapshots.clone(), wanted: Arc::clone(&self.wanted) }
    }
}

struct Listener {
    snapshots: SyncSender<Snapshot>,
    wanted: Arc<AtomicBool>,
}

impl Observer for Listener {
    fn observe(&mut self, event: &Event) -> Result<(), TrainingError> {
        if let Event::EpochEnded { record, state, .. } = event
            && self.wanted.swap(false, Ordering::Relaxed)
        {
            let (epoch, parameters) = (record.epoch, state.parameters().clone());
            // Whoever is still busy with an earlier one does without.
            let _ = self.snapshots.try_send(Snapshot { epoch, parameters });
        }
        Ok(())
    }
}

fn attend(live: &LiveTraining, plan: &Plan, received: &Receiver<Snapshot>, wanted: &AtomicBool) {
    let mut mailbox = Mailbox::open(live.folder());
    // The pool of the training is left to the training.
    let pool = ThreadPoolBuilder::new()
        .num_threads(1)
        .thread_name(|_| "ae-attendant".to_owned())
        .build()
        .ok();
    let (mut looked, mut rest_until) = (Instant::now(), Instant::now());
    loop {
        match received.recv_timeout(TICK.saturating_sub(looked.elapsed())) {
            Ok(snapshot) => {
                let began = Instant::now();
                sketch(live, plan, snapshot, pool.as_ref());
                rest_until = Instant::now() + REST * began.elapsed();
            }
            Err(RecvTimeoutError::Timeout) => {
                looked = Instant::now();
                mailbox.exchange(live);
                let is_seen = live.is_shown() || mailbox.is_watched();
                wanted.store(is_seen && looked >= rest_until, Ordering::Relaxed);
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// Draws the reconstructions of an epoch. A failure is no fault of the training.
fn sketch(live: &LiveTraining, plan: &Plan, snapshot: Snapshot, pool: Option<&ThreadPool>) {
    let Snapshot { epoch, parameters } = snapshot;
    let drawing = || drawn(plan, &parameters);
    match pool.map_or_else(drawing, |pool| pool.install(drawing)) {
        Ok(png) => live.sketched(Sketch { epoch, png }),
        Err(error) => {
            tracing::info!("reconstructions after epoch {epoch} cannot be drawn: {error}")
        }
    }
}

fn drawn(plan: &Plan, parameters: &Parameters) -> Result<Vec<u8>, ExperimentError> {
    let model = plan.architecture.inference(parameters, &Device::Cpu)?;
    let display = Display::of_dataset(&plan.dataset);
    let rows = first_images(model.as_ref(), &plan.shown_samples(), plan.counted(), display)?;
    Ok(reconstruction_grid(&rows, "", "")?.png()?)
}
