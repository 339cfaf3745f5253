//! Classes stay apart for readers of any colour vision, by simulation.

use super::*;

/// The smallest distance that is asked for, by CIEDE2000. Colours side by side are told apart from about 2 on; small
/// points need several times that.
const APART: f64 = 16.0;
const FROM_BACKGROUND: f64 = 20.0;
/// The backgrounds of figures and of the page of a map in light and dark.
const BACKGROUNDS: [Rgb; 2] = [[0xff, 0xff, 0xff], [0x12, 0x17, 0x1c]];

type Matrix = [[f64; 3]; 3];

/// Linear RGB as seen with normal vision and with protanopia, deuteranopia and tritanopia: Machado, Oliveira and
/// Fernandes 2009, A Physiologically-based Model for Simulation of Color Vision Deficiency, IEEE Transactions on
/// Visualization and Computer Graphics 15 (6), severity 1.0 of the authors' table.
const VISIONS: [(&str, Matrix); 4] = [
    ("normal", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    (
        "protan",
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ],
    ),
    (
        "deutan",
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ],
    ),
    (
        "tritan",
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ],
    ),
];

fn product(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
}

/// CIELAB (D65) of a colour as it is seen.
fn lab(colour: Rgb, vision: &Matrix) -> [f64; 3] {
    const XYZ: Matrix = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ];
    let linear = colour.map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    });
    let seen = product(vision, linear).map(|value| value.clamp(0.0, 1.0));
    let [x, y, z] = product(&XYZ, seen);
    let [x, y, z] = [x / 0.95047, y, z / 1.08883]
        .map(|t| if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// CIEDE2000 with all weights 1, as Sharma, Wu and Dalal 2005 write it (Color Research and Application 30 (1)).
fn distance([l1, a1, b1]: [f64; 3], [l2, a2, b2]: [f64; 3]) -> f64 {
    let seventh = |chroma: f64| (chroma.powi(7) / (chroma.powi(7) + 25_f64.powi(7))).sqrt();
    let g = 0.5 * (1.0 - seventh(f64::midpoint(a1.hypot(b1), a2.hypot(b2))));
    let (a1, a2) = (a1 * (1.0 + g), a2 * (1.0 + g));
    let (c1, c2) = (a1.hypot(b1), a2.hypot(b2));
    let hue = |a: f64, b: f64| b.atan2(a).to_degrees().rem_euclid(360.0);
    let (h1, h2) = (hue(a1, b1), hue(a2, b2));
    let is_grey = c1 * c2 == 0.0;
    let turn = match h2 - h1 {
        _ if is_grey => 0.0,
        turn if turn > 180.0 => turn - 360.0,
        turn if turn < -180.0 => turn + 360.0,
        turn => turn,
    };
    let hue_step = 2.0 * (c1 * c2).sqrt() * (turn / 2.0).to_radians().sin();
    let sum = h1 + h2;
    let mean_hue = match (h1 - h2).abs() {
        _ if is_grey => sum,
        apart if apart <= 180.0 => sum / 2.0,
        _ if sum < 360.0 => (sum + 360.0) / 2.0,
        _ => (sum - 360.0) / 2.0,
    };
    let (lightness, chroma) = (f64::midpoint(l1, l2), f64::midpoint(c1, c2));
    let wave = |factor: f64, shift: f64| (factor * mean_hue + shift).to_radians().cos();
    let t = 1.0 - 0.17 * wave(1.0, -30.0) + 0.24 * wave(2.0, 0.0) + 0.32 * wave(3.0, 6.0)
        - 0.2 * wave(4.0, -63.0);
    let off = (lightness - 50.0).powi(2);
    let in_lightness = (l2 - l1) / (1.0 + 0.015 * off / (20.0 + off).sqrt());
    let in_chroma = (c2 - c1) / (1.0 + 0.045 * chroma);
    let in_hue = hue_step / (1.0 + 0.015 * chroma * t);
    let turned = 60.0 * (-((mean_hue - 275.0) / 25.0).powi(2)).exp();
    let rotation = -turned.to_radians().sin() * 2.0 * seventh(chroma);
    (in_lightness.powi(2) + in_chroma.powi(2) + in_hue.powi(2) + rotation * in_chroma * in_hue)
        .sqrt()
}

// Rows 1, 7, 17 and 25 of the test data of Sharma, Wu and Dalal 2005 (table 1).
#[test]
fn the_distance_is_ciede2000() {
    for (a, b, expected) in [
        ([50.0, 2.6772, -79.7751], [50.0, 0.0, -82.7485], 2.0425),
        ([50.0, 0.0, 0.0], [50.0, -1.0, 2.0], 2.3669),
        ([50.0, 2.5, 0.0], [73.0, 25.0, -18.0], 27.1492),
        ([60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644),
    ] {
        let found = distance(a, b);
        assert!((found - expected).abs() < 1e-4, "{a:?} {b:?}: {found}, expected {expected}");
    }
    let white = lab([255; 3], &VISIONS[0].1);
    assert!((white[0] - 100.0).abs() < 0.01 && white[1].abs() < 0.02 && white[2].abs() < 0.02);
}

#[test]
fn ten_classes_stay_apart_and_from_the_background_for_every_colour_vision() {
    let classes: Vec<Rgb> = (0..COLOUR_COUNT).map(|class| class_mark(class).colour).collect();
    for (vision, matrix) in &VISIONS {
        for (class, &colour) in classes.iter().enumerate() {
            let seen = lab(colour, matrix);
            for (other, &second) in classes.iter().enumerate().take(class) {
                let apart = distance(seen, lab(second, matrix));
                assert!(
                    apart >= APART,
                    "{vision}: classes {other} and {class} are {apart:.1} apart"
                );
            }
            for background in BACKGROUNDS {
                let apart = distance(seen, lab(background, matrix));
                assert!(
                    apart >= FROM_BACKGROUND,
                    "{vision}: class {class} is {apart:.1} from {background:?}"
                );
            }
        }
    }
}

#[test]
fn forty_classes_have_forty_marks_and_the_next_one_begins_again() {
    let marks: Vec<ClassMark> = (0..COLOUR_COUNT * SHAPE_COUNT).map(class_mark).collect();
    for (class, mark) in marks.iter().enumerate() {
        assert!(!marks[..class].contains(mark), "{class}: {mark:?}");
    }
    assert_eq!(class_mark(10).colour, class_mark(0).colour);
    assert_eq!(class_mark(40), class_mark(0));
}

#[test]
fn shapes_have_the_area_of_their_disc() {
    for shape in [Shape::Square, Shape::Diamond, Shape::Triangle] {
        let corners = shape.corners(10.0);
        let next = corners.iter().cycle().skip(1);
        let doubled: f32 = corners.iter().zip(next).map(|(a, b)| a.0 * b.1 - a.1 * b.0).sum();
        assert!((doubled / 2.0 / 314.16 - 1.0).abs() < 0.01, "{shape:?} {doubled}");
    }
}
