//! Described networks over tensors: the autoencoder and its encoder alone.

use std::mem::replace;

use candle_core::Tensor;
use candle_nn::VarBuilder;

use super::activation::activate;
use super::layers::{LayerWeights, TensorLayer};
use super::pass::{DrawnNumbers, Pass, Phase, TrainingPass};
use crate::{
    Activation, Autoencoder, CheckedLayer, CheckedNetwork, Decoder, Draws, Encoder, Layer,
    ModelError, Part, Posterior, Shape, TrainingInput,
};

/// The candle model of a network.
pub(crate) fn build(
    input: TrainingInput,
    network: &CheckedNetwork,
    vb: VarBuilder<'_>,
) -> Result<Box<dyn Autoencoder>, ModelError> {
    Ok(Box::new(NetworkAutoencoder::new(network, input, &vb)?))
}

/// The encoder of a described network.
pub struct NetworkEncoder {
    input: Shape,
    code: Shape,
    layers: Vec<Step>,
}

/// A described network as an autoencoder.
///
/// With a residual connection `decode` gives what is added to the input, as a code alone does not know the input.
pub struct NetworkAutoencoder {
    encoder: NetworkEncoder,
    decoder: Vec<Step>,
    output: Activation,
    is_residual: bool,
    shows: TrainingInput,
    /// The weight `(out, in)` of an encoder that is one dense layer with a sigmoid.
    contractive: Option<Tensor>,
}

/// A layer at its place.
struct Step {
    name: String,
    draws: Option<Draws>,
    layer: Box<dyn TensorLayer>,
    activation: Activation,
}

impl Step {
    fn new(layer: &CheckedLayer, vb: &VarBuilder<'_>) -> Result<Self, ModelError> {
        let kind = layer.layer.kind();
        Ok(Self {
            name: layer.name(),
            draws: layer.draws(),
            layer: kind.over(&LayerWeights { layer, of_network: vb })?,
            activation: kind.activation().unwrap_or(Activation::Linear),
        })
    }
}

fn steps(
    network: &CheckedNetwork,
    part: Part,
    vb: &VarBuilder<'_>,
) -> Result<Vec<Step>, ModelError> {
    let layers = network.layers().iter().filter(|layer| layer.part == part);
    layers.map(|layer| Step::new(layer, vb)).collect()
}

/// Sends a batch through layers, `(n, numbers)` to `(n, numbers)`.
fn run(
    steps: &[Step],
    shape: Shape,
    batch: &Tensor,
    pass: &mut Pass<'_>,
) -> Result<Tensor, ModelError> {
    let (expected, Shape { channels, height, width }) = (shape.numbers(), shape);
    let &[n, found] = batch.dims() else {
        return Err(ModelError::Batch { expected, found: batch.dims().to_vec() });
    };
    if found != expected {
        return Err(ModelError::Batch { expected, found: vec![n, found] });
    }
    let mut values = batch.reshape((n, channels, height, width))?;
    for step in steps {
        pass.enter(&step.name, step.draws);
        values = activate(step.activation, &step.layer.forward(&values, pass)?)?;
    }
    Ok(values.flatten_from(1)?)
}

impl NetworkEncoder {
    /// Builds the encoder over tensors named `encoder.0.weight`, `encoder.0.bias`, ....
    ///
    /// # Errors
    /// If a tensor is missing or has another shape.
    pub fn new(network: &CheckedNetwork, vb: &VarBuilder<'_>) -> Result<Self, ModelError> {
        let layers = steps(network, Part::Encoder, vb)?;
        Ok(Self { input: network.input(), code: network.code(), layers })
    }
}

impl Encoder for NetworkEncoder {
    fn latent_dim(&self) -> usize {
        self.code.numbers()
    }

    fn encode(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        run(&self.layers, self.input, images, &mut Pass::inference())
    }
}

