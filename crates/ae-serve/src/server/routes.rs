//! All routes, and what is done around each of them.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use serde_json::json;

use super::metrics::Gauges;
use super::page::{FILES, page_file};
use super::work::{Shared, json_response, serve};
use crate::compute::Work;
use crate::description::description;
use crate::{Access, Fault, Limits, ServeError, Subject, openapi};

/// What a route answers.
#[derive(Debug, Clone, Copy)]
enum Endpoint {
    Work(Work),
    Model,
    Examples,
    Health,
    Metrics,
    OpenApi,
}

/// The routes beside the files of the page.
static ROUTES: [(Method, &str, Endpoint); 11] = [
    work(Work::Reconstruct),
    work(Work::Denoise),
    work(Work::Encode),
    work(Work::Decode),
    work(Work::Score),
    work(Work::Sample),
    (Method::GET, "/v1/model", Endpoint::Model),
    (Method::GET, "/v1/examples", Endpoint::Examples),
    (Method::GET, "/healthz", Endpoint::Health),
    (Method::GET, "/metrics", Endpoint::Metrics),
    (Method::GET, "/openapi.json", Endpoint::OpenApi),
];

const fn work(work: Work) -> (Method, &'static str, Endpoint) {
    (Method::POST, work.path(), Endpoint::Work(work))
}

/// Paths that need no token: a page has to be there before it can ask for one, and a load balancer has none.
const OPEN: [&str; 1 + FILES.len()] = {
    let mut open = ["/healthz"; 1 + FILES.len()];
    let mut place = 0;
    while place < FILES.len() {
        open[place + 1] = FILES[place].path;
        place += 1;
    }
    open
};

/// Methods and paths of the API, of the page's files too.
pub fn route_names() -> Vec<(&'static str, &'static str)> {
    let name = |method: &Method| if *method == Method::POST { "POST" } else { "GET" };
    let api = ROUTES.iter().map(|(method, path, _)| (name(method), *path));
    api.chain(FILES.iter().map(|file| ("GET", file.path))).collect()
}

/// The routes of a subject, guarded by the rules of an access.
///
/// # Errors
/// If the threads that compute cannot be started.
pub fn router(
    subject: &Arc<Subject>,
    limits: &Limits,
    access: &Access,
) -> Result<Router, ServeError> {
    let shared = Arc::new(Shared::new(subject.clone(), limits.clone())?);
    let mut router = Router::new();
    for &(ref method, path, endpoint) in &ROUTES {
        let filter = if *method == Method::POST { MethodFilter::POST } else { MethodFilter::GET };
        let shared = shared.clone();
        let answer = move |request: Request| answer(shared.clone(), endpoint, request);
        router = router.route(path, on(filter, answer));
    }
    for file in &FILES {
        router = router.route(file.path, on(MethodFilter::GET, async || page_file(file)));
    }
    let router = router.fallback(unknown).method_not_allowed_fallback(not_allowed);
    Ok(access.guard(router, &OPEN).layer(from_fn_with_state(shared, observe)))
}

async fn answer(shared: Arc<Shared>, endpoint: Endpoint, request: Request) -> Response {
    match endpoint {
        Endpoint::Work(work) => {
            serve(&shared, work, request).await.unwrap_or_else(IntoResponse::into_response)
        }
        Endpoint::Model => {
            json_response(Body::from(description(&shared.subject, &shared.limits).to_string()))
        }
        Endpoint::Examples => examples(&shared.subject),
        Endpoint::Health => json_response(Body::from(r#"{"status":"ok"}"#)),
        Endpoint::Metrics => {
            let gauges = Gauges { queued: shared.queued(), held: shared.budget.held() };
            let mut response = Response::new(Body::from(shared.metrics.text(gauges)));
            let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
            response.headers_mut().insert(header::CONTENT_TYPE, text);
            response
        }
        Endpoint::OpenApi => json_response(Body::from(openapi().to_string())),
    }
}

/// The examples, whether they are still read, or why there are none.
fn examples(subject: &Subject) -> Response {
    let told = match subject.examples() {
        None => json!({ "state": "loading" }),
        Some(Err(why)) => json!({ "state": "none", "why": why }),
        Some(Ok(examples)) => json!({ "state": "ready", "examples": examples }),
    };
    json_response(Body::from(told.to_string()))
}

async fn unknown(request: Request) -> Fault {
    Fault::no_such_path(request.uri().path())
}

async fn not_allowed(request: Request) -> Fault {
    Fault::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "the path does not take this method",
        "the methods of the header Allow",
        request.method().as_str().chars().take(20).collect::<String>(),
        "use another method; /openapi.json lists them",
    )
}

/// The route of a path; paths that nobody knows are one.
fn route_of(path: &str) -> &'static str {
    let known = ROUTES.iter().map(|(_, known, _)| *known).chain(FILES.iter().map(|file| file.path));
    known.into_iter().find(|known| *known == path).unwrap_or("other")
}

/// Counts and logs an answer.
async fn observe(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = route_of(request.uri().path());
    let method = request.method().clone();
    let response = next.run(request).await;
    let (status, time) = (response.status().as_u16(), start.elapsed());
    shared.metrics.count(route, status, time);
    let milliseconds = time.as_secs_f64() * 1e3;
    match status {
        500.. if status != 503 => tracing::error!(%method, route, status, milliseconds, "answered"),
        _ => tracing::info!(%method, route, status, milliseconds, "answered"),
    }
    response
}
