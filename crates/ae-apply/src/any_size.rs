//! Spatial networks applied to pictures of any size.
//!
//! A picture is padded by its outermost pixels to a multiple of the network's step and cut into tiles of one size with the
//! neighbourhood that the network sees; the tiles run on all threads, and of each the inner part is kept. The result has
//! the bits of the whole padded picture at once (see [`CheckedNetwork::spatial`](ae_models::CheckedNetwork::spatial)), for
//! any number of threads. Beside the picture and the result, memory is bounded by the tiles.

mod tiles;

use std::sync::{Arc, Mutex, PoisonError};

use ae_dataset::ImageShape;
use ae_models::{Margins, ModelError, ModelSpec, Reach, Shape};
use rayon::prelude::*;

use crate::error::ApplyError;
use tiles::{Cut, Side, plan};

/// Tiles of each thread that are kept until they are joined.
const TILES_OF_A_THREAD: usize = 4;
/// The most numbers of a result: 1 GiB.
const MOST_NUMBERS: usize = 1 << 28;

/// A spatial network, with its inference for the size of tile that was needed last.
pub(crate) struct AnySize<I: ?Sized> {
    spec: ModelSpec,
    reach: [Reach; 2],
    channels: usize,
    code_channels: usize,
    /// Numbers of the widest map for each pixel.
    widest: f64,
    ready: Mutex<Option<Ready<I>>>,
}

struct Ready<I: ?Sized> {
    size: [usize; 2],
    inference: Arc<I>,
}

/// A picture of as many channels as an item of the network.
#[derive(Clone, Copy)]
pub(crate) struct WholePicture<'a> {
    /// `channels x height x width`.
    pub(crate) values: &'a [f32],
    pub(crate) shape: ImageShape,
    /// What the network is told of its noise, if it takes that.
    pub(crate) noise_level: Option<f32>,
}

/// What is wanted of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The reconstruction, of the picture's shape.
    Output,
    /// The code of the padded picture.
    Code,
}

/// A result: numbers of this shape, channels first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Map {
    pub(crate) shape: ImageShape,
    pub(crate) values: Vec<f32>,
}

/// Numbers along an axis of the result that belong to a block of pixels.
#[derive(Debug, Clone, Copy)]
struct Scale {
    step: usize,
    places: usize,
}

impl Scale {
    fn of(self, pixels: usize) -> usize {
        pixels / self.step * self.places
    }
}

impl<I: Send + Sync + ?Sized> AnySize<I> {
    /// A network, if it is spatial.
    pub(crate) fn of(spec: &ModelSpec) -> Result<Option<Self>, ModelError> {
        let network = spec.check()?;
        let Some(reach) = network.spatial() else { return Ok(None) };
        let item = network.item();
        let maps = network.layers().iter().map(|layer| layer.output.numbers());
        let widest = maps.fold(network.input().numbers(), usize::max);
        Ok(Some(Self {
            spec: spec.clone(),
            reach,
            channels: item.channels,
            code_channels: network.code().channels,
            widest: widest as f64 / item.positions() as f64,
            ready: Mutex::new(None),
        }))
    }

