//! `ae runs`

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ae_experiment::{RunState, RunSummary, RunSurvey, survey_runs};
use ae_files::shown;
use anyhow::Context as _;
use indicatif::HumanDuration;
use serde_json::{Value, json};

use crate::args::{Common, Runs};
use crate::exit_status::{Status, Usage};
use crate::output;

/// Where runs go if nobody says otherwise.
const DEFAULT: &str = "runs";

pub(crate) fn run(args: &Runs, common: &Common) -> anyhow::Result<Status> {
    let folder = args.folder.as_deref().unwrap_or(Path::new(DEFAULT));
    let mut survey = if args.folder.is_none() && !folder.exists() {
        // Nobody has trained here yet.
        RunSurvey { runs: Vec::new(), notes: Vec::new() }
    } else {
        survey_runs(folder).context("cannot list runs")?
    };
    survey.notes.iter().for_each(|note| tracing::warn!("{note}"));
    if let Some(key) = args.sort.as_ref().filter(|_| !survey.runs.is_empty()) {
        survey.sort_by(key).map_err(|keys| {
            let expected = keys.join(", ");
            Usage(format!("--sort: expected one of {expected}; found `{key}`"))
        })?;
    }
    if common.json {
        output::json(&json!({
            "folder": folder.display().to_string(),
            "runs": survey.runs.iter().map(as_json).collect::<Vec<_>>(),
            "notes": survey.notes,
        }))?;
    } else if survey.runs.is_empty() {
        output::text(&format!(
            "no runs below {}; `ae train --data digits` makes one, and `ae runs DIR` looks elsewhere",
            shown(folder)
        ))?;
    } else {
        #[expect(clippy::disallowed_methods, reason = "shown only: how long ago a run was written")]
        let now = SystemTime::now();
        output::text(&text(&survey.runs, now))?;
    }
    Ok(Status::Done)
}

fn as_json(run: &RunSummary) -> Value {
    let RunSummary { folder, kind, name, data, network, epochs, planned_epochs, .. } = run;
    let mut value = json!({
        "run": folder.display().to_string(),
        "kind": kind,
        "name": name,
        "data": data,
        "network": network,
        "epochs": epochs,
        "planned_epochs": planned_epochs,
        "metrics": run.metrics,
        "main_metrics": run.main_metrics,
        "state": run.state.name(),
        "written": run.written.and_then(seconds),
    });
    match &run.state {
        RunState::Running { owner } => value["process"] = json!(owner),
        RunState::Interrupted => value["command"] = json!(resume(folder)),
        RunState::Damaged { file, reason } => {
            value["damage"] = json!({ "file": file, "reason": reason });
        }
        RunState::Finished => {}
    }
    value
}

/// Seconds since 1970.
fn seconds(time: SystemTime) -> Option<u64> {
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

fn resume(folder: &Path) -> String {
    format!("ae resume {}", output::quoted(&folder.to_string_lossy()))
}

fn text(runs: &[RunSummary], now: SystemTime) -> String {
    let columns = ["run", "state", "epochs", "data", "network", "metrics", "written"];
    let rows: Vec<Vec<String>> = runs.iter().map(|run| row(run, now)).collect();
    let table = output::aligned(&columns.map(str::to_owned), &rows);
    let table: String = table.lines().map(|line| format!("{}\n", line.trim_start())).collect();
    let advice: Vec<String> = runs.iter().filter_map(advice).collect();
    if advice.is_empty() { table } else { format!("{table}\n{}", advice.join("\n")) }
}

fn row(run: &RunSummary, now: SystemTime) -> Vec<String> {
    let metrics = run.main_metrics.iter().filter_map(|name| {
        let value = run.metrics.get(name)?;
        Some(format!("{name} {value:.5}"))
    });
    let epochs = match (run.epochs, run.planned_epochs) {
        (Some(done), Some(planned)) => format!("{done}/{planned}"),
        (None, Some(planned)) => format!("-/{planned}"),
        (Some(done), None) => done.to_string(),
        (None, None) => "-".to_owned(),
    };
    let written = run.written.map_or_else(|| "-".to_owned(), |time| age(now, time));
    vec![
        run.folder.display().to_string(),
        run.state.name().to_owned(),
        epochs,
        or_dash(&run.data),
        or_dash(&run.network),
        or_dash(&metrics.collect::<Vec<_>>().join(", ")),
        written,
    ]
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.to_owned() }
}

/// How long ago something was, in one unit.
fn age(now: SystemTime, time: SystemTime) -> String {
    match now.duration_since(time).unwrap_or_default() {
        past if past < Duration::from_secs(1) => "now".to_owned(),
        past => format!("{} ago", HumanDuration(past)),
    }
}

/// What to do with a run that is not finished.
fn advice(run: &RunSummary) -> Option<String> {
    let folder = shown(&run.folder);
    match &run.state {
        RunState::Finished => None,
        RunState::Running { owner: Some(owner) } => {
            Some(format!("{folder} is running in process {owner}"))
        }
        RunState::Running { owner: None } => Some(format!("{folder} is running")),
        RunState::Interrupted => {
            Some(format!("{folder} was interrupted: `{}` goes on with it", resume(&run.folder)))
        }
        RunState::Damaged { file, reason } => {
            Some(format!("{folder} is damaged: {file}: {reason}"))
        }
    }
}
