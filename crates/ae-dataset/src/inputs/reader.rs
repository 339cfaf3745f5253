//! Reads the items of an input chunk by chunk, from whatever a user names.

use std::path::{Path, PathBuf};

use tracing::subscriber::{NoSubscriber, with_default};

use crate::inputs::array_items::read_array;
use crate::inputs::identity;
use crate::inputs::source::{InputSource, NamedSource};
use crate::skipped::warn_of_skipped;
use crate::{
    DatasetError, Images, InputFormat, Inputs, PictureId, PictureOrigin, Progress, ReadOptions,
    Shard, ShardItems,
};

/// The most items of a chunk.
const CHUNK_ITEMS: usize = 4096;
/// The most numbers of a chunk, unless a single item has more: 64 MiB.
const CHUNK_NUMBERS: usize = 1 << 24;

/// An iterator over the items of an input in chunks of at most 4096, in a model's format. Only one chunk is in memory
/// at a time, so the input may have any size.
///
/// # Errors
/// The iterator yields an error if a picture or a row cannot be read and such items are refused, if an image has another
/// size that is not to be changed, or if all items were left out.
#[derive(Debug)]
pub struct InputReader {
    name: String,
    path: PathBuf,
    format: InputFormat,
    options: ReadOptions,
    source: InputSource,
    /// The classes of the rows of a table that were read until now.
    classes: Vec<String>,
    /// The number of items that were read or passed over, including those that were left out.
    done: usize,
    /// Of a shard, the places of its first item and behind its last.
    first: usize,
    end: usize,
    /// The number of values that were returned.
    given: usize,
    skipped: usize,
    /// Whether an earlier pass has already warned of items that are left out.
    quiet: bool,
    /// Whether the warning of skipped items was given.
    said: bool,
}

impl InputReader {
    /// Opens an input.
    ///
    /// - A folder of IDX files: its test images, or the part that the options name, with labels.
    /// - A folder of pictures (`.png`, `.jpg`, `.jpeg`, `.tif`, `.tiff`, `.webp`, `.bmp`, `.pbm`, `.pgm`, `.ppm`, `.gif`).
    ///   Every page of a TIFF is a picture. If it has the subfolder `train` and one or both of `test` and
    ///   `val` (or `valid`, `validation`), those in `test`, or else in `val`, or in the part that the options name;
    ///   otherwise all. Subfolders are classes, each with everything below it. Links to folders are not followed.
    /// - An IDX file of images, raw or compressed with gzip.
    /// - A `.npy` file in C order: bytes, which are divided by 255, or `f4` or `f8` numbers in [0, 1], of shape
    ///   `(n, height, width)`, `(n, 3, height, width)`, `(n, height, width, 3)`, `(n, values)` or `(height, width)`.
    /// - A picture of at most 32 768 pixels a side and 268 435 456 in all. Colours become grey by BT.709's weights (0.2126 red + 0.7152 green +
    ///   0.0722 blue) on the stored values if the model takes grey images; grey becomes colour by equal channels. 16-bit
    ///   values are divided by 65535. The picture is turned upright as its EXIF orientation says. Transparent pixels are
    ///   put onto the background of the options, or refused without one; of an animation, the first frame is read.
    ///   Refused is damage as far as the bytes show it: a PNG has checksums; a JPEG has none, so a byte that
    ///   became another valid one is not noticed.
    /// - For a model of a table, a `.csv` or `.tsv` file or a `.npy` file of shape `(n, columns)`, in the table's own
    ///   units. Columns are matched by name if both the training table and this one have a header.
    ///
    /// Tables are recognised by the ending of their names, all other files by their first bytes.
    ///
    /// # Errors
    /// If the path cannot be read, holds something else or is damaged; if the images of a file have another size that is
    /// not to be changed; or if a value is NaN, infinite or, in images, outside [0, 1].
    pub fn open(
        path: &Path,
        format: InputFormat,
        options: ReadOptions,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let opened = InputSource::open(path, &format, &options, progress)?;
        Ok(Self::new(opened, path.to_owned(), format, options))
    }

    /// Reads images that are in memory.
    ///
    /// # Errors
    /// If they have another size that is not to be changed.
    pub fn of_images(
        name: &str,
        images: Images,
        format: InputFormat,
        options: ReadOptions,
    ) -> Result<Self, DatasetError> {
        let path = PathBuf::from(name);
        let source = InputSource::of_images(&path, images, &format, &options)?;
        Ok(Self::new(NamedSource { name: name.to_owned(), source }, path, format, options))
    }

    fn new(opened: NamedSource, path: PathBuf, format: InputFormat, options: ReadOptions) -> Self {
        let NamedSource { name, source } = opened;
        Self {
            name,
            path,
            format,
            options,
            source,
            classes: Vec::new(),
            done: 0,
            first: 0,
            end: usize::MAX,
            given: 0,
            skipped: 0,
            quiet: false,
            said: false,
        }
    }

