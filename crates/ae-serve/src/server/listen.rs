//! Listens, bounds connections and their times, and ends cleanly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response_with_state;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::pin;
use tokio::runtime::{Builder, Runtime};
use tokio::select;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::open_files;
use super::patient::Patient;
use super::places::{Busy, BusyBody, Place, Places};
use crate::{Fault, Limits, ServeError, Stop};

/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 1024;
/// Connections beyond the limit that are told so at once; further ones are closed without a word.
const FAREWELLS: usize = 128;
/// How long a connection that is told so may take to hear it.
const FAREWELL: Duration = Duration::from_secs(1);
/// A pause after an error of the system, such as too many open files.
const PAUSE: Duration = Duration::from_millis(20);
/// How long a stop takes connections that the system has accepted, and waits for those that are kept open to send what is on
/// its way.
const LINGER: Duration = Duration::from_millis(250);
/// The longest head of a request in bytes, and its most headers.
const HEAD: (usize, usize) = (16 << 10, 64);

/// A server that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    runtime: Runtime,
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on an address; port 0 is any free one.
    ///
    /// # Errors
    /// If the address is taken, or is none of this machine's.
    pub fn bind(address: SocketAddr) -> Result<Self, ServeError> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|error| ServeError::Threads { reason: error.to_string() })?;
        let within = runtime.enter();
        let listen = || {
            let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // Elsewhere the flag lets two programs listen on one port.
            #[cfg(unix)]
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            let listener = socket.listen(BACKLOG)?;
            let address = listener.local_addr()?;
            Ok((listener, address))
        };
        let (listener, address) =
            listen().map_err(|source| ServeError::Bind { address, source })?;
        drop(within);
        Ok(Self { runtime, listener, address })
    }

    /// The address, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves a router until a stop is requested. Then no new connection is taken, what is in flight is finished, each
    /// answer closes its connection, and this returns; at the latest after [`Limits::grace`].
    ///
    /// Each connection is an open file: this raises the process's own limit of open files as far as the connections need
    /// it and the system allows it. A warning says if fewer connections are left.
    ///
    /// # Errors
    /// None today: what fails is one connection.
    pub fn run(self, router: Router, limits: &Limits, stop: &Stop) -> Result<(), ServeError> {
        let Self { runtime, listener, .. } = self;
        runtime.block_on(Connections::new(router, limits.clone()).serve(listener, stop));
        // What is still computed has no client.
        runtime.shutdown_background();
        Ok(())
    }
}

/// The open connections.
struct Connections {
    router: Router,
    limits: Limits,
    tasks: JoinSet<()>,
    places: Places,
    farewells: Arc<Semaphore>,
    /// Answers close their connection.
    ends: Arc<AtomicBool>,
    /// Connections without a request end.
    closes: watch::Sender<bool>,
}

