//! Where images go that a model has made: a file, a folder, the terminal.

mod names;

use std::fs;
use std::path::{Path, PathBuf};

use ae_experiment::{
    Figure, GridRow, ImageShape, InputFormat, NpyWriter, Picture, Scaling, TableWriter,
    make_folder, pictures, reconstruction_grid, write_file,
};
use anyhow::{Context as _, bail};

use crate::args::{Common, Target};
use crate::commands::{counted_as, written};
use crate::output;
use names::PictureNames;

/// Most numbers of images that wait for a figure: 256 MiB.
const MOST_SHOWN: usize = 1 << 26;

/// Takes images chunk by chunk; holds no more of them than a figure shows.
pub(crate) struct Delivery<'a> {
    target: &'a Target,
    shape: ImageShape,
    scaling: Option<&'a Scaling>,
    name: String,
    sink: Sink<'a>,
    /// What a figure shows beneath each other.
    rows: Vec<(&'static str, Vec<f32>)>,
    /// The first image, if it may be the only one.
    first: Vec<f32>,
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
        let sink = match target.output.as_deref() {
            None => Sink::Figure,
            Some(path) if is_folder(path) && scaling.is_some() => {
                bail!("{}: a table goes into a .csv or .npy file", path.display())
            }
            Some(path) if is_folder(path) => {
                Sink::Folder(empty_folder(path)?, PictureNames::default())
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
        let (rows, first) = (Vec::new(), Vec::new());
        Ok(Self { target, shape, scaling, name, sink, rows, first, delivered: 0 })
    }

    /// Takes the next images, `n x channels x height x width`, what a figure shows of them, and their
    /// names.
    pub(crate) fn add(
        &mut self,
        images: &[f32],
        rows: &[(&'static str, &[f32])],
        names: &[PathBuf],
    ) -> anyhow::Result<()> {
        let size = self.shape.size();
        let most = self.target.count.min((MOST_SHOWN / size).max(1));
        let wanted = most.saturating_sub(self.delivered);
        let shown = wanted.min(images.len() / size) * size;
        if self.rows.is_empty() {
            self.rows = rows.iter().map(|&(label, _)| (label, Vec::new())).collect();
            self.first = images.iter().take(size).copied().collect();
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
                for (picture, name) in pictures(self.shape, images)?.iter().zip(names) {
                    write_into(folder, &taken.next(name), picture)?;
                }
            }
            Sink::Figure => {}
        }
        self.delivered += images.len() / size;
        Ok(())
    }

    /// Gives the files their names, draws the figure, and tells of it.
    pub(crate) fn finish(self, skipped: usize, common: &Common) -> anyhow::Result<()> {
        let Self { target, shape, scaling, name, sink, rows, first, delivered } = self;
        let noun = if scaling.is_some() { "row" } else { "image" };
        let shown = rows.first().map_or(0, |(_, values)| values.len() / shape.size());
        let grid = rows
            .iter()
            .map(|(label, values)| Ok(GridRow { label, images: pictures(shape, values)? }))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut what = format!("{} written", counted_as(delivered, noun));
        match (sink, target.output.as_deref()) {
            (Sink::Array(writer), _) => writer.finish()?,
            (Sink::Table(writer, _), _) => writer.finish()?,
            (Sink::Figure, Some(path)) if ending(path) == "png" && delivered == 1 => {
                for picture in pictures(shape, &first)? {
                    write_file(path, &picture.png()?)?;
                }
            }
            (Sink::Figure, Some(path)) => {
                let caption = format!("the first {shown} of {}", counted_as(delivered, noun));
                let figure = reconstruction_grid(&grid, "", &format!("{name}: {caption}"))?;
                write_figure(path, &figure)?;
                what = format!("a figure of {caption} written");
            }
            (Sink::Folder(..) | Sink::Figure, _) => {}
        }
        if let Some(path) = &target.output {
            written(common, path, delivered, skipped, &what)?;
        }
        if target.show {
            output::pictures(&grid)?;
        }
        Ok(())
    }
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
        let path = match target.output.as_deref() {
            Some(path) if !target.show => path,
            _ => bail!(
                "--show draws images of the model's size alone; write pictures of other sizes with -o, \
                 or resize them with --resize"
            ),
        };
        let is_folder = is_folder(path);
        if is_folder {
            empty_folder(path)?;
        } else if pictures > 1 || ending(path) != "png" {
            bail!(
                "{}: pictures of other sizes than the model's go into a folder, such as out/, or one alone \
                 into a .png file",
                path.display()
            );
        }
        Ok(Self { path, is_folder, names: PictureNames::default(), delivered: 0 })
    }

    /// Writes a picture, `channels x height x width`.
    pub(crate) fn add(
        &mut self,
        shape: ImageShape,
        values: &[f32],
        name: &Path,
    ) -> anyhow::Result<()> {
        for picture in pictures(shape, values)? {
            if self.is_folder {
                write_into(self.path, &self.names.next(name), &picture)?;
            } else {
                write_file(self.path, &picture.png()?)?;
            }
            self.delivered += 1;
        }
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
        written(common, self.path, self.delivered, skipped, &what)
    }
}

/// Writes a figure as PNG or SVG, the two endings that the arguments accept.
pub(crate) fn write_figure(path: &Path, figure: &Figure) -> anyhow::Result<()> {
    let bytes = if ending(path) == "png" { figure.png()? } else { figure.svg()?.into_bytes() };
    Ok(write_file(path, &bytes)?)
}

/// A cell of a CSV file (RFC 4180).
pub(crate) fn csv_cell(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// Writes a picture under a name, which may be one in a subfolder.
fn write_into(folder: &Path, name: &Path, picture: &Picture) -> anyhow::Result<()> {
    let path = folder.join(name);
    make_folder(path.parent().unwrap_or(folder))?;
    Ok(write_file(&path, &picture.png()?)?)
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

/// A folder to write to, that nobody's files are in.
fn empty_folder(path: &Path) -> anyhow::Result<&Path> {
    make_folder(path)?;
    let mut entries =
        fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    if entries.next().is_some() {
        bail!("{} is not empty; choose another folder", path.display());
    }
    Ok(path)
}

fn ending(path: &Path) -> &str {
    path.extension().and_then(|ending| ending.to_str()).unwrap_or("")
}