    /// Switches off warnings, for another pass over an input that was read before.
    #[must_use]
    pub fn again(self) -> Self {
        Self { quiet: true, said: true, ..self }
    }

    /// The name of the data set or the file, for captions.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of all items, including those that will be left out; 0 if it is unknown, as in a CSV file.
    pub fn total(&self) -> usize {
        match (&self.source, self.end) {
            // Those of other shards are not in the list.
            (InputSource::Pictures(list), _) => list.files.len(),
            (source, usize::MAX) => source.total(),
            (_, end) => end - self.first,
        }
    }

    /// How the input is read.
    pub fn options(&self) -> &ReadOptions {
        &self.options
    }

    /// Which items are in a shard of the input. It is cut where `may_cut` allows it, and never within a file of several
    /// pages; see [`Shard::range`]. A CSV file is read to its end, to count its rows.
    ///
    /// # Errors
    /// If the rows cannot be counted.
    pub fn shard(
        &self,
        shard: Shard,
        may_cut: &dyn Fn(usize) -> bool,
    ) -> Result<ShardItems, DatasetError> {
        let (items, range) = match &self.source {
            InputSource::Pictures(list) => {
                let cut = |place: usize| !list.is_within_file(place) && may_cut(place);
                (list.files.len(), shard.range(list.files.len(), &cut))
            }
            #[cfg(feature = "tables")]
            InputSource::Table(_) => {
                let scaling = self.format.scaling.as_ref();
                let count = || super::csv_rows::count_rows(&self.path, &self.options, scaling);
                let rows = with_default(NoSubscriber::default(), count)?;
                (rows, shard.range(rows, may_cut))
            }
            source => (source.total(), shard.range(source.total(), may_cut)),
        };
        let [first, end, of] = [range.start, range.end, items].map(|count| count as u64);
        Ok(ShardItems { first, end, of })
    }

    /// Reads the items of a shard alone, of an input of which nothing was read. That no item is left is no error.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn within(mut self, items: ShardItems) -> Result<Self, DatasetError> {
        self.given += 1;
        (self.first, self.end) = (items.first as usize, items.end as usize);
        match &mut self.source {
            InputSource::Pictures(list) => *list = list.filtered(&|item| items.contains(item)),
            InputSource::Images(_) | InputSource::Picture(..) => self.done = self.first,
            InputSource::Array(array) => {
                array.pass_over(self.first)?;
                self.done = self.first;
            }
            #[cfg(feature = "tables")]
            InputSource::Table(table) => {
                table.pass_over(self.first)?;
                table.end = self.end;
                self.done = self.first;
            }
        }
        Ok(self)
    }

    /// A digest of what the input is: of pictures their names and lengths; of a file its length and its first and last
    /// MiB; of images in memory all of them. It does not depend on the input's path.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn identity(&self) -> Result<String, DatasetError> {
        match &self.source {
            InputSource::Pictures(list) => Ok(identity::of_pictures(list)),
            InputSource::Images(images) | InputSource::Picture(images, _) => {
                Ok(identity::of_images(images))
            }
            _ => identity::of_file(&self.path),
        }
    }

    /// The number of items that were read until now, including those that were left out.
    pub fn done(&self) -> usize {
        match self.source {
            InputSource::Pictures(_) => self.done,
            _ => self.done - self.first,
        }
    }

    /// The number of items that were left out until now because they could not be read.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// All pictures, in order, if each item is one.
    pub fn origins(&self) -> Option<Vec<PictureOrigin>> {
        match &self.source {
            #[cfg(feature = "pictures")]
            InputSource::Pictures(list) => Some(list.origins()),
            InputSource::Picture(..) => {
                let picture = PictureId::file(&self.path);
                let file = self.path.file_name().unwrap_or_default().into();
                Some(vec![PictureOrigin { picture, file, item: 0 }])
            }
            _ => None,
        }
    }

    /// Leaves out the pictures of a folder at places for which `is_read` is false; they are not counted as bad. See
    /// [`PictureOrigin::item`].
    #[must_use]
    #[cfg(feature = "pictures")]
    pub fn only(self, is_read: &dyn Fn(u64) -> bool) -> Self {
        match self.source {
            InputSource::Pictures(list) => {
                let list = list.filtered(is_read);
                // Nothing is left to be read, and that is no error.
                let given = self.given + usize::from(list.files.is_empty());
                Self { source: InputSource::Pictures(list), given, ..self }
            }
            source => Self { source, ..self },
        }
    }

    /// Reads all items that are left into memory.
    ///
    /// # Errors
    /// As the iterator.
    pub fn read_all(mut self, progress: &mut dyn Progress) -> Result<Inputs, DatasetError> {
        let mut all: Option<Inputs> = None;
        while let Some(chunk) = self.next().transpose()? {
            progress.read(&self.name, self.done() as u64, self.total() as u64);
            match &mut all {
                Some(all) => all.append(chunk),
                None => all = Some(chunk),
            }
        }
        let mut all =
            all.ok_or(DatasetError::AllSkipped { path: self.path, count: self.skipped })?;
        all.skipped = self.skipped;
        Ok(all)
    }

    /// Warns once of the items that were left out.
    fn say_skipped(&mut self) {
        if !std::mem::replace(&mut self.said, true) {
            warn_of_skipped(&self.path, self.source.items(), self.skipped, self.done());
        }
    }

    /// The next chunk; `None` at the end. It may be empty if all of its items were left out.
    fn chunk(&mut self) -> Result<Option<Inputs>, DatasetError> {
        let (most, start) = (most_items(self.format.shape.size()), self.done);
        let mut inputs = match &mut self.source {
            InputSource::Images(images) | InputSource::Picture(images, _) => {
                let end = images.len().min(start + most).min(self.end);
                if start >= end {
                    return Ok(None);
                }
                self.done = end;
                let chosen: Vec<u32> = (start as u32..end as u32).collect();
                let inputs = Inputs::from_images(&self.name, &images.select(&chosen)?);
                Inputs { items: (start as u64..end as u64).collect(), ..inputs }
            }
            InputSource::Array(array) => {
                let first = array.read();
                let most =
                    most_items(array.item_size()).min(most).min(self.end.saturating_sub(first));
                let Some(part) = array.next(most)? else { return Ok(None) };
                self.done = array.read();
                let (path, classes) = (&self.path, &mut self.classes);
                read_array(part, first, path, &self.format, &self.options, classes)?
            }
            InputSource::Pictures(list) => {
                let end = list.files.len().min(start + most);
                let chosen: Vec<u32> = (start as u32..end as u32).collect();
                self.done = end;
                if chosen.is_empty() {
                    return Ok(None);
                }
                let list = list.select(&chosen);
                read_pictures(&self.path, &list, &self.format, &self.options)?
            }
            #[cfg(feature = "tables")]
            InputSource::Table(table) => {
                let scaling = self.format.scaling.as_ref();
                let inputs = super::csv_rows::read_rows(table, &mut self.classes, scaling, most)?;
                self.done = table.rows;
                inputs
            }
        };
        inputs.name.clone_from(&self.name);
        if let InputSource::Picture(_, has_16_bits) = self.source {
            inputs.has_16_bits.fill(has_16_bits);
            inputs.origins = self.origins();
        }
        self.skipped += inputs.skipped;
        self.given += inputs.pixels.len();
        Ok(Some(inputs))
    }
}

