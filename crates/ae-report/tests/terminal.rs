//! Pictures in a terminal, as text.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_report::{ColorSupport, GridRow, Picture, half_blocks};

fn row<'a>(label: &'a str, width: usize, images: &[&[u8]]) -> GridRow<'a> {
    let image = |pixels: &&[u8]| Picture::new(1, pixels.len() / width, width, pixels).unwrap();
    GridRow { label, images: images.iter().map(image).collect() }
}

#[test]
fn true_colours_put_two_lines_of_pixels_into_one() {
    let rows = [row("", 2, &[&[0, 0, 255, 255, 7, 8]])];
    assert_eq!(
        half_blocks(&rows, 80, ColorSupport::TrueColor),
        "\x1b[38;2;0;0;0m\x1b[48;2;255;255;255m▀▀\x1b[0m\n\
         \x1b[38;2;7;7;7m▀\x1b[38;2;8;8;8m▀\x1b[0m\n"
    );
}

#[test]
fn the_palette_gives_the_nearest_grey() {
    // Grey n of the palette is 8 + 10 (n - 232); 16 and 231 are black and white.
    let levels = [3, 4, 12, 13, 128, 238, 246, 247];
    let text = half_blocks(&[row("", 8, &[&levels])], 80, ColorSupport::Palette256);
    let numbers: Vec<&str> =
        text.split("38;5;").skip(1).filter_map(|t| t.split('m').next()).collect();
    assert_eq!(numbers, ["16", "232", "232", "233", "244", "255", "255", "231"]);
}

/// xterm's 256 colours: number 16 + 36 r + 6 g + b has the levels 0, 95, 135, 175, 215, 255; 94 is
/// (135, 95, 0). In characters a colour is as dense as its luminance: 0.7152 * 255 = 182 for green.
#[test]
fn colours_are_shown_in_all_terminals() {
    let picture = Picture::new(3, 1, 2, &[130, 0, 100, 255, 10, 0]).unwrap();
    let rows = [GridRow { label: "", images: vec![picture] }];
    let drawn = |colors| half_blocks(&rows, 80, colors);
    assert_eq!(
        drawn(ColorSupport::TrueColor),
        "\x1b[38;2;130;100;10m▀\x1b[38;2;0;255;0m▀\x1b[0m\n"
    );
    assert_eq!(drawn(ColorSupport::Palette256), "\x1b[38;5;94m▀\x1b[38;5;46m▀\x1b[0m\n");
    let grey = Picture::new(1, 1, 2, &[100, 182]).unwrap();
    let grey = [GridRow { label: "", images: vec![grey] }];
    assert_eq!(drawn(ColorSupport::None), half_blocks(&grey, 80, ColorSupport::None));
}

#[test]
fn without_colours_lighter_pixels_are_denser_characters() {
    let ramp: Vec<u8> = (0..10).map(|step| (step * 255 / 9) as u8).collect();
    assert_eq!(
        half_blocks(&[row("ramp", 10, &[&ramp])], 80, ColorSupport::None),
        "ramp\n .:-=+*#%@\n"
    );
}

#[test]
fn images_wrap_to_the_terminal_with_all_their_rows() {
    let (light, dark): (&[u8], &[u8]) = (&[255; 4], &[128; 4]);
    let rows = [row("original", 4, &[light; 3]), row("denoised", 4, &[dark; 3])];
    assert_eq!(
        half_blocks(&rows, 15, ColorSupport::None),
        "original\n@@@@  @@@@\ndenoised\n++++  ++++\noriginal\n@@@@\ndenoised\n++++\n"
    );
    assert_eq!(
        half_blocks(&rows, 16, ColorSupport::None),
        half_blocks(&rows, 80, ColorSupport::None)
    );
}

#[test]
fn an_image_wider_than_the_terminal_is_shrunk_to_fit() {
    let pixels: Vec<u8> = [[255_u8; 4], [0; 4]].concat().repeat(8);
    assert_eq!(half_blocks(&[row("", 8, &[&pixels])], 2, ColorSupport::None), "@\n");
    assert_eq!(half_blocks(&[row("", 8, &[&pixels])], 0, ColorSupport::None), "+\n");
}

#[test]
fn images_of_different_heights_keep_their_columns() {
    let rows = [row("", 2, &[&[255; 4], &[255; 8]])];
    assert_eq!(half_blocks(&rows, 80, ColorSupport::None), "@@  @@\n    @@\n");
}

#[test]
fn a_label_cannot_steer_the_terminal() {
    let text = half_blocks(&[row("\x1b[2Jname\n", 1, &[&[0]])], 80, ColorSupport::None);
    assert_eq!(text, "?[2Jname?\n\n");
}

#[test]
fn no_images_make_no_text() {
    assert_eq!(half_blocks(&[row("empty", 1, &[])], 80, ColorSupport::TrueColor), "");
}
