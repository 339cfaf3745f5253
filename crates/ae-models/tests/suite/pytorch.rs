//! PyTorch's logits and losses of small networks, with every activation, tied and not.

use ae_models::Activation::{self, *};

// PyTorch 2.15:
//
// import torch
// from torch.nn import functional as F
//
// activations = {
//     "Linear": lambda x: x, "Relu": F.relu, "LeakyRelu": F.leaky_relu, "Elu": F.elu,
//     "Selu": F.selu, "Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "Softplus": F.softplus,
// }
// shapes = [(4, 6), (4,), (3, 4), (3,), (4, 3), (4,), (6, 4), (6,)]
// tied_shapes = [(4, 6), (4,), (3, 4), (3,), (4,), (6,)]
//
// def numbers(count, factor, modulus, shift):
//     return torch.tensor([((k * factor) % modulus - shift) / (modulus - 1) for k in range(count)])
//
// def parameters(shapes):
//     sizes = [torch.Size(shape).numel() for shape in shapes]
//     flat = numbers(sum(sizes), 37, 101, 50).split(sizes)
//     return [part.reshape(shape) for part, shape in zip(flat, shapes)]
//
// x = numbers(12, 29, 97, 0).reshape(2, 6)
// t = numbers(12, 53, 89, 0).reshape(2, 6)
// for tied in (False, True):
//     for name, f in activations.items():
//         if tied:
//             w1, b1, w2, b2, b3, b4 = parameters(tied_shapes)
//             w3, w4 = w2.T, w1.T
//         else:
//             w1, b1, w2, b2, w3, b3, w4, b4 = parameters(shapes)
//         code = f(F.linear(f(F.linear(x, w1, b1)), w2, b2))
//         logits = F.linear(f(F.linear(code, w3, b3)), w4, b4)
//         losses = [F.binary_cross_entropy_with_logits(logits, t),
//                   F.mse_loss(torch.sigmoid(logits), t), F.mse_loss(logits, t), code.abs().sum() / 2]
//         show = lambda v: "[" + ", ".join(f"{n:.7f}" for n in v) + "]"
//         print(f"({tied}, {name}, {show(logits[0])}, {show(losses)}),")
//
/// Tied or not, the activation, the first image's logits, and: binary cross-entropy, mean squared
/// error with a sigmoid output and with a linear one, and the penalty on the code.
pub(crate) const CASES: [(bool, Activation, [f64; 6], [f64; 4]); 16] = [
    (
        false,
        Linear,
        [-0.2552115, 0.6145176, -0.4977791, 0.3719501, 0.2696534, -0.2157594],
        [0.7082986, 0.1006907, 0.4559362, 0.5431297],
    ),
    (
        false,
        Relu,
        [-0.1343537, 0.4090286, -0.4353766, 0.1080057, 0.2736005, -0.1930172],
        [0.7050999, 0.0993285, 0.4520160, 0.1206781],
    ),
    (
        false,
        LeakyRelu,
        [-0.1352549, 0.4110826, -0.4358013, 0.1105362, 0.2736523, -0.1934322],
        [0.7051629, 0.0993579, 0.4519227, 0.1252595],
    ),
    (
        false,
        Elu,
        [-0.2295629, 0.5791026, -0.4837662, 0.3248993, 0.2720304, -0.2105002],
        [0.7083229, 0.1007332, 0.4525335, 0.5107474],
    ),
    (
        false,
        Selu,
        [-0.4015435, 0.7371359, -0.5898806, 0.5487987, 0.2317822, -0.2542442],
        [0.7078540, 0.1003534, 0.4884736, 0.7719479],
    ),
    (
        false,
        Sigmoid,
        [0.2109794, 0.1639631, -0.1992661, -0.2462823, 0.4004885, -0.2437746],
        [0.7137619, 0.1037667, 0.4504173, 1.4390649],
    ),
    (
        false,
        Tanh,
        [-0.2440331, 0.6016226, -0.4904358, 0.3552199, 0.2731614, -0.2133011],
        [0.7071231, 0.1001450, 0.4501161, 0.5397195],
    ),
    (
        false,
        Softplus,
        [0.2951725, 0.2334695, -0.1803242, -0.2420272, 0.3541791, -0.1890534],
        [0.7171400, 0.1054205, 0.4244831, 2.0192745],
    ),
    (
        true,
        Linear,
        [-0.2921785, 0.1542573, 0.3931456, -0.1715202, -0.1563811, -0.1099256],
        [0.7009807, 0.0973465, 0.4612364, 0.5431297],
    ),
    (
        true,
        Relu,
        [-0.3707337, 0.2267631, 0.4560454, -0.2092481, 0.0303710, -0.3924689],
        [0.7176517, 0.1055327, 0.5406623, 0.1206781],
    ),
    (
        true,
        LeakyRelu,
        [-0.3697394, 0.2258914, 0.4552305, -0.2087581, 0.0290848, -0.3900107],
        [0.7174773, 0.1054485, 0.5396088, 0.1252595],
    ),
    (
        true,
        Elu,
        [-0.3070300, 0.1668342, 0.4024031, -0.1789586, -0.1089422, -0.1713885],
        [0.7038888, 0.0987912, 0.4720086, 0.5107474],
    ),
    (
        true,
        Selu,
        [-0.2455455, 0.0712931, 0.4401056, -0.1599135, -0.4135529, 0.1710634],
        [0.6921449, 0.0928965, 0.4426716, 0.7719479],
    ),
    (
        true,
        Sigmoid,
        [-0.6598788, 0.4869984, 0.4318139, -0.3499120, 0.2104658, -0.6608704],
        [0.7390065, 0.1155784, 0.7405649, 1.4390649],
    ),
    (
        true,
        Tanh,
        [-0.2905081, 0.1487025, 0.3966862, -0.1718026, -0.1268741, -0.1371219],
        [0.7023073, 0.0980044, 0.4641428, 0.5397195],
    ),
    (
        true,
        Softplus,
        [-0.7952141, 0.7218291, 0.3068707, -0.3852024, 0.2537627, -0.7769999],
        [0.7548544, 0.1225739, 0.8738748, 2.0192745],
    ),
];
