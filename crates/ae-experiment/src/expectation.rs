//! Expectations: numbers that an experiment must reach, with their sources.

use ae_training::Metrics;
use serde::{Deserialize, Serialize};

/// A number that a run must reach on a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Expectation {
    /// The data set it is for: `mnist`, `fashion-mnist`, `digits`.
    pub dataset: String,
    /// Epochs after which it is judged.
    pub epochs: u32,
    /// The metric's name.
    pub metric: String,
    /// The bound.
    pub bound: Bound,
    /// The number that others published or measured.
    pub published: String,
    /// The source of that number.
    pub source: String,
}

/// An expectation as written: one of `at_most` and `at_least`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    dataset: String,
    epochs: u32,
    metric: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    published: String,
    source: String,
}

impl TryFrom<Written> for Expectation {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { dataset, epochs, metric, at_most, at_least, published, source } = written;
        let bound = match (at_most, at_least) {
            (Some(bound), None) if bound.is_finite() => Bound::AtMost(bound),
            (None, Some(bound)) if bound.is_finite() => Bound::AtLeast(bound),
            _ => return Err("an expectation needs `at_most` or `at_least`, one of them, finite"),
        };
        Ok(Self { dataset, epochs, metric, bound, published, source })
    }
}

impl From<Expectation> for Written {
    fn from(expectation: Expectation) -> Self {
        let Expectation { dataset, epochs, metric, bound, published, source } = expectation;
        let (at_most, at_least) = match bound {
            Bound::AtMost(bound) => (Some(bound), None),
            Bound::AtLeast(bound) => (None, Some(bound)),
        };
        Self { dataset, epochs, metric, at_most, at_least, published, source }
    }
}

/// A bound of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The metric must be at most this.
    AtMost(f64),
    /// The metric must be at least this.
    AtLeast(f64),
}

/// Whether a run reached an expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Reached.
    Held,
    /// Not reached.
    Short,
    /// The run had fewer epochs than the expectation needs.
    NotJudged,
}

/// An expectation and the number that was reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// The metric's name.
    pub metric: String,
    /// The bound.
    #[serde(flatten)]
    pub bound: Bound,
    /// The number that others published or measured.
    pub published: String,
    /// The source of that number.
    pub source: String,
    /// The number that the run reached; none if the metric was not computed.
    pub reached: Option<f64>,
    /// Whether that is enough.
    pub verdict: Verdict,
}

impl Expectation {
    /// Judges a run. A metric that was not computed is [`Verdict::Short`].
    pub fn judge(&self, metrics: &Metrics, epochs: u32) -> Judgement {
        let reached = metrics.get(&self.metric).copied();
        let verdict = match (epochs < self.epochs, reached) {
            (true, _) => Verdict::NotJudged,
            (false, Some(value)) if self.bound.holds(value) => Verdict::Held,
            (false, _) => Verdict::Short,
        };
        Judgement {
            metric: self.metric.clone(),
            bound: self.bound,
            published: self.published.clone(),
            source: self.source.clone(),
            reached,
            verdict,
        }
    }
}

impl Bound {
    fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }
}
