//! The graphs of ONNX files, computed node by node and compared with the formulas of a dense network.

use std::collections::BTreeMap;

use prost::Message;

use super::proto::{DOUBLE, FLOAT, Graph, Model, Node, Tensor, ValueInfo};
use super::*;
use crate::{Activation, DenseConfig, ModelKind};

/// 6 inputs, 4 hidden units, a code of 3; weights in [-1, 1] that a formula gives.
fn model(activation: Activation, output: Activation, tied_weights: bool) -> SavedModel {
    let dense = DenseConfig {
        image: [2, 3],
        encoder: vec![6, 4, 3],
        decoder: vec![3, 4, 6],
        hidden_activation: activation,
        code_activation: activation,
        output_activation: output,
        tied_weights,
        ..DenseConfig::default()
    };
    let layout = dense.network().unwrap().check().unwrap().layout();
    let values = (0..layout.len()).map(|k| (k * 7 % 17) as f32 / 8.0 - 1.0).collect();
    let parameters = Parameters::new(layout, values).unwrap();
    SavedModel::new(dense.model(ModelKind::Regular).unwrap(), parameters)
}

/// What an activation is by its definition.
fn defined(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Linear => x,
        Activation::Relu => x.max(0.0),
        Activation::LeakyRelu => {
            if x > 0.0 {
                x
            } else {
                0.01 * x
            }
        }
        Activation::Elu => {
            if x > 0.0 {
                x
            } else {
                x.exp_m1()
            }
        }
        Activation::Selu => {
            1.050_700_987_355_480_5 * if x > 0.0 { x } else { 1.673_263_242_354_377_2 * x.exp_m1() }
        }
        Activation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Activation::Tanh => x.tanh(),
        Activation::Softplus => x.exp().ln_1p(),
    }
}

/// One row through one half of the network, in doubles.
fn half(model: &SavedModel, name: &str, row: &[f64]) -> Vec<f64> {
    let dense = DenseConfig::of(&model.spec.network).unwrap();
    let mut values = row.to_vec();
    for layer in 0..2 {
        let own = format!("{name}.{layer}.weight");
        let bias = model.parameters.get(&format!("{name}.{layer}.bias")).unwrap();
        let mirrored = format!("encoder.{}.weight", 1 - layer);
        let weight = |out: usize, inp: usize| match model.parameters.get(&own) {
            Some(weight) => weight[out * values.len() + inp],
            None => model.parameters.get(&mirrored).unwrap()[inp * bias.len() + out],
        };
        let sum = |out: usize| -> f64 {
            let terms = values.iter().enumerate();
            terms.map(|(inp, value)| f64::from(weight(out, inp)) * value).sum()
        };
        let sums: Vec<f64> =
            bias.iter().enumerate().map(|(out, &bias)| f64::from(bias) + sum(out)).collect();
        let is_output = name == "decoder" && layer == 1;
        let activation = if is_output { dense.output_activation } else { dense.hidden_activation };
        values = sums.into_iter().map(|sum| defined(activation, sum)).collect();
    }
    values
}

/// A value of a graph: the numbers and their type.
#[derive(Clone)]
struct Value {
    numbers: Vec<f64>,
    elem_type: i32,
}

impl Value {
    fn new(numbers: Vec<f64>, elem_type: i32) -> Self {
        let round = |x: f64| if elem_type == FLOAT { f64::from(x as f32) } else { x };
        Self { numbers: numbers.into_iter().map(round).collect(), elem_type }
    }

    fn of(tensor: &Tensor) -> Self {
        let data = &tensor.raw_data;
        let numbers: Vec<f64> = match tensor.data_type {
            FLOAT => data.as_chunks().0.iter().map(|&b| f64::from(f32::from_le_bytes(b))).collect(),
            DOUBLE => data.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect(),
            other => panic!("type {other}"),
        };
        assert_eq!(numbers.len() as i64, tensor.dims.iter().product::<i64>(), "{}", tensor.name);
        Self::new(numbers, tensor.data_type)
    }
}

