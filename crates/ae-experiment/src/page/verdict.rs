//! What a run has reached, compared with what was expected of it.

use ae_files::counted_as;
use ae_report::page::{Cell, Finding, PageTable, Tone, number};

use super::learned;
use crate::{Bound, Judgement, Record, Verdict};

/// The sentence at the head of a run's page.
pub fn finding_of_record(record: &Record) -> Finding {
    let of = |verdict| record.expected.iter().filter(move |one| one.verdict == verdict);
    if let Some(short) = of(Verdict::Short).next() {
        let reached = short.reached.map_or_else(|| "nothing".to_owned(), number);
        let bound = bound_in_words(short.bound);
        let more = match of(Verdict::Short).count() {
            1 => String::new(),
            count => format!(" {count} expectations fell short."),
        };
        let metric = &short.metric;
        return Finding::new(
            Tone::Bad,
            format!("Fell short: {metric} is {reached}, expected {bound}.{more}"),
        );
    }
    let held = of(Verdict::Held).count();
    let not_judged = of(Verdict::NotJudged).count();
    let doubt = record.diagnosis.iter().flat_map(|diagnosis| &diagnosis.warnings).next();
    if let Some(doubt) = doubt {
        return Finding::new(Tone::Doubtful, format!("To be doubted: {}.", doubt.text));
    }
    match (held, not_judged) {
        (0, 0) => learned::headline(record),
        (0, _) => Finding::neutral(format!(
            "Finished. {} not judged, as fewer epochs were run.",
            is_or_are(not_judged)
        )),
        (1, 0) => Finding::new(Tone::Good, "The expectation held."),
        (held, 0) => Finding::new(Tone::Good, format!("All {held} expectations held.")),
        (held, _) => Finding::new(
            Tone::Good,
            format!(
                "{} held; {} not judged.",
                counted_as(held, "expectation"),
                is_or_are(not_judged)
            ),
        ),
    }
}

fn is_or_are(count: usize) -> String {
    let verb = if count == 1 { "was" } else { "were" };
    format!("{} {verb}", counted_as(count, "expectation"))
}

/// A bound: `at most 0.09`.
pub fn bound_in_words(bound: Bound) -> String {
    match bound {
        Bound::AtMost(value) => format!("at most {value}"),
        Bound::AtLeast(value) => format!("at least {value}"),
    }
}

/// Each expectation with what was reached, what others published, and its source.
pub fn expectation_table(record: &Record) -> PageTable {
    let row = |judgement: &Judgement| {
        let Judgement { metric, bound, published, source, reached, verdict } = judgement;
        let (bound, value) = match bound {
            Bound::AtMost(value) => ("≤", value),
            Bound::AtLeast(value) => ("≥", value),
        };
        let reached = reached.map_or_else(|| "–".to_owned(), number);
        vec![
            metric.as_str().into(),
            verdict_cell(*verdict),
            reached.into(),
            format!("{bound} {value}").into(),
            published.as_str().into(),
            source.as_str().into(),
        ]
    };
    let columns = ["metric", "verdict", "reached", "expected", "published", "source"];
    PageTable {
        columns: columns.map(str::to_owned).to_vec(),
        rows: record.expected.iter().map(row).collect(),
        ..PageTable::default()
    }
}

fn verdict_cell(verdict: Verdict) -> Cell {
    match verdict {
        Verdict::Held => Cell::from("held").with_tone(Tone::Good),
        Verdict::Short => Cell::from("short").with_tone(Tone::Bad),
        Verdict::NotJudged => Cell::from("not judged"),
    }
}
