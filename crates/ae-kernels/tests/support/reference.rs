//! Any chain as naive loops in `f64` over items with channels first: values, objectives, and gradients by differences.

use ae_kernels::{
    Activation, BatchNorm, Chain, Contractive, Convolution, Dense, Direction, Extent, Kl,
    KlSparsity, Layer, Loss, Objective, Padding, Penalty, Shape, Weight,
};

/// Whether batch statistics and random draws are used.
#[derive(Clone, Copy)]
pub(crate) enum Mode<'a> {
    /// With the draws `(layer, item, number)`.
    Training(&'a dyn Fn(usize, usize, usize) -> f64),
    Inference,
}

/// The values before the first layer and after each, for every item.
pub(crate) type Values = Vec<Vec<Vec<f64>>>;

pub(crate) fn values(chain: &Chain, p: &[f64], inputs: &[Vec<f64>], mode: Mode<'_>) -> Values {
    let mut all = vec![inputs.to_vec()];
    for (index, layer) in chain.layers().iter().enumerate() {
        let (from, to) = (chain.shapes()[index], chain.shapes()[index + 1]);
        let items = all.last().unwrap();
        let next = match layer {
            Layer::BatchNorm(norm) => normalised(norm, p, items, from, mode),
            _ => items
                .iter()
                .enumerate()
                .map(|(item, x)| output(chain, layer, index, p, x, (from, to), (item, mode)))
                .collect(),
        };
        all.push(next);
    }
    all
}

/// The outputs: with the input, if the chain is residual.
pub(crate) fn outputs(chain: &Chain, values: &Values) -> Vec<Vec<f64>> {
    let pairs = values.last().unwrap().iter().zip(&values[0]);
    let add = |(y, x): (&Vec<f64>, &Vec<f64>)| {
        y.iter().zip(x).map(|(y, x)| if chain.is_residual() { y + x } else { *y }).collect()
    };
    pairs.map(|(y, x)| if chain.is_residual() { add((y, x)) } else { y.clone() }).collect()
}

fn at(shape: Shape, c: usize, y: usize, x: usize) -> usize {
    (c * shape.height + y) * shape.width + x
}

