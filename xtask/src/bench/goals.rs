//! What has to be reached, and whether it was.

use super::ours::{BINARY, BUILD_AE, BUILD_XTASK, EXACT};
use super::sample::{EPOCH, MEMORY, PROCESS, Summary};
use super::work::Work;
use super::{Peer, Results, Side};

/// What our figure is compared with.
#[derive(Debug, Clone, Copy)]
enum Against {
    /// The best of these peers: how many times better than it.
    Fastest(&'static [Peer]),
    /// The same metric of another work of ours: at most so many times as much.
    Ours(Work),
    /// Nothing: the figure itself is at most this.
    Itself,
    /// Nothing: the figure is 1 for yes.
    Yes,
}

/// A line of the table.
struct Goal {
    measure: &'static str,
    work: Work,
    metric: &'static str,
    against: Against,
    must: Option<f64>,
    aim: Option<f64>,
}

/// How a goal stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    Held,
    Short,
    /// Why nobody can say.
    NotJudged(String),
    /// Nothing has to be reached.
    None,
}

/// A goal with what was measured.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) measure: &'static str,
    pub(super) metric: &'static str,
    pub(super) ours: Option<Summary>,
    /// Who or what it is compared with, and that figure.
    pub(super) rival: Option<(String, Summary)>,
    pub(super) ratio: Option<f64>,
    pub(super) must: String,
    pub(super) aim: String,
    pub(super) verdict: Verdict,
}

const GOALS: &[Goal] = &[
    goal("epoch", Work::Tutorial, EPOCH, only(Peer::TRAINERS), Some(3.0), Some(4.0)),
    goal("epoch", Work::Tutorial, EPOCH, only(&[Peer::Candle]), Some(10.0), None),
    goal("epoch", Work::Tutorial, EPOCH, only(&[Peer::KerasTensorflow]), Some(8.0), None),
    goal("epoch", Work::Tutorial, EPOCH, only(&[Peer::Burn]), None, None),
    goal("process", Work::Process, PROCESS, only(Peer::FAST), Some(3.5), Some(5.0)),
    goal(
        "fresh noise",
        Work::DenoisingFresh,
        EPOCH,
        Against::Ours(Work::Tutorial),
        Some(1.6),
        Some(1.3),
    ),
    goal("fresh noise", Work::DenoisingFresh, EPOCH, only(Peer::FAST), None, None),
    goal("deep stack", Work::Deep, EPOCH, only(Peer::FAST), Some(1.5), Some(2.0)),
    goal("wide stack", Work::Wide, EPOCH, only(Peer::FAST), Some(1.0), Some(1.3)),
    goal(
        "batches of 256",
        Work::Inference,
        "images_per_second_256",
        only(&[Peer::Onnxruntime]),
        Some(1.3),
        Some(1.8),
    ),
    goal(
        "batches of 256",
        Work::Inference,
        "images_per_second_256",
        only(&[Peer::Pytorch]),
        None,
        None,
    ),
    goal(
        "batch of 10 000",
        Work::Inference,
        "images_per_second_10000",
        only(&[Peer::Onnxruntime]),
        None,
        None,
    ),
    goal(
        "single image",
        Work::Inference,
        "single_image_us",
        only(&[Peer::Onnxruntime]),
        Some(1.0),
        Some(2.0),
    ),
    goal("single image", Work::Inference, "single_image_us", only(&[Peer::Pytorch]), None, None),
    goal("noise", Work::Noise, "noise_seconds", only(&[Peer::Numpy]), None, None),
    goal("noise", Work::Noise, "noise_seconds", only(&[Peer::Pytorch]), None, None),
    goal("loading", Work::Loading, PROCESS, Against::Itself, Some(0.5), None),
    goal("loading", Work::Loading, PROCESS, only(&[Peer::Numpy]), None, None),
    goal("peak memory", Work::Process, MEMORY, Against::Itself, Some(200.0), Some(120.0)),
    goal("peak memory", Work::Process, MEMORY, only(Peer::FAST), None, None),
    goal("reproduce", Work::Reproduce, PROCESS, Against::Itself, Some(20.0), Some(12.0)),
    goal("same weights", Work::Exact, EXACT, Against::Yes, Some(1.0), None),
    goal("size of ae", Work::Loading, BINARY, Against::Itself, None, None),
    goal("build of ae", Work::Build, BUILD_AE, Against::Itself, Some(240.0), Some(180.0)),
    goal("build of xtask", Work::Build, BUILD_XTASK, Against::Itself, Some(20.0), Some(10.0)),
];

