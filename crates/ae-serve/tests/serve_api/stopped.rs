//! A stop takes no new connection, and loses no request that was accepted.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ae_serve::{Limits, ServeError, Server};
use serde_json::json;

use crate::support::*;

#[test]
fn a_port_that_is_taken_is_told() {
    let served = Served::model(regular());
    let error = Server::bind(served.address).unwrap_err();
    assert!(matches!(error, ServeError::Bind { .. }), "{error}");
    let told = error.to_string();
    assert!(told.contains(&served.address.to_string()) && told.contains("another port"), "{told}");
    let elsewhere = Server::bind(([203, 0, 113, 7], 0).into()).unwrap_err().to_string();
    assert!(elsewhere.contains("no such address"), "{elsewhere}");
}

#[test]
fn what_is_in_flight_is_finished() {
    let mut served = Served::model(tutorial());
    let body = json!({ "items": vec![vec![0.5; 784]; 1024] }).to_string();
    let request = post("/v1/reconstruct", "application/json", body.as_bytes());
    let mut stream = served.connect();
    stream.write_all(&request).unwrap();
    let mut idle = served.connect();
    idle.write_all(head("GET", "/healthz", &[("Connection", "keep-alive")], None).as_bytes())
        .unwrap();
    Answer::read(&mut idle).ok();
    served.stop.request();
    let answer = Answer::read(&mut stream);
    assert_eq!(answer.ok()["items"], 1024);
    assert_eq!(answer.header("connection"), Some("close"));
    served.end();
    assert_eq!(idle.read(&mut [0; 16]).unwrap(), 0);
    assert!(TcpStream::connect(served.address).is_err());
}

/// Clients that keep their connections and ask without a pause: each either gets its answer or finds the connection closed
/// before it has sent the next request.
#[test]
fn a_stop_under_load_loses_no_accepted_request() {
    let mut served = Served::model(regular());
    let body = json!({ "item": numbers(20) }).to_string();
    let keep = [("Connection", "keep-alive"), ("Content-Type", "application/json")];
    let request = head("POST", "/v1/encode", &keep, Some(body.len())) + &body;
    let (answered, lost) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (all_connected, stops) = (Barrier::new(8), AtomicBool::new(false));
    let client = || {
        let mut stream = served.connect();
        all_connected.wait();
        let mut last = Instant::now();
        // A client that was kept from its turn for longer may find its connection closed.
        while !stops.load(Ordering::SeqCst) || last.elapsed() < Duration::from_millis(150) {
            stream.write_all(request.as_bytes()).unwrap();
            let answer = Answer::read(&mut stream);
            let is_last = answer.header("connection") == Some("close");
            if answer.status != 200 {
                lost.fetch_add(1, Ordering::Relaxed);
            }
            answered.fetch_add(1, Ordering::Relaxed);
            if is_last {
                return;
            }
            last = Instant::now();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(client);
        }
        while answered.load(Ordering::Relaxed) < 200 {
            std::thread::yield_now();
        }
        stops.store(true, Ordering::SeqCst);
        served.stop.request();
    });
    served.end();
    assert_eq!(lost.load(Ordering::Relaxed), 0);
}

#[test]
fn a_stop_does_not_wait_for_ever() {
    let limits = Limits { grace: Duration::from_millis(400), ..Limits::default() };
    let mut served = Served::limited(regular(), limits);
    let mut stream = served.connect();
    let kind = [("Content-Type", "application/json")];
    stream.write_all(head("POST", "/v1/encode", &kind, Some(100)).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    served.stop.request();
    served.end();
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}
