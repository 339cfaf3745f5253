//! A dense layer that runs.

use super::operation::{
    Affine, Backward, Epilogue, LayerNonzeros, Memory, Operation, PackTask, Pass, Passes, Scratch,
};
use super::packed_dense::PackedDense;
use super::parameters::WeightView;
use crate::Activation;
use crate::activation::{activate_values, differentiate};
use crate::product::{Operand, ScannedAxes};

/// A dense layer with its weight in panels.
#[derive(Debug)]
pub(crate) struct DenseOperation {
    pub(crate) packed: PackedDense,
    pub(crate) weight: WeightView,
    pub(crate) bias: usize,
    /// Whether the loss is taken from its logits.
    pub(crate) is_last: bool,
    /// How the input is scanned for zeros.
    pub(crate) axes: ScannedAxes,
    /// In inference.
    pub(crate) affine: Option<Affine>,
}

impl DenseOperation {
    fn activation(&self) -> Activation {
        self.packed.activation
    }
}

impl Operation for DenseOperation {
    fn pack<'a>(&'a mut self, parameters: &'a [f32], passes: Passes, to: &mut Vec<PackTask<'a>>) {
        if let Some(affine) = &self.affine {
            let (packed, weight, bias) = (&mut self.packed, self.weight, self.bias);
            to.push(PackTask::Other(Box::new(move || {
                packed.pack_scaled(weight, bias, parameters, affine);
            })));
            return;
        }
        let copies = self.packed.copies(self.weight, self.bias, parameters, passes);
        to.extend(copies.map(PackTask::Panel));
    }

    fn numbers_kept(&self) -> usize {
        2 * self.packed.outputs
    }

    fn forward(&self, pass: &Pass<'_>, input: &[f32], memory: &mut Memory, _: &mut Scratch) {
        let Memory { values, logits, nonzeros, .. } = memory;
        let logits = logits.first(pass.count() * self.packed.outputs);
        let LayerNonzeros { input: nonzeros, .. } = nonzeros;
        let input = Operand::scan(input, self.packed.inputs, self.axes, nonzeros);
        self.packed.forward(input, logits, Epilogue::None);
        if !self.is_last {
            activate_values(self.activation(), logits, values.first(logits.len()));
        }
    }

    fn backward(&self, pass: &Pass<'_>, at: Backward<'_>, memory: &mut Memory, _: &mut Scratch) {
        let Memory { values, logits, nonzeros, .. } = memory;
        let width = self.packed.outputs;
        let logits = logits.first(pass.count() * width);
        if let Some(gradient) = at.gradient {
            let values = values.all();
            for (part, bias) in pass.parts.iter().zip(at.slice_gradients.chunks_exact_mut(width)) {
                let range = part.rows.start * width..part.rows.end * width;
                let (values, gradient) = (&values[range.clone()], &gradient[range.clone()]);
                differentiate(self.activation(), &mut logits[range], values, gradient, bias);
            }
        }
        let LayerNonzeros { logit_gradient: nonzeros, .. } = nonzeros;
        let gradient = Operand::scan(logits, width, ScannedAxes::RowsAndColumns, nonzeros);
        if let Some(input_gradient) = at.input_gradient {
            self.packed.backward(gradient, input_gradient);
        }
    }

    fn infer(&self, input: &[f32], output: &mut [f32], epilogue: Epilogue, scratch: &mut Scratch) {
        let (width, axes) = (self.packed.inputs, ScannedAxes::Rows);
        let input = Operand::scan(input, width, axes, &mut scratch.nonzeros);
        self.packed.forward(input, output, epilogue);
    }

    fn dense(&self) -> Option<&DenseOperation> {
        Some(self)
    }

    fn gives_logits(&self) -> bool {
        self.is_last
    }
}
