//! Networks that work alike at every place, so that they can be applied to pictures of any size.
//!
//! Every layer of such a network commutes with a shift: a picture shifted by a multiple of [`Reach::step`] gives the
//! output shifted as much. A pixel of the output sees a bounded neighbourhood. So a picture can be cut into tiles that
//! begin and end at multiples of the step. A tile includes the neighbourhood around its inner part, so the output of
//! the inner part equals that of the whole picture, to the bit. At the picture's own borders a tile ends with the
//! picture, and the layers pad as they do without tiles. A tile is as long as the picture, or at least as long as a
//! block with both margins, so that no kernel is longer than its map. (For a longer kernel, this workspace skips the
//! weights that meet padding alone, and adds in another order.)
//!
//! The padding `same` of TensorFlow depends on the length of a map. Where the stride divides the length, `n = q
//! stride`, there are `(q - 1) stride + size - n = size - stride` places to pad, whatever the length; so all lengths
//! are multiples of the step.

use super::{CheckedNetwork, Network};
use crate::ModelSpec;
use crate::layer::Slide;

/// How far a network sees along an axis, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// What the length of a picture must be a multiple of, at least 1.
    pub step: usize,
    /// What a block of `step` pixels of the output depends on.
    pub output: Margins,
    /// What the part of the code that belongs to a block of `step` pixels depends on.
    pub code: Margins,
    /// Places of the code that belong to a block of `step` pixels, at least 1.
    pub code_places: usize,
}

/// The neighbourhood of a block of pixels along an axis, in pixels: multiples of [`Reach::step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Margins {
    /// Pixels before the block.
    pub before: usize,
    /// Pixels behind the block.
    pub after: usize,
}

impl CheckedNetwork {
    /// How far the network sees down and across, if every layer works alike at every place of a picture of any size: no
    /// layer is dense, knows places or has `valid` padding. `None` for other networks.
    pub fn spatial(&self) -> Option<[Reach; 2]> {
        let last = self.layers().last()?;
        let slides = self.layers().iter().map(|layer| layer.layer.kind().slides());
        let slides = slides.collect::<Option<Vec<_>>>()?;
        let encoder = self.network().encoder.len();
        let reach = |axis: usize| {
            let axis = slides.iter().map(|slide| slide[axis]).collect::<Vec<_>>();
            reach(&axis, encoder)
        };
        let has_shape_of_item = last.output == self.item();
        has_shape_of_item.then(|| Some([reach(0)?, reach(1)?])).flatten()
    }
}

impl Network {
    /// The same network for items of another height and width. The parameters of a network that is
    /// [spatial](CheckedNetwork::spatial) stay as they are, in the same layout; other networks may not fit the size.
    #[must_use]
    pub fn at_size(&self, image: [usize; 2]) -> Self {
        Self { image, ..self.clone() }
    }
}

impl ModelSpec {
    /// The same model for items of another height and width; see [`Network::at_size`].
    #[must_use]
    pub fn at_size(&self, image: [usize; 2]) -> Self {
        Self { kind: self.kind, network: self.network.at_size(image) }
    }
}

/// The places of a map that a block of pixels has or sees, end excluded; the block begins at place 0.
#[derive(Debug, Clone, Copy)]
struct Interval {
    start: i128,
    end: i128,
}

/// How many places of a map there are for a pixel, in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Density {
    places: i128,
    pixels: i128,
}

impl Density {
    const OF_PIXELS: Self = Self { places: 1, pixels: 1 };

    /// After a layer.
    fn after(self, slide: Slide) -> Option<Self> {
        let (places, pixels) = match slide {
            Slide::Windows { stride, .. } => (self.places, self.pixels.checked_mul(wide(stride)?)?),
            Slide::Spread { stride, .. } => (self.places.checked_mul(wide(stride)?)?, self.pixels),
        };
        let divisor = greatest_divisor(places, pixels);
        Some(Self { places: places.checked_div(divisor)?, pixels: pixels.checked_div(divisor)? })
    }

