//! Where images go that a model has made: a file, a folder, the terminal.

mod job;
mod names;
mod picture_delivery;
mod picture_folder;
mod picture_writer;

use std::path::{Path, PathBuf};

use ae_dataset::{ImageShape, InputFormat, Inputs, NpyWriter, PictureOrigin, Scaling, TableWriter};
use ae_experiment::Display;
use ae_files::{counted_as, write_atomic};
use ae_report::{Figure, GridRow, PictureFormat, UnwrittenError, reconstruction_grid};
use anyhow::{Context as _, bail};

use crate::args::{Common, Target};
use crate::exit_status::Usage;
use crate::item_index::ItemIndex;
use crate::noise_levels::NoiseLevels;
use crate::output;
pub(crate) use job::{Continuation, is_unfinished};
pub(crate) use names::PictureNames;
pub(crate) use picture_delivery::PictureDelivery;
use picture_folder::PictureFolder;
use picture_writer::{Made, PictureWriter};

/// Numbers of the images in a row of a figure, 256 MiB; of larger images a figure shows fewer.
const DRAWN_VALUES: usize = 1 << 26;
/// Pages of a TIFF, where their number is not known.
const SOME_PAGES: usize = 1 << 12;

/// What is known of the images that are delivered.
pub(crate) struct Delivered<'a> {
    names: Vec<PathBuf>,
    /// What they were made of, if that has places of its own.
    inputs: Option<&'a Inputs>,
}

impl<'a> Delivered<'a> {
    /// Made of these.
    pub(crate) fn of(inputs: &'a Inputs) -> Self {
        Self { names: inputs.names(), inputs: Some(inputs) }
    }

    /// Made of what had these names.
    pub(crate) fn named(names: impl Iterator<Item = String>) -> Self {
        Self { names: names.map(PathBuf::from).collect(), inputs: None }
    }

    /// Made of nothing that has a name.
    pub(crate) fn numbered(first: usize, count: usize) -> Self {
        let names = (first..first + count).map(|place| format!("{place:06}").into());
        Self { names: names.collect(), inputs: None }
    }

    fn has_16_bits(&self, place: usize) -> bool {
        self.inputs.is_some_and(|inputs| inputs.has_16_bits.get(place) == Some(&true))
    }

    /// The picture that an image was made of, if it was one.
    fn origin(&self, place: usize) -> Option<&'a PictureOrigin> {
        self.inputs.and_then(|inputs| inputs.origins.as_ref()?.get(place))
    }
}

/// Takes images chunk by chunk; holds no more of them than a figure shows.
pub(crate) struct Delivery<'a> {
    target: &'a Target,
    shape: ImageShape,
    display: Display,
    scaling: Option<&'a Scaling>,
    name: String,
    sink: Sink<'a>,
    /// What a figure shows beneath each other.
    rows: Vec<(&'static str, Vec<f32>)>,
    /// The first image, if it may be the only one.
    first: First,
    index: ItemIndex,
    delivered: usize,
}

/// The first image, whether its file has 16 bits, and what it was made of.
#[derive(Default)]
struct First {
    values: Vec<f32>,
    has_16_bits: bool,
    origin: Option<PictureOrigin>,
}

