//! Every kind of layer: what follows from its description. A new kind fails here until it has a row.

use std::collections::BTreeSet;

use ae_models::{Layer, ModelKind, ModelSpec, Network, Shape};
use serde_json::{Value, json};

/// A layer as it stands in a file, and what must follow from it.
pub(crate) struct Row {
    written: Value,
    input: [usize; 3],
    output: [usize; 3],
    /// The last part of the names of its parameters, and their shapes.
    parameters: Vec<(&'static str, Vec<usize>)>,
    /// Numbers that it draws for an item.
    draws: usize,
}

impl Row {
    /// A layer without parameters and draws.
    fn new(written: Value, input: [usize; 3], output: [usize; 3]) -> Self {
        Self { written, input, output, parameters: Vec::new(), draws: 0 }
    }

    fn layer(&self) -> Layer {
        serde_json::from_value(self.written.clone()).unwrap()
    }

    /// A network with the layer as `encoder.1`, which sees numbers in its input's shape.
    pub(crate) fn network(&self) -> Network {
        let numbers = self.input.iter().product::<usize>();
        let encoder = json!([{ "layer": "reshape", "shape": self.input }, self.written]);
        let decoder = json!([{ "layer": "dense", "outputs": numbers }]);
        let spec = json!({ "image": [numbers, 1], "encoder": encoder, "decoder": decoder });
        serde_json::from_value::<ModelSpec>(spec).unwrap().network
    }
}

/// A row for each kind, in the order of [`Layer::KINDS`].
pub(crate) fn rows() -> Vec<Row> {
    let weighted =
        |weight: &[usize], bias: usize| vec![("weight", weight.to_vec()), ("bias", vec![bias])];
    let convolution = |layer: &str| {
        json!({ "layer": layer, "channels": 5, "kernel": [3, 2], "stride": [2, 1],
                "padding": "valid", "activation": "tanh" })
    };
    let of_channels = ["weight", "bias", "running_mean", "running_var"];
    vec![
        Row {
            parameters: weighted(&[5, 12], 5),
            ..Row::new(json!({ "layer": "dense", "outputs": 5 }), [2, 3, 2], [5, 1, 1])
        },
        Row {
            parameters: weighted(&[5, 2, 3, 2], 5),
            ..Row::new(convolution("conv"), [2, 5, 3], [5, 2, 2])
        },
        Row {
            parameters: weighted(&[2, 5, 3, 2], 5),
            ..Row::new(convolution("conv-transpose"), [2, 2, 2], [5, 5, 3])
        },
        Row::new(json!({ "layer": "upsample", "factor": [2, 3] }), [2, 3, 1], [2, 6, 3]),
        Row::new(json!({ "layer": "max-pool", "size": 2 }), [2, 3, 4], [2, 2, 2]),
        Row::new(json!({ "layer": "pixel-unshuffle", "factor": 2 }), [2, 2, 4], [8, 1, 2]),
        Row::new(json!({ "layer": "pixel-shuffle", "factor": 2 }), [8, 1, 2], [2, 2, 4]),
        Row::new(json!({ "layer": "reshape", "shape": [3, 4, 1] }), [2, 3, 2], [3, 4, 1]),
        Row {
            parameters: of_channels.map(|name| (name, vec![3])).to_vec(),
            ..Row::new(json!({ "layer": "batch-norm" }), [3, 2, 2], [3, 2, 2])
        },
        Row::new(json!({ "layer": "activation", "activation": "elu" }), [2, 3, 2], [2, 3, 2]),
        Row {
            draws: 12,
            ..Row::new(json!({ "layer": "dropout", "rate": 0.5 }), [2, 3, 2], [2, 3, 2])
        },
        Row {
            draws: 12,
            ..Row::new(json!({ "layer": "gaussian-noise", "deviation": 0.5 }), [2, 3, 2], [2, 3, 2])
        },
        Row::new(json!({ "layer": "top-k", "k": 5 }), [2, 3, 2], [2, 3, 2]),
        Row { draws: 6, ..Row::new(json!({ "layer": "sample" }), [2, 3, 2], [1, 3, 2]) },
    ]
}

#[test]
fn every_kind_has_a_row() {
    let names = rows().iter().map(|row| row.layer().kind_name()).collect::<Vec<_>>();
    assert_eq!(names, Layer::KINDS);
}

/// The network that is compared with other programs has a layer of each kind.
#[test]
fn the_example_has_every_kind() {
    let example = include_str!("../../examples/every_layer.json");
    let Network { encoder, decoder, .. } =
        serde_json::from_str::<ModelSpec>(example).unwrap().network;
    let used = encoder.iter().chain(&decoder).map(Layer::kind_name).collect::<BTreeSet<_>>();
    assert_eq!(used, Layer::KINDS.iter().copied().collect());
}

#[test]
fn kinds_are_written_by_their_names() {
    for row in rows() {
        let written = serde_json::to_value(row.layer()).unwrap();
        assert_eq!(written["layer"], row.layer().kind_name());
        assert_eq!(serde_json::from_value::<Layer>(written).unwrap(), row.layer());
    }
}

#[test]
fn shapes_parameters_and_draws() {
    for row in rows() {
        let network = row.network();
        let checked = network.check().unwrap();
        let what = row.layer().kind_name();
        let [channels, height, width] = row.output;
        assert_eq!(checked.code(), Shape { channels, height, width }, "{what}");
        let layout = checked.layout();
        let own = layout.views().iter().filter_map(|view| {
            view.name.strip_prefix("encoder.1.").map(|name| (name, view.shape.clone()))
        });
        assert_eq!(own.collect::<Vec<_>>(), row.parameters, "{what}");
        let draws = checked.draws().iter().map(|it| it.draws.numbers).sum::<usize>();
        assert_eq!(draws, row.draws, "{what}");
        // The kernels say the same.
        let architecture = ModelSpec { kind: ModelKind::Regular, network }.architecture().unwrap();
        let chain = architecture.chain().unwrap();
        assert_eq!(chain.code_shape(), checked.code(), "{what}");
        assert_eq!(chain.draws().map(|it| it.numbers).sum::<usize>(), row.draws, "{what}");
    }
}
