//! Values and gradients of every kind of layer against PyTorch's.
//!
//! All oracle values come from PyTorch 2.15 in double precision with
//!
//! ```python
//! def numbers(shape, factor, modulus, shift):
//!     count = math.prod(shape)
//!     return torch.tensor([((k * factor) % modulus - shift) / (modulus - 1) for k in range(count)]).reshape(shape)
//! def x_(*s): return numbers(s, 29, 97, 40).requires_grad_()   # a batch
//! def p_(*s): return numbers(s, 37, 101, 50).requires_grad_()  # a parameter
//! def differentiate(y): (y * numbers(tuple(y.shape), 41, 83, 30)).sum().backward()
//! ```
//!
//! and the lines above each case, followed by `differentiate(y)`. `same` padding is TensorFlow's, written as explicit padding.

mod convolutions;

use ae_models::layer::{
    BatchNorm, Dropout, GaussianNoise, MaxPool, PixelShuffle, PixelUnshuffle, Reshape, Sample,
    TopK, Upsample,
};
use ae_models::{
    Activation, Autoencoder, Encoder, Layer, Loss, Objective, Padding, Shape, TrainingPass,
    keras_conv,
};
use candle_core::{Device, Tensor, Var};

use super::{Drawn, batch, dense, flat, model, network};
use crate::numbers;

/// A batch of items through an encoder in training.
struct Ran {
    pass: TrainingPass,
    /// Gradients by name, that of the batch among them.
    gradients: Vec<(String, Vec<f64>)>,
}

fn ran(item: [usize; 3], batch: &[f64], encoder: Vec<Layer>) -> Ran {
    let network = network(item, encoder).check().unwrap();
    let layout = network.layout();
    let values: Vec<_> =
        layout.views().iter().map(|view| numbers(view.len(), 37, 101, 50.0)).collect();
    let (vars, model) = model(&network, &values);
    let rows = batch.len() / network.input().numbers();
    let batch = Var::from_slice(batch, (rows, network.input().numbers()), &Device::Cpu).unwrap();
    let pass = model.forward_training(&batch, &Drawn { rows }).unwrap();
    let weights = numbers(pass.codes.elem_count(), 41, 83, 30.0);
    let weights = Tensor::from_vec(weights, pass.codes.dims(), &Device::Cpu).unwrap();
    let gradients = (&pass.codes * weights).unwrap().sum_all().unwrap().backward().unwrap();
    let names = layout.views().iter().map(|view| view.name.clone());
    let named =
        std::iter::once("batch".to_owned()).chain(names).zip(std::iter::once(batch).chain(vars));
    let found = named.filter_map(|(name, var)| Some((name, flat(gradients.get(&var)?))));
    Ran { gradients: found.collect(), pass }
}

fn close(what: &str, found: &[f64], expected: &[f64]) {
    super::close(what, found, expected, TOLERANCE);
}

/// Oracle values are rounded to 1e-7, and drawn numbers and epsilon are `f32`.
const TOLERANCE: f64 = 1.5e-7;

/// Compares the codes and the gradients that are named.
fn check(ran: &Ran, codes: &[f64], gradients: &[(&str, &[f64])]) {
    close("codes", &flat(&ran.pass.codes), codes);
    for (name, expected) in gradients {
        let (_, found) = ran.gradients.iter().find(|(found, _)| found == name).unwrap();
        close(name, found, expected);
    }
}

/// A map of 3 x 5 numbers with several maxima in most windows.
const TIES: [f64; 15] =
    [1.0, 1.0, 2.0, 2.0, 0.0, 1.0, 0.0, 2.0, 3.0, 0.0, 3.0, 3.0, -1.0, -1.0, -1.0];

#[test]
fn max_pooling_gives_the_gradient_to_the_first_of_equal_maxima() {
    // x = torch.tensor([[1., 1, 2, 2, 0], [1, 0, 2, 3, 0], [3, 3, -1, -1, -1]]).reshape(1, 1, 3, 5)
    // y = F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=-math.inf), 2)
    check(
        &ran(
            [1, 3, 5],
            &TIES,
            vec![Layer::MaxPool(MaxPool { size: [2, 2], stride: None, padding: Padding::Same })],
        ),
        &[1.0, 3.0, 0.0, 3.0, -1.0, -1.0],
        &[(
            "batch",
            &[
                -0.3658537, 0.0, 0.0, 0.0, 0.6341463, 0.0, 0.0, 0.0, 0.1341463, 0.0, 0.1219512,
                0.0, 0.6219512, 0.0, 0.1097561,
            ],
        )],
    );
    // y = F.max_pool2d(F.pad(x, (1, 1, 1, 1), value=-math.inf), 3, 2)
    check(
        &ran(
            [1, 3, 5],
            &TIES,
            vec![Layer::MaxPool(MaxPool {
                size: [3, 3],
                stride: Some([2, 2]),
                padding: Padding::Same,
            })],
        ),
        &[1.0, 3.0, 3.0, 3.0, 3.0, 3.0],
        &[(
            "batch",
            &[
                -0.3658537, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.5, 0.0, 0.1219512, 0.0, 0.0, 0.0,
                0.0,
            ],
        )],
    );
}

