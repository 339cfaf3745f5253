//! `ae compare`

use std::path::{Path, PathBuf};

use ae_experiment::{Comparison, overlaid_curves, page_of_comparison};
use ae_files::{counted_as, make_folder, shown, write_atomic};
use anyhow::bail;
use serde_json::json;

use crate::args::{Common, Compare};
use crate::exit_status::{Status, Usage};
use crate::output;

/// The page in the folder of the charts.
const PAGE: &str = "compare.html";
/// Stands behind the best value of a row.
const BEST: &str = " *";

pub(crate) fn run(args: &Compare, common: &Common) -> anyhow::Result<Status> {
    let mut comparison = Comparison::of(&args.run)?;
    if let Some(metric) = &args.sort {
        comparison.sort_by(metric).map_err(|known| {
            let expected = known.join(", ");
            Usage(format!("--sort: expected one of {expected}; found `{metric}`"))
        })?;
    }
    let files = args.out.as_deref().map(|folder| draw(&comparison, folder, args.overwrite.force));
    let files = files.transpose()?.unwrap_or_default();
    comparison.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    if common.json {
        let mut value = serde_json::to_value(&comparison)?;
        let files = files.iter().map(|path| path.display().to_string());
        value["files"] = json!(files.collect::<Vec<_>>());
        output::json(&value)?;
        return Ok(Status::Done);
    }
    let mut told = text(&comparison);
    if let Some(folder) = args.out.as_deref().filter(|_| !common.quiet) {
        told += &format!(
            "\n{} written to {}; begin with {PAGE}",
            counted_as(files.len(), "file"),
            shown(folder)
        );
    }
    output::text(&told)?;
    Ok(Status::Done)
}

/// Writes the page and the charts into a folder and returns the files.
fn draw(comparison: &Comparison, folder: &Path, force: bool) -> anyhow::Result<Vec<PathBuf>> {
    let page = page_of_comparison(comparison)?.html()?;
    let mut files = vec![(folder.join(PAGE), page.into_bytes())];
    for chart in &overlaid_curves(comparison)? {
        let path = |ending: &str| folder.join(format!("{}.{ending}", chart.file_name));
        files.push((path("png"), chart.figure.png()?));
        files.push((path("svg"), chart.figure.svg()?.into_bytes()));
    }
    if let Some((path, _)) = files.iter().find(|(path, _)| path.exists() && !force) {
        bail!(output::exists_already(path));
    }
    make_folder(folder)?;
    for (path, bytes) in &files {
        write_atomic(path, bytes)?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

fn text(comparison: &Comparison) -> String {
    let labels: Vec<String> =
        comparison.runs.iter().map(|run| run.folder.display().to_string()).collect();
    let table = |title: &str, rows: Vec<Vec<String>>| {
        let columns: Vec<String> = [title.to_owned()].into_iter().chain(labels.clone()).collect();
        output::aligned(&columns, &rows)
    };
    let mut parts = vec![table("run", about(comparison))];
    parts.push(match settings(comparison) {
        rows if rows.is_empty() => "  no setting differs\n".to_owned(),
        rows => table("setting", rows),
    });
    for (title, rows) in
        [("after the last epoch", metrics(comparison)), ("best epoch", best_epochs(comparison))]
    {
        if !rows.is_empty() {
            parts.push(table(title, rows));
        }
    }
    let text = parts.join("\n");
    let is_marked = comparison.metrics.iter().any(|row| row.best.is_some());
    if is_marked { text + "\n  * the best of its row\n" } else { text }
}

fn about(comparison: &Comparison) -> Vec<Vec<String>> {
    let row = |name: &str, cells: Vec<String>| [vec![name.to_owned()], cells].concat();
    let runs = &comparison.runs;
    let count = |count: Option<u32>| count.map_or_else(|| "-".to_owned(), |it| it.to_string());
    let epochs =
        runs.iter().map(|run| format!("{}/{}", count(run.epochs), count(run.planned_epochs)));
    vec![
        row("data", runs.iter().map(|run| run.data.clone()).collect()),
        row("network", runs.iter().map(|run| run.network.clone()).collect()),
        row("epochs", epochs.collect()),
        row("state", runs.iter().map(|run| run.state.to_owned()).collect()),
    ]
}

fn settings(comparison: &Comparison) -> Vec<Vec<String>> {
    let cell = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
    let rows = comparison.settings.iter();
    rows.map(|row| [vec![row.key.clone()], row.values.iter().map(cell).collect()].concat())
        .collect()
}

fn metrics(comparison: &Comparison) -> Vec<Vec<String>> {
    let rows = comparison.metrics.iter();
    rows.map(|row| {
        let values = row.values.iter().map(|value| value.map(|value| format!("{value:.5}")));
        cells(&row.metric, values, row.best)
    })
    .collect()
}

fn best_epochs(comparison: &Comparison) -> Vec<Vec<String>> {
    let rows = comparison.best_epochs.iter();
    rows.map(|row| {
        let values = row
            .values
            .iter()
            .map(|found| found.map(|found| format!("{:.5} in {}", found.value, found.epoch)));
        cells(&row.metric, values, row.best)
    })
    .collect()
}

/// A row with its best value marked. The others are as wide, so that the numbers stand below each other.
fn cells(
    name: &str,
    values: impl Iterator<Item = Option<String>>,
    best: Option<usize>,
) -> Vec<String> {
    let cell = |(place, value): (usize, Option<String>)| {
        let mark = if best == Some(place) { BEST } else { "  " };
        value.map_or_else(|| "-".to_owned(), |value| value + mark)
    };
    [name.to_owned()].into_iter().chain(values.enumerate().map(cell)).collect()
}
