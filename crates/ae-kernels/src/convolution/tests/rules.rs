//! What holds for every convolution.

use super::super::geometry::GeometryError;
use super::*;

/// A convolution of 3 x 3 kernels.
fn layer(input: Shape, channels: usize, stride: usize, padding: Padding) -> Geometry {
    Geometry::new(input, channels, extent(3, 3), extent(stride, stride), padding).unwrap()
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
        let (of_input, of_output) =
            (case.geometry.input().numbers(), case.geometry.output().numbers());
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
        Geometry::transposed(input, 2, kernel, stride, Padding::Same).unwrap(),
        Geometry::transposed(input, 9, kernel, far, Padding::Same).unwrap(),
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
        let make = |input, channels| Geometry::transposed(input, channels, kernel, stride, padding);
        let transposed = make(shape(7, 5, 6), 4).unwrap();
        let back = Geometry::new(transposed.output(), 7, kernel, stride, padding).unwrap();
        assert_eq!(back.output(), transposed.input());
        let weight = numbers(transposed.weight_count(), 1);
        let run = |geometry: Geometry, input: &[f32]| {
            let mut packed = PackedConvolution::new(geometry);
            packed.pack_forward(&weight, &vec![0.0; geometry.output().channels]);
            let mut output = vec![f32::NAN; geometry.output().numbers()];
            let scratch = &mut ConvolutionScratch::default();
            packed.forward(input, &mut output, Activation::Linear, scratch);
            output
        };
        let x = numbers(back.input().numbers(), 2);
        let y = numbers(back.output().numbers(), 3);
        let product = |a: &[f32], b: &[f32]| -> f64 {
            a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
        };
        let (forward, backward) = (product(&run(back, &x), &y), product(&x, &run(transposed, &y)));
        assert!((forward - backward).abs() < 1e-4, "{forward} and {backward}");
    }
}

#[test]
fn memory_is_bounded_for_any_image() {
    let wide = Geometry::new(shape(3, 2, 9000), 2, extent(3, 3), extent(1, 1), Padding::Same);
    let tall = Geometry::new(shape(1, 9000, 2), 3, extent(5, 1), extent(2, 1), Padding::Same);
    let deep = Geometry::new(shape(400, 6, 6), 2, extent(5, 5), extent(1, 1), Padding::Same);
    let far = Geometry::new(shape(1, 3, 4), 2, extent(300, 200), extent(2, 1), Padding::Same);
    for geometry in [wide, tall, deep, far].map(Result::unwrap) {
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
        let Geometry { map, kernel, .. } = geometry;
        // Taps that meet the map have fewer than two positions for each of the map's.
        let rows = kernel.height.min(2 * map.height);
        let window = rows * kernel.width.min(2 * map.width) * map.channels;
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
        for item in case.gradient.chunks(case.geometry.output().numbers()) {
            case.geometry.add_bias_gradient(item, &mut apart);
        }
        assert_eq!(found, apart, "{channels} channels, one item after the other");
    }
}

#[test]
fn impossible_geometries_are_refused() {
    let one = extent(1, 1);
    let map = shape(1, 4, 5);
    let refused = |input, channels, kernel, stride, padding| {
        Geometry::new(input, channels, kernel, stride, padding).unwrap_err()
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
        for make in [Geometry::new, Geometry::transposed] {
            let error = make(input, channels, kernel, stride, Padding::Same).unwrap_err();
            assert!(!matches!(error, GeometryError::Zero { .. }), "{error}");
        }
    }
    // A part of the adjoint for each of 2^24 positions.
    let far = extent(4096, 4096);
    let map_of_far = shape(1, 4096, 4096);
    for geometry in [
        Geometry::new(map_of_far, 1, far, far, Padding::Same),
        Geometry::transposed(map, 1, far, far, Padding::Valid),
    ] {
        assert_eq!(geometry.unwrap_err(), GeometryError::Stride { found: 1 << 24 });
    }
    assert!(Geometry::new(map_of_far, 1, one, far, Padding::Same).is_ok());
    assert!(Geometry::transposed(map, 1, one, extent(huge, 1), Padding::Same).is_err());
    assert!(Geometry::new(map, 1, one, extent(huge, huge), Padding::Same).is_ok());
}
