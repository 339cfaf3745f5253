//! Pictures of any size as the images of a network: tiles side by side.

use crate::byte_fields::{read_number, write_number, wrong};
use crate::error::{CompressionError, in_range};

/// The largest pictures: those that are read from files. A damaged archive cannot claim more.
const MAX_CHANNELS: usize = 3;
const MAX_SIDE: usize = 32_768;
const MAX_PIXELS: usize = 1 << 28;

/// The shape of an image or a picture: channels, height and width.
pub(crate) type Shape = [usize; 3];

/// Pictures that are cut into tiles of a network's shape, for
/// [`Compressor::compress_pictures`](crate::Compressor::compress_pictures).
///
/// Tiles do not overlap. Those at the right and lower edge are filled up with the nearest pixels of the picture. A
/// picture with more channels than a tile is cut channel by channel.
#[derive(Debug, Clone)]
pub struct TiledPictures {
    pub(crate) tile: Shape,
    pub(crate) tiles: Vec<u8>,
    pub(crate) pictures: Vec<Shape>,
    pub(crate) names: Vec<String>,
}

impl TiledPictures {
    /// No pictures yet, for a network of images of this shape, `[channels, height, width]`.
    ///
    /// # Errors
    /// [`CompressionError::Range`] if one of the three is 0.
    pub fn new(tile: [usize; 3]) -> Result<Self, CompressionError> {
        for length in tile {
            in_range("a side of a tile", 1, MAX_SIDE, length)?;
        }
        Ok(Self { tile, tiles: Vec::new(), pictures: Vec::new(), names: Vec::new() })
    }

    /// Cuts a picture of this name, `channels x height x width`.
    ///
    /// # Errors
    /// [`CompressionError::Range`] if a side is 0 or above 32 768, or there are more than 3 * 2^28 numbers;
    /// [`CompressionError::NotWholeRows`] if the pixels are not that many;
    /// [`CompressionError::Channels`] if the channels are no multiple of a tile's.
    pub fn add(
        &mut self,
        name: &str,
        shape: [usize; 3],
        pixels: &[u8],
    ) -> Result<(), CompressionError> {
        let [channels, height, width] = shape;
        let columns = numbers_of(shape)?;
        if pixels.len() != columns {
            return Err(CompressionError::NotWholeRows { columns, values: pixels.len() });
        }
        if !channels.is_multiple_of(self.tile[0]) {
            return Err(CompressionError::Channels { expected: self.tile[0], found: channels });
        }
        for place in places(shape, self.tile) {
            let [_, tile_height, tile_width] = self.tile;
            for channel in place.channel..place.channel + self.tile[0] {
                for row in place.row..place.row + tile_height {
                    let start = (channel * height + row.min(height - 1)) * width;
                    let line = &pixels[start..start + width];
                    let inside = &line[place.column..width.min(place.column + tile_width)];
                    self.tiles.extend(inside);
                    let filled = tile_width - inside.len();
                    self.tiles.extend(std::iter::repeat_n(line[width - 1], filled));
                }
            }
        }
        self.pictures.push(shape);
        self.names.push(name.to_owned());
        Ok(())
    }

    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.pictures.len()
    }

    /// How many tiles these have.
    pub fn tiles(&self) -> usize {
        self.tiles.len() / self.tile.iter().product::<usize>()
    }

    /// How many tiles a picture of a shape, `[channels, height, width]`, is cut into.
    pub fn tiles_of(&self, shape: [usize; 3]) -> usize {
        tiles_of(shape, self.tile).unwrap_or(usize::MAX)
    }

    /// Whether there are no pictures.
    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }
}

/// A picture in a file: its shape, and where its tiles are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) shape: Shape,
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// Writes the number of pictures and their shapes.
pub(crate) fn write(pictures: &[Shape], bytes: &mut Vec<u8>) {
    write_number(pictures.len(), bytes);
    pictures.iter().flatten().for_each(|&number| write_number(number, bytes));
}

/// Reads the shapes of pictures that have `tiles` tiles of this shape in all.
pub(crate) fn read(
    bytes: &mut &[u8],
    tile: Shape,
    tiles: usize,
) -> Result<Vec<Placed>, CompressionError> {
    let count = read_number(bytes)?;
    let (mut pictures, mut first) = (Vec::new(), 0);
    for _ in 0..count {
        let shape = [read_number(bytes)?, read_number(bytes)?, read_number(bytes)?];
        let fits = shape[0].is_multiple_of(tile[0]) && numbers_of(shape).is_ok();
        let own = tiles_of(shape, tile).filter(|&own| fits && own <= tiles - first);
        let Some(count) = own else {
            let found = format!("{shape:?} with {} left", tiles - first);
            return Err(wrong("a picture whose tiles are there", &found));
        };
        pictures.push(Placed { shape, first, count });
        first += count;
    }
    if first != tiles || pictures.is_empty() {
        let found = format!("those of {first} of {tiles} tiles");
        return Err(wrong("the pictures of all tiles", &found));
    }
    Ok(pictures)
}

