//! A trained autoencoder behind a web page and an HTTP API on this machine.
//!
//! # Map
//! - **What is served.** [`Subject`] is a model with its detector, if one was fitted, and [`Examples`] of its data.
//!   [`router`] makes the routes of a subject: the API (`/v1/..`), its description (`/openapi.json`), `/healthz`,
//!   `/metrics`, and the page at `/`.
//! - **Who may ask.** [`Access`] checks the host header and a [`Token`], and adds the headers that keep a page to itself.
//! - **How.** [`Server`] listens, bounds connections and times by [`Limits`], and ends cleanly when a [`Stop`] is requested.
//!
//! [`Access`], [`Server`], [`Stop`] and [`Fault`] know nothing of models: any router can be served by them.
//!
//! One thread does the network; a pool of rayon reads bodies, computes and writes answers. A request that finds the queue
//! full is answered 503. An item has the same bits alone and in every batch.
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

// Any router.
mod access;
mod error;
mod fault;
mod limits;
mod patient;
mod server;
mod stop;
mod token;

// A model.
mod answer;
mod body;
mod budget;
mod compute;
mod description;
mod examples;
mod given;
mod metrics;
mod noises;
mod numbers;
mod openapi;
mod page;
mod query;
mod routes;
mod subject;
mod work;

pub use access::{Access, Hosts};
pub use error::ServeError;
pub use examples::Examples;
pub use fault::Fault;
pub use limits::Limits;
pub use routes::{route_names, router};
pub use server::Server;
pub use stop::Stop;
pub use subject::Subject;
pub use token::Token;

/// The description of the API as `/openapi.json` has it.
pub use openapi::description as openapi;

/// Compiles the example of README.md.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