/// Computes a node on one row, by ONNX's definitions of the operators.
fn compute(node: &Node, inputs: &[Value]) -> Value {
    let attribute = |name: &str| node.attribute.iter().find(|found| found.name == name);
    let float = |name: &str| f64::from(attribute(name).and_then(|found| found.f).unwrap());
    let elem_type = inputs[0].elem_type;
    assert!(inputs.iter().all(|input| input.elem_type == elem_type), "{} mixes types", node.name);
    let each = |f: &dyn Fn(f64) -> f64| {
        Value::new(inputs[0].numbers.iter().map(|&x| f(x)).collect(), elem_type)
    };
    let pairs = |f: &dyn Fn(f64, f64) -> f64| {
        let [a, b] = [&inputs[0].numbers, &inputs[1].numbers];
        let at = |list: &[f64], i: usize| if list.len() == 1 { list[0] } else { list[i] };
        let length = a.len().max(b.len());
        Value::new((0..length).map(|i| f(at(a, i), at(b, i))).collect(), elem_type)
    };
    match node.op_type.as_str() {
        "Gemm" => {
            let [x, weight, bias] = [0, 1, 2].map(|input| &inputs[input].numbers);
            let is_transposed = attribute("transB").and_then(|found| found.i) == Some(1);
            let at = |inp: usize, out: usize| match is_transposed {
                true => weight[out * x.len() + inp],
                false => weight[inp * bias.len() + out],
            };
            let sum = |out| -> f64 { (0..x.len()).map(|inp| x[inp] * at(inp, out)).sum() };
            let sums = bias.iter().enumerate().map(|(out, bias)| bias + sum(out));
            Value::new(sums.collect(), elem_type)
        }
        "Cast" => Value::new(inputs[0].numbers.clone(), attribute("to").unwrap().i.unwrap() as i32),
        "Identity" => each(&|x| x),
        "Relu" => each(&|x| x.max(0.0)),
        "LeakyRelu" => each(&|x| if x < 0.0 { float("alpha") * x } else { x }),
        "Elu" => each(&|x| if x < 0.0 { float("alpha") * x.exp_m1() } else { x }),
        "Selu" => {
            each(&|x| float("gamma") * if x <= 0.0 { float("alpha") * x.exp_m1() } else { x })
        }
        "Sigmoid" => each(&|x| 1.0 / (1.0 + (-x).exp())),
        "Tanh" => each(&f64::tanh),
        "Softplus" => each(&|x| x.exp().ln_1p()),
        "Mul" => pairs(&|a, b| a * b),
        "Sub" => pairs(&|a, b| a - b),
        "Div" => pairs(&|a, b| a / b),
        "Add" => pairs(&|a, b| a + b),
        "Max" => pairs(&f64::max),
        "Min" => pairs(&f64::min),
        other => panic!("operator {other}"),
    }
}

fn graph(bytes: &[u8]) -> Graph {
    let model = Model::decode(bytes).unwrap();
    assert_eq!((model.ir_version, model.opset_import[0].version), (7, 13));
    model.graph.unwrap()
}

/// Sends a row through a graph.
fn run(bytes: &[u8], row: &[f64]) -> Vec<f64> {
    let graph = graph(bytes);
    let mut values: BTreeMap<String, Value> =
        graph.initializer.iter().map(|tensor| (tensor.name.clone(), Value::of(tensor))).collect();
    let [input] = &graph.input[..] else { panic!("{} inputs", graph.input.len()) };
    values.insert(input.name.clone(), Value::new(row.to_vec(), described(input).0));
    for node in &graph.node {
        let inputs: Vec<Value> = node.input.iter().map(|name| values[name].clone()).collect();
        let earlier = values.insert(node.output[0].clone(), compute(node, &inputs));
        assert!(earlier.is_none(), "{} is computed twice", node.output[0]);
    }
    let [output] = &graph.output[..] else { panic!("{} outputs", graph.output.len()) };
    let value = &values[&output.name];
    assert_eq!(value.elem_type, described(output).0);
    value.numbers.clone()
}

/// The type and the axes of an input or output.
fn described(value: &ValueInfo) -> (i32, String) {
    let tensor = value.r#type.as_ref().unwrap().tensor_type.as_ref().unwrap();
    let axes = tensor.shape.as_ref().unwrap().dim.iter().map(|axis| match &axis.dim_param {
        Some(name) => name.clone(),
        None => axis.dim_value.unwrap().to_string(),
    });
    (tensor.elem_type, format!("{} {}", value.name, axes.collect::<Vec<_>>().join(" x ")))
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        // Layers of at most 6 terms and values below 10, each rounded to f32.
        assert!((found - expected).abs() < 1e-5, "{found} {expected}");
    }
}

const ROW: [f64; 6] = [0.0, 0.25, 1.0, 0.5, 0.125, 0.75];