const fn only(peers: &'static [Peer]) -> Against {
    Against::Fastest(peers)
}

const fn goal(
    measure: &'static str,
    work: Work,
    metric: &'static str,
    against: Against,
    must: Option<f64>,
    aim: Option<f64>,
) -> Goal {
    Goal { measure, work, metric, against, must, aim }
}

/// The goals of what was measured.
pub(super) fn rows(results: &Results, works: &[Work]) -> Vec<Row> {
    let measured = GOALS.iter().filter(|goal| works.contains(&goal.work));
    measured.map(|goal| goal.row(results)).collect()
}

/// Whether more is better.
pub(super) fn is_rate(metric: &str) -> bool {
    metric.starts_with("images_per_second")
}

impl Goal {
    fn row(&self, results: &Results) -> Row {
        let ours = results.summary(self.work, Side::Ours, self.metric);
        let rival = self.rival(results);
        let ratio = match (&self.against, &ours, &rival) {
            (Against::Fastest(_), Some(ours), Some((_, theirs))) if is_rate(self.metric) => {
                Some(ours.median / theirs.median)
            }
            (Against::Fastest(_), Some(ours), Some((_, theirs))) => {
                Some(theirs.median / ours.median)
            }
            (Against::Ours(_), Some(ours), Some((_, other))) => Some(ours.median / other.median),
            _ => None,
        };
        let reached = ratio.or(match self.against {
            Against::Itself | Against::Yes => ours.map(|ours| ours.median),
            _ => None,
        });
        Row {
            measure: self.measure,
            metric: self.metric,
            ours,
            rival,
            ratio,
            must: self.bound(self.must),
            aim: self.bound(self.aim),
            verdict: self.verdict(reached, results),
        }
    }

    fn rival(&self, results: &Results) -> Option<(String, Summary)> {
        match self.against {
            Against::Fastest(peers) => {
                let measured = peers.iter().filter_map(|&peer| {
                    let summary = results.summary(self.work, Side::Peer(peer), self.metric)?;
                    Some((peer.name().to_owned(), summary))
                });
                let cost = |summary: &Summary| {
                    if is_rate(self.metric) { -summary.median } else { summary.median }
                };
                measured.min_by(|(_, a), (_, b)| cost(a).total_cmp(&cost(b)))
            }
            Against::Ours(work) => {
                let summary = results.summary(work, Side::Ours, self.metric)?;
                Some((format!("our {}", work.name()), summary))
            }
            Against::Itself | Against::Yes => None,
        }
    }

    fn bound(&self, bound: Option<f64>) -> String {
        let Some(bound) = bound else { return String::new() };
        match self.against {
            Against::Fastest(_) => format!(">= {bound}x"),
            Against::Ours(_) => format!("<= {bound}x"),
            Against::Itself => format!("<= {bound}"),
            Against::Yes => "always".to_owned(),
        }
    }

