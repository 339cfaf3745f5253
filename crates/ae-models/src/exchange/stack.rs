//! Arrays of another program to a stack of dense layers.

use std::path::Path;

use super::arrays::NamedArray;
use super::convert::numbers;
use super::{Assumption, ExchangeError, WeightLayout};
use crate::WeightTypes;

/// A dense layer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// (outputs, inputs), row-major.
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
}

/// Layers from the input to the output.
#[derive(Debug)]
pub(super) struct Stack {
    pub(super) layers: Vec<Layer>,
    /// How many layers the encoder has, if the names say it.
    pub(super) encoder_layers: Option<usize>,
    /// Whether the decoder's weights are the encoder's, transposed.
    pub(super) is_tied: bool,
    /// How the weights lay in the file.
    pub(super) layout: WeightLayout,
    pub(super) assumptions: Vec<Assumption>,
}

/// The arrays of one layer.
#[derive(Debug, Default)]
struct Group {
    name: String,
    weight: Option<NamedArray>,
    bias: Option<NamedArray>,
}

/// Puts arrays in the order of their layers.
pub(super) fn stack(
    path: &Path,
    arrays: Vec<NamedArray>,
    types: WeightTypes,
) -> Result<Stack, ExchangeError> {
    if arrays.is_empty() {
        let (expected, found) = ("dense layers".to_owned(), "no arrays".to_owned());
        return Err(ExchangeError::Stack { path: path.to_owned(), expected, found });
    }
    let is_positional = arrays.iter().all(|array| position(&array.name).is_some());
    let (groups, layout) = if is_positional {
        positional(path, arrays)?
    } else {
        (named(path, arrays)?, WeightLayout::OutIn)
    };
    let mut assumptions = Vec::new();
    if is_positional {
        assumptions.push(Assumption::WeightLayout(layout));
    }
    let encoder_layers = if is_positional { None } else { encoder_layers(&groups) };
    let names = groups.iter().map(|group| group.name.clone()).collect();
    if !is_positional && !groups.iter().all(|group| is_numbered(&group.name)) {
        assumptions.push(Assumption::LayerOrder(names));
    }
    let tied = encoder_layers.filter(|&count| {
        groups.iter().skip(count).all(|group| group.weight.is_none()) && groups.len() == 2 * count
    });
    let mut layers: Vec<Layer> = Vec::new();
    for (index, group) in groups.into_iter().enumerate() {
        let mirrored = tied.filter(|&count| index >= count).map(|count| 2 * count - 1 - index);
        let layer = match mirrored.and_then(|place| layers.get(place)) {
            Some(mirror) => transposed(path, group, mirror, types)?,
            None => layer(path, group, layout, types, &mut assumptions)?,
        };
        layers.push(layer);
    }
    check_chain(path, &layers)?;
    Ok(Stack { layers, encoder_layers, is_tied: tied.is_some(), layout, assumptions })
}

/// The number in the names that `np.savez` gives to arrays without names.
fn position(name: &str) -> Option<usize> {
    name.strip_prefix("arr_")?.parse().ok()
}

/// Arrays in the order of `get_weights()`: each matrix with the bias that follows it, if one does.
fn positional(
    path: &Path,
    mut arrays: Vec<NamedArray>,
) -> Result<(Vec<Group>, WeightLayout), ExchangeError> {
    arrays.sort_by_key(|array| position(&array.name));
    let mut groups: Vec<Group> = Vec::new();
    for array in arrays {
        match (array.shape.len(), groups.last_mut()) {
            (1, Some(group)) if group.bias.is_none() => group.bias = Some(array),
            (1, _) => return Err(wrong_shape(path, &array, "a matrix of weights")),
            _ => groups.push(Group { name: array.name.clone(), weight: Some(array), bias: None }),
        }
    }
    // Keras' layout, unless the biases only fit PyTorch's.
    let fits = |axis: usize| {
        groups.iter().all(|group| match (&group.weight, &group.bias) {
            (Some(weight), Some(bias)) => weight.shape.get(axis) == bias.shape.first(),
            _ => true,
        })
    };
    let layout = if !fits(1) && fits(0) { WeightLayout::OutIn } else { WeightLayout::InOut };
    Ok((groups, layout))
}

/// Arrays with PyTorch's names, in the order of the layers' names; the encoder comes before the decoder.
fn named(path: &Path, arrays: Vec<NamedArray>) -> Result<Vec<Group>, ExchangeError> {
    let mut groups: Vec<Group> = Vec::new();
    for array in arrays {
        let (layer, kind) = array.name.rsplit_once('.').unwrap_or(("", &array.name));
        let (layer, is_weight) = (layer.to_owned(), kind == "weight");
        if layer.is_empty() || !(is_weight || kind == "bias") {
            return Err(ExchangeError::Name { path: path.to_owned(), name: array.name });
        }
        let place = groups.iter().position(|group| group.name == layer).unwrap_or(groups.len());
        if place == groups.len() {
            groups.push(Group { name: layer, ..Group::default() });
        }
        if let Some(group) = groups.get_mut(place) {
            *(if is_weight { &mut group.weight } else { &mut group.bias }) = Some(array);
        }
    }
    let shared = shared_parts(&groups);
    groups.sort_by_cached_key(|group| {
        let own = own_name(&group.name, shared);
        (is_decoder(own), natural_key(own))
    });
    Ok(groups)
}