fn output(
    chain: &Chain,
    layer: &Layer,
    index: usize,
    p: &[f64],
    x: &[f64],
    (from, to): (Shape, Shape),
    (item, mode): (usize, Mode<'_>),
) -> Vec<f64> {
    let draw = |number| match mode {
        Mode::Training(draws) => Some(draws(index, item, number)),
        Mode::Inference => None,
    };
    match layer {
        Layer::Dense(dense) => (0..dense.outputs)
            .map(|o| {
                let weight = |i: usize| match dense.weight {
                    Weight::Own { offset } => p[offset + o * dense.inputs + i],
                    Weight::TransposeOf { layer } => match chain.layers()[layer] {
                        Layer::Dense(owner) => match owner.weight {
                            Weight::Own { offset } => p[offset + i * owner.inputs + o],
                            Weight::TransposeOf { .. } => panic!("tied to a tied weight"),
                        },
                        _ => panic!("tied to another kind"),
                    },
                };
                let sum: f64 = (0..dense.inputs).map(|i| weight(i) * x[i]).sum();
                activate(dense.activation, sum + p[dense.bias + o])
            })
            .collect(),
        Layer::Convolution(layer) => match layer.direction {
            Direction::Forward => convolved(layer, p, x, from, to),
            Direction::Transposed => scattered(layer, p, x, from, to),
        },
        Layer::Upsampling(layer) => {
            gathered(to, |c, i, j| x[at(from, c, i / layer.factor.height, j / layer.factor.width)])
        }
        Layer::MaxPooling(layer) => {
            let pads = before(layer.padding, from, layer.size, layer.stride);
            gathered(to, |c, i, j| {
                let taps = taps(from, layer.size, [i, j], layer.stride, pads);
                let numbers = taps.map(|(_, [y, z])| x[at(from, c, y, z)]);
                numbers.fold(f64::NEG_INFINITY, f64::max)
            })
        }
        Layer::PixelUnshuffle(layer) => {
            let r = layer.factor;
            gathered(to, |c, i, j| {
                let (channel, square) = (c / (r * r), c % (r * r));
                x[at(from, channel, i * r + square / r, j * r + square % r)]
            })
        }
        Layer::PixelShuffle(layer) => {
            let r = layer.factor;
            gathered(to, |c, i, j| x[at(from, c * r * r + i % r * r + j % r, i / r, j / r)])
        }
        Layer::Reshape(_) => x.to_vec(),
        Layer::Activation(activation) => x.iter().map(|&x| activate(*activation, x)).collect(),
        Layer::Dropout(layer) => {
            let rate = f64::from(layer.rate);
            let factor = |number| match draw(number) {
                Some(u) if u < rate => 0.0,
                Some(_) => 1.0 / (1.0 - rate),
                None => 1.0,
            };
            x.iter().enumerate().map(|(number, x)| x * factor(number)).collect()
        }
        Layer::GaussianNoise(layer) => {
            let noise = |number| f64::from(layer.deviation) * draw(number).unwrap_or(0.0);
            x.iter().enumerate().map(|(number, x)| x + noise(number)).collect()
        }
        Layer::TopK(layer) => {
            let mut order: Vec<usize> = (0..x.len()).collect();
            order.sort_by(|&a, &b| x[b].partial_cmp(&x[a]).unwrap().then(a.cmp(&b)));
            let mut kept = vec![0.0; x.len()];
            order[..layer.k].iter().for_each(|&place| kept[place] = x[place]);
            kept
        }
        Layer::Sample(_) => {
            let (means, variances) = x.split_at(x.len() / 2);
            let moments = means.iter().zip(variances).enumerate();
            moments
                .map(|(number, (mean, v))| mean + (0.5 * v).exp() * draw(number).unwrap_or(0.0))
                .collect()
        }
        other => panic!("{other:?}"),
    }
}

fn gathered(to: Shape, source: impl Fn(usize, usize, usize) -> f64) -> Vec<f64> {
    let mut all = Vec::new();
    for c in 0..to.channels {
        for i in 0..to.height {
            for j in 0..to.width {
                all.push(source(c, i, j));
            }
        }
    }
    all
}

/// The padding above and to the left of a map.
fn before(padding: Padding, map: Shape, size: Extent, stride: Extent) -> [usize; 2] {
    let along = |n: usize, size: usize, stride: usize| match padding {
        Padding::Same => ((n.div_ceil(stride) - 1) * stride + size).saturating_sub(n) / 2,
        Padding::Valid => 0,
    };
    [along(map.height, size.height, stride.height), along(map.width, size.width, stride.width)]
}

/// The taps of a window that lie within the map, counted row by row, with their positions.
fn taps(
    map: Shape,
    size: Extent,
    [i, j]: [usize; 2],
    stride: Extent,
    pads: [usize; 2],
) -> impl Iterator<Item = (usize, [usize; 2])> {
    (0..size.height * size.width).filter_map(move |tap| {
        let (u, v) = (tap / size.width, tap % size.width);
        let y = (i * stride.height + u).checked_sub(pads[0]).filter(|&y| y < map.height)?;
        let z = (j * stride.width + v).checked_sub(pads[1]).filter(|&z| z < map.width)?;
        Some((tap, [y, z]))
    })
}

fn convolved(layer: &Convolution, p: &[f64], x: &[f64], from: Shape, to: Shape) -> Vec<f64> {
    let (kernel, stride) = (layer.kernel, layer.stride);
    let pads = before(layer.padding, from, kernel, stride);
    gathered(to, |o, i, j| {
        let mut sum = p[layer.bias + o];
        for c in 0..from.channels {
            let weights = &p[layer.weight + (o * from.channels + c) * kernel.area()..];
            for (tap, [y, z]) in taps(from, kernel, [i, j], stride, pads) {
                sum += weights[tap] * x[at(from, c, y, z)];
            }
        }
        activate(layer.activation, sum)
    })
}

fn scattered(layer: &Convolution, p: &[f64], x: &[f64], from: Shape, to: Shape) -> Vec<f64> {
    let (kernel, stride) = (layer.kernel, layer.stride);
    let pads = before(layer.padding, to, kernel, stride);
    let mut sums = gathered(to, |o, _, _| p[layer.bias + o]);
    for c in 0..from.channels {
        for (i, j) in (0..from.height).flat_map(|i| (0..from.width).map(move |j| (i, j))) {
            for o in 0..to.channels {
                let weights = &p[layer.weight + (c * to.channels + o) * kernel.area()..];
                for (tap, [y, z]) in taps(to, kernel, [i, j], stride, pads) {
                    sums[at(to, o, y, z)] += weights[tap] * x[at(from, c, i, j)];
                }
            }
        }
    }
    sums.into_iter().map(|sum| activate(layer.activation, sum)).collect()
}

fn normalised(
    norm: &BatchNorm,
    p: &[f64],
    items: &[Vec<f64>],
    shape: Shape,
    mode: Mode<'_>,
) -> Vec<Vec<f64>> {
    let positions = shape.positions();
    let mut all = items.to_vec();
    for c in 0..shape.channels {
        let numbers = || items.iter().flat_map(|item| &item[c * positions..(c + 1) * positions]);
        let n = (items.len() * positions) as f64;
        let (mean, variance) = match mode {
            Mode::Training(_) => {
                let mean = numbers().sum::<f64>() / n;
                (mean, numbers().map(|x| (x - mean).powi(2)).sum::<f64>() / n)
            }
            Mode::Inference => (p[norm.running_mean + c], p[norm.running_variance + c]),
        };
        let scale = p[norm.weight + c] / (variance + f64::from(norm.epsilon)).sqrt();
        for item in &mut all {
            for x in &mut item[c * positions..(c + 1) * positions] {
                *x = (*x - mean) * scale + p[norm.bias + c];
            }
        }
    }
    all
}

/// The outputs without the last activation: `1 - y` of a saturated sigmoid has few digits, in `f64` too.
fn logits(chain: &Chain, p: &[f64], values: &Values) -> Vec<Vec<f64>> {
    let moves = |layer: &Layer| {
        matches!(layer, Layer::Reshape(_) | Layer::PixelShuffle(_) | Layer::PixelUnshuffle(_))
    };
    let last = chain.layers().iter().rposition(|layer| !moves(layer)).unwrap();
    let linear = Activation::Linear;
    let mut items = values[last].clone();
    for index in last..chain.layers().len() {
        let layer = match chain.layers()[index] {
            Layer::Dense(of) => Dense { activation: linear, ..of }.into(),
            Layer::Convolution(of) => Convolution { activation: linear, ..of }.into(),
            Layer::Activation(_) => linear.into(),
            other => other,
        };
        let shapes = (chain.shapes()[index], chain.shapes()[index + 1]);
        for item in &mut items {
            *item = output(chain, &layer, index, p, item, shapes, (0, Mode::Inference));
        }
    }
    items
}

/// The loss and each penalty.
pub(crate) fn objective(
    chain: &Chain,
    objective: &Objective,
    p: &[f64],
    values: &Values,
    targets: &[Vec<f64>],
) -> (f64, Vec<f64>) {
    let n = targets.len() as f64;
    let width = chain.outputs() as f64;
    let mut loss = 0.0;
    let results = match objective.loss {
        Loss::BinaryCrossEntropy => logits(chain, p, values),
        _ => outputs(chain, values),
    };
    for (y, t) in results.iter().zip(targets) {
        let pairs = y.iter().zip(t);
        loss += match objective.loss {
            Loss::BinaryCrossEntropy => {
                let of = |(z, t): (&f64, &f64)| z.max(0.0) - z * t + (-z.abs()).exp().ln_1p();
                pairs.map(of).sum::<f64>() / width
            }
            Loss::MeanSquaredError => pairs.map(|(y, t)| (y - t).powi(2)).sum::<f64>() / width,
            Loss::MeanAbsoluteError => pairs.map(|(y, t)| (y - t).abs()).sum::<f64>() / width,
            Loss::SoftmaxCrossEntropy => {
                let total = y.iter().map(|y| y.exp()).sum::<f64>().ln();
                pairs.map(|(y, t)| t * (total - y)).sum::<f64>()
            }
        } / n;
    }
    let codes = &values[chain.code() + 1];
    let penalty = |penalty: &Penalty| match penalty {
        Penalty::CodeL1(of) => {
            f64::from(of.weight) * codes.iter().flatten().map(|c| c.abs()).sum::<f64>() / n
        }
        Penalty::Kl(Kl { weight }) => {
            let moments = &values[chain.sample().unwrap()];
            let divergence = |item: &Vec<f64>| {
                let (means, variances) = item.split_at(item.len() / 2);
                let moments = means.iter().zip(variances);
                moments.map(|(m, v)| 0.5 * (v.exp() + m * m - 1.0 - v)).sum::<f64>()
            };
            f64::from(*weight) * moments.iter().map(divergence).sum::<f64>() / n / width
        }
        Penalty::KlSparsity(KlSparsity { target, weight }) => {
            let rho = f64::from(*target);
            let divergence = |unit: usize| {
                let mean = codes.iter().map(|code| code[unit]).sum::<f64>() / n;
                rho * (rho / mean).ln() + (1.0 - rho) * ((1.0 - rho) / (1.0 - mean)).ln()
            };
            f64::from(*weight) * (0..chain.code_width()).map(divergence).sum::<f64>()
        }
        Penalty::Contractive(Contractive { weight }) => {
            let inputs = chain.inputs();
            let norm = |code: &Vec<f64>| {
                let of_unit = |(unit, h): (usize, &f64)| {
                    let row = &p[unit * inputs..(unit + 1) * inputs];
                    (h * (1.0 - h)).powi(2) * row.iter().map(|w| w * w).sum::<f64>()
                };
                code.iter().enumerate().map(of_unit).sum::<f64>()
            };
            f64::from(*weight) * codes.iter().map(norm).sum::<f64>() / n
        }
        other => panic!("{other:?}"),
    };
    (loss, objective.penalties.iter().map(penalty).collect())
}

fn activate(activation: Activation, x: f64) -> f64 {
    super::value_and_slope(activation, x).0
}