    /// Missing peers can only make it harder: what is short against the others is short.
    fn verdict(&self, reached: Option<f64>, results: &Results) -> Verdict {
        let Some(must) = self.must else { return Verdict::None };
        let works = match self.against {
            Against::Ours(other) => [self.work, other],
            _ => [self.work, self.work],
        };
        if results.epochs.is_some()
            && works.into_iter().any(|work| matches!(work, Work::Process | Work::Reproduce))
            && self.metric == PROCESS
        {
            return Verdict::NotJudged("another number of epochs".to_owned());
        }
        let Some(reached) = reached else {
            return Verdict::NotJudged("not measured".to_owned());
        };
        let held = match self.against {
            Against::Fastest(_) | Against::Yes => reached >= must,
            Against::Ours(_) | Against::Itself => reached <= must,
        };
        let Against::Fastest(peers) = self.against else {
            return if held { Verdict::Held } else { Verdict::Short };
        };
        let is_missing =
            |peer: &&Peer| results.summary(self.work, Side::Peer(**peer), self.metric).is_none();
        match peers.iter().find(is_missing) {
            _ if !held => Verdict::Short,
            Some(peer) => Verdict::NotJudged(format!("without {}", peer.name())),
            None => Verdict::Held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Results in which every figure of these sides is given.
    fn results(figures: &[(Work, Side, &str, f64)]) -> Results {
        let mut results = Results::default();
        for &(work, side, metric, value) in figures {
            results.add(work, side, metric, value);
        }
        results
    }

    fn row(results: &Results, work: Work, at: usize) -> Row {
        rows(results, &[work]).swap_remove(at)
    }

    fn epochs(ours: f64, theirs: &[(Peer, f64)]) -> Results {
        let peers = theirs.iter().map(|&(peer, s)| (Work::Tutorial, Side::Peer(peer), EPOCH, s));
        let ours = (Work::Tutorial, Side::Ours, EPOCH, ours);
        results(&std::iter::once(ours).chain(peers).collect::<Vec<_>>())
    }

    #[test]
    fn the_ratio_is_taken_against_the_fastest_peer() {
        let mut all: Vec<_> = Peer::TRAINERS.iter().map(|&peer| (peer, 0.3)).collect();
        all[2] = (Peer::Pytorch, 0.24);
        let held = row(&epochs(0.08, &all), Work::Tutorial, 0);
        assert_eq!(held.rival.unwrap().0, "pytorch");
        assert_eq!(held.ratio, Some(0.24 / 0.08));
        assert_eq!(held.verdict, Verdict::Held);
        assert_eq!(row(&epochs(0.081, &all), Work::Tutorial, 0).verdict, Verdict::Short);
    }

    #[test]
    fn a_missing_peer_leaves_open_what_it_might_have_refuted() {
        let mut some: Vec<_> = Peer::TRAINERS.iter().map(|&peer| (peer, 0.25)).collect();
        some.retain(|(peer, _)| *peer != Peer::Pytorch);
        let verdict = |ours| row(&epochs(ours, &some), Work::Tutorial, 0).verdict;
        assert_eq!(verdict(0.05), Verdict::NotJudged("without pytorch".to_owned()));
        assert_eq!(verdict(0.1), Verdict::Short);
        let none = row(&epochs(0.05, &[]), Work::Tutorial, 0);
        assert_eq!(none.verdict, Verdict::NotJudged("not measured".to_owned()));
    }

    #[test]
    fn rates_and_limits_have_their_own_directions() {
        let metric = "images_per_second_256";
        let onnx = Side::Peer(Peer::Onnxruntime);
        let inference = results(&[
            (Work::Inference, Side::Ours, metric, 2.6e6),
            (Work::Inference, onnx, metric, 2e6),
        ]);
        let rate = row(&inference, Work::Inference, 0);
        assert_eq!((rate.ratio, rate.verdict), (Some(1.3), Verdict::Held));

        let slow = results(&[(Work::Loading, Side::Ours, PROCESS, 0.51)]);
        let limit = row(&slow, Work::Loading, 0);
        assert_eq!((limit.ratio, limit.verdict), (None, Verdict::Short));
        let unequal = results(&[(Work::Exact, Side::Ours, EXACT, 0.0)]);
        assert_eq!(row(&unequal, Work::Exact, 0).verdict, Verdict::Short);
    }

    #[test]
    fn our_own_work_is_compared_with_our_own() {
        let figures = [
            (Work::Tutorial, Side::Ours, EPOCH, 0.1),
            (Work::DenoisingFresh, Side::Ours, EPOCH, 0.15),
        ];
        let fresh = row(&results(&figures), Work::DenoisingFresh, 0);
        assert_eq!(fresh.rival.unwrap().0, "our tutorial");
        assert!((fresh.ratio.unwrap() - 1.5).abs() < 1e-12);
        assert_eq!(fresh.verdict, Verdict::Held);
    }

    #[test]
    fn other_epochs_than_the_usual_are_no_verdict_on_the_whole() {
        let mut short = results(&[(Work::Reproduce, Side::Ours, PROCESS, 1.0)]);
        short.epochs = Some(2);
        let reason = "another number of epochs".to_owned();
        assert_eq!(row(&short, Work::Reproduce, 0).verdict, Verdict::NotJudged(reason));
    }
}
