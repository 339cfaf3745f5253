//! The body of a request, read within limits.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::time::{Duration, timeout};

use super::budget::{Budget, HeldBytes};
use crate::question::Kind;
use crate::{Fault, Limits};

/// How long what a client goes on sending is thrown away before it is told that it was too much; it would not read
/// the answer before.
const DISCARD: Duration = Duration::from_secs(2);
/// Largest capacity that is believed of a header before any byte has come.
const FIRST: usize = 64 << 10;

/// The kind of a body by its header.
pub(crate) fn kind_of(headers: &HeaderMap) -> Result<Kind, Fault> {
    let found = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = found.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    if essence == "application/json" {
        return Ok(Kind::Json);
    }
    if essence.starts_with("image/") {
        return Ok(Kind::Picture);
    }
    Err(Fault::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "the body is of a kind that is not read",
        "application/json, image/png or image/jpeg as Content-Type",
        found.filter(|found| !found.is_empty()).unwrap_or("no Content-Type"),
        "send items as JSON, or a picture; /openapi.json describes both",
    ))
}

/// Reads a body within its limits. The bytes count in the budget for as long as the second value lives.
pub(crate) async fn read(
    mut body: Body,
    headers: &HeaderMap,
    limits: &Limits,
    budget: &Budget,
) -> Result<(Bytes, HeldBytes), Fault> {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length = length.and_then(|length| length.parse::<u64>().ok());
    let mut held = budget.hold();
    let mut fault = length
        .filter(|&length| length > limits.body_bytes as u64)
        .map(|length| too_large(limits, &length.to_string()));
    let mut bytes =
        BytesMut::with_capacity(length.map_or(0, |length| (length as usize).min(FIRST)));
    let reading = async {
        while fault.is_none() {
            let Ok(frame) = body.frame().await? else { return Some(broken()) };
            let Ok(part) = frame.into_data() else { continue };
            if bytes.len() + part.len() > limits.body_bytes {
                fault = Some(too_large(limits, "more"));
            } else if !held.add(part.len()) {
                fault =
                    Some(Fault::busy(format!("{} bytes of requests and answers", budget.held())));
            } else {
                bytes.extend_from_slice(&part);
            }
        }
        fault.take()
    };
    let fault = match timeout(limits.body, reading).await {
        Ok(None) => return Ok((bytes.freeze(), held)),
        Ok(Some(fault)) => fault,
        Err(_) => return Err(too_slow(limits)),
    };
    // A client that waits for leave to send (`Expect`) is told at once.
    if !headers.contains_key(header::EXPECT) {
        let _ = timeout(DISCARD, async { while let Some(Ok(_)) = body.frame().await {} }).await;
    }
    Err(fault)
}

fn too_large(limits: &Limits, found: &str) -> Fault {
    Fault::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "the body is too large",
        format!("at most {} bytes", limits.body_bytes),
        format!("{found} bytes"),
        "send fewer items at once, or start the server with a larger --max-body",
    )
}

fn too_slow(limits: &Limits) -> Fault {
    Fault::new(
        StatusCode::REQUEST_TIMEOUT,
        "the body did not arrive in time",
        format!("the whole body within {} s", limits.body.as_secs_f32()),
        "a part of it",
        "send the request again, faster or smaller",
    )
    .with(header::CONNECTION, "close")
}

fn broken() -> Fault {
    let (error, expected) =
        ("the body ended early", "as many bytes as the head of the request says");
    Fault::new(StatusCode::BAD_REQUEST, error, expected, "fewer", "send the request again")
}
