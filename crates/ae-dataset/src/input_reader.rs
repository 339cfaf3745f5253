//! Images for a model, chunk by chunk, from whatever a user names.

use std::path::{Path, PathBuf};

use ae_files::read_bounded;
use tracing::subscriber::{NoSubscriber, with_default};

use crate::idx::MAX_BYTES;
use crate::npy_reader::NpyReader;
use crate::own_data::say_skipped;
use crate::picture_list::PictureList;
use crate::pictures::read_pictures;
use crate::resize::reshape;
use crate::table::{self, TableReader};
use crate::table_inputs::{read_array, read_rows};
use crate::{
    DatasetError, FormatError, ImageShape, Images, InputFormat, Inputs, Part, Progress,
    ReadOptions, arrays, folder, gzip, npy, open_folder, picture, picture_parts,
};

/// Most items of a chunk.
const CHUNK_ITEMS: usize = 4096;
/// Most numbers of a chunk, unless a single item has more: 64 MiB.
const CHUNK_NUMBERS: usize = 1 << 24;

/// Images of a model's format, a chunk of at most 4096 after the other, so that a folder of any size
/// fits into memory.
///
/// # Errors
/// The iterator's: if a picture or a row cannot be read and that is not to be skipped, or an image is
/// of another size and not to be resized. All could be skipped: then it ends with an error.
#[derive(Debug)]
pub struct InputReader {
    name: String,
    path: PathBuf,
    format: InputFormat,
    options: ReadOptions,
    source: Source,
    /// The classes of a table's rows that were met until now.
    classes: Vec<String>,
    done: usize,
    given: usize,
    skipped: usize,
    /// Whether an earlier pass has said what is left out.
    quiet: bool,
    said: bool,
}

enum Source {
    Images(Images),
    /// One of 16 bits.
    DeepPicture(Images),
    Array(NpyReader),
    Pictures(PictureList),
    Table(Box<TableReader>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Images(_) => "Images",
            Self::DeepPicture(_) => "DeepPicture",
            Self::Array(_) => "Array",
            Self::Pictures(_) => "Pictures",
            Self::Table(_) => "Table",
        })
    }
}

impl InputReader {
    /// Opens what a user names.
    ///
    /// - a folder of IDX files: its test images, or the part that the options name, with labels;
    /// - a folder of pictures (`.png`, `.jpg`, `.jpeg`): if it has the subfolder `train` and one or both of
    ///   `test` and `val` (or `valid`, `validation`), those in `test`, or else in `val`, or in the part that the
    ///   options name; otherwise all. The subfolders are classes, each with everything below it. Links to
    ///   folders are not followed;
    /// - an IDX file of images, raw or compressed;
    /// - a `.npy` file in C order of bytes, divided by 255, or of `f4` or `f8` in [0, 1], of shape
    ///   `(n, height, width)`, `(n, 3, height, width)`, `(n, height, width, 3)`, `(n, values)` or
    ///   `(height, width)`;
    /// - a PNG or JPEG of at most 8192 x 8192 pixels. Colours become grey by Rec. 709's weights (0.2126
    ///   red + 0.7152 green + 0.0722 blue) on the stored values if the model takes grey images, grey
    ///   becomes colour by equal channels, values of 16 bits are divided by 65535, the picture is turned
    ///   upright as its EXIF orientation says, and transparency is refused. So is a file that is damaged, as
    ///   far as its bytes can tell: a PNG has checksums, a JPEG has none, and a byte that became another valid
    ///   one goes unnoticed;
    /// - for a model of a table, a `.csv` or `.tsv` file or a `.npy` file of shape `(n, columns)`, in the
    ///   table's own units. Columns are matched by name if training's table and this one have a header.
    ///
    /// Files but for tables are told apart by their first bytes, not by their names.
    ///
    /// # Errors
    /// If the path cannot be read, holds something else or is damaged, if images of a file are of
    /// another size and not to be resized, or if a value is NaN, infinite or, in images, outside [0, 1].
    pub fn open(
        path: &Path,
        format: InputFormat,
        options: ReadOptions,
        progress: &mut dyn Progress,
    ) -> Result<Self, DatasetError> {
        let mut name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let source = if path.is_dir() && folder::is_idx_folder(path)? {
            let dataset = open_folder(path)?.with_part(options.part)?;
            name = dataset.origin.name;
            Source::Images(dataset.test)
        } else if path.is_dir() {
            Source::Pictures(picture_parts::list(path, options.part, progress)?)
        } else if let Some(part) = options.part.filter(|&part| part != Part::All) {
            let found = "a file has no parts";
            return Err(DatasetError::NoPart { path: path.to_owned(), part, found });
        } else if table::is_table(path) {
            let Some(scaling) = &format.scaling else {
                return Err(FormatError::TableForImages { shape: format.shape }.in_file(path));
            };
            let table = TableReader::open(path, &options, Some(scaling), progress)?;
            Source::Table(Box::new(table))
        } else if let Some(array) = NpyReader::open(path)?
            && has_items(array.shape(), &format)
        {
            Source::Array(array)
        } else {
            let bytes = read_bounded(path, MAX_BYTES)?;
            let is_picture = picture::is_picture(&bytes);
            match decode(bytes, &format).map_err(|error| error.in_file(path))? {
                images if is_picture && images.bytes().is_none() => Source::DeepPicture(images),
                images => Source::Images(images),
            }
        };
        let reader = Self::new(name, path.to_owned(), format, options, source);
        reader.in_shape()
    }

