//! Means with confidence intervals, for repetitions with several seeds.

use crate::AnalysisError;

/// A mean and its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanInterval {
    /// The mean of the repetitions.
    pub mean: f64,
    /// Half the width of the interval; `None` for a single repetition.
    pub half_width: Option<f64>,
}

impl MeanInterval {
    /// The mean of repetitions, with an interval from Student's t distribution.
    ///
    /// # Errors
    /// If there are no values.
    pub fn of(values: &[f64]) -> Result<Self, AnalysisError> {
        if values.is_empty() {
            return Err(AnalysisError::NotWholeRows { columns: 1, values: 0 });
        }
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let half_width = (values.len() > 1)
            .then(|| student_975(values.len() - 1) * (squares / (n - 1.0) / n).sqrt());
        Ok(Self { mean, half_width })
    }
}

/// The 0.975 quantile of Student's t: from a table up to 10 degrees of freedom, and then from the expansion of
/// Cornish and Fisher (Abramowitz and Stegun 1964, 26.7.5), which is exact to four digits there.
fn student_975(degrees: usize) -> f64 {
    // scipy.stats.t.ppf(0.975, range(1, 11))
    const TABLE: [f64; 10] = [
        12.706_204_736,
        4.302_652_730,
        3.182_446_305,
        2.776_445_105,
        2.570_581_836,
        2.446_911_851,
        2.364_624_252,
        2.306_004_135,
        2.262_157_163,
        2.228_138_852,
    ];
    if let Some(&tabulated) = degrees.checked_sub(1).and_then(|place| TABLE.get(place)) {
        return tabulated;
    }
    let (z, v) = (1.959_963_985_f64, degrees as f64);
    let first = (z.powi(3) + z) / 4.0;
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
    let third = (3.0 * z.powi(7) + 19.0 * z.powi(5) + 17.0 * z.powi(3) - 15.0 * z) / 384.0;
    z + first / v + second / v.powi(2) + third / v.powi(3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_scipy() {
        // x = [95.5, 96.1, 95.9]; np.mean(x); scipy.stats.t.ppf(.975, 2) * scipy.stats.sem(x)
        let found = MeanInterval::of(&[95.5, 96.1, 95.9]).unwrap();
        assert!((found.mean - 95.833_333_333_333_33).abs() < 1e-12);
        let half_width = found.half_width.unwrap();
        assert!((half_width - 0.7589166067193474).abs() < 1e-8, "{half_width}");
        // scipy.stats.t.ppf(0.975, [11, 20, 100])
        for (degrees, expected) in [(11, 2.200_985_160), (20, 2.085_963_447), (100, 1.983_971_519)]
        {
            assert!((student_975(degrees) - expected).abs() < 2e-4, "{degrees}");
        }
    }

    #[test]
    fn one_value_has_no_interval_and_none_no_mean() {
        assert_eq!(MeanInterval::of(&[2.0]).unwrap(), MeanInterval { mean: 2.0, half_width: None });
        assert!(MeanInterval::of(&[]).is_err());
    }
}
