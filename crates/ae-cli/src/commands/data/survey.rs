//! What a folder holds that is no data set as it is, and which flags make it one.

use std::path::Path;

use ae_dataset::{DatasetError, FolderSurvey, SizeCount, TrainingNeed, survey_folder};
use ae_files::{counted_as, printable, shown};
use serde_json::json;

use crate::args::Common;
use crate::{output, progress};

/// Sizes and classes that are listed.
const LISTED: usize = 12;

/// Whether a folder is refused for its pictures. A survey says more than the refusal.
fn is_about_pictures(folder: &Path, error: &anyhow::Error) -> bool {
    folder.is_dir()
        && matches!(
            error.downcast_ref(),
            Some(
                DatasetError::MixedFolder { .. }
                    | DatasetError::BadPictures { .. }
                    | DatasetError::OtherSizes { .. }
                    | DatasetError::TooManyClasses { .. }
            )
        )
}

/// Tells what is in a folder that was refused as a data set.
///
/// # Errors
/// The refusal, if there are no pictures in the folder.
pub(super) fn describe(
    folder: &Path,
    refusal: anyhow::Error,
    common: &Common,
) -> anyhow::Result<()> {
    if !is_about_pictures(folder, &refusal) {
        return Err(refusal);
    }
    let survey = survey_folder(folder, progress::data(common).as_mut())?;
    if survey.pictures == 0 {
        return Err(refusal);
    }
    if common.json {
        return output::json(&as_json(folder, &survey, &refusal));
    }
    output::text(&in_words(folder, &survey, &refusal))
}

fn in_words(folder: &Path, survey: &FolderSurvey, refusal: &anyhow::Error) -> String {
    let most = if survey.is_complete { "" } else { " (there are more, which were not looked at)" };
    let mut lines = vec![format!(
        "{}: {}, {} that can be read{most}",
        shown(folder),
        counted_as(survey.files, "file"),
        counted_as(survey.pictures, "picture")
    )];
    let list = |what: &str, items: Vec<String>| {
        let more = items.len().saturating_sub(LISTED);
        let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
        let items: Vec<String> = items.into_iter().take(LISTED).collect();
        (!items.is_empty()).then(|| format!("  {what}: {}{rest}", items.join(", ")))
    };
    let kinds = survey
        .kinds
        .iter()
        .map(|kind| format!("{} {}", kind.files, printable(&kind.kind.to_string())));
    lines.extend(list("kinds", kinds.collect()));
    let sizes = survey.sizes.iter();
    let sizes = sizes.map(|size| format!("{} of {} x {}", size.pictures, size.height, size.width));
    lines.extend(list("sizes", sizes.collect()));
    if survey.pictures > 0 {
        let opacity = match survey.with_opacity {
            0 => String::new(),
            count => format!(", {count} with an opacity"),
        };
        lines.push(format!(
            "  colours: {} grey, {} coloured, {} of 16 bits{opacity}",
            survey.grey, survey.coloured, survey.of_16_bits
        ));
    }
    for (what, counts) in [("parts", &survey.parts), ("classes", &survey.classes)] {
        let counts =
            counts.iter().map(|class| format!("{}: {}", printable(&class.name), class.pictures));
        lines.extend(list(what, counts.collect()));
    }
    if survey.without_class > 0 && !survey.classes.is_empty() {
        lines.push(format!("  in no subfolder: {}", survey.without_class));
    }
    for skipped in &survey.skipped {
        let first: Vec<String> = skipped.first.iter().map(|path| shown(path)).collect();
        let more = if skipped.count > first.len() { ", .." } else { "" };
        lines.push(format!(
            "  skipped: {} ({}): {}{more}",
            skipped.count,
            skipped.reason,
            first.join(", ")
        ));
    }
    lines.push(format!("  refused: {refusal}"));
    let needs = survey.needs();
    lines.extend(needs.iter().map(|need| format!("  to train on it: {}", advice(*need))));
    if let Some(flags) = flags(&needs, refusal) {
        lines.push(format!("  then: ae train --data {} {flags}", shown(folder)));
    }
    lines.join("\n")
}

