//! What to type next: the commands and flags that help against an error of a library.
//!
//! The libraries say what is wrong in plain words and do not know the command line. This is the one place that
//! adds its flags to their messages.

use std::error::Error;
use std::path::Path;

use ae_apply::ApplyError;
use ae_dataset::{DatasetError, FormatError, PairError, PatchError, Resize};
use ae_experiment::ExperimentError;
use ae_models::ModelError;
use ae_studies::StudyError;

/// How a variational autoencoder is had.
const VARIATIONAL: &str =
    "`ae train --network vae` or `--network conv-vae` trains a variational autoencoder";

/// What helps against transparent pixels.
const BACKGROUND: &str = "--background white (or black, #rrggbb) puts it onto that colour";

/// The hint for the first cause that has one.
pub(crate) fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(hint_of)
}

fn hint_of(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = cause.downcast_ref::<StudyError>() {
        return of_study(error);
    }
    if let Some(error) = cause.downcast_ref::<ExperimentError>() {
        return of_experiment(error);
    }
    if let Some(error) = cause.downcast_ref::<ApplyError>() {
        return of_application(error);
    }
    of_data(cause.downcast_ref()?)
}

fn of_study(error: &StudyError) -> Option<String> {
    match error {
        StudyError::NoStudy { .. } => Some("`ae train SPEC` runs it".to_owned()),
        StudyError::Experiment(error) => of_experiment(error),
        StudyError::Apply(error) => of_application(error),
        StudyError::Dataset(error) => of_data(error),
        _ => None,
    }
}

fn of_experiment(error: &ExperimentError) -> Option<String> {
    let resume = |path: &Path| format!("`ae resume {}` goes on with it", path.display());
    match error {
        ExperimentError::RunExists { path } => {
            Some(format!("{}, --out names another folder, and --force replaces it", resume(path)))
        }
        ExperimentError::Study { .. } => Some("`ae study SPEC` runs it".to_owned()),
        ExperimentError::Unfinished { path } => Some(resume(path)),
        ExperimentError::Changed { .. } | ExperimentError::OtherSize { .. } => {
            Some("--data names the data, and `ae train` begins a new run".to_owned())
        }
        ExperimentError::ImageSize { nearest, resize, .. } => {
            let [height, width] = nearest.first()?;
            let resize = if *resize == Resize::None { Resize::Fit } else { *resize };
            Some(format!(
                "`--size {height}x{width} --resize {resize}` brings pictures to that size, \
                 `--patches {height}x{width}` cuts parts of that size from them"
            ))
        }
        ExperimentError::Model(ModelError::Objective { what, .. })
            if what == "the penalty `kl`" =>
        {
            Some(VARIATIONAL.to_owned())
        }
        ExperimentError::Apply(error) => of_application(error),
        // Where a model is trained, not where one is applied.
        ExperimentError::Dataset(DatasetError::OtherSizes { .. }) => Some(
            "--patches 48x48 trains on parts of pictures of any size, and --resize brings them to one size"
                .to_owned(),
        ),
        ExperimentError::Dataset(error) => of_data(error),
        _ => None,
    }
}

fn of_application(error: &ApplyError) -> Option<String> {
    match error {
        ApplyError::NoLabels { .. } => Some("--label-column names the column".to_owned()),
        ApplyError::NotFitted { path } => {
            Some(format!("`ae anomaly fit {} DATA` fits one to normal items", path.display()))
        }
        ApplyError::NoNoiseLevel { .. } => {
            Some("`--sigma 25/255` sets a noise level of 25 grey levels".to_owned())
        }
        ApplyError::NotVariational => Some(VARIATIONAL.to_owned()),
        ApplyError::NoPartners { .. } => {
            Some("--target names the folder of the clean pictures, --noise a noise".to_owned())
        }
        ApplyError::NoCodec => Some("`ae resume RUN` attaches it".to_owned()),
        ApplyError::Dataset(error) => of_data(error),
        _ => None,
    }
}

