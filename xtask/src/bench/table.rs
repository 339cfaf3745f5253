//! Tables of what was measured, as aligned text and as Markdown.

use super::Results;
use super::goals::{Row, Verdict};
use super::ours::EXACT;
use super::sample::Summary;

/// A table: its headings and its lines, which are as long.
pub(super) struct Table {
    headings: &'static [&'static str],
    lines: Vec<Vec<String>>,
}

/// What had to be reached.
pub(super) fn verdicts(rows: &[Row]) -> Table {
    let headings =
        &["measure", "ours", "compared with", "theirs", "ratio", "must", "aim", "verdict"];
    let line = |row: &Row| {
        let figure = |summary: &Summary| number(row.metric, summary.median);
        let (name, theirs) = match &row.rival {
            Some((name, summary)) => (name.clone(), figure(summary)),
            None => (String::new(), String::new()),
        };
        let ratio = row.ratio.map(|ratio| format!("{ratio:.2}x")).unwrap_or_default();
        let verdict = match &row.verdict {
            Verdict::Held => "held".to_owned(),
            Verdict::Short => "SHORT".to_owned(),
            Verdict::NotJudged(why) => format!("not judged: {why}"),
            Verdict::None => String::new(),
        };
        let ours = row.ours.as_ref().map(figure).unwrap_or_default();
        let (must, aim) = (row.must.clone(), row.aim.clone());
        vec![row.measure.to_owned(), ours, name, theirs, ratio, must, aim, verdict]
    };
    Table { headings, lines: rows.iter().map(line).collect() }
}

/// Every median of every side.
pub(super) fn medians(results: &Results) -> Table {
    let line = |(work, side, metric): &super::Key| {
        let summary = results.summary(*work, *side, metric)?;
        let figure = |value| number(metric, value);
        let spread = format!("{} - {}", figure(summary.least), figure(summary.most));
        let [work, side] = [work.name(), side.name()].map(str::to_owned);
        Some(vec![work, metric.clone(), side, figure(summary.median), spread])
    };
    let shown = results.keys().into_iter().filter(|(_, _, metric)| unit(metric).is_some());
    Table {
        headings: &["work", "metric", "side", "median", "least - most"],
        lines: shown.filter_map(|key| line(&key)).collect(),
    }
}

impl Table {
    pub(super) fn text(&self) -> String {
        let widths: Vec<usize> = (0..self.headings.len()).map(|at| self.width(at)).collect();
        let mut text = String::new();
        for line in self.all() {
            let cells = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            text += cells.collect::<Vec<_>>().join("  ").trim_end();
            text.push('\n');
        }
        text
    }

    pub(super) fn markdown(&self) -> String {
        let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut lines = self.all().into_iter();
        let heading = lines.next().map(|line| row(&line)).unwrap_or_default();
        let rule = format!("|{}\n", "---|".repeat(self.headings.len()));
        lines.fold(heading + &rule, |text, line| text + &row(&line))
    }

    fn all(&self) -> Vec<Vec<String>> {
        let headings = self.headings.iter().map(|&heading| heading.to_owned()).collect();
        std::iter::once(headings).chain(self.lines.iter().cloned()).collect()
    }

    fn width(&self, at: usize) -> usize {
        let cells = self.lines.iter().map(|line| line[at].chars().count());
        cells.chain([self.headings[at].len()]).max().unwrap_or_default()
    }
}

/// What a metric is counted in; none for losses and the like, which are only in the raw files.
fn unit(metric: &str) -> Option<&'static str> {
    match metric {
        EXACT => Some(""),
        _ if metric.ends_with("_seconds") => Some("s"),
        _ if metric.ends_with("_mib") => Some("MiB"),
        _ if metric.ends_with("_us") => Some("us"),
        _ if metric.starts_with("images_per_second") => Some("images/s"),
        _ => None,
    }
}

/// Three significant digits, and the unit.
fn number(metric: &str, value: f64) -> String {
    if metric == EXACT {
        return if value == 1.0 { "yes" } else { "no" }.to_owned();
    }
    let unit = unit(metric).unwrap_or_default();
    if value >= 1e6 {
        return format!("{:.2} M {unit}", value / 1e6);
    }
    let decimals = (2.0 - value.abs().max(1e-9).log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$} {unit}")
}

#[cfg(test)]
mod tests {
    use super::super::goals::rows;
    use super::super::sample::{EPOCH, PROCESS};
    use super::super::{Peer, Side, Work};
    use super::*;

    fn example() -> Results {
        let mut results = Results::default();
        for seconds in [0.0812, 0.079, 0.0801] {
            results.add(Work::DenoisingFresh, Side::Ours, EPOCH, seconds);
        }
        results.add(Work::DenoisingFresh, Side::Peer(Peer::Jax), EPOCH, 0.32);
        results.add(Work::DenoisingFresh, Side::Ours, "val_loss", 0.1);
        results.add(Work::Loading, Side::Ours, PROCESS, 0.75);
        results
    }

    #[test]
    fn the_tables_are_aligned_and_complete() {
        let works = [Work::DenoisingFresh, Work::Loading];
        let expected = "\
measure      ours      compared with  theirs   ratio  must     aim      verdict
fresh noise  0.0801 s                                 <= 1.6x  <= 1.3x  not judged: not measured
fresh noise  0.0801 s  jax            0.320 s  4.00x
loading      0.750 s                                  <= 0.5            SHORT
loading      0.750 s
size of ae
";
        assert_eq!(verdicts(&rows(&example(), &works)).text(), expected);
        let expected = "\
work             metric           side  median    least - most
denoising-fresh  epoch_seconds    ours  0.0801 s  0.0790 s - 0.0812 s
denoising-fresh  epoch_seconds    jax   0.320 s   0.320 s - 0.320 s
loading          process_seconds  ours  0.750 s   0.750 s - 0.750 s
";
        assert_eq!(medians(&example()).text(), expected);
    }

    #[test]
    fn markdown_has_a_rule_below_its_headings() {
        let text = medians(&example()).markdown();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[..2],
            ["| work | metric | side | median | least - most |", "|---|---|---|---|---|"]
        );
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn numbers_keep_three_digits_and_their_unit() {
        for (metric, value, expected) in [
            ("images_per_second_256", 2_612_345.0, "2.61 M images/s"),
            ("images_per_second_256", 261_234.0, "261234 images/s"),
            ("single_image_us", 6.128, "6.13 us"),
            ("peak_mib", 103.6, "104 MiB"),
            ("noise_seconds", 0.05678, "0.0568 s"),
            (EXACT, 1.0, "yes"),
        ] {
            assert_eq!(number(metric, value), expected);
        }
    }
}