    /// The images of a data set.
    ///
    /// # Errors
    /// If they are of another size and not to be resized.
    pub fn of_images(
        name: &str,
        images: Images,
        format: InputFormat,
        options: ReadOptions,
    ) -> Result<Self, DatasetError> {
        let source = Source::Images(images);
        Self::new(name.to_owned(), PathBuf::from(name), format, options, source).in_shape()
    }

    fn new(
        name: String,
        path: PathBuf,
        format: InputFormat,
        options: ReadOptions,
        source: Source,
    ) -> Self {
        let classes = Vec::new();
        Self {
            name,
            path,
            format,
            options,
            source,
            classes,
            done: 0,
            given: 0,
            skipped: 0,
            quiet: false,
            said: false,
        }
    }

    /// For another pass over what was read already: it does not say again what is left out.
    #[must_use]
    pub fn again(self) -> Self {
        Self { quiet: true, said: true, ..self }
    }

    /// What the images are, for a caption: the data set's name or the file's.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many images there are in all, with those that will be left out; 0 if it is not known.
    pub fn total(&self) -> usize {
        match &self.source {
            Source::Images(images) | Source::DeepPicture(images) => images.len(),
            Source::Array(array) => array.total(),
            Source::Pictures(list) => list.files.len(),
            Source::Table(_) => 0,
        }
    }

    /// How many images were read.
    pub fn done(&self) -> usize {
        self.done
    }

    /// How many of them were left out because they could not be read.
    pub fn skipped(&self) -> usize {
        self.skipped
    }

