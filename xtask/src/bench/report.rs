//! What a measurement leaves: every number as JSON, and the speed part of `docs/results.md`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::goals::{Row, Verdict};
use super::machine::Machine;
use super::{Results, table};
use ae_files::write_atomic;

const BEGIN: &str = "<!-- speed: begin; written by cargo xtask bench -->";
const END: &str = "<!-- speed: end -->";
const NEW_PAGE: &str = "# Results\n\n## Speed\n\n";

/// What was measured, where and with which command.
pub(super) struct Report<'a> {
    pub(super) machine: &'a Machine,
    pub(super) command: String,
    pub(super) threads: u32,
    pub(super) data: String,
    pub(super) results: &'a Results,
    pub(super) rows: &'a [Row],
}

impl Report<'_> {
    /// The tables for a terminal.
    pub(super) fn text(&self) -> String {
        let tables = [table::medians(self.results), table::verdicts(self.rows)];
        let mut text = tables.map(|table| table.text()).join("\n");
        text.push('\n');
        for line in self.missing() {
            text += &format!("{line}\n");
        }
        text + &format!("machine: {}\n", self.machine.describe(self.threads))
    }

    /// The same for a page.
    pub(super) fn markdown(&self) -> String {
        let missing: String = self.missing().iter().map(|line| format!("\n- {line}")).collect();
        let missing = if missing.is_empty() { missing } else { missing + "\n" };
        format!(
            "`{}`: medians of runs that alternate between the sides, each after one that is not \
             counted.\n{}.\nData: {}. Versions: {}.\n\n\
             Epochs are with validation, after the first; ours write a checkpoint each. The larger \
             networks, fresh noise and 50 epochs are compared with {} alone, the fast ones.\n{missing}\n\
             {}\n{}",
            self.command,
            self.machine.describe(self.threads),
            self.data,
            self.versions(),
            super::Peer::FAST.iter().map(|peer| peer.name()).collect::<Vec<_>>().join(", "),
            table::verdicts(self.rows).markdown(),
            table::medians(self.results).markdown(),
        )
    }

    /// Writes every measurement, and the tables.
    pub(super) fn write(&self, out: &Path) -> Result<()> {
        fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
        let text = format!("{:#}\n", self.json());
        write_atomic(&out.join("measurements.json"), text.as_bytes())?;
        Ok(write_atomic(&out.join("tables.txt"), self.text().as_bytes())?)
    }

    fn json(&self) -> Value {
        let sample = |entry: &super::Entry| {
            json!({
                "work": entry.work.name(), "side": entry.side.name(), "run": entry.run,
                "values": entry.sample.values, "epoch_seconds": entry.sample.epochs,
            })
        };
        let missing = |missing: &super::Missing| {
            let work = missing.work.map(super::Work::name);
            json!({"work": work, "side": missing.side.name(), "reason": missing.reason})
        };
        json!({
            "schema": 1,
            "command": self.command,
            "threads": self.threads,
            "data": self.data,
            "machine": self.machine.json(),
            "versions": self.results.versions(),
            "missing": self.results.missing.iter().map(missing).collect::<Vec<_>>(),
            "verdicts": self.rows.iter().map(verdict).collect::<Vec<_>>(),
            "samples": self.results.entries.iter().map(sample).collect::<Vec<_>>(),
        })
    }

    fn missing(&self) -> Vec<String> {
        let line = |missing: &super::Missing| {
            let work = missing.work.map_or("all work", super::Work::name);
            format!("missing: {} ({work}): {}", missing.side.name(), missing.reason)
        };
        self.results.missing.iter().map(line).collect()
    }

    fn versions(&self) -> String {
        let versions = self.results.versions();
        let each = versions.iter().map(|(name, version)| format!("{name} {version}"));
        each.collect::<Vec<_>>().join(", ")
    }
}

fn verdict(row: &Row) -> Value {
    let (verdict, reason) = match &row.verdict {
        Verdict::Held => (Some("held"), None),
        Verdict::Short => (Some("short"), None),
        Verdict::NotJudged(reason) => (Some("not-judged"), Some(reason)),
        Verdict::None => (None, None),
    };
    json!({
        "measure": row.measure, "metric": row.metric,
        "ours": row.ours.map(|ours| ours.median),
        "against": row.rival.as_ref().map(|(name, _)| name),
        "theirs": row.rival.as_ref().map(|(_, theirs)| theirs.median),
        "ratio": row.ratio, "must": row.must, "aim": row.aim,
        "verdict": verdict, "reason": reason,
    })
}

/// Puts a text between the two marks of a page; everything else on it stays as it is.
pub(super) fn write_between_marks(page: &Path, text: &str) -> Result<()> {
    let old = match fs::read_to_string(page) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            format!("{NEW_PAGE}{BEGIN}\n{END}\n")
        }
        read => read.with_context(|| format!("cannot read {}", page.display()))?,
    };
    let old =
        if old.contains(BEGIN) { old } else { format!("{old}\n## Speed\n\n{BEGIN}\n{END}\n") };
    let (before, rest) = old.split_once(BEGIN).unwrap_or((&old, ""));
    let after = rest.split_once(END).map(|(_, after)| after);
    ensure!(after.is_some(), "{}: expected the line {END} after {BEGIN}", page.display());
    let after = after.unwrap_or_default();
    let new = format!("{before}{BEGIN}\n{}\n{END}{after}", text.trim_end());
    Ok(write_atomic(page, new.as_bytes())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_what_stands_outside_the_marks() {
        let dir = tempfile::tempdir().unwrap();
        let page = dir.path().join("results.md");
        let read = || fs::read_to_string(&page).unwrap();

        write_between_marks(&page, "first\n").unwrap();
        assert_eq!(read(), format!("{NEW_PAGE}{BEGIN}\nfirst\n{END}\n"));
        fs::write(&page, format!("above\n{BEGIN}\nfirst\n{END}\nbelow\n")).unwrap();
        write_between_marks(&page, "second").unwrap();
        assert_eq!(read(), format!("above\n{BEGIN}\nsecond\n{END}\nbelow\n"));
        fs::write(&page, "quality\n").unwrap();
        write_between_marks(&page, "third").unwrap();
        assert_eq!(read(), format!("quality\n\n## Speed\n\n{BEGIN}\nthird\n{END}\n"));
    }

    #[test]
    fn a_page_with_half_of_the_marks_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let page = dir.path().join("results.md");
        fs::write(&page, format!("{BEGIN}\nprose")).unwrap();
        let error = write_between_marks(&page, "text").unwrap_err();
        assert!(error.to_string().contains("expected the line"), "{error}");
        assert_eq!(fs::read_to_string(&page).unwrap(), format!("{BEGIN}\nprose"));
    }
}
