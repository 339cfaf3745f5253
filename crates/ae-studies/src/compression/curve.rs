//! Rate over distortion: points, and what lies between them.

/// What a method made of the test images at one setting.
#[derive(Debug, Clone)]
pub(super) struct Point {
    /// Its quality, or another name of the setting.
    pub(super) setting: String,
    /// Bytes an image: all bytes of the files by the number of images.
    pub(super) bytes: f64,
    /// Of the mean squared error over all pixels, in dB.
    pub(super) psnr: f64,
    /// The first images as they come back, in [0, 1].
    pub(super) first: Vec<f32>,
}

/// A method at all of its settings, from the coarsest.
#[derive(Debug, Clone)]
pub(super) struct Curve {
    pub(super) name: String,
    pub(super) points: Vec<Point>,
}

impl Curve {
    /// Bytes an image at a PSNR between two settings: linear in PSNR and the logarithm of bytes. None
    /// outside of what the settings reach.
    pub(super) fn bytes_at(&self, psnr: f64) -> Option<f64> {
        let between = self.points.windows(2).filter_map(|pair| {
            let [a, b] = pair else { return None };
            let reached = a.psnr <= psnr && psnr <= b.psnr && b.psnr.is_finite() && a.psnr < b.psnr;
            let part = (psnr - a.psnr) / (b.psnr - a.psnr);
            reached.then(|| (a.bytes.ln() + part * (b.bytes / a.bytes).ln()).exp())
        });
        between.min_by(f64::total_cmp)
    }
}

/// The fewest bytes of several methods.
pub(super) fn fewest_at(curves: &[Curve], psnr: f64) -> Option<f64> {
    curves.iter().filter_map(|curve| curve.bytes_at(psnr)).min_by(f64::total_cmp)
}

/// The best PSNR that several methods reach with so many bytes an image.
pub(super) fn best_within(curves: &[Curve], bytes: f64) -> Option<&Point> {
    let points = curves.iter().flat_map(|curve| &curve.points);
    let within = points.filter(|point| point.bytes <= bytes);
    within.max_by(|a, b| a.psnr.total_cmp(&b.psnr))
}

/// The PSNR of 8-bit pixels in dB; infinite if they are equal.
pub(super) fn psnr(original: &[u8], found: &[u8]) -> f64 {
    let squares = original.iter().zip(found).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2));
    let mse = squares.sum::<u64>() as f64 / original.len() as f64;
    10.0 * (255.0 * 255.0 / mse).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(points: &[(f64, f64)]) -> Curve {
        let point = |&(psnr, bytes): &(f64, f64)| Point {
            setting: String::new(),
            bytes,
            psnr,
            first: vec![],
        };
        Curve { name: String::new(), points: points.iter().map(point).collect() }
    }

    #[test]
    fn bytes_are_interpolated_within_what_is_reached() {
        let long = curve(&[(10.0, 1.0), (20.0, 100.0), (20.5, 200.0)]);
        let short = curve(&[(14.0, 2.0), (16.0, 32.0)]);
        let at = |psnr| long.bytes_at(psnr).map(|bytes| (bytes * 1e6).round() / 1e6);
        // Half of the way from 1 to 100 in logarithms.
        assert_eq!(at(15.0), Some(10.0));
        assert_eq!([at(9.9), at(20.6)], [None, None]);
        // sqrt(2 * 32) = 8.
        let fewest = fewest_at(&[long.clone(), short.clone()], 15.0).unwrap();
        assert!((fewest - 8.0).abs() < 1e-9, "{fewest}");
        assert_eq!(fewest_at(&[long.clone(), short.clone()], 30.0), None);
        let curves = [long, short];
        let best = |bytes| best_within(&curves, bytes).map(|point| point.psnr);
        assert_eq!([best(50.0), best(0.5)], [Some(16.0), None]);
    }

    #[test]
    fn equal_pixels_have_no_finite_psnr() {
        // 10 * log10(255 ** 2 / ((9 + 1) / 2))
        assert!((psnr(&[10, 20], &[13, 19]) - 41.141_104).abs() < 1e-5);
        assert_eq!(psnr(&[10], &[10]), f64::INFINITY);
        assert_eq!(curve(&[(1.0, 1.0), (f64::INFINITY, 2.0)]).bytes_at(5.0), None);
    }
}
