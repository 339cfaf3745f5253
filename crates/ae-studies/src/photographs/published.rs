//! Published figures of other methods.
//!
//! Mean PSNR in dB of grey pictures with Gaussian noise that is not clipped.
//! - BSD68: Zhang, Zuo, Chen, Meng and Zhang, "Beyond a Gaussian denoiser: residual learning of deep CNN for image denoising"
//!   (IEEE Transactions on Image Processing 26, 2017), table 2; Set12: the averages of its table 3.
//! - FFDNet: Zhang, Zuo and Zhang, "FFDNet: toward a fast and flexible solution for CNN-based image denoising" (IEEE
//!   Transactions on Image Processing 27, 2018).

/// A figure of another method.
pub(super) struct Published {
    pub(super) set: &'static str,
    pub(super) level: u32,
    pub(super) method: &'static str,
    /// In dB.
    pub(super) psnr: f64,
}

/// The levels of the tables.
const LEVELS: [u32; 3] = [15, 25, 50];

type Row = (&'static str, &'static str, [Option<f64>; 3]);

const ROWS: [Row; 12] = [
    ("bsd68", "BM3D", [Some(31.07), Some(28.57), Some(25.62)]),
    ("bsd68", "MLP", [None, Some(28.96), Some(26.03)]),
    ("bsd68", "TNRD", [Some(31.42), Some(28.92), Some(25.97)]),
    ("bsd68", "DnCNN-S", [Some(31.73), Some(29.23), Some(26.23)]),
    ("bsd68", "DnCNN-B", [Some(31.61), Some(29.16), Some(26.23)]),
    ("bsd68", "FFDNet", [Some(31.63), Some(29.19), Some(26.29)]),
    ("set12", "BM3D", [Some(32.37), Some(29.97), Some(26.72)]),
    ("set12", "MLP", [None, Some(30.03), Some(26.78)]),
    ("set12", "TNRD", [Some(32.50), Some(30.06), Some(26.81)]),
    ("set12", "DnCNN-S", [Some(32.86), Some(30.44), Some(27.18)]),
    ("set12", "DnCNN-B", [Some(32.68), Some(30.36), Some(27.21)]),
    ("set12", "FFDNet", [Some(32.75), Some(30.43), Some(27.32)]),
];

/// The figures for a test set and a level.
pub(super) fn published(set: &str, level: u32) -> Vec<Published> {
    let place = LEVELS.iter().position(|&known| known == level);
    let rows = ROWS.iter().filter(|(of, _, _)| *of == set);
    let figure = |&(set, method, figures): &Row| {
        let psnr = place.and_then(|place| figures.get(place).copied().flatten())?;
        Some(Published { set, level, method, psnr })
    };
    rows.filter_map(figure).collect()
}
