//! JPEG artefacts against libjpeg.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_corruption::{Corruption, Jpeg, Noise};
use ae_random::Seed;

const HEIGHT: usize = 19;
const WIDTH: usize = 13;

/// A channel with edges, a slope and texture, of sides that are no multiples of 8.
fn channel(k: usize) -> Vec<u8> {
    let pixel = |place: usize| {
        let (y, x) = (place / WIDTH, place % WIDTH);
        let texture = (x * (7 + k) + y * (3 + 2 * k) + x * y * (k + 1) % 11 * 9) % 256;
        let edge = if x + 2 * y > 18 + 6 * k { 60 } else { 0 };
        let slope = (40 + 10 * k + 9 * x + 5 * y + edge).min(255);
        ((texture + slope) / 2) as u8
    };
    (0..HEIGHT * WIDTH).map(pixel).collect()
}

fn compressed(channels: &[Vec<u8>], quality: &str) -> Vec<u8> {
    let mut values: Vec<f32> =
        channels.concat().iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let noise: Noise = format!("jpeg:{quality}").parse().unwrap();
    noise.corrupt(&mut values, HEIGHT, WIDTH, &mut Seed::new(1).stream("jpeg"));
    values.iter().map(|value| (value * 255.0).round() as u8).collect()
}

/// libjpeg's transforms are of integers, so that a pixel can differ by a step of 8 bits, a colour by two. At the qualities
/// of these tests no coefficient is so near to the middle of two steps that it is rounded otherwise.
#[track_caller]
fn assert_like_libjpeg(found: &[u8], expected: &[u8]) {
    assert_eq!(found.len(), expected.len());
    let differences = || found.iter().zip(expected).map(|(a, b)| a.abs_diff(*b));
    assert!(differences().max() <= Some(2), "{:?}", differences().max());
    let equal = differences().filter(|difference| *difference == 0).count();
    assert!(20 * equal >= 19 * found.len(), "{equal} of {} are equal", found.len());
}

// import io; import numpy as np; from PIL import Image    # Pillow 13.0, libjpeg-turbo
// y, x = np.mgrid[0:19, 0:13]
// def channel(k):
//     texture = (x * (7 + k) + y * (3 + 2 * k) + x * y * (k + 1) % 11 * 9) % 256
//     return (texture + np.clip(40 + 10 * k + 9 * x + 5 * y + 60 * (x + 2 * y > 18 + 6 * k), 0, 255)) // 2
// def decoded(image, quality):
//     file = io.BytesIO()
//     Image.fromarray(image.astype(np.uint8)).save(file, "JPEG", quality=quality, subsampling=0)
//     return np.array(Image.open(file))
// decoded(channel(0), 20)
// decoded(np.stack([channel(0), channel(1), channel(2)], -1), 35).transpose(2, 0, 1)
#[test]
fn a_grey_image_is_that_of_libjpeg() {
    assert_like_libjpeg(&compressed(&[channel(0)], "20"), &GREY_20);
}

#[test]
fn a_colour_image_is_that_of_libjpeg() {
    let channels = [channel(0), channel(1), channel(2)];
    assert_like_libjpeg(&compressed(&channels, "35"), &COLOUR_35);
}

#[test]
fn a_lower_quality_loses_more() {
    let clean = channel(0);
    let loss = |quality: &str| -> u32 {
        let found = compressed(&[channel(0)], quality);
        found.iter().zip(&clean).map(|(a, b)| u32::from(a.abs_diff(*b)).pow(2)).sum()
    };
    let losses = ["100", "75", "30", "10", "1"].map(loss);
    assert!(losses.is_sorted() && losses[4] > 2 * losses[2], "{losses:?}");
    // Steps of 1: the error of a coefficient is uniform in +-1/2, of variance 1/12, as is that of rounding a pixel.
    let variance = f64::from(losses[0]) / clean.len() as f64;
    assert!(variance < 0.25, "{variance}");
}

#[test]
fn a_flat_image_keeps_its_grey_within_half_a_step() {
    // The first coefficient is 8 times the mean, in steps of 16 at quality 50.
    for grey in [0, 1, 77, 128, 254, 255] {
        let found = compressed(&[vec![grey; HEIGHT * WIDTH]], "50");
        assert!(
            found.iter().all(|pixel| *pixel == found[0] && pixel.abs_diff(grey) <= 1),
            "{grey}"
        );
    }
}

#[test]
fn two_channels_are_two_grey_images() {
    let both = compressed(&[channel(0), channel(1)], "35");
    assert_eq!(both, [compressed(&[channel(0)], "35"), compressed(&[channel(1)], "35")].concat());
}

