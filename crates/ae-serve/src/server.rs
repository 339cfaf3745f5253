//! HTTP: who may ask, what is served, and how long anything may take.

// Any router.
mod access;
mod listen;
mod open_files;
mod patient;
mod places;
mod stop;
mod token;

// A model.
mod body;
mod budget;
mod metrics;
mod page;
mod routes;
mod work;

// A training.
mod live;

pub use access::{Access, Hosts};
pub use listen::Server;
pub use live::{Asker, LiveRun, LiveStop, live_router};
pub use routes::{route_names, router};
pub use stop::Stop;
pub use token::Token;
