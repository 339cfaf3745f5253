//! `summary.json`: what was reached, for scripts.

use serde_json::{Value, json};

use super::Run;
use super::record::{Bound, Expectation};
use crate::Outcome;

/// The summary's text. Of a run that failed it holds the name and nulls.
pub(crate) fn render(runs: &[Run]) -> String {
    let summary = json!({
        "schema": 1,
        "ok": super::outcome(runs) == Outcome::Held,
        "experiments": runs.iter().map(experiment).collect::<Vec<_>>(),
    });
    format!("{summary:#}\n")
}

fn experiment(run: &Run) -> Value {
    match &run.result {
        Err(_) => json!({
            "name": run.name, "ok": false, "dataset": null, "epochs": null, "seconds": null,
            "metrics": {}, "weights_sha256": null, "expected": [],
        }),
        Ok(record) => json!({
            "name": run.name,
            "ok": record.held(),
            "dataset": record.dataset.name,
            "epochs": record.epochs,
            "seconds": record.seconds,
            "metrics": record.metrics,
            "weights_sha256": record.weights_sha256,
            "expected": record.expected.iter().map(expectation).collect::<Vec<_>>(),
        }),
    }
}

fn expectation(expectation: &Expectation) -> Value {
    let (side, bound) = match expectation.bound {
        Bound::AtMost(bound) => ("at_most", bound),
        Bound::AtLeast(bound) => ("at_least", bound),
    };
    json!({
        "metric": expectation.metric,
        side: bound,
        "published": expectation.published,
        "source": expectation.source,
    })
}

#[cfg(test)]
mod tests {
    use super::super::record::Verdict;
    use super::super::tests::{example_run, failed_run};
    use super::*;

    fn parsed(runs: &[Run]) -> Value {
        serde_json::from_str(&render(runs)).unwrap()
    }

    #[test]
    fn it_holds_what_the_contract_says_and_no_more() {
        let expected = json!({
            "schema": 1, "ok": true,
            "experiments": [{
                "name": "regular", "ok": true, "dataset": "mnist", "epochs": 50, "seconds": 12.345,
                "metrics":
                    {"train_bce": 0.0924, "val_bce": 0.09152, "val_mse": 0.009621, "val_psnr": null},
                "weights_sha256": "5e1f",
                "expected": [
                    {"metric": "val_bce", "at_most": 0.092, "published": "0.093",
                     "source": "Keras blog"},
                    {"metric": "val_psnr", "at_least": 20.5, "published": "-", "source": "measured"}
                ]
            }]
        });
        assert_eq!(parsed(&[example_run()]), expected);
    }

    #[test]
    fn one_short_or_failed_run_makes_the_whole_not_ok() {
        let failed = parsed(&[example_run(), failed_run()]);
        assert_eq!(failed["ok"], false);
        assert_eq!(failed["experiments"][0]["ok"], true);
        assert_eq!(failed["experiments"][1]["ok"], false);
        assert_eq!(failed["experiments"][1]["weights_sha256"], Value::Null);

        let mut short = example_run();
        short.result.as_mut().unwrap().expected[0].verdict = Verdict::Short;
        let short = parsed(&[short]);
        assert_eq!(short["ok"], false);
        assert_eq!(short["experiments"][0]["ok"], false);
    }
}
