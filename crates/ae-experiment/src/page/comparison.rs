//! The page of several runs side by side.

use std::collections::BTreeSet;
use std::path::Path;

use ae_report::page::{
    Block, Cell, CurveChart, CurveLine, Finding, Page, PageFigure, PageTable, Section, Tone, number,
};

use super::learned;
use super::story::Story;
use crate::{Better, ComparedRun, Comparison, ExperimentError};

/// The page that shows runs and studies side by side: what differs, metrics, curves, and the figures that several of
/// them have.
///
/// # Errors
/// As [`page_of_run`](super::page_of_run).
pub fn page_of_comparison(comparison: &Comparison) -> Result<Page, ExperimentError> {
    let stories: Vec<Story> =
        comparison.runs.iter().map(|run| Story::read(&run.folder)).collect::<Result<_, _>>()?;
    let main = stories.iter().find_map(Story::loss_metrics).map(|[_, validation]| validation);
    let labels = labels(comparison);
    let section = |id: &str, title: &str, blocks: Vec<Block>| Section {
        id: id.to_owned(),
        ..Section::new(title, blocks)
    };
    let mut sections = vec![
        section("runs", "Runs", runs(comparison, &labels)),
        section("settings", "Settings that differ", settings(comparison, &labels)),
        section("metrics", "Metrics", metrics(comparison, &labels)),
        section("curves", "Learning curves", curves(comparison, &labels, main.as_deref())),
        section("figures", "Figures side by side", figures(&stories, &labels)),
    ];
    sections.retain(|section| !section.is_empty());
    Ok(Page {
        kind: "Comparison".to_owned(),
        title: format!("{} runs", comparison.runs.len()),
        lead: String::new(),
        verdict: verdict(comparison, &labels, main.as_deref()),
        facts: Vec::new(),
        sections,
        footer: super::footer(),
    })
}

/// The runs as they were named.
fn labels(comparison: &Comparison) -> Vec<String> {
    comparison.runs.iter().map(|run| ae_files::shown(&run.folder)).collect()
}

/// The best run by the loss that the first of them was to make small, unless the runs do not compare.
fn verdict(comparison: &Comparison, labels: &[String], main: Option<&str>) -> Finding {
    if let Some(warning) = comparison.warnings.first() {
        return Finding::new(Tone::Doubtful, format!("To be doubted: {warning}."));
    }
    let row = comparison.metrics.iter().find(|row| Some(row.metric.as_str()) == main);
    let best = row.and_then(|row| Some((row, row.best?)));
    let found = best.and_then(|(row, best)| Some((row, labels.get(best)?, row.values[best]?)));
    let Some((row, label, value)) = found else {
        return Finding::neutral("The runs have no metric in common.");
    };
    let word = if row.better == Some(Better::Higher) { "highest" } else { "lowest" };
    let metric = learned::words_of(&row.metric);
    Finding::neutral(format!("{label} has the {word} {metric} in validation: {}.", number(value)))
}

fn runs(comparison: &Comparison, labels: &[String]) -> Vec<Block> {
    let count = |count: Option<u32>| count.map_or_else(|| "–".to_owned(), |it| it.to_string());
    let row = |(run, label): (&ComparedRun, &String)| {
        let epochs = format!("{} of {}", count(run.epochs), count(run.planned_epochs));
        let texts = [label, &run.name, &run.data, &run.network, &epochs, run.state].map(Cell::from);
        texts.to_vec()
    };
    let columns = ["run", "name", "data", "network", "epochs", "state"];
    let rows = comparison.runs.iter().zip(labels).map(row).collect();
    let mut blocks = vec![table("", columns.map(str::to_owned).to_vec(), rows)];
    // The first warning stands at the head of the page.
    let doubt = |text: &String| Finding::new(Tone::Doubtful, format!("To be doubted: {text}."));
    let doubts: Vec<Finding> = comparison.warnings.iter().skip(1).map(doubt).collect();
    if !doubts.is_empty() {
        blocks.push(Block::Findings(doubts));
    }
    blocks
}

fn settings(comparison: &Comparison, labels: &[String]) -> Vec<Block> {
    if comparison.settings.is_empty() {
        return vec![Block::Paragraph("No setting differs.".to_owned())];
    }
    let cell = |value: &Option<String>| Cell::from(value.as_deref().unwrap_or("–"));
    let rows = comparison.settings.iter();
    let rows = rows.map(|row| with_name(&row.key, row.values.iter().map(cell))).collect();
    vec![table("", headed("setting", labels), rows)]
}

