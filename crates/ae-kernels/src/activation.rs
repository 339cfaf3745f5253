//! Activations, their derivatives, and loops over rows.
//!
//! An activation is added here: a variant of [`Activation`], its place in [`Activation::ALL`], its name, an arm
//! of `with_function!` and an implementation of [`Function`].

use std::marker::PhantomData;

use pulp::{Simd, WithSimd};

use crate::elementary::{self, PIECE, exponentials, sigmoid_of};
use crate::named::named;
use crate::simd::{Dispatch, vectorised};

/// An activation, applied element by element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Activation {
    /// `x`.
    Linear,
    /// `max(x, 0)`; its derivative at 0 is taken as 1.
    Relu,
    /// `max(x, 0.01 x)` (Maas et al., ICML 2013, section 2); its derivative at 0 is taken as 0.505, the mean of those
    /// on both sides.
    LeakyRelu,
    /// `x` above 0, `exp(x) - 1` below (Clevert et al., ICLR 2016, section 3, with alpha 1).
    Elu,
    /// ELU with the scale and alpha of Klambauer et al. (NIPS 2017, equation 2); its derivative at 0 is that from
    /// below.
    Selu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// The hyperbolic tangent.
    Tanh,
    /// `ln(1 + exp(x))`.
    Softplus,
}

impl Activation {
    /// Every activation.
    pub const ALL: [Self; 8] = [
        Self::Linear,
        Self::Relu,
        Self::LeakyRelu,
        Self::Elu,
        Self::Selu,
        Self::Sigmoid,
        Self::Tanh,
        Self::Softplus,
    ];

    /// The slope of the leaky ReLU below 0.
    pub const LEAKY_SLOPE: f64 = 0.01;
    /// The alpha of SELU (Klambauer et al., NIPS 2017, section 2). The kernels compute with the nearest `f32`.
    pub const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
    /// The scale of SELU.
    pub const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
}

named!(Activation, "the activation", {
    Linear => "linear",
    Relu => "relu",
    LeakyRelu => "leaky-relu",
    Elu => "elu",
    Selu => "selu",
    Sigmoid => "sigmoid",
    Tanh => "tanh",
    Softplus => "softplus",
});

/// A function of one number and its derivative, as a type, so that loops are compiled for each.
pub(crate) trait Function {
    fn value(x: f32) -> f32;

    /// The derivative at `x`, given the value `y`.
    fn slope(x: f32, y: f32) -> f32;

    /// Replaces numbers by the function's values.
    #[inline(always)]
    fn replace<S: Simd>(_: S, numbers: &mut [f32]) {
        for x in numbers {
            *x = Self::value(*x);
        }
    }
}

/// Evaluates `$body` with `$function` as the type of the activation's function.
macro_rules! with_function {
    ($activation:expr, $function:ident => $body:expr) => {
        match $activation {
            $crate::Activation::Linear => {
                type $function = $crate::activation::Linear;
                $body
            }
            $crate::Activation::Relu => {
                type $function = $crate::activation::Relu;
                $body
            }
            $crate::Activation::LeakyRelu => {
                type $function = $crate::activation::LeakyRelu;
                $body
            }
            $crate::Activation::Elu => {
                type $function = $crate::activation::Elu;
                $body
            }
            $crate::Activation::Selu => {
                type $function = $crate::activation::Selu;
                $body
            }
            $crate::Activation::Sigmoid => {
                type $function = $crate::activation::Sigmoid;
                $body
            }
            $crate::Activation::Tanh => {
                type $function = $crate::activation::Tanh;
                $body
            }
            $crate::Activation::Softplus => {
                type $function = $crate::activation::Softplus;
                $body
            }
        }
    };
}
pub(crate) use with_function;

/// Writes the activation's value of each logit.
pub(crate) fn activate_values(activation: Activation, logits: &[f32], values: &mut [f32]) {
    with_function!(activation, F => activate_values_with::<F>(logits, values));
}

/// Replaces the first `width` logits of rows with this stride by the activation's values.
pub(crate) fn activate_columns(
    activation: Activation,
    logits: &mut [f32],
    stride: usize,
    width: usize,
) {
    if activation != Activation::Linear {
        with_function!(activation, F => {
            Dispatch::Widest.run(Columns { logits, stride, width, function: PhantomData::<F> });
        });
    }
}

struct Columns<'a, F> {
    logits: &'a mut [f32],
    stride: usize,
    width: usize,
    function: PhantomData<F>,
}

impl<F: Function> WithSimd for Columns<'_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        for row in self.logits.chunks_mut(self.stride) {
            F::replace(simd, &mut row[..self.width]);
        }
    }
}

/// Replaces rows of logits by the gradient at them, given the gradient at the values, and adds the rows to
/// `bias_gradient`.
pub(crate) fn differentiate(
    activation: Activation,
    logits: &mut [f32],
    values: &[f32],
    gradient: &[f32],
    bias_gradient: &mut [f32],
) {
    with_function!(activation, F => differentiate_rows::<F>(logits, values, gradient, bias_gradient));
}

