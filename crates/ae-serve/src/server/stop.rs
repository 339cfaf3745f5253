//! A request to stop, from any thread.

use std::sync::Arc;

use tokio::sync::watch;

/// Asks a server to stop: it takes no new connections, finishes what is in flight, and returns. Clones are one and the same.
#[derive(Debug, Clone)]
pub struct Stop(Arc<watch::Sender<bool>>);

impl Default for Stop {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Stop {
    /// Requests the stop. Later requests change nothing.
    pub fn request(&self) {
        self.0.send_replace(true);
    }

    /// Whether the stop was requested.
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the request.
    pub async fn requested(&self) {
        // The sender lives as long as `self`, so there is no other end.
        let _ = self.0.subscribe().wait_for(|stop| *stop).await;
    }
}
