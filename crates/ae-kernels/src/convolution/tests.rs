//! Convolutions against loops in `f64`.

mod rules;

use super::geometry::Direction;
use super::*;
use crate::Extent;
use crate::simd::{Dispatch, dispatches};
use crate::{Activation, Padding, Shape};

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
fn for_each_term(of: &Geometry, items: usize, mut term: impl FnMut(usize, usize, usize)) {
    let Geometry { map, windows, kernel, stride, before, .. } = *of;
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
    geometry: Geometry,
    input: Vec<f32>,
    gradient: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Case {
    fn new(geometry: Geometry) -> Self {
        Self {
            geometry,
            input: numbers(ITEMS * geometry.input().numbers(), 1),
            gradient: numbers(ITEMS * geometry.output().numbers(), 2),
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
                    for make in [Geometry::new, Geometry::transposed] {
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

/// Most taps meet no position of the map. Those that do are at the kernel's begin, middle or end.
#[test]
fn kernels_larger_than_the_map() {
    let kernels = [[9, 9], [13, 2], [1, 40], [8, 21]];
    let strides = [[1, 1], [2, 3], [7, 1], [9, 20]];
    for channels in [[3, 5], [2, 1], [17, 2]] {
        check_all(channels, &[[1, 1], [3, 2], [4, 7]], &kernels, &strides);
    }
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
