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

/// The figures of a method on a test set, in dB, at each of the levels.
struct Row {
    method: &'static str,
    figures: [Option<f64>; LEVELS.len()],
}

const fn row(method: &'static str, at_15: Option<f64>, at_25: f64, at_50: f64) -> Row {
    Row { method, figures: [at_15, Some(at_25), Some(at_50)] }
}

const BSD68: [Row; 6] = [
    row("BM3D", Some(31.07), 28.57, 25.62),
    row("MLP", None, 28.96, 26.03),
    row("TNRD", Some(31.42), 28.92, 25.97),
    row("DnCNN-S", Some(31.73), 29.23, 26.23),
    row("DnCNN-B", Some(31.61), 29.16, 26.23),
    row("FFDNet", Some(31.63), 29.19, 26.29),
];

const SET12: [Row; 6] = [
    row("BM3D", Some(32.37), 29.97, 26.72),
    row("MLP", None, 30.03, 26.78),
    row("TNRD", Some(32.50), 30.06, 26.81),
    row("DnCNN-S", Some(32.86), 30.44, 27.18),
    row("DnCNN-B", Some(32.68), 30.36, 27.21),
    row("FFDNet", Some(32.75), 30.43, 27.32),
];

/// The figures for a test set and a level.
pub(super) fn published(set: &'static str, level: u32) -> Vec<Published> {
    let place = LEVELS.iter().position(|&known| known == level);
    let rows: &[Row] = match set {
        "bsd68" => &BSD68,
        "set12" => &SET12,
        _ => &[],
    };
    let figure = |&Row { method, figures }: &Row| {
        let psnr = figures.get(place?).copied().flatten()?;
        Some(Published { set, level, method, psnr })
    };
    rows.iter().filter_map(figure).collect()
}