fn of_data(error: &DatasetError) -> Option<String> {
    let hint = match error {
        DatasetError::Exists { .. } => "--force replaces it",
        DatasetError::BadPictures { are_transparent, .. } if *are_transparent > 0 => BACKGROUND,
        DatasetError::BadPictures { .. } | DatasetError::BadItem { .. } => {
            "--skip-bad leaves them out"
        }
        DatasetError::BadRows { arguments, count, total, .. } => {
            let rows = (count < total).then_some("--skip-bad leaves such rows out");
            let columns = arguments
                .as_ref()
                .map(|names| format!("--drop-columns {names} leaves such columns out"));
            let both: Vec<String> = rows.map(str::to_owned).into_iter().chain(columns).collect();
            return (!both.is_empty()).then(|| both.join(", "));
        }
        DatasetError::OtherSizes { .. } => "--resize fit or --resize crop brings them to one size",
        DatasetError::Patches(PatchError::SmallPictures { .. })
        | DatasetError::Pairs(PairError::NoPartner { .. } | PairError::Sizes { .. }) => {
            "--skip-bad leaves them out"
        }
        DatasetError::InputSize { expected, found, .. }
            if (expected.height, expected.width) != (found.height, found.width) =>
        {
            "--resize fit or --resize crop brings them to that size"
        }
        DatasetError::Format { source, .. } | DatasetError::Page { source, .. } => {
            return of_format(source);
        }
        DatasetError::Environment(source) | DatasetError::Mismatch { source, .. } => {
            return of_data(source);
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

fn of_format(error: &FormatError) -> Option<String> {
    let hint = match error {
        FormatError::NoHeader { .. } => "--header yes if the first line names the columns",
        FormatError::LabelLeftOut { .. } => "--label-column and --drop-columns both name it",
        FormatError::Transparent => BACKGROUND,
        FormatError::NoColumns => "--label-column and --drop-columns leave none",
        FormatError::MissingColumns { .. } => "--header no if the first line is a row",
        FormatError::UnknownColumns { .. } | FormatError::ColumnCount { .. } => {
            "--drop-columns leaves columns out, and --label-column names the classes"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// A hint, unless the message says it already: every flag and command in it.
pub(crate) fn unless_said(hint: String, message: &str) -> Option<String> {
    let flags = hint.split([' ', ',', '`']).filter(|word| word.starts_with("--"));
    let commands = hint
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|command| command.split(' ').take(2).collect::<Vec<_>>().join(" "));
    let mut words = flags.map(str::to_owned).chain(commands);
    (!words.all(|word| message.contains(&word))).then_some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_given_once() {
        let hint = || "`ae resume runs/a` goes on with it, --force replaces it".to_owned();
        assert_eq!(unless_said(hint(), "runs/a exists already"), Some(hint()));
        assert_eq!(unless_said(hint(), "exists; `ae resume x` or --force"), None);
    }

    #[test]
    fn the_hint_of_an_inner_error_is_found() {
        let inner = ApplyError::NotFitted { path: "runs/a".into() };
        let error = anyhow::Error::new(ExperimentError::from(inner)).context("outer");
        assert_eq!(
            hint(&error).as_deref(),
            Some("`ae anomaly fit runs/a DATA` fits one to normal items")
        );
        assert_eq!(hint(&anyhow::anyhow!("other")), None);
    }

    #[test]
    fn the_hint_against_opacity_is_that_of_a_picture_of_a_page_and_of_many() {
        let source = || FormatError::Transparent;
        let (first, count, total) = (vec!["a.png".to_owned()], 2, 3);
        for error in [
            DatasetError::Format { path: "a.png".into(), source: source() },
            DatasetError::Page { path: "a.tif".into(), number: 2, source: source() },
            DatasetError::BadPictures {
                folder: "a".into(),
                first,
                count,
                total,
                are_transparent: 1,
            },
        ] {
            assert_eq!(hint(&error.into()).as_deref(), Some(BACKGROUND));
        }
    }
}
