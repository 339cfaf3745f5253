//! `ae encode`

use std::collections::HashMap;
use std::path::PathBuf;

use ae_apply::{FeatureMaps, TrainedEncoder, device};
use ae_dataset::{
    NpyWriter, ParquetCell, ParquetColumn, ParquetKind, ParquetWriter, PictureOrigin, PictureReader,
};
use ae_experiment::open_encoder;
use ae_files::{counted_as, make_folder};
use anyhow::bail;

use super::{in_flags, inputs, noun_of, of_picture, tell_of_training_data};
use crate::args::{Common, Encode, OutputPath};
use crate::delivery::{Outcome, PictureNames, ending};
use crate::exit_status::Status;
use crate::item_index::ItemIndex;
use crate::noise_levels::NoiseLevels;
use crate::shards::{Begun, Sharded, finish, keeps_index};
use crate::{output, progress};

pub(crate) fn run(args: &Encode, common: &Common) -> anyhow::Result<Status> {
    let encoder = open_encoder(&args.applied.model, &device(&common.device)?)?;
    if takes_whole_pictures(args, &encoder)? {
        return pictures(args, &encoder, common);
    }
    let reader = inputs(&args.applied.images, encoder.input(), &args.reading, common)?;
    let sharded = sharded(args, in_flags(reader.options()));
    let Some(begun) = sharded.begin(args.shard.shard, reader, &|_| true, common)? else {
        return Ok(Status::Done);
    };
    let Begun { mut reader, part } = begun;
    let mut codes = CodesFile::begin(&args.out, encoder.latent_dim())?;
    let mut progress = progress::data(common);
    let (mut encoded, mut index) = (0, ItemIndex::default());
    while let Some(chunk) = reader.next().transpose()? {
        codes.write(&encoder.encode(&chunk.pixels)?)?;
        encoded += chunk.len();
        index.add(&chunk);
        progress.read("encoding", reader.done() as u64, reader.total() as u64);
    }
    codes.finish()?;
    let count = counted_as(encoded, noun_of(encoder.format()));
    let numbers = counted_as(encoder.latent_dim(), "number");
    let what = format!("{count} encoded to {numbers} each");
    let index =
        index.write_beside(&args.out, reader.skipped(), keeps_index(&part, reader.options()))?;
    let levels = NoiseLevels::default();
    output::written(
        common,
        &args.out,
        encoded,
        reader.skipped(),
        &what,
        index.as_deref(),
        &levels,
    )?;
    finish(part, Outcome { images: encoded, files: Vec::new() }, reader.skipped())?;
    Ok(Status::Done)
}

fn sharded(args: &Encode, settings: String) -> Sharded<'_> {
    Sharded {
        command: "encode",
        model: Some(&args.applied.model),
        settings,
        out: Some(&args.out),
        replaces: args.overwrite.force,
    }
}

/// Whether pictures are encoded in their own sizes: of a network that takes them, where one has another size than the
/// model's or a folder of codes is wanted, and nobody asks for another size.
fn takes_whole_pictures(args: &Encode, encoder: &TrainedEncoder) -> anyhow::Result<bool> {
    let (images, shape) = (&args.applied.images, encoder.shape());
    let is_folder = args.out.is_folder();
    if args.reading.resize.is_none() && encoder.is_spatial() {
        let options = args.reading.options();
        let size = [shape.height, shape.width];
        if PictureReader::has_another_size(images, size, &options)?
            || is_folder && PictureReader::are_pictures(images, &options)?
        {
            return Ok(true);
        }
    }
    if is_folder {
        bail!(
            "{}: codes of items of the model's size go into one .npy file; a folder is for pictures in their own sizes, \
             and for a network of convolutions alone",
            args.out.display()
        );
    }
    Ok(false)
}

