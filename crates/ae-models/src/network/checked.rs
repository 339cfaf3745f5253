//! A network whose shapes fit each other, with the places of its parameters.

use std::fmt;

use crate::layer::{Initial, LayerParameter};
use crate::{Draws, Layer, Layout, ModelError, Network, Shape};

/// The most layers of an encoder, and of a decoder.
pub const MAX_LAYERS: usize = 256;

/// The most parameters of a model: 1 GiB of `f32`.
pub const MAX_PARAMETERS: usize = 1 << 28;

/// The most numbers of an item between two layers: 256 MiB of `f32`.
pub const MAX_NUMBERS: usize = 1 << 26;

/// Which part of a network a layer belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// From an item to its code.
    Encoder,
    /// From a code to an item.
    Decoder,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encoder => "encoder",
            Self::Decoder => "decoder",
        })
    }
}

/// A layer at its place in a network.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedLayer {
    /// The part that it belongs to.
    pub part: Part,
    /// Its position in that part, counted from 0.
    pub position: usize,
    /// What it is.
    pub layer: Layer,
    /// The shape of its input.
    pub input: Shape,
    /// The shape of its output.
    pub output: Shape,
}

impl CheckedLayer {
    /// Its name: `encoder.0`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.part, self.position)
    }

    /// The random numbers that it needs in training for each item.
    pub fn draws(&self) -> Option<Draws> {
        self.layer.kind().draws(self.input)
    }

    /// Its parameters.
    pub(crate) fn parameters(&self) -> Vec<LayerParameter> {
        self.layer.kind().parameters(self.input)
    }
}

/// A network whose shapes fit each other.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedNetwork {
    network: Network,
    layers: Vec<CheckedLayer>,
}

impl CheckedNetwork {
    /// Checks a network, first layer to last.
    pub(super) fn new(network: &Network) -> Result<Self, ModelError> {
        let input = network.input();
        require([1, 3].contains(&network.channels), "channels", "1 or 3", &network.channels)?;
        require(input.numbers() > 0, "image", "at least one pixel", &network.image)?;
        let mut layers = Vec::new();
        let mut shape = input;
        for (part, of_part) in
            [(Part::Encoder, &network.encoder), (Part::Decoder, &network.decoder)]
        {
            let length = of_part.len();
            require(
                (1..=MAX_LAYERS).contains(&length),
                &part.to_string(),
                &format!("a list of 1 to {MAX_LAYERS} layers"),
                &length,
            )?;
            for (position, layer) in of_part.iter().enumerate() {
                let layer = CheckedLayer {
                    part,
                    position,
                    layer: layer.clone(),
                    input: shape,
                    output: output(part, position, layer, shape)?,
                };
                shape = layer.output;
                layers.push(layer);
            }
        }
        // A vector stands for the item's numbers, channels first: a dense decoder needs no `reshape`.
        require(
            shape == input || shape == Shape::vector(input.numbers()),
            "decoder",
            &format!("a list that ends with the item's shape {input}"),
            &format_args!("{shape}"),
        )?;
        let checked = Self { network: network.clone(), layers };
        checked.check_ties()?;
        checked.check_sample()?;
        checked.check_residual()?;
        let parameters = checked.layout().len();
        require(
            parameters <= MAX_PARAMETERS,
            "encoder and decoder",
            &format!("so narrow that they have at most {MAX_PARAMETERS} parameters (1.1 GB)"),
            &format_args!("{parameters} ({:.1} GB)", 4e-9 * parameters as f64),
        )?;
        Ok(checked)
    }

    /// The network as it is described.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// All layers, the encoder's first.
    pub fn layers(&self) -> &[CheckedLayer] {
        &self.layers
    }

    /// The shape of an item.
    pub fn input(&self) -> Shape {
        self.network.input()
    }

    /// The shape of a code.
    pub fn code(&self) -> Shape {
        self.layers[self.network.encoder.len() - 1].output
    }

    /// The layout of all parameters.
    pub fn layout(&self) -> Layout {
        Layout::new(self.named_parameters(None).map(|(name, it)| (name, it.shape)).collect())
    }

