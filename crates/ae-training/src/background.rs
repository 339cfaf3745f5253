//! Writing while training goes on.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::TrainingError;

/// Jobs that wait at most; who comes then waits for the disk. What an epoch writes, so that no more than
/// one epoch's state is in memory twice.
const PENDING: usize = 3;

type Job = Box<dyn FnOnce() -> Result<(), TrainingError> + Send>;

/// Does jobs that wait for the disk, one after the other in the order they came, on a thread of its own.
///
/// After a job that failed no other is begun: the first failure is told to whoever comes next. What is
/// pending is done when it is dropped.
#[derive(Debug)]
pub struct Background {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    failure: Arc<Mutex<Option<TrainingError>>>,
}

impl Background {
    /// Starts the thread.
    pub fn start() -> Self {
        let (jobs, received) = sync_channel::<Job>(PENDING);
        let failure = Arc::new(Mutex::new(None));
        let failed = Arc::clone(&failure);
        let thread = thread::spawn(move || {
            let mut is_sound = true;
            for job in received {
                if is_sound && let Err(error) = job() {
                    *lock(&failed) = Some(error);
                    is_sound = false;
                }
            }
        });
        Self { jobs: Some(jobs), thread: Some(thread), failure }
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
        if let Some(jobs) = &self.jobs {
            // It fails if the thread is gone, after a panic that the program has printed.
            let _ = jobs.send(Box::new(job));
        }
        Ok(())
    }

    /// Waits until all jobs that were handed over are done.
    ///
    /// # Errors
    /// The failure of one of them.
    pub fn finish(&self) -> Result<(), TrainingError> {
        let (done, wait) = sync_channel(1);
        self.run(move || {
            let _ = done.send(());
            Ok(())
        })?;
        // An error here means that the job was dropped: one before it failed.
        let _ = wait.recv();
        self.check()
    }

    fn check(&self) -> Result<(), TrainingError> {
        lock(&self.failure).take().map_or(Ok(()), Err)
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

fn lock(failure: &Mutex<Option<TrainingError>>) -> MutexGuard<'_, Option<TrainingError>> {
    failure.lock().unwrap_or_else(PoisonError::into_inner)
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

    #[test]
    fn a_failure_is_told_and_nothing_is_done_after_it() {
        let background = Background::start();
        background.run(|| Err(failure())).unwrap();
        let error = background.finish().unwrap_err();
        assert_eq!(error.to_string(), failure().to_string());

        let done = Arc::new(Mutex::new(false));
        let later = Arc::clone(&done);
        let job = move || {
            *later.lock().unwrap() = true;
            Ok(())
        };
        background.run(job).unwrap();
        background.finish().unwrap();
        assert!(!*done.lock().unwrap());
    }
}
