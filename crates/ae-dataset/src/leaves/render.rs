//! From a scene to the pixels of a picture: light, the camera's blur, 8 bits.

use ae_random::Stream;

use super::scene::Scene;
use super::texture::Textures;
use super::{bell, between};
use crate::ImageShape;

/// Draws one picture into its pixels, plane by plane.
pub(super) fn draw(mut stream: Stream, textures: &Textures, shape: ImageShape, pixels: &mut [u8]) {
    let ImageShape { channels, height, width } = shape;
    let camera = Camera::drawn(&mut stream);
    let scene = Scene::drawn([2 * height, 2 * width], textures, &mut stream);
    let mut shaded = vec![vec![0.0; 2 * width]; channels];
    let mut row_of_scene = |row: isize| {
        let row = row.clamp(0, 2 * height as isize - 1) as usize;
        scene.shade(row, textures, &mut shaded);
        shaded.iter().flat_map(|line| camera.halved(line)).collect::<Vec<f32>>()
    };
    // The four rows of the scene that a row of the picture is made of; two of them serve the next row too.
    let mut four: [Vec<f32>; 4] = std::array::from_fn(|index| row_of_scene(index as isize - 3));
    for y in 0..height {
        four.rotate_left(2);
        four[2] = row_of_scene(2 * y as isize + 1);
        four[3] = row_of_scene(2 * y as isize + 2);
        let light = camera.light(y, height);
        for channel in 0..channels {
            let out = &mut pixels[(channel * height + y) * width..][..width];
            for (x, pixel) in out.iter_mut().enumerate() {
                let place = channel * width + x;
                let value = camera.mean(std::array::from_fn(|row| four[row][place]));
                *pixel = (value * light * 255.0).round().clamp(0.0, 255.0) as u8;
            }
        }
    }
}

/// What the camera and the light add.
#[derive(Debug, Clone, Copy)]
struct Camera {
    /// From 0 (a pixel is the mean of its 2 x 2 places) to 1/2 (of 4 x 4 places).
    blur: f32,
    /// The difference of the light between the lower and the upper border.
    gradient: f32,
}

impl Camera {
    fn drawn(stream: &mut Stream) -> Self {
        Self { blur: between(0.0, 0.15, stream), gradient: 0.12 * bell(stream) }
    }

    /// The weighted mean of four neighbours: the binomial blur (b, 1 - 2 b, b), then the mean of two.
    fn mean(self, [a, b, c, d]: [f32; 4]) -> f32 {
        let outer = self.blur / 2.0;
        outer * (a + d) + (0.5 - outer) * (b + c)
    }

    /// A row at half its length.
    fn halved(self, row: &[f32]) -> impl Iterator<Item = f32> {
        let last = row.len() - 1;
        (0..row.len() / 2).map(move |x| {
            let [left, right] = [(2 * x).saturating_sub(1), (2 * x + 2).min(last)];
            self.mean([row[left], row[2 * x], row[2 * x + 1], row[right]])
        })
    }

    /// The factor of the light in a row.
    fn light(self, y: usize, height: usize) -> f32 {
        1.0 + self.gradient * ((y as f32 + 0.5) / height as f32 - 0.5)
    }
}