/// Feature maps of pictures of any size: channels x height x width, of each picture a file.
fn pictures(args: &Encode, encoder: &TrainedEncoder, common: &Common) -> anyhow::Result<Status> {
    let (images, input) = (&args.applied.images, encoder.input());
    tell_of_training_data(images, input, common);
    let mut progress = progress::data(common);
    let (channels, options) = (encoder.shape().channels, args.reading.over(input.reading()));
    let reader =
        PictureReader::open(images, channels, &options, progress.as_mut())?.in_channels(channels);
    let count = reader.shapes().len();
    if !args.out.is_folder() && (count > 1 || args.shard.shard.is_some()) {
        bail!(
            "{}: the feature maps of several pictures go into a folder, such as codes/: a .npy file for each",
            args.out.display()
        );
    }
    let mut files = CodeFiles::new(&args.out, &reader.origins())?;
    let sharded = sharded(args, in_flags(&options));
    let Some(begun) = sharded.begin(args.shard.shard, reader, &|_| true, common)? else {
        return Ok(Status::Done);
    };
    let Begun { mut reader, part } = begun;
    for picture in reader.by_ref() {
        let picture = picture?;
        for origin in picture.origins.iter().flatten() {
            let name = origin.picture.named(&origin.file);
            let shown = name.display().to_string();
            let mut tell = |done, total| {
                progress.read(&format!("tiles of {shown}"), done as u64, total as u64)
            };
            let maps = encoder.encode_picture(&picture.pixels, picture.shape, &mut tell);
            let FeatureMaps { shape, values } = maps.map_err(|error| of_picture(error, &shown))?;
            files.write(origin.item, shape, &values)?;
        }
    }
    let CodeFiles { written, last, files, .. } = files;
    let what = match last.filter(|_| written == 1) {
        Some([channels, height, width]) => {
            format!("1 picture encoded to feature maps of {channels} x {height} x {width}, written")
        }
        None => format!("{} encoded to feature maps, written", counted_as(written, "picture")),
    };
    let levels = NoiseLevels::default();
    output::written(common, &args.out, written, reader.skipped(), &what, None, &levels)?;
    finish(part, Outcome { images: written, files }, reader.skipped())?;
    Ok(Status::Done)
}

/// The file of codes: a `.npy` file, or a Parquet file with a column for each number.
enum CodesFile {
    Npy(NpyWriter),
    Parquet(Box<ParquetWriter>, usize),
}

impl CodesFile {
    fn begin(out: &OutputPath, numbers: usize) -> anyhow::Result<Self> {
        if ending(out) != "parquet" {
            return Ok(Self::Npy(NpyWriter::create(out, &[numbers])?));
        }
        let column =
            |place| ParquetColumn { name: format!("code_{place}"), kind: ParquetKind::Float };
        let columns: Vec<ParquetColumn> = (0..numbers).map(column).collect();
        Ok(Self::Parquet(Box::new(ParquetWriter::create(out, &columns)?), numbers))
    }

    fn write(&mut self, codes: &[f32]) -> anyhow::Result<()> {
        match self {
            Self::Npy(file) => file.write(codes)?,
            Self::Parquet(file, numbers) => {
                for code in codes.chunks(*numbers) {
                    file.write_row(code.iter().map(|&x| ParquetCell::Number(x.into())))?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Npy(file) => file.finish()?,
            Self::Parquet(file, _) => file.finish()?,
        }
        Ok(())
    }
}

/// The files of feature maps: one, or a folder with a file of each picture's folders and name.
struct CodeFiles<'a> {
    out: &'a OutputPath,
    /// The name of each picture's file in a folder, by its place in the input.
    names: HashMap<u64, PathBuf>,
    written: usize,
    files: Vec<PathBuf>,
    /// The shape of the last.
    last: Option<[usize; 3]>,
}

impl<'a> CodeFiles<'a> {
    fn new(out: &'a OutputPath, pictures: &[PictureOrigin]) -> anyhow::Result<Self> {
        if out.is_folder() {
            make_folder(out)?;
        }
        let mut names = PictureNames::default();
        let name = |PictureOrigin { picture, file, item }: &PictureOrigin| {
            (*item, names.with_ending(&picture.named(file), "npy"))
        };
        let names = pictures.iter().map(name).collect();
        Ok(Self { out, names, written: 0, files: Vec::new(), last: None })
    }

    fn write(&mut self, item: u64, shape: [usize; 3], values: &[f32]) -> anyhow::Result<()> {
        let path = match self.names.remove(&item).filter(|_| self.out.is_folder()) {
            Some(name) => {
                let path = self.out.join(&name);
                self.files.push(name);
                path
            }
            None => self.out.to_path_buf(),
        };
        if let Some(folder) = path.parent().filter(|_| self.out.is_folder()) {
            make_folder(folder)?;
        }
        let [channels, height, width] = shape;
        let mut file = NpyWriter::create(&path, &[height, width])?;
        for plane in values.chunks(values.len() / channels.max(1)) {
            file.write(plane)?;
        }
        file.finish()?;
        self.written += 1;
        self.last = Some(shape);
        Ok(())
    }
}