enum Sink<'a> {
    Array(NpyWriter),
    Table(TableWriter, &'a Scaling),
    Folder(Box<PictureFolder<'a>>),
    /// One picture, or of a TIFF about so many pages.
    Picture(PictureWriter, usize),
    /// Of the first images, drawn at the end.
    Figure,
}

impl<'a> Delivery<'a> {
    /// Begins; what cannot be written is refused before anything is computed.
    pub(crate) fn begin(
        target: &'a Target,
        format: &'a InputFormat,
        name: &str,
    ) -> anyhow::Result<Self> {
        check_format(target)?;
        let scaling = format.scaling.as_ref();
        if scaling.is_none() {
            check_colours(target, format.shape.channels)?;
        }
        let sink = match target.out.as_deref() {
            None => Sink::Figure,
            Some(path) if is_folder(path) && scaling.is_some() => {
                bail!("{}: a table goes into a .csv or .npy file", path.display())
            }
            Some(path) if is_folder(path) => {
                Sink::Folder(Box::new(PictureFolder::begin(path, target)?))
            }
            Some(path) if is_other_picture(path) && scaling.is_some() => {
                bail!("{}: a table goes into a .csv or .npy file", path.display())
            }
            Some(path) if is_other_picture(path) => {
                Sink::Picture(PictureWriter::new(target.quality), SOME_PAGES)
            }
            Some(path) => match (ending(path), scaling) {
                ("npy", _) => Sink::Array(NpyWriter::create(path, &item_shape(format))?),
                ("csv", Some(scaling)) => {
                    let names = scaling.names.as_deref();
                    Sink::Table(TableWriter::create(path, scaling.columns(), names)?, scaling)
                }
                ("csv", None) => bail!(
                    "{}: a .csv file holds a table, and the model makes images; take .npy",
                    path.display()
                ),
                _ => Sink::Figure,
            },
        };
        let (shape, name) = (format.shape, name.to_owned());
        let (rows, first, index) = (Vec::new(), First::default(), ItemIndex::default());
        let display = Display::of(format);
        Ok(Self { target, shape, display, scaling, name, sink, rows, first, index, delivered: 0 })
    }

    /// The same for the pictures of an input, of which a folder may hold some already.
    pub(crate) fn of_pictures(
        mut self,
        origins: Option<&[PictureOrigin]>,
        continuation: &Continuation,
    ) -> anyhow::Result<Self> {
        match (&mut self.sink, origins) {
            (Sink::Folder(folder), Some(origins)) => {
                let channels = self.shape.channels;
                folder.plan(origins, |_| channels, continuation)?;
            }
            (Sink::Picture(_, pages), Some(origins)) => {
                *pages = origins.len();
                check_continues(continuation)?;
            }
            _ => check_continues(continuation)?,
        }
        Ok(self)
    }

    /// Whether an item is still to be made.
    pub(crate) fn is_wanted(&self, item: u64) -> bool {
        match &self.sink {
            Sink::Folder(folder) => folder.is_wanted(item),
            _ => true,
        }
    }

    /// An error, with what was written into a folder before it.
    pub(crate) fn interrupted(&self, error: anyhow::Error) -> anyhow::Error {
        match &self.sink {
            Sink::Folder(folder) => folder.interrupted(error),
            _ => error,
        }
    }

    /// Takes the next images, `n x channels x height x width`, what a figure shows of them, and what is known
    /// of them.
    pub(crate) fn add(
        &mut self,
        images: &[f32],
        rows: &[(&'static str, &[f32])],
        items: &Delivered<'_>,
    ) -> anyhow::Result<()> {
        let size = self.shape.size();
        let wanted = drawn_at_most(self.target, size).saturating_sub(self.delivered);
        let shown = wanted.min(images.len() / size) * size;
        if self.rows.is_empty() {
            self.rows = rows.iter().map(|&(label, _)| (label, Vec::new())).collect();
            self.first = First {
                values: images.iter().take(size).copied().collect(),
                has_16_bits: items.has_16_bits(0),
                origin: items.origin(0).cloned(),
            };
        }
        for ((_, kept), (_, values)) in self.rows.iter_mut().zip(rows) {
            kept.extend(values.iter().take(shown));
        }
        match &mut self.sink {
            Sink::Array(writer) => match self.scaling {
                Some(scaling) => {
                    let own: Vec<f32> =
                        scaling.undo(images).into_iter().map(|x| x as f32).collect();
                    writer.write(&own)?;
                }
                None => writer.write(images)?,
            },
            Sink::Table(writer, scaling) => writer.write(&scaling.undo(images))?,
            Sink::Folder(folder) => {
                for (place, (values, name)) in images.chunks(size).zip(&items.names).enumerate() {
                    folder.add(made(self.shape, values, items, place), name)?;
                }
            }
            Sink::Picture(writer, pages) => {
                let path = self.target.out.as_deref().unwrap_or(Path::new(""));
                let is_tiff = PictureFormat::of_name(path) == Some(PictureFormat::Tiff);
                if self.delivered + images.len() / size > 1 && !is_tiff {
                    bail!(
                        "{}: several images go into a folder, such as out/, into the pages of a .tif, or into \
                         .npy",
                        path.display()
                    );
                }
                for (place, values) in images.chunks(size).enumerate() {
                    let made = made(self.shape, values, items, place);
                    writer.write(path, made, if is_tiff { *pages } else { 1 })?;
                }
            }
            Sink::Figure => {}
        }
        if let Some(inputs) = items.inputs {
            self.index.add(inputs);
        }
        self.delivered += images.len() / size;
        Ok(())
    }

    /// Gives the files their names, draws the figure, and tells of it.
    pub(crate) fn finish(
        self,
        skipped: usize,
        levels: &NoiseLevels,
        common: &Common,
    ) -> anyhow::Result<()> {
        let Self { target, shape, display, scaling, name, sink, rows, first, index, delivered } =
            self;
        let noun = if scaling.is_some() { "row" } else { "image" };
        let shown = delivered.min(drawn_at_most(target, shape.size()));
        let grid = rows
            .iter()
            .map(|(label, values)| Ok(GridRow { label, images: display.pictures(values)? }))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut what = format!("{} written", counted_as(delivered, noun));
        let has_rows = matches!(sink, Sink::Array(_) | Sink::Table(..));
        match (sink, target.out.as_deref()) {
            (Sink::Array(writer), _) => writer.finish()?,
            (Sink::Table(writer, _), _) => writer.finish()?,
            (Sink::Figure, Some(path)) if ending(path) == "png" && delivered == 1 => {
                let row = scaling.map(|_| display.pictures(&first.values)).transpose()?;
                match row.as_deref() {
                    Some([row, ..]) => write_atomic(path, &row.png()?)?,
                    _ => {
                        let First { values, has_16_bits, origin } = &first;
                        let (origin, has_16_bits) = (origin.as_ref(), *has_16_bits);
                        let mut writer = PictureWriter::new(target.quality);
                        writer.write(path, Made { shape, values, origin, has_16_bits }, 1)?;
                        writer.finish()?;
                    }
                }
            }
            (Sink::Figure, Some(path)) => {
                let caption = first_of(shown, delivered, noun);
                let about = display.caption(&format!("{name}: {caption}"));
                let figure = reconstruction_grid(&grid, "", &about)?;
                write_figure(path, &figure)?;
                what = format!("a figure of {caption} written");
            }
            (Sink::Folder(folder), _) => {
                what = there_already(what, folder.there());
                folder.finish()?;
            }
            (Sink::Picture(writer, _), _) => writer.finish()?,
            (Sink::Figure, _) => {}
        }
        if let Some(path) = &target.out {
            let index = if has_rows { index.write_beside(path, skipped)? } else { None };
            let index = index.as_deref();
            output::written(common, path, delivered, skipped, &what, index, levels)?;
        }
        if target.show {
            output::pictures(&grid)?;
            if let Some(range) = display.in_words().filter(|_| !common.quiet) {
                output::progress(&range);
            }
        }
        Ok(())
    }
}

/// What a figure shows: all items, or the first of them.
pub(crate) fn first_of(shown: usize, all: usize, noun: &str) -> String {
    if shown == all {
        return counted_as(all, noun);
    }
    format!("the first {shown} of {}", counted_as(all, noun))
}

/// How many images of so many numbers a figure shows: as many as were asked for and can be held in
/// memory.
fn drawn_at_most(target: &Target, size: usize) -> usize {
    target.count.min((DRAWN_VALUES / size.max(1)).max(1))
}

/// Writes a figure as PNG or SVG, the two endings that the arguments accept, and says what had to be
/// changed so that it could be drawn.
pub(crate) fn write_figure(path: &Path, figure: &Figure) -> anyhow::Result<()> {
    for note in figure.notes() {
        tracing::warn!("{}: {note}", path.display());
    }
    let bytes = if ending(path) == "png" { figure.png()? } else { figure.svg()?.into_bytes() };
    Ok(write_atomic(path, &bytes)?)
}

/// An image with what is known of it.
fn made<'a>(shape: ImageShape, values: &'a [f32], items: &Delivered<'a>, place: usize) -> Made<'a> {
    Made { shape, values, origin: items.origin(place), has_16_bits: items.has_16_bits(place) }
}

/// What was written, and how much was there before.
fn there_already(what: String, there: usize) -> String {
    if there == 0 { what } else { format!("{what} ({there} there already)") }
}

/// Refuses flags of pictures that the name of an output file contradicts.
fn check_format(target: &Target) -> Result<(), Usage> {
    let Some(path) = target.out.as_deref().filter(|path| !is_folder(path)) else { return Ok(()) };
    let (named, shown) = (PictureFormat::of_name(path), path.display());
    if let Some(format) = target.format.filter(|format| named != Some(*format)) {
        let format = format.name();
        let sentence = format!(
            "--format {format} is for a folder of pictures, and the name {shown} says another format; give the file \
             the ending of {format}, or leave --format out"
        );
        return Err(Usage(sentence));
    }
    if target.quality != Target::QUALITY && named != Some(PictureFormat::Jpeg) {
        let sentence = format!("--quality is for JPEG files, and {shown} is none; leave it out");
        return Err(Usage(sentence));
    }
    Ok(())
}

/// Refuses to make pictures with so many channels if they are named to be in a format that does not hold them.
fn check_colours(target: &Target, channels: usize) -> anyhow::Result<()> {
    let Some(path) = target.out.as_deref() else { return Ok(()) };
    let named = if is_folder(path) { target.format } else { PictureFormat::of_name(path) };
    if named.is_some_and(|format| !format.holds(channels)) {
        return Err(UnwrittenError::Coloured).with_context(|| path.display().to_string());
    }
    Ok(())
}

/// Refuses --continue where nothing can be continued.
fn check_continues(continuation: &Continuation) -> anyhow::Result<()> {
    if continuation.continues {
        bail!("--continue is for pictures that go into a folder, such as -o out/");
    }
    Ok(())
}

/// Grey images have two dimensions, coloured ones three, rows of a table one.
fn item_shape(format: &InputFormat) -> Vec<usize> {
    let ImageShape { channels, height, width } = format.shape;
    match (&format.scaling, channels) {
        (Some(_), _) => vec![width],
        (None, 1) => vec![height, width],
        (None, _) => vec![channels, height, width],
    }
}

/// Whether the arguments mean a folder.
fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

/// Whether the arguments mean a picture that is no figure.
fn is_other_picture(path: &Path) -> bool {
    PictureFormat::of_name(path).is_some_and(|format| format != PictureFormat::Png)
}

/// The ending of a file's name, without the dot.
pub(crate) fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or("")
}