    /// Applies the network to a picture. `build` prepares it for a size, `apply` applies it to a tile, and `progress` is
    /// called with the number of tiles done and the number of all tiles.
    pub(crate) fn run(
        &self,
        picture: WholePicture<'_>,
        wanted: Wanted,
        build: impl FnOnce(&ModelSpec) -> Result<Box<I>, ModelError>,
        apply: impl Fn(&I, &[f32], &mut [f32]) -> Result<(), ModelError> + Sync,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Map, ApplyError> {
        let ImageShape { channels, height, width } = picture.shape;
        let whole = channels.saturating_mul(height).saturating_mul(width);
        if channels != self.channels || whole == 0 || picture.values.len() != whole {
            let Shape { height, width, .. } = self.spec.network.item();
            let expected = ImageShape { channels: self.channels, height, width };
            let (origin, found) = ("the picture".to_owned(), picture.shape);
            return Err(ApplyError::ImageSize { origin, expected, found });
        }
        let threads = rayon::current_num_threads();
        let sides = self.sides([height, width], wanted);
        let [down, across] = plan(sides, self.widest, threads);
        let mut result = self.empty(picture.shape, [down.padded, across.padded], wanted)?;
        let inference = self.at([down.tile, across.tile], build)?;
        let tiles: Vec<[&Cut; 2]> =
            down.cuts.iter().flat_map(|y| across.cuts.iter().map(move |x| [y, x])).collect();
        let tile = [down.tile, across.tile];
        let scales = self.scales(wanted);
        let numbers = result.shape.channels * scales[0].of(tile[0]) * scales[1].of(tile[1]);
        let mut done = 0;
        for tiles_at_once in tiles.chunks(threads.saturating_mul(TILES_OF_A_THREAD).max(1)) {
            let of_tile = |cuts: &[&Cut; 2]| {
                let input = picture.cut(cuts.map(|cut| cut.start), tile);
                let mut output = vec![0.0; numbers];
                apply(&inference, &input, &mut output)?;
                Ok(output)
            };
            let outputs: Result<Vec<Vec<f32>>, ModelError> =
                tiles_at_once.par_iter().map(of_tile).collect();
            for (cuts, output) in tiles_at_once.iter().zip(outputs?) {
                result.paste(&output, *cuts, tile, scales);
            }
            done += tiles_at_once.len();
            progress(done, tiles.len());
        }
        Ok(result)
    }

    fn sides(&self, lengths: [usize; 2], wanted: Wanted) -> [Side; 2] {
        [0, 1].map(|axis| {
            let Reach { step, output, code, .. } = self.reach[axis];
            let margins: Margins = match wanted {
                Wanted::Output => output,
                Wanted::Code => code,
            };
            Side { length: lengths[axis], step, margins }
        })
    }

    fn scales(&self, wanted: Wanted) -> [Scale; 2] {
        self.reach.map(|Reach { step, code_places, .. }| match wanted {
            Wanted::Output => Scale { step, places: step },
            Wanted::Code => Scale { step, places: code_places },
        })
    }

    /// A result without its numbers.
    fn empty(
        &self,
        picture: ImageShape,
        padded: [usize; 2],
        wanted: Wanted,
    ) -> Result<Map, ApplyError> {
        let shape = match wanted {
            Wanted::Output => picture,
            Wanted::Code => {
                let [down, across] = self.scales(wanted);
                let (height, width) = (down.of(padded[0]), across.of(padded[1]));
                ImageShape { channels: self.code_channels, height, width }
            }
        };
        let ImageShape { channels, height, width } = shape;
        let numbers = channels.saturating_mul(height).saturating_mul(width);
        if numbers > MOST_NUMBERS.max(picture.size()) {
            return Err(ApplyError::LargeMaps { found: shape, most: MOST_NUMBERS });
        }
        Ok(Map { shape, values: vec![0.0; numbers] })
    }

    /// The network for items of this size.
    fn at(
        &self,
        size: [usize; 2],
        build: impl FnOnce(&ModelSpec) -> Result<Box<I>, ModelError>,
    ) -> Result<Arc<I>, ModelError> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        match &*ready {
            Some(ready) if ready.size == size => Ok(Arc::clone(&ready.inference)),
            _ => {
                // Two would need twice the memory.
                *ready = None;
                let inference: Arc<I> = build(&self.spec.at_size(size))?.into();
                *ready = Some(Ready { size, inference: Arc::clone(&inference) });
                Ok(inference)
            }
        }
    }
}

impl WholePicture<'_> {
    /// A tile of the padded picture, with the plane of the noise level behind it.
    fn cut(&self, [top, left]: [usize; 2], [height, width]: [usize; 2]) -> Vec<f32> {
        let ImageShape { channels, height: rows, width: columns } = self.shape;
        let area = height * width;
        let planes = channels + usize::from(self.noise_level.is_some());
        let mut tile = Vec::with_capacity(planes * area);
        let inside = (left + width).min(columns);
        for plane in self.values.chunks_exact(rows * columns) {
            for y in top..top + height {
                let row = &plane[y.min(rows - 1) * columns..][..columns];
                tile.extend_from_slice(&row[left..inside]);
                // Behind the picture its outermost pixel is repeated.
                tile.extend(std::iter::repeat_n(row[columns - 1], left + width - inside));
            }
        }
        if let Some(level) = self.noise_level {
            tile.extend(std::iter::repeat_n(level, area));
        }
        tile
    }
}

impl Map {
    /// Writes the part of a tile's result that is kept.
    fn paste(&mut self, output: &[f32], cuts: [&Cut; 2], tile: [usize; 2], scales: [Scale; 2]) {
        let ImageShape { height, width, .. } = self.shape;
        let lengths = [height, width];
        // Within the result, and of these the first within the tile.
        let kept = [0, 1].map(|axis| {
            let Cut { start, kept } = cuts[axis];
            let [first, end] = [kept.start, kept.end].map(|pixels| scales[axis].of(pixels));
            (first.min(lengths[axis])..end.min(lengths[axis]), scales[axis].of(kept.start - start))
        });
        let [rows, columns] = [0, 1].map(|axis| scales[axis].of(tile[axis]));
        let [(down, top), (across, left)] = kept;
        let planes = self.values.chunks_exact_mut(height * width);
        for (plane, output) in planes.zip(output.chunks_exact(rows * columns)) {
            for (place, y) in down.clone().enumerate() {
                let from = &output[(top + place) * columns + left..][..across.len()];
                plane[y * width..][across.clone()].copy_from_slice(from);
            }
        }
    }
}
