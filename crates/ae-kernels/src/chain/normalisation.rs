//! Statistics of a whole batch: what batch normalisation computes with.

use crate::Chain;

/// The statistics of a batch before a layer of batch normalisation, and the sums of the gradient after it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Normalisation {
    /// Index of the layer.
    pub(crate) layer: usize,
    /// Numbers of a channel.
    pub(crate) count: usize,
    pub(crate) mean: Vec<f32>,
    /// With the divisor `count`.
    pub(crate) variance: Vec<f32>,
    /// `1 / sqrt(variance + epsilon)`.
    pub(crate) inverse_deviation: Vec<f32>,
}

impl Normalisation {
    /// The statistics of `count` rows, from the sums and then the sums of squares of each channel.
    pub(crate) fn new(layer: usize, epsilon: f32, count: usize, sums: &[f64]) -> Self {
        let n = count.max(1) as f64;
        let (sums, squares) = sums.split_at(sums.len() / 2);
        let mean: Vec<f64> = sums.iter().map(|sum| sum / n).collect();
        let moments = squares.iter().zip(&mean);
        let variance: Vec<f64> =
            moments.map(|(square, mean)| (square / n - mean * mean).max(0.0)).collect();
        let inverse = |variance: &f64| (1.0 / (variance + f64::from(epsilon)).sqrt()) as f32;
        Self {
            layer,
            count,
            inverse_deviation: variance.iter().map(inverse).collect(),
            mean: mean.iter().map(|&mean| mean as f32).collect(),
            variance: variance.iter().map(|&variance| variance as f32).collect(),
        }
    }

    /// The sums over rows of `gradient * normalised input` and then of `gradient`, for each channel: the gradient of
    /// the weight and that of the bias.
    pub(crate) fn sums(&self, input: &[f32], gradient: &[f32]) -> Vec<f64> {
        let channels = self.mean.len();
        let mut sums = vec![0.0_f64; 2 * channels];
        let (of_weight, of_bias) = sums.split_at_mut(channels);
        let rows = input.chunks_exact(channels).zip(gradient.chunks_exact(channels));
        for (input, gradient) in rows {
            let moments = self.mean.iter().zip(&self.inverse_deviation);
            let numbers = input.iter().zip(gradient).zip(moments);
            let sums = of_weight.iter_mut().zip(of_bias.iter_mut());
            for ((of_weight, of_bias), ((x, g), (mean, inverse))) in sums.zip(numbers) {
                *of_weight += f64::from(g * ((x - mean) * inverse));
                *of_bias += f64::from(*g);
            }
        }
        sums
    }

    /// Replaces the gradient at the output by that at the input, given the sums over the batch that [`Self::sums`] has.
    pub(crate) fn finish(&self, weight: &[f32], sums: &[f64], input: &[f32], gradient: &mut [f32]) {
        let (channels, n) = (self.mean.len(), self.count.max(1) as f64);
        let means: Vec<f32> = sums.iter().map(|sum| (sum / n) as f32).collect();
        let (of_product, of_gradient) = means.split_at(channels);
        let rows = input.chunks_exact(channels).zip(gradient.chunks_exact_mut(channels));
        for (input, gradient) in rows {
            for (channel, (g, x)) in gradient.iter_mut().zip(input).enumerate() {
                let inverse = self.inverse_deviation[channel];
                let normalised = (x - self.mean[channel]) * inverse;
                let centred = *g - of_gradient[channel] - normalised * of_product[channel];
                *g = weight[channel] * inverse * centred;
            }
        }
    }
}

/// Adds the sums and then the sums of squares of each column of rows.
pub(crate) fn add_moments(rows: &[f32], sums: &mut [f64]) {
    let (sums, squares) = sums.split_at_mut(sums.len() / 2);
    for row in rows.chunks_exact(sums.len()) {
        for ((sum, square), &x) in sums.iter_mut().zip(squares.iter_mut()).zip(row) {
            let x = f64::from(x);
            *sum += x;
            *square += x * x;
        }
    }
}

impl Chain {
    /// Moves the running statistics of batch normalisation in the parameter buffer towards those of a step:
    /// `running = (1 - momentum) running + momentum batch`, with the variance of divisor `count - 1`.
    /// [`Trainer::step`](crate::Trainer::step) does so itself; after [`Trainer::gradient`](crate::Trainer::gradient) the
    /// caller does.
    ///
    /// # Errors
    /// If the parameters do not have the chain's length.
    pub fn update_running_statistics(
        &self,
        parameters: &mut [f32],
        statistics: &[crate::BatchStatistics],
    ) -> Result<(), crate::ChainError> {
        crate::error::check_length("the parameters", self.parameters(), parameters.len())?;
        for crate::BatchStatistics { layer, count, mean, variance } in statistics {
            let norm = self.layers().get(*layer).and_then(|layer| layer.kind().batch_norm());
            let channels = self.shapes().get(*layer).map_or(0, |shape| shape.channels);
            if let Some(norm) =
                norm.filter(|_| mean.len() == channels && variance.len() == channels)
            {
                norm.update_running(parameters, *count, mean, variance);
            }
        }
        Ok(())
    }
}
