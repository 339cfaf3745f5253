//! Crowds of idle and slow connections keep nobody from an answer, and a stop in the middle of them ends soon.
//! `tests/load/crowd.py` does the same with ten thousand.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ae_serve::Limits;
use serde_json::json;

use crate::support::*;

/// Longer than a connection may wait for a request when others come.
const LONG: Duration = Duration::from_millis(400);

fn few() -> Limits {
    Limits { connections: 8, ..Limits::default() }
}

/// A request whose body is on its way.
fn begin_body(served: &Served) -> TcpStream {
    let mut stream = served.connect();
    let kind = [("Content-Type", "application/json")];
    stream.write_all(head("POST", "/v1/encode", &kind, Some(100)).as_bytes()).unwrap();
    stream.write_all(b"{\"item\": [").unwrap();
    stream
}

#[test]
fn connections_that_wait_for_a_request_make_room() {
    let served = Served::limited(regular(), few());
    let request = head("GET", "/healthz", &[("Connection", "keep-alive")], None);
    let mut busy = begin_body(&served);
    let mut waiting: Vec<TcpStream> = (0..7).map(|_| served.connect()).collect();
    for (number, stream) in waiting.iter_mut().enumerate() {
        match number % 3 {
            0 => {}
            1 => stream.write_all(&request.as_bytes()[..20]).unwrap(),
            _ => {
                stream.write_all(request.as_bytes()).unwrap();
                Answer::read(stream).ok();
            }
        }
    }
    std::thread::sleep(LONG);
    for _ in 0..40 {
        served.get("/healthz").ok();
    }
    // The first had to leave; who has begun a request is left in peace.
    assert_eq!(waiting[0].read(&mut [0; 16]).unwrap(), 0);
    busy.write_all(&[b' '; 90]).unwrap();
    Answer::read(&mut busy).is_fault(400, "JSON");
}

#[test]
fn connections_beyond_the_limit_are_told_so() {
    let served = Served::limited(regular(), few());
    let open: Vec<TcpStream> = (0..8).map(|_| begin_body(&served)).collect();
    std::thread::sleep(LONG);
    for _ in 0..50 {
        let answer = served.get("/healthz");
        answer.is_fault(503, "8 connections");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    drop(open);
    let start = Instant::now();
    while served.get("/healthz").status != 200 {
        assert!(start.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Clients that come again and again would keep a server that takes all of them from its end.
#[test]
fn a_stop_ends_amid_new_connections_and_silent_ones() {
    let mut served = Served::limited(regular(), Limits { connections: 64, ..Limits::default() });
    let silent: Vec<TcpStream> = (0..48).map(|_| served.connect()).collect();
    (&silent[0]).write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").unwrap();
    let body = json!({ "item": numbers(20) }).to_string();
    let request = post("/v1/encode", "application/json", body.as_bytes());
    let (answered, ended) = (AtomicUsize::new(0), AtomicBool::new(false));
    let comes_again = || {
        while !ended.load(Ordering::SeqCst) {
            let Ok(mut stream) = TcpStream::connect(served.address) else { continue };
            stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            let mut told = Vec::new();
            let sent = stream.write_all(&request).and_then(|()| stream.read_to_end(&mut told));
            // What was accepted is answered in full. What was not is reset.
            match sent {
                Ok(0) => {}
                // Where all places are taken for a moment, that is the answer.
                Ok(_) => {
                    let text = String::from_utf8_lossy(&told);
                    let is_told =
                        ["HTTP/1.1 200", "HTTP/1.1 503"].iter().any(|it| text.starts_with(it));
                    assert!(is_told && text.ends_with('}'), "{text}");
                    answered
                        .fetch_add(usize::from(text.starts_with("HTTP/1.1 200")), Ordering::SeqCst);
                }
                Err(error) => assert!(
                    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
                    "{error}"
                ),
            }
        }
    };
    let start = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(comes_again);
        }
        while answered.load(Ordering::SeqCst) < 100 {
            std::thread::yield_now();
        }
        let start = Instant::now();
        served.stop.request();
        while TcpStream::connect(served.address).is_ok() {
            assert!(start.elapsed() < Duration::from_secs(30), "it still listens");
        }
        ended.store(true, Ordering::SeqCst);
        start
    });
    served.end();
    // A head that never comes to its end has ten seconds otherwise.
    let seconds = start.elapsed();
    assert!(seconds < Duration::from_secs(8), "{seconds:?}");
}
