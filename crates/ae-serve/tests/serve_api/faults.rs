//! Bodies, addresses and methods that make no sense have the right status, and the server goes on.

use std::io::{Read as _, Write as _};

use serde_json::json;

use crate::support::*;

#[test]
fn what_is_no_json_and_what_does_not_fit_are_told_apart() {
    let served = Served::model(regular());
    let (long, nan) = (vec![0.5; 21], "[".to_owned() + &"NaN,".repeat(19) + "NaN]");
    let deep = "[".repeat(100_000);
    for (body, status, word) in [
        ("", 400, "EOF"),
        ("nonsense", 400, "line 1"),
        (r#"{"item": "#, 400, "EOF"),
        (&format!(r#"{{"item": {nan}}}"#), 400, "NaN"),
        (r#"{"item": [Infinity]}"#, 400, "infinity"),
        (r#"{"item": [1e400]}"#, 400, "out of range"),
        (&format!(r#"{{"item": {deep}"#), 422, "deeper"),
        (&deep, 422, "object"),
        ("{}", 422, "nothing was sent"),
        (r#"{"item": []}"#, 422, "shape [0]"),
        (r#"{"item": 0.5}"#, 422, "shape []"),
        (&json!({ "item": long }).to_string(), 422, "shape [21]"),
        (&json!({ "items": [] }).to_string(), 422, "shape [0]"),
        (&json!({ "items": vec![0.5; 20] }).to_string(), 422, "shape [20]"),
        (&json!({ "items": [vec![0.5; 20], vec![0.5; 19]] }).to_string(), 422, "19 entries"),
        (&json!({ "item": vec![vec![0.5; 4]; 5] }).to_string(), 422, "shape [5, 4]"),
        (&json!({ "code": [1, 2, 3] }).to_string(), 422, "wrong field"),
        (&json!({ "item": vec![1.5; 20] }).to_string(), 422, "1.5 at place 0"),
        (&json!({ "item": vec![-0.1; 20] }).to_string(), 422, "-0.1"),
        (&json!({ "item": vec![1e39; 20] }).to_string(), 422, "divide bytes by 255"),
        (&json!({ "item": vec![0.5; 20], "noise": "fog:1" }).to_string(), 422, "fog"),
        (&json!({ "item": vec![0.5; 20], "colour": "red" }).to_string(), 422, "colour"),
        (&json!({ "item": vec![0.5; 20], "seed": -1 }).to_string(), 422, "seed"),
    ] {
        let answer = served.post("/v1/reconstruct", body);
        assert_eq!(answer.status, status, "{body:.60}: {}", String::from_utf8_lossy(&answer.body));
        answer.is_fault(status, word);
    }
    for (body, status, word) in [
        (r#"{"code": [1, 2]}"#, 422, "shape [2]"),
        (r#"{"code": [1, 2, 1e39]}"#, 422, "single precision"),
        (r#"{"item": [1, 2, 3]}"#, 422, "wrong field"),
        (r#"{"codes": [[1, 2, 3], [1]]}"#, 422, "1 entries"),
    ] {
        served.post("/v1/decode", body).is_fault(status, word);
    }
    served.post("/v1/encode", &json!({ "item": vec![0.5; 20] }).to_string()).ok();
}

#[test]
fn batches_are_bounded_before_they_are_in_memory() {
    let limits = ae_serve::Limits { batch: 4, ..Default::default() };
    let served = Served::limited(regular(), limits);
    let items = |count: usize| json!({ "items": vec![vec![0.5; 20]; count] }).to_string();
    served.post("/v1/encode", &items(4)).ok();
    served.post("/v1/encode", &items(5)).is_fault(422, "80 numbers");
    assert_eq!(served.get("/v1/model").ok()["limits"]["batch"], 4);
}

#[test]
fn damaged_pictures_are_told() {
    let served = Served::model(regular());
    for body in [&b""[..], b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0 broken", &[0; 1000]]
    {
        served.post_picture("/v1/encode", body).is_fault(422, "picture");
    }
    served.post_picture("/v1/decode", b"").is_fault(415, "picture");
}

#[test]
fn a_picture_that_claims_more_than_its_bytes_is_refused() {
    let served = Served::model(regular());
    // The head of a PNG of 32768 x 32768 pixels.
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x80\0\0\0\x80\0\x08\0\0\0\0".to_vec();
    png.extend([0xf5, 0x11, 0x3c, 0x6b]);
    served.post_picture("/v1/encode", &png).is_fault(422, "picture");
    let bitmap = b"P5 5000 5000 255\n";
    served.post_picture("/v1/encode", bitmap).is_fault(422, "16777216");
}

#[test]
fn bodies_of_other_kinds_are_told() {
    let served = Served::model(regular());
    for kind in ["text/plain", "multipart/form-data", "application/x-www-form-urlencoded", ""] {
        served.send(&post("/v1/encode", kind, b"{}")).is_fault(415, "application/json");
    }
    let body = json!({ "item": vec![0.5; 20] }).to_string();
    served.send(&post("/v1/encode", "Application/JSON; charset=utf-8", body.as_bytes())).ok();
    served
        .send(head("POST", "/v1/encode", &[], Some(0)).as_bytes())
        .is_fault(415, "no Content-Type");
}

#[test]
fn unknown_paths_and_heads_that_are_no_http() {
    let served = Served::model(regular());
    for path in ["/nowhere", "/v1", "/v1/", "/v2/encode", "/page/../main.js", "/%2e%2e/etc/passwd"]
    {
        served.get(path).is_fault(404, "openapi.json");
    }
    for bytes in [
        &b"nonsense\r\n\r\n"[..],
        b"GET / HTTP/1.1\r\nbroken\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
    ] {
        assert_eq!(served.send(bytes).status, 400);
    }
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "a".repeat(40_000));
    // What was not read resets the connection, often before its answer is read.
    let mut stream = served.connect();
    let _ = stream.write_all(long.as_bytes());
    let mut told = String::new();
    let _ = stream.read_to_string(&mut told);
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{told}");
    served.get("/healthz").ok();
}

#[test]
fn the_page_and_its_files_are_there() {
    let served = Served::model(regular());
    let page = served.get("/");
    assert_eq!(page.header("content-type").unwrap(), "text/html; charset=utf-8");
    let html = String::from_utf8(page.body).unwrap();
    let mut files = 0;
    for part in html.split("\"page/").skip(1) {
        let path = format!("/page/{}", part.split('"').next().unwrap());
        assert_eq!(served.get(&path).status, 200, "{path}");
        files += 1;
    }
    assert!(files >= 3, "{html}");
    let script = served.get("/page/main.js");
    assert_eq!(script.header("content-type").unwrap(), "text/javascript; charset=utf-8");
    for name in String::from_utf8(script.body).unwrap().split("from \"./").skip(1) {
        let path = format!("/page/{}", name.split('"').next().unwrap());
        assert_eq!(served.get(&path).status, 200, "{path}");
    }
}
