//! MPI from its beginning to its end.

use std::sync::Arc;
use std::time::Duration;

use ferrompi::{Mpi, ThreadLevel};
use thiserror::Error;

use crate::MpiPeers;

/// Why MPI cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MpiError {
    /// It does not start.
    #[error("MPI does not start: {0}")]
    Start(#[source] ferrompi::Error),
    /// Its library was built for one thread.
    #[error(
        "the MPI library lets only the thread that started it send messages ({found}), and a training \
         needs MPI_THREAD_SERIALIZED; use a library that was built with threads"
    )]
    Threads {
        /// What it offers.
        found: String,
    },
}

/// MPI in this process. Dropping it ends MPI, which waits for all processes.
pub struct World {
    // The peers are dropped first.
    peers: Arc<MpiPeers>,
    _mpi: Mpi,
}

impl World {
    /// Starts MPI. Whoever waits for longer than `patience` for a rank calls `tell` with a message that names it and ends
    /// all processes.
    ///
    /// # Errors
    /// If MPI does not start, or does not support threads.
    pub fn start(
        patience: Duration,
        tell: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self, MpiError> {
        let mpi = Mpi::init_thread(ThreadLevel::Serialized).map_err(MpiError::Start)?;
        if mpi.thread_level() < ThreadLevel::Serialized {
            return Err(MpiError::Threads { found: format!("{:?}", mpi.thread_level()) });
        }
        let peers = Arc::new(MpiPeers::new(mpi.world(), patience, Box::new(tell)));
        Ok(Self { peers, _mpi: mpi })
    }

    /// The processes, as the kernels see them.
    pub fn peers(&self) -> Arc<MpiPeers> {
        Arc::clone(&self.peers)
    }

    /// Ends all processes with an exit status.
    pub fn abort(&self, status: u8) -> ! {
        self.peers.abort(status)
    }
}

impl Drop for World {
    /// A process that panics does not wait for the others, which wait for it.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.abort(101);
        }
    }
}
