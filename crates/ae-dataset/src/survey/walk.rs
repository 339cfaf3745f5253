//! Walks a folder and looks at the headers of its files.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ae_files::FileError;
use rayon::prelude::*;

use crate::pictures::decode::{self, Header};
use crate::pictures::list::is_named_like_a_picture;
use crate::pictures::parts::split_folders;
use crate::survey::report::{
    ClassCount, FolderSurvey, KindCount, SizeCount, SkipReason, SkippedFiles,
};
use crate::{DatasetError, FileKind, PictureId, Progress};

/// Files that are looked at between two reports of progress.
const CHUNK: usize = 256;
/// The most examples of skipped files.
const EXAMPLES: usize = 5;

/// Surveys a folder of at most `max_entries` files and folders.
pub(super) fn survey(
    folder: &Path,
    max_entries: usize,
    progress: &mut dyn Progress,
) -> Result<FolderSurvey, DatasetError> {
    let mut walk = Walk {
        root: folder,
        progress,
        left: max_entries,
        report: FolderSurvey { is_complete: true, ..FolderSurvey::default() },
        kinds: BTreeMap::new(),
        sizes: BTreeMap::new(),
        classes: BTreeMap::new(),
        skipped: BTreeMap::new(),
    };
    // A folder that cannot be listed is an error here; below it, such a folder is skipped.
    fs::read_dir(folder).map_err(|source| FileError::Read { path: folder.to_owned(), source })?;
    match split_folders(folder) {
        None => walk.part(folder),
        Some(split) => {
            let parts = split.all();
            for part in &parts {
                let before = walk.report.pictures;
                walk.part(part);
                let pictures = walk.report.pictures - before;
                walk.report.parts.push(ClassCount { name: name_of(part), pictures });
            }
            walk.beside(&parts);
        }
    }
    Ok(walk.finish())
}

/// What was found until now.
struct Walk<'a> {
    root: &'a Path,
    progress: &'a mut dyn Progress,
    /// The number of further files and folders that are looked at.
    left: usize,
    report: FolderSurvey,
    kinds: BTreeMap<FileKind, usize>,
    sizes: BTreeMap<[usize; 2], usize>,
    classes: BTreeMap<String, usize>,
    skipped: BTreeMap<SkipReason, SkippedFiles>,
}

/// The files and subfolders directly in a folder, sorted.
#[derive(Default)]
struct Entries {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

/// What a file is.
enum Finding {
    Picture(FileKind, Header),
    Skipped(Option<FileKind>, SkipReason),
}

impl Walk<'_> {
    /// Looks at a folder whose subfolders are classes.
    fn part(&mut self, folder: &Path) {
        let Entries { files, folders } = self.entries(folder);
        self.report.without_class += self.look_at(&files);
        for class in folders {
            let pictures = self.all_below(&class);
            if pictures > 0 {
                *self.classes.entry(name_of(&class)).or_default() += pictures;
            }
        }
    }

    /// Looks at a folder and everything below it. Returns the number of pictures.
    fn all_below(&mut self, folder: &Path) -> usize {
        let (mut pictures, mut waiting) = (0, vec![folder.to_owned()]);
        while let Some(folder) = waiting.pop() {
            let Entries { files, folders } = self.entries(&folder);
            let found = self.look_at(&files);
            if found == 0 && folders.is_empty() {
                self.skip(&folder, SkipReason::FolderWithoutPictures);
            }
            pictures += found;
            waiting.extend(folders.into_iter().rev());
        }
        pictures
    }

    /// Records the entries beside the parts, which are not read.
    fn beside(&mut self, parts: &[PathBuf]) {
        let Entries { files, folders } = self.entries(self.root);
        for path in files.iter().chain(&folders).filter(|path| !parts.contains(path)) {
            self.skip(path, SkipReason::BesideParts);
        }
    }

    /// Lists a folder. Hidden entries, links to folders and what cannot be listed are recorded as skipped.
    fn entries(&mut self, folder: &Path) -> Entries {
        let mut list = || -> io::Result<Entries> {
            let mut entries = Entries::default();
            for entry in fs::read_dir(folder)? {
                if self.left == 0 {
                    self.report.is_complete = false;
                    break;
                }
                self.left -= 1;
                let entry = entry?;
                let path = entry.path();
                if entry.file_name().as_encoded_bytes().starts_with(b".") {
                    self.skip(&path, SkipReason::Hidden);
                } else if entry.file_type()?.is_dir() {
                    entries.folders.push(path);
                } else if path.is_dir() {
                    self.skip(&path, SkipReason::LinkToFolder);
                } else {
                    entries.files.push(path);
                }
            }
            entries.files.sort();
            entries.folders.sort();
            Ok(entries)
        };
        match list() {
            Ok(entries) => entries,
            Err(_) => {
                self.skip(folder, SkipReason::Unreadable);
                Entries::default()
            }
        }
    }

