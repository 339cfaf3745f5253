//! Slow clients and a full queue get the right status, and keep nobody else from an answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ae_serve::Limits;
use serde_json::json;

use crate::support::*;

fn item() -> String {
    json!({ "item": numbers(20) }).to_string()
}

/// Everything until the connection ends.
fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_large_body_is_refused_by_its_head_and_by_its_bytes() {
    let served = Served::limited(regular(), Limits { body_bytes: 1000, ..Limits::default() });
    let kind = ("Content-Type", "application/json");
    // A client that waits for leave is told before it sends anything.
    let waiting = head("POST", "/v1/encode", &[kind, ("Expect", "100-continue")], Some(10_000_000));
    served.send(waiting.as_bytes()).is_fault(413, "10000000 bytes");
    let chunked = head("POST", "/v1/encode", &[kind, ("Transfer-Encoding", "chunked")], None);
    let body = format!("{chunked}{:x}\r\n{}\r\n0\r\n\r\n", 1001, " ".repeat(1001));
    served.send(body.as_bytes()).is_fault(413, "at most 1000 bytes");
    // One that sends all the same hears it too: the connection is not reset under its answer.
    served.send(&post("/v1/encode", kind.1, &vec![b' '; 3_000_000])).is_fault(413, "3000000 bytes");
    served.post("/v1/encode", &item()).ok();
}

#[test]
fn memory_for_bodies_is_bounded() {
    let served = Served::limited(regular(), Limits { memory: 500, ..Limits::default() });
    served.post("/v1/encode", &" ".repeat(501)).is_fault(503, "bytes of requests");
    served.post("/v1/encode", &item()).ok();
}

#[test]
fn slow_heads_and_slow_bodies_have_an_end() {
    let short = Duration::from_millis(300);
    let served =
        Served::limited(regular(), Limits { head: short, body: short, ..Limits::default() });
    let start = Instant::now();
    let mut heads: Vec<TcpStream> = (0..20).map(|_| served.connect()).collect();
    heads.iter_mut().for_each(|stream| stream.write_all(b"GET / HTTP/1.1\r\nHost: loc").unwrap());
    let mut body = served.connect();
    let kind = [("Content-Type", "application/json")];
    body.write_all(head("POST", "/v1/encode", &kind, Some(100)).as_bytes()).unwrap();
    body.write_all(b"{\"item\": [").unwrap();
    // Others are answered while these wait.
    served.post("/v1/encode", &item()).ok();
    Answer::read(&mut body).is_fault(408, "0.3 s");
    for mut stream in heads {
        let told = rest(&mut stream);
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 408"), "{told}");
    }
    let time = start.elapsed();
    assert!(time >= short && time < Duration::from_secs(30), "{time:?}");
}

#[test]
fn a_connection_that_is_kept_open_serves_many_requests_and_then_ends() {
    let limits = Limits { head: Duration::from_secs(2), ..Limits::default() };
    let served = Served::limited(regular(), limits);
    let mut stream = served.connect();
    let request = head("GET", "/healthz", &[("Connection", "keep-alive")], None);
    for _ in 0..3 {
        stream.write_all(request.as_bytes()).unwrap();
        Answer::read(&mut stream).ok();
    }
    // Two at once are answered in their order.
    stream.write_all(request.repeat(2).as_bytes()).unwrap();
    for _ in 0..2 {
        Answer::read(&mut stream).ok();
    }
    assert_eq!(rest(&mut stream), "");
}

#[test]
fn a_client_that_has_closed_its_side_still_gets_its_answer() {
    let served = Served::model(regular());
    let mut stream = served.connect();
    half_close(&mut stream, &post("/v1/encode", "application/json", item().as_bytes()));
    Answer::read(&mut stream).ok();
    // Half of a request is none.
    let mut stream = served.connect();
    let whole = post("/v1/encode", "application/json", item().as_bytes());
    half_close(&mut stream, &whole[..whole.len() - 5]);
    let told = rest(&mut stream);
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 400"), "{told}");
    served.post("/v1/encode", &item()).ok();
}

#[test]
fn a_full_queue_says_when_to_come_again() {
    // A place less than one: what is computed has the only place.
    let served = Served::limited(tutorial(), Limits { queue: 1, ..Limits::default() });
    let body = json!({ "items": vec![vec![0.5; 784]; 1024] }).to_string();
    let request = post("/v1/reconstruct", "application/json", body.as_bytes());
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..6).map(|_| scope.spawn(|| served.send(&request))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let full: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!full.is_empty() && full.len() < 6, "{}", full.len());
    for answer in full {
        answer.is_fault(503, "1 requests that wait");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    let metrics = String::from_utf8(served.get("/metrics").body).unwrap();
    assert!(metrics.contains("ae_requests_queued 0\n"), "{metrics}");
}

#[test]
fn what_takes_too_long_is_given_up() {
    let limits = Limits { time: Duration::from_millis(1), ..Limits::default() };
    let served = Served::limited(tutorial(), limits);
    let body = json!({ "items": vec![vec![0.5; 784]; 1024] }).to_string();
    let answer = served.post("/v1/reconstruct", &body);
    answer.is_fault(503, "took over 0.001 s");
    assert_eq!(answer.header("retry-after"), Some("1"));
    served.get("/healthz").ok();
}

#[test]
fn a_client_that_takes_no_byte_of_its_answer_is_left() {
    let limits = Limits { stall: Duration::from_millis(300), ..Limits::default() };
    let served = Served::limited(tutorial(), limits);
    let body = json!({ "items": vec![vec![0.3; 784]; 1024] }).to_string();
    let mut stream = served.connect();
    stream.write_all(&post("/v1/reconstruct", "application/json", body.as_bytes())).unwrap();
    // The answer begins; it has more bytes than the system's buffers hold.
    assert_eq!(stream.peek(&mut [0]).unwrap(), 1);
    let held = || {
        let text = String::from_utf8(served.get("/metrics").body).unwrap();
        let line = text.lines().find(|line| line.starts_with("ae_held_bytes ")).unwrap();
        line["ae_held_bytes ".len()..].parse::<usize>().unwrap()
    };
    // Its bytes are let go when the client is given up.
    let start = Instant::now();
    while held() > 0 {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    let told = rest(&mut stream);
    let (head, body) = told.split_once("\r\n\r\n").unwrap();
    assert!(!head.contains(&format!("content-length: {}", body.len())), "the whole answer: {head}");
}
