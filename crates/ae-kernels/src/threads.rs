//! Tasks on all threads, each on the core whose cache holds its memory.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::{hint, thread};

use rayon::prelude::*;

/// Runs every task once, on the threads of rayon's current pool, and returns when all are done.
///
/// Each thread starts with its own range of the tasks, the same one in every call with as many tasks, so that its
/// data stay in its own cache: reading what another core wrote last is slower. A thread that finishes its range takes
/// tasks from the ends of the others' ranges, so a late thread does not delay the call.
pub(crate) fn run_all<T: Send>(tasks: impl IntoIterator<Item = T>, work: impl Fn(T) + Sync) {
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

/// Decrements the number of pending tasks when it is dropped, also if the task panics.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Release);
    }
}

/// Checks of the counter between two yields, and yields before the thread may sleep: some milliseconds in all.
const SPINS: usize = 100;
const YIELDS: usize = 1000;

/// Spins until no task is pending. Waking a thread that sleeps takes longer than most tasks, and the next call follows
/// at once. The wait is bounded: a task that itself calls `run_all` may be below this one on the thread's own stack.
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
    fn a_task_may_run_tasks_itself() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
        let mut runs = vec![vec![0; 5]; 20];
        pool.install(|| run_all(&mut runs, |runs| run_all(runs, |run| *run += 1)));
        assert_eq!(runs, vec![vec![1; 5]; 20]);
    }

    #[test]
    fn a_panic_reaches_the_caller() {
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let tasks = || run_all(0..20, |task| assert_ne!(task, 7, "the seventh"));
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
                pool.install(|| run_all(&mut runs, |run| *run += 1));
                assert_eq!(runs, vec![1; count], "{count} tasks on {threads} threads");
            }
        }
    }
}
