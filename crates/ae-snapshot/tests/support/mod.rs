//! A figure that a person recognises, for the snapshots of this crate.

/// Rows and columns of the figure.
pub(crate) const SIDE: usize = 28;

/// A zero: a ring with soft edges, higher than wide.
pub(crate) fn zero() -> Vec<f32> {
    let pixel = |place: usize| {
        let (y, x) = ((place / SIDE) as f32 - 13.5, (place % SIDE) as f32 - 13.5);
        let distance = ((x / 6.0).powi(2) + (y / 9.0).powi(2)).sqrt();
        (1.6 - 5.0 * (distance - 1.0).abs()).clamp(0.0, 1.0)
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

/// A zero, and one that lies on its side.
#[allow(dead_code, reason = "not every test crate has use for it")]
pub(crate) fn figures() -> Vec<f32> {
    let zero = zero();
    let lying = (0..SIDE * SIDE).map(|place| zero[place % SIDE * SIDE + place / SIDE]);
    zero.iter().copied().chain(lying).collect()
}
