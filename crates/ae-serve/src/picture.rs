//! A picture as the body of a request.

use ae_apply::Model;
use ae_dataset::{DatasetError, ReadOptions, picture_in_memory};

use crate::Fault;
use crate::query::Options;

/// The most pixels of a picture in a body: one of 16 megapixels.
const MOST_PIXELS: u64 = 1 << 24;

/// The picture of a body, in the model's format.
pub(crate) fn picture(model: &Model, body: &[u8], options: &Options) -> Result<Vec<f32>, Fault> {
    let shape = model.shape();
    let expected = format!("a PNG or JPEG picture of {shape} pixels");
    if model.format().scaling.is_some() {
        let (error, expected) = ("the model is one of a table", "rows of the table as JSON");
        return Err(Fault::unfit(
            error,
            expected,
            "a picture",
            "send `item`: the numbers of a row",
        ));
    }
    let reading = ReadOptions { resize: options.resize, ..model.input().reading() };
    let read = picture_in_memory("the picture", body, shape, &reading, MOST_PIXELS);
    match read {
        Ok(images) => Ok(images.to_floats()),
        Err(DatasetError::InputSize { found, .. }) => Err(Fault::unfit(
            "the picture has another size than the model's",
            expected,
            format!("{found} pixels"),
            "send a picture of the model's size, or have it resized with ?resize=fit or ?resize=crop",
        )),
        Err(error) => Err(Fault::unfit(
            "the picture cannot be read",
            expected,
            error.to_string(),
            "send a picture that is whole, opaque and of at most 16 megapixels",
        )),
    }
}
