//! Who may ask: the host header, the origin of a page's request, the token; and the headers that keep a page to itself.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::{Fault, Token};

/// The hosts that a request may name. A page of another site that has its own name lead to this machine (DNS rebinding)
/// names that, and is refused.
#[derive(Debug, Clone)]
pub struct Hosts {
    /// Whether every address is accepted, beside those of this machine for itself.
    addresses: bool,
    names: Vec<String>,
}

impl Hosts {
    /// `localhost`, and the addresses by which this machine knows itself.
    pub fn loopback() -> Self {
        Self { addresses: false, names: Vec::new() }
    }

    /// Any address, `localhost`, and these names.
    pub fn of_network(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| name.to_ascii_lowercase());
        Self { addresses: true, names: names.collect() }
    }

    /// Whether a host is accepted; ports may be any, as a tunnel has its own.
    fn accept(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        if authority.as_str().contains('@') {
            return false;
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(address) => self.addresses || address.is_loopback(),
            Err(_) => {
                let host = host.to_ascii_lowercase();
                host == "localhost" || self.names.contains(&host)
            }
        }
    }

    fn told(&self) -> String {
        let mut told = vec!["localhost".to_owned()];
        told.push(if self.addresses { "an address" } else { "127.0.0.1 or [::1]" }.to_owned());
        told.extend(self.names.iter().cloned());
        told.join(", ")
    }
}

/// Who may ask.
#[derive(Debug, Clone)]
pub struct Access(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    hosts: Hosts,
    token: Option<Token>,
}

/// What is sent with every answer.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

impl Access {
    /// Rules with these hosts and, if one is given, this token.
    pub fn new(hosts: Hosts, token: Option<Token>) -> Self {
        Self(Arc::new(Rules { hosts, token }))
    }

    /// Has every request to a router checked. Paths of `open` need no token: they hold nothing of the model.
    pub fn guard(&self, router: Router, open: &'static [&'static str]) -> Router {
        router.layer(from_fn_with_state((self.clone(), open), guard))
    }
}

type Guard = (Access, &'static [&'static str]);

async fn guard(State((access, open)): State<Guard>, request: Request, next: Next) -> Response {
    let mut response = match access.0.check(&request, open) {
        Ok(()) => next.run(request).await,
        Err(fault) => fault.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

impl Rules {
    fn check(&self, request: &Request, open: &[&str]) -> Result<(), Fault> {
        let headers = request.headers();
        let host = text(headers, &header::HOST);
        let named = request.uri().authority().map(Authority::as_str);
        let is_accepted = |host: &str| self.hosts.accept(host);
        if !host.is_some_and(is_accepted) || !named.is_none_or(is_accepted) {
            let found = named
                .filter(|named| !is_accepted(named))
                .or(host)
                .filter(|host| !host.is_empty())
                .unwrap_or("no host header");
            return Err(Fault::new(
                StatusCode::MISDIRECTED_REQUEST,
                "this server does not answer for that host",
                self.hosts.told(),
                found,
                "use the address that the program printed; `ae serve` takes further names with --allow-host",
            ));
        }
        self.check_origin(headers, host.unwrap_or_default())?;
        if open.contains(&request.uri().path()) {
            return Ok(());
        }
        self.check_token(headers)
    }

    /// Refuses what the page of another site sends.
    fn check_origin(&self, headers: &HeaderMap, host: &str) -> Result<(), Fault> {
        let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
        let origin = origin.to_str().unwrap_or("unreadable");
        let own = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        match own.is_some_and(|own| own.eq_ignore_ascii_case(host)) {
            true => Ok(()),
            false => Err(Fault::new(
                StatusCode::FORBIDDEN,
                "pages of other sites may not use this server",
                format!("the origin http://{host}, or none"),
                origin,
                "ask from the page of this server, or from a program",
            )),
        }
    }

    fn check_token(&self, headers: &HeaderMap) -> Result<(), Fault> {
        let Some(token) = &self.token else { return Ok(()) };
        let sent = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes);
        let found = match sent {
            None => "no token",
            Some(sent) => match sent.split_first_chunk::<7>() {
                Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer ") => {
                    if token.is(rest) {
                        return Ok(());
                    }
                    "another token"
                }
                _ => "another kind of authorization",
            },
        };
        let fault = Fault::new(
            StatusCode::UNAUTHORIZED,
            "a token is needed",
            "the header `Authorization: Bearer TOKEN` with the token of --token-file",
            found,
            "send the token; on the page, type it in or open /#token=TOKEN",
        );
        Err(fault.with(header::WWW_AUTHENTICATE, "Bearer"))
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    // Of two hosts, each reader would believe another one.
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_this_machine_by_its_own_names() {
        let own = Hosts::loopback();
        for host in ["localhost", "LocalHost:80", "127.0.0.1:8080", "127.9.9.9", "[::1]:9", "[::1]"]
        {
            assert!(own.accept(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "192.168.1.2",
            "",
            "a b",
            "x@localhost",
            "0.0.0.0",
        ] {
            assert!(!own.accept(host), "{host}");
        }
        let network = Hosts::of_network(["Lab.example".to_owned()]);
        for host in ["192.168.1.2:8080", "lab.example", "LAB.example:1", "localhost"] {
            assert!(network.accept(host), "{host}");
        }
        assert!(!network.accept("evil.example"));
    }
}
