//! The decoder, computed in integers, so that it gives the same pixels on every machine.

use ae_kernels::{Activation, Chain, Dense, Layer, Weight};

use crate::CompressionError;
use crate::basis::Basis;
use crate::error::unfit;
use crate::fixed_point::{LARGEST_SUM, WEIGHT_BITS, fixed};
use crate::integer_activations::{ONE, activate};

/// The largest number between layers, 16384. With weights whose absolute values sum to at most 2047 a
/// unit, so that each fits an `i32`, and biases below 2^24, no sum leaves an `i64`.
const LARGEST: i64 = 1 << 30;
const LARGEST_BIAS: f64 = (1 << 24) as f64;

/// The layers after the code in fixed-point numbers: weights with 20 fractional bits, numbers between
/// layers with 16, sums in `i64`.
///
/// The conversion of a weight is a product by a power of two and a rounding, both exact in IEEE 754;
/// nothing after it is a float.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FixedDecoder {
    layers: Vec<FixedLayer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct FixedLayer {
    inputs: usize,
    /// `outputs x inputs`, row-major.
    weights: Vec<i32>,
    /// With the fractional bits of a product, 36.
    biases: Vec<i64>,
    activation: Activation,
}

impl FixedDecoder {
    pub(crate) fn new(stack: &Chain, parameters: &[f32]) -> Result<Self, CompressionError> {
        if parameters.len() != stack.parameters() {
            return Err(unfit(format!(
                "its layers have {} parameters, found {}",
                stack.parameters(),
                parameters.len()
            )));
        }
        let after_code = stack.layers().iter().skip(stack.code() + 1);
        let layers = after_code.map(|layer| {
            let Layer::Dense(layer) = layer else {
                return Err(unfit("expected dense layers alone after the code".to_owned()));
            };
            let size = layer.inputs * layer.outputs;
            let values: Vec<f32> = match layer.weight {
                Weight::Own { offset } => parameters[offset..][..size].to_vec(),
                Weight::TransposeOf { layer: source } => {
                    let Layer::Dense(Dense { weight: Weight::Own { offset }, .. }) =
                        stack.layers()[source]
                    else {
                        return Err(unfit("a tied weight has no source".to_owned()));
                    };
                    let source = &parameters[offset..][..size];
                    let (inputs, outputs) = (layer.inputs, layer.outputs);
                    let places = (0..outputs).flat_map(|out| (0..inputs).map(move |i| (i, out)));
                    places.map(|(i, out)| source[i * outputs + out]).collect()
                }
            };
            for row in values.chunks_exact(layer.inputs) {
                let sum: f64 = row.iter().map(|&weight| f64::from(weight.abs())).sum();
                check(sum, LARGEST_SUM, "the weights of a unit sum to")?;
            }
            let biases = &parameters[layer.bias..][..layer.outputs];
            for &bias in biases {
                check(f64::from(bias.abs()), LARGEST_BIAS, "a bias is")?;
            }
            Ok(FixedLayer {
                inputs: layer.inputs,
                weights: values.iter().map(|&value| fixed(value, WEIGHT_BITS) as i32).collect(),
                biases: biases.iter().map(|&value| fixed(value, WEIGHT_BITS + 16)).collect(),
                activation: layer.activation,
            })
        });
        Ok(Self { layers: layers.collect::<Result<_, _>>()? })
    }

    /// The same decoder for coordinates in a basis, which [`Basis::check`] has accepted, instead of codes.
    pub(crate) fn of_coordinates(mut self, basis: &Basis) -> Self {
        let first = FixedLayer {
            inputs: basis.mean.len(),
            weights: basis.matrix.clone(),
            biases: basis.mean.iter().map(|mean| mean << WEIGHT_BITS).collect(),
            activation: Activation::Linear,
        };
        self.layers.insert(0, first);
        self
    }

    /// Decodes a code with 16 fractional bits to pixels from 0 to 255.
    pub(crate) fn decode(&self, code: &[i64]) -> Vec<u8> {
        let mut numbers: Vec<i32> = code.iter().map(|&value| clamp(value)).collect();
        for layer in &self.layers {
            let rows = layer.weights.chunks_exact(layer.inputs);
            let outputs = rows.zip(&layer.biases).map(|(weights, bias)| {
                let products = weights.iter().zip(&numbers);
                let sum: i64 = products.map(|(&w, &x)| i64::from(w) * i64::from(x)).sum();
                let half = 1_i64 << (WEIGHT_BITS - 1);
                let sum = i64::from(clamp((sum + bias + half) >> WEIGHT_BITS));
                clamp(activate(layer.activation, sum))
            });
            numbers = outputs.collect();
        }
        let grey = |&x: &i32| ((i64::from(x) * 255 + ONE / 2) / ONE).clamp(0, 255) as u8;
        numbers.iter().map(grey).collect()
    }
}