fn metrics(comparison: &Comparison, labels: &[String]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let rows: Vec<Vec<Cell>> = comparison
        .metrics
        .iter()
        .map(|row| {
            let texts = row.values.iter().map(|value| value.map(number));
            with_name(&row.metric, marked(texts, row.best))
        })
        .collect();
    if !rows.is_empty() {
        blocks.push(table("After the last epoch", headed("metric", labels), rows));
    }
    let rows: Vec<Vec<Cell>> = comparison
        .best_epochs
        .iter()
        .map(|row| {
            let values = row.values.iter();
            let text = values.map(|found| {
                found.map(|found| format!("{} in epoch {}", number(found.value), found.epoch))
            });
            with_name(&row.metric, marked(text, row.best))
        })
        .collect();
    if !rows.is_empty() {
        blocks.push(table("Best epoch", headed("metric", labels), rows));
    }
    blocks
}

/// Cells of which the best has the tone of a good one.
fn marked(
    texts: impl Iterator<Item = Option<String>>,
    best: Option<usize>,
) -> impl Iterator<Item = Cell> {
    texts.enumerate().map(move |(place, text)| {
        let cell = Cell::from(text.unwrap_or_else(|| "–".to_owned()));
        if best == Some(place) { cell.with_tone(Tone::Good) } else { cell }
    })
}

fn headed(name: &str, labels: &[String]) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(labels.iter().cloned()).collect()
}

fn with_name(name: &str, cells: impl Iterator<Item = Cell>) -> Vec<Cell> {
    std::iter::once(Cell::from(name)).chain(cells).collect()
}

fn table(title: &str, columns: Vec<String>, rows: Vec<Vec<Cell>>) -> Block {
    let title = title.to_owned();
    Block::Table(PageTable { title, columns, rows, ..PageTable::default() })
}

/// A chart of every metric, with a line for each run that has it; the main metric first.
fn curves(comparison: &Comparison, labels: &[String], main: Option<&str>) -> Vec<Block> {
    let rows = || comparison.runs.iter().flat_map(|run| &run.curve);
    let mut metrics: Vec<&str> = rows()
        .flat_map(|row| row.metrics.keys().map(String::as_str))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    metrics.sort_by_key(|metric| (Some(*metric) != main, !metric.starts_with("val_")));
    let epochs: Vec<u32> =
        rows().map(|row| row.epoch).collect::<BTreeSet<_>>().into_iter().collect();
    let charts = metrics.into_iter().map(|metric| CurveChart {
        title: metric.to_owned(),
        caption: String::new(),
        epochs: epochs.clone(),
        lines: comparison
            .runs
            .iter()
            .zip(labels)
            .filter_map(|(run, label)| line(run, label, metric, &epochs))
            .collect(),
        references: Vec::new(),
    });
    charts.filter(CurveChart::is_drawable).map(Block::Chart).collect()
}

/// The values of a metric in these epochs; none if the run does not have it.
fn line(run: &ComparedRun, label: &str, metric: &str, epochs: &[u32]) -> Option<CurveLine> {
    let value = |epoch: &u32| {
        let at = run.curve.binary_search_by_key(epoch, |row| row.epoch).ok()?;
        run.curve[at].metrics.get(metric).copied()
    };
    let values: Vec<Option<f64>> = epochs.iter().map(value).collect();
    let has_values = values.iter().any(Option::is_some);
    has_values.then(|| CurveLine { label: label.to_owned(), values })
}

/// The figures that at least two runs have, by their file's name, those of all runs beside each other. The learning
/// curve is drawn from its numbers.
fn figures(stories: &[Story], labels: &[String]) -> Vec<Block> {
    let mut names: Vec<&str> = Vec::new();
    for figure in
        stories.iter().filter_map(|story| story.record.as_ref()).flat_map(|it| &it.figures)
    {
        if figure.file != "loss.png" && !names.contains(&figure.file.as_str()) {
            names.push(&figure.file);
        }
    }
    let beside = names.into_iter().map(|name| {
        let of_runs = stories.iter().zip(labels).filter_map(|(story, label)| {
            let record = story.record.as_ref()?;
            let figure = record.figures.iter().find(|figure| figure.file == name)?;
            let svg = String::from_utf8(story.read_file(&figure.svg)).unwrap_or_default();
            let file = Path::new(label).join(&figure.svg).display().to_string();
            let title = format!("{label}: {}", figure.title);
            Some(PageFigure::new(title, &figure.caption, file, story.read_file(name), svg))
        });
        of_runs.collect::<Vec<_>>()
    });
    beside.filter(|figures| figures.len() > 1).map(Block::Beside).collect()
}
