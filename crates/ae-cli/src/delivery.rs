//! Where images go that a model has made: a file, a folder, the terminal.

mod names;

use std::path::{Path, PathBuf};

use ae_dataset::{ImageShape, InputFormat, Inputs, NpyWriter, Scaling, TableWriter};
use ae_experiment::Display;
use ae_files::{counted_as, make_folder, write_atomic};
use ae_report::{Figure, GridRow, Picture, png_of_16_bits, reconstruction_grid};
use anyhow::bail;
use names::PictureNames;

use crate::args::{Common, Target};
use crate::item_index::ItemIndex;
use crate::output;

/// Numbers of the images in a row of a figure, 256 MiB; of larger images a figure shows fewer.
const DRAWN_VALUES: usize = 1 << 26;

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
    /// The first image, if it may be the only one, and whether its file has 16 bits.
    first: (Vec<f32>, bool),
    index: ItemIndex,
    delivered: usize,
}

enum Sink<'a> {
    Array(NpyWriter),
    Table(TableWriter, &'a Scaling),
    Folder(&'a Path, PictureNames),
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
        let scaling = format.scaling.as_ref();
        let sink = match target.out.as_deref() {
            None => Sink::Figure,
            Some(path) if is_folder(path) && scaling.is_some() => {
                bail!("{}: a table goes into a .csv or .npy file", path.display())
            }
            Some(path) if is_folder(path) => {
                make_folder(path)?;
                Sink::Folder(path, PictureNames::default())
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
        let (rows, first, index) = (Vec::new(), (Vec::new(), false), ItemIndex::default());
        let display = Display::of(format);
        Ok(Self { target, shape, display, scaling, name, sink, rows, first, index, delivered: 0 })
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
            self.first = (images.iter().take(size).copied().collect(), items.has_16_bits(0));
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
            Sink::Folder(folder, taken) => {
                for (place, (values, name)) in images.chunks(size).zip(&items.names).enumerate() {
                    let png = png(self.shape, values, items.has_16_bits(place))?;
                    write_into(folder, &taken.next(name), &png)?;
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
    pub(crate) fn finish(self, skipped: usize, common: &Common) -> anyhow::Result<()> {
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
                let row = scaling.map(|_| display.pictures(&first.0)).transpose()?;
                let png = match row.as_deref() {
                    Some([row, ..]) => row.png()?,
                    _ => png(shape, &first.0, first.1)?,
                };
                write_atomic(path, &png)?;
            }
            (Sink::Figure, Some(path)) => {
                let caption = first_of(shown, delivered, noun);
                let about = display.caption(&format!("{name}: {caption}"));
                let figure = reconstruction_grid(&grid, "", &about)?;
                write_figure(path, &figure)?;
                what = format!("a figure of {caption} written");
            }
            (Sink::Folder(..) | Sink::Figure, _) => {}
        }
        if let Some(path) = &target.out {
            let index = if has_rows { index.write_beside(path, skipped)? } else { None };
            output::written(common, path, delivered, skipped, &what, index.as_deref())?;
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

/// Takes pictures of any sizes one by one; each is a file of its own.
pub(crate) struct PictureDelivery<'a> {
    path: &'a Path,
    is_folder: bool,
    names: PictureNames,
    delivered: usize,
}

impl<'a> PictureDelivery<'a> {
    /// Begins for so many pictures; what cannot be written is refused before anything is computed.
    pub(crate) fn begin(target: &'a Target, pictures: usize) -> anyhow::Result<Self> {
        let path = match target.out.as_deref() {
            Some(path) if !target.show => path,
            _ => bail!(
                "--show draws images of the model's size alone; write pictures of other sizes with -o, \
                 or resize them with --resize"
            ),
        };
        let is_folder = is_folder(path);
        if is_folder {
            make_folder(path)?;
        } else if pictures > 1 || ending(path) != "png" {
            bail!(
                "{}: pictures of other sizes than the model's go into a folder, such as out/, or one alone \
                 into a .png file",
                path.display()
            );
        }
        Ok(Self { path, is_folder, names: PictureNames::default(), delivered: 0 })
    }

    /// Writes a picture, `channels x height x width`, with as many bits as that which it was made of.
    pub(crate) fn add(
        &mut self,
        shape: ImageShape,
        values: &[f32],
        name: &Path,
        has_16_bits: bool,
    ) -> anyhow::Result<()> {
        let png = png(shape, values, has_16_bits)?;
        match self.is_folder {
            true => write_into(self.path, &self.names.next(name), &png)?,
            false => write_atomic(self.path, &png)?,
        }
        self.delivered += 1;
        Ok(())
    }

    /// An error, with what was written into the folder before it.
    pub(crate) fn interrupted(&self, error: anyhow::Error) -> anyhow::Error {
        if !self.is_folder || self.delivered == 0 {
            return error;
        }
        let written = counted_as(self.delivered, "picture");
        error.context(format!("stopped after {written}, written to {}", self.path.display()))
    }

    /// Tells of what was written.
    pub(crate) fn finish(self, skipped: usize, common: &Common) -> anyhow::Result<()> {
        let what = format!("{} written", counted_as(self.delivered, "picture"));
        output::written(common, self.path, self.delivered, skipped, &what, None)
    }
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

/// Writes a picture under a name, which may be one in a subfolder.
fn write_into(folder: &Path, name: &Path, png: &[u8]) -> anyhow::Result<()> {
    let path = folder.join(name);
    make_folder(path.parent().unwrap_or(folder))?;
    Ok(write_atomic(&path, png)?)
}

/// A picture as PNG, of 16 bits a channel if that which it was made of has as many.
fn png(shape: ImageShape, values: &[f32], has_16_bits: bool) -> anyhow::Result<Vec<u8>> {
    let ImageShape { channels, height, width } = shape;
    if has_16_bits {
        return Ok(png_of_16_bits(channels, height, width, values)?);
    }
    let picture = Picture::from_unit(channels, height, width, values)?;
    Ok(picture.png()?)
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

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or("")
}