fn clamp(value: i64) -> i32 {
    value.clamp(-LARGEST, LARGEST) as i32
}

fn check(found: f64, most: f64, what: &str) -> Result<(), CompressionError> {
    // False for NaN too.
    if found <= most {
        Ok(())
    } else {
        Err(unfit(format!("{what} {found}, expected at most {most}")))
    }
}

#[cfg(test)]
mod tests {
    use ae_kernels::PackedChain;
    use ae_random::Seed;

    use super::*;

    #[test]
    fn integers_decode_as_floats_do() {
        use Activation::{Elu, LeakyRelu, Linear, Relu, Selu, Sigmoid, Softplus, Tanh};
        for activation in [Linear, Relu, LeakyRelu, Elu, Selu, Sigmoid, Tanh, Softplus] {
            let widths = [30, 4, 12, 30];
            let mut offset = 0;
            let layers = widths.windows(2).enumerate().map(|(index, pair)| {
                let (inputs, outputs) = (pair[0], pair[1]);
                let weight = Weight::Own { offset };
                offset += inputs * outputs + outputs;
                let activation = if index == 2 { Sigmoid } else { activation };
                Dense { inputs, outputs, weight, bias: offset - outputs, activation }
            });
            let layers: Vec<Dense> = layers.collect();
            let stack = Chain::of_dense(layers, 0, offset).unwrap();
            let mut parameters = vec![0.0; offset];
            Seed::new(5).stream("weights").fill_uniform(&mut parameters);
            parameters.iter_mut().for_each(|value| *value = 4.0 * *value - 2.0);
            let mut codes = vec![0.0; 4 * 200];
            Seed::new(6).stream("codes").fill_uniform(&mut codes);
            codes.iter_mut().for_each(|value| *value = 6.0 * *value - 3.0);
            let mut expected = vec![0.0; 30 * 200];
            let packed = PackedChain::new(&stack, &parameters).unwrap();
            packed.decode(&codes, &mut expected).unwrap();
            let decoder = FixedDecoder::new(&stack, &parameters).unwrap();
            let mut apart = 0;
            for (code, expected) in codes.chunks(4).zip(expected.chunks(30)) {
                let code: Vec<i64> = code.iter().map(|&value| fixed(value, 16)).collect();
                for (found, expected) in decoder.decode(&code).into_iter().zip(expected) {
                    let distance = (f32::from(found) - 255.0 * expected).abs();
                    // Half a level of rounding, and the error of 16 fractional bits.
                    assert!(distance < 0.6, "{activation:?}: {found} and {expected}");
                    apart += usize::from(found != (255.0 * expected).round() as u8);
                }
            }
            assert!(apart < 60, "{activation:?}: {apart} of 6000 pixels");
        }
    }

    #[test]
    fn weights_that_could_overflow_are_refused() {
        let layer = |offset| Dense {
            inputs: 1,
            outputs: 1,
            weight: Weight::Own { offset },
            bias: offset + 1,
            activation: Activation::Linear,
        };
        let stack = Chain::of_dense(vec![layer(0), layer(2)], 0, 4).unwrap();
        assert!(FixedDecoder::new(&stack, &[1.0, 0.0, 2047.0, 0.0]).is_ok());
        for parameters in [[1.0, 0.0, 2048.0, 0.0], [1.0, 0.0, f32::NAN, 0.0], [1.0, 0.0, 1.0, 1e9]]
        {
            assert!(FixedDecoder::new(&stack, &parameters).is_err(), "{parameters:?}");
        }
        // Far outside the range that trained models use, results saturate.
        let decoder = FixedDecoder::new(&stack, &[1.0, 0.0, 2047.0, 0.0]).unwrap();
        assert_eq!(decoder.decode(&[i64::MAX]), [255]);
        assert_eq!(decoder.decode(&[i64::MIN]), [0]);
    }
}
