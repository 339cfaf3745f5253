//! When a trained model is doubted, and what the cause may be.

use ae_files::counted_as;
use ae_models::Penalty;
use ae_training::{Metrics, TrainingState, train_metric};

use super::{Cause, Diagnosis, Doubt};
use crate::plan::Plan;

/// A model has learned nothing if its error is more than this fraction of the mean's.
const NOTHING_LEARNED: f64 = 0.98;
/// A model is far worse than PCA if its error is more than this multiple of PCA's, and the difference is noticeable.
const FAR_WORSE: f64 = 1.5;
/// A difference of errors is noticeable if it is more than this fraction of the mean's error.
const NOTICEABLE: f64 = 0.05;
/// Fewer steps than this are most probably too few.
const FEW_STEPS: u64 = 2000;
/// Fewer training items than this are most probably too few.
const FEW_ITEMS: usize = 50;
/// From this learning rate on, Adam hardly ever converges.
const HIGH_RATE: f64 = 0.03;
/// A penalty that never was more than this fraction of the reconstruction loss does not make units die.
const SLIGHT: f64 = 0.02;
/// A divergence of the codes below this, in nats an item, says that the codes hold nothing.
const COLLAPSED: f64 = 0.1;

/// What the training was like: where the causes of doubts are sought.
#[derive(Debug, Clone, Default)]
pub(super) struct Circumstances {
    learning_rate: f64,
    /// Training items.
    items: usize,
    /// Values of the data that the output cannot reach.
    outside: usize,
    /// Whether only the largest numbers of a code stay.
    has_top_k: bool,
    penalties: Vec<Weighed>,
    /// The divergence of variational codes from their prior on the validation data, in nats an item.
    divergence: Option<f64>,
}

/// A penalty beside the reconstruction loss.
#[derive(Debug, Clone, Copy)]
struct Weighed {
    cause: Cause,
    weight: f32,
    /// The largest multiple of the reconstruction loss that it was in an epoch.
    most: f64,
    /// The multiple in the last epoch.
    last: f64,
}

impl Circumstances {
    pub(super) fn of(plan: &Plan, state: &TrainingState, has_top_k: bool, outside: usize) -> Self {
        let training = &plan.spec.training;
        let penalties = plan.objective.penalties.iter();
        let weighed = penalties.filter_map(|penalty| {
            let cause = match penalty {
                Penalty::CodeL1(_) => Cause::CodeL1,
                Penalty::Kl(_) => Cause::Kl,
                Penalty::KlSparsity(_) => Cause::Sparsity,
                Penalty::Contractive(_) => Cause::Contractive,
                _ => return None,
            };
            let loss = train_metric(training.loss, plan.counted());
            let [loss, own] = [loss, format!("train_{}", penalty.name())];
            let share = |metrics: &Metrics| {
                let [loss, own] = [metrics.get(&loss)?, metrics.get(&own)?];
                Some(own / loss.max(f64::MIN_POSITIVE))
            };
            let mut shares = state.curve().iter().filter_map(|row| share(&row.metrics));
            let last = shares.next_back()?;
            Some(Weighed {
                cause,
                weight: penalty.weight(),
                most: shares.fold(last, f64::max),
                last,
            })
        });
        let last = state.curve().last();
        Self {
            learning_rate: training.optimizer.learning_rate(),
            items: plan.dataset.train.len(),
            outside,
            has_top_k,
            penalties: weighed.collect(),
            divergence: last.and_then(|row| row.metrics.get("val_kl")).copied(),
        }
    }

    /// The penalty that was the largest beside the reconstruction loss, if it was more than a fraction of it.
    fn heaviest(&self, fraction: f64) -> Option<Cause> {
        let heavy = self.penalties.iter().filter(|penalty| penalty.most > fraction);
        heavy.max_by(|a, b| a.most.total_cmp(&b.most)).map(|penalty| penalty.cause)
    }

