//! A trained autoencoder in a web page without a server.
//!
//! The page asks what it would ask a server: a path and JSON. [`ae_serve::ask`] answers, in WebAssembly. A page has no way
//! to pass bytes to a function, so it writes them into this module's memory: it makes room ([`ae_room`]), writes there, and
//! calls [`ae_open`] or [`ae_ask`]; then the answer lies at [`ae_answer`]. `page/worker.js` is the other side.
//!
//! Numbers and addresses are all that crosses, so that no generator of bindings is needed.
#![deny(missing_docs)]
#![cfg_attr(
    target_family = "wasm",
    expect(unsafe_code, reason = "an attribute that exports a name to the page counts as unsafe")
)]

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ae_apply::Model;
use ae_models::SavedModel;
use ae_serve::{Fault, Subject, ask};
use serde_json::json;

/// The status of what could be done, as in HTTP.
const DONE: u32 = 200;
/// The status of a model that cannot be opened.
const UNFIT: u32 = 422;

/// What lies between two calls.
struct Desk {
    /// What the page has written.
    given: Vec<u8>,
    /// What it may read.
    answer: Vec<u8>,
    subject: Option<Subject>,
}

static DESK: Mutex<Desk> =
    Mutex::new(Desk { given: Vec::new(), answer: Vec::new(), subject: None });

fn desk() -> MutexGuard<'static, Desk> {
    DESK.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Desk {
    /// What was given, taken apart after so many bytes; no more than there are.
    fn take(&mut self, first: usize) -> (String, Vec<u8>) {
        let mut given = std::mem::take(&mut self.given);
        let rest = given.split_off(first.min(given.len()));
        (String::from_utf8_lossy(&given).into_owned(), rest)
    }

    fn open(&mut self, name: &str, weights: &[u8]) -> Result<Vec<u8>, String> {
        let saved = SavedModel::from_bytes(weights, Path::new("model.safetensors"));
        let model = Model::new(saved.map_err(|error| error.to_string())?);
        let subject = Subject::new(name, model.map_err(|error| error.to_string())?);
        self.subject = Some(subject.map_err(|error| error.to_string())?);
        Ok(b"{}".to_vec())
    }
}

/// Makes room for bytes of the page, and returns its address.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn ae_room(bytes: usize) -> *mut u8 {
    let desk = &mut *desk();
    desk.given = vec![0; bytes];
    desk.given.as_mut_ptr()
}

/// Opens a model: its name in so many bytes, then its weights file. Returns a status, 200 or 422.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn ae_open(name_bytes: usize) -> u32 {
    let desk = &mut *desk();
    let (name, weights) = desk.take(name_bytes);
    let opened = desk.open(&name, &weights);
    let (status, answer) = match opened {
        Ok(answer) => (DONE, answer),
        Err(error) => (UNFIT, json!({ "error": error }).to_string().into_bytes()),
    };
    desk.answer = answer;
    status
}

/// Answers a question: its path in so many bytes, then its body. Returns the status that a server would send.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn ae_ask(path_bytes: usize) -> u32 {
    let desk = &mut *desk();
    let (path, body) = desk.take(path_bytes);
    let answer = match &desk.subject {
        Some(subject) => ask(subject, &path, body).map_err(of_fault),
        None => Err((UNFIT, json!({ "error": "no model is open" }).to_string().into_bytes())),
    };
    let (status, answer) = answer.map_or_else(|refused| refused, |answer| (DONE, answer));
    desk.answer = answer;
    status
}

fn of_fault(fault: Fault) -> (u32, Vec<u8>) {
    (fault.status().as_u16().into(), fault.to_json().into_bytes())
}

/// The address of the last answer: JSON, of [`ae_answer_bytes`] bytes. It holds until the next call of another function.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn ae_answer() -> *const u8 {
    desk().answer.as_ptr()
}

/// The length of the last answer.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn ae_answer_bytes() -> usize {
    desk().answer.len()
}

#[cfg(test)]
mod tests {
    use ae_models::{ModelKind, ModelSpec};
    use ae_random::Seed;

    use super::*;

    #[test]
    fn a_model_is_opened_and_asked() {
        let spec = ModelSpec::tutorial(ModelKind::Regular);
        let parameters = spec.architecture().unwrap().initialise(Seed::new(1));
        let saved = SavedModel::new(spec, parameters);
        let subject = Subject::new("digits", Model::new(saved).unwrap()).unwrap();
        let ask_desk = |desk: &mut Desk, path: &str| {
            desk.given = path.as_bytes().to_vec();
            let (path, body) = desk.take(path.len());
            ask(desk.subject.as_ref().unwrap(), &path, body)
        };
        let desk = &mut Desk { given: Vec::new(), answer: Vec::new(), subject: Some(subject) };
        let told = ask_desk(desk, "/v1/model").unwrap();
        assert!(String::from_utf8(told).unwrap().contains("\"name\":\"digits\""));
        assert_eq!(ask_desk(desk, "/v1/nothing").unwrap_err().status(), 404);
        assert_eq!(ask_desk(desk, "/v1/encode").unwrap_err().status(), 400);
        let damaged = desk.open("digits", b"no weights").unwrap_err();
        assert!(damaged.contains("model.safetensors"), "{damaged}");
    }
}
