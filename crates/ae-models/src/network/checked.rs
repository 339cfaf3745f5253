//! A network whose shapes fit each other, with the places of its parameters.

use std::fmt;

use ae_random::Seed;

use crate::layer::{Initial, LayerParameter};
use crate::parameters::draw_weights;
use crate::{
    Activation, Draws, Initialisation, Layer, Layout, MAX_NUMBERS, ModelError, Network, Parameters,
    Shape,
};

/// The most layers of an encoder, and of a decoder.
pub const MAX_LAYERS: usize = 256;

/// The most parameters of a model: 1 GiB of `f32`.
pub const MAX_PARAMETERS: usize = 1 << 28;

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

    /// An error whose sentence begins with the layer's name.
    pub(crate) fn refused(&self, reason: String) -> ModelError {
        ModelError::Layer { name: self.name(), kind: self.layer.kind_name(), reason }
    }

    /// Whether it has weights of its own.
    fn has_weights(&self) -> bool {
        self.parameters().iter().any(|it| matches!(it.initial, Initial::Weights { .. }))
    }

    /// Its parameters.
    pub(crate) fn parameters(&self) -> Vec<LayerParameter> {
        self.layer.kind().parameters(self.input)
    }
}

/// The random numbers that a layer needs in training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedDraws {
    /// The layer's index among all layers, which is its index in the kernels' chain.
    pub index: usize,
    /// The layer's name: `encoder.2`.
    pub layer: String,
    /// What is drawn for each item.
    pub draws: Draws,
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
        let item = network.item();
        check_item(item)?;
        let mut layers = Vec::new();
        let mut shape = network.input();
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
            shape == item || shape == Shape::vector(item.numbers()),
            "decoder",
            &format!("a list that ends with the item's shape {item}"),
            &format_args!("{shape}"),
        )?;
        let checked = Self { network: network.clone(), layers };
        checked.check_ties()?;
        checked.check_sample()?;
        checked.check_residual()?;
        checked.check_initialisation()?;
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

    /// The shape of an item, and of an output.
    pub fn item(&self) -> Shape {
        self.network.item()
    }

    /// The shape of an input; see [`Network::input`].
    pub fn input(&self) -> Shape {
        self.network.input()
    }

    /// The shape of a code.
    pub fn code(&self) -> Shape {
        self.layers[self.network.encoder.len() - 1].output
    }

    /// The layout of all parameters.
    pub fn layout(&self) -> Layout {
        self.layout_where(|_| true)
    }

    /// The layout of one part's parameters.
    pub fn layout_of(&self, part: Part) -> Layout {
        self.layout_where(|layer| layer.part == part)
    }

    /// Initial parameters: weights by the network's [`Initialisation`], each from the stream `init/<name>` of the seed,
    /// biases 0, and batch normalisations that change nothing.
    pub fn initialise(&self, seed: Seed) -> Parameters {
        let is_residual = self.network.initialisation == Initialisation::Residual;
        let of_weights = |index: Option<usize>| index.filter(|_| is_residual);
        let first = of_weights(self.layers.iter().position(CheckedLayer::has_weights));
        let last = of_weights(self.last_with_weights());
        let mut initial = self.layers.iter().enumerate().flat_map(|(index, layer)| {
            layer.parameters().into_iter().map(move |parameter| (index, parameter.initial))
        });
        Parameters::filled(self.layout(), |view, values| match initial.next() {
            None | Some((_, Initial::Zeros)) => {}
            Some((_, Initial::Ones)) => values.fill(1.0),
            Some((index, Initial::Weights { .. })) if last == Some(index) => {}
            Some((index, Initial::Weights { fan_in, fan_out })) => {
                let fans = match self.network.initialisation {
                    Initialisation::Glorot => fan_in + fan_out,
                    Initialisation::He | Initialisation::Residual => fan_in,
                };
                draw_weights(&view.name, fans, seed, values);
                let layer = &self.layers[index].layer;
                if first == Some(index) && matches!(layer, Layer::Conv(_) | Layer::Dense(_)) {
                    self.subtract_means(values, view.shape.first().copied().unwrap_or(1));
                }
            }
        })
    }

    /// The random numbers that layers need in training, in the order of the layers.
    pub fn draws(&self) -> Vec<NamedDraws> {
        let draws = self.layers.iter().enumerate().filter_map(|(index, layer)| {
            layer.draws().map(|draws| NamedDraws { index, layer: layer.name(), draws })
        });
        draws.collect()
    }

    /// Whether an output in training depends on other items of the batch, as in a batch normalisation.
    pub fn needs_batch_statistics(&self) -> bool {
        self.layers.iter().any(|layer| layer.layer.kind().needs_batch_statistics())
    }

    /// Whether the encoder ends with a `sample` layer.
    pub fn is_variational(&self) -> bool {
        matches!(self.network.encoder.last(), Some(Layer::Sample(_)))
    }

    /// Whether a number of the output is a probability: the last activation is the sigmoid, and nothing is added to it.
    pub fn output_is_probability(&self) -> bool {
        self.last_activation() == Activation::Sigmoid && !self.network.residual
    }

    /// The activation of the decoder's last layer; layers after it that only move numbers do not count.
    pub fn last_activation(&self) -> Activation {
        let last = self.last_activated().and_then(|layer| layer.layer.kind().activation());
        last.unwrap_or(Activation::Linear)
    }

    /// The decoder's last layer that does more than move numbers. Its activation is the network's last one, which
    /// losses are computed without.
    pub(crate) fn last_activated(&self) -> Option<&CheckedLayer> {
        let mut decoder = self.layers.iter().rev().take_while(|it| it.part == Part::Decoder);
        decoder.find(|layer| !layer.layer.kind().is_permutation())
    }

    /// The index of the last layer with weights of its own.
    fn last_with_weights(&self) -> Option<usize> {
        self.layers.iter().rposition(CheckedLayer::has_weights)
    }

    /// Gives each filter of the first layer a mean of 0 over the image. The end of a filter, which belongs to the plane
    /// of the noise level, stays.
    fn subtract_means(&self, weights: &mut [f32], filters: usize) {
        let (item, input) = (self.item().channels, self.input().channels);
        let numbers = weights.len() / filters.max(1);
        for filter in weights.chunks_exact_mut(numbers.max(1)) {
            let of_image = &mut filter[..numbers / input * item];
            let mean = of_image.iter().sum::<f32>() / of_image.len().max(1) as f32;
            of_image.iter_mut().for_each(|weight| *weight -= mean);
        }
    }

    fn layout_where(&self, is_wanted: impl Fn(&CheckedLayer) -> bool) -> Layout {
        let mut layout = Layout::new(Vec::new());
        for layer in self.layers.iter().filter(|layer| is_wanted(layer)) {
            for LayerParameter { name, shape, is_trained, .. } in layer.parameters() {
                layout.push(format!("{}.{name}", layer.name()), shape, is_trained);
            }
        }
        layout
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
            if !fits {
                return Err(layer.refused(format!(
                    "must be in the decoder and tied to a dense layer of the encoder from {} to {} numbers, \
                     but found {} tied to encoder.{position}",
                    layer.output.numbers(),
                    layer.input.numbers(),
                    layer.name(),
                )));
            }
        }
        Ok(())
    }

    /// A variational code is the encoder's output.
    fn check_sample(&self) -> Result<(), ModelError> {
        let last = self.network.encoder.len() - 1;
        let mut samples = self.layers.iter().filter(|it| matches!(it.layer, Layer::Sample(_)));
        let astray = samples.find(|it| it.part != Part::Encoder || it.position != last);
        let reason = || format!("must be the encoder's last layer, encoder.{last}");
        astray.map_or(Ok(()), |layer| Err(layer.refused(reason())))
    }

    /// A sum of the input and of numbers in a range makes no sense.
    fn check_residual(&self) -> Result<(), ModelError> {
        let last = self.last_activation();
        require(
            !self.network.residual || last == Activation::Linear,
            "last activation",
            "linear, as the network is residual: its output is the input plus the layers' output",
            &format_args!("{last}"),
        )
    }

    /// With a last layer of zeros, only a residual network learns.
    fn check_initialisation(&self) -> Result<(), ModelError> {
        let last = self.last_with_weights();
        let is_of_decoder = last.is_some_and(|index| self.layers[index].part == Part::Decoder);
        require(
            self.network.initialisation != Initialisation::Residual
                || self.network.residual && is_of_decoder,
            "initialisation",
            "glorot or he, as residual is for residual networks whose decoder has weights of its own",
            &"residual",
        )
    }
}

/// Checks the shape of an item.
pub(crate) fn check_item(item: Shape) -> Result<(), ModelError> {
    let image = [item.height, item.width];
    require([1, 3].contains(&item.channels), "channels", "1 or 3", &item.channels)?;
    require(item.numbers() > 0, "image", "at least one pixel", &image)?;
    let expected = format!("so small that an item has at most {MAX_NUMBERS} numbers");
    require(item.numbers() <= MAX_NUMBERS, "image", &expected, &image)
}

/// The shape after a layer.
fn output(part: Part, position: usize, layer: &Layer, input: Shape) -> Result<Shape, ModelError> {
    let refused = |reason| {
        let (name, kind) = (format!("{part}.{position}"), layer.kind_name());
        ModelError::Layer { name, kind, reason }
    };
    let output = layer.kind().output(input).map_err(refused)?;
    let numbers = output.numbers();
    if (1..=MAX_NUMBERS).contains(&numbers) {
        return Ok(output);
    }
    let reason =
        format!("must have an output of 1 to {MAX_NUMBERS} numbers an item, but found {output}");
    Err(refused(reason))
}

/// An error of the field unless the condition holds.
pub(crate) fn require(
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