    /// Why units of the code may have died.
    fn cause_of_dead_units(&self) -> Cause {
        match self.heaviest(SLIGHT) {
            _ if self.learning_rate >= HIGH_RATE => Cause::LearningRate,
            _ if self.has_top_k => Cause::TopK,
            Some(penalty) => penalty,
            None => Cause::LearningRate,
        }
    }
}

impl Diagnosis {
    /// The reasons to doubt the model.
    pub(super) fn doubts(&self, circumstances: &Circumstances) -> Vec<Doubt> {
        let Self { model_mse, mean_mse, .. } = *self;
        if let Some(collapse) = self.collapse(circumstances) {
            // All else follows from it.
            return vec![collapse];
        }
        let mut doubts = Vec::new();
        let (dead, code_units, noun) = self.dead();
        let cause = self.cause(circumstances);
        if mean_mse > 0.0 && model_mse.is_nan() | (model_mse >= NOTHING_LEARNED * mean_mse) {
            let text = format!(
                "the model is no better than the mean of the training data: mse {model_mse:.5}, the mean \
                 has {mean_mse:.5}"
            );
            doubts.push(Doubt { text, cause });
        } else if let Some(pca) = self.pca_mse
            && model_mse > FAR_WORSE * pca
            && model_mse - pca > NOTICEABLE * mean_mse
        {
            let text = format!(
                "the model is far worse than PCA with {}: mse {model_mse:.5}, PCA has {pca:.5}",
                counted_as(self.components, "component")
            );
            doubts.push(Doubt { text, cause });
        }
        if let Some(noisy) = self.noisy_mse
            && model_mse >= noisy
        {
            let text = format!(
                "the denoised images are no better than the noisy ones: mse {model_mse:.5}, the noisy \
                 images have {noisy:.5}"
            );
            doubts.push(Doubt { text, cause });
        }
        // If all images are equal, so are the codes.
        if 4 * dead > code_units && mean_mse > 0.0 {
            let text = format!(
                "{dead} of {code_units} {noun} are dead: the same for all of the training data"
            );
            doubts.push(Doubt { text, cause: circumstances.cause_of_dead_units() });
        }
        let is_named = |cause| doubts.iter().any(|doubt: &Doubt| doubt.cause == cause);
        let dominant: Vec<&Weighed> = circumstances
            .penalties
            .iter()
            // A good variational model may well have a divergence above its reconstruction loss.
            .filter(|it| it.last > 1.0 && it.cause != Cause::Kl && !is_named(it.cause))
            .collect();
        doubts.extend(dominant.into_iter().map(|&Weighed { cause, last, .. }| {
            let text =
                format!("a penalty is {last:.1} times as large as the reconstruction loss, and rules the training");
            Doubt { text, cause }
        }));
        doubts
    }

    /// The number of dead units, that of all, and what they are called. A place of a map may well see nothing but
    /// background, a channel may not.
    fn dead(&self) -> (usize, usize, &'static str) {
        match (self.dead_code_channels, self.code_channels) {
            (Some(dead), Some(channels)) => (dead, channels, "channels of the code"),
            _ => (self.dead_code_units, self.code_units, "code units"),
        }
    }

    /// That the codes of a variational model say nothing, if so. If all images are equal, there is nothing to say.
    fn collapse(&self, circumstances: &Circumstances) -> Option<Doubt> {
        let divergence = circumstances.divergence.filter(|nats| *nats < COLLAPSED)?;
        let kl = circumstances.penalties.iter().find(|penalty| penalty.cause == Cause::Kl)?;
        let cause = match self.steps < FEW_STEPS {
            _ if circumstances.learning_rate >= HIGH_RATE => Cause::LearningRate,
            true if kl.weight <= 1.0 => Cause::FewSteps,
            _ => Cause::Kl,
        };
        let text = format!(
            "the codes say nothing of the data, and all reconstructions are alike (posterior collapse): their divergence \
             from N(0, 1) is {divergence:.5} nats an item"
        );
        (self.mean_mse > 0.0).then_some(Doubt { text, cause })
    }

