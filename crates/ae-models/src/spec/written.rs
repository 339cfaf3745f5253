//! The written forms of a model: lists of layers, and the widths of dense layers that earlier versions wrote.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::{Activation, DenseConfig, Initialisation, Layer, ModelKind, ModelSpec, Network};

/// All fields of both forms.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    #[serde(default)]
    kind: ModelKind,
    image: [usize; 2],
    #[serde(default = "crate::network::grey")]
    channels: usize,
    encoder: Vec<Element>,
    decoder: Vec<Element>,

    // Beside lists of layers.
    #[serde(default, deserialize_with = "some")]
    residual: Option<bool>,
    #[serde(default, deserialize_with = "some")]
    noise_level: Option<bool>,
    #[serde(default, deserialize_with = "some")]
    initialisation: Option<Initialisation>,

    // Beside lists of widths.
    #[serde(default, deserialize_with = "some")]
    hidden_activation: Option<Activation>,
    #[serde(default, deserialize_with = "some")]
    code_activation: Option<Activation>,
    #[serde(default, deserialize_with = "some")]
    output_activation: Option<Activation>,
    #[serde(default, deserialize_with = "some")]
    tied_weights: Option<bool>,
}

/// An element of the list `encoder` or `decoder`.
enum Element {
    Width(usize),
    Layer(Layer),
}

/// A field that is there, so that `null` is refused.
fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

/// Tells widths from layers, with errors that serde's untagged enums do not give.
struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table of a layer, or a width")
    }

    fn visit_u64<E: Error>(self, width: u64) -> Result<Element, E> {
        let width = usize::try_from(width);
        width.map(Element::Width).map_err(|_| E::custom("a width is too large"))
    }

    fn visit_i64<E: Error>(self, width: i64) -> Result<Element, E> {
        match u64::try_from(width) {
            Ok(width) => self.visit_u64(width),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(width), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Element, A::Error> {
        Layer::deserialize(MapAccessDeserializer::new(map)).map(Element::Layer)
    }
}

impl TryFrom<Written> for ModelSpec {
    type Error = String;

    fn try_from(mut written: Written) -> Result<Self, String> {
        let (encoder, decoder) =
            (std::mem::take(&mut written.encoder), std::mem::take(&mut written.decoder));
        let has_width = |list: &[Element]| list.iter().any(|it| matches!(it, Element::Width(_)));
        if has_width(&encoder) || has_width(&decoder) {
            return written.dense(widths("encoder", encoder)?, widths("decoder", decoder)?);
        }
        written.of_layers(layers(encoder), layers(decoder))
    }
}

impl Written {
    fn of_layers(self, encoder: Vec<Layer>, decoder: Vec<Layer>) -> Result<ModelSpec, String> {
        let of_dense = [
            ("hidden_activation", self.hidden_activation.is_some()),
            ("code_activation", self.code_activation.is_some()),
            ("output_activation", self.output_activation.is_some()),
            ("tied_weights", self.tied_weights.is_some()),
        ];
        if let Some((field, _)) = of_dense.iter().find(|(_, is_written)| *is_written) {
            return Err(format!(
                "unknown field `{field}` beside lists of layers: each layer has its own activation and tie"
            ));
        }
        let network = Network {
            image: self.image,
            channels: self.channels,
            encoder,
            decoder,
            residual: self.residual.unwrap_or_default(),
            noise_level: self.noise_level.unwrap_or_default(),
            initialisation: self.initialisation.unwrap_or_default(),
        };
        Ok(ModelSpec { kind: self.kind, network })
    }

    fn dense(self, encoder: Vec<usize>, decoder: Vec<usize>) -> Result<ModelSpec, String> {
        let of_layers = [
            ("residual", self.residual.is_some()),
            ("noise_level", self.noise_level.is_some()),
            ("initialisation", self.initialisation.is_some()),
        ];
        if let Some((field, _)) = of_layers.iter().find(|(_, is_written)| *is_written) {
            return Err(format!(
                "unknown field `{field}` beside lists of widths: it belongs to lists of layers"
            ));
        }
        let default = DenseConfig::default();
        let dense = DenseConfig {
            image: self.image,
            channels: self.channels,
            encoder,
            decoder,
            hidden_activation: self.hidden_activation.unwrap_or(default.hidden_activation),
            code_activation: self.code_activation.unwrap_or(default.code_activation),
            output_activation: self.output_activation.unwrap_or(default.output_activation),
            tied_weights: self.tied_weights.unwrap_or(default.tied_weights),
        };
        dense.model(self.kind).map_err(|error| error.to_string())
    }
}

fn widths(field: &str, elements: Vec<Element>) -> Result<Vec<usize>, String> {
    let widths = elements.into_iter().map(|element| match element {
        Element::Width(width) => Ok(width),
        Element::Layer(_) => Err(format!(
            "`encoder` and `decoder` must be lists of layers alone or of widths alone, but found a layer in `{field}`"
        )),
    });
    widths.collect()
}

fn layers(elements: Vec<Element>) -> Vec<Layer> {
    let layers = elements.into_iter().filter_map(|element| match element {
        Element::Layer(layer) => Some(layer),
        Element::Width(_) => None,
    });
    layers.collect()
}
