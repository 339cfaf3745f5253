//! The writer thread: files are written while training continues.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::TrainingError;

/// The most jobs that wait; a caller with one more job waits for the disk. It is the number of files of an epoch, so
/// that at most one copy of a state is in memory.
const PENDING: usize = 3;

type Job = Box<dyn FnOnce() -> Result<(), TrainingError> + Send>;

/// Does jobs that wait for the disk on a thread of its own, one after the other, in the order in which they came.
///
/// After a job that failed or panicked no other begins, and every later call fails: the first one with
/// the job's own error. Dropping it finishes the pending jobs.
#[derive(Debug)]
pub struct Background {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    outcome: Arc<Mutex<Outcome>>,
}

/// How the jobs have gone so far.
#[derive(Debug, Default)]
struct Outcome {
    /// The failure, until a caller was given it.
    unreported: Option<TrainingError>,
    /// Its message, for all later callers.
    reason: Option<String>,
}

impl Outcome {
    fn fail(&mut self, error: TrainingError) {
        self.reason = Some(error.to_string());
        self.unreported = Some(error);
    }

    fn check(&mut self) -> Result<(), TrainingError> {
        match (self.unreported.take(), &self.reason) {
            (Some(error), _) => Err(error),
            (None, Some(reason)) => Err(TrainingError::EarlierWrite { reason: reason.clone() }),
            (None, None) => Ok(()),
        }
    }
}

impl Background {
    /// Starts the thread.
    pub fn start() -> Self {
        let (jobs, received) = sync_channel::<Job>(PENDING);
        let outcome = Arc::new(Mutex::new(Outcome::default()));
        let shared = Arc::clone(&outcome);
        let thread = thread::spawn(move || {
            for job in received {
                // Jobs after a failure are taken and dropped, so that no caller waits for a free place.
                if lock(&shared).reason.is_none()
                    && let Err(error) = carry_out(job)
                {
                    lock(&shared).fail(error);
                }
            }
        });
        Self { jobs: Some(jobs), thread: Some(thread), outcome }
    }

    /// Hands a job over.
    ///
    /// # Errors
    /// The failure of an earlier job.
    pub fn run(
        &self,
        job: impl FnOnce() -> Result<(), TrainingError> + Send + 'static,
    ) -> Result<(), TrainingError> {
        self.check()?;
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(Box::new(job)).is_ok());
        if sent { Ok(()) } else { Err(stopped()) }
    }

    /// Waits until all jobs that were handed over are done.
    ///
    /// # Errors
    /// The failure of one of them, also if an earlier call reported it.
    pub fn finish(&self) -> Result<(), TrainingError> {
        let (done, wait) = sync_channel(1);
        self.run(move || {
            let _ = done.send(());
            Ok(())
        })?;
        let waited = wait.recv();
        // The job is only dropped after another one failed, and that failure says more.
        self.check()?;
        waited.map_err(|_| stopped())
    }

    fn check(&self) -> Result<(), TrainingError> {
        lock(&self.outcome).check()
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A panic is a failure of its job; the program has printed where it was.
fn carry_out(job: Job) -> Result<(), TrainingError> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let reason = format!("the writer panicked: {}", text.unwrap_or_default());
        Err(TrainingError::EarlierWrite { reason })
    })
}

fn stopped() -> TrainingError {
    TrainingError::EarlierWrite { reason: "the writer has stopped".to_owned() }
}

fn lock(outcome: &Mutex<Outcome>) -> MutexGuard<'_, Outcome> {
    outcome.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn failure() -> TrainingError {
        TrainingError::NoCheckpoint { folder: "here".into() }
    }

    #[test]
    fn jobs_are_done_in_order_and_finish_waits_for_them() {
        let done = Arc::new(Mutex::new(Vec::new()));
        let background = Background::start();
        for number in 0..10 {
            let done = Arc::clone(&done);
            let job = move || {
                thread::sleep(Duration::from_millis(10 - number));
                done.lock().unwrap().push(number);
                Ok(())
            };
            background.run(job).unwrap();
        }
        background.finish().unwrap();
        assert_eq!(*done.lock().unwrap(), (0..10).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_pending_is_done_when_it_is_dropped() {
        let done = Arc::new(Mutex::new(0));
        let background = Background::start();
        for _ in 0..3 {
            let done = Arc::clone(&done);
            let job = move || {
                thread::sleep(Duration::from_millis(5));
                *done.lock().unwrap() += 1;
                Ok(())
            };
            background.run(job).unwrap();
        }
        drop(background);
        assert_eq!(*done.lock().unwrap(), 3);
    }

    /// Asserts that every call fails from now on, and that no job is begun.
    fn stays_failed(background: &Background, reason: &str) {
        for _ in 0..3 {
            let done = Arc::new(Mutex::new(false));
            let later = Arc::clone(&done);
            let job = move || {
                *later.lock().unwrap() = true;
                Ok(())
            };
            for error in [background.run(job).unwrap_err(), background.finish().unwrap_err()] {
                assert!(error.to_string().contains(reason), "{error}");
            }
            assert!(!*done.lock().unwrap());
        }
    }

    #[test]
    fn a_failure_is_told_as_it_was_and_then_again_and_again() {
        let background = Background::start();
        background.run(|| Err(failure())).unwrap();
        let error = background.finish().unwrap_err();
        assert!(matches!(error, TrainingError::NoCheckpoint { .. }), "{error}");
        stays_failed(&background, &failure().to_string());
    }

    #[test]
    fn a_panic_is_a_failure() {
        for panic in [|| panic!("a bug"), || panic!("{}", format!("a {}", "bug"))] {
            let background = Background::start();
            background.run(panic).unwrap();
            let error = background.finish().unwrap_err().to_string();
            assert!(error.ends_with("the writer panicked: a bug"), "{error}");
            stays_failed(&background, "the writer panicked: a bug");
        }
    }
}
