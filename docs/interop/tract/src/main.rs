//! Runs an ONNX file in tract, in batches of 1, 7 and 256 rows, and compares the outputs with expected ones.
//!
//! `check-onnx NAME GRAPH INPUT EXPECTED`: input and expected are raw little-endian numbers of the types that the graph
//! takes and gives. Exit status 1 if a number differs by more than 1e-5 of its column's range, or of 1 if that is larger.

use std::error::Error;
use std::process::ExitCode;

use tract_onnx::prelude::*;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, graph, input, expected] = &arguments[..] else {
        return Err("expected NAME GRAPH INPUT EXPECTED".into());
    };
    let model = tract_onnx::onnx().model_for_path(graph)?.into_optimized()?;
    let (taken, given) = (model.input_fact(0)?.clone(), model.output_fact(0)?.clone());
    let (inputs, expected) = (read(input, &taken)?, read(expected, &given)?);
    let (width_in, width_out) = (width(&taken)?, width(&given)?);
    let plan = model.into_runnable()?;
    let scales: Vec<f64> =
        (0..width_out).map(|column| range(&expected, column, width_out).max(1.0)).collect();
    for batch in [1, 7, 256] {
        let mut largest = 0.0_f64;
        let chunks = inputs.chunks(batch * width_in).zip(expected.chunks(batch * width_out));
        for (input, expected) in chunks {
            let shape = [input.len() / width_in, width_in];
            let input = match taken.datum_type {
                DatumType::F64 => Tensor::from_shape(&shape, input)?,
                _ => Tensor::from_shape(
                    &shape,
                    &input.iter().map(|&x| x as f32).collect::<Vec<_>>(),
                )?,
            };
            let output = plan.run(tvec!(input.into()))?.remove(0);
            let output = output.cast_to::<f64>()?;
            let output = output.to_plain_array_view::<f64>()?;
            let pairs = output.iter().zip(expected).zip(scales.iter().cycle());
            for ((found, expected), scale) in pairs {
                let difference = (found - expected).abs() / scale;
                // `max` would pass over what is no number.
                largest = if difference.is_nan() { f64::INFINITY } else { largest.max(difference) };
            }
        }
        println!("tract, {name}, batches of {batch}: largest difference {largest:.1e}");
        if largest > 1e-5 {
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The largest number of a column less the smallest.
fn range(values: &[f64], column: usize, width: usize) -> f64 {
    let column = || values.iter().skip(column).step_by(width).copied();
    column().fold(f64::MIN, f64::max) - column().fold(f64::MAX, f64::min)
}

fn width(fact: &TypedFact) -> Result<usize, Box<dyn Error>> {
    Ok(usize::try_from(fact.shape[1].to_i64()?)?)
}

/// The numbers of a file, of the type that a graph takes or gives.
fn read(path: &str, fact: &TypedFact) -> Result<Vec<f64>, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    Ok(match fact.datum_type {
        DatumType::F64 => bytes.as_chunks().0.iter().map(|&b| f64::from_le_bytes(b)).collect(),
        _ => bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b).into()).collect(),
    })
}
