//! A noise of one's own, registered under a name, in a chain with a noise of the crate.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::error::Error;
use std::fmt;

use ae_corruption::{Corruption, Noise, Seed, Stream, corrupt_batch, register_noise};

/// Dead columns of a sensor: each column of pixels becomes 0 with a probability.
#[derive(Debug)]
struct DeadColumns {
    probability: f32,
}

impl DeadColumns {
    fn parse(argument: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let probability: f32 = argument.parse()?;
        if !(0.0..=1.0).contains(&probability) {
            return Err(format!("expected a probability from 0 to 1, found {probability}").into());
        }
        Ok(Self { probability })
    }
}

impl fmt::Display for DeadColumns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dead-columns:{}", self.probability)
    }
}

impl Corruption for DeadColumns {
    fn corrupt(&self, values: &mut [f32], _height: usize, width: usize, stream: &mut Stream) {
        for column in 0..width {
            if stream.uniform() < self.probability {
                values.iter_mut().skip(column).step_by(width).for_each(|pixel| *pixel = 0.0);
            }
        }
    }

    fn needs_unit_range(&self) -> bool {
        false
    }

    fn is_spatial(&self) -> bool {
        true
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    register_noise("dead-columns", DeadColumns::parse)?;

    let noise: Noise = "dead-columns:0.25+gaussian:0.1".parse()?;
    println!("{noise}");

    let (height, width) = (4, 12);
    let mut image = vec![0.5; height * width];
    let stream = Seed::new(42).stream("corruption");
    corrupt_batch(&noise, &mut image, &[0], height, width, 0, &stream);
    for row in image.chunks(width) {
        let row: Vec<String> = row.iter().map(|pixel| format!("{pixel:.2}")).collect();
        println!("{}", row.join(" "));
    }

    let error =
        "dead-column:0.25".parse::<Noise>().map_or_else(|e| e.to_string(), |n| n.to_string());
    println!("{error}");
    Ok(())
}