/// Replaces logits by the gradient at them, given the gradient at the values.
pub(crate) fn replace_by_gradient(
    activation: Activation,
    logits: &mut [f32],
    values: &[f32],
    gradient: &[f32],
) {
    with_function!(activation, F => replace_with::<F>(logits, values, gradient));
}

fn replace_with<F: Function>(logits: &mut [f32], values: &[f32], gradient: &[f32]) {
    vectorised(
        #[inline(always)]
        || {
            for ((x, y), g) in logits.iter_mut().zip(values).zip(gradient) {
                *x = g * F::slope(*x, *y);
            }
        },
    );
}

fn activate_values_with<F: Function>(logits: &[f32], values: &mut [f32]) {
    vectorised(
        #[inline(always)]
        || {
            for (x, y) in logits.iter().zip(values) {
                *y = F::value(*x);
            }
        },
    );
}

fn differentiate_rows<F: Function>(
    logits: &mut [f32],
    values: &[f32],
    gradient: &[f32],
    bias_gradient: &mut [f32],
) {
    vectorised(
        #[inline(always)]
        || {
            let width = bias_gradient.len();
            let rows = values.chunks_exact(width).zip(gradient.chunks_exact(width));
            for (x, (y, g)) in logits.chunks_exact_mut(width).zip(rows) {
                for (((x, y), g), b) in x.iter_mut().zip(y).zip(g).zip(bias_gradient.iter_mut()) {
                    *x = g * F::slope(*x, *y);
                    *b += *x;
                }
            }
        },
    );
}

pub(crate) struct Linear;
pub(crate) struct Relu;
pub(crate) struct LeakyRelu;
pub(crate) struct Elu;
pub(crate) struct Selu;
pub(crate) struct Sigmoid;
pub(crate) struct Tanh;
pub(crate) struct Softplus;

const LEAKY_SLOPE: f32 = Activation::LEAKY_SLOPE as f32;
const SELU_ALPHA: f32 = Activation::SELU_ALPHA as f32;
const SELU_SCALE: f32 = Activation::SELU_SCALE as f32;

impl Function for Linear {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        x
    }

    #[inline(always)]
    fn slope(_: f32, _: f32) -> f32 {
        1.0
    }
}

impl Function for Relu {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        elementary::rectified(x)
    }

    #[inline(always)]
    fn slope(x: f32, _: f32) -> f32 {
        if x < 0.0 { 0.0 } else { 1.0 }
    }
}

impl Function for LeakyRelu {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        if x < 0.0 { LEAKY_SLOPE * x } else { x }
    }

    #[inline(always)]
    fn slope(x: f32, _: f32) -> f32 {
        let from_above = if x > 0.0 { 1.0 } else { (1.0 + LEAKY_SLOPE) / 2.0 };
        if x < 0.0 { LEAKY_SLOPE } else { from_above }
    }
}

impl Function for Elu {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        if x > 0.0 { x } else { elementary::exp_of_negative(x) - 1.0 }
    }

    #[inline(always)]
    fn slope(x: f32, _: f32) -> f32 {
        if x > 0.0 { 1.0 } else { elementary::exp_of_negative(x) }
    }
}

impl Function for Selu {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        SELU_SCALE * if x > 0.0 { x } else { SELU_ALPHA * (elementary::exp_of_negative(x) - 1.0) }
    }

    #[inline(always)]
    fn slope(x: f32, _: f32) -> f32 {
        SELU_SCALE * if x > 0.0 { 1.0 } else { SELU_ALPHA * elementary::exp_of_negative(x) }
    }
}

impl Function for Sigmoid {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        elementary::sigmoid(x)
    }

    #[inline(always)]
    fn slope(_: f32, y: f32) -> f32 {
        y * (1.0 - y)
    }

    #[inline(always)]
    fn replace<S: Simd>(simd: S, numbers: &mut [f32]) {
        let mut memory = [0.0; PIECE];
        for piece in numbers.chunks_mut(PIECE) {
            exponentials(simd, piece, &mut memory);
            for (x, &exponential) in piece.iter_mut().zip(&memory) {
                *x = sigmoid_of(*x, exponential);
            }
        }
    }
}

impl Function for Tanh {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        elementary::tanh(x)
    }

    #[inline(always)]
    fn slope(_: f32, y: f32) -> f32 {
        1.0 - y * y
    }
}

impl Function for Softplus {
    #[inline(always)]
    fn value(x: f32) -> f32 {
        elementary::softplus(x)
    }

    #[inline(always)]
    fn slope(x: f32, _: f32) -> f32 {
        elementary::sigmoid(x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_give_the_bits_of_one_number_at_a_time() {
        let logits: Vec<f32> = (-5000..5000).map(|i| i as f32 * 0.013).collect();
        for activation in Activation::ALL {
            let mut values = vec![0.0; logits.len()];
            activate_values(activation, &logits, &mut values);
            let mut columns = logits.clone();
            activate_columns(activation, &mut columns, 125, 125);
            for ((x, y), column) in logits.iter().zip(values).zip(columns) {
                let alone = with_function!(activation, F => F::value(std::hint::black_box(*x)));
                assert_eq!(y.to_bits(), alone.to_bits(), "{activation:?} of {x}");
                assert_eq!(column.to_bits(), alone.to_bits(), "{activation:?} of {x}");
            }
        }
    }
}
