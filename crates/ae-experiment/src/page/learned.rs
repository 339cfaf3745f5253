//! What a run has learned, in plain words: from its diagnosis and its curve.

use ae_files::counted_as;
use ae_report::page::{Fact, Finding, Tone, counted, number, significant};

use super::curve::Curve;
use crate::{Diagnosis, Record};

/// A validation loss that has risen by more than this fraction of its lowest value says that the model overfits.
const RISEN: f64 = 0.01;
/// A validation loss that fell by more than this fraction in the last tenth of the epochs is still falling.
const FALLING: f64 = 0.01;
/// A validation loss above this multiple of the training loss shows a gap.
const GAP: f64 = 1.1;
/// Fewer epochs than these show no trend.
const FEW_EPOCHS: usize = 5;

/// The names of metrics in words.
const WORDS: [(&str, &str); 14] = [
    ("bce", "binary cross-entropy"),
    ("mse", "squared error"),
    ("mae", "absolute error"),
    ("sse", "squared error, summed"),
    ("psnr", "peak signal-to-noise ratio"),
    ("ssim", "structural similarity"),
    ("kl", "divergence of the codes"),
    ("negative_elbo", "negative evidence lower bound"),
    ("blind_spot_mse", "squared error at blind spots"),
    ("nll", "negative log-likelihood"),
    ("learning_rate", "learning rate"),
    ("code_l1", "L1 penalty on the code"),
    ("sparsity", "sparsity penalty"),
    ("contractive", "contractive penalty"),
];

/// A metric's name without the part that it was measured on.
pub(super) fn without_prefix(name: &str) -> &str {
    let prefixes = ["train_", "val_"];
    prefixes.into_iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name)
}

/// A metric in words, without the part that it was measured on.
pub(super) fn words_of(name: &str) -> String {
    let bare = without_prefix(name);
    let known = WORDS.iter().find(|(known, _)| *known == bare);
    known.map_or_else(|| bare.replace('_', " "), |(_, words)| (*words).to_owned())
}

/// What a metric means, for a table; empty if it is a study's own.
pub(super) fn meaning_of(name: &str) -> String {
    let bare = name.strip_prefix("noisy_").unwrap_or_else(|| without_prefix(name));
    let Some((_, words)) = WORDS.iter().find(|(known, _)| *known == bare) else {
        return String::new();
    };
    let unit = match bare {
        "bce" | "mse" | "mae" => " per value",
        "sse" => " over the values of an item",
        "psnr" => " in dB",
        "kl" | "negative_elbo" | "nll" => " in nats an item",
        _ => "",
    };
    let of = match name.split_once('_') {
        Some(("noisy", _)) => ", of the noisy input",
        Some(("train", _)) => ", training",
        Some(("val", _)) => ", validation",
        _ => "",
    };
    format!("{words}{unit}{of}")
}

/// How many times smaller than that of the mean the squared error of a model is that has learned something.
const LEARNED: f64 = 1.1;

/// The model beside the mean and PCA, for the head of the page.
pub(super) fn comparisons(record: &Record) -> Vec<Fact> {
    let Some(diagnosis) = &record.diagnosis else { return Vec::new() };
    let Diagnosis { model_mse, mean_mse, pca_mse, noisy_mse, components, .. } = diagnosis;
    let of = |label: &str, other: f64, what: &str| {
        let (value, note) = match other / model_mse {
            ratio if !ratio.is_finite() => return None,
            ratio if ratio >= 1.0 => (ratio, format!("smaller squared error than {what}")),
            ratio => (1.0 / ratio, format!("larger squared error than {what}")),
        };
        Some(Fact::new(label, format!("{} ×", significant(value, 2))).with_note(note))
    };
    let against = match (noisy_mse, pca_mse) {
        (Some(noisy), _) => of("against the noise", *noisy, "the noisy input"),
        (None, Some(pca)) => {
            let what = format!("PCA with {}", counted_as(*components, "component"));
            of("against PCA", *pca, &what)
        }
        (None, None) => None,
    };
    let mean = of("against the mean", *mean_mse, "the mean of the training data");
    mean.into_iter().chain(against).collect()
}