    /// Looks at the headers of files. Returns the number of pictures.
    fn look_at(&mut self, files: &[PathBuf]) -> usize {
        let before = self.report.pictures;
        for chunk in files.chunks(CHUNK) {
            let findings: Vec<Finding> = chunk.par_iter().map(|file| look_at_file(file)).collect();
            for (file, finding) in chunk.iter().zip(findings) {
                self.report.files += 1;
                self.record(file, finding);
            }
            self.progress.read("looking at files", self.report.files as u64, 0);
        }
        self.report.pictures - before
    }

    fn record(&mut self, file: &Path, finding: Finding) {
        let kind = match finding {
            Finding::Skipped(kind, reason) => {
                self.skip(file, reason);
                kind
            }
            Finding::Picture(kind, header) => {
                let report = &mut self.report;
                report.pictures += 1;
                let is_grey = header.shape.channels == 1;
                *(if is_grey { &mut report.grey } else { &mut report.coloured }) += 1;
                report.of_16_bits += usize::from(header.has_16_bits);
                report.with_opacity += usize::from(header.has_opacity);
                *self.sizes.entry([header.shape.height, header.shape.width]).or_default() += 1;
                Some(kind)
            }
        };
        if let Some(kind) = kind {
            *self.kinds.entry(kind).or_default() += 1;
        }
    }

    fn skip(&mut self, path: &Path, reason: SkipReason) {
        let entry = self.skipped.entry(reason).or_insert_with(|| SkippedFiles {
            reason,
            count: 0,
            first: Vec::new(),
        });
        entry.count += 1;
        if entry.first.len() < EXAMPLES {
            entry.first.push(path.strip_prefix(self.root).unwrap_or(path).to_owned());
        }
    }

    /// Sorts what was counted.
    fn finish(self) -> FolderSurvey {
        let mut kinds: Vec<KindCount> =
            self.kinds.into_iter().map(|(kind, files)| KindCount { kind, files }).collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.files));
        let sizes = self.sizes.into_iter();
        let mut sizes: Vec<SizeCount> = sizes
            .map(|([height, width], pictures)| SizeCount { height, width, pictures })
            .collect();
        sizes.sort_by_key(|size| std::cmp::Reverse(size.pictures));
        let classes = self.classes.into_iter();
        FolderSurvey {
            kinds,
            sizes,
            classes: classes.map(|(name, pictures)| ClassCount { name, pictures }).collect(),
            skipped: self.skipped.into_values().collect(),
            ..self.report
        }
    }
}

fn look_at_file(path: &Path) -> Finding {
    if !path.metadata().is_ok_and(|found| found.is_file()) {
        return Finding::Skipped(None, SkipReason::NotAFile);
    }
    let Ok(kind) = FileKind::of_file(path) else {
        return Finding::Skipped(None, SkipReason::Unreadable);
    };
    let is_named_like_one = is_named_like_a_picture(path);
    let reason = match (kind.is_picture(), is_named_like_one) {
        (true, true) => match decode::header(&PictureId::file(path)) {
            Ok(header) => return Finding::Picture(kind, header),
            Err(_) => SkipReason::DamagedPicture,
        },
        (true, false) => SkipReason::OtherEnding,
        (false, true) => SkipReason::DamagedPicture,
        (false, false) if matches!(kind, FileKind::Other(_)) => SkipReason::NotAPicture,
        (false, false) => SkipReason::DataFile,
    };
    Finding::Skipped(Some(kind), reason)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_survey_stops_at_its_limit_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a.txt", "b.txt", "c.txt"] {
            fs::write(dir.path().join(name), name).unwrap();
        }
        let whole = survey(dir.path(), 3, &mut ()).unwrap();
        assert_eq!((whole.files, whole.is_complete), (3, true));
        let part = survey(dir.path(), 2, &mut ()).unwrap();
        assert_eq!((part.files, part.is_complete), (2, false));
    }
}
