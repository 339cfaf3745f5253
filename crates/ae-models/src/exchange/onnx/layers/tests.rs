//! The nodes of every kind of layer. What runtimes compute from such graphs, `docs/interop/check.sh` compares.

use prost::Message;

use super::super::proto::{FLOAT, Graph, Model, Node};
use crate::exchange::{NetworkPart, onnx_of_model};
use crate::{Layer, ModelKind, ModelSpec, Network, SavedModel, Seed, Shape};

/// The graph of a network without training.
fn graph(item: [usize; 3], encoder: &str, decoder: &str, part: NetworkPart) -> Graph {
    let [channels, height, width] = item;
    let network = residual(Shape { channels, height, width }, encoder, decoder);
    written(network, part).graph.unwrap()
}

/// A residual network of these layers.
fn residual(item: Shape, encoder: &str, decoder: &str) -> Network {
    let layers = |written| serde_json::from_str::<Vec<Layer>>(written).unwrap();
    Network {
        encoder: layers(encoder),
        decoder: layers(decoder),
        residual: true,
        ..Network::empty(item)
    }
}

/// What is written of a network without training.
fn written(network: Network, part: NetworkPart) -> Model {
    let spec = ModelSpec { kind: ModelKind::Regular, network };
    let parameters = spec.check().unwrap().initialise(Seed::new(1));
    let bytes = onnx_of_model(&SavedModel::new(spec, parameters), part, None).unwrap();
    Model::decode(&bytes[..]).unwrap()
}

/// `Operator(inputs) {attributes} -> outputs`.
fn line(node: &Node) -> String {
    let attribute = |it: &super::super::proto::Attribute| {
        let text = it.s.as_ref().map(|bytes| String::from_utf8(bytes.clone()).unwrap());
        let number = it.f.map(|x| x.to_string()).or(it.i.map(|x| x.to_string())).or(text);
        let number = number.or(it.t.as_ref().map(|tensor| {
            assert_eq!(tensor.data_type, FLOAT);
            format!("F32 {:?}", tensor.raw_data)
        }));
        format!("{}: {}", it.name, number.unwrap_or_else(|| format!("{:?}", it.ints)))
    };
    let attributes: Vec<String> = node.attribute.iter().map(attribute).collect();
    let (operator, inputs, outputs) =
        (&node.op_type, node.input.join(", "), node.output.join(", "));
    let attributes = attributes.join("; ");
    let space = if attributes.is_empty() { "" } else { " " };
    format!("{operator}({inputs}){space}{attributes} -> {outputs}")
}

fn lines(graph: &Graph) -> Vec<String> {
    graph.node.iter().map(line).collect()
}

/// The numbers of a constant of whole numbers.
fn integers(graph: &Graph, name: &str) -> Vec<i64> {
    let tensor = graph.initializer.iter().find(|tensor| tensor.name == name).unwrap();
    tensor.raw_data.as_chunks().0.iter().map(|&bytes| i64::from_le_bytes(bytes)).collect()
}

