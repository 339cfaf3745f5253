//! `ae serve`

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use ae_apply::{ModelInput, device, judged_data};
use ae_dataset::Network;
use ae_experiment::open_model;
use ae_serve::{Access, Examples, Hosts, Limits, Server, Stop, Subject, Token, router};
use serde_json::json;

use super::network;
use crate::args::{Common, Serve};
use crate::exit_status::{Status, Usage};
use crate::{interrupt, output};

pub(crate) fn run(args: &Serve, common: &Common) -> anyhow::Result<Status> {
    let access = access(args)?;
    let model = open_model(&args.model, &device(&common.device)?)?;
    let input = model.input().clone();
    let subject = Arc::new(Subject::new(&name_of(&args.model), model)?);
    let limits = limits(args);
    let server = Server::bind(SocketAddr::new(args.bind, args.port as u16))?;
    let routes = router(&subject, &limits, &access)?;
    let stop = Stop::default();
    let stopped = stop.clone();
    let message = "stopping: what is in flight is finished";
    interrupt::first_stops(message, Box::new(move || stopped.request()));
    read_examples(args, input, &subject, network(common));
    tell(server.address(), args, common)?;
    server.run(routes, &limits, &stop)?;
    Ok(Status::Done)
}

fn limits(args: &Serve) -> Limits {
    let defaults = Limits::default();
    let body_bytes = args.max_body << 20;
    Limits {
        body_bytes,
        batch: args.max_batch,
        queue: args.queue,
        connections: args.max_connections,
        // Room for a few of the largest bodies.
        memory: defaults.memory.max(4 * body_bytes),
        time: Duration::from_secs(args.timeout as u64),
        ..defaults
    }
}

/// Who may ask: programs and pages of this machine, or whoever knows the token.
fn access(args: &Serve) -> anyhow::Result<Access> {
    let token = args.token_file.as_deref().map(Token::read).transpose()?;
    if !args.bind.is_loopback() && token.is_none() {
        let bind = args.bind;
        let sentence = format!(
            "--bind {bind} lets other machines use the model: give them a token with --token-file FILE (`openssl rand -hex 32 \
             > FILE` makes one)"
        );
        return Err(Usage(sentence).into());
    }
    let hosts = match args.bind.is_loopback() && args.allow_host.is_empty() {
        true => Hosts::loopback(),
        false => Hosts::of_network(args.allow_host.iter().cloned()),
    };
    Ok(Access::new(hosts, token))
}

/// What the page calls the model.
fn name_of(path: &Path) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = || absolute.parent().and_then(Path::file_name);
    let is_of_run = absolute.file_name().is_some_and(|name| name == "model.safetensors");
    let name = if is_of_run { folder() } else { absolute.file_stem() };
    name.map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Reads the examples beside the service, as data may take long.
fn read_examples(args: &Serve, input: ModelInput, subject: &Arc<Subject>, network: Network) {
    let of_run = || input.data.as_ref().map(|data| data.source.clone());
    let source = match args.examples.as_deref() {
        Some("none") => Err("The server was started with --examples none".to_owned()),
        Some(source) => Ok(source.to_owned()),
        None if !args.bind.is_loopback() => {
            Err("Other machines can see this page, so the data of the run is not shown".to_owned())
        }
        None => of_run().ok_or_else(|| {
            "The weights file alone does not tell which data the model was trained on".to_owned()
        }),
    };
    let source = match source {
        Ok(source) => source,
        Err(why) => return subject.add_examples(Err(why)),
    };
    let subject = subject.clone();
    thread::spawn(move || {
        let data = judged_data(&input, &source, None, &input.reading(), network, &mut ());
        let examples = match data.map(|data| Examples::of(subject.model(), &data)) {
            Ok(Ok(examples)) => Ok(examples),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(why) = &examples {
            tracing::warn!("the page has no examples: {why}");
        }
        subject.add_examples(examples.map_err(|why| format!("The examples cannot be read: {why}")));
    });
}

/// Says where the page is.
fn tell(address: SocketAddr, args: &Serve, common: &Common) -> anyhow::Result<()> {
    let url = format!("http://{address}/");
    if common.json {
        return output::json(&json!({ "url": url, "port": address.port() }));
    }
    let model = args.model.display();
    output::text(&format!("serving {model} on {url} (Ctrl-C stops)"))
}