#[test]
fn the_graphs_compute_the_network_and_its_halves() {
    for activation in Activation::ALL {
        for (output, is_tied) in [(Activation::Sigmoid, false), (Activation::Linear, true)] {
            let model = model(activation, output, is_tied);
            let codes = half(&model, "encoder", &ROW);
            let expected = half(&model, "decoder", &codes);
            let onnx = |part| onnx_of_model(&model, part, None).unwrap();
            assert_close(&run(&onnx(NetworkPart::Model), &ROW), &expected);
            assert_close(&run(&onnx(NetworkPart::Encoder), &ROW), &codes);
            assert_close(&run(&onnx(NetworkPart::Decoder), &codes), &expected);
            let encoder = model.encoder().unwrap();
            assert!(onnx_of_encoder(&encoder, None).unwrap() == onnx(NetworkPart::Encoder));
        }
    }
}

#[test]
fn the_batch_is_symbolic_and_the_file_says_what_it_takes() {
    let model = model(Activation::Relu, Activation::Sigmoid, false);
    let ends = |part| {
        let graph = graph(&onnx_of_model(&model, part, None).unwrap());
        (described(&graph.input[0]), described(&graph.output[0]))
    };
    let float = |text: &str| (FLOAT, text.to_owned());
    assert_eq!(
        ends(NetworkPart::Model),
        (float("images batch x 6"), float("reconstructions batch x 6"))
    );
    assert_eq!(ends(NetworkPart::Encoder), (float("images batch x 6"), float("codes batch x 3")));
    assert_eq!(
        ends(NetworkPart::Decoder),
        (float("codes batch x 3"), float("reconstructions batch x 6"))
    );
    let bytes = onnx_of_model(&model, NetworkPart::Model, None).unwrap();
    assert_eq!(bytes, onnx_of_model(&model.clone(), NetworkPart::Model, None).unwrap());
    let written = Model::decode(&bytes[..]).unwrap();
    let entries: Vec<&str> = written.metadata_props.iter().map(|entry| &*entry.key).collect();
    assert_eq!(entries, ["ae.part", "ae.data", "ae.weights_sha256"]);
    assert_eq!(written.metadata_props[2].value, model.parameters.sha256());
    // A half holds its own weights alone.
    let halves = [NetworkPart::Encoder, NetworkPart::Decoder]
        .map(|part| graph(&onnx_of_model(&model, part, None).unwrap()).initializer.len());
    assert_eq!(halves, [4, 4]);
}

#[test]
fn a_tables_own_numbers_go_in_and_come_out() {
    let model = model(Activation::Tanh, Activation::Linear, false);
    let columns = TableColumns {
        names: ["time", "b", "constant", "d", "e", "f"].map(str::to_owned).to_vec(),
        // Seconds since 1970: f32 could not tell them apart.
        zero: vec![1.7e9, -5.0, 3.5, 0.0, 0.0, 0.0],
        one: vec![1.7e9 + 8.0, 5.0, 3.5, 1.0, 1.0, 2.0],
        shown: vec![[-1.0, 2.0]; 6],
    };
    let rows = [1.7e9 + 3.0, 2.5, 99.0, 0.5, 7.0, -9.0];
    let scaled = [0.375, 0.75, 0.0, 0.5, 2.0, -1.0];
    let codes = half(&model, "encoder", &scaled);
    let outputs = half(&model, "decoder", &codes);
    let expected: Vec<f64> = outputs
        .iter()
        .zip(columns.zero.iter().zip(&columns.one))
        .map(|(y, (zero, one))| if zero == one { *zero } else { zero + y * (one - zero) })
        .collect();
    let onnx = |part| onnx_of_model(&model, part, Some(&columns)).unwrap();
    assert_close(&run(&onnx(NetworkPart::Encoder), &rows), &codes);
    // 1e-5 of the widest column's range, which is 10.
    let found = run(&onnx(NetworkPart::Model), &rows);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    }
    assert_eq!(found[2], 3.5);
    assert_eq!(run(&onnx(NetworkPart::Decoder), &codes)[2], 3.5);
    let input = &graph(&onnx(NetworkPart::Model)).input[0];
    assert_eq!(described(input), (DOUBLE, "rows batch x 6".to_owned()));
    let short = TableColumns { zero: vec![0.0; 5], ..columns };
    let error = onnx_of_model(&model, NetworkPart::Model, Some(&short)).unwrap_err();
    assert_eq!(error.to_string(), "the scaling must have 6 columns, as the model has, but has 5");
}
