//! What of a picture is not read as it stands, in one line for a whole input.

use std::path::Path;

use ae_files::shown;

use crate::PictureId;

/// What of a picture is not read as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remark {
    /// Frames follow that are not read.
    Animated,
    /// Inks (CMYK) become colours, without their profile.
    Inks,
    /// It is a smaller picture of one that the file does not hold.
    Preview,
}

/// Says of each remark which pictures have it, once for all of them.
pub(crate) fn warn_of_remarks<'a>(
    input: &Path,
    pictures: impl Iterator<Item = (&'a PictureId, Option<Remark>)> + Clone,
) {
    for remark in [Remark::Animated, Remark::Inks, Remark::Preview] {
        let has_it = pictures.clone().filter(|(_, found)| *found == Some(remark));
        let have_it: Vec<&PictureId> = has_it.map(|(picture, _)| picture).collect();
        let (input, count) = (shown(input), have_it.len());
        match (remark, have_it.as_slice()) {
            (_, []) => {}
            (Remark::Animated, [one]) => {
                tracing::warn!("{one} is animated: its first frame is read");
            }
            (Remark::Animated, [first, ..]) => tracing::warn!(
                "{input}: {count} pictures are animated, such as {first}: the first frame of each is read"
            ),
            (Remark::Inks, [one]) => {
                tracing::warn!(
                    "{one} is of inks (CMYK): it is read as RGB, without its colour profile"
                );
            }
            (Remark::Inks, [first, ..]) => tracing::warn!(
                "{input}: {count} pictures are of inks (CMYK), such as {first}: they are read as RGB, without \
                 their colour profiles"
            ),
            (Remark::Preview, [one]) => {
                tracing::warn!("{one} holds nothing but a preview, which is read");
            }
            (Remark::Preview, [first, ..]) => tracing::warn!(
                "{input}: {count} files hold nothing but previews, such as {first}: these are read"
            ),
        }
    }
}
