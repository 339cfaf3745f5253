//! `ae live`, and the page of `ae train --live`.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ae_experiment::{LiveFolder, LivePhase, LiveState, LiveTraining, StopRequest};
use ae_serve::{Access, Asker, Hosts, Limits, LiveRun, LiveStop, Server, Stop, live_router};
use serde_json::{Value, json};

use crate::args::{Common, Live, ProgressStyle};
use crate::exit_status::Status;
use crate::{interrupt, output};

/// A page that has asked so lately is open. They ask once a second.
const OPEN: Duration = Duration::from_secs(5);
/// How long the end of a training waits at most for open pages to show what came out.
const LINGER: Duration = Duration::from_secs(10);
/// Most pages that are waited for.
const MOST_PAGES: usize = 64;

/// Serves the page of a run by its folder until Ctrl-C.
pub(crate) fn run(args: &Live, common: &Common) -> anyhow::Result<Status> {
    let page = Arc::new(FollowedRun(LiveFolder::open(&args.run)?));
    let server = Server::bind(loopback(args.port))?;
    let stop = Stop::default();
    let stopped = stop.clone();
    interrupt::first_stops("the page ends", Box::new(move || stopped.request()));
    let address = server.address();
    if common.json {
        output::json(&json!({ "url": url(address), "port": address.port() }))?;
    } else {
        let run = args.run.display();
        output::text(&format!("the page of {run} is on {} (Ctrl-C ends it)", url(address)))?;
    }
    server.run(live_router(page, &access()), &limits(), &stop)?;
    Ok(Status::Done)
}

/// The page of a training of this process.
pub(crate) struct TrainingPage {
    run: Arc<TrainedRun>,
    stop: Stop,
    thread: JoinHandle<()>,
}

impl TrainingPage {
    /// Serves the page on a thread of its own, and says where it is.
    ///
    /// # Errors
    /// If the port is taken.
    pub(crate) fn begin(port: usize, live: &LiveTraining, common: &Common) -> anyhow::Result<Self> {
        let server = Server::bind(loopback(port))?;
        let url = url(server.address());
        live.show();
        let run = Arc::new(TrainedRun { live: live.clone(), pages: Mutex::default() });
        let (stop, router) = (Stop::default(), live_router(run.clone(), &access()));
        let stopped = stop.clone();
        let thread = thread::Builder::new().name("ae-live".to_owned()).spawn(move || {
            if let Err(error) = server.run(router, &limits(), &stopped) {
                tracing::warn!("the live page has ended: {error}");
            }
        })?;
        match common.progress {
            ProgressStyle::Json => output::event(&json!({ "event": "live", "url": url })),
            _ => output::progress(&format!("the training can be watched on {url}")),
        }
        Ok(Self { run, stop, thread })
    }

    /// Ends the page once those that are open know how the training has ended.
    pub(crate) fn end(self) {
        let stop = self.stop.clone();
        interrupt::first_stops("the page ends", Box::new(move || stop.request()));
        let until = Instant::now() + LINGER;
        while self.run.is_awaited() && Instant::now() < until && !self.stop.is_requested() {
            thread::sleep(Duration::from_millis(50));
        }
        self.stop.request();
        let _ = self.thread.join();
    }
}

fn loopback(port: usize) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port as u16).into()
}

fn access() -> Access {
    Access::new(Hosts::loopback(), None)
}

/// A training does not wait long for a client that does not take its answer.
fn limits() -> Limits {
    Limits { connections: 64, grace: Duration::from_secs(2), ..Limits::default() }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}/")
}

struct TrainedRun {
    live: LiveTraining,
    /// The pages that have asked, by their names.
    pages: Mutex<BTreeMap<String, OpenPage>>,
}

struct OpenPage {
    asked: Instant,
    /// Whether it shows how the training has ended.
    is_done: bool,
}

impl TrainedRun {
    /// Whether a page is open that does not show yet how the training has ended.
    fn is_awaited(&self) -> bool {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.values().any(|page| !page.is_done && page.asked.elapsed() < OPEN)
    }

    fn note(&self, asker: Asker, state: &Value) {
        let is_over = state["goes_on"] == false;
        let is_done = is_over && state["digest"].as_str() == Some(asker.shown);
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|_, page| page.asked.elapsed() < OPEN);
        if pages.len() < MOST_PAGES {
            pages.insert(asker.page.to_owned(), OpenPage { asked: Instant::now(), is_done });
        }
    }
}

impl LiveRun for TrainedRun {
    fn state(&self, asker: Option<Asker<'_>>) -> Result<Value, String> {
        let state = self.live.state().map_err(|error| error.to_string())?;
        let state =
            as_json(&state, self.live.folder(), "This page is served by the training itself.");
        if let Some(asker) = asker {
            self.note(asker, &state);
        }
        Ok(state)
    }

    fn part(&self, id: &str) -> Option<String> {
        part_of(&self.live.state().ok()?, id)
    }

    fn stop(&self) -> Result<LiveStop, String> {
        match self.live.phase() {
            LivePhase::Training | LivePhase::Stopping => {
                self.live.request_stop();
                Ok(LiveStop::Asked)
            }
            _ => Ok(LiveStop::NothingToStop),
        }
    }
}

/// A run of another process.
struct FollowedRun(LiveFolder);

impl LiveRun for FollowedRun {
    fn state(&self, _: Option<Asker<'_>>) -> Result<Value, String> {
        let state = self.0.state().map_err(|error| error.to_string())?;
        let served = "This page is served by ae live, which reads the folder of the run.";
        Ok(as_json(&state, self.0.folder(), served))
    }

    fn part(&self, id: &str) -> Option<String> {
        part_of(&self.0.state().ok()?, id)
    }

    fn stop(&self) -> Result<LiveStop, String> {
        match self.0.request_stop().map_err(|error| error.to_string())? {
            StopRequest::Sent => Ok(LiveStop::Asked),
            StopRequest::NobodyTrains => Ok(LiveStop::NothingToStop),
        }
    }
}

/// The state as the page's script reads it.
fn as_json(state: &LiveState, folder: &Path, served: &str) -> Value {
    let LiveState { phase, verdict, progress, can_stop, page } = state;
    let run = output::quoted(&folder.to_string_lossy());
    let parts: Vec<Value> = page
        .parts
        .iter()
        .map(|part| json!({ "id": part.id, "digest": digest_of(&part.html) }))
        .collect();
    let of_all = digest_of(&(phase.name(), &verdict.text, json!(parts).to_string()));
    let validation = page.validation.as_ref().map(|loss| {
        json!({ "name": loss.name, "last": loss.last, "best": loss.best, "best_epoch": loss.best_epoch })
    });
    json!({
        "phase": phase.name(),
        "goes_on": phase.goes_on(),
        "kind": page.kind,
        "title": page.title,
        "lead": page.lead,
        "verdict": verdict.text,
        "tone": verdict.class(),
        "progress": progress,
        "validation": validation,
        "can_stop": can_stop,
        "run": folder.display().to_string(),
        "command": phase.can_be_resumed().then(|| format!("ae resume {run}")),
        "watch": format!("ae live {run}"),
        "footer": format!("Made by ae {}. {served}", env!("CARGO_PKG_VERSION")),
        "digest": of_all,
        "parts": parts,
    })
}

fn digest_of(contents: &impl Hash) -> String {
    let mut hasher = DefaultHasher::new();
    contents.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn part_of(state: &LiveState, id: &str) -> Option<String> {
    state.page.parts.iter().find(|part| part.id == id).map(|part| part.html.clone())
}
