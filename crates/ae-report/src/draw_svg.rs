//! Drawings as SVG.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use png::{BitDepth, ColorType};

use crate::ReportError;
use crate::class_marks::{ClassMark, SQUARE, Shape};
use crate::drawing::{Dash, Drawing, Element, HALO_WIDTH, Halo, Magnification, Pen};
use crate::picture::{Raster, Rgb};
use crate::png_encoding::encode_png;
use crate::text::Style;

const FONTS: &str = "'Noto Sans Mono', 'DejaVu Sans Mono', monospace";
/// The common width of monospaced letters, in units of the font's size.
const LETTER_WIDTH: f32 = 0.6;

pub(crate) fn render(drawing: &Drawing) -> Result<String, ReportError> {
    let (width, height, title) = (drawing.width, drawing.height, escape(&drawing.title));
    let elements: Vec<String> =
        drawing.elements.iter().map(svg_element).collect::<Result<_, _>>()?;
    Ok(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" font-family="{FONTS}">
<title>{title}</title>
<rect width="{width}" height="{height}" fill="#ffffff"/>
{}
</svg>
"##,
        elements.join("\n")
    ))
}

fn svg_element(element: &Element) -> Result<String, ReportError> {
    match element {
        Element::Rectangle { x, y, width, height, fill } => {
            let [x, y, width, height] = [*x, *y, *width, *height].map(round);
            let fill = web_colour(*fill);
            Ok(format!(
                r#"<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}"/>"#
            ))
        }
        Element::Line { points, pen } => Ok(polyline(points, *pen)),
        Element::Marks { centres, radius, mark, opacity } => {
            Ok(marks(centres, *radius, *mark, *opacity))
        }
        Element::Text { x, y, text, style, colour, halo } => {
            Ok(line_of_text((*x, *y), text, *style, (*colour, *halo)))
        }
        Element::Picture { x, y, magnification, raster } => {
            let Magnification { across, down } = *magnification;
            let (width, height) = (raster.width * across, raster.rows().len() * down);
            let uri = data_uri(raster)?;
            let stretched = if across == down { "" } else { r#" preserveAspectRatio="none""# };
            Ok(format!(
                r#"<image x="{x}" y="{y}" width="{width}" height="{height}"{stretched} style="image-rendering:pixelated" href="{uri}"/>"#
            ))
        }
    }
}

fn polyline(points: &[(f32, f32)], pen: Pen) -> String {
    let points: Vec<String> =
        points.iter().map(|&(x, y)| format!("{},{}", round(x), round(y))).collect();
    let (points, colour, width) = (points.join(" "), web_colour(pen.colour), pen.width);
    let dash = match pen.dash {
        Dash::Solid => String::new(),
        Dash::Dashed => {
            let [dash, gap] = Dash::DASHED;
            format!(r#" stroke-dasharray="{dash} {gap}""#)
        }
    };
    format!(
        r#"<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"{dash}/>"#
    )
}

/// Circles and squares are lines of length 0 with round and square ends, which take a fifth of the bytes of circles.
fn marks(centres: &[(f32, f32)], radius: f32, mark: ClassMark, opacity: f32) -> String {
    let colour = web_colour(mark.colour);
    let (cap, width) = match mark.shape {
        Shape::Circle => ("round", 2.0 * radius),
        Shape::Square => ("square", 2.0 * radius * SQUARE),
        Shape::Diamond | Shape::Triangle => return polygons(centres, radius, mark, opacity),
    };
    let dots = centres.iter().map(|&(x, y)| format!("M{} {}h0", round(x), round(y)));
    let (path, width) = (dots.collect::<String>(), round(width));
    format!(
        r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}" stroke-linecap="{cap}"/>"#
    )
}

fn polygons(centres: &[(f32, f32)], radius: f32, mark: ClassMark, opacity: f32) -> String {
    let corners = mark.shape.corners(radius);
    let steps: String = corners
        .windows(2)
        .filter_map(|pair| match pair {
            [from, to] => Some(format!("l{} {}", round(to.0 - from.0), round(to.1 - from.1))),
            _ => None,
        })
        .collect();
    let (first_x, first_y) = corners.first().copied().unwrap_or_default();
    let polygon =
        |&(x, y): &(f32, f32)| format!("M{} {}{steps}z", round(x + first_x), round(y + first_y));
    let (path, colour) = (centres.iter().map(polygon).collect::<String>(), web_colour(mark.colour));
    format!(r#"<path d="{path}" fill="{colour}" fill-opacity="{opacity}"/>"#)
}

/// `textLength` keeps the layout where the reader's font is wider or narrower.
fn line_of_text(
    (x, y): (f32, f32),
    text: &str,
    style: Style,
    (colour, halo): (Rgb, Halo),
) -> String {
    let (x, y, size) =
        (round(x), round(y + style.baseline()), round(style.advance() / LETTER_WIDTH));
    let (length, colour, text) = (style.width(text), web_colour(colour), escape(text));
    let weight = if style == Style::Title { r#" font-weight="bold""# } else { "" };
    let halo = match halo {
        Halo::None => String::new(),
        Halo::White => format!(
            r##" paint-order="stroke" stroke="#ffffff" stroke-width="{}" stroke-linejoin="round""##,
            2.0 * HALO_WIDTH
        ),
    };
    format!(
        r#"<text x="{x}" y="{y}" font-size="{size}"{weight}{halo} fill="{colour}" textLength="{length}" lengthAdjust="spacingAndGlyphs">{text}</text>"#
    )
}

fn data_uri(raster: &Raster) -> Result<String, ReportError> {
    let (height, rgb) = (raster.rows().len(), raster.pixels.as_flattened());
    let png = encode_png(height, raster.width, ColorType::Rgb, BitDepth::Eight, rgb)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)))
}

fn round(value: f32) -> f32 {
    (value * 100.0).round() / 100.0
}

fn web_colour([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Escapes text between tags, where quotes are allowed.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
