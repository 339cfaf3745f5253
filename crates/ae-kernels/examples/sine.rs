//! Fits `sin(x)` on [-pi, pi] with a network 1-16-16-1 and prints the curve beside the fit.

use std::f32::consts::PI;
use std::ops::Range;

use ae_kernels::{
    Activation, AdamStep, Batch, Chain, ChainError, Dense, Loss, Objective, PackedChain, Problem,
    Step, Target, Trainer, Weight,
};

const ROWS: usize = 256;
const STEPS: u64 = 3000;

/// Layers of these widths over one flat buffer: tanh, and no activation at the end.
fn network(widths: &[usize]) -> Result<Chain, ChainError> {
    let (mut layers, mut offset) = (Vec::new(), 0);
    for pair in widths.windows(2) {
        let &[inputs, outputs] = pair else { continue };
        let weight = Weight::Own { offset };
        let bias = offset + inputs * outputs;
        layers.push(Dense { inputs, outputs, weight, bias, activation: Activation::Tanh });
        offset = bias + outputs;
    }
    if let Some(last) = layers.last_mut() {
        last.activation = Activation::Linear;
    }
    Chain::of_dense(layers, 0, offset)
}

/// A point of [-pi, pi] for each row.
fn point(row: usize) -> f32 {
    (2.0 * row as f32 / (ROWS - 1) as f32 - 1.0) * PI
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), ChainError> {
    let chain = network(&[1, 16, 16, 1])?;
    let loss = Loss::MeanSquaredError;
    let objective = Objective::new(loss);
    let problem = Problem { chain: &chain, objective: &objective };
    let count = chain.parameters();
    // Any fixed numbers around 0 will do as a start.
    let mut parameters: Vec<f32> =
        (0..count).map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.5).collect();
    let (mut gradient, mut mean, mut variance) =
        (vec![0.0; count], vec![0.0; count], vec![0.0; count]);

    let mut trainer = Trainer::new();
    for number in 1..=STEPS {
        let batch = Batch::new(ROWS, Target::Separate, |rows: Range<usize>, inputs, targets| {
            for ((x, y), row) in inputs.iter_mut().zip(targets).zip(rows) {
                *x = point(row);
                *y = x.sin();
            }
        });
        let step = AdamStep::new(0.01, 0.9, 0.999, 1e-7, number);
        let step = Step::Adam { step, mean: &mut mean, variance: &mut variance };
        let summary = trainer.step(problem, &mut parameters, step, batch, &mut gradient)?;
        if number % 1000 == 0 {
            println!("step {number}: mean squared error {:.6}", summary.reconstruction);
        }
    }

    let model = PackedChain::new(&chain, &parameters)?;
    for row in (0..ROWS).step_by(32) {
        let (x, mut y) = (point(row), [0.0]);
        model.reconstruct(&[x], &mut y)?;
        println!("sin({x:6.3}) = {:6.3}, network {:6.3}", x.sin(), y[0]);
    }
    Ok(())
}
