//! The table `[model]` as it is written: one flat table, so that the errors of TOML name the line and `--set` reaches
//! every key.

use ae_models::{Activation, DenoiserConfig, Initialisation, Layer, ModelKind};
use serde::{Deserialize, Serialize};

use super::network::{
    ConvForm, ConvVaeForm, DenseForm, LayersForm, NetworkForm, NetworkSpec, VaeForm,
};
use super::network_name::NetworkName;
use super::written::Written;

/// All keys of all networks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelTable {
    kind: ModelKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<NetworkName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initialisation: Option<Initialisation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoder: Option<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decoder: Option<Written>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden_activation: Option<Activation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_activation: Option<Activation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_activation: Option<Activation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tied_weights: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    residual: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise_level: Option<bool>,
}

/// Numbers of a variational code that the spec leaves open.
const CODE: usize = 20;

/// The keys that every network has.
const OF_ALL: [&str; 3] = ["kind", "network", "initialisation"];

/// The keys that a network has besides.
fn keys(network: NetworkName) -> &'static [&'static str] {
    match network {
        NetworkName::Dense => &[
            "encoder",
            "decoder",
            "hidden_activation",
            "code_activation",
            "output_activation",
            "tied_weights",
            "top_k",
        ],
        NetworkName::Conv | NetworkName::ConvDenoiser => &["output_activation"],
        NetworkName::Vae => &["hidden", "code", "output_activation"],
        NetworkName::ConvVae => &["code", "output_activation"],
        NetworkName::Denoiser => {
            &["features", "depth", "hidden_activation", "residual", "noise_level"]
        }
        NetworkName::Layers => &["encoder", "decoder", "residual", "noise_level"],
    }
}

impl ModelTable {
    fn empty(kind: ModelKind, network: NetworkName, initialisation: Initialisation) -> Self {
        Self {
            kind,
            network: Some(network),
            initialisation: Some(initialisation),
            hidden: None,
            code: None,
            encoder: None,
            decoder: None,
            hidden_activation: None,
            code_activation: None,
            output_activation: None,
            tied_weights: None,
            top_k: None,
            residual: None,
            features: None,
            depth: None,
            noise_level: None,
        }
    }

    /// The named network; layers need no name, since widths are never tables.
    fn network(&self) -> NetworkName {
        let is_of_layers = matches!(self.encoder, Some(Written::Layers(_)));
        let implied = if is_of_layers { NetworkName::Layers } else { NetworkName::Dense };
        self.network.unwrap_or(implied)
    }

    /// The keys that are written, without those that every network has.
    fn written(&self) -> impl Iterator<Item = &'static str> {
        let keys = [
            ("hidden", self.hidden.is_some()),
            ("code", self.code.is_some()),
            ("encoder", self.encoder.is_some()),
            ("decoder", self.decoder.is_some()),
            ("hidden_activation", self.hidden_activation.is_some()),
            ("code_activation", self.code_activation.is_some()),
            ("output_activation", self.output_activation.is_some()),
            ("tied_weights", self.tied_weights.is_some()),
            ("top_k", self.top_k.is_some()),
            ("residual", self.residual.is_some()),
            ("features", self.features.is_some()),
            ("depth", self.depth.is_some()),
            ("noise_level", self.noise_level.is_some()),
        ];
        keys.into_iter().filter_map(|(name, is_written)| is_written.then_some(name))
    }

    /// Refuses keys of other networks.
    fn check_keys(&self) -> Result<(), String> {
        let network = self.network();
        match self.written().find(|name| !keys(network).contains(name)) {
            None => Ok(()),
            Some(name) => Err(format!(
                "unknown field `{name}`: the network `{network}` has {}",
                in_words(OF_ALL.iter().chain(keys(network)))
            )),
        }
    }

    fn output(&self) -> Result<Activation, String> {
        match self.output_activation {
            None => Ok(Activation::Sigmoid),
            Some(found @ (Activation::Sigmoid | Activation::Linear)) => Ok(found),
            Some(other) => {
                Err(format!("`output_activation` must be sigmoid or linear, found {other}"))
            }
        }
    }
}

impl TryFrom<ModelTable> for NetworkSpec {
    type Error = String;

