//! Event files of TensorBoard: scalars, images and histograms as records, and the records of a file that is there.
//!
//! An event file is a sequence of records ([`records`](self)): a header, then one event a record. The time of an event is
//! its step in seconds after 1970, so that the same run gives the same bytes; TensorBoard's axis "relative" then counts
//! steps.
//!
//! Sources: `tensorflow/core/util/event.proto`, `tensorflow/core/framework/summary.proto` and
//! `tensorflow/core/lib/io/record_writer.h` of TensorFlow.

mod histogram;
mod messages;
mod mosaic;
mod record;

use prost::Message as _;

use crate::{GridRow, ReportError};
use histogram::histogram;
use messages::{Event, ImageValue, Summary, Value};
use record::framed;

pub use record::{StoredEvent, stored_events};

/// What TensorBoard expects in the first record.
const VERSION: &str = "brain.Event:2";

/// The first record of a file.
#[must_use]
pub fn event_file_header() -> Vec<u8> {
    framed(&Event { file_version: Some(VERSION.to_owned()), ..Event::default() }.encode_to_vec())
}

/// A record of numbers at a step, each with its tag. TensorBoard keeps them as 32-bit numbers.
#[must_use]
pub fn scalar_record<'a>(step: u32, values: impl IntoIterator<Item = (&'a str, f64)>) -> Vec<u8> {
    let value = |(tag, value): (&str, f64)| Value {
        tag: tag.to_owned(),
        simple_value: Some(value as f32),
        ..Value::default()
    };
    summary_record(step, values.into_iter().map(value).collect())
}

/// A record of one image at a step: rows of pictures of one size. Of rows that are too long, the first pictures are
/// shown.
///
/// # Errors
/// If there is no picture, pictures have different sizes, or one is larger than four megapixels.
pub fn image_record(step: u32, tag: &str, rows: &[GridRow<'_>]) -> Result<Vec<u8>, ReportError> {
    let mosaic = mosaic::mosaic(rows)?;
    let image = ImageValue {
        height: mosaic.height as i32,
        width: mosaic.width as i32,
        colorspace: if mosaic.is_grey { 1 } else { 3 },
        encoded_image_string: mosaic.png()?,
    };
    let value = Value { tag: tag.to_owned(), image: Some(image), ..Value::default() };
    Ok(summary_record(step, vec![value]))
}

/// A record of histograms at a step, one for each tag, of 64 bins of equal width. Numbers that are not finite are left
/// out.
#[must_use]
pub fn histogram_record<'a>(
    step: u32,
    values: impl IntoIterator<Item = (&'a str, &'a [f32])>,
) -> Vec<u8> {
    let value = |(tag, values): (&str, &[f32])| Value {
        tag: tag.to_owned(),
        histo: Some(histogram(values)),
        ..Value::default()
    };
    summary_record(step, values.into_iter().map(value).collect())
}

fn summary_record(step: u32, value: Vec<Value>) -> Vec<u8> {
    let event = Event {
        wall_time: f64::from(step),
        step: i64::from(step),
        summary: Some(Summary { value }),
        ..Event::default()
    };
    framed(&event.encode_to_vec())
}
