//! Serves a weights file on this machine: `cargo run -p ae-serve --example serve_model -- MODEL PORT`.

use std::path::Path;
use std::sync::Arc;

use ae_apply::Model;
use ae_serve::{Access, Hosts, Limits, Server, Stop, Subject, router};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let model = arguments.next().ok_or("expected MODEL and PORT")?;
    let port: u16 = arguments.next().ok_or("expected MODEL and PORT")?.parse()?;
    let subject = Arc::new(Subject::new("example", Model::open(Path::new(&model))?)?);
    subject.add_examples(Err("This program serves the weights file alone".to_owned()));
    let limits = Limits::default();
    let server = Server::bind(([127, 0, 0, 1], port).into())?;
    let routes = router(&subject, &limits, &Access::new(Hosts::loopback(), None))?;
    server.run(routes, &limits, &Stop::default())?;
    Ok(())
}
