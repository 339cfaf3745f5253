//! The API without a network: a path and a body in, the answer's JSON out.

use crate::compute::{Request, Work, answer};
use crate::description::description;
use crate::question::Kind;
use crate::{Fault, Limits, Subject};

/// Answers what is asked of a subject at a path of the API: `/v1/model`, or `/v1/reconstruct`, `/v1/denoise`, `/v1/encode`,
/// `/v1/decode`, `/v1/score` and `/v1/sample` with a JSON body. The bytes of an answer are those that the server sends.
///
/// # Errors
/// What the server would answer instead: see [`Fault::status`] and [`Fault::to_json`].
pub fn ask(subject: &Subject, path: &str, body: Vec<u8>) -> Result<Vec<u8>, Fault> {
    let limits = Limits::default();
    if path == "/v1/model" {
        return Ok(description(subject, &limits).to_string().into_bytes());
    }
    let work = Work::of(path).ok_or_else(|| Fault::no_such_path(path))?;
    let (kind, query) = (Kind::Json, String::new());
    answer(subject, limits.batch, &Request { work, kind, body: body.into(), query })
}
