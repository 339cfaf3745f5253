//! Random networks: nothing panics, and the kernels' chain agrees with the description.

use ae_models::layer::{
    ActivationLayer, BatchNorm, Conv, ConvTranspose, Dense, Dropout, GaussianNoise, MaxPool,
    PixelShuffle, PixelUnshuffle, Reshape, Sample, TopK, Upsample,
};
use ae_models::{
    Activation, Initialisation, Layer, ModelKind, ModelSpec, Network, Padding, Seed, Window,
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

/// What brings the item's numbers back at the end of a decoder.
#[derive(Debug, Clone, Copy)]
enum End {
    Dense,
    DenseAndReshape,
    ConvAndPixelShuffle,
    /// A code of as many numbers, and a decoder that only moves them.
    Reshape,
}

impl End {
    fn layers(self, [channels, height, width]: [usize; 3], activation: Activation) -> Vec<Layer> {
        let outputs = channels * height * width;
        let dense = Layer::Dense(Dense { outputs, activation, tied_to: None });
        let reshape = |shape| Layer::Reshape(Reshape { shape });
        match self {
            Self::Dense => vec![dense],
            Self::DenseAndReshape => vec![dense, reshape([channels, height, width])],
            Self::ConvAndPixelShuffle => {
                let (kernel, stride, padding) = ([3, 2], [2, 2], Padding::Same);
                let channels = 4 * channels;
                let whole =
                    Layer::Dense(Dense { outputs, activation: Activation::Tanh, tied_to: None });
                vec![
                    whole,
                    reshape([channels / 4, height, width]),
                    Layer::Conv(Conv { channels, kernel, stride, padding, activation }),
                    Layer::PixelShuffle(PixelShuffle { factor: 2 }),
                ]
            }
            Self::Reshape => vec![reshape([channels, height, width])],
        }
    }
}

fn end() -> impl Strategy<Value = (End, Activation)> {
    let end = prop_oneof![
        4 => Just(End::Dense),
        2 => Just(End::DenseAndReshape),
        2 => Just(End::ConvAndPixelShuffle),
        1 => Just(End::Reshape),
    ];
    let last = prop_oneof![Just(Activation::Linear), Just(Activation::Sigmoid), activation()];
    (end, last)
}

/// Networks of which many fit.
fn network() -> impl Strategy<Value = Network> {
    let layers = || prop::collection::vec(layer(), 0..4);
    let sides = prop::array::uniform2(1..9_usize);
    (sides, any::<bool>(), layers(), layers(), end(), any::<[bool; 4]>()).prop_map(
        |(
            image,
            is_colour,
            encoder,
            mut decoder,
            (end, last),
            [samples, residual, he, noise_level],
        )| {
            let channels = if is_colour { 3 } else { 1 };
            let item = [channels, image[0], image[1]];
            if matches!(end, End::Reshape) {
                decoder.clear();
            }
            decoder.extend(end.layers(item, last));
            let mut encoder = encoder;
            if matches!(end, End::Reshape) {
                let outputs = item.iter().product();
                encoder.push(Layer::Dense(Dense { outputs, activation: last, tied_to: None }));
            } else if samples || encoder.is_empty() {
                encoder.push(Layer::Dense(Dense {
                    outputs: 4,
                    activation: Activation::Tanh,
                    tied_to: None,
                }));
                encoder.push(Layer::Sample(Sample {}));
            }
            let initialisation = if he { Initialisation::He } else { Initialisation::Glorot };
            // Others are refused, which a test of its own shows.
            let residual = residual && last == Activation::Linear;
            Network { image, channels, encoder, decoder, residual, noise_level, initialisation }
        },
    )
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

/// Enough of the random networks fit for the tests above to mean something, with probabilities as output and without.
#[test]
fn many_random_networks_fit() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut counts = [0, 0];
    for _ in 0..500 {
        let network = network().new_tree(&mut runner).unwrap().current();
        let spec = ModelSpec { kind: ModelKind::Regular, network };
        if let Ok(architecture) = spec.architecture() {
            counts[usize::from(architecture.output_is_probability())] += 1;
        }
    }
    assert!(counts.iter().all(|&count| count > 20), "{counts:?} of 500");
}
