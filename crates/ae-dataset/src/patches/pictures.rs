//! The pictures that patches are cut from: in memory, or in files of which each epoch decodes some.

use std::borrow::Cow;
#[cfg(feature = "pictures")]
use std::{fs, io, path::Path, time::SystemTime};

#[cfg(feature = "pictures")]
use ae_files::FileError;
use ae_random::Stream;

#[cfg(feature = "pictures")]
use crate::PictureId;
#[cfg(feature = "pictures")]
use crate::pictures::decode::{self, Wanted};
use crate::{DatasetError, ImageShape, Images, PatchError};

/// Pictures of any size.
#[derive(Debug, PartialEq)]
pub(super) enum Pictures {
    /// One image each.
    Decoded(Vec<Images>),
    /// Files that are decoded when patches are cut.
    #[cfg(feature = "pictures")]
    Files(PictureFiles),
}

/// Pictures that do not fit into memory together.
#[cfg(feature = "pictures")]
#[derive(Debug, PartialEq)]
pub(super) struct PictureFiles {
    pub(super) files: Vec<PictureId>,
    pub(super) shapes: Vec<ImageShape>,
    /// What each file was when it was first read.
    pub(super) states: Vec<FileState>,
    /// What each picture takes when it is decoded, in bytes.
    pub(super) bytes: Vec<u64>,
    /// The most bytes of the pictures that an epoch decodes.
    pub(super) pool: u64,
    /// What transparent pixels are put onto.
    pub(super) background: Option<crate::Background>,
}

/// The length of a file, and when it was last written to: if both are the same, the file is taken for the same.
#[cfg(feature = "pictures")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileState {
    length: u64,
    /// Not every file system knows it.
    modified: Option<SystemTime>,
}

#[cfg(feature = "pictures")]
impl FileState {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let found = fs::metadata(path)?;
        Ok(Self { length: found.len(), modified: found.modified().ok() })
    }
}

impl Pictures {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Decoded(pictures) => pictures.len(),
            #[cfg(feature = "pictures")]
            Self::Files(files) => files.files.len(),
        }
    }

    pub(super) fn shape(&self, picture: usize) -> ImageShape {
        match self {
            Self::Decoded(pictures) => pictures[picture].shape(),
            #[cfg(feature = "pictures")]
            Self::Files(files) => files.shapes[picture],
        }
    }

    pub(super) fn is_streamed(&self) -> bool {
        !matches!(self, Self::Decoded(_))
    }

    /// The memory of the pictures that stay decoded, in bytes.
    pub(super) fn memory(&self) -> u64 {
        match self {
            Self::Decoded(pictures) => {
                pictures.iter().map(|picture| picture.pixels().memory()).sum()
            }
            #[cfg(feature = "pictures")]
            Self::Files(_) => 0,
        }
    }

    /// The numbers of the pictures that an epoch is cut from, ascending: all, or at random as many as may be decoded.
    #[cfg_attr(not(feature = "pictures"), expect(unused_variables, reason = "all fit"))]
    pub(super) fn pool(&self, stream: Stream) -> Vec<usize> {
        match self {
            Self::Decoded(pictures) => (0..pictures.len()).collect(),
            #[cfg(feature = "pictures")]
            Self::Files(files) => files.pool(stream),
        }
    }

    /// A picture, decoded if it is not yet.
    ///
    /// # Errors
    /// If its file cannot be read or has changed.
    #[cfg_attr(not(feature = "pictures"), expect(unused_variables, reason = "all are decoded"))]
    pub(super) fn decoded(
        &self,
        picture: usize,
        channels: usize,
    ) -> Result<Cow<'_, Images>, DatasetError> {
        match self {
            Self::Decoded(pictures) => Ok(Cow::Borrowed(&pictures[picture])),
            #[cfg(feature = "pictures")]
            Self::Files(files) => {
                let wanted = Wanted { channels, background: files.background };
                let file = &files.files[picture];
                let unreadable = |source| FileError::Read { path: file.path.clone(), source };
                if FileState::of(&file.path).map_err(unreadable)? != files.states[picture] {
                    return Err(self.changed(picture).into());
                }
                let decoded = decode::read(file, wanted)?.images;
                match decoded.shape() == files.shapes[picture] {
                    true => Ok(Cow::Owned(decoded)),
                    false => Err(self.changed(picture).into()),
                }
            }
        }
    }

    /// The error that a picture is not what it was when it was first read.
    pub(super) fn changed(&self, picture: usize) -> PatchError {
        let path = match self {
            #[cfg(feature = "pictures")]
            Self::Files(files) => files.files[picture].path.clone(),
            // Pictures in memory do not change.
            Self::Decoded(_) => picture.to_string().into(),
        };
        PatchError::PictureChanged { path }
    }
}

#[cfg(feature = "pictures")]
impl PictureFiles {
    /// See [`Pictures::pool`].
    fn pool(&self, mut stream: Stream) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.files.len()).collect();
        stream.shuffle(&mut order);
        let mut taken = 0_u64;
        let fits = |&&picture: &&usize| {
            taken = taken.saturating_add(self.bytes[picture]);
            taken <= self.pool
        };
        let count = order.iter().take_while(fits).count();
        order.truncate(count.max(1));
        order.sort_unstable();
        order
    }
}
