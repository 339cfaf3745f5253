//! The scores of items, written as they come: as CSV, Parquet or JSON, and their summary.

use std::num::NonZeroUsize;

use ae_analysis::Ranking;
use ae_apply::{AnomalyDetector, AnomalyVerdict};
use ae_files::counted_as;
use serde_json::{Value, json};

use super::ranked::Classes;
use super::written::{Format, Written};
use super::{Scored, Window};
use crate::args::{AnomalyScoring, Common};
use crate::output;

/// Takes the scores of items in their order. Memory does not grow with their number, but for the ranking of classes.
pub(super) struct Scores<'a> {
    args: &'a AnomalyScoring,
    common: &'a Common,
    written: Written,
    classes: Option<Classes<'a>>,
    items: usize,
    anomalies: usize,
    /// Of pictures in their own sizes, the most windows that one has.
    most_windows: Option<usize>,
}

impl<'a> Scores<'a> {
    /// No scores yet.
    pub(super) fn begin(args: &'a AnomalyScoring, common: &'a Common) -> anyhow::Result<Self> {
        let written = Written::begin(args, common)?;
        let classes = args.normal_class.as_deref().map(Classes::new);
        let (items, anomalies, most_windows) = (0, 0, None);
        Ok(Self { args, common, written, classes, items, anomalies, most_windows })
    }

    /// Takes the score of the next item.
    pub(super) fn push(&mut self, item: Scored) -> anyhow::Result<()> {
        self.items += 1;
        self.anomalies += usize::from(item.verdict.is_anomaly);
        let windows = item.window.as_ref().map(|window| window.windows);
        self.most_windows = self.most_windows.max(windows);
        self.written.push(&item)?;
        if let Some(classes) = &mut self.classes {
            classes.push(item.class, item.verdict.score);
        }
        Ok(())
    }

    /// The number of items.
    pub(super) fn items(&self) -> usize {
        self.items
    }

    /// How well the scores rank classes, if that was asked for.
    pub(super) fn ranking(&self) -> anyhow::Result<Option<Ranking>> {
        self.classes.as_ref().map(Classes::ranking).transpose()
    }

    /// Ends the output, and gives the summary where it does not disturb.
    pub(super) fn deliver(
        self,
        skipped: usize,
        ranking: Option<Ranking>,
        detector: &AnomalyDetector,
    ) -> anyhow::Result<()> {
        let Self { args, common, written, items, anomalies, most_windows, .. } = self;
        let threshold = detector.calibration().threshold();
        let mut summary = json!({
            "items": items, "anomalies": anomalies, "skipped": skipped, "threshold": threshold,
        });
        let mut told = format!(
            "{}, {anomalies} anomalous: score above {threshold:.6} (larger is stranger)",
            counted_as(items, "item")
        );
        if let Some(most) = most_windows {
            summary["windows"] = json!(most);
            let pictures = counted_as(items, "picture");
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
        let is_text = written.format() == Format::Csv;
        written.finish(&summary)?;
        if let Some(path) = &args.out {
            if common.json {
                summary["output"] = json!(path.display().to_string());
                output::json(&summary)?;
            } else if !common.quiet {
                output::text(&format!("{told}; written to {}", path.display()))?;
            }
        } else if is_text && !common.quiet {
            output::progress(&told);
        }
        Ok(())
    }
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

/// The word for a verdict.
pub(super) fn label(verdict: &AnomalyVerdict) -> &'static str {
    if verdict.is_anomaly { "anomaly" } else { "normal" }
}

impl Scored {
    /// What is said of the item.
    pub(super) fn json(&self) -> Value {
        let AnomalyVerdict { score, p_value, .. } = self.verdict;
        let mut json = json!({ "item": self.name, "score": score, "p_value": p_value, "label": label(&self.verdict) });
        if let Some(Window { top, left, windows }) = self.window {
            json["windows"] = json!(windows);
            json["strangest"] = json!({ "top": top, "left": left });
        }
        json
    }
}
