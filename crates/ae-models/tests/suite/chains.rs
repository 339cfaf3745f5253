//! Random networks: nothing panics, and the kernels' chain agrees with the description.

use ae_models::{
    Activation, ActivationLayer, BatchNorm, Conv, ConvTranspose, Dense, Dropout, GaussianNoise,
    Initialisation, Layer, MaxPool, ModelKind, ModelSpec, Network, Padding, PixelShuffle,
    PixelUnshuffle, Reshape, Sample, Seed, TopK, Upsample, Window,
};
use proptest::prelude::*;

/// Mostly small numbers, some that overflow.
fn number() -> impl Strategy<Value = usize> {
    prop_oneof![12 => 1..5_usize, 1 => Just(0), 1 => prop_oneof![Just(usize::MAX), any::<usize>()]]
}

fn window() -> impl Strategy<Value = Window> {
    prop_oneof![1 => number().prop_map(|side| [side, side]), 1 => [number(), number()]]
}

fn part() -> impl Strategy<Value = f32> {
    prop_oneof![8 => 0.01_f32..0.99, 1 => prop::sample::select(vec![0.0, 1.0, -1.0, f32::NAN])]
}

fn activation() -> impl Strategy<Value = Activation> {
    prop::sample::select(Activation::ALL.to_vec())
}

fn padding() -> impl Strategy<Value = Padding> {
    prop::sample::select(Padding::ALL.to_vec())
}

fn layer() -> impl Strategy<Value = Layer> {
    let convolution = || (number(), window(), window(), padding(), activation());
    let tied = prop_oneof![6 => Just(None), 1 => (0..3_usize).prop_map(Some)];
    prop_oneof![
        3 => (number(), activation(), tied)
            .prop_map(|(outputs, activation, tied_to)| Layer::Dense(Dense { outputs, activation, tied_to })),
        3 => convolution().prop_map(|(channels, kernel, stride, padding, activation)| {
            Layer::Conv(Conv { channels, kernel, stride, padding, activation })
        }),
        2 => convolution().prop_map(|(channels, kernel, stride, padding, activation)| {
            Layer::ConvTranspose(ConvTranspose { channels, kernel, stride, padding, activation })
        }),
        1 => window().prop_map(|factor| Layer::Upsample(Upsample { factor })),
        1 => (window(), prop::option::of(window()), padding())
            .prop_map(|(size, stride, padding)| Layer::MaxPool(MaxPool { size, stride, padding })),
        1 => number().prop_map(|factor| Layer::PixelUnshuffle(PixelUnshuffle { factor })),
        1 => number().prop_map(|factor| Layer::PixelShuffle(PixelShuffle { factor })),
        1 => [number(), number(), number()].prop_map(|shape| Layer::Reshape(Reshape { shape })),
        1 => (part(), part()).prop_map(|(momentum, epsilon)| Layer::BatchNorm(BatchNorm { momentum, epsilon })),
        1 => activation().prop_map(|activation| Layer::Activation(ActivationLayer { activation })),
        1 => part().prop_map(|rate| Layer::Dropout(Dropout { rate })),
        1 => part().prop_map(|deviation| Layer::GaussianNoise(GaussianNoise { deviation })),
        1 => number().prop_map(|k| Layer::TopK(TopK { k })),
        1 => Just(Layer::Sample(Sample {})),
    ]
}

/// Networks of which many fit: a dense layer brings the item's numbers back at the end.
fn network() -> impl Strategy<Value = Network> {
    let layers = || prop::collection::vec(layer(), 0..4);
    (prop::array::uniform2(1..9_usize), any::<bool>(), layers(), layers(), any::<[bool; 3]>())
        .prop_map(|(image, is_colour, encoder, mut decoder, [samples, residual, he])| {
            let channels = if is_colour { 3 } else { 1 };
            let outputs = image[0] * image[1] * channels;
            decoder.push(Layer::Dense(Dense {
                outputs,
                activation: Activation::Linear,
                tied_to: None,
            }));
            let mut encoder = encoder;
            if samples || encoder.is_empty() {
                encoder.push(Layer::Dense(Dense {
                    outputs: 4,
                    activation: Activation::Tanh,
                    tied_to: None,
                }));
                encoder.push(Layer::Sample(Sample {}));
            }
            let initialisation = if he { Initialisation::He } else { Initialisation::Glorot };
            Network { image, channels, encoder, decoder, residual, initialisation }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_kernels_chain_agrees_with_the_description(network in network()) {
        let spec = ModelSpec { kind: ModelKind::Regular, network };
        let Ok(checked) = spec.check() else { return Ok(()) };
        let architecture = spec.architecture().unwrap();
        let chain = architecture.chain().unwrap();
        let shapes = [checked.input()].into_iter().chain(checked.layers().iter().map(|it| it.output));
        prop_assert_eq!(chain.shapes(), shapes.collect::<Vec<_>>());
        prop_assert_eq!(chain.code_shape(), checked.code());
        prop_assert_eq!(chain.parameters(), checked.layout().len());
        let untrained = |ranges: &[std::ops::Range<usize>]| {
            ranges.iter().cloned().flatten().take(1 << 16).collect::<Vec<_>>()
        };
        prop_assert_eq!(untrained(chain.untrained()), untrained(&checked.layout().untrained()));
        prop_assert_eq!(chain.output_is_probability(), checked.output_is_probability());
        prop_assert_eq!(chain.sample().is_some(), checked.is_variational());
        let drawn = checked.draws();
        let draws = drawn.iter().map(|it| (it.index, it.draws.numbers)).collect::<Vec<_>>();
        prop_assert_eq!(chain.draws().map(|it| (it.layer, it.numbers)).collect::<Vec<_>>(), draws);
        if checked.layout().len() < 1 << 16 {
            let parameters = architecture.initialise(Seed::new(1));
            prop_assert!(parameters.values().iter().all(|value| value.is_finite()));
        }
    }

    #[test]
    fn a_network_is_read_as_it_is_written(network in network()) {
        let spec = ModelSpec { kind: ModelKind::Denoising, network };
        if spec.check().is_ok() {
            let text = serde_json::to_string(&spec).unwrap();
            prop_assert_eq!(serde_json::from_str::<ModelSpec>(&text).unwrap(), spec);
        }
    }
}

/// Enough of the random networks fit for the test above to mean something.
#[test]
fn many_random_networks_fit() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let fits = (0..500).filter(|_| {
        let network = network().new_tree(&mut runner).unwrap().current();
        let spec = ModelSpec { kind: ModelKind::Regular, network };
        spec.architecture().is_ok()
    });
    let count = fits.count();
    assert!(count > 50, "{count} of 500");
}