    /// The layout of one part's parameters.
    pub fn layout_of(&self, part: Part) -> Layout {
        Layout::new(self.named_parameters(Some(part)).map(|(name, it)| (name, it.shape)).collect())
    }

    /// The first values of every parameter by name, in the layout's order.
    pub(crate) fn initial(&self) -> impl Iterator<Item = (String, Initial)> {
        self.named_parameters(None).map(|(name, parameter)| (name, parameter.initial))
    }

    fn named_parameters(
        &self,
        part: Option<Part>,
    ) -> impl Iterator<Item = (String, LayerParameter)> {
        let layers = self.layers.iter().filter(move |layer| part.is_none_or(|it| it == layer.part));
        layers.flat_map(|layer| {
            let name = layer.name();
            let parameters = layer.parameters().into_iter();
            parameters.map(move |parameter| (format!("{name}.{}", parameter.name), parameter))
        })
    }

    /// A tied layer needs a dense layer of the encoder with the mirrored shape and a weight of its own.
    fn check_ties(&self) -> Result<(), ModelError> {
        for layer in &self.layers {
            let Layer::Dense(dense) = &layer.layer else { continue };
            let Some(position) = dense.tied_to else { continue };
            let encoder = self.layers.iter().filter(|it| it.part == Part::Encoder);
            let owner = encoder.clone().find(|it| it.position == position);
            let fits = layer.part == Part::Decoder
                && owner.is_some_and(|owner| {
                    matches!(&owner.layer, Layer::Dense(dense) if dense.tied_to.is_none())
                        && owner.input.numbers() == layer.output.numbers()
                        && owner.output.numbers() == layer.input.numbers()
                });
            require(
                fits,
                &layer.name(),
                &format!(
                    "tied to a dense layer of the encoder from {} to {} numbers",
                    layer.output.numbers(),
                    layer.input.numbers()
                ),
                &format_args!("encoder.{position}"),
            )?;
        }
        Ok(())
    }

    /// A variational code is the encoder's output.
    fn check_sample(&self) -> Result<(), ModelError> {
        let last = self.network.encoder.len() - 1;
        let samples = self.layers.iter().filter(|it| matches!(it.layer, Layer::Sample(_)));
        for layer in samples {
            let is_code = layer.part == Part::Encoder && layer.position == last;
            let expected = "the encoder's last layer, as it is a `sample` layer";
            require(is_code, &layer.name(), expected, &"a layer elsewhere")?;
        }
        Ok(())
    }

    /// A sum of the input and of numbers in a range makes no sense.
    fn check_residual(&self) -> Result<(), ModelError> {
        let last = self.layers.last().and_then(|layer| layer.layer.kind().activation());
        let is_linear = last.is_none_or(|activation| activation == crate::Activation::Linear);
        let expected =
            "linear, as the network is residual: its output is the input plus the layers' output";
        let found = last.map_or_else(String::new, |it| it.to_string());
        require(
            !self.network.residual || is_linear,
            "last activation",
            expected,
            &format_args!("{found}"),
        )
    }
}

/// The shape after a layer.
fn output(part: Part, position: usize, layer: &Layer, input: Shape) -> Result<Shape, ModelError> {
    let name = format!("{part}.{position}");
    let output = layer.kind().output(input);
    let output = output.map_err(|reason| ModelError::Layer { name: name.clone(), reason })?;
    let numbers = output.numbers();
    if (1..=MAX_NUMBERS).contains(&numbers) {
        return Ok(output);
    }
    let reason =
        format!("must have an output of 1 to {MAX_NUMBERS} numbers an item, but found {output}");
    Err(ModelError::Layer { name, reason })
}

fn require(
    holds: bool,
    field: &str,
    expected: &str,
    found: &impl fmt::Debug,
) -> Result<(), ModelError> {
    if holds {
        return Ok(());
    }
    Err(ModelError::Spec {
        field: field.to_owned(),
        expected: expected.to_owned(),
        found: format!("{found:?}"),
    })
}
