//! How well scores rank the other classes above the normal one.

use std::collections::BTreeSet;

use ae_analysis::Ranking;
use anyhow::bail;

/// The scores of items with classes. A ranking needs all of them: 9 bytes for each item.
pub(super) struct Classes<'a> {
    normal: &'a str,
    scores: Vec<f64>,
    is_anomaly: Vec<bool>,
    known: BTreeSet<String>,
    has_unknown: bool,
}

impl<'a> Classes<'a> {
    pub(super) fn new(normal: &'a str) -> Self {
        let (scores, is_anomaly) = (Vec::new(), Vec::new());
        Self { normal, scores, is_anomaly, known: BTreeSet::new(), has_unknown: false }
    }

    /// Takes the class and the score of the next item.
    pub(super) fn push(&mut self, class: Option<String>, score: f64) {
        let Some(class) = class else {
            self.has_unknown = true;
            return;
        };
        self.scores.push(score);
        self.is_anomaly.push(class != self.normal);
        self.known.insert(class);
    }

    /// The ranking.
    ///
    /// # Errors
    /// If an item has no class, or none is of the normal class.
    pub(super) fn ranking(&self) -> anyhow::Result<Ranking> {
        let Self { normal, scores, is_anomaly, known, has_unknown } = self;
        if *has_unknown {
            bail!("--normal-class needs items with classes");
        }
        if !known.contains(*normal) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            bail!(
                "--normal-class must be one of the items' classes ({}), found {normal}",
                known.join(", ")
            );
        }
        Ok(Ranking::new(scores, is_anomaly)?)
    }
}