impl NetworkAutoencoder {
    /// Builds the network over tensors with the description's names and shapes, which are PyTorch's:
    /// `encoder.0.weight`, `encoder.0.bias`, ..., `decoder.0.weight`, ....
    ///
    /// # Errors
    /// If a tensor is missing or has another shape.
    pub fn new(
        network: &CheckedNetwork,
        shows: TrainingInput,
        vb: &VarBuilder<'_>,
    ) -> Result<Self, ModelError> {
        let mut decoder = steps(network, Part::Decoder, vb)?;
        // The last activation stands apart: losses are computed on the logits before it.
        let last = network.last_activated().and_then(|last| decoder.get_mut(last.position));
        let output = last
            .map_or(Activation::Linear, |last| replace(&mut last.activation, Activation::Linear));
        Ok(Self {
            encoder: NetworkEncoder::new(network, vb)?,
            decoder,
            output,
            is_residual: network.network().residual,
            shows,
            contractive: contractive(network, vb)?,
        })
    }

    fn pass(&self, images: &Tensor, mut pass: Pass<'_>) -> Result<TrainingPass, ModelError> {
        let encoder = &self.encoder;
        let codes = run(&encoder.layers, encoder.input, images, &mut pass)?;
        let logits = run(&self.decoder, encoder.code, &codes, &mut pass)?;
        let logits = if self.is_residual { plus_image(&logits, images)? } else { logits };
        Ok(pass.finish(codes, logits))
    }
}

/// Adds the first numbers of each input, which are its image.
fn plus_image(logits: &Tensor, inputs: &Tensor) -> Result<Tensor, ModelError> {
    Ok((logits + inputs.narrow(1, 0, logits.dim(1)?)?)?)
}

fn contractive(
    network: &CheckedNetwork,
    vb: &VarBuilder<'_>,
) -> Result<Option<Tensor>, ModelError> {
    let [Layer::Dense(dense)] = &network.network().encoder[..] else { return Ok(None) };
    if dense.activation != Activation::Sigmoid {
        return Ok(None);
    }
    let shape = (dense.outputs, network.input().numbers());
    Ok(Some(vb.pp("encoder.0").get(shape, "weight")?))
}

impl Encoder for NetworkAutoencoder {
    fn latent_dim(&self) -> usize {
        self.encoder.latent_dim()
    }

    fn encode(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        self.encoder.encode(images)
    }
}

impl Decoder for NetworkAutoencoder {
    fn decode_logits(&self, codes: &Tensor) -> Result<Tensor, ModelError> {
        run(&self.decoder, self.encoder.code, codes, &mut Pass::inference())
    }

    fn activate(&self, logits: &Tensor) -> Result<Tensor, ModelError> {
        Ok(activate(self.output, logits)?)
    }

    fn output_is_probability(&self) -> bool {
        self.output == Activation::Sigmoid
    }
}

impl Autoencoder for NetworkAutoencoder {
    fn reconstruct_logits(&self, images: &Tensor) -> Result<Tensor, ModelError> {
        Ok(self.pass(images, Pass::inference())?.logits)
    }

    fn input(&self) -> TrainingInput {
        self.shows
    }

    fn forward_training(
        &self,
        inputs: &Tensor,
        draws: &dyn DrawnNumbers,
    ) -> Result<TrainingPass, ModelError> {
        self.pass(inputs, Pass::new(Phase::Training, draws))
    }

    fn forward_validation(
        &self,
        inputs: &Tensor,
        draws: &dyn DrawnNumbers,
    ) -> Result<TrainingPass, ModelError> {
        self.pass(inputs, Pass::new(Phase::Validation, draws))
    }

    fn posterior(&self, inputs: &Tensor) -> Result<Option<Posterior>, ModelError> {
        let mut pass = Pass::inference();
        run(&self.encoder.layers, self.encoder.input, inputs, &mut pass)?;
        Ok(pass.into_posterior())
    }

    fn squared_jacobian(&self, codes: &Tensor) -> Result<Option<Tensor>, ModelError> {
        let Some(weight) = &self.contractive else { return Ok(None) };
        // d code_j / d input_i = code_j (1 - code_j) w_ji (Rifai et al., ICML 2011, equation 4).
        let slopes = (codes - codes.sqr()?)?.sqr()?;
        let weights = weight.sqr()?.sum_keepdim(1)?;
        Ok(Some(slopes.matmul(&weights)?.squeeze(1)?))
    }
}
