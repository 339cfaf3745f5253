//! Where images go that a model has made: a file, a folder, the terminal.

mod figure;
mod job;
mod names;
mod picture_delivery;
mod picture_folder;
mod picture_writer;
mod target;

use std::path::{Path, PathBuf};

use ae_dataset::{
    ImageShape, InputFormat, Inputs, NpyWriter, ParquetCell, ParquetWriter, PictureOrigin, Scaling,
    Shard, TableWriter,
};
use ae_experiment::Display;
use ae_files::{counted_as, write_atomic};
use ae_report::{GridRow, PictureFormat, reconstruction_grid};
use anyhow::bail;

use crate::args::{Common, Target};
use crate::item_index::ItemIndex;
use crate::noise_levels::NoiseLevels;
use crate::output;
use crate::shards::has_header;
use figure::drawn_at_most;
pub(crate) use figure::{first_of, write_figure};
pub(crate) use job::{Continuation, is_unfinished};
pub(crate) use names::PictureNames;
pub(crate) use picture_delivery::PictureDelivery;
use picture_folder::PictureFolder;
use picture_writer::{Made, PictureWriter};
pub(crate) use target::ending;
use target::{
    check_colours, check_continues, check_format, is_folder, is_other_picture, item_shape,
    parquet_table,
};

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
    keeps_index: bool,
}

/// What was delivered.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) images: usize,
    /// Of a folder its files, relative to it.
    pub(crate) files: Vec<PathBuf>,
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
    Parquet(Box<ParquetWriter>, &'a Scaling),
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
        Self::begin_shard(target, format, name, None)
    }

    /// The same for a shard, of which the rows of a table are a part.
    pub(crate) fn begin_shard(
        target: &'a Target,
        format: &'a InputFormat,
        name: &str,
        shard: Option<Shard>,
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
                    let names = scaling.names.as_deref().filter(|_| has_header(shard));
                    Sink::Table(TableWriter::create(path, scaling.columns(), names)?, scaling)
                }
                ("parquet", Some(scaling)) => {
                    Sink::Parquet(Box::new(parquet_table(path, scaling)?), scaling)
                }
                ("csv" | "parquet", None) => bail!(
                    "{}: a .csv or .parquet file holds a table, and the model makes images; take .npy",
                    path.display()
                ),
                _ => Sink::Figure,
            },
        };
        let (shape, name) = (format.shape, name.to_owned());
        let (rows, first, index) = (Vec::new(), First::default(), ItemIndex::default());
        let display = Display::of(format);
        let (delivered, keeps_index) = (0, false);
        Ok(Self {
            target,
            shape,
            display,
            scaling,
            name,
            sink,
            rows,
            first,
            index,
            delivered,
            keeps_index,
        })
    }

    /// The same, which says in any case which item each row is, if `keeps_index`.
    #[must_use]
    pub(crate) fn keeping_index(self, keeps_index: bool) -> Self {
        Self { keeps_index, ..self }
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
            Sink::Parquet(writer, scaling) => {
                for row in scaling.undo(images).chunks(scaling.columns().max(1)) {
                    writer.write_row(row.iter().copied().map(ParquetCell::Number))?;
                }
            }
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
    ) -> anyhow::Result<Outcome> {
        let Self {
            target,
            shape,
            display,
            scaling,
            name,
            sink,
            rows,
            first,
            index,
            delivered,
            keeps_index,
        } = self;
        let mut outcome = Outcome { images: delivered, files: Vec::new() };
        let noun = if scaling.is_some() { "row" } else { "image" };
        let shown = delivered.min(drawn_at_most(target, shape.size()));
        let grid = rows
            .iter()
            .map(|(label, values)| Ok(GridRow { label, images: display.pictures(values)? }))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut what = format!("{} written", counted_as(delivered, noun));
        let has_rows = matches!(sink, Sink::Array(_) | Sink::Table(..) | Sink::Parquet(..));
        match (sink, target.out.as_deref()) {
            (Sink::Array(writer), _) => writer.finish()?,
            (Sink::Table(writer, _), _) => writer.finish()?,
            (Sink::Parquet(writer, _), _) => writer.finish()?,
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
                outcome.images += folder.there();
                outcome.files = folder.finish()?;
            }
            (Sink::Picture(writer, _), _) => writer.finish()?,
            (Sink::Figure, _) => {}
        }
        if let Some(path) = &target.out {
            let index = match has_rows {
                true => index.write_beside(path, skipped, keeps_index)?,
                false => None,
            };
            let index = index.as_deref();
            output::written(common, path, delivered, skipped, &what, index, levels)?;
        }
        if target.show {
            output::pictures(&grid)?;
            if let Some(range) = display.in_words().filter(|_| !common.quiet) {
                output::progress(&range);
            }
        }
        Ok(outcome)
    }
}

/// An image with what is known of it.
fn made<'a>(shape: ImageShape, values: &'a [f32], items: &Delivered<'a>, place: usize) -> Made<'a> {
    Made { shape, values, origin: items.origin(place), has_16_bits: items.has_16_bits(place) }
}

/// What was written, and how much was there before.
fn there_already(what: String, there: usize) -> String {
    if there == 0 { what } else { format!("{what} ({there} there already)") }
}
