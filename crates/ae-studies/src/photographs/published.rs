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

/// The figures of a method on a test set, in dB, at each of the levels; NaN where there is none.
struct Row {
    set: &'static str,
    method: &'static str,
    figures: [f64; LEVELS.len()],
}

const fn bsd68(method: &'static str, figures: [f64; LEVELS.len()]) -> Row {
    Row { set: "bsd68", method, figures }
}

const fn set12(method: &'static str, figures: [f64; LEVELS.len()]) -> Row {
    Row { set: "set12", method, figures }
}

const ROWS: [Row; 12] = [
    bsd68("BM3D", [31.07, 28.57, 25.62]),
    bsd68("MLP", [f64::NAN, 28.96, 26.03]),
    bsd68("TNRD", [31.42, 28.92, 25.97]),
    bsd68("DnCNN-S", [31.73, 29.23, 26.23]),
    bsd68("DnCNN-B", [31.61, 29.16, 26.23]),
    bsd68("FFDNet", [31.63, 29.19, 26.29]),
    set12("BM3D", [32.37, 29.97, 26.72]),
    set12("MLP", [f64::NAN, 30.03, 26.78]),
    set12("TNRD", [32.50, 30.06, 26.81]),
    set12("DnCNN-S", [32.86, 30.44, 27.18]),
    set12("DnCNN-B", [32.68, 30.36, 27.21]),
    set12("FFDNet", [32.75, 30.43, 27.32]),
];

/// The figures for a test set and a level.
pub(super) fn published(set: &str, level: u32) -> Vec<Published> {
    let place = LEVELS.iter().position(|&known| known == level);
    let rows = ROWS.iter().filter(|row| row.set == set);
    let figure = |&Row { set, method, figures }: &Row| {
        let psnr = figures.get(place?).copied().filter(|psnr| !psnr.is_nan())?;
        Some(Published { set, level, method, psnr })
    };
    rows.filter_map(figure).collect()
}