    fn try_from(table: ModelTable) -> Result<Self, String> {
        table.check_keys()?;
        let output_activation = table.output()?;
        let network = table.network();
        let form = match network {
            NetworkName::Dense => NetworkForm::Dense(DenseForm {
                encoder: widths("encoder", table.encoder)?,
                decoder: widths("decoder", table.decoder)?,
                hidden_activation: table.hidden_activation.unwrap_or(Activation::Relu),
                code_activation: table.code_activation.unwrap_or(Activation::Relu),
                output_activation,
                tied_weights: table.tied_weights.unwrap_or_default(),
                top_k: table.top_k,
            }),
            NetworkName::Conv => NetworkForm::Conv(ConvForm { output_activation }),
            NetworkName::ConvDenoiser => NetworkForm::ConvDenoiser(ConvForm { output_activation }),
            NetworkName::Vae => NetworkForm::Vae(VaeForm {
                hidden: table.hidden.unwrap_or_else(|| vec![400]),
                code: table.code.unwrap_or(CODE),
                output_activation,
            }),
            NetworkName::ConvVae => NetworkForm::ConvVae(ConvVaeForm {
                code: table.code.unwrap_or(CODE),
                output_activation,
            }),
            NetworkName::Denoiser => {
                let default = DenoiserConfig::default();
                let hidden = table.hidden_activation;
                NetworkForm::Denoiser(DenoiserConfig {
                    features: table.features.unwrap_or(default.features),
                    depth: table.depth.unwrap_or(default.depth),
                    hidden_activation: hidden.unwrap_or(default.hidden_activation),
                    residual: table.residual.unwrap_or(default.residual),
                    noise_level: table.noise_level.unwrap_or(default.noise_level),
                })
            }
            NetworkName::Layers => NetworkForm::Layers(LayersForm {
                encoder: layers("encoder", table.encoder)?,
                decoder: layers("decoder", table.decoder)?,
                residual: table.residual.unwrap_or_default(),
                noise_level: table.noise_level.unwrap_or_default(),
            }),
        };
        let initialisation = table.initialisation.unwrap_or_else(|| network.initialisation());
        Ok(Self { kind: table.kind, form, initialisation })
    }
}

fn widths(key: &str, written: Option<Written>) -> Result<Vec<usize>, String> {
    match written {
        None => Err(format!("missing field `{key}`: the network `dense` needs its widths")),
        Some(Written::Widths(widths)) => Ok(widths),
        Some(Written::Layers(_)) => Err(format!(
            "`{key}` must be widths, such as [784, 32], found layers; layers are for `network = \"layers\"`"
        )),
    }
}

fn layers(key: &str, written: Option<Written>) -> Result<Vec<Layer>, String> {
    match written {
        None => Err(format!("missing field `{key}`: the network `layers` needs its layers")),
        Some(Written::Layers(layers)) => Ok(layers),
        Some(Written::Widths(widths)) if widths.is_empty() => Ok(Vec::new()),
        Some(Written::Widths(_)) => Err(format!(
            "`{key}` must be layers, such as {{ layer = \"conv\", channels = 16, kernel = 3 }}, found widths; \
             widths are for `network = \"dense\"`"
        )),
    }
}

/// `a, b and c`.
fn in_words<'a>(names: impl Iterator<Item = &'a &'static str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        names => names.concat(),
    }
}

impl From<NetworkSpec> for ModelTable {
    fn from(spec: NetworkSpec) -> Self {
        let empty = Self::empty(spec.kind, spec.name(), spec.initialisation);
        match spec.form {
            NetworkForm::Dense(dense) => Self {
                encoder: Some(Written::Widths(dense.encoder)),
                decoder: Some(Written::Widths(dense.decoder)),
                hidden_activation: Some(dense.hidden_activation),
                code_activation: Some(dense.code_activation),
                output_activation: Some(dense.output_activation),
                tied_weights: Some(dense.tied_weights),
                top_k: dense.top_k,
                ..empty
            },
            NetworkForm::Conv(conv) | NetworkForm::ConvDenoiser(conv) => {
                Self { output_activation: Some(conv.output_activation), ..empty }
            }
            NetworkForm::Vae(vae) => Self {
                hidden: Some(vae.hidden),
                code: Some(vae.code),
                output_activation: Some(vae.output_activation),
                ..empty
            },
            NetworkForm::ConvVae(vae) => Self {
                code: Some(vae.code),
                output_activation: Some(vae.output_activation),
                ..empty
            },
            NetworkForm::Denoiser(denoiser) => Self {
                features: Some(denoiser.features),
                depth: Some(denoiser.depth),
                hidden_activation: Some(denoiser.hidden_activation),
                residual: Some(denoiser.residual),
                noise_level: Some(denoiser.noise_level),
                ..empty
            },
            NetworkForm::Layers(layers) => Self {
                encoder: Some(Written::Layers(layers.encoder)),
                decoder: Some(Written::Layers(layers.decoder)),
                residual: Some(layers.residual),
                noise_level: layers.noise_level.then_some(true),
                ..empty
            },
        }
    }
}
