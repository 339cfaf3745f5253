//! What goes to stderr: progress, warnings and errors, as text or as lines of JSON.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

use super::{harmless, json_line};
use crate::args::Common;
use crate::hints;

/// Whether stderr gets lines of JSON alone.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogStyle {
    /// Lines for a person.
    Text,
    /// Lines of JSON among those of the progress.
    Messages,
    /// A JSON object a line, with the time.
    #[cfg(feature = "serve")]
    Timed,
}

/// Sends events to stderr: warnings, with -v and -vv also what the libraries do, if quiet errors alone. The
/// variable `RUST_LOG` decides instead if it is set.
pub(super) fn start_log(common: &Common, style: LogStyle) {
    let Common { quiet, verbose, .. } = *common;
    IS_JSON.store(style == LogStyle::Messages, Ordering::Relaxed);
    let named = std::env::var("RUST_LOG").ok().filter(|filter| !filter.is_empty());
    let filter = named.as_deref().unwrap_or(match verbose {
        _ if quiet => "error",
        0 => "warn",
        1 => "warn,ae=info",
        2 => "warn,ae=debug",
        _ => "debug,ae=trace",
    });
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(verbose > 0)
        // Otherwise a closed stderr is complained about on stderr, which panics.
        .log_internal_errors(false);
    match style {
        LogStyle::Text => log.without_time().init(),
        LogStyle::Messages => log.event_format(JsonMessages).init(),
        #[cfg(feature = "serve")]
        LogStyle::Timed => log.json().flatten_event(true).with_target(true).init(),
    }
}

/// Events of the libraries as lines of JSON.
struct JsonMessages;

impl<S, N> FormatEvent<S, N> for JsonMessages
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut text = String::new();
        context.format_fields(Writer::new(&mut text), event)?;
        let level = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "info",
            _ => "debug",
        };
        writeln!(writer, "{}", json_line(&message(level, &text)))
    }
}

fn message(level: &str, text: &str) -> Value {
    json!({ "event": "message", "level": level, "text": text.trim() })
}

/// An error with its causes, but for those that an outer message tells already.
pub(crate) fn error(error: &anyhow::Error) {
    let mut line = "error".to_owned();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            line.push_str(": ");
            line.push_str(&cause);
        }
    }
    if let Some(hint) = hints::hint(error).and_then(|hint| hints::unless_said(hint, &line)) {
        line.push_str("; ");
        line.push_str(&hint);
    }
    told("error", &line);
}

/// A line of progress. Training goes on if nobody hears it.
pub(crate) fn progress(line: &str) {
    told("info", line);
}

fn told(level: &str, line: &str) {
    if IS_JSON.load(Ordering::Relaxed) {
        event(&message(level, line));
    } else {
        let _ = writeln!(io::stderr(), "{}", harmless(line));
    }
}

/// A line of JSON for a program that follows. Work goes on if nobody hears it.
pub(crate) fn event(value: &Value) {
    let _ = writeln!(io::stderr(), "{}", json_line(value));
}
