//! What is reported of a folder of any contents.

use std::fs;
use std::path::{Path, PathBuf};

use ae_dataset::{
    ClassCount, FileKind, FolderSurvey, SizeCount, SkipReason, TrainingNeed, survey_folder,
    write_npy,
};
use image::{DynamicImage, GrayImage, ImageBuffer, ImageFormat, Luma, RgbImage};
use tempfile::TempDir;

fn save(path: &Path, image: impl Into<DynamicImage>, format: ImageFormat) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    image.into().save_with_format(path, format).unwrap();
}

/// Saves a grey PNG of `width x height`.
fn save_grey(path: &Path, width: u32, height: u32) {
    save(path, GrayImage::new(width, height), ImageFormat::Png);
}

fn survey(dir: &TempDir) -> FolderSurvey {
    survey_folder(dir.path(), &mut ()).unwrap()
}

/// The names that are given for a reason.
fn skipped(survey: &FolderSurvey, reason: SkipReason) -> Vec<PathBuf> {
    let mut entries = survey.skipped.iter().filter(|entry| entry.reason == reason);
    entries.next().map_or_else(Vec::new, |entry| entry.first.clone())
}

fn class(name: &str, pictures: usize) -> ClassCount {
    ClassCount { name: name.to_owned(), pictures }
}

/// Pictures of two sizes and kinds in two classes and beside them, a damaged one, and files of all other kinds.
fn mixed_folder() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    save_grey(&at("cats/a.png"), 4, 3);
    save_grey(&at("cats/deep/b.PNG"), 4, 3);
    save(&at("dogs/c.jpg"), RgbImage::new(4, 3), ImageFormat::Jpeg);
    save(&at("dogs/d.png"), ImageBuffer::<Luma<u16>, _>::new(8, 5), ImageFormat::Png);
    save_grey(&at("loose.png"), 4, 3);
    save_grey(&at("scan.dat"), 4, 3);
    fs::write(at("dogs/broken.png"), b"\x89PNG\r\n\x1a\nnothing else").unwrap();
    fs::write(at("dogs/text.jpeg"), "no picture at all").unwrap();
    fs::create_dir(at("empty")).unwrap();
    fs::write(at(".hidden.png"), "").unwrap();
    fs::write(at("notes.TXT"), "about the pictures").unwrap();
    fs::write(at("table.csv"), "x,y\n1,2\n").unwrap();
    write_npy(&at("codes.npy"), &[1, 2], &[0.0, 1.0]).unwrap();
    dir
}

#[test]
fn a_mixed_folder_is_counted_by_kind_size_colour_and_class() {
    let dir = mixed_folder();
    let survey = survey(&dir);
    assert_eq!((survey.files, survey.pictures, survey.is_complete), (11, 5, true));
    assert_eq!(
        survey.kinds.iter().map(|kind| (&kind.kind, kind.files)).collect::<Vec<_>>(),
        [
            (&FileKind::Png, 6),
            (&FileKind::Jpeg, 1),
            (&FileKind::Table, 1),
            (&FileKind::Npy, 1),
            (&FileKind::Other("jpeg".to_owned()), 1),
            (&FileKind::Other("txt".to_owned()), 1),
        ]
    );
    let size = |height, width, pictures| SizeCount { height, width, pictures };
    assert_eq!(survey.sizes, [size(3, 4, 4), size(5, 8, 1)]);
    assert_eq!((survey.grey, survey.coloured, survey.of_16_bits), (4, 1, 1));
    assert_eq!(survey.with_opacity, 0);
    assert_eq!(survey.classes, [class("cats", 2), class("dogs", 2)]);
    assert_eq!((survey.without_class, survey.parts.len()), (1, 0));
}

#[test]
fn what_is_skipped_has_its_reason_and_its_first_names() {
    let dir = mixed_folder();
    let survey = survey(&dir);
    for (reason, names) in [
        (SkipReason::DamagedPicture, &["dogs/broken.png", "dogs/text.jpeg"][..]),
        (SkipReason::OtherEnding, &["scan.dat"]),
        (SkipReason::DataFile, &["codes.npy", "table.csv"]),
        (SkipReason::NotAPicture, &["notes.TXT"]),
        (SkipReason::Hidden, &[".hidden.png"]),
        (SkipReason::FolderWithoutPictures, &["empty"]),
    ] {
        let expected: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        assert_eq!(skipped(&survey, reason), expected, "{reason}");
        assert_eq!(survey.skipped_for(reason), names.len(), "{reason}");
    }
    assert_eq!(survey.skipped.len(), 6);
    let many = tempfile::tempdir().unwrap();
    for number in 0..7 {
        fs::write(many.path().join(format!("{number}.txt")), "").unwrap();
    }
    let survey = self::survey(&many);
    assert_eq!(survey.skipped_for(SkipReason::NotAPicture), 7);
    assert_eq!(skipped(&survey, SkipReason::NotAPicture).len(), 5);
}

#[test]
fn what_to_do_before_training_follows_from_what_is_there() {
    let dir = mixed_folder();
    let most_frequent = SizeCount { height: 3, width: 4, pictures: 4 };
    assert_eq!(
        survey(&dir).needs(),
        [
            TrainingNeed::SeparatePictures { without_class: 1 },
            TrainingNeed::Resize { most_frequent, others: 1 },
            TrainingNeed::Channels { grey: 4, coloured: 1 },
            TrainingNeed::SkipBad { damaged: 2 },
        ]
    );
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(survey(&dir).needs(), [TrainingNeed::Pictures]);
    fs::write(dir.path().join("t.csv"), "x\n1\n").unwrap();
    assert_eq!(survey(&dir).needs(), [TrainingNeed::NameOneFile]);
    save_grey(&dir.path().join("a.png"), 2, 2);
    assert_eq!(survey(&dir).needs(), [TrainingNeed::MorePictures]);
    save_grey(&dir.path().join("b.png"), 2, 2);
    assert!(survey(&dir).needs().is_empty());
}

#[test]
fn parts_are_counted_and_what_is_beside_them_is_skipped() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    for name in ["train/cats/a.png", "train/dogs/b.png", "test/cats/c.png", "other/d.png"] {
        save_grey(&at(name), 2, 2);
    }
    let survey = survey(&dir);
    assert_eq!(survey.parts, [class("train", 2), class("test", 1)]);
    assert_eq!(survey.classes, [class("cats", 2), class("dogs", 1)]);
    assert_eq!(survey.pictures, 3);
    assert_eq!(skipped(&survey, SkipReason::BesideParts), [PathBuf::from("other")]);
    assert!(survey.needs().is_empty());
}

#[cfg(unix)]
#[test]
fn links_to_folders_and_broken_links_are_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    save_grey(&at("cats/a.png"), 2, 2);
    std::os::unix::fs::symlink(dir.path(), at("circle")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("cats/broken.png")).unwrap();
    let survey = survey(&dir);
    assert_eq!(survey.pictures, 1);
    assert_eq!(skipped(&survey, SkipReason::LinkToFolder), [PathBuf::from("circle")]);
    assert_eq!(skipped(&survey, SkipReason::NotAFile), [PathBuf::from("cats/broken.png")]);
}

#[test]
fn a_folder_that_does_not_exist_is_an_error() {
    let error = survey_folder(Path::new("no/such/folder"), &mut ()).unwrap_err();
    assert!(error.to_string().starts_with("cannot read no/such/folder: "), "{error}");
}