impl Connections {
    fn new(router: Router, limits: Limits) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let router = router.layer(map_response_with_state(ends.clone(), close_at_the_end));
        let (connections, farewells) = shares(limits.connections);
        let (places, farewells) = (Places::new(connections), Arc::new(Semaphore::new(farewells)));
        let (tasks, closes) = (JoinSet::new(), watch::Sender::new(false));
        Self { router, limits, tasks, places, farewells, ends, closes }
    }

    async fn serve(mut self, listener: TcpListener, stop: &Stop) {
        let stopped = stop.requested();
        pin!(stopped);
        let mut has_failed = false;
        loop {
            select! {
                biased;
                () = &mut stopped => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        has_failed = false;
                        self.admit(stream);
                    }
                    Err(error) => {
                        // One sentence, however long it lasts.
                        if !std::mem::replace(&mut has_failed, true) {
                            tracing::warn!("cannot accept a connection: {error}; clients wait");
                        }
                        self.places.make_room();
                        sleep(PAUSE).await;
                    }
                },
                Some(_) = self.tasks.join_next(), if !self.tasks.is_empty() => {}
            }
        }
        self.ends.store(true, Ordering::Relaxed);
        // Connections that the system has accepted for us would be reset. Clients that come without a pause have no say.
        let _ = timeout(LINGER, async {
            while let Ok(Ok((stream, _))) = timeout(PAUSE, listener.accept()).await {
                self.admit(stream);
            }
        })
        .await;
        drop(listener);
        self.end().await;
    }

    async fn end(mut self) {
        let all_done = async {
            // A connection that is kept open may have sent its next request.
            let _ =
                timeout(LINGER, async { while self.tasks.join_next().await.is_some() {} }).await;
            self.closes.send_replace(true);
            while self.tasks.join_next().await.is_some() {}
        };
        if timeout(self.limits.grace, all_done).await.is_err() {
            tracing::warn!("requests were still in flight when the time to finish them was over");
        }
    }

    fn admit(&mut self, stream: TcpStream) {
        // While connections come without a pause, nothing else lets go of those that have ended.
        while self.tasks.try_join_next().is_some() {}
        match self.places.take() {
            Some(place) => self.talk(stream, place),
            None => {
                if let Ok(held) = self.farewells.clone().try_acquire_owned() {
                    let most = self.places.most();
                    self.tasks.spawn(async move {
                        let _ = timeout(FAREWELL, say_full(stream, most)).await;
                        drop(held);
                    });
                }
            }
        }
    }

    fn talk(&mut self, stream: TcpStream, place: Place) {
        let _ = stream.set_nodelay(true);
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.head)
            .max_header_size(HEAD.0)
            .max_headers(HEAD.1)
            // Who has sent its request may close its side and still read the answer.
            .half_close(true);
        let occupant = place.occupant().clone();
        let stream = TokioIo::new(Patient::new(stream, self.limits.stall, occupant.clone()));
        let routes = TowerToHyperService::new(self.router.clone());
        let service = service_fn(move |request| {
            let busy = Busy::new(&occupant);
            let answer = routes.call(request);
            async { answer.await.map(|answer| answer.map(|body| BusyBody::new(body, busy))) }
        });
        let connection = builder.serve_connection(stream, service);
        let mut closes = self.closes.subscribe();
        self.tasks.spawn(async move {
            pin!(connection);
            let ended = select! {
                biased;
                // A request that has arrived is begun before its connection has to leave.
                ended = connection.as_mut() => Some(ended),
                () = place.has_to_leave() => None,
                () = closed(&mut closes) => None,
            };
            let ended = match ended {
                Some(ended) => ended,
                None => {
                    connection.as_mut().graceful_shutdown();
                    loop {
                        match timeout(PAUSE, connection.as_mut()).await {
                            Ok(ended) => break ended,
                            // Half a head of a request would be waited for.
                            Err(_) if !place.occupant().is_busy() => break Ok(()),
                            Err(_) => {}
                        }
                    }
                }
            };
            if let Err(error) = ended {
                tracing::debug!("a connection ended early: {error}");
            }
        });
    }
}

/// How many connections the limit of open files leaves to talk with, and how many to tell that there are too many.
fn shares(connections: usize) -> (usize, usize) {
    let room = open_files::room_for(connections + FAREWELLS);
    let farewells = FAREWELLS.min(room / 4);
    let left = connections.min(room - farewells);
    if left < connections {
        tracing::warn!(
            "at most {left} connections at once, as this process may not open more files; `ulimit -n {}` before the \
             start allows {connections}",
            open_files::needed_for(connections + FAREWELLS)
        );
    }
    (left, farewells)
}

/// Waits until connections are to end. (The guard of the value may not be kept.)
async fn closed(closes: &mut watch::Receiver<bool>) {
    let _ = closes.wait_for(|closes| *closes).await;
}

/// Tells a client that there are too many, and waits until it has heard it: closing at once would reset the connection.
async fn say_full(stream: TcpStream, most: usize) {
    let fault = Fault::busy(format!("{most} connections that are open"));
    let body = fault.to_json();
    let text = format!(
        "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: {}\r\nRetry-After: 1\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    // A fresh connection takes so few bytes at once.
    if stream.writable().await.is_err() || stream.try_write(text.as_bytes()).is_err() {
        return;
    }
    let Ok(stream) = stream.into_std() else { return };
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let mut ignored = [0; 4096];
    while stream.ready(Interest::READABLE).await.is_ok() {
        match stream.try_read(&mut ignored) {
            Ok(0) => return,
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
            _ => {}
        }
    }
}

/// Makes each answer the last one of its connection, once a stop was requested.
async fn close_at_the_end(State(ends): State<Arc<AtomicBool>>, mut response: Response) -> Response {
    if ends.load(Ordering::Relaxed) {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
