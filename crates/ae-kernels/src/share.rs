//! Tasks for all threads, each on the core whose cache has its memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{hint, thread};

use rayon::prelude::*;

/// Runs every task once, on the threads of rayon's current pool.
///
/// A thread begins with a range of the tasks that is its own for as many of them, step after step:
/// memory that another core has written last comes more slowly. Who is done early helps the
/// others from the end of their ranges, so a thread that is late or away delays nobody.
pub(crate) fn share<T: Send>(tasks: impl IntoIterator<Item = T>, work: impl Fn(T) + Sync) {
    let tasks: Vec<_> = tasks.into_iter().map(|task| Mutex::new(Some(task))).collect();
    let threads = rayon::current_num_threads().clamp(1, tasks.len().max(1));
    let range = |thread: usize| {
        let end = |thread: usize| tasks.len() * thread / threads;
        end(thread)..end(thread + 1)
    };
    let pending = AtomicUsize::new(tasks.len());
    let run = |index: usize| {
        let task = tasks[index].lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            let _done = Done(&pending);
            work(task);
        }
    };
    (0..threads).into_par_iter().with_max_len(1).for_each(|_| {
        let own = rayon::current_thread_index().unwrap_or(0) % threads;
        range(own).for_each(run);
        let others = (1..threads).map(|next| (own + next) % threads);
        others.flat_map(|other| range(other).rev()).for_each(run);
        wait(&pending);
    });
}

/// Takes a task off those that are pending, also if it panics.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// Looks at what is pending before other processes have their turn, and how often they have it before the
/// thread may sleep: some milliseconds.
const SPINS: usize = 100;
const YIELDS: usize = 1000;

/// Waits awake until no task is pending: all have been begun, and the next ones follow at once. A thread
/// that sleeps takes longer to wake than most tasks take. It does not wait for ever: a task that uses the
/// pool itself may be below this on the thread's own stack.
fn wait(pending: &AtomicUsize) {
    for _ in 0..YIELDS {
        for _ in 0..SPINS {
            if pending.load(Ordering::Acquire) == 0 {
                return;
            }
            hint::spin_loop();
        }
        thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_task_may_share_tasks_itself() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let mut runs = vec![vec![0; 5]; 20];
        pool.install(|| share(&mut runs, |runs| share(runs, |run| *run += 1)));
        assert_eq!(runs, vec![vec![1; 5]; 20]);
    }

    #[test]
    fn a_panic_comes_through() {
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let tasks = || share(0..20, |task| assert_ne!(task, 7, "the seventh"));
            let result = catch_unwind(AssertUnwindSafe(|| pool.install(tasks)));
            assert!(result.is_err(), "{threads} threads");
        }
    }

    #[test]
    fn every_task_runs_once_for_any_number_of_threads() {
        for threads in [1, 2, 3, 8] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            for count in [0, 1, 2, 7, 100] {
                let mut runs = vec![0; count];
                pool.install(|| share(&mut runs, |run| *run += 1));
                assert_eq!(runs, vec![1; count], "{count} tasks on {threads} threads");
            }
        }
    }
}