#[test]
fn layers_that_move_numbers() {
    // x = x_(1, 1, 2, 2)
    // y = F.interpolate(x, scale_factor=(2, 3), mode="nearest")
    check(
        &ran([1, 2, 2], &batch(4), vec![Layer::Upsample(Upsample { factor: [2, 3] })]),
        &[
            -0.4166667, -0.4166667, -0.4166667, -0.1145833, -0.1145833, -0.1145833, -0.4166667,
            -0.4166667, -0.4166667, -0.1145833, -0.1145833, -0.1145833, 0.1875, 0.1875, 0.1875,
            0.4895833, 0.4895833, 0.4895833, 0.1875, 0.1875, 0.1875, 0.4895833, 0.4895833,
            0.4895833,
        ],
        &[("batch", &[1.7073171, 1.597561, 2.2804878, 1.1585366])],
    );
    // x = x_(1, 3, 2, 2)
    // y = F.pixel_unshuffle(x, 2)
    check(
        &ran([3, 2, 2], &batch(12), vec![Layer::PixelUnshuffle(PixelUnshuffle { factor: 2 })]),
        &[
            -0.4166667, -0.1145833, 0.1875, 0.4895833, -0.21875, 0.0833333, 0.3854167, -0.3229167,
            -0.0208333, 0.28125, 0.5833333, -0.125,
        ],
        &[(
            "batch",
            &[
                -0.3658537, 0.1341463, 0.6341463, 0.1219512, 0.6219512, 0.1097561, 0.6097561,
                0.097561, 0.597561, 0.0853659, 0.5853659, 0.0731707,
            ],
        )],
    );
}

#[test]
fn dense_layers() {
    // x, w, b = x_(2, 6), p_(3, 6), p_(3)
    // y = F.linear(x, w, b)
    check(
        &ran([1, 2, 3], &batch(12), vec![dense(3)]),
        &[-0.3927083, -0.1047917, 0.0779167, -0.8282292, -0.1757292, 0.3715625],
        &[
            (
                "batch",
                &[
                    0.0792683, 0.2281707, -0.2634146, 0.1195122, 0.2684146, -0.3586585, -0.2585366,
                    0.0573171, 0.2623171, -0.1731707, 0.1426829, -0.2804878,
                ],
            ),
            (
                "encoder.0.weight",
                &[
                    0.1994411, 0.0025407, -0.0711382, -0.1448171, 0.1511687, -0.0457317, 0.1838161,
                    -0.2162093, 0.0121951, 0.2405996, 0.3334604, -0.066565, -0.2219258, -0.1081047,
                    0.1166159, 0.3413364, -0.0746951, 0.039126,
                ],
            ),
            ("encoder.0.bias", &[-0.2439024, 0.7560976, 0.7439024]),
        ],
    );
}

#[test]
fn the_largest_numbers() {
    // x = x_(1, 6)
    // y = torch.zeros(1, 6).scatter(1, x.topk(2).indices, x.topk(2).values)
    check(
        &ran([1, 2, 3], &batch(6), vec![Layer::TopK(TopK { k: 2 })]),
        &[0.0, 0.0, 0.1875, 0.4895833, 0.0, 0.0],
        &[("batch", &[0.0, 0.0, 0.6341463, 0.1219512, 0.0, 0.0])],
    );
}

