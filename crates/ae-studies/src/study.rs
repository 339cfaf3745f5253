//! What a kind of study is, and which kinds there are.

use ae_experiment::{Spec, StudySpec};

use crate::StudyError;
use crate::photographs::TestSet;
use crate::setup::{Setup, StudyModel};
use crate::workbench::Workbench;

/// One kind of study. The files that it leaves are listed by its [`StudySpec::artefacts`].
pub(crate) trait Study {
    /// The spec, completed before its data is loaded.
    fn prepared(&self, spec: Spec) -> Result<Spec, StudyError> {
        Ok(spec)
    }

    /// The whole pictures on which the models are judged, if they are not those of the spec's data.
    fn test_sets(&self) -> Result<Vec<TestSet>, StudyError> {
        Ok(Vec::new())
    }

    /// Checks all settings against the spec and its data, before anything is written; the models that
    /// [`run`](Self::run) will train, in its order.
    fn check(&self, setup: &Setup) -> Result<Vec<StudyModel>, StudyError>;

    /// Trains the models, and leaves figures, tables and metrics.
    fn run(&self, bench: &mut Workbench) -> Result<(), StudyError>;
}

/// The study that a spec asks for.
pub(crate) fn study_of(spec: &StudySpec) -> &dyn Study {
    match spec {
        StudySpec::DimensionalityReduction(study) => study,
        StudySpec::DenoisingComparison(study) => study,
        StudySpec::AnomalyDetection(study) => study,
        StudySpec::FeatureLearning(study) => study,
        StudySpec::Compression(study) => study,
        StudySpec::Classification(study) => study,
        StudySpec::Photographs(study) => study,
    }
}
