//! Gradient clipping.

/// The factor that scales a gradient of this squared norm down to the Euclidean norm `norm`; 1 if it is shorter
/// (Pascanu et al. 2013, algorithm 1).
pub(crate) fn scale_to_norm(squared: f64, norm: f64) -> f64 {
    let found = squared.sqrt();
    if found > norm { norm / found } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_gradient_is_cut_and_a_short_one_keeps_its_length() {
        assert_eq!(scale_to_norm(25.0, 1.0), 0.2);
        assert_eq!(scale_to_norm(0.25, 1.0), 1.0);
        assert_eq!(scale_to_norm(0.0, 1.0), 1.0);
    }
}