    /// The likely cause of a large error.
    fn cause(&self, circumstances: &Circumstances) -> Cause {
        let (dead, code_units, _) = self.dead();
        let Circumstances { learning_rate, items, outside, .. } = *circumstances;
        if learning_rate >= HIGH_RATE {
            return Cause::LearningRate;
        }
        if 2 * dead >= code_units {
            return circumstances.cause_of_dead_units();
        }
        if let Some(penalty) = circumstances.heaviest(1.0) {
            return penalty;
        }
        match self.steps < FEW_STEPS {
            true => Cause::FewSteps,
            _ if items < FEW_ITEMS => Cause::FewItems,
            _ if outside > 0 => Cause::Output,
            _ => circumstances.heaviest(SLIGHT).unwrap_or(Cause::Network),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 1000 items and Adam's usual rate.
    fn usual() -> Circumstances {
        Circumstances { learning_rate: 0.001, items: 1000, ..Circumstances::default() }
    }

    fn with_penalty(cause: Cause, most: f64, last: f64) -> Circumstances {
        Circumstances { penalties: vec![Weighed { cause, weight: 1.0, most, last }], ..usual() }
    }

    fn diagnosis(model_mse: f64, steps: u64, dead: usize) -> Diagnosis {
        Diagnosis {
            steps,
            model_mse,
            mean_mse: 0.1,
            pca_mse: Some(0.02),
            no_pca: None,
            noisy_mse: None,
            mean_bce: None,
            components: 4,
            sample: 100,
            code_units: 4,
            dead_code_units: dead,
            code_channels: None,
            dead_code_channels: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn a_model_that_has_learned_is_not_doubted() {
        assert_eq!(diagnosis(0.029, 5000, 1).doubts(&usual()), []);
        // A large ratio to PCA does not matter if both errors are tiny.
        let small = Diagnosis { pca_mse: Some(1e-9), ..diagnosis(1e-3, 5000, 0) };
        assert_eq!(small.doubts(&usual()), []);
    }

    #[test]
    fn a_model_like_the_mean_is_doubted_with_its_cause() {
        for (steps, dead, rate, items, outside, cause) in [
            (50, 0, 0.001, 9, 0, Cause::FewSteps),
            (50, 4, 0.001, 999, 0, Cause::LearningRate),
            (9000, 0, 5.0, 999, 0, Cause::LearningRate),
            (9000, 0, 0.001, 999, 7, Cause::Output),
            (9000, 0, 0.001, 49, 0, Cause::FewItems),
            (9000, 0, 0.001, 50, 0, Cause::Network),
        ] {
            let circumstances = Circumstances { learning_rate: rate, items, outside, ..usual() };
            let doubts = diagnosis(0.0999, steps, dead).doubts(&circumstances);
            assert_eq!(doubts[0].cause, cause, "{doubts:?}");
            assert!(doubts[0].text.contains("no better than the mean"), "{doubts:?}");
            assert_eq!(doubts.len(), if dead > 0 { 2 } else { 1 });
        }
    }

    #[test]
    fn a_denoiser_that_is_no_better_than_the_noise_is_doubted() {
        let denoiser = Diagnosis { noisy_mse: Some(0.02), ..diagnosis(0.019, 9000, 0) };
        assert_eq!(denoiser.doubts(&usual()), []);
        let doubts = Diagnosis { noisy_mse: Some(0.018), ..denoiser }.doubts(&usual());
        assert!(doubts[0].text.contains("than the noisy ones: mse 0.01900"), "{doubts:?}");
        assert_eq!((doubts.len(), doubts[0].cause), (1, Cause::Network));
    }

    #[test]
    fn of_maps_whole_channels_are_dead_and_no_single_places() {
        let maps = Diagnosis {
            code_units: 128,
            code_channels: Some(8),
            dead_code_channels: Some(0),
            ..diagnosis(0.02, 9000, 100)
        };
        assert_eq!(maps.doubts(&usual()), []);
        let doubts = Diagnosis { dead_code_channels: Some(3), ..maps }.doubts(&usual());
        assert!(doubts[0].text.contains("3 of 8 channels of the code are dead"), "{doubts:?}");
    }

    #[test]
    fn a_model_far_behind_pca_is_doubted() {
        let doubts = diagnosis(0.04, 100, 0).doubts(&usual());
        assert_eq!(doubts.len(), 1);
        assert_eq!(doubts[0].cause, Cause::FewSteps);
        assert!(doubts[0].text.contains("far worse than PCA with 4 components"), "{doubts:?}");
    }

    #[test]
    fn dead_units_are_blamed_on_what_kills_them() {
        let dead = diagnosis(0.03, 9000, 3);
        let top_k = Circumstances { has_top_k: true, ..usual() };
        let fast = Circumstances { learning_rate: 0.1, ..top_k.clone() };
        for (circumstances, cause) in [
            (usual(), Cause::LearningRate),
            (top_k, Cause::TopK),
            (fast, Cause::LearningRate),
            (with_penalty(Cause::CodeL1, 0.5, 0.01), Cause::CodeL1),
            (with_penalty(Cause::CodeL1, 0.001, 0.001), Cause::LearningRate),
        ] {
            let doubts = dead.doubts(&circumstances);
            assert!(doubts[0].text.contains("3 of 4 code units are dead"), "{doubts:?}");
            assert_eq!((doubts.len(), doubts[0].cause), (1, cause), "{circumstances:?}");
        }
    }

    #[test]
    fn a_penalty_that_rules_the_training_is_named() {
        let good = diagnosis(0.02, 9000, 0);
        for cause in [Cause::CodeL1, Cause::Sparsity, Cause::Contractive] {
            let doubts = good.doubts(&with_penalty(cause, 3.0, 1.5));
            assert!(
                doubts[0].text.contains("1.5 times as large as the reconstruction"),
                "{doubts:?}"
            );
            assert_eq!((doubts.len(), doubts[0].cause), (1, cause));
            assert_eq!(good.doubts(&with_penalty(cause, 3.0, 0.9)), []);
            // It has pushed the code to where it costs nothing, and nothing was learned.
            let doubts = diagnosis(0.0999, 9000, 0).doubts(&with_penalty(cause, 0.5, 0.0));
            assert_eq!((doubts.len(), doubts[0].cause), (1, cause));
        }
        assert_eq!(good.doubts(&with_penalty(Cause::Kl, 1.5, 1.5)), []);
    }

    #[test]
    fn a_collapsed_posterior_is_the_only_doubt() {
        let learned_nothing = |steps| diagnosis(0.0999, steps, 4);
        let of = |divergence, weight| {
            let kl = Weighed { cause: Cause::Kl, weight, most: 0.2, last: 0.0 };
            Circumstances { penalties: vec![kl], divergence: Some(divergence), ..usual() }
        };
        for (steps, weight, cause) in
            [(9000, 1.0, Cause::Kl), (50, 1.0, Cause::FewSteps), (50, 20.0, Cause::Kl)]
        {
            let doubts = learned_nothing(steps).doubts(&of(0.01, weight));
            assert!(doubts[0].text.contains("0.01000 nats an item"), "{doubts:?}");
            assert_eq!((doubts.len(), doubts[0].cause), (1, cause), "{steps} {weight}");
        }
        assert_eq!(diagnosis(0.02, 9000, 0).doubts(&of(20.0, 1.0)), []);
        assert_eq!(
            Diagnosis { mean_mse: 0.0, ..diagnosis(0.0, 9000, 4) }.doubts(&of(0.0, 1.0)),
            []
        );
    }
}
