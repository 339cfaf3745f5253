//! Convolutions against loops in `f64`.

use super::geometry::Direction;
use super::*;
use crate::Activation;
use crate::simd::{Dispatch, dispatches};

const ITEMS: usize = 3;

fn shape(channels: usize, height: usize, width: usize) -> Shape {
    Shape { channels, height, width }
}

fn extent(height: usize, width: usize) -> Extent {
    Extent { height, width }
}

/// Small numbers without a pattern.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed;
    let mut number = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(|_| number()).collect()
}

/// Calls with the indices of a number of the map, one of the windows and one of the weight for every term of the
/// convolution. Terms of a window come in the order of its rows, columns and channels.
fn for_each_term(of: &Convolution, items: usize, mut term: impl FnMut(usize, usize, usize)) {
    let Convolution { map, windows, kernel, stride, before, .. } = *of;
    for item in 0..items {
        for (wy, wx) in places(windows.height, windows.width) {
            for (ky, kx) in places(kernel.height, kernel.width) {
                let y = (wy * stride.height + ky).wrapping_sub(before.height);
                let x = (wx * stride.width + kx).wrapping_sub(before.width);
                if y >= map.height || x >= map.width {
                    continue;
                }
                for (c, w) in places(map.channels, windows.channels) {
                    let in_map = ((item * map.height + y) * map.width + x) * map.channels + c;
                    let window = (item * windows.height + wy) * windows.width + wx;
                    let weight = ((w * map.channels + c) * kernel.height + ky) * kernel.width + kx;
                    term(in_map, window * windows.channels + w, weight);
                }
            }
        }
    }
}

fn places(height: usize, width: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..height).flat_map(move |y| (0..width).map(move |x| (y, x)))
}

/// What a kernel computed and what it should have been. The tolerance is relative to the sum of magnitudes.
struct Oracle {
    sums: Vec<f64>,
    magnitudes: Vec<f64>,
}

impl Oracle {
    fn new(count: usize) -> Self {
        Self { sums: vec![0.0; count], magnitudes: vec![0.0; count] }
    }

    fn add(&mut self, place: usize, a: f32, b: f32) {
        let term = f64::from(a) * f64::from(b);
        self.sums[place] += term;
        self.magnitudes[place] += term.abs();
    }

    #[track_caller]
    fn check(&self, found: &[f32], what: &str) {
        assert_eq!(found.len(), self.sums.len(), "{what}");
        for (place, found) in found.iter().enumerate() {
            let (sum, magnitude) = (self.sums[place], self.magnitudes[place]);
            let error = (f64::from(*found) - sum).abs();
            // Half an ulp of each partial sum would be 6e-8 times the number of terms; errors rarely add up.
            assert!(error <= 1e-6 * magnitude, "{what}: {place}: {found} instead of {sum}");
        }
    }
}

/// What the kernels compute with these instructions.
#[derive(PartialEq)]
struct Results {
    output: Vec<f32>,
    input_gradient: Vec<f32>,
    weight_gradient: Vec<f32>,
}