    /// Places of so many pixels, which the density divides.
    fn places_of(self, pixels: i128) -> Option<i128> {
        (pixels / self.pixels).checked_mul(self.places)
    }

    /// The pixels before the block that belong to the places of an interval, and those behind the block of `step`
    /// pixels.
    fn margins(self, Interval { start, end }: Interval, step: i128) -> Option<[i128; 2]> {
        let pixels = |places: i128| places.checked_mul(self.pixels).map(|it| ceil(it, self.places));
        Some([pixels(start.checked_neg()?)?, pixels(end)?.checked_sub(step)?])
    }
}

/// The reach along an axis. All numbers are exact; `None` if they overflow, or if the output has another length than
/// the input.
fn reach(slides: &[Slide], encoder: usize) -> Option<Reach> {
    let mut densities = vec![Density::OF_PIXELS];
    let mut step = 1_i128;
    for slide in slides {
        let density = densities.last()?.after(*slide)?;
        step = (step / greatest_divisor(step, density.pixels)).checked_mul(density.pixels)?;
        densities.push(density);
    }
    if densities.last() != Some(&Density::OF_PIXELS) {
        return None;
    }
    let margins = |layers: usize| margins(&slides[..layers], &densities, step);
    Some(Reach {
        step: narrow(step)?,
        output: margins(slides.len())?,
        code: margins(encoder)?,
        code_places: narrow(densities.get(encoder)?.places_of(step)?)?,
    })
}

/// What a block of `step` pixels depends on behind these layers. `densities` are those before and after each layer. The
/// margins are the largest of all maps: a tile with so many pixels has all places that are seen in every map.
fn margins(slides: &[Slide], densities: &[Density], step: i128) -> Option<Margins> {
    let own = |layer: usize| {
        let end = densities.get(layer)?.places_of(step)?;
        Some(Interval { start: 0, end })
    };
    let mut seen = own(slides.len())?;
    let [mut before, mut after] = [0; 2];
    for (layer, slide) in slides.iter().enumerate().rev() {
        let block = own(layer)?;
        seen = slide.sees(seen)?;
        seen = Interval { start: seen.start.min(block.start), end: seen.end.max(block.end) };
        let [first, last] = densities.get(layer)?.margins(seen, step)?;
        (before, after) = (first.max(before), last.max(after));
    }
    let whole = |pixels: i128| ceil(pixels, step).checked_mul(step).and_then(narrow);
    Some(Margins { before: whole(before)?, after: whole(after)? })
}

impl Slide {
    /// The places of the input that those of the output see.
    fn sees(self, Interval { start, end }: Interval) -> Option<Interval> {
        let (Self::Windows { size, stride } | Self::Spread { size, stride }) = self;
        let (size, stride) = (wide(size)?, wide(stride)?);
        let before = (size - stride).max(0) / 2;
        let seen = match self {
            Self::Windows { .. } => Interval {
                start: start.checked_mul(stride)?.checked_sub(before)?,
                end: (end - 1).checked_mul(stride)?.checked_sub(before)?.checked_add(size)?,
            },
            // Place `m` is seen by the windows `p` with `p stride - before <= m < p stride - before + size`.
            Self::Spread { .. } => Interval {
                start: ceil(start.checked_add(before)?.checked_sub(size)?.checked_add(1)?, stride),
                end: (end - 1).checked_add(before)?.div_euclid(stride) + 1,
            },
        };
        Some(seen)
    }
}

/// The quotient rounded up; the divisor is positive.
fn ceil(number: i128, divisor: i128) -> i128 {
    -(-number).div_euclid(divisor)
}

fn greatest_divisor(one: i128, other: i128) -> i128 {
    if other == 0 { one } else { greatest_divisor(other, one % other) }
}

fn wide(number: usize) -> Option<i128> {
    i128::try_from(number).ok()
}

fn narrow(number: i128) -> Option<usize> {
    usize::try_from(number).ok()
}
