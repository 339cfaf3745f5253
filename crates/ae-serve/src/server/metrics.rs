//! What was served, in the text format of Prometheus.
//!
//! The numbers are a few counters of routes that are known; a crate for metrics would be larger than this file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the histogram's buckets in seconds.
const BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Counters of requests.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    // One thread serves the network, so nobody waits for the lock.
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    answers: BTreeMap<(&'static str, u16), u64>,
    times: BTreeMap<&'static str, Times>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Times {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

/// What is measured at the moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gauges {
    /// Requests that wait or are computed.
    pub(crate) queued: usize,
    /// Bytes of bodies and answers in memory.
    pub(crate) held: usize,
}

impl Metrics {
    /// Counts an answer.
    pub(crate) fn count(&self, route: &'static str, status: u16, time: Duration) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.answers.entry((route, status)).or_default() += 1;
        let times = counts.times.entry(route).or_default();
        let seconds = time.as_secs_f64();
        times.count += 1;
        times.sum += seconds;
        let buckets = times.buckets.iter_mut().zip(BOUNDS);
        buckets.filter(|(_, bound)| seconds <= *bound).for_each(|(count, _)| *count += 1);
    }

    /// All numbers as text.
    pub(crate) fn text(&self, Gauges { queued, held }: Gauges) -> String {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::new();
        let _ = write_counts(&mut text, &counts);
        for (name, help, value) in [
            ("ae_requests_queued", "Requests that wait or are computed.", queued),
            ("ae_held_bytes", "Bytes of bodies and answers in memory.", held),
        ] {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        text
    }
}

fn write_counts(text: &mut String, counts: &Counts) -> std::fmt::Result {
    text.push_str(
        "# HELP ae_requests_total Answers by route and status.\n# TYPE ae_requests_total counter\n",
    );
    for ((route, status), count) in &counts.answers {
        writeln!(text, "ae_requests_total{{route=\"{route}\",status=\"{status}\"}} {count}")?;
    }
    let name = "ae_request_seconds";
    writeln!(text, "# HELP {name} Time from the head of a request to that of its answer.")?;
    writeln!(text, "# TYPE {name} histogram")?;
    for (route, Times { buckets, count, sum }) in &counts.times {
        for (bound, below) in BOUNDS.iter().zip(buckets) {
            writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"{bound}\"}} {below}")?;
        }
        writeln!(text, "{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {count}")?;
        writeln!(text, "{name}_sum{{route=\"{route}\"}} {sum}")?;
        writeln!(text, "{name}_count{{route=\"{route}\"}} {count}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative() {
        let metrics = Metrics::default();
        for millis in [1, 4, 700] {
            metrics.count("/v1/encode", 200, Duration::from_millis(millis));
        }
        metrics.count("/v1/encode", 422, Duration::from_secs(60));
        let text = metrics.text(Gauges { queued: 3, held: 7 });
        for line in [
            "ae_requests_total{route=\"/v1/encode\",status=\"200\"} 3",
            "ae_requests_total{route=\"/v1/encode\",status=\"422\"} 1",
            "ae_request_seconds_bucket{route=\"/v1/encode\",le=\"0.001\"} 1",
            "ae_request_seconds_bucket{route=\"/v1/encode\",le=\"0.005\"} 2",
            "ae_request_seconds_bucket{route=\"/v1/encode\",le=\"30\"} 3",
            "ae_request_seconds_bucket{route=\"/v1/encode\",le=\"+Inf\"} 4",
            "ae_request_seconds_count{route=\"/v1/encode\"} 4",
            "ae_requests_queued 3",
            "ae_held_bytes 7",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