fn advice(need: TrainingNeed) -> String {
    match need {
        TrainingNeed::Pictures => "add pictures (.png, .jpg)".to_owned(),
        TrainingNeed::NameOneFile => "name one of the data files instead of the folder".to_owned(),
        TrainingNeed::MorePictures => "add a second picture".to_owned(),
        TrainingNeed::SeparatePictures { without_class } => format!(
            "move the {} beside the subfolders into subfolders (classes), or all out of them",
            counted_as(without_class, "picture")
        ),
        TrainingNeed::FewerClasses { classes } => {
            format!("merge some of the {classes} subfolders: there can be 256 classes")
        }
        TrainingNeed::Resize { most_frequent, others } => format!(
            "bring {} to one size: --resize fit (or crop) --size {}; or train on parts of them: --patches 48x48",
            counted_as(others, "picture"),
            proposed(most_frequent)
        ),
        TrainingNeed::Channels { grey, coloured } => format!(
            "say whether the {grey} grey and {coloured} coloured pictures become grey or coloured: --channels 1 (or 3)"
        ),
        TrainingNeed::Background { with_opacity } => format!(
            "say what lies behind {} that may be transparent: --background white",
            counted_as(with_opacity, "picture")
        ),
        TrainingNeed::SkipBad { damaged } => {
            format!("leave out {} that cannot be read: --skip-bad", counted_as(damaged, "picture"))
        }
        _ => "see the list above".to_owned(),
    }
}

/// The longest side that is proposed: networks are dense.
const PROPOSED_SIDE: usize = 64;

/// A size of the same proportions, with sides of at most [`PROPOSED_SIDE`].
fn proposed(size: SizeCount) -> String {
    let SizeCount { height, width, .. } = size;
    let longest = height.max(width).max(PROPOSED_SIDE);
    let scaled = |side: usize| (side * PROPOSED_SIDE).div_ceil(longest);
    format!("{}x{}", scaled(height), scaled(width))
}

/// The flags that make a folder trainable; none if files have to be moved first. The survey reads headers alone, so
/// the refusal may know of damage that it does not.
fn flags(needs: &[TrainingNeed], refusal: &anyhow::Error) -> Option<String> {
    let is_damaged = matches!(refusal.downcast_ref(), Some(DatasetError::BadPictures { .. }));
    let skip_bad = (is_damaged
        && !needs.iter().any(|need| matches!(need, TrainingNeed::SkipBad { .. })))
    .then(|| "--skip-bad".to_owned());
    let flags: Option<Vec<String>> = needs
        .iter()
        .map(|need| match need {
            TrainingNeed::Resize { most_frequent, .. } => {
                Some(format!("--resize fit --size {}", proposed(*most_frequent)))
            }
            TrainingNeed::Channels { grey, coloured } => {
                Some(format!("--channels {}", if grey > coloured { 1 } else { 3 }))
            }
            TrainingNeed::Background { .. } => Some("--background white".to_owned()),
            TrainingNeed::SkipBad { .. } => Some("--skip-bad".to_owned()),
            _ => None,
        })
        .collect();
    let flags = flags.map(|flags| flags.into_iter().chain(skip_bad).collect::<Vec<_>>());
    flags.filter(|flags| !flags.is_empty()).map(|flags| flags.join(" "))
}

fn as_json(folder: &Path, survey: &FolderSurvey, refusal: &anyhow::Error) -> serde_json::Value {
    let kinds = survey.kinds.iter();
    let sizes = survey.sizes.iter();
    let counts = |counts: &[ae_dataset::ClassCount]| -> serde_json::Value {
        counts.iter().map(|class| (class.name.clone(), json!(class.pictures))).collect()
    };
    let skipped = survey.skipped.iter().map(|skipped| {
        let first: Vec<String> =
            skipped.first.iter().map(|path| path.display().to_string()).collect();
        json!({ "reason": skipped.reason.to_string(), "count": skipped.count, "first": first })
    });
    let needs = survey.needs();
    json!({
        "folder": folder.display().to_string(),
        "refused": refusal.to_string(),
        "files": survey.files,
        "pictures": survey.pictures,
        "kinds": kinds.map(|kind| json!({ "kind": kind.kind.to_string(), "files": kind.files })).collect::<Vec<_>>(),
        "sizes": sizes.map(|size| json!({ "height": size.height, "width": size.width, "pictures": size.pictures })).collect::<Vec<_>>(),
        "grey": survey.grey,
        "coloured": survey.coloured,
        "of_16_bits": survey.of_16_bits,
        "with_opacity": survey.with_opacity,
        "classes": counts(&survey.classes),
        "parts": counts(&survey.parts),
        "in_no_subfolder": survey.without_class,
        "skipped": skipped.collect::<Vec<_>>(),
        "advice": needs.iter().map(|need| advice(*need)).collect::<Vec<_>>(),
        "flags": flags(&needs, refusal),
    })
}