#[test]
fn a_quality_is_a_whole_number() {
    let refused = |text: &str| text.parse::<Noise>().unwrap_err().to_string();
    assert_eq!(refused("jpeg:50.5"), "jpeg: expected a whole number as its quality, found 50.5");
    assert_eq!(
        refused("jpeg:10..50.5"),
        "jpeg: expected a whole number as its quality, found 50.5"
    );
    assert_eq!(refused("jpeg:0"), "jpeg: expected a quality from 1 to 100, found 0");
    assert!(Jpeg::new(101.0).is_err());
}

/// A range draws whole qualities, the ends among them, and all alike often.
#[test]
fn a_range_draws_every_quality() {
    let noise: Noise = "jpeg:8..11".parse().unwrap();
    let stream = Seed::new(3).stream("jpeg");
    let values: Vec<f32> = channel(0).iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let of_quality = |quality: u32| {
        let mut values = values.clone();
        let noise = Jpeg::new(quality as f32).unwrap();
        noise.corrupt(&mut values, HEIGHT, WIDTH, &mut stream.clone());
        values
    };
    let qualities = [8, 9, 10, 11].map(of_quality);
    let mut counts = [0; 4];
    for item in 0..4000 {
        let mut drawn = values.clone();
        noise.corrupt(&mut drawn, HEIGHT, WIDTH, &mut stream.at(0, item));
        counts[qualities.iter().position(|of_quality| *of_quality == drawn).unwrap()] += 1;
    }
    // 1000 of 4000, with a standard deviation of 27.
    assert!(counts.iter().all(|count| (865..1135).contains(count)), "{counts:?}");
}

#[rustfmt::skip]
const GREY_20: [u8; 247] = [
    29, 42, 55, 61, 61, 62, 69, 77, 69, 90, 101, 97, 108, 27, 41, 58, 69, 73, 78, 89, 98, 114, 131, 134,
    120, 119, 27, 43, 63, 77, 85, 95, 108, 119, 131, 147, 148, 131, 128, 34, 49, 69, 83, 90, 99, 112, 123, 107,
    127, 135, 128, 135, 44, 58, 76, 86, 90, 95, 106, 115, 107, 129, 141, 140, 152, 51, 65, 82, 91, 94, 99, 109,
    118, 143, 164, 172, 167, 175, 51, 67, 87, 100, 107, 116, 129, 139, 160, 179, 186, 178, 184, 49, 66, 89, 107, 119,
    132, 148, 161, 145, 165, 175, 171, 180, 56, 74, 97, 115, 127, 140, 156, 169, 195, 185, 179, 189, 208, 92, 107, 125,
    138, 144, 151, 163, 173, 168, 163, 165, 183, 209, 115, 128, 143, 150, 150, 152, 160, 168, 164, 162, 166, 182, 203, 107,
    120, 135, 142, 142, 144, 152, 160, 192, 190, 188, 190, 193, 95, 109, 127, 139, 144, 150, 161, 171, 207, 207, 205, 198,
    189, 100, 116, 137, 151, 160, 170, 183, 194, 195, 202, 206, 203, 194, 112, 127, 147, 161, 169, 178, 191, 202, 188, 200,
    210, 209, 201, 115, 130, 148, 160, 165, 171, 183, 193, 197, 210, 219, 215, 203, 120, 164, 139, 179, 182, 158, 210, 190,
    181, 225, 209, 188, 223, 121, 164, 140, 179, 183, 159, 211, 191, 181, 225, 209, 188, 223, 122, 166, 141, 181, 185, 160,
    213, 192, 181, 225, 209, 188, 223,
];

