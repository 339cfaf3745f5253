//! Gradient clipping.

/// Scales a gradient down to a Euclidean norm (Pascanu et al. 2013, algorithm 1); a shorter one is
/// left as it is.
pub(crate) fn clip_to_norm(gradient: &mut [f32], norm: f64) {
    let squared: f64 = gradient.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
    let found = squared.sqrt();
    if found > norm {
        let scale = (norm / found) as f32;
        gradient.iter_mut().for_each(|value| *value *= scale);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_gradient_keeps_its_direction_and_a_short_one_its_length() {
        let mut long = [3.0, -4.0];
        clip_to_norm(&mut long, 1.0);
        assert_eq!(long, [0.6, -0.8]);
        let mut short = [0.3, -0.4];
        clip_to_norm(&mut short, 1.0);
        assert_eq!(short, [0.3, -0.4]);
    }
}
