//! What is compared with the peers, what has to be reached, and whether it was.

use serde::Deserialize;

use super::measurements::{Measurements, Side, Summary};
use super::{Bench, Peer, Recipes, Work, name};

/// Our figure beside that of the best of some peers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Goal {
    measure: String,
    metric: String,
    /// By default, all of the work.
    peers: Option<Vec<Peer>>,
    /// How many times better than the best of them ours has to be, if anything is asked for.
    at_least: Option<f64>,
}

/// How a goal stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    Held,
    Short,
    /// For this reason.
    NotJudged(String),
    /// Nothing has to be reached.
    None,
}

/// A goal with what was measured.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) measure: String,
    pub(super) metric: String,
    pub(super) ours: Option<Summary>,
    /// The best peer, and its figure.
    pub(super) rival: Option<(Peer, Summary)>,
    /// How many times better ours is.
    pub(super) ratio: Option<f64>,
    pub(super) bound: Option<f64>,
    pub(super) verdict: Verdict,
}

/// The goals of what was measured.
pub(super) fn rows(measurements: &Measurements, options: &Bench, recipes: &Recipes) -> Vec<Row> {
    let measured = recipes.iter().filter(|(work, _)| options.works().contains(work));
    let rows = measured.flat_map(|(&work, recipe)| {
        let of = move |goal: &Goal| goal.row(work, &recipe.peers, measurements);
        recipe.goals.iter().map(of)
    });
    rows.collect()
}

impl Goal {
    fn row(&self, work: Work, peers: &[Peer], measurements: &Measurements) -> Row {
        let Self { measure, metric, at_least: bound, .. } = self.clone();
        let (metric, peers) = (metric.as_str(), self.peers.as_deref().unwrap_or(peers));
        let of = |side| measurements.summary(work, side, metric);
        let measured = peers.iter().filter_map(|&peer| Some((peer, of(Side::Peer(peer))?)));
        let rival = measured.min_by(|(_, a), (_, b)| cost(metric, a).total_cmp(&cost(metric, b)));
        let ours = of(Side::Ours);
        let ratio =
            ours.zip(rival).map(|(ours, (_, theirs))| cost(metric, &theirs) / cost(metric, &ours));
        let missing = peers.iter().find(|&&peer| of(Side::Peer(peer)).is_none());
        let verdict = match (bound, ratio) {
            (None, _) => Verdict::None,
            (_, None) => Verdict::NotJudged("not measured".to_owned()),
            // Missing peers can only make it harder: what is short against the others is short.
            (Some(bound), Some(ratio)) if ratio < bound => Verdict::Short,
            _ => match missing {
                Some(&peer) => Verdict::NotJudged(format!("without {}", name(peer))),
                None => Verdict::Held,
            },
        };
        Row { measure, metric: self.metric.clone(), ours, rival, ratio, bound, verdict }
    }
}

/// What is better if it is less.
fn cost(metric: &str, summary: &Summary) -> f64 {
    if metric.starts_with("images_per_second") { 1.0 / summary.median } else { summary.median }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::measurements::EPOCH;
    use crate::bench::recipes;
    use crate::bench::tests::options;

    const IN_256: &str = "images_per_second_256";

    fn first_row(work: Work, figures: &[(Side, &str, f64)]) -> Row {
        let mut measurements = Measurements::default();
        for &(side, metric, value) in figures {
            measurements.add(work, side, metric, value);
        }
        let options = Bench { only: vec![work], ..options() };
        rows(&measurements, &options, &recipes().unwrap()).swap_remove(0)
    }

    fn trainers() -> Vec<Peer> {
        recipes().unwrap()[&Work::Tutorial].peers.clone()
    }

    fn epoch(ours: f64, theirs: &[(Peer, f64)]) -> Row {
        let peers = theirs.iter().map(|&(peer, seconds)| (Side::Peer(peer), EPOCH, seconds));
        let figures: Vec<_> = std::iter::once((Side::Ours, EPOCH, ours)).chain(peers).collect();
        first_row(Work::Tutorial, &figures)
    }

    #[test]
    fn the_ratio_is_taken_against_the_fastest_peer() {
        let mut all: Vec<_> = trainers().into_iter().map(|peer| (peer, 0.3)).collect();
        all[2] = (Peer::Pytorch, 0.24);
        let held = epoch(0.08, &all);
        assert_eq!(held.rival.unwrap().0, Peer::Pytorch);
        assert_eq!(held.ratio, Some(0.24 / 0.08));
        assert_eq!(held.verdict, Verdict::Held);
        assert_eq!(epoch(0.081, &all).verdict, Verdict::Short);
    }

    #[test]
    fn a_missing_peer_leaves_open_what_it_might_have_refuted() {
        let mut some: Vec<_> = trainers().into_iter().map(|peer| (peer, 0.25)).collect();
        some.retain(|(peer, _)| *peer != Peer::Pytorch);
        let unknown = Verdict::NotJudged("without pytorch".to_owned());
        assert_eq!(epoch(0.05, &some).verdict, unknown);
        assert_eq!(epoch(0.1, &some).verdict, Verdict::Short);
        let unmeasured = Verdict::NotJudged("not measured".to_owned());
        assert_eq!(epoch(0.05, &[]).verdict, unmeasured);
    }

    #[test]
    fn more_images_a_second_are_better() {
        let onnx = Side::Peer(Peer::Onnxruntime);
        let row =
            |ours| first_row(Work::Inference, &[(Side::Ours, IN_256, ours), (onnx, IN_256, 2e6)]);
        assert_eq!(row(2.7e6).verdict, Verdict::Held);
        assert_eq!(row(1.9e6).verdict, Verdict::Short);
    }
}