/// The most items of a chunk, by the number of values of an item.
fn most_items(size: usize) -> usize {
    (CHUNK_NUMBERS / size.max(1)).clamp(1, CHUNK_ITEMS)
}

#[cfg(feature = "pictures")]
fn read_pictures(
    path: &Path,
    list: &crate::pictures::list::PictureList,
    format: &InputFormat,
    options: &ReadOptions,
) -> Result<Inputs, DatasetError> {
    crate::pictures::read_many::read_inputs(path, list, format.shape, options)
}

#[cfg(not(feature = "pictures"))]
fn read_pictures(
    _: &Path,
    _: &crate::pictures::list::PictureList,
    _: &InputFormat,
    _: &ReadOptions,
) -> Result<Inputs, DatasetError> {
    Err(DatasetError::NotInThisBuild { what: "read pictures", feature: "pictures" })
}

impl Iterator for InputReader {
    type Item = Result<Inputs, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let chunk = match self.quiet {
                true => with_default(NoSubscriber::default(), || self.chunk()),
                false => self.chunk(),
            };
            match chunk {
                // All items of this chunk were left out; there may be more chunks.
                Ok(Some(chunk)) if chunk.pixels.is_empty() && chunk.skipped > 0 => {}
                Ok(Some(chunk)) if !chunk.pixels.is_empty() => return Some(Ok(chunk)),
                Ok(_) if self.given == 0 => {
                    // The error comes once.
                    self.given = 1;
                    let (path, count) = (self.path.clone(), self.skipped);
                    return Some(Err(DatasetError::AllSkipped { path, count }));
                }
                Ok(_) => {
                    self.say_skipped();
                    return None;
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Reads all items of an input into memory; see [`InputReader::open`].
///
/// # Errors
/// As [`InputReader`].
pub fn read_inputs(
    path: &Path,
    format: &InputFormat,
    options: &ReadOptions,
    progress: &mut dyn Progress,
) -> Result<Inputs, DatasetError> {
    InputReader::open(path, format.clone(), options.clone(), progress)?.read_all(progress)
}
