//! Where the items of an input come from: what a path leads to decides how it is read.

use std::fmt;
use std::path::Path;

use ae_files::read_bounded;

use crate::arrays::npy_reader::NpyReader;
use crate::arrays::{images, npy};
use crate::file_kind::FileKind;
use crate::idx::folder::{images_from_bytes, is_idx_folder, open_folder};
use crate::limits::MAX_FILE_BYTES;
use crate::mapped;
use crate::other_sizes::in_shape;
use crate::own_data::is_stack;
use crate::pictures::list::PictureList;
use crate::pictures::parts;
#[cfg(feature = "tables")]
use crate::tables::csv_reader::TableReader;
use crate::tables::is_table;
use crate::{
    DatasetError, FormatError, ImageShape, Images, InputFormat, Mapping, Part, Progress,
    ReadOptions,
};

/// An opened input.
pub(super) enum InputSource {
    /// Images in memory, in the model's shape.
    Images(Images),
    /// One picture, and whether it has more than 8 bits per value.
    Picture(Images, bool),
    /// A `.npy` file.
    Array(NpyReader),
    /// A folder of pictures.
    Pictures(PictureList),
    /// A CSV file.
    #[cfg(feature = "tables")]
    Table(Box<TableReader>),
}

/// An opened input, and its name for captions.
pub(super) struct NamedSource {
    pub(super) name: String,
    pub(super) source: InputSource,
}

impl InputSource {
    /// Opens a path; see [`InputReader::open`](crate::InputReader::open).
    pub(super) fn open(
        path: &Path,
        format: &InputFormat,
        options: &ReadOptions,
        progress: &mut dyn Progress,
    ) -> Result<NamedSource, DatasetError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && is_idx_folder(path)? {
            let dataset = open_folder(path)?.with_part(options.part)?;
            let source = Self::of_images(path, dataset.test, format, options)?;
            return Ok(NamedSource { name: dataset.origin.name, source });
        }
        let source = if path.is_dir() {
            refuse_pictures_without_their_feature()?;
            Self::Pictures(parts::list(path, options.part, progress)?)
        } else if let Some(part) = options.part.filter(|&part| part != Part::All) {
            let found = "a file has no parts";
            return Err(DatasetError::NoPart { path: path.to_owned(), part, found });
        } else if is_table(path) {
            open_table(path, format, options, progress)?
        } else {
            Self::of_file(path, format, options)?
        };
        Ok(NamedSource { name, source })
    }

    /// Images in memory.
    ///
    /// # Errors
    /// If they are not in the model's shape and cannot be brought to it.
    pub(super) fn of_images(
        path: &Path,
        images: Images,
        format: &InputFormat,
        options: &ReadOptions,
    ) -> Result<Self, DatasetError> {
        if format.scaling.is_some() && images.shape() != format.shape {
            return Err(FormatError::NotATable { columns: format.shape.width }.in_file(path));
        }
        Ok(Self::Images(in_shape(images, format.shape, options.resize, path)?))
    }

    /// A file that is not a table.
    fn of_file(
        path: &Path,
        format: &InputFormat,
        options: &ReadOptions,
    ) -> Result<Self, DatasetError> {
        if let Some(array) = NpyReader::open(path)?
            && has_items(array.shape(), format)
        {
            return Ok(Self::Array(array));
        }
        if format.scaling.is_none() && is_stack(path)? {
            return Ok(Self::Pictures(list_of_stack(path)));
        }
        // A file of images that is larger than what is read whole.
        if format.scaling.is_none()
            && let Some(found) = mapped::images(path, Mapping::Large, options, &mut ())?
        {
            return Self::of_images(path, found.images, format, options);
        }
        let bytes = read_bounded(path, MAX_FILE_BYTES)?;
        let kind = FileKind::of_bytes(path, &bytes);
        if kind.is_picture() {
            refuse_pictures_without_their_feature()?;
        }
        if kind.is_picture() && format.scaling.is_none() {
            let images = decode_picture(path, &bytes, format.shape.channels, options)?;
            let has_16_bits = images.bytes().is_none();
            let images = in_shape(images, format.shape, options.resize, path)?;
            return Ok(Self::Picture(images, has_16_bits));
        }
        let images = decode(&kind, bytes, format).map_err(|error| error.in_file(path))?;
        Self::of_images(path, images, format, options)
    }

    /// The number of all items, including those that will be left out; 0 if it is unknown.
    pub(super) fn total(&self) -> usize {
        match self {
            Self::Images(images) | Self::Picture(images, _) => images.len(),
            Self::Array(array) => array.total(),
            Self::Pictures(list) => list.files.len(),
            #[cfg(feature = "tables")]
            Self::Table(_) => 0,
        }
    }

    /// The noun for its items.
    pub(super) fn items(&self) -> &'static str {
        match self {
            Self::Images(_) | Self::Picture(..) | Self::Array(_) => "items",
            Self::Pictures(_) => "pictures",
            #[cfg(feature = "tables")]
            Self::Table(_) => "rows",
        }
    }
}