/// How many parts all names begin with, as those of wrapped models do.
fn shared_parts(groups: &[Group]) -> usize {
    let mut shared = 0;
    let part = |group: &Group, place: usize| {
        // The last part tells the layers apart.
        let parts: Vec<String> = group.name.split('.').map(str::to_owned).collect();
        (place + 1 < parts.len()).then(|| parts.get(place).cloned()).flatten()
    };
    while let Some(first) = groups.first().and_then(|group| part(group, shared))
        && groups.iter().all(|group| part(group, shared).as_ref() == Some(&first))
    {
        shared += 1;
    }
    shared
}

/// A name without the parts that all share.
fn own_name(name: &str, shared: usize) -> &str {
    name.splitn(shared + 1, '.').nth(shared).unwrap_or(name)
}

fn is_encoder(own_name: &str) -> bool {
    own_name.starts_with("enc")
}

fn is_decoder(own_name: &str) -> bool {
    own_name.starts_with("dec")
}

/// Whether a layer is named by a number, so that the order is certain.
fn is_numbered(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit())
}

/// How many groups are the encoder's, if every name says which half it belongs to.
fn encoder_layers(groups: &[Group]) -> Option<usize> {
    let shared = shared_parts(groups);
    let names = || groups.iter().map(|group| own_name(&group.name, shared));
    let count = names().filter(|name| is_encoder(name)).count();
    let is_told = names().all(|name| is_encoder(name) || is_decoder(name));
    (is_told && count > 0 && count < groups.len()).then_some(count)
}

/// A key that sorts `10` after `9`.
fn natural_key(name: &str) -> Vec<(String, u64)> {
    let mut key: Vec<(String, u64)> = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (before, after) = rest.split_at(text);
        let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(digits);
        key.push((before.to_owned(), number.parse().unwrap_or_default()));
        rest = after;
    }
    key
}

/// A layer with weights of its own.
fn layer(
    path: &Path,
    group: Group,
    layout: WeightLayout,
    types: WeightTypes,
    assumptions: &mut Vec<Assumption>,
) -> Result<Layer, ExchangeError> {
    let Group { name, weight, bias } = group;
    let Some(weight) = weight else {
        let expected = format!("a matrix {name}.weight beside {name}.bias");
        let found = "none".to_owned();
        return Err(ExchangeError::Stack { path: path.to_owned(), expected, found });
    };
    let &[first, second] = &weight.shape[..] else {
        return Err(wrong_shape(path, &weight, "a matrix of weights"));
    };
    if first == 0 || second == 0 {
        return Err(wrong_shape(path, &weight, "a matrix that is not empty"));
    }
    let values = numbers(path, &weight, types)?;
    let (outputs, inputs, weight) = match layout {
        WeightLayout::OutIn => (first, second, values),
        WeightLayout::InOut => (second, first, transpose(&values, first, second)),
    };
    let bias = match bias {
        Some(bias) => self::bias(path, &bias, outputs, types)?,
        None => {
            assumptions.push(Assumption::ZeroBias { layer: name.clone() });
            vec![0.0; outputs]
        }
    };
    Ok(Layer { name, inputs, outputs, weight, bias })
}

/// A layer whose weights are another's, transposed.
fn transposed(
    path: &Path,
    group: Group,
    mirror: &Layer,
    types: WeightTypes,
) -> Result<Layer, ExchangeError> {
    let weight = transpose(&mirror.weight, mirror.outputs, mirror.inputs);
    let bias = match &group.bias {
        Some(bias) => self::bias(path, bias, mirror.inputs, types)?,
        None => vec![0.0; mirror.inputs],
    };
    let (inputs, outputs) = (mirror.outputs, mirror.inputs);
    Ok(Layer { name: group.name, inputs, outputs, weight, bias })
}

fn bias(
    path: &Path,
    bias: &NamedArray,
    outputs: usize,
    types: WeightTypes,
) -> Result<Vec<f32>, ExchangeError> {
    if bias.shape != [outputs] {
        return Err(wrong_shape(path, bias, &format!("a bias of {outputs} numbers")));
    }
    numbers(path, bias, types)
}

/// A matrix (rows, columns) to (columns, rows).
fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let column = |column: usize| values.iter().skip(column).step_by(columns.max(1)).take(rows);
    (0..columns).flat_map(column).copied().collect()
}

fn wrong_shape(path: &Path, array: &NamedArray, expected: &str) -> ExchangeError {
    ExchangeError::Shape {
        path: path.to_owned(),
        name: array.name.clone(),
        expected: expected.to_owned(),
        found: array.shape.clone(),
    }
}

/// Checks that each layer takes what the one before it gives, and the last gives what the first takes.
fn check_chain(path: &Path, layers: &[Layer]) -> Result<(), ExchangeError> {
    for (earlier, later) in layers.iter().zip(layers.iter().skip(1)) {
        if earlier.outputs != later.inputs {
            return Err(ExchangeError::Chain {
                path: path.to_owned(),
                earlier: earlier.name.clone(),
                later: later.name.clone(),
                expected: earlier.outputs,
                found: later.inputs,
            });
        }
    }
    let ends = layers.first().zip(layers.last()).map(|(first, last)| (first.inputs, last.outputs));
    match ends {
        Some((inputs, outputs)) if layers.len() > 1 && inputs == outputs => Ok(()),
        Some((inputs, outputs)) => Err(ExchangeError::Stack {
            path: path.to_owned(),
            expected: format!(
                "an autoencoder, of two layers or more that give as many numbers as they take, {inputs}"
            ),
            found: format!(
                "{} that {} {outputs}",
                ae_files::counted_as(layers.len(), "layer"),
                if layers.len() == 1 { "gives" } else { "give" }
            ),
        }),
        None => Ok(()),
    }
}
