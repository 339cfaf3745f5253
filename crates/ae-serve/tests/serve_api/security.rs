//! Who may ask, and what every answer forbids.

use ae_serve::{Access, Hosts, Limits, Token};

use crate::support::*;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn guarded() -> Served {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, format!("{TOKEN}\n")).unwrap();
    let token = Token::read(&path).unwrap();
    Served::with(regular(), Limits::default(), Access::new(Hosts::loopback(), Some(token)))
}

#[test]
fn other_hosts_are_refused() {
    let served = Served::model(regular());
    for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "10.0.0.1", ""] {
        let answer = served.send(head("GET", "/v1/model", &[("Host", host)], None).as_bytes());
        answer.is_fault(421, "localhost");
    }
    for host in ["localhost:1234", "127.0.0.1", "[::1]:80"] {
        served.send(head("GET", "/v1/model", &[("Host", host)], None).as_bytes()).ok();
    }
    served.send(b"GET /v1/model HTTP/1.1\r\nConnection: close\r\n\r\n").is_fault(421, "no host");
    let two =
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    served.send(two).is_fault(421, "localhost");
    let absolute =
        b"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    served.send(absolute).is_fault(421, "evil.example");
}

#[test]
fn pages_of_other_sites_are_refused_and_nothing_is_shared_with_them() {
    let served = Served::model(regular());
    for origin in ["http://evil.example", "null", "http://localhost:9999", "file://"] {
        let headers = [("Origin", origin), ("Content-Type", "image/png")];
        let answer = served.send(head("POST", "/v1/encode", &headers, Some(0)).as_bytes());
        answer.is_fault(403, "other sites");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let own = [("Host", "localhost:8080"), ("Origin", "http://localhost:8080")];
    served.send(head("GET", "/v1/model", &own, None).as_bytes()).ok();
    let asked = [("Origin", "http://evil.example"), ("Access-Control-Request-Method", "POST")];
    let preflight = served.send(head("OPTIONS", "/v1/encode", &asked, None).as_bytes());
    preflight.is_fault(403, "other sites");
    assert!(!preflight.head.to_lowercase().contains("access-control"), "{}", preflight.head);
}

#[test]
fn every_answer_keeps_the_page_to_itself() {
    let served = guarded();
    for path in ["/", "/page/main.js", "/v1/model", "/nowhere", "/healthz"] {
        let answer = served.get(path);
        let policy = answer.header("content-security-policy").unwrap();
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "connect-src 'self'",
        ] {
            assert!(policy.contains(rule), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(answer.header("cache-control").unwrap().starts_with("no-"), "{path}");
    }
}

#[test]
fn a_token_is_needed_for_all_that_is_of_the_model() {
    let served = guarded();
    let with = |path: &str, authorization: &str| {
        served.send(head("GET", path, &[("Authorization", authorization)], None).as_bytes())
    };
    for path in ["/v1/model", "/v1/examples", "/metrics", "/openapi.json", "/nowhere"] {
        let answer = served.get(path);
        answer.is_fault(401, "no token");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        let (short, long) = (&TOKEN[1..], format!("{TOKEN}0"));
        let other = TOKEN.replace('f', "e");
        for wrong in [
            "Bearer",
            "Bearer ",
            TOKEN,
            &format!("Basic {TOKEN}"),
            &format!("Bearer {short}"),
            &format!("Bearer {long}"),
            &format!("Bearer {other}"),
        ] {
            with(path, wrong).is_fault(401, "token");
        }
        let status = with(path, &format!("Bearer {TOKEN}")).status;
        assert_eq!(status, if path == "/nowhere" { 404 } else { 200 });
        assert_eq!(with(path, &format!("bearer {TOKEN}")).status, status);
    }
    for path in ["/", "/page/api.js", "/healthz"] {
        assert_eq!(served.get(path).status, 200, "{path}");
    }
    served.post("/v1/encode", "{}").is_fault(401, "no token");
}