/// The verdict on a run of which nothing was expected and that nothing lets one doubt.
pub(super) fn headline(record: &Record) -> Finding {
    let Some(Diagnosis { model_mse, mean_mse, pca_mse, noisy_mse, .. }) = &record.diagnosis else {
        return Finding::neutral("Finished. No number was expected of it.");
    };
    let ratio = |other: f64| significant(other / model_mse, 2);
    let text = match (noisy_mse, pca_mse) {
        (Some(noisy), _) if noisy > model_mse => format!(
            "It removes noise: the squared error is {} times smaller than that of the noisy input.",
            ratio(*noisy)
        ),
        (_, Some(pca)) if pca > model_mse => format!(
            "It has learned more than PCA: the squared error is {} times smaller with a code as long.",
            ratio(*pca)
        ),
        _ if *mean_mse > model_mse * LEARNED => format!(
            "It has learned: the squared error is {} times smaller than that of predicting the mean.",
            ratio(*mean_mse)
        ),
        _ if mean_mse > model_mse => {
            let text = "It has hardly learned: the squared error is about that of predicting the mean. \
                        More epochs or smaller batches may help.";
            return Finding::new(Tone::Doubtful, text);
        }
        _ => return Finding::neutral("Finished. No number was expected of it."),
    };
    Finding::new(Tone::Good, text)
}

/// Everything that can be said of a run, a sentence each. `loss` names the training loss and the validation loss.
pub(super) fn findings(record: &Record, curve: &Curve, loss: Option<[String; 2]>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(diagnosis) = &record.diagnosis {
        let doubts = diagnosis.warnings.iter();
        findings.extend(doubts.map(|doubt| {
            let text = format!("{}; the likely cause: {}.", capitalised(&doubt.text), doubt.cause);
            Finding::new(Tone::Doubtful, text)
        }));
        findings.extend(beside_baselines(diagnosis));
        findings.push(units(diagnosis));
    }
    if let Some([training, validation]) = loss {
        findings.extend(trend(&curve.of(&training), &curve.of(&validation)));
    }
    findings
}

fn beside_baselines(diagnosis: &Diagnosis) -> Vec<Finding> {
    let Diagnosis { model_mse, mean_mse, pca_mse, noisy_mse, components, .. } = diagnosis;
    let compared = |other: f64, what: &str| {
        let (better, times) = (model_mse < &other, other / model_mse);
        let times = significant(if better { times } else { 1.0 / times }, 2);
        let (tone, word) =
            if better { (Tone::Good, "smaller") } else { (Tone::Doubtful, "larger") };
        let text = format!(
            "The squared error per value, {}, is {times} times {word} than that of {what}, {}.",
            number(*model_mse),
            number(other)
        );
        Finding::new(tone, text)
    };
    let mut findings = vec![compared(*mean_mse, "predicting the mean of the training data")];
    match (pca_mse, diagnosis.no_pca) {
        (Some(pca), _) => {
            let components = counted_as(*components, "component");
            findings.push(compared(*pca, &format!("PCA with {components}, a code as long")));
        }
        (None, Some(reason)) => {
            findings.push(Finding::neutral(format!("Not compared with PCA: {reason}.")));
        }
        (None, None) => {}
    }
    if let Some(noisy) = noisy_mse {
        findings.push(compared(*noisy, "the noisy input"));
    }
    findings
}

/// The units of the code that do nothing.
fn units(diagnosis: &Diagnosis) -> Finding {
    let (dead, all, noun) = match (diagnosis.dead_code_channels, diagnosis.code_channels) {
        (Some(dead), Some(all)) => (dead, all, "channel"),
        _ => (diagnosis.dead_code_units, diagnosis.code_units, "unit"),
    };
    let sample = counted(diagnosis.sample);
    match dead {
        0 => Finding::new(
            Tone::Good,
            format!(
                "Every {noun} of the code is in use: none of the {all} is the same for all of {sample} training items."
            ),
        ),
        dead => {
            let verb = if dead == 1 { "is" } else { "are" };
            let text = format!(
                "{dead} of {} of the code {verb} dead: the same for all of {sample} training items.",
                counted_as(all, noun)
            );
            Finding::new(Tone::Doubtful, text)
        }
    }
}

