//! A request that is computed: its body is read, it waits in the queue, and a thread of the pool answers it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::body;
use super::budget::{Budget, HeldBytes};
use super::metrics::Metrics;
use crate::compute::{self, Work, answer};
use crate::{Fault, Limits, ServeError, Subject};

/// What all requests share.
pub(crate) struct Shared {
    pub(crate) subject: Arc<Subject>,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) budget: Budget,
    /// Places in the queue.
    pub(crate) queue: Arc<Semaphore>,
    pool: ThreadPool,
}

/// An answer in memory, with its bytes in the budget.
struct HeldAnswer {
    json: Vec<u8>,
    _held: HeldBytes,
}

impl AsRef<[u8]> for HeldAnswer {
    fn as_ref(&self) -> &[u8] {
        &self.json
    }
}

impl Shared {
    pub(crate) fn new(subject: Arc<Subject>, limits: Limits) -> Result<Self, ServeError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(rayon::current_num_threads())
            .thread_name(|thread| format!("compute-{thread}"))
            .build()
            .map_err(|error| ServeError::Threads { reason: error.to_string() })?;
        let queue = Arc::new(Semaphore::new(limits.queue));
        let budget = Budget::new(limits.memory);
        Ok(Self { subject, limits, metrics: Metrics::default(), budget, queue, pool })
    }

    /// Requests that wait or are computed.
    pub(crate) fn queued(&self) -> usize {
        self.limits.queue.saturating_sub(self.queue.available_permits())
    }
}

/// Answers a request of the API.
pub(crate) async fn serve(
    shared: &Arc<Shared>,
    work: Work,
    request: Request,
) -> Result<Response, Fault> {
    let (head, body) = request.into_parts();
    let kind = body::kind_of(&head.headers)?;
    let limits = &shared.limits;
    let (body, mut held) = body::read(body, &head.headers, limits, &shared.budget).await?;
    let query = head.uri.query().unwrap_or_default().to_owned();
    let json = computed(shared, compute::Request { work, kind, body, query }).await?;
    held.add_existing(json.len());
    let json = Bytes::from_owner(HeldAnswer { json, _held: held });
    Ok(json_response(Body::from(json)))
}

/// Computes on a thread of the pool. A client that has left, or has waited too long, is not computed for.
async fn computed(shared: &Arc<Shared>, request: compute::Request) -> Result<Vec<u8>, Fault> {
    let limits = &shared.limits;
    let Ok(place) = shared.queue.clone().try_acquire_owned() else {
        return Err(Fault::busy(format!("{} requests that wait", limits.queue)));
    };
    let (sender, receiver) = oneshot::channel();
    let (subject, batch) = (shared.subject.clone(), limits.batch);
    shared.pool.spawn_fifo(move || {
        if sender.is_closed() {
            return;
        }
        // No input should panic; if one does, it must not end the server.
        let result = catch_unwind(AssertUnwindSafe(|| answer(&subject, batch, &request)));
        drop(place);
        let _ = sender.send(result.unwrap_or_else(|_| Err(Fault::internal("a panic"))));
    });
    match timeout(limits.time, receiver).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(Fault::internal("no answer")),
        Err(_) => {
            Err(Fault::busy(format!("an answer that took over {} s", limits.time.as_secs_f32())))
        }
    }
}

/// An answer as JSON.
pub(crate) fn json_response(body: Body) -> Response {
    let mut response = Response::new(body);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
