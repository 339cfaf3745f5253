//! Errors of starting a server.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use ae_files::FileError;

/// Why a server does not start, or does not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}{}", what_to_do(source))]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The threads or the event loop cannot be started.
    #[error("cannot start the server's threads: {reason}")]
    Threads {
        /// The reason.
        reason: String,
    },
    /// The model cannot be applied.
    #[error(transparent)]
    Apply(#[from] ae_apply::ApplyError),
    /// The token's file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The token is no secret.
    #[error(
        "{}: expected a token of {least} to {most} visible ASCII characters on one line, found {found}; make one with \
         `openssl rand -hex 32`",
        ae_files::shown(path)
    )]
    Token {
        /// The file.
        path: PathBuf,
        /// The fewest characters.
        least: usize,
        /// The most characters.
        most: usize,
        /// What the file holds; never the token itself.
        found: String,
    },
}

fn what_to_do(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => {
            "; another program listens there: choose another port, or 0 for any that is free"
        }
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 are the system's: choose a larger one"
        }
        io::ErrorKind::AddrNotAvailable => "; this machine has no such address",
        _ => "",
    }
}