/// Puts the tiles of a picture together.
pub(crate) fn join(tiles: &[u8], shape: Shape, tile: Shape) -> Vec<u8> {
    let [_, height, width] = shape;
    let [channels, tile_height, tile_width] = tile;
    let mut pixels = vec![0; shape.iter().product()];
    let size = tile.iter().product();
    for (place, tile) in places(shape, tile).zip(tiles.chunks_exact(size)) {
        let (rows, columns) =
            (tile_height.min(height - place.row), tile_width.min(width - place.column));
        for channel in 0..channels {
            for row in 0..rows {
                let from = (channel * tile_height + row) * tile_width;
                let to = ((place.channel + channel) * height + place.row + row) * width;
                let to = to + place.column;
                pixels[to..to + columns].copy_from_slice(&tile[from..from + columns]);
            }
        }
    }
    pixels
}

/// How many numbers a picture has, if it is not larger than pictures that are read.
fn numbers_of([channels, height, width]: Shape) -> Result<usize, CompressionError> {
    in_range("the channels of a picture", 1, MAX_CHANNELS, channels)?;
    for side in [height, width] {
        in_range("a side of a picture", 1, MAX_SIDE, side)?;
    }
    in_range("the pixels of a picture", 1, MAX_PIXELS, height * width)?;
    Ok(channels * height * width)
}

/// How many tiles a picture has, if they can be counted.
fn tiles_of([channels, height, width]: Shape, tile: Shape) -> Option<usize> {
    let plane = height.div_ceil(tile[1]).checked_mul(width.div_ceil(tile[2]))?;
    plane.checked_mul(channels / tile[0])
}

/// The first channel, row and column of a tile.
struct Place {
    channel: usize,
    row: usize,
    column: usize,
}

/// Where the tiles of a picture are, channels first, then row by row.
fn places([channels, height, width]: Shape, tile: Shape) -> impl Iterator<Item = Place> {
    (0..channels).step_by(tile[0]).flat_map(move |channel| {
        (0..height).step_by(tile[1]).flat_map(move |row| {
            let columns = (0..width).step_by(tile[2]);
            columns.map(move |column| Place { channel, row, column })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_filled_with_the_nearest_pixels_and_cut_off_again() {
        let pixels: Vec<u8> = (0..15).collect();
        let mut tiled = TiledPictures::new([1, 2, 2]).unwrap();
        tiled.add("a", [1, 3, 5], &pixels).unwrap();
        #[rustfmt::skip]
        let expected = [
            0, 1, 5, 6,  2, 3, 7, 8,  4, 4, 9, 9,
            10, 11, 10, 11,  12, 13, 12, 13,  14, 14, 14, 14,
        ];
        assert_eq!(tiled.tiles, expected);
        assert_eq!(join(&tiled.tiles, [1, 3, 5], [1, 2, 2]), pixels);
    }

    #[test]
    fn colours_are_cut_together_or_one_by_one_as_the_tile_says() {
        let pixels: Vec<u8> = (0..3 * 4 * 3).collect();
        for tile in [[1, 3, 2], [3, 3, 2], [3, 4, 3], [1, 9, 9]] {
            let mut tiled = TiledPictures::new(tile).unwrap();
            tiled.add("a", [3, 4, 3], &pixels).unwrap();
            assert_eq!(join(&tiled.tiles, [3, 4, 3], tile), pixels, "{tile:?}");
            let mut bytes = Vec::new();
            write(&tiled.pictures, &mut bytes);
            let tiles = tiled.tiles.len() / tile.iter().product::<usize>();
            let read = read(&mut bytes.as_slice(), tile, tiles).unwrap();
            assert_eq!(read, [Placed { shape: [3, 4, 3], first: 0, count: tiles }]);
        }
    }

    #[test]
    fn pictures_that_do_not_fit_are_refused() {
        let mut tiled = TiledPictures::new([3, 2, 2]).unwrap();
        let mut refused =
            |shape, count| tiled.add("a", shape, &vec![0; count]).unwrap_err().to_string();
        assert!(refused([3, 2, 2], 11).contains("11 numbers are not"));
        assert!(refused([3, 0, 2], 0).contains("a side of a picture must be from 1"));
        assert!(refused([3, 2, usize::MAX], 0).contains("a side of a picture must be from 1"));
        assert!(refused([3, 32_768, 32_768], 0).contains("the pixels of a picture must be from 1"));
        assert!(refused([6, 2, 2], 24).contains("the channels of a picture must be from 1 to 3"));
        assert_eq!(refused([1, 2, 2], 4), "expected a multiple of 3 channels, found 1");
        assert!(tiled.is_empty());
        let empty = TiledPictures::new([1, 0, 2]).unwrap_err().to_string();
        assert!(empty.contains("a side of a tile must be from 1"), "{empty}");
    }

    #[test]
    fn shapes_that_are_not_those_of_the_tiles_are_refused() {
        let refused = |shapes: &[Shape], tiles| {
            let mut bytes = Vec::new();
            write(shapes, &mut bytes);
            read(&mut bytes.as_slice(), [1, 2, 2], tiles).unwrap_err().to_string()
        };
        let most = (1 << 35) - 1;
        assert!(refused(&[[1, 4, 4]], 3).contains("[1, 4, 4] with 3 left"));
        assert!(refused(&[[1, most, most]], 3).contains("with 3 left"));
        assert!(refused(&[[1, 0, 4]], 0).contains("[1, 0, 4]"));
        assert!(refused(&[[1, 4, 4]], 5).contains("those of 4 of 5 tiles"));
        assert!(refused(&[], 0).contains("those of 0 of 0 tiles"));
    }
}
