//! Names of the pictures in an output folder.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use ae_report::PictureFormat;

/// Gives every picture a file of its own within a folder: the input's folders and name, where they lead
/// nowhere else and no other picture has them, also where upper and lower case are one.
#[derive(Debug, Default)]
pub(crate) struct PictureNames {
    files: HashSet<String>,
    folders: HashSet<String>,
}

impl PictureNames {
    /// The name of the next picture, relative to the folder. An ending that says the format, or any format if none is
    /// given, stays; otherwise the format's, or `.png`, follows.
    pub(super) fn next(&mut self, name: &Path, format: Option<PictureFormat>) -> PathBuf {
        let (folder, file) = self.parts(name);
        let says = PictureFormat::of_name(Path::new(&file));
        let (stem, ending) = match file.rsplit_once('.') {
            Some((stem, ending)) if says.is_some() && says == format.or(says) => (stem, ending),
            _ => (file.as_str(), format.unwrap_or(PictureFormat::Png).endings()[0]),
        };
        self.free(&folder, stem, ending)
    }

    /// The name of a file that is derived from the next picture: `sub/a.jpg` becomes `sub/a.jpg.npy`.
    pub(crate) fn with_ending(&mut self, name: &Path, ending: &str) -> PathBuf {
        let (folder, file) = self.parts(name);
        self.free(&folder, &file, ending)
    }

    /// The folder of a file, and its name.
    fn parts(&mut self, name: &Path) -> (PathBuf, String) {
        let mut parts: Vec<String> = name
            .components()
            .filter_map(|part| match part {
                Component::Normal(part) => Some(printable(&part.to_string_lossy())),
                _ => None,
            })
            .collect();
        let file = parts.pop().unwrap_or_else(|| "image".to_owned());
        (self.folder(&parts), file)
    }

    /// The first path that no other file and no folder has.
    fn free(&mut self, folder: &Path, stem: &str, ending: &str) -> PathBuf {
        let mut path = folder.join(format!("{stem}.{ending}"));
        let mut count = 1;
        while self.folders.contains(&key(&path)) || !self.files.insert(key(&path)) {
            count += 1;
            path = folder.join(format!("{stem}-{count}.{ending}"));
        }
        path
    }

    /// The folder of a picture; one that is called like a picture's file gets another name.
    fn folder(&mut self, parts: &[String]) -> PathBuf {
        let mut folder = PathBuf::new();
        for part in parts {
            let mut next = folder.join(part);
            while self.files.contains(&key(&next)) {
                next.as_mut_os_string().push("-folder");
            }
            self.folders.insert(key(&next));
            folder = next;
        }
        folder
    }
}

fn key(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_has_a_file_of_its_own_within_the_folder() {
        let png = Some(PictureFormat::Png);
        let mut names = PictureNames::default();
        for (name, expected) in [
            ("a.png", "a.png"),
            ("a.jpg", "a.jpg.png"),
            ("a.jpg.png", "a.jpg-2.png"),
            ("A.PNG", "A-2.PNG"),
            ("cats/a.png", "cats/a.png"),
            ("cats/../a.png", "cats/a-2.png"),
            ("../../etc/x.png", "etc/x.png"),
            ("/etc/x.png", "etc/x-2.png"),
            ("a.png/b.png", "a.png-folder/b.png"),
            ("etc", "etc.png"),
            ("cats.png", "cats.png"),
            ("a\u{1b}[31m\n.png", "a_[31m_.png"),
            ("..", "image.png"),
            ("", "image-2.png"),
        ] {
            assert_eq!(names.next(Path::new(name), png), Path::new(expected), "{name:?}");
        }
        let mut names = PictureNames::default();
        assert_eq!(names.next(Path::new("x.png/a"), png), Path::new("x.png/a.png"));
        assert_eq!(names.next(Path::new("x.png"), png), Path::new("x-2.png"));
    }

    #[test]
    fn what_is_no_picture_gets_a_second_ending() {
        let mut names = PictureNames::default();
        for (name, expected) in [
            ("sub/a.jpg", "sub/a.jpg.npy"),
            ("sub/a.jpg", "sub/a.jpg-2.npy"),
            ("../a", "a.npy"),
            ("a\n.png", "a_.png.npy"),
        ] {
            assert_eq!(names.with_ending(Path::new(name), "npy"), Path::new(expected), "{name:?}");
        }
    }

    #[test]
    fn pictures_keep_their_formats_unless_one_is_named() {
        let tiff = Some(PictureFormat::Tiff);
        let mut names = PictureNames::default();
        for (name, format, expected) in [
            ("a.JPG", None, "a.JPG"),
            ("a.jpg", None, "a-2.jpg"),
            ("a.tiff", None, "a.tiff"),
            ("a.gif", None, "a.gif.png"),
            ("a.pbm", None, "a.pbm.png"),
            ("a.jpg", tiff, "a.jpg.tif"),
            ("b.tif", tiff, "b.tif"),
        ] {
            assert_eq!(names.next(Path::new(name), format), Path::new(expected), "{name:?}");
        }
    }
}
