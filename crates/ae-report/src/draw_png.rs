//! Drawings as PNG.

use noto_sans_mono_bitmap::get_raster;
use png::{BitDepth, ColorType};
use tiny_skia::{Color, FillRule, Paint, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform};

use crate::ReportError;
use crate::class_marks::Shape;
use crate::drawing::{Dash, Drawing, Element, HALO_WIDTH, Halo, Magnification, Pen};
use crate::picture::{Raster, Rgb};
use crate::png_encoding::encode_png;
use crate::text::Style;

/// The PNG is larger than the figure by this factor, in both directions.
const SCALE: u32 = 2;

pub(crate) fn render(drawing: &Drawing) -> Result<Vec<u8>, ReportError> {
    let (width, height) = (drawing.width * SCALE, drawing.height * SCALE);
    let too_large = ReportError::TooLarge { width: width as f32, height: height as f32 };
    let mut canvas = Pixmap::new(width, height).ok_or(too_large)?;
    canvas.fill(Color::WHITE);
    for element in &drawing.elements {
        match element {
            Element::Rectangle { x, y, width, height, fill } => {
                if let Some(area) = Rect::from_xywh(*x, *y, *width, *height) {
                    canvas.fill_rect(area, &paint(*fill), scale(), None);
                }
            }
            Element::Line { points, pen } => draw_line(&mut canvas, points, *pen),
            Element::Marks { centres, radius, mark, opacity } => {
                let mut paint = paint(mark.colour);
                paint.shader.apply_opacity(*opacity);
                draw_marks(&mut canvas, centres, (*radius, mark.shape), &paint);
            }
            Element::Text { x, y, text, style, colour, halo } => {
                if *halo == Halo::White {
                    draw_halo(&mut canvas, (*x, *y), text, *style);
                }
                draw_text(&mut canvas, (*x, *y), text, *style, *colour);
            }
            Element::Picture { x, y, magnification, raster } => {
                draw_picture(&mut canvas, (*x, *y), *magnification, raster);
            }
        }
    }
    let (pixels, _) = canvas.data().as_chunks::<4>();
    let rgb: Vec<Rgb> = pixels.iter().map(|&[r, g, b, _]| [r, g, b]).collect();
    let (height, width) = (height as usize, width as usize);
    encode_png(height, width, ColorType::Rgb, BitDepth::Eight, rgb.as_flattened())
}

fn draw_line(canvas: &mut Pixmap, points: &[(f32, f32)], pen: Pen) {
    let mut path = PathBuilder::new();
    for (index, &(x, y)) in points.iter().enumerate() {
        if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    let dash = match pen.dash {
        Dash::Solid => None,
        Dash::Dashed => StrokeDash::new(Dash::DASHED.to_vec(), 0.0),
    };
    let line_join = tiny_skia::LineJoin::Round;
    let stroke = Stroke { width: pen.width, dash, line_join, ..Stroke::default() };
    if let Some(path) = path.finish() {
        canvas.stroke_path(&path, &paint(pen.colour), &stroke, scale(), None);
    }
}

fn draw_marks(
    canvas: &mut Pixmap,
    centres: &[(f32, f32)],
    (radius, shape): (f32, Shape),
    paint: &Paint,
) {
    let corners = shape.corners(radius);
    let mut path = PathBuilder::new();
    for &(x, y) in centres {
        if shape == Shape::Circle {
            path.push_circle(x, y, radius);
        }
        for (index, &(across, down)) in corners.iter().enumerate() {
            let (x, y) = (x + across, y + down);
            if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        if !corners.is_empty() {
            path.close();
        }
    }
    if let Some(path) = path.finish() {
        canvas.fill_path(&path, paint, FillRule::Winding, scale(), None);
    }
}

/// The text in white at all places of a small disc, over which the text itself is drawn.
fn draw_halo(canvas: &mut Pixmap, (x, y): (f32, f32), text: &str, style: Style) {
    let pixels = (HALO_WIDTH * SCALE as f32) as i32;
    let step = 1.0 / SCALE as f32;
    for (across, down) in
        (-pixels..=pixels).flat_map(|across| (-pixels..=pixels).map(move |down| (across, down)))
    {
        if across * across + down * down <= pixels * pixels {
            let place = (x + across as f32 * step, y + down as f32 * step);
            draw_text(canvas, place, text, style, [u8::MAX; 3]);
        }
    }
}

fn draw_text(canvas: &mut Pixmap, (x, y): (f32, f32), text: &str, style: Style, colour: Rgb) {
    let mut left = to_pixels(x);
    let top = to_pixels(y);
    for letter in text.chars() {
        let glyph = |c| get_raster(c, style.weight(), style.raster());
        let Some(glyph) = glyph(letter).or_else(|| glyph('?')) else { continue };
        for (row, coverages) in glyph.rows().enumerate() {
            for (column, &coverage) in coverages.iter().enumerate() {
                blend(canvas, left + column, top + row, colour, coverage);
            }
        }
        left += glyph.width();
    }
}

fn draw_picture(
    canvas: &mut Pixmap,
    (x, y): (f32, f32),
    magnification: Magnification,
    raster: &Raster,
) {
    let Magnification { across, down } = magnification;
    let (width, height) = (across * SCALE as usize, down * SCALE as usize);
    let (left, top) = (to_pixels(x), to_pixels(y));
    for (row, colours) in raster.rows().enumerate() {
        for line in 0..height {
            let wide = colours.iter().flat_map(|colour| std::iter::repeat_n(colour, width));
            for (column, &colour) in wide.enumerate() {
                blend(canvas, left + column, top + row * height + line, colour, u8::MAX);
            }
        }
    }
}

/// Blends a colour over a pixel. Pixels beyond the canvas are ignored.
fn blend(canvas: &mut Pixmap, x: usize, y: usize, colour: Rgb, coverage: u8) {
    let width = canvas.width() as usize;
    if x >= width {
        return;
    }
    let (pixels, _) = canvas.data_mut().as_chunks_mut::<4>();
    if let Some(pixel) = pixels.get_mut(y * width + x) {
        for (below, above) in pixel.iter_mut().zip(colour) {
            let coverage = u32::from(coverage);
            let mixed = u32::from(*below) * (255 - coverage) + u32::from(above) * coverage;
            *below = ((mixed + 127) / 255) as u8;
        }
    }
}

fn to_pixels(position: f32) -> usize {
    (position * SCALE as f32).round() as usize
}

fn scale() -> Transform {
    Transform::from_scale(SCALE as f32, SCALE as f32)
}

fn paint([red, green, blue]: Rgb) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, u8::MAX);
    paint
}
