//! `ae encode`

use std::path::Path;

use ae_apply::{FeatureMaps, TrainedEncoder, device};
use ae_dataset::{NpyWriter, PictureReader};
use ae_experiment::open_encoder;
use ae_files::{counted_as, make_folder};
use anyhow::bail;

use super::{inputs, noun_of, of_picture, tell_of_training_data};
use crate::args::{Common, Encode, OutputPath};
use crate::delivery::PictureNames;
use crate::exit_status::Status;
use crate::item_index::ItemIndex;
use crate::noise_levels::NoiseLevels;
use crate::{output, progress};

pub(crate) fn run(args: &Encode, common: &Common) -> anyhow::Result<Status> {
    let encoder = open_encoder(&args.applied.model, &device(&common.device)?)?;
    if takes_whole_pictures(args, &encoder)? {
        return pictures(args, &encoder, common);
    }
    let mut reader = inputs(&args.applied.images, encoder.input(), &args.reading, common)?;
    let mut codes = NpyWriter::create(&args.out, &[encoder.latent_dim()])?;
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
    let index = index.write_beside(&args.out, reader.skipped())?;
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
    Ok(Status::Done)
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
    let mut reader =
        PictureReader::open(images, channels, &options, progress.as_mut())?.in_channels(channels);
    let count = reader.shapes().len();
    if !args.out.is_folder() && count > 1 {
        bail!(
            "{}: the feature maps of several pictures go into a folder, such as codes/: a .npy file for each",
            args.out.display()
        );
    }
    let mut files = CodeFiles::new(&args.out)?;
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
            files.write(&name, shape, &values)?;
        }
    }
    let CodeFiles { written, last, .. } = files;
    let what = match last.filter(|_| written == 1) {
        Some([channels, height, width]) => {
            format!("1 picture encoded to feature maps of {channels} x {height} x {width}, written")
        }
        None => format!("{} encoded to feature maps, written", counted_as(written, "picture")),
    };
    let levels = NoiseLevels::default();
    output::written(common, &args.out, written, reader.skipped(), &what, None, &levels)?;
    Ok(Status::Done)
}

/// The files of feature maps: one, or a folder with a file of each picture's folders and name.
struct CodeFiles<'a> {
    out: &'a OutputPath,
    names: PictureNames,
    written: usize,
    /// The shape of the last.
    last: Option<[usize; 3]>,
}

impl<'a> CodeFiles<'a> {
    fn new(out: &'a OutputPath) -> anyhow::Result<Self> {
        if out.is_folder() {
            make_folder(out)?;
        }
        Ok(Self { out, names: PictureNames::default(), written: 0, last: None })
    }

    fn write(&mut self, name: &Path, shape: [usize; 3], values: &[f32]) -> anyhow::Result<()> {
        let path = match self.out.is_folder() {
            true => self.out.join(self.names.with_ending(name, "npy")),
            false => self.out.to_path_buf(),
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