impl fmt::Debug for InputSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Images(_) => "Images",
            Self::Picture(..) => "Picture",
            Self::Array(_) => "Array",
            Self::Pictures(_) => "Pictures",
            #[cfg(feature = "tables")]
            Self::Table(_) => "Table",
        })
    }
}

#[cfg(feature = "tables")]
fn open_table(
    path: &Path,
    format: &InputFormat,
    options: &ReadOptions,
    progress: &mut dyn Progress,
) -> Result<InputSource, DatasetError> {
    let Some(scaling) = &format.scaling else {
        return Err(FormatError::TableForImages { shape: format.shape }.in_file(path));
    };
    let table = TableReader::open(path, options, Some(scaling), progress)?;
    Ok(InputSource::Table(Box::new(table)))
}

#[cfg(not(feature = "tables"))]
fn open_table(
    _: &Path,
    _: &InputFormat,
    _: &ReadOptions,
    _: &mut dyn Progress,
) -> Result<InputSource, DatasetError> {
    Err(DatasetError::NotInThisBuild { what: "read CSV files", feature: "tables" })
}

/// Whether an array has items along its first axis; otherwise it is a single image, or empty.
fn has_items(shape: &[usize], format: &InputFormat) -> bool {
    let ImageShape { channels, height, width } = format.shape;
    let is_one_image = format.scaling.is_none() && channels == 1 && shape == [height, width];
    shape.len() > 1 && !shape.contains(&0) && !is_one_image
}

/// The images of a file that is not a table.
fn decode(kind: &FileKind, bytes: Vec<u8>, format: &InputFormat) -> Result<Images, FormatError> {
    if *kind == FileKind::Npy {
        let array = npy::decode(&bytes)?;
        return match &format.scaling {
            Some(_) if array.shape.len() == 2 => Err(FormatError::NoRows),
            Some(_) => Err(FormatError::NotATable { columns: format.shape.width }),
            None => images::images(array, Some(format.shape)),
        };
    }
    if format.scaling.is_some() {
        return Err(FormatError::NotATable { columns: format.shape.width });
    }
    match kind {
        FileKind::Idx | FileKind::Gzip => images_from_bytes(bytes),
        _ => Err(FormatError::Unrecognised),
    }
}

#[cfg(feature = "pictures")]
fn list_of_stack(path: &Path) -> PictureList {
    PictureList::of_file(path)
}

#[cfg(not(feature = "pictures"))]
fn list_of_stack(_: &Path) -> PictureList {
    PictureList::default()
}

fn refuse_pictures_without_their_feature() -> Result<(), DatasetError> {
    match cfg!(feature = "pictures") {
        true => Ok(()),
        false => Err(DatasetError::NotInThisBuild { what: "read pictures", feature: "pictures" }),
    }
}

#[cfg(feature = "pictures")]
fn decode_picture(
    path: &Path,
    bytes: &[u8],
    channels: usize,
    options: &ReadOptions,
) -> Result<Images, DatasetError> {
    use crate::PictureId;
    use crate::pictures::decode::{Decoded, Wanted, decode};
    use crate::pictures::remark::warn_of_remarks;

    let wanted = Wanted { channels, background: options.background };
    let decoded = decode(bytes, wanted).map_err(|error| error.in_file(path))?;
    let Decoded { images, remark } = decoded;
    warn_of_remarks(path, std::iter::once((&PictureId::file(path), remark)));
    Ok(images)
}

#[cfg(not(feature = "pictures"))]
fn decode_picture(
    path: &Path,
    _: &[u8],
    _: usize,
    _: &ReadOptions,
) -> Result<Images, DatasetError> {
    Err(FormatError::NotAPicture.in_file(path))
}
