//! The scores of items: as CSV or JSON, and their summary.

use std::num::NonZeroUsize;
use std::path::Path;

use ae_analysis::Ranking;
use ae_apply::{AnomalyDetector, AnomalyVerdict};
use ae_dataset::{ParquetCell, ParquetColumn, ParquetKind, ParquetWriter};
use ae_files::{counted_as, write_atomic};
use serde_json::{Value, json};

use super::{Scored, Window};
use crate::args::{AnomalyScoring, Common};
use crate::delivery::ending;
use crate::shards::has_header;
use crate::{csv, output};

/// Writes what was said of each item, and the summary where it does not disturb.
pub(super) fn deliver(
    args: &AnomalyScoring,
    common: &Common,
    items: &[Scored],
    skipped: usize,
    ranking: Option<Ranking>,
    detector: &AnomalyDetector,
) -> anyhow::Result<()> {
    let anomalies = items.iter().filter(|item| item.verdict.is_anomaly).count();
    let threshold = detector.calibration().threshold();
    let mut summary = json!({
        "items": items.len(), "anomalies": anomalies, "skipped": skipped, "threshold": threshold,
    });
    let mut told = format!(
        "{}, {anomalies} anomalous: score above {threshold:.6} (larger is stranger)",
        counted_as(items.len(), "item")
    );
    if let Some(most) =
        items.iter().filter_map(|item| item.window.as_ref()).map(|it| it.windows).max()
    {
        summary["windows"] = json!(most);
        let pictures = counted_as(items.len(), "picture");
        told = format!("{pictures}, {anomalies} anomalous: {}", verdict_rule(detector, most));
    }
    if skipped > 0 {
        told.push_str(&format!(", {skipped} left out"));
    }
    if let Some(ranking) = ranking {
        summary["auroc"] = json!(ranking.auroc());
        summary["average_precision"] = json!(ranking.average_precision());
        summary["share_of_anomalies"] = json!(ranking.share_of_anomalies());
        told.push_str(&ranked(&ranking));
    }
    let document = || {
        let mut document = summary.clone();
        document["scores"] = items.iter().map(Scored::json).collect();
        document
    };
    if let Some(path) = &args.out {
        match ending(path) {
            "json" => write_atomic(path, (document().to_string() + "\n").as_bytes())?,
            "parquet" => parquet(path, items)?,
            _ => write_atomic(path, csv(args, items).as_bytes())?,
        }
        if common.json {
            summary["output"] = json!(path.display().to_string());
            output::json(&summary)?;
        } else if !common.quiet {
            output::text(&format!("{told}; written to {}", path.display()))?;
        }
    } else if common.json {
        output::json(&document())?;
    } else {
        output::text(&csv(args, items))?;
        if !common.quiet {
            output::progress(&told);
        }
    }
    Ok(())
}

/// By which rule a picture of so many windows is an anomaly.
fn verdict_rule(detector: &AnomalyDetector, windows: usize) -> String {
    let calibration = detector.calibration();
    let (rate, items) = (calibration.rule().alarm_rate(), calibration.items());
    let rate = (rate * 1e6).round() / 1e6;
    let windows = NonZeroUsize::new(windows).unwrap_or(NonZeroUsize::MIN);
    match items < detector.items_needed(windows) {
        true => format!(
            "the score of the strangest window is above all {items} of the fit, which are too few for p-values below \
             {rate} with {windows} windows"
        ),
        false => format!(
            "the p-value of the strangest window, for all windows of a picture, is below {rate}"
        ),
    }
}

/// How well the scores rank anomalies above normals, beside what chance reaches.
fn ranked(ranking: &Ranking) -> String {
    let (auroc, precision) = (ranking.auroc(), ranking.average_precision());
    let verdict = if auroc < 0.5 { " (worse than chance: 0.5)" } else { "" };
    let share = ranking.share_of_anomalies();
    format!(
        "; AUROC {auroc:.4}{verdict}, average precision {precision:.4} (fraction of anomalies {share:.4})"
    )
}

fn csv(args: &AnomalyScoring, items: &[Scored]) -> String {
    let header = "item,score,p_value,label\n".to_owned();
    let mut text = if has_header(args.shard.shard) { header } else { String::new() };
    for Scored { name, verdict, .. } in items {
        let name = csv::cell(name);
        let AnomalyVerdict { score, p_value, .. } = verdict;
        text.push_str(&format!("{name},{score},{p_value},{}\n", label(verdict)));
    }
    text
}

/// The columns of the CSV file.
fn parquet(path: &Path, items: &[Scored]) -> anyhow::Result<()> {
    let column = |name: &str, kind| ParquetColumn { name: name.to_owned(), kind };
    let columns = [
        column("item", ParquetKind::Text),
        column("score", ParquetKind::Double),
        column("p_value", ParquetKind::Double),
        column("label", ParquetKind::Text),
    ];
    let mut file = ParquetWriter::create(path, &columns)?;
    for Scored { name, verdict, .. } in items {
        let AnomalyVerdict { score, p_value, .. } = *verdict;
        file.write_row([
            ParquetCell::Text(name),
            ParquetCell::Number(score),
            ParquetCell::Number(p_value),
            ParquetCell::Text(label(verdict)),
        ])?;
    }
    Ok(file.finish()?)
}

fn label(verdict: &AnomalyVerdict) -> &'static str {
    if verdict.is_anomaly { "anomaly" } else { "normal" }
}

impl Scored {
    fn json(&self) -> Value {
        let AnomalyVerdict { score, p_value, .. } = self.verdict;
        let mut json = json!({ "item": self.name, "score": score, "p_value": p_value, "label": label(&self.verdict) });
        if let Some(Window { top, left, windows }) = self.window {
            json["windows"] = json!(windows);
            json["strangest"] = json!({ "top": top, "left": left });
        }
        json
    }
}
