//! The page of a training that goes on: any training that says how far it is and can be stopped.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::page::{CSS, HTML, PageFile, SCRIPT, SVG, page_file};
use super::work::json_response;
use crate::{Access, Fault};

/// A training as its page asks for it.
pub trait LiveRun: Send + Sync + 'static {
    /// How far it is: the object that the page's script reads, with a list `parts` of `{"id", "digest"}`. A page names
    /// itself and the `digest` of the state that it shows in full; a program need not.
    ///
    /// # Errors
    /// A sentence, if that cannot be read.
    fn state(&self, asker: Option<Asker<'_>>) -> Result<Value, String>;

    /// A part of the page as HTML. It has no `style` attributes, but `data-style` in their place.
    fn part(&self, id: &str) -> Option<String>;

    /// Asks the training to stop with a checkpoint.
    ///
    /// # Errors
    /// A sentence, if it cannot be asked.
    fn stop(&self) -> Result<LiveStop, String>;
}

/// A page that asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asker<'a> {
    /// What it calls itself; every page that is open has a name of its own.
    pub page: &'a str,
    /// The digest of what it shows.
    pub shown: &'a str,
}

impl<'a> Asker<'a> {
    /// Reads `page=NAME&shown=DIGEST`, letters and digits of at most 64 each.
    fn of_query(query: &'a str) -> Option<Self> {
        let (page, shown) = query.strip_prefix("page=")?.split_once("&shown=")?;
        let is_plain =
            |text: &str| text.len() <= 64 && text.bytes().all(|it| it.is_ascii_alphanumeric());
        (is_plain(page) && is_plain(shown)).then_some(Self { page, shown })
    }
}

/// What became of the wish to stop a training.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveStop {
    /// It was asked.
    Asked,
    /// No training goes on.
    NothingToStop,
}

/// The files of the page. Style and script of the curves are those of a report.
const FILES: [PageFile; 6] = [
    PageFile { path: "/", kind: HTML, contents: include_str!("../../page/live/index.html") },
    PageFile { path: "/page/report.css", kind: CSS, contents: ae_report::page::STYLE },
    PageFile {
        path: "/page/live.css",
        kind: CSS,
        contents: include_str!("../../page/live/live.css"),
    },
    PageFile { path: "/page/report.js", kind: SCRIPT, contents: ae_report::page::SCRIPT },
    PageFile {
        path: "/page/live.js",
        kind: SCRIPT,
        contents: include_str!("../../page/live/live.js"),
    },
    PageFile { path: "/page/icon.svg", kind: SVG, contents: include_str!("../../page/icon.svg") },
];

const PARTS: &str = "/v1/live/parts/";

type Run = Arc<dyn LiveRun>;

/// The routes of a training, guarded by the rules of an access: the page at `/`, `GET /v1/live`, `GET /v1/live/parts/ID`
/// and `POST /v1/live/stop`.
///
/// A page of another site cannot stop the training: its origin is refused, and it may not send the content type that
/// a stop needs without asking first, which is refused too.
pub fn live_router(run: Run, access: &Access) -> Router {
    let mut router = Router::new()
        .route("/v1/live", on(MethodFilter::GET, state))
        .route("/v1/live/parts/{id}", on(MethodFilter::GET, part))
        .route("/v1/live/stop", on(MethodFilter::POST, stop))
        .with_state(run);
    for file in &FILES {
        router = router.route(file.path, on(MethodFilter::GET, async || page_file(file)));
    }
    access.guard(router.fallback(unknown).method_not_allowed_fallback(not_allowed), &[])
}

async fn state(State(run): State<Run>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    // Files may be on a slow disk.
    match spawn_blocking(move || run.state(Asker::of_query(&query))).await {
        Ok(Ok(state)) => json_response(Body::from(state.to_string())),
        Ok(Err(reason)) => unreadable(reason).into_response(),
        Err(error) => unreadable(error.to_string()).into_response(),
    }
}

async fn part(State(run): State<Run>, request: Request) -> Response {
    let id = request.uri().path().strip_prefix(PARTS).unwrap_or_default().to_owned();
    match spawn_blocking(move || run.part(&id)).await {
        Ok(Some(html)) => {
            let mut response = Response::new(Body::from(html));
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(HTML));
            response
        }
        _ => unknown(request).await.into_response(),
    }
}

async fn stop(State(run): State<Run>, headers: HeaderMap) -> Response {
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().to_ascii_lowercase().starts_with(b"application/json"));
    if !is_json {
        let (expected, found) =
            ("the header `Content-Type: application/json`", "another one, or none");
        let error = "a stop needs a content type that a page of another site may not send";
        let what_to_do = "send the header";
        return Fault::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error, expected, found, what_to_do)
            .into_response();
    }
    match spawn_blocking(move || run.stop()).await {
        Ok(Ok(LiveStop::Asked)) => {
            json_response(Body::from(json!({ "stop": "asked" }).to_string()))
        }
        Ok(Ok(LiveStop::NothingToStop)) => Fault::new(
            StatusCode::CONFLICT,
            "there is no training to stop",
            "a training that learns its epochs",
            "none, or one that does not say how far it is",
            "look at what the page says; Ctrl-C in the terminal of a training stops it too",
        )
        .into_response(),
        Ok(Err(reason)) => unreadable(reason).into_response(),
        Err(error) => unreadable(error.to_string()).into_response(),
    }
}

fn unreadable(reason: String) -> Fault {
    let expected = "a run whose files can be read, and written to for a stop";
    let (error, what_to_do) = ("the run cannot be asked", "look at the folder of the run");
    Fault::new(StatusCode::INTERNAL_SERVER_ERROR, error, expected, reason, what_to_do)
}

async fn unknown(request: Request) -> Fault {
    let found: String = request.uri().path().chars().take(200).collect();
    let expected = "/, /v1/live, /v1/live/parts/ID or /v1/live/stop";
    let error = "there is nothing at this path";
    Fault::new(StatusCode::NOT_FOUND, error, expected, found, "correct the path")
}

async fn not_allowed(request: Request) -> Fault {
    let found: String = request.method().as_str().chars().take(20).collect();
    let (error, expected) =
        ("the path does not take this method", "POST to stop, GET for the rest");
    Fault::new(StatusCode::METHOD_NOT_ALLOWED, error, expected, found, "use another method")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_itself_with_letters_and_digits() {
        let asker = Asker::of_query("page=a1&shown=");
        assert_eq!(asker, Some(Asker { page: "a1", shown: "" }));
        let long = format!("page={}&shown=1", "a".repeat(65));
        for bad in ["", "page=a", "shown=1&page=a", "page=a b&shown=1", "page=%61&shown=1", &long] {
            assert_eq!(Asker::of_query(bad), None, "{bad}");
        }
    }
}