/// The operators of a layer that sees 4 x 2 x 2 numbers.
fn operators(layer: &str) -> Vec<String> {
    let encoder = format!(r#"[{{"layer": "reshape", "shape": [4, 2, 2]}}, {layer}]"#);
    let decoder = r#"[{"layer": "dense", "outputs": 16}]"#;
    let graph = graph([1, 4, 4], &encoder, decoder, NetworkPart::Encoder);
    graph.node.into_iter().map(|node| node.op_type).collect()
}

/// A new kind fails here until it has a row.
#[test]
fn every_kind_has_its_operators() {
    let rows: [(&str, &str, &[&str]); 14] = [
        ("dense", r#""outputs": 3"#, &["Gemm", "Identity"]),
        ("conv", r#""channels": 2, "kernel": 3"#, &["Reshape", "Conv", "Flatten"]),
        (
            "conv-transpose",
            r#""channels": 2, "kernel": 3"#,
            &["Reshape", "ConvTranspose", "Flatten"],
        ),
        ("upsample", r#""factor": 2"#, &["Reshape", "Resize", "Flatten"]),
        ("max-pool", r#""size": 2"#, &["Reshape", "MaxPool", "Flatten"]),
        ("pixel-unshuffle", r#""factor": 2"#, &["Reshape", "Transpose", "Reshape", "Flatten"]),
        ("pixel-shuffle", r#""factor": 2"#, &["Reshape", "Transpose", "Reshape", "Flatten"]),
        ("reshape", r#""shape": [1, 8, 2]"#, &["Identity"]),
        ("batch-norm", r#""epsilon": 0.5"#, &["Reshape", "BatchNormalization", "Flatten"]),
        ("activation", r#""activation": "tanh""#, &["Tanh", "Identity"]),
        ("dropout", r#""rate": 0.5"#, &["Identity"]),
        ("gaussian-noise", r#""deviation": 0.5"#, &["Identity"]),
        (
            "top-k",
            r#""k": 2"#,
            &["TopK", "Shape", "ConstantOfShape", "ScatterElements", "Identity"],
        ),
        ("sample", "", &["Slice", "Identity"]),
    ];
    assert_eq!(rows.map(|(kind, ..)| kind), Layer::KINDS);
    for (kind, settings, expected) in rows {
        let comma = if settings.is_empty() { "" } else { ", " };
        let layer = format!(r#"{{"layer": "{kind}"{comma}{settings}}}"#);
        assert_eq!(operators(&layer), expected, "{kind}");
    }
}

#[test]
fn windows_say_where_they_lie() {
    // 5 x 7: of 5 places at a stride of 2 the last window of 4 ends 1 + 2 places beyond, of 7 at 3 it fits.
    let encoder = r#"[
        {"layer": "conv", "channels": 2, "kernel": [4, 1], "stride": [2, 3]},
        {"layer": "max-pool", "size": 2, "stride": 1},
        {"layer": "conv-transpose", "channels": 1, "kernel": [4, 1], "stride": [2, 3], "activation": "elu"},
        {"layer": "conv-transpose", "channels": 1, "kernel": 2, "padding": "valid"}
    ]"#;
    let graph =
        graph([1, 5, 7], encoder, r#"[{"layer": "dense", "outputs": 35}]"#, NetworkPart::Encoder);
    assert_eq!(
        lines(&graph),
        [
            "Reshape(images, encoder.0.maps.shape) -> encoder.0.maps",
            "Conv(encoder.0.maps, encoder.0.weight, encoder.0.bias) kernel_shape: [4, 1]; strides: [2, 3]; \
             pads: [1, 0, 2, 0] -> encoder.0.linear",
            "MaxPool(encoder.0.linear) kernel_shape: [2, 2]; strides: [1, 1]; pads: [0, 0, 1, 1] -> encoder.1.pooled",
            "ConvTranspose(encoder.1.pooled, encoder.2.weight, encoder.2.bias) kernel_shape: [4, 1]; \
             strides: [2, 3]; pads: [1, 0, 1, 0]; output_padding: [0, 2] -> encoder.2.linear",
            "Elu(encoder.2.linear) alpha: 1 -> encoder.2.elu",
            "ConvTranspose(encoder.2.elu, encoder.3.weight, encoder.3.bias) kernel_shape: [2, 2]; strides: [1, 1]; \
             pads: [0, 0, 0, 0] -> encoder.3.linear",
            "Flatten(encoder.3.linear) -> codes",
        ]
    );
    assert_eq!(integers(&graph, "encoder.0.maps.shape"), [0, 1, 5, 7]);
    let weight = graph.initializer.iter().find(|it| it.name == "encoder.0.weight").unwrap();
    assert_eq!(weight.dims, [2, 1, 4, 1]);
}

#[test]
fn numbers_move_in_pytorchs_order_and_layers_of_training_alone_vanish() {
    let encoder = r#"[
        {"layer": "pixel-unshuffle", "factor": 2},
        {"layer": "dropout", "rate": 0.5},
        {"layer": "batch-norm", "epsilon": 0.5},
        {"layer": "activation", "activation": "tanh"},
        {"layer": "gaussian-noise", "deviation": 1.0},
        {"layer": "top-k", "k": 7},
        {"layer": "sample"}
    ]"#;
    let decoder = r#"[
        {"layer": "upsample", "factor": [1, 2]},
        {"layer": "reshape", "shape": [12, 1, 4]},
        {"layer": "pixel-shuffle", "factor": 2},
        {"layer": "upsample", "factor": [2, 1]},
        {"layer": "dense", "outputs": 48}
    ]"#;
    let graph = graph([3, 4, 4], encoder, decoder, NetworkPart::Model);
    assert_eq!(
        lines(&graph),
        [
            "Reshape(images, encoder.0.blocks.shape) -> encoder.0.blocks",
            "Transpose(encoder.0.blocks) perm: [0, 1, 3, 5, 2, 4] -> encoder.0.moved",
            "Reshape(encoder.0.moved, encoder.0.shuffled.shape) -> encoder.0.shuffled",
            "BatchNormalization(encoder.0.shuffled, encoder.2.weight, encoder.2.bias, encoder.2.running_mean, \
             encoder.2.running_var) epsilon: 0.5 -> encoder.2.normalised",
            "Tanh(encoder.2.normalised) -> encoder.3.tanh",
            "Flatten(encoder.3.tanh) -> encoder.5.rows",
            "TopK(encoder.5.rows, encoder.5.k) -> encoder.5.largest, encoder.5.places",
            "Shape(encoder.5.rows) -> encoder.5.shape",
            "ConstantOfShape(encoder.5.shape) value: F32 [0, 0, 0, 0] -> encoder.5.zeros",
            "ScatterElements(encoder.5.zeros, encoder.5.places, encoder.5.largest) axis: 1 -> encoder.5.kept",
            "Slice(encoder.5.kept, encoder.6.start, encoder.6.end, encoder.6.axis) -> encoder.6.mean",
            "Reshape(encoder.6.mean, decoder.0.maps.shape) -> decoder.0.maps",
            "Resize(decoder.0.maps, , decoder.0.scales) coordinate_transformation_mode: asymmetric; mode: nearest; \
             nearest_mode: floor -> decoder.0.upsampled",
            "Flatten(decoder.0.upsampled) -> decoder.1.rows",
            "Reshape(decoder.1.rows, decoder.2.blocks.shape) -> decoder.2.blocks",
            "Transpose(decoder.2.blocks) perm: [0, 1, 4, 2, 5, 3] -> decoder.2.moved",
            "Reshape(decoder.2.moved, decoder.2.shuffled.shape) -> decoder.2.shuffled",
            "Resize(decoder.2.shuffled, , decoder.3.scales) coordinate_transformation_mode: asymmetric; mode: nearest; \
             nearest_mode: floor -> decoder.3.upsampled",
            "Flatten(decoder.3.upsampled) -> decoder.4.rows",
            "Gemm(decoder.4.rows, decoder.4.weight, decoder.4.bias) transB: 1 -> decoder.4.linear",
            "Add(decoder.4.linear, images) -> residual.sum",
            "Identity(residual.sum) -> reconstructions",
        ]
    );
    let shapes =
        [("encoder.0.blocks", vec![0, 3, 2, 2, 2, 2]), ("encoder.0.shuffled", vec![0, 12, 2, 2])];
    for (name, shape) in shapes {
        assert_eq!(integers(&graph, &format!("{name}.shape")), shape);
    }
    assert_eq!(integers(&graph, "encoder.5.k"), [7]);
    assert_eq!(integers(&graph, "encoder.6.end"), [24]);
    assert_eq!(integers(&graph, "decoder.2.blocks.shape"), [0, 3, 2, 2, 1, 4]);
}

#[test]
fn the_decoder_of_a_residual_network_gives_what_is_added() {
    let dense = |outputs: usize| format!(r#"[{{"layer": "dense", "outputs": {outputs}}}]"#);
    let graph = graph([1, 2, 2], &dense(3), &dense(4), NetworkPart::Decoder);
    assert_eq!(
        lines(&graph),
        [
            "Gemm(codes, decoder.0.weight, decoder.0.bias) transB: 1 -> decoder.0.linear",
            "Identity(decoder.0.linear) -> reconstructions",
        ]
    );
}

/// The image is added without the plane of the noise level, and the metadata tells of the plane.
#[test]
fn the_plane_of_the_noise_level_is_cut_off_and_named() {
    let dense = |outputs: usize| format!(r#"[{{"layer": "dense", "outputs": {outputs}}}]"#);
    let item = Shape { channels: 3, height: 2, width: 3 };
    let network = Network { noise_level: true, ..residual(item, &dense(5), &dense(18)) };
    let model = written(network, NetworkPart::Model);
    let graph = model.graph.unwrap();
    assert_eq!(
        lines(&graph),
        [
            "Gemm(images, encoder.0.weight, encoder.0.bias) transB: 1 -> encoder.0.linear",
            "Gemm(encoder.0.linear, decoder.0.weight, decoder.0.bias) transB: 1 -> decoder.0.linear",
            "Slice(images, residual.starts, residual.ends, residual.axes) -> residual.image",
            "Add(decoder.0.linear, residual.image) -> residual.sum",
            "Identity(residual.sum) -> reconstructions",
        ]
    );
    for (name, expected) in [("starts", 0), ("ends", 18), ("axes", 1)] {
        assert_eq!(integers(&graph, &format!("residual.{name}")), [expected], "{name}");
    }
    let weight = graph.initializer.iter().find(|it| it.name == "encoder.0.weight").unwrap();
    assert_eq!(weight.dims, [5, 24]);
    let data = model.metadata_props.iter().find(|entry| entry.key == "ae.data").unwrap();
    let data: serde_json::Value = serde_json::from_str(&data.value).unwrap();
    assert_eq!((&data["noise_level"], &data["channels"]), (&true.into(), &3.into()));
    let values = data["values"].as_str().unwrap();
    assert!(values.contains("one plane more, the last: the standard deviation"), "{values}");
}