#[rustfmt::skip]
const COLOUR_35: [u8; 741] = [
    10, 18, 30, 41, 49, 55, 59, 61, 76, 107, 106, 103, 127, 31, 41, 56, 69, 78, 86, 93, 97, 110, 137, 129,
    118, 136, 32, 45, 62, 76, 86, 95, 105, 113, 119, 143, 132, 117, 134, 28, 43, 62, 75, 82, 89, 101, 111, 111,
    136, 127, 117, 140, 42, 59, 79, 89, 91, 96, 108, 120, 121, 147, 141, 134, 162, 48, 67, 89, 97, 96, 99, 113,
    127, 134, 161, 156, 149, 174, 43, 65, 90, 100, 98, 103, 120, 137, 141, 171, 168, 163, 187, 47, 71, 98, 110, 111,
    117, 137, 156, 154, 186, 187, 186, 213, 58, 103, 116, 117, 141, 146, 142, 158, 152, 172, 186, 188, 193, 86, 125, 131,
    127, 147, 156, 158, 176, 178, 187, 193, 199, 216, 92, 127, 128, 117, 135, 145, 149, 169, 183, 182, 180, 188, 214, 87,
    123, 123, 113, 130, 136, 137, 155, 177, 178, 175, 177, 194, 94, 134, 143, 137, 154, 155, 148, 163, 187, 197, 199, 191,
    190, 96, 139, 150, 148, 167, 169, 161, 173, 193, 206, 208, 196, 189, 94, 135, 145, 142, 162, 169, 168, 185, 196, 201,
    197, 189, 193, 104, 142, 146, 140, 163, 176, 181, 204, 209, 203, 193, 191, 209, 116, 136, 159, 169, 168, 173, 188, 203,
    179, 193, 198, 190, 187, 118, 139, 161, 171, 171, 175, 190, 205, 194, 209, 218, 213, 215, 122, 142, 165, 175, 174, 179,
    194, 209, 186, 202, 213, 213, 218, 20, 28, 40, 51, 59, 65, 69, 71, 81, 112, 110, 106, 129, 41, 51, 66, 79,
    88, 96, 103, 107, 120, 147, 138, 127, 144, 42, 55, 72, 86, 96, 105, 115, 123, 133, 157, 146, 131, 149, 38, 53,
    72, 85, 92, 99, 111, 121, 126, 151, 143, 134, 158, 52, 69, 89, 99, 101, 106, 118, 130, 133, 159, 154, 148, 177,
    58, 77, 99, 107, 106, 109, 123, 137, 137, 164, 159, 153, 178, 53, 75, 100, 110, 108, 113, 130, 147, 134, 164, 160,
    155, 178, 57, 81, 108, 120, 121, 127, 147, 166, 140, 171, 172, 170, 195, 56, 100, 111, 110, 130, 133, 128, 142, 160,
    181, 196, 199, 205, 78, 117, 125, 121, 144, 153, 155, 173, 188, 197, 203, 210, 227, 77, 114, 119, 115, 139, 155, 165,
    188, 194, 193, 191, 198, 224, 69, 109, 118, 118, 145, 161, 168, 190, 192, 193, 189, 190, 206, 85, 129, 144, 148, 174,
    185, 187, 205, 207, 217, 218, 209, 207, 103, 148, 165, 167, 192, 199, 194, 208, 219, 232, 234, 221, 214, 121, 161, 170,
    166, 187, 193, 192, 209, 225, 230, 226, 219, 223, 143, 178, 179, 169, 187, 195, 198, 217, 239, 233, 224, 223, 242, 142,
    161, 183, 192, 192, 199, 216, 232, 217, 220, 210, 188, 173, 144, 164, 185, 194, 195, 201, 218, 234, 236, 241, 235, 218,
    210, 148, 167, 189, 198, 198, 205, 222, 238, 230, 239, 238, 228, 226, 29, 37, 49, 60, 68, 74, 78, 80, 75, 108,
    111, 113, 144, 50, 60, 75, 88, 97, 105, 112, 116, 122, 149, 143, 134, 155, 51, 64, 81, 95, 105, 114, 124, 132,
    146, 170, 157, 140, 154, 47, 62, 81, 94, 101, 108, 120, 130, 149, 172, 159, 144, 160, 61, 78, 98, 108, 110, 115,
    127, 139, 157, 181, 171, 159, 180, 67, 86, 108, 116, 115, 118, 132, 146, 154, 181, 174, 165, 187, 62, 84, 109, 119,
    117, 122, 139, 156, 142, 172, 171, 168, 195, 66, 90, 117, 129, 130, 136, 156, 175, 140, 174, 179, 183, 217, 77, 119,
    131, 128, 146, 150, 143, 155, 162, 178, 188, 185, 185, 93, 132, 137, 133, 153, 162, 162, 180, 190, 198, 202, 206, 221,
    84, 121, 124, 118, 140, 154, 164, 186, 198, 197, 197, 207, 236, 67, 108, 115, 114, 140, 155, 162, 184, 195, 198, 198,
    206, 230, 78, 123, 139, 144, 173, 185, 186, 204, 205, 216, 222, 221, 225, 96, 143, 162, 171, 199, 210, 211, 227, 208,
    221, 225, 215, 211, 116, 158, 174, 178, 207, 221, 226, 247, 205, 210, 204, 193, 195, 138, 178, 186, 187, 215, 235, 244,
    255, 215, 205, 192, 184, 197, 167, 192, 221, 233, 230, 226, 230, 238, 160, 189, 198, 165, 124, 169, 195, 223, 235, 233,
    228, 232, 240, 190, 218, 229, 196, 155, 173, 198, 227, 239, 236, 232, 236, 244, 205, 232, 242, 209, 166,
];
