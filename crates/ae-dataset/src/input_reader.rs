//! Images for a model, chunk by chunk, from whatever a user names.

use std::path::{Path, PathBuf};

use ae_files::read_bounded;

use crate::idx::MAX_BYTES;
use crate::npy::Array;
use crate::npy_reader::NpyReader;
use crate::own_data::scaled_rows;
use crate::picture_list::PictureList;
use crate::pictures::{part_bad, read_all, refuse_sizes};
use crate::resize::reshape;
use crate::table::{self, TableReader};
use crate::{
    DatasetError, FormatError, ImageShape, Images, InputFormat, Inputs, Part, Pixels, Progress,
    ReadOptions, Scaling, arrays, folder, gzip, npy, open_folder, picture, picture_parts,
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
    done: usize,
    given: usize,
    skipped: usize,
}

enum Source {
    Images(Images),
    /// One of 16 bits.
    DeepPicture(Images),
    Array(NpyReader),
    Pictures(PictureList),
    /// With the classes met until now.
    Table(Box<TableReader>, Vec<String>),
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Images(_) => "Images",
            Self::DeepPicture(_) => "DeepPicture",
            Self::Array(_) => "Array",
            Self::Pictures(_) => "Pictures",
            Self::Table(..) => "Table",
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
    /// - for a model of a table, a `.csv` file or a `.npy` file of shape `(n, columns)`, in the table's
    ///   own units.
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
            let table = TableReader::open(path, &options)?;
            scaling.check(table.columns(), table.names()).map_err(|error| error.in_file(path))?;
            Source::Table(Box::new(table), Vec::new())
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
        Self { name, path, format, options, source, done: 0, given: 0, skipped: 0 }
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
            Source::Table(..) => 0,
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

    fn chunk(&mut self) -> Result<Option<Inputs>, DatasetError> {
        let shape = self.format.shape;
        let items = (CHUNK_NUMBERS / shape.size().max(1)).clamp(1, CHUNK_ITEMS);
        let start = self.done;
        let mut inputs = match &mut self.source {
            Source::Images(images) | Source::DeepPicture(images) => {
                let end = images.len().min(start + items);
                if start >= end {
                    return Ok(None);
                }
                self.done = end;
                let chosen: Vec<u32> = (start as u32..end as u32).collect();
                Inputs::from_images(&self.name, &images.select(&chosen)?)
            }
            Source::Array(array) => {
                let before = array.read() * array.item_size();
                let items = (CHUNK_NUMBERS / array.item_size().max(1)).clamp(1, items);
                let Some(part) = array.next(items)? else { return Ok(None) };
                self.done = array.read();
                let images = images_of(part, &self.format)
                    .map_err(|error| error.after(before).in_file(&self.path))?;
                let images = in_shape(images, &self.path, &self.format, &self.options)?;
                Inputs::from_images(&self.name, &images)
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
            Source::Table(table, classes) => {
                let scaling = self.format.scaling.as_ref();
                let inputs = read_rows(table, classes, scaling, items)?;
                self.done = table.read + table.skipped;
                inputs
            }
        };
        inputs.name.clone_from(&self.name);
        match self.source {
            Source::Images(_) | Source::Array(_) => {
                inputs.items = (start as u64..self.done as u64).collect();
            }
            Source::DeepPicture(_) => inputs.has_16_bits.fill(true),
            Source::Pictures(_) | Source::Table(..) => {}
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
            match self.chunk() {
                // All of these were left out; there may be more.
                Ok(Some(chunk)) if chunk.pixels.is_empty() && chunk.skipped > 0 => {}
                Ok(Some(chunk)) if !chunk.pixels.is_empty() => return Some(Ok(chunk)),
                Ok(_) if self.given == 0 => {
                    // Once.
                    self.given = 1;
                    let (path, count) = (self.path.clone(), self.skipped);
                    return Some(Err(DatasetError::AllSkipped { path, count }));
                }
                Ok(_) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn read_pictures(
    folder: &Path,
    list: &PictureList,
    shape: ImageShape,
    options: &ReadOptions,
) -> Result<Inputs, DatasetError> {
    let read = read_all(&list.files, shape, options.resize);
    refuse_sizes(folder, &read)?;
    let read = part_bad(folder, list.files.iter().zip(read).collect(), options.bad)?;
    let good: Vec<u32> =
        (0..).zip(&read).filter(|(_, bytes)| bytes.is_some()).map(|(place, _)| place).collect();
    let skipped = read.len() - good.len();
    let list = list.select(&good);
    let names = list.names();
    let PictureList { labels, class_names, places, .. } = list;
    let has_classes = !class_names.is_empty();
    let images = || read.iter().flatten();
    Ok(Inputs {
        name: String::new(),
        shape,
        pixels: images().flat_map(Images::to_floats).collect(),
        labels: has_classes.then_some(labels),
        class_names: has_classes.then_some(class_names),
        files: Some(names),
        items: places,
        has_16_bits: images().map(|image| image.bytes().is_none()).collect(),
        skipped,
    })
}

fn read_rows(
    table: &mut TableReader,
    classes: &mut Vec<String>,
    scaling: Option<&Scaling>,
    items: usize,
) -> Result<Inputs, DatasetError> {
    let (mut numbers, mut of_rows) = (Vec::new(), Vec::new());
    let skipped = table.skipped;
    let mut places = Vec::new();
    while places.len() < items && table.next_row(&mut numbers, &mut of_rows)? {
        places.push((table.read + table.skipped - 1) as u64);
    }
    let columns = table.columns();
    let mut labels = Vec::with_capacity(of_rows.len());
    for class in of_rows {
        let place = classes.iter().position(|known| *known == class).unwrap_or_else(|| {
            classes.push(class);
            classes.len() - 1
        });
        let too_many = |_| DatasetError::TooManyClasses { found: classes.len() };
        labels.push(u8::try_from(place).map_err(too_many)?);
    }
    let scaled = |row| scaling.into_iter().flat_map(move |scaling| scaling.apply(row));
    let labelled = !classes.is_empty();
    Ok(Inputs {
        name: String::new(),
        shape: ImageShape::grey(1, columns),
        pixels: numbers.chunks(columns).flat_map(scaled).collect(),
        labels: labelled.then_some(labels),
        class_names: labelled.then(|| classes.clone()),
        files: None,
        has_16_bits: vec![false; places.len()],
        items: places,
        skipped: table.skipped - skipped,
    })
}

/// Images in the model's shape.
fn in_shape(
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

/// The images of an array: a table's rows for a model of a table.
fn images_of(array: Array, format: &InputFormat) -> Result<Images, FormatError> {
    match (&format.scaling, array.shape.as_slice()) {
        (Some(scaling), &[rows, columns]) if rows > 0 => {
            let values = scaled_rows(scaling, columns, array.numbers)?;
            let shape = ImageShape::grey(1, columns);
            Images::of_shape(shape, Pixels::Floats(values)).map_err(|_| FormatError::NoRows)
        }
        (Some(_), _) => Err(FormatError::NotATable { columns: format.shape.width }),
        (None, _) => arrays::images(array, Some(format.shape)),
    }
}

/// The images of a file that is no table.
fn decode(bytes: Vec<u8>, format: &InputFormat) -> Result<Images, FormatError> {
    if npy::is_npy(&bytes) {
        return images_of(npy::decode(&bytes)?, format);
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
