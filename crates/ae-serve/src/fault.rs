//! What a request is answered that is not served.

use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;

/// An answer that says what is wrong: a status, and `{"error", "expected", "found", "what_to_do"}` as JSON.
#[derive(Debug, Clone)]
pub struct Fault {
    status: StatusCode,
    // Results are small where all is well.
    told: Box<Told>,
    header: Option<Box<(HeaderName, HeaderValue)>>,
}

#[derive(Debug, Clone, Serialize)]
struct Told {
    error: String,
    expected: String,
    found: String,
    what_to_do: String,
}

impl Fault {
    /// A fault in four sentences.
    pub fn new(
        status: StatusCode,
        error: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        what_to_do: impl Into<String>,
    ) -> Self {
        let told = Told {
            error: error.into(),
            expected: expected.into(),
            found: found.into(),
            what_to_do: what_to_do.into(),
        };
        Self { status, told: Box::new(told), header: None }
    }

    /// The fault with one more header.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some(Box::new((name, HeaderValue::from_static(value))));
        self
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong.
    pub(crate) fn error(&self) -> &str {
        &self.told.error
    }

    /// The answer's body.
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.told).unwrap_or_default()
    }

    /// Nothing is asked that is known.
    pub(crate) fn no_such_path(path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this path",
            "a path that /openapi.json lists",
            path.chars().take(200).collect::<String>(),
            "correct the path",
        )
    }

    /// Too much is asked for at once.
    #[cfg(feature = "server")]
    pub(crate) fn busy(found: String) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the server is busy",
            "fewer requests at once",
            found,
            "ask again after the seconds that the header Retry-After names",
        )
        .with(http::header::RETRY_AFTER, "1")
    }

    /// The model cannot do this, whatever is sent.
    pub(crate) fn cannot(why: String, what_to_do: &str) -> Self {
        let expected = "what the model can do, which /v1/model lists under `can`";
        Self::new(StatusCode::CONFLICT, why, expected, "a request for more", what_to_do)
    }

    /// The request was understood, and its contents do not fit.
    pub(crate) fn unfit(
        error: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        what_to_do: impl Into<String>,
    ) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, error, expected, found, what_to_do)
    }

    /// Something failed that no request should be able to cause.
    pub(crate) fn internal(found: impl Into<String>) -> Self {
        let (error, expected) = ("the model could not be applied", "an answer");
        let what_to_do = "look into the server's log";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, error, expected, found, what_to_do)
    }
}

#[cfg(feature = "server")]
impl axum::response::IntoResponse for Fault {
    fn into_response(self) -> axum::response::Response {
        let mut response = axum::response::Response::new(axum::body::Body::from(self.to_json()));
        *response.status_mut() = self.status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(http::header::CONTENT_TYPE, json);
        if let Some((name, value)) = self.header.map(|header| *header) {
            response.headers_mut().insert(name, value);
        }
        response
    }
}