#[test]
fn random_layers_with_given_numbers() {
    // x, u = x_(2, 3), numbers((2, 3), 61, 127, 0)
    // y = x * (u >= 0.25) / 0.75
    check(
        &ran([1, 1, 3], &batch(6), vec![Layer::Dropout(Dropout { rate: 0.25 })]),
        &[-0.0, -0.1527778, 0.25, 0.6527778, -0.2916667, 0.1111111],
        &[("batch", &[-0.0, 0.1788618, 0.8455285, 0.1626016, 0.8292683, 0.1463415])],
    );
    // x, e = x_(2, 3), numbers((2, 3), 61, 127, 60)
    // y = x + 0.5 * e
    check(
        &ran([1, 1, 3], &batch(6), vec![Layer::GaussianNoise(GaussianNoise { deviation: 0.5 })]),
        &[-0.6547619, -0.1106151, 0.4335317, 0.4737103, 0.0074405, 0.047619],
        &[("batch", &[-0.3658537, 0.1341463, 0.6341463, 0.1219512, 0.6219512, 0.1097561])],
    );
    // x, e = x_(2, 6), numbers((2, 3), 61, 127, 60)
    // mean, log_variance = x.chunk(2, 1)
    // y = mean + (log_variance / 2).exp() * e
    check(
        &ran(
            [1, 1, 6],
            &batch(12),
            vec![Layer::Reshape(Reshape { shape: [6, 1, 1] }), Layer::Sample(Sample {})],
        ),
        &[-1.024931, -0.1074691, 0.7004993, 0.3488772, 0.2826661, -0.0879343],
        &[(
            "batch",
            &[
                -0.3658537, 0.1341463, 0.6341463, 0.1112679, 0.0004772, 0.1626583, 0.1219512,
                0.6219512, 0.1097561, -0.002228, 0.1883215, -0.0036824,
            ],
        )],
    );
}

#[test]
fn equal_numbers_stay_in_order_and_the_others_get_no_gradient() {
    let layer = Layer::TopK(TopK { k: 2 });
    let ran = ran([1, 1, 5], &[-1.0, 2.0, 2.0, 2.0, -3.0], vec![layer]);
    let weights = numbers(5, 41, 83, 30.0);
    let gradient = [0.0, weights[1], weights[2], 0.0, 0.0];
    check(&ran, &[0.0, 2.0, 2.0, 0.0, 0.0], &[("batch", &gradient)]);
}

#[test]
fn a_nan_of_either_sign_is_among_the_largest_numbers() {
    for nan in [f64::NAN, -f64::NAN] {
        let ran = ran([1, 1, 3], &[1.0, nan, 0.5], vec![Layer::TopK(TopK { k: 1 })]);
        let codes = flat(&ran.pass.codes);
        assert!(codes[1].is_nan() && [codes[0], codes[2]] == [0.0; 2], "{codes:?}");
    }
}

// Channels in another order show which one goes where: the unshuffled channels in reverse, shuffled back.
// x = x_(1, 3, 2, 2)
// y = F.pixel_shuffle(F.pixel_unshuffle(x, 2).reshape(1, 12, 1, 1).flip(1), 2)
#[test]
fn a_shuffle_is_pytorchs() {
    let reversed: Vec<f64> = batch(12).into_iter().rev().collect();
    let layers = vec![
        Layer::Reshape(Reshape { shape: [12, 1, 1] }),
        Layer::PixelShuffle(PixelShuffle { factor: 2 }),
    ];
    let ran = ran([3, 2, 2], &reversed, layers);
    check(
        &ran,
        &[
            -0.125, 0.5833333, 0.28125, -0.0208333, -0.3229167, 0.3854167, 0.0833333, -0.21875,
            0.4895833, 0.1875, -0.1145833, -0.4166667,
        ],
        &[],
    );
}

