//! The page of a training that goes on.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ae_serve::{Access, Asker, Hosts, Limits, LiveRun, LiveStop, Server, Stop, live_router};
use serde_json::{Value, json};

use crate::support::{Answer, head, post};

/// A training that has learned one epoch, and counts who asks it to stop.
#[derive(Default)]
struct Training {
    stops: AtomicUsize,
}

impl LiveRun for Training {
    fn state(&self, asker: Option<Asker<'_>>) -> Result<Value, String> {
        if let Some(Asker { page, shown }) = asker {
            return Ok(json!({ "page": page, "shown": shown }));
        }
        Ok(json!({ "phase": "training", "parts": [{ "id": "curves", "digest": "1" }] }))
    }

    fn part(&self, id: &str) -> Option<String> {
        (id == "curves").then(|| "<section>".to_owned())
    }

    fn stop(&self) -> Result<LiveStop, String> {
        match self.stops.fetch_add(1, Ordering::SeqCst) {
            0 => Ok(LiveStop::Asked),
            1 => Ok(LiveStop::NothingToStop),
            _ => Err("the disk is full".to_owned()),
        }
    }
}

/// Serves a training while `ask` asks.
fn with_page(ask: impl FnOnce(&Training, &dyn Fn(&[u8]) -> Answer)) {
    let training = Arc::new(Training::default());
    let server = Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let (address, stop) = (server.address(), Stop::default());
    let router = live_router(training.clone(), &Access::new(Hosts::loopback(), None));
    std::thread::scope(|scope| {
        scope.spawn(|| server.run(router, &Limits::default(), &stop).unwrap());
        let send = |bytes: &[u8]| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(bytes).unwrap();
            Answer::read(&mut stream)
        };
        let _ends = Ends(&stop);
        ask(&training, &send);
    });
}

/// Ends the server, also if a check fails.
struct Ends<'a>(&'a Stop);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.request();
    }
}

#[test]
fn the_page_and_its_parts_are_served_and_kept_to_themselves() {
    with_page(|_, send| {
        let get = |path: &str| send(head("GET", path, &[], None).as_bytes());
        for (path, kind) in [
            ("/", "text/html"),
            ("/page/report.css", "text/css"),
            ("/page/live.css", "text/css"),
            ("/page/report.js", "text/javascript"),
            ("/page/live.js", "text/javascript"),
            ("/page/icon.svg", "image/svg+xml"),
            ("/v1/live", "application/json"),
            ("/v1/live/parts/curves", "text/html"),
        ] {
            let answer = get(path);
            assert_eq!(answer.status, 200, "{path}");
            assert!(answer.header("content-type").unwrap().starts_with(kind), "{path}");
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
            assert!(answer.header("cache-control").unwrap().starts_with("no-"), "{path}");
        }
        let told = get("/v1/live?page=a&shown=b").ok();
        assert_eq!(told, json!({ "page": "a", "shown": "b" }));
        let page = String::from_utf8(get("/").body).unwrap();
        assert!(!page.contains(" style=") && !page.contains("<style"), "the policy forbids it");
        for path in ["/nowhere", "/v1/live/parts/nowhere", "/v1/live/parts/"] {
            get(path).is_fault(404, "/v1/live");
        }
    });
}

#[test]
fn only_who_may_ask_stops_the_training() {
    with_page(|training, send| {
        let refused = |headers: &[(&str, &str)], status, word| {
            send(head("POST", "/v1/live/stop", headers, Some(0)).as_bytes()).is_fault(status, word);
        };
        let json = ("Content-Type", "application/json");
        refused(&[json, ("Origin", "http://evil.example")], 403, "other sites");
        refused(&[json, ("Origin", "null")], 403, "other sites");
        refused(&[json, ("Host", "evil.example")], 421, "localhost");
        refused(&[], 415, "application/json");
        refused(&[("Content-Type", "text/plain")], 415, "application/json");
        send(head("GET", "/v1/live/stop", &[], None).as_bytes()).is_fault(405, "POST");
        assert_eq!(training.stops.load(Ordering::SeqCst), 0);
        let stop = || send(&post("/v1/live/stop", "application/json", b"{}"));
        assert_eq!(stop().ok(), json!({ "stop": "asked" }));
        stop().is_fault(409, "no training");
        stop().is_fault(500, "the disk is full");
    });
}
