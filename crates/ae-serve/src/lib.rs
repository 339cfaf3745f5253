//! A trained autoencoder behind a web page and an HTTP API on this machine.
//!
//! # Map
//! - **What is served.** [`Subject`] is a model with its detector, if one was fitted, and [`Examples`] of its data.
//!   [`router`] makes the routes of a subject: the API (`/v1/..`), its description (`/openapi.json`), `/healthz`,
//!   `/metrics`, and the page at `/`.
//! - **A training that goes on.** [`live_router`] makes the routes of a [`LiveRun`]: the page at `/`, its state, its parts, and
//!   the stop.
//! - **Who may ask.** [`Access`] checks the host header and a [`Token`], and adds the headers that keep a page to itself.
//! - **Without a network.** [`ask`] takes a path and JSON, and returns the answer's JSON.
//! - **How.** [`Server`] listens, bounds connections and times by [`Limits`], and ends cleanly when a [`Stop`] is requested.
//!
//! [`Access`], [`Server`], [`Stop`] and [`Fault`] know nothing of models: any router can be served by them.
//!
//! One thread does the network; a pool of rayon reads bodies, computes and writes answers. A request that finds the queue
//! full is answered 503. An item has the same bits alone and in every batch.
//!
//! # Features
//! | feature | default | what |
//! |---|---|---|
//! | `server` | yes | everything above but the answers; without it, [`ask`] gives them to whoever has no network, such as a page in WebAssembly |
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use ae_apply::Model;
//! use ae_serve::{Access, Hosts, Limits, Server, Stop, Subject, router};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let path = Path::new("runs/denoising");
//! let subject = Arc::new(Subject::new("denoising", Model::open(path)?)?);
//! let limits = Limits::default();
//! let server = Server::bind(([127, 0, 0, 1], 8080).into())?;
//! let routes = router(&subject, &limits, &Access::new(Hosts::loopback(), None))?;
//! server.run(routes, &limits, &Stop::default())?;
//! # Ok(())
//! # }
//! ```
#![deny(missing_docs)]

// A model, asked in JSON.
mod answer;
mod ask;
mod compute;
mod description;
mod error;
mod examples;
mod fault;
mod given;
mod limits;
mod noises;
mod numbers;
mod openapi;
#[cfg(feature = "server")]
mod picture;
mod query;
mod question;
mod subject;

// A model or a training, asked by HTTP.
#[cfg(feature = "server")]
mod server;

pub use ask::ask;
pub use error::ServeError;
pub use examples::Examples;
pub use fault::Fault;
pub use limits::Limits;
#[cfg(feature = "server")]
pub use server::{
    Access, Asker, Hosts, LiveRun, LiveStop, Server, Stop, Token, live_router, route_names, router,
};
pub use subject::Subject;

/// The description of the API as `/openapi.json` has it.
pub use openapi::description as openapi;

/// Compiles the example of README.md.
#[cfg(all(doctest, feature = "server"))]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