    /// Reads all that is left, at once.
    ///
    /// # Errors
    /// As the iterator's.
    pub fn read_all(mut self, progress: &mut dyn Progress) -> Result<Inputs, DatasetError> {
        let mut all: Option<Inputs> = None;
        while let Some(chunk) = self.next().transpose()? {
            progress.read(&self.name, self.done as u64, self.total() as u64);
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

    /// Images that are in memory are brought to the model's shape at once.
    fn in_shape(self) -> Result<Self, DatasetError> {
        let Self { source, .. } = self;
        let fit = |images| in_shape(images, &self.path, &self.format, &self.options);
        let source = match source {
            Source::Images(images) => Source::Images(fit(images)?),
            Source::DeepPicture(images) => Source::DeepPicture(fit(images)?),
            source => source,
        };
        Ok(Self { source, ..self })
    }

    /// Says once how many were left out.
    fn say_skipped(&mut self) {
        if std::mem::replace(&mut self.said, true) {
            return;
        }
        let items = match self.source {
            Source::Table(_) => "rows",
            Source::Pictures(_) => "pictures",
            _ => "items",
        };
        say_skipped(&self.path, items, self.skipped, self.done);
    }

    fn chunk(&mut self) -> Result<Option<Inputs>, DatasetError> {
        let shape = self.format.shape;
        let items = (CHUNK_NUMBERS / shape.size().max(1)).clamp(1, CHUNK_ITEMS);
        let start = self.done;
        let classes = &mut self.classes;
        let mut inputs = match &mut self.source {
            Source::Images(images) | Source::DeepPicture(images) => {
                let end = images.len().min(start + items);
                if start >= end {
                    return Ok(None);
                }
                self.done = end;
                let chosen: Vec<u32> = (start as u32..end as u32).collect();
                let inputs = Inputs::from_images(&self.name, &images.select(&chosen)?);
                Inputs { items: (start as u64..end as u64).collect(), ..inputs }
            }
            Source::Array(array) => {
                let first = array.read();
                let items = (CHUNK_NUMBERS / array.item_size().max(1)).clamp(1, items);
                let Some(part) = array.next(items)? else { return Ok(None) };
                self.done = array.read();
                read_array(part, first, &self.path, &self.format, &self.options, classes)?
            }
            Source::Pictures(list) => {
                let end = list.files.len().min(start + items);
                let chosen: Vec<u32> = (start as u32..end as u32).collect();
                self.done = end;
                if chosen.is_empty() {
                    return Ok(None);
                }
                read_pictures(&self.path, &list.select(&chosen), shape, &self.options)?
            }
            Source::Table(table) => {
                let scaling = self.format.scaling.as_ref();
                let inputs = read_rows(table, classes, scaling, items)?;
                self.done = table.met;
                inputs
            }
        };
        inputs.name.clone_from(&self.name);
        if matches!(self.source, Source::DeepPicture(_)) {
            inputs.has_16_bits.fill(true);
        }
        self.skipped += inputs.skipped;
        self.given += inputs.pixels.len();
        Ok(Some(inputs))
    }
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
                // All of these were left out; there may be more.
                Ok(Some(chunk)) if chunk.pixels.is_empty() && chunk.skipped > 0 => {}
                Ok(Some(chunk)) if !chunk.pixels.is_empty() => return Some(Ok(chunk)),
                Ok(_) if self.given == 0 => {
                    // Once.
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

/// Images in the model's shape.
pub(crate) fn in_shape(
    images: Images,
    path: &Path,
    format: &InputFormat,
    options: &ReadOptions,
) -> Result<Images, DatasetError> {
    let (expected, found) = (format.shape, images.shape());
    if format.scaling.is_some() && found != expected {
        return Err(FormatError::NotATable { columns: expected.width }.in_file(path));
    }
    let size = || DatasetError::InputSize { path: path.to_owned(), expected, found };
    reshape(images, expected, options.resize)?.ok_or_else(size)
}

/// Whether an array holds items along its first axis, rather than a single image or nothing.
fn has_items(sizes: &[usize], format: &InputFormat) -> bool {
    let ImageShape { channels, height, width } = format.shape;
    let is_one = format.scaling.is_none() && channels == 1 && sizes == [height, width];
    sizes.len() > 1 && !sizes.contains(&0) && !is_one
}

/// The images of a file that is no table.
fn decode(bytes: Vec<u8>, format: &InputFormat) -> Result<Images, FormatError> {
    if npy::is_npy(&bytes) {
        let array = npy::decode(&bytes)?;
        return match &format.scaling {
            Some(_) if array.shape.len() == 2 => Err(FormatError::NoRows),
            Some(_) => Err(FormatError::NotATable { columns: format.shape.width }),
            None => arrays::images(array, Some(format.shape)),
        };
    }
    if format.scaling.is_some() {
        return Err(FormatError::NotATable { columns: format.shape.width });
    }
    if picture::is_picture(&bytes) {
        picture::decode(&bytes, format.shape.channels)
    } else if gzip::is_gzip(&bytes) || bytes.starts_with(&[0, 0, 8]) {
        folder::images_from_bytes(bytes)
    } else {
        Err(FormatError::Unrecognised)
    }
}