struct Case {
    geometry: Convolution,
    input: Vec<f32>,
    gradient: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Case {
    fn new(geometry: Convolution) -> Self {
        Self {
            geometry,
            input: numbers(ITEMS * geometry.input().count(), 1),
            gradient: numbers(ITEMS * geometry.output().count(), 2),
            weight: numbers(geometry.weight_count(), 3),
            bias: numbers(geometry.output().channels, 4),
        }
    }

    fn run(&self, dispatch: Dispatch) -> Results {
        let mut packed = PackedConvolution::new(self.geometry);
        packed.pack_forward(&self.weight, &self.bias);
        packed.pack_backward(&self.weight);
        let [forward, backward] = packed.passes();
        let scratch = &mut ConvolutionScratch::default();
        let mut output = vec![f32::NAN; self.gradient.len()];
        let mut input_gradient = vec![f32::NAN; self.input.len()];
        let linear = Activation::Linear;
        forward.run(dispatch, &self.input, &mut output, linear, scratch);
        backward.run(dispatch, &self.gradient, &mut input_gradient, linear, scratch);
        let mut sums = vec![0.0; self.geometry.packed_gradient_count()];
        let (input, gradient) = (&self.input, &self.gradient);
        self.geometry.add_weight_gradient_with(dispatch, input, gradient, &mut sums, scratch);
        let mut weight_gradient = vec![0.0; self.weight.len()];
        self.geometry.unpack_weight_gradient(&sums, &mut weight_gradient);
        Results { output, input_gradient, weight_gradient }
    }

    fn check(&self) {
        let name = format!("{:?}", self.geometry);
        let mut output = Oracle::new(self.gradient.len());
        let mut input_gradient = Oracle::new(self.input.len());
        let mut weight_gradient = Oracle::new(self.weight.len());
        for (place, _) in self.gradient.iter().enumerate() {
            output.add(place, self.bias[place % self.bias.len()], 1.0);
        }
        for_each_term(&self.geometry, ITEMS, |in_map, in_windows, weight| {
            let (from, to) = match self.geometry.direction {
                Direction::Forward => (in_map, in_windows),
                Direction::Transposed => (in_windows, in_map),
            };
            output.add(to, self.input[from], self.weight[weight]);
            input_gradient.add(from, self.gradient[to], self.weight[weight]);
            weight_gradient.add(weight, self.input[from], self.gradient[to]);
        });
        let widest = self.run(Dispatch::Widest);
        for dispatch in dispatches() {
            let found = self.run(dispatch);
            output.check(&found.output, &format!("output of {name}, {dispatch:?}"));
            input_gradient.check(&found.input_gradient, &format!("input of {name}, {dispatch:?}"));
            weight_gradient.check(&found.weight_gradient, &format!("weight, {name}, {dispatch:?}"));
            if dispatch != Dispatch::Scalar {
                assert!(found == widest, "bits of {name}, {dispatch:?}");
            }
        }
    }
}

/// Every combination of a kernel, stride and padding on maps of some sizes, both ways.
fn check_all(
    channels: [usize; 2],
    sizes: &[[usize; 2]],
    kernels: &[[usize; 2]],
    strides: &[[usize; 2]],
) {
    let mut cases = 0;
    for &[height, width] in sizes {
        for &[kernel_height, kernel_width] in kernels {
            for &[stride_height, stride_width] in strides {
                for padding in [Padding::Same, Padding::Valid] {
                    let input = shape(channels[0], height, width);
                    let kernel = extent(kernel_height, kernel_width);
                    let stride = extent(stride_height, stride_width);
                    for make in [Convolution::new, Convolution::transposed] {
                        match make(input, channels[1], kernel, stride, padding) {
                            Ok(geometry) => Case::new(geometry).check(),
                            Err(error) => {
                                let fits = padding == Padding::Same
                                    || (kernel_height <= height && kernel_width <= width);
                                assert!(!fits, "{error}");
                                continue;
                            }
                        }
                        cases += 1;
                    }
                }
            }
        }
    }
    assert!(cases > 0);
}

#[test]
fn kernels_and_strides_of_any_size() {
    let kernels = [[1, 1], [3, 3], [5, 3], [2, 4], [1, 7]];
    let strides = [[1, 1], [2, 2], [1, 3], [4, 5]];
    check_all([3, 5], &[[1, 1], [7, 5], [13, 11], [4, 9]], &kernels, &strides);
}

#[test]
fn any_number_of_channels() {
    let counts = [1, 2, 3, 5, 8, 16, 17, 24, 32, 33, 64];
    for from in counts {
        for to in counts {
            check_all([from, to], &[[5, 7]], &[[3, 3]], &[[1, 1]]);
        }
    }
}

#[test]
fn the_layers_of_known_networks() {
    for (from, to, size) in
        [(1, 16, 28), (16, 8, 14), (8, 8, 7), (8, 8, 4), (8, 16, 16), (16, 1, 28)]
    {
        check_all([from, to], &[[size, size]], &[[3, 3]], &[[1, 1], [2, 2]]);
    }
}

/// A convolution of 3 x 3 kernels.
fn layer(input: Shape, channels: usize, stride: usize, padding: Padding) -> Convolution {
    Convolution::new(input, channels, extent(3, 3), extent(stride, stride), padding).unwrap()
}

#[test]
fn terms_are_added_in_the_order_of_the_window() {
    let fused = cfg!(target_arch = "aarch64") || !matches!(pulp::Arch::new(), pulp::Arch::Scalar);
    for channels in [4, 8, 16, 33] {
        let case = Case::new(layer(shape(5, 6, 7), channels, 1, Padding::Same));
        let plain = |fused: bool| {
            let items = case.gradient.len() / channels;
            let mut output = case.bias.repeat(items);
            for_each_term(&case.geometry, ITEMS, |in_map, in_windows, weight| {
                let (x, w) = (case.input[in_map], case.weight[weight]);
                let sum = &mut output[in_windows];
                *sum = if fused { x.mul_add(w, *sum) } else { x * w + *sum };
            });
            output
        };
        assert_eq!(case.run(Dispatch::Widest).output, plain(fused), "{channels} channels");
        assert_eq!(case.run(Dispatch::Scalar).output, plain(false), "{channels} channels");
    }
}

#[test]
fn an_item_has_the_same_bits_alone_and_in_a_batch() {
    for (from, to, stride) in [(16, 1, 1), (8, 16, 1), (5, 3, 2), (3, 40, 3)] {
        let case = Case::new(layer(shape(from, 9, 12), to, stride, Padding::Same));
        let together = case.run(Dispatch::Widest);
        let (of_input, of_output) = (case.geometry.input().count(), case.geometry.output().count());
        let mut packed = PackedConvolution::new(case.geometry);
        packed.pack_forward(&case.weight, &case.bias);
        packed.pack_backward(&case.weight);
        let scratch = &mut ConvolutionScratch::default();
        let mut sums = vec![0.0; case.geometry.packed_gradient_count()];
        let mut apart = (Vec::new(), Vec::new());
        let items = case.input.chunks(of_input).zip(case.gradient.chunks(of_output));
        for (input, gradient) in items {
            let mut output = vec![f32::NAN; of_output];
            packed.forward(input, &mut output, Activation::Linear, scratch);
            apart.0.extend(output);
            let mut input_gradient = vec![f32::NAN; of_input];
            packed.input_gradient(gradient, &mut input_gradient, scratch);
            apart.1.extend(input_gradient);
            case.geometry.add_weight_gradient(input, gradient, &mut sums, scratch);
        }
        assert!((together.output, together.input_gradient) == apart, "{from} to {to}");
        let mut weight_gradient = vec![0.0; case.weight.len()];
        case.geometry.unpack_weight_gradient(&sums, &mut weight_gradient);
        assert!(together.weight_gradient == weight_gradient, "weight of {from} to {to}");
    }
}

#[test]
fn the_activation_is_applied_to_each_logit_once() {
    let input = shape(6, 7, 5);
    let [kernel, stride, far] = [extent(3, 3), extent(2, 2), extent(4, 4)];
    for geometry in [
        layer(input, 9, 1, Padding::Same),
        layer(input, 9, 2, Padding::Valid),
        Convolution::transposed(input, 2, kernel, stride, Padding::Same).unwrap(),
        Convolution::transposed(input, 9, kernel, far, Padding::Same).unwrap(),
    ] {
        let case = Case::new(geometry);
        let logits = case.run(Dispatch::Widest).output;
        let mut packed = PackedConvolution::new(geometry);
        packed.pack_forward(&case.weight, &case.bias);
        for activation in Activation::ALL {
            let mut values = vec![f32::NAN; logits.len()];
            let scratch = &mut ConvolutionScratch::default();
            packed.forward(&case.input, &mut values, activation, scratch);
            let mut expected = vec![0.0; logits.len()];
            crate::activation::activate_values(activation, &logits, &mut expected);
            assert!(values == expected, "{activation:?} of {geometry:?}");
        }
    }
}

/// The product of a transposed convolution's output with `x` is that of its input with the convolution of `x`, where
/// both have the same numbers as weight.
#[test]
fn a_transposed_convolution_is_the_adjoint_of_a_convolution() {
    for (stride, padding) in [(1, Padding::Same), (2, Padding::Same), (3, Padding::Valid)] {
        let [kernel, stride] = [extent(3, 4), extent(stride, stride)];
        let make =
            |input, channels| Convolution::transposed(input, channels, kernel, stride, padding);
        let transposed = make(shape(7, 5, 6), 4).unwrap();
        let back = Convolution::new(transposed.output(), 7, kernel, stride, padding).unwrap();
        assert_eq!(back.output(), transposed.input());
        let weight = numbers(transposed.weight_count(), 1);
        let run = |geometry: Convolution, input: &[f32]| {
            let mut packed = PackedConvolution::new(geometry);
            packed.pack_forward(&weight, &vec![0.0; geometry.output().channels]);
            let mut output = vec![f32::NAN; geometry.output().count()];
            let scratch = &mut ConvolutionScratch::default();
            packed.forward(input, &mut output, Activation::Linear, scratch);
            output
        };
        let x = numbers(back.input().count(), 2);
        let y = numbers(back.output().count(), 3);
        let product = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let (forward, backward) = (product(&run(back, &x), &y), product(&x, &run(transposed, &y)));
        assert!((forward - backward).abs() < 1e-4, "{forward} and {backward}");
    }
}

#[test]
fn memory_is_bounded_for_any_image() {
    let wide = Convolution::new(shape(3, 2, 9000), 2, extent(3, 3), extent(1, 1), Padding::Same);
    let tall = Convolution::new(shape(1, 9000, 2), 3, extent(5, 1), extent(2, 1), Padding::Same);
    let deep = Convolution::new(shape(400, 6, 6), 2, extent(5, 5), extent(1, 1), Padding::Same);
    for geometry in [wide, tall, deep].map(Result::unwrap) {
        let case = Case::new(geometry);
        case.check();
        let mut packed = PackedConvolution::new(geometry);
        packed.pack_forward(&case.weight, &case.bias);
        packed.pack_backward(&case.weight);
        let mut scratch = ConvolutionScratch::default();
        let (mut output, mut input) = (case.gradient.clone(), case.input.clone());
        let mut sums = vec![0.0; geometry.packed_gradient_count()];
        packed.forward(&case.input, &mut output, Activation::Linear, &mut scratch);
        packed.input_gradient(&case.gradient, &mut input, &mut scratch);
        geometry.add_weight_gradient(&case.input, &case.gradient, &mut sums, &mut scratch);
        let window = geometry.kernel.height * geometry.kernel.width * geometry.map.channels;
        let bound = ConvolutionScratch::BLOCK.max(window);
        assert!(scratch.map.all().len() <= bound, "{geometry:?}: {}", scratch.map.all().len());
        assert!(scratch.positions.capacity() <= 1024, "{geometry:?}");
    }
}

#[test]
fn the_gradient_of_the_bias_is_the_sum_over_positions() {
    for channels in [1, 3, 8, 63, 64, 100] {
        let case = Case::new(layer(shape(2, 5, 7), channels, 1, Padding::Same));
        let mut oracle = Oracle::new(channels);
        for (place, number) in case.gradient.iter().enumerate() {
            oracle.add(place % channels, *number, 1.0);
        }
        let mut found = vec![0.0; channels];
        case.geometry.add_bias_gradient(&case.gradient, &mut found);
        oracle.check(&found, "bias");
        let mut apart = vec![0.0; channels];
        for item in case.gradient.chunks(case.geometry.output().count()) {
            case.geometry.add_bias_gradient(item, &mut apart);
        }
        assert_eq!(found, apart, "{channels} channels, one item after the other");
    }
}

/// Expected values are those of `tf.nn.conv2d` (SAME): windows, and zeros before the map.
#[test]
fn same_padding_is_that_of_tensorflow() {
    for (length, kernel, stride, count, before) in [
        (28, 3, 1, 28, 1),
        (7, 2, 2, 4, 0),
        (5, 3, 2, 3, 1),
        (4, 5, 3, 2, 2),
        (6, 4, 1, 6, 1),
        (7, 1, 3, 3, 0),
        (1, 5, 4, 1, 2),
    ] {
        let windows = Padding::Same.windows(length, kernel, stride).unwrap();
        assert_eq!((windows.count, windows.before), (count, before), "{length} {kernel} {stride}");
    }
}

#[test]
fn impossible_geometries_are_refused() {
    let one = extent(1, 1);
    let map = shape(1, 4, 5);
    let refused = |input, channels, kernel, stride, padding| {
        Convolution::new(input, channels, kernel, stride, padding).unwrap_err()
    };
    let error = refused(map, 1, extent(5, 1), one, Padding::Valid);
    let message = "expected a kernel within the map's 4 rows, found one of 5";
    assert_eq!(error.to_string(), message);
    let error = refused(map, 1, extent(1, 6), one, Padding::Valid);
    assert_eq!(error, GeometryError::KernelBeyondMap { what: "columns", kernel: 6, found: 5 });
    for (input, channels, kernel, stride) in [
        (shape(0, 4, 5), 1, one, one),
        (shape(1, 0, 5), 1, one, one),
        (shape(1, 4, 0), 1, one, one),
        (map, 0, one, one),
        (map, 1, extent(0, 1), one),
        (map, 1, one, extent(1, 0)),
    ] {
        let error = refused(input, channels, kernel, stride, Padding::Same);
        assert!(matches!(error, GeometryError::Zero { .. }), "{error}");
    }
    let huge = usize::MAX;
    for (input, channels, kernel, stride) in [
        (shape(1, huge, 1), 1, one, one),
        (shape(huge, 1, 1), 1, one, one),
        (map, huge, one, one),
        (map, 1, extent(huge, 1), one),
        (shape(1, huge / 2, huge / 2), 1, one, one),
    ] {
        for make in [Convolution::new, Convolution::transposed] {
            let error = make(input, channels, kernel, stride, Padding::Same).unwrap_err();
            assert!(!matches!(error, GeometryError::Zero { .. }), "{error}");
        }
    }
    assert!(Convolution::transposed(map, 1, one, extent(huge, 1), Padding::Same).is_err());
    assert!(Convolution::new(map, 1, one, extent(huge, huge), Padding::Same).is_ok());
}
