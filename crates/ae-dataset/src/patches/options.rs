//! What is cut from pictures, and how much of it.

use ae_files::counted_as;
use serde::{Deserialize, Serialize};

use crate::limits::{MAX_PATCH_BYTES, MAX_PATCH_SIDE};
use crate::{ImageShape, PatchError};

/// The numbers of patches of an epoch between which the rule chooses.
const BY_RULE: [u64; 2] = [1000, 16_000];

/// The training patches for which there is one validation patch.
const PER_VALIDATION: usize = 10;

/// Which patches are cut from pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatchOptions {
    /// Height and width, 1 to 8192 each.
    pub size: [usize; 2],
    /// The number of patches of an epoch, at least 1; by default as many as cover the training pictures once, from 1000
    /// to 16 000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// Whether training patches are mirrored left to right and top to bottom, each with probability 1/2.
    #[serde(default)]
    pub flips: bool,
    /// Whether training patches are turned by 0 to 3 quarter turns, each with the same probability. They must be square.
    #[serde(default)]
    pub rotations: bool,
}

impl PatchOptions {
    /// Patches of a size in the pictures' own orientation, as many as the rule says.
    pub fn new(size: [usize; 2]) -> Self {
        Self { size, count: None, flips: false, rotations: false }
    }

    /// Checks what can be checked without pictures.
    ///
    /// # Errors
    /// If a side or the number of patches is outside its range, oblong patches are to be turned, or grey patches of 8
    /// bits would take more than 2 GiB.
    pub fn check(&self) -> Result<(), PatchError> {
        let [height, width] = self.size;
        let size = format!("{height} x {width}");
        if self.size.iter().any(|side| !(1..=MAX_PATCH_SIDE).contains(side)) {
            let expected = format!("sides from 1 to {MAX_PATCH_SIDE}");
            return Err(refused("the size of patches", expected, size));
        }
        if self.rotations && height != width {
            let expected = "equal sides, because they are turned by quarter turns".to_owned();
            return Err(refused("the size of patches", expected, size));
        }
        self.check_count(Held { shape: self.shape(1), has_floats: false, is_paired: false })
    }

    /// The number of patches of an epoch for pictures of this area, in pixels.
    pub(super) fn count_for(&self, area: u64, held: Held) -> Result<usize, PatchError> {
        self.check()?;
        self.check_count(held)?;
        let [height, width] = self.size;
        let [least, most] = BY_RULE;
        let once = area.div_ceil((height * width) as u64).clamp(least, most);
        let by_rule = usize::try_from(once).unwrap_or(usize::MAX).min(held.most());
        Ok(self.count.unwrap_or(by_rule))
    }

    fn check_count(&self, held: Held) -> Result<(), PatchError> {
        let (most, Held { shape, is_paired, .. }) = (held.most(), held);
        match self.count {
            Some(found) if !(1..=most).contains(&found) => {
                let limit = MAX_PATCH_BYTES >> 30;
                let what = if is_paired { "pairs of patches" } else { "patches" };
                let expected =
                    format!("1 to {most}, which take {limit} GiB as {what} of {shape} do");
                Err(refused("the number of patches", expected, found.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// The options of the validation patches beside `count` training patches: a tenth as many, as the pictures have them.
    pub(super) fn for_validation(&self, count: usize) -> Self {
        Self { count: Some(count.div_ceil(PER_VALIDATION)), ..Self::new(self.size) }
    }

    /// What is cut from how many training pictures and others, `count` patches in an epoch, as a sentence.
    pub(super) fn in_words(
        &self,
        place: &str,
        pictures: [usize; 2],
        count: usize,
        is_paired: bool,
    ) -> String {
        let [height, width] = self.size;
        let rule =
            if self.count.is_some() { "" } else { ", to cover these once (from 1000 to 16000)" };
        let changed = match (self.flips, self.rotations) {
            (false, false) => "",
            (true, false) => ", mirrored at random",
            (false, true) => ", turned at random",
            (true, true) => ", mirrored and turned at random",
        };
        let [training, others] = pictures;
        format!(
            "{place}: every epoch cuts {} of {height} x {width} anew from {}{rule}{changed}; {} of {} stay the same for \
             validation",
            counted(count),
            counted_as(training, if is_paired { "pair" } else { "picture" }),
            counted(self.for_validation(count).count.unwrap_or_default()),
            counted_as(others, if is_paired { "other pair" } else { "other picture" }),
        )
    }

    /// The shape of a patch.
    pub(super) fn shape(&self, channels: usize) -> ImageShape {
        let [height, width] = self.size;
        ImageShape { channels, height, width }
    }

    /// Whether a picture is at least as large as a patch.
    pub(super) fn fits_into(&self, picture: ImageShape) -> bool {
        let [height, width] = self.size;
        height <= picture.height && width <= picture.width
    }
}

/// What a patch takes in memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) shape: ImageShape,
    /// Whether its values are floats.
    pub(super) has_floats: bool,
    /// Whether there is another patch beside it, its input.
    pub(super) is_paired: bool,
}

impl Held {
    /// The most patches that are held in memory.
    fn most(self) -> usize {
        let value = if self.has_floats { size_of::<f32>() } else { 1 };
        let patch = (self.shape.size() * value * if self.is_paired { 2 } else { 1 }) as u64;
        usize::try_from(MAX_PATCH_BYTES / patch.max(1)).unwrap_or(usize::MAX).max(1)
    }
}

/// "1 patch", "2 patches"
fn counted(patches: usize) -> String {
    format!("{patches} {}", if patches == 1 { "patch" } else { "patches" })
}

fn refused(what: &'static str, expected: String, found: String) -> PatchError {
    PatchError::Setting { what, expected, found }
}
