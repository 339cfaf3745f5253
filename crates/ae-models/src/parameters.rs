//! The parameter buffer: all numbers of a model in one `Vec<f32>`.

use std::collections::BTreeSet;

use ae_files::hexadecimal;
use ae_random::Seed;
use sha2::{Digest, Sha256};

use crate::{Layout, ModelError, ParameterView};

/// All parameters of a model in one flat buffer, with named views into it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameters {
    layout: Layout,
    values: Vec<f32>,
}

impl Parameters {
    /// A buffer of values in the layout's order.
    ///
    /// # Errors
    /// If their number is not the layout's, or if two parameters share a name.
    pub fn new(layout: Layout, values: Vec<f32>) -> Result<Self, ModelError> {
        let mut names = BTreeSet::new();
        if let Some(twice) = layout.views().iter().find(|view| !names.insert(&view.name)) {
            return Err(ModelError::DuplicateParameter { name: twice.name.clone() });
        }
        if values.len() != layout.len() {
            return Err(ModelError::ParameterCount { expected: layout.len(), found: values.len() });
        }
        Ok(Self { layout, values })
    }

    /// Glorot and Bengio's uniform initial values (AISTATS 2010, equation 16), Keras' default.
    ///
    /// A parameter of two or more axes, (out, in, ...), is drawn from `[-limit, limit)` with
    /// `limit = sqrt(6 / (fan_in + fan_out))`, where the fans are `in` and `out` times the product of the other axes.
    /// Its numbers come from the stream `init/<name>` of the seed. A parameter of one axis, such as a bias, is 0.
    pub fn glorot_uniform(layout: Layout, seed: Seed) -> Self {
        Self::filled(layout, |view, values| {
            let [width_out, width_in, receptive_field @ ..] = view.shape.as_slice() else {
                return;
            };
            let fans = (width_in + width_out) * receptive_field.iter().product::<usize>();
            draw_weights(&view.name, fans, seed, values);
        })
    }

    /// A buffer of zeros over which `fill` writes, parameter by parameter.
    pub(crate) fn filled(layout: Layout, mut fill: impl FnMut(&ParameterView, &mut [f32])) -> Self {
        let mut values = vec![0.0; layout.len()];
        let mut rest = values.as_mut_slice();
        for view in layout.views() {
            let (of_view, after) = rest.split_at_mut(view.len());
            fill(view, of_view);
            rest = after;
        }
        Self { layout, values }
    }

    /// Names, shapes and places of the parameters.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// All values in the layout's order.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// All values in the layout's order, to be changed in place.
    pub fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// The values of one parameter, row-major, or `None` if there is none of this name.
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.values.get(self.layout.view(name)?.range())
    }

    /// The SHA-256 of all values as little-endian `f32` in the layout's order, in lower-case
    /// hexadecimal: two models of one architecture are the same if this is.
    ///
    /// The layout's order is the network's: `encoder.0.weight`, `encoder.0.bias`,
    /// `encoder.1.weight`, ..., `decoder.0.weight`, .... A weights file holds the tensors in another
    /// order, so that Python recomputes it as follows:
    ///
    /// ```python
    /// import hashlib, sys
    /// from safetensors.numpy import load_file
    ///
    /// def place(name):
    ///     part, layer, kind = name.split(".")
    ///     return (part == "decoder", int(layer), ["weight", "bias", "running_mean", "running_var"].index(kind))
    ///
    /// tensors = {name: t for name, t in load_file(sys.argv[1]).items() if not name.startswith("attachments")}
    /// data = b"".join(tensors[name].astype("<f4").tobytes() for name in sorted(tensors, key=place))
    /// print(hashlib.sha256(data).hexdigest())
    /// ```
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for value in &self.values {
            hash.update(value.to_le_bytes());
        }
        hexadecimal(&hash.finalize())
    }

    /// Every view with its values.
    pub(crate) fn slices(&self) -> impl Iterator<Item = (&ParameterView, &[f32])> {
        self.layout
            .views()
            .iter()
            .map(|view| (view, self.values.get(view.range()).unwrap_or_default()))
    }
}

/// Draws a weight from `[-limit, limit)` with `limit = sqrt(6 / fans)`, from the stream `init/<name>` of the seed.
pub(crate) fn draw_weights(name: &str, fans: usize, seed: Seed, values: &mut [f32]) {
    let limit = (6.0 / fans as f64).sqrt() as f32;
    seed.stream(&format!("init/{name}")).fill_uniform(values);
    for value in values {
        *value = limit * (2.0 * *value - 1.0);
    }
}
