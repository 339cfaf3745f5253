//! The headers of many pictures: their shapes, before any pixel is decoded.

use std::collections::HashSet;
use std::path::Path;

use rayon::prelude::*;

use crate::pictures::decode::{self, Header};
use crate::pictures::list::PictureList;
use crate::pictures::read_many::good_ones;
use crate::{BadItems, DatasetError, Progress};

/// Headers that are read between two reports of progress.
const CHUNK: usize = 256;

/// The pictures whose headers can be read.
pub(crate) struct PictureHeaders {
    pub(crate) list: PictureList,
    /// One header for each picture of the list.
    pub(crate) headers: Vec<Header>,
    /// The number of pictures that were left out.
    pub(crate) skipped: usize,
}

impl PictureHeaders {
    /// Reads the headers of all pictures of a list.
    ///
    /// # Errors
    /// If a header cannot be read and such pictures are refused, or if none can be read.
    pub(crate) fn read(
        folder: &Path,
        list: PictureList,
        bad: BadItems,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let mut headers = Vec::new();
        for files in list.files.chunks(CHUNK) {
            headers.par_extend(files.par_iter().map(decode::header));
            progress.read("looking at pictures", headers.len() as u64, list.files.len() as u64);
        }
        let headers = good_ones(folder, headers, bad)?;
        let good = (0..).zip(&headers).filter(|(_, header)| header.is_some());
        let good: Vec<u32> = good.map(|(place, _)| place).collect();
        if good.is_empty() {
            return Err(DatasetError::AllSkipped { path: folder.to_owned(), count: headers.len() });
        }
        Ok(Self {
            list: list.select(&good),
            skipped: headers.len() - good.len(),
            headers: headers.into_iter().flatten().collect(),
        })
    }

    /// Those at some places among all items of the input; the others are left out.
    ///
    /// # Errors
    /// If none remains.
    pub(crate) fn only(self, folder: &Path, places: &HashSet<u64>) -> Result<Self, DatasetError> {
        let Self { list, headers, skipped } = self;
        let chosen = (0..).zip(&list.places).filter(|(_, place)| places.contains(place));
        let chosen: Vec<u32> = chosen.map(|(index, _)| index).collect();
        let total = headers.len();
        if chosen.is_empty() {
            return Err(DatasetError::AllSkipped { path: folder.to_owned(), count: total });
        }
        let kept = headers.into_iter().zip(&list.places);
        let kept = kept.filter(|(_, place)| places.contains(place));
        Ok(Self {
            headers: kept.map(|(header, _)| header).collect(),
            list: list.select(&chosen),
            skipped: skipped + total - chosen.len(),
        })
    }
}
