//! How many connections the system lets this process have: each is an open file.

/// Files that are open beside connections: terminal, listener, event loop, data that are read.
const RESERVE: usize = 32;

/// The limit of open files that leaves this many connections.
pub(super) fn needed_for(connections: usize) -> usize {
    connections + RESERVE
}

/// Raises the process's own limit of open files if this many connections need it and the system allows it. Returns how many
/// connections the limit leaves, at least 8; never more than were asked for.
pub(super) fn room_for(connections: usize) -> usize {
    // Without an answer the limit is unknown, and running into it is survived.
    match rlimit::increase_nofile_limit(needed_for(connections) as u64) {
        Ok(limit) => {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            limit.saturating_sub(RESERVE).max(8).min(connections)
        }
        Err(_) => connections,
    }
}
