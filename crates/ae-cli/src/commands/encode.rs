//! `ae encode`

use ae_apply::device;
use ae_dataset::NpyWriter;
use ae_experiment::open_encoder;
use ae_files::counted_as;

use super::{inputs, noun_of};
use crate::args::{Common, Encode};
use crate::exit_status::Status;
use crate::item_index::ItemIndex;
use crate::{output, progress};

pub(crate) fn run(args: &Encode, common: &Common) -> anyhow::Result<Status> {
    let encoder = open_encoder(&args.applied.model, &device(&common.device)?)?;
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
    output::written(common, &args.out, encoded, reader.skipped(), &what, index.as_deref())?;
    Ok(Status::Done)
}