// bn = torch.nn.BatchNorm2d(3, eps=1e-3, momentum=0.2)
// with torch.no_grad():
//     bn.weight.copy_(p_(3)); bn.bias.copy_(p_(3))
//     bn.running_mean.copy_(p_(3)); bn.running_var.copy_(numbers((3,), 37, 101, -10))
// x = x_(2, 3, 1, 2)
// y = bn(x); differentiate(y)                     # bn.running_mean, bn.running_var
// second = numbers((2, 3, 1, 2), 53, 89, 20)
// bn(second)                                      # bn.running_mean, bn.running_var
// bn.eval(); bn(second)
#[test]
fn batch_normalisation_in_two_steps_and_after_them() {
    let layer = BatchNorm { momentum: 0.2, epsilon: 1e-3 };
    let steps = [batch(12), numbers(12, 53, 89, 20.0)];
    let [first, second] =
        steps.each_ref().map(|batch| ran([3, 1, 2], batch, vec![Layer::BatchNorm(layer.clone())]));
    let codes: &[f64] = &[
        -0.019605, -0.5041773, -0.0972702, -0.3081957, 0.0094104, 0.2420051, -1.3062281,
        -0.1699895, 0.0481957, -0.1627298, 0.6269895, 0.081595,
    ];
    check(
        &first,
        codes,
        &[
            (
                "batch",
                &[
                    0.2877099, -0.0201929, -0.1568655, -0.0230068, 0.2665583, -0.1835831,
                    0.0347809, -0.3022979, 0.0230068, 0.1568655, 0.0903173, -0.1732925,
                ],
            ),
            ("encoder.0.weight", &[1.271442, -0.7901006, 0.2989351]),
            ("encoder.0.bias", &[0.4756098, 1.4390244, 1.3902439]),
        ],
    );

    let mut mean = numbers(3, 37, 101, 50.0);
    let mut variance = numbers(3, 37, 101, -10.0);
    for (ran, after) in [
        (&first, (&[-0.4234375, -0.057125, 0.2081458], &[0.105642, 0.3849771, 0.697642])),
        (&second, (&[-0.3165909, 0.0150955, 0.2659485], &[0.1025469, 0.326015, 0.5761469])),
    ] {
        let [statistics] = &ran.pass.statistics[..] else { panic!("{:?}", ran.pass.statistics) };
        assert_eq!(statistics.layer, "encoder.0");
        for (running, batch) in
            [(&mut mean, &statistics.mean), (&mut variance, &statistics.variance)]
        {
            for (running, batch) in running.iter_mut().zip(flat(batch)) {
                *running = 0.8 * *running + 0.2 * batch;
            }
        }
        close("running mean", &mean, after.0);
        close("running variance", &variance, after.1);
    }

    let network = network([3, 1, 2], vec![Layer::BatchNorm(layer)]).check().unwrap();
    let values = |name: &str| match name {
        "encoder.0.running_mean" => mean.clone(),
        "encoder.0.running_var" => variance.clone(),
        "encoder.0.weight" | "encoder.0.bias" => numbers(3, 37, 101, 50.0),
        _ => vec![],
    };
    let layout = network.layout();
    let values = layout.views().iter().map(|view| match values(&view.name) {
        values if values.is_empty() => vec![0.0; view.len()],
        values => values,
    });
    let (_, model) = model(&network, &values.collect::<Vec<_>>());
    let second = Tensor::from_slice(&steps[1], (2, 6), &Device::Cpu).unwrap();
    let expected = &[
        -0.6387846, -1.5746096, -0.1188184, -0.2557339, 0.2062423, 0.3965083, -1.5392954,
        -0.9036407, -0.2505673, -0.1575681, 0.3893284, 0.2600911,
    ];
    close("at inference", &flat(&model.encode(&second).unwrap()), expected);
}

// def conv(x, o, pad=1):
//     w, b = p_(o, x.shape[1], 3, 3) * 0.5, p_(o) * 0.5            # and a leaf each
//     return F.conv2d(x, w, b, padding=pad)
// def pool(x): return F.max_pool2d(F.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2), value=-math.inf), 2)
// def up(x): return F.interpolate(x, scale_factor=2, mode="nearest")
// h, t = numbers((2, 1, 28, 28), 29, 97, 0), numbers((2, 1, 28, 28), 53, 89, 0)
// for o in (16, 8, 8): h = pool(conv(h, o).relu())
// h = up(conv(h, 8).relu()); h = up(conv(h, 8).relu()); h = up(conv(h, 16, 0).relu()); h = conv(h, 1)
// loss = F.binary_cross_entropy_with_logits(h, t)
// # For each parameter: (p.grad * numbers(tuple(p.shape), 41, 83, 30)).sum()
#[test]
fn the_blogs_convolutional_autoencoder() {
    let network = keras_conv(Shape { channels: 1, height: 28, width: 28 }, Activation::Sigmoid);
    let network = network.check().unwrap();
    let layout = network.layout();
    let values = layout.views().iter().map(|view| {
        numbers(view.len(), 37, 101, 50.0).into_iter().map(|x| 0.5 * x).collect::<Vec<_>>()
    });
    let (vars, model) = model(&network, &values.collect::<Vec<_>>());
    let [inputs, targets] = [(29, 97), (53, 89)].map(|(factor, modulus)| {
        let numbers = numbers(2 * 784, factor, modulus, 0.0);
        Tensor::from_vec(numbers, (2, 784), &Device::Cpu).unwrap()
    });
    let objective = Objective::new(Loss::BinaryCrossEntropy);
    let terms = super::evaluate(&objective, &model, &inputs, &targets).unwrap();
    close("loss", &[terms.total.to_scalar::<f64>().unwrap()], &[0.6986572]);
    let gradients = terms.total.backward().unwrap();
    let sums = vars.iter().map(|var| {
        let gradient = flat(gradients.get(var).unwrap());
        let weights = numbers(gradient.len(), 41, 83, 30.0);
        gradient.iter().zip(weights).map(|(gradient, weight)| gradient * weight).sum()
    });
    let expected = [
        -0.0008768, 0.0002686, -0.0034457, -0.0003168, 0.0015987, 0.0015544, 0.0045296, 0.0041849,
        0.004815, 0.0039601, 0.0095964, -0.0006938, -0.0454294, 0.0185127,
    ];
    close("sums of gradients", &sums.collect::<Vec<f64>>(), &expected);
}