/// Whether the model overfits, and whether more epochs would help.
fn trend(training: &[(u32, f64)], validation: &[(u32, f64)]) -> Vec<Finding> {
    let (Some(&(last_epoch, last)), true) = (validation.last(), validation.len() >= FEW_EPOCHS)
    else {
        return Vec::new();
    };
    let (best_epoch, best) = validation
        .iter()
        .copied()
        .fold((last_epoch, last), |best, row| if row.1 < best.1 { row } else { best });
    let mut findings = Vec::new();
    // A loss on few items goes up and down: means over a tenth of the epochs show where it goes.
    let tenth = (validation.len() / 10).max(1);
    let means: Vec<f64> = validation
        .windows(tenth)
        .map(|window| window.iter().map(|row| row.1).sum::<f64>() / tenth as f64)
        .collect();
    let end = means[means.len() - 1];
    let lowest = means.iter().copied().fold(end, f64::min);
    let risen = (end - lowest) / lowest.abs().max(f64::MIN_POSITIVE);
    let fell = means[means.len() - 1 - tenth] - end;
    if risen > RISEN {
        let text = format!(
            "It overfits: the validation loss was lowest after epoch {best_epoch}, {}, and has risen by {} % since. The \
             weights of that epoch are in checkpoints/best.safetensors.",
            number(best),
            significant(100.0 * risen, 2)
        );
        return vec![Finding::new(Tone::Doubtful, text)];
    }
    if fell > FALLING * best.abs() {
        let text =
            "The validation loss was still falling at the end: more epochs would probably help.";
        findings.push(Finding::neutral(text));
    } else {
        let text = format!(
            "No sign of overfitting: the validation loss ends at {}, its lowest value being {}.",
            number(last),
            number(best)
        );
        findings.push(Finding::new(Tone::Good, text));
    }
    if let Some(&(_, of_training)) = training.last()
        && of_training > 0.0
        && last > GAP * of_training
    {
        findings.push(Finding::neutral(format!(
            "The validation loss is {} times the training loss: the model does better on what it has seen.",
            significant(last / of_training, 2)
        )));
    }
    findings
}

/// What is odd about the data.
pub(super) fn doubts_about_data(record: &Record) -> Vec<Finding> {
    let duplicates = record.validation_duplicates;
    let (skipped, substituted) = (record.dataset.skipped, &record.dataset.substituted);
    let doubtful = |text: String| Finding::new(Tone::Doubtful, text);
    let mut findings = Vec::new();
    findings.extend(substituted.iter().map(|why| doubtful(format!("{}.", capitalised(why)))));
    if duplicates > 0 {
        let items = counted_as(duplicates, "validation item");
        findings.push(doubtful(format!("Equal to training items: {items}.")));
    }
    if skipped > 0 {
        findings.push(doubtful(format!("Left out, as they could not be read: {skipped}.")));
    }
    if record.values_outside > 0 {
        let values = counted_as(record.values_outside, "value");
        findings
            .push(doubtful(format!("Outside of [0, 1], which the output cannot reach: {values}.")));
    }
    findings
}

/// With a capital at the beginning and no dot at the end.
fn capitalised(text: &str) -> String {
    let mut letters = text.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(values: &[f64]) -> Vec<String> {
        let rows: Vec<(u32, f64)> = (1..).zip(values.iter().copied()).collect();
        let training: Vec<(u32, f64)> = rows.iter().map(|&(epoch, _)| (epoch, 0.1)).collect();
        trend(&training, &rows).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_rising_validation_loss_is_overfitting() {
        let found = texts(&[0.5, 0.2, 0.22, 0.23, 0.25]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("It overfits: the validation loss was lowest after epoch 2, 0.2000, and has risen by 25 %"),
            "{found:?}"
        );
    }

    #[test]
    fn a_falling_one_asks_for_more_epochs_and_a_flat_one_for_nothing() {
        let found = texts(&[0.5, 0.4, 0.3, 0.2, 0.105]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("more epochs would probably help"), "{found:?}");
        // A single low value among others is luck.
        let noise = (0..100).map(|epoch| if epoch == 50 { 0.19 } else { 0.2 }).collect::<Vec<_>>();
        assert!(texts(&noise)[0].starts_with("No sign of overfitting"), "{:?}", texts(&noise));
        let found = texts(&[0.5, 0.4, 0.3, 0.2, 0.2]);
        assert!(found[0].starts_with("No sign of overfitting"), "{found:?}");
        assert!(
            found[1].starts_with("The validation loss is 2.0 times the training loss"),
            "{found:?}"
        );
        // Two epochs show nothing.
        assert_eq!(texts(&[0.5, 0.6]), [""; 0]);
    }

    #[test]
    fn metrics_have_words() {
        assert_eq!(words_of("val_bce"), "binary cross-entropy");
        assert_eq!(words_of("accuracy_of_codes"), "accuracy of codes");
        assert_eq!(
            meaning_of("noisy_psnr"),
            "peak signal-to-noise ratio in dB, of the noisy input"
        );
        assert_eq!(meaning_of("auroc"), "");
    }
}
