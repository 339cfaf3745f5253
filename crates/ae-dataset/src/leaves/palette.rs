//! The colours of a picture.
//!
//! A photograph has few materials in one light: a few clusters of similar colours. Greys are spread around the picture's
//! mean by its contrast; chroma is weaker than lightness and stronger along blue to yellow than along red to green, as in
//! photographs (Ruderman, Cronin and Chiao, "Statistics of cone responses to natural images", JOSA A 15, 1998).

use ae_random::Stream;

use super::{bell, between};

/// The most clusters of a picture.
const MOST_CLUSTERS: u32 = 6;

/// Lightness, from 0 to 1, and the two components of chroma (Cb and Cr of ITU-T T.871, in [-0.5, 0.5]).
type Colour = [f32; 3];

/// The clusters of colours of a picture.
#[derive(Debug)]
pub(super) struct Palette {
    clusters: Vec<Colour>,
    /// The standard deviation of the lightness within a cluster.
    spread: f32,
    /// The factor on chroma.
    saturation: f32,
}

impl Palette {
    pub(super) fn drawn(stream: &mut Stream) -> Self {
        let mean = 0.43 + 0.11 * bell(stream);
        let contrast = between(0.05, 0.22, stream);
        let spread = between(0.02, 0.12, stream);
        let saturation = stream.uniform() * between(0.3, 1.0, stream);
        let clusters = (0..2 + stream.below(MOST_CLUSTERS - 1)).map(|_| {
            let chroma = [0.11 * bell(stream), 0.07 * bell(stream)];
            [mean + contrast * bell(stream), saturation * chroma[0], saturation * chroma[1]]
        });
        let clusters = clusters.collect();
        Self { clusters, spread, saturation }
    }

    /// The colour of a leaf: red, green and blue in [0, 1]. `light` is added to its lightness.
    pub(super) fn colour(&self, light: f32, stream: &mut Stream) -> [f32; 3] {
        let cluster = stream.below(self.clusters.len().max(1) as u32) as usize;
        let [lightness, blue, red] = self.clusters.get(cluster).copied().unwrap_or([0.5, 0.0, 0.0]);
        let lightness = folded(lightness + light + self.spread * bell(stream));
        let blue = blue + 0.02 * self.saturation * bell(stream);
        let red = red + 0.015 * self.saturation * bell(stream);
        // Dark and white things have little chroma.
        let room = 4.0 * lightness * (1.0 - lightness);
        let (blue, red) = (room * blue, room * red);
        [
            lightness + 1.402 * red,
            lightness - 0.344_136_3 * blue - 0.714_136_3 * red,
            lightness + 1.772 * blue,
        ]
        .map(|value| value.clamp(0.0, 1.0))
    }
}

/// A number mirrored at 0.02 and 0.98 until it lies between them, so that extreme greys do not pile up.
fn folded(lightness: f32) -> f32 {
    let (low, high) = (0.02, 0.98);
    let once = if lightness < low { 2.0 * low - lightness } else { lightness };
    let twice = if once > high { 2.0 * high - once } else { once };
    twice.clamp(low, high)
}
