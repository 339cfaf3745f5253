//! Windows that slide over maps: kernel, stride, padding, and the sizes that follow.

use ae_kernels::{Extent, Padding};
use serde::{Deserialize, Deserializer};

use crate::Shape;

/// Height and width of a window, or two steps: written as one number or as a list of two.
pub type Window = [usize; 2];

/// Reads `3` as `[3, 3]`.
pub(super) fn window<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Window, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a number or a list of two numbers")]
    enum Written {
        Square(usize),
        Rectangle(Window),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Square(side) => [side, side],
        Written::Rectangle(window) => window,
    })
}

/// The padding of a layer that names none.
pub(super) fn same() -> Padding {
    Padding::Same
}

/// The window as the kernels take it.
pub(super) fn extent([height, width]: Window) -> Extent {
    Extent { height, width }
}

/// A stride of 1.
pub(super) fn unit() -> Window {
    [1, 1]
}

/// Refuses windows and strides with a length of 0.
pub(super) fn check_window(name: &str, window: Window) -> Result<(), String> {
    match window.contains(&0) {
        true => Err(format!("must have a {name} of at least 1 x 1, but found {}", by(window))),
        false => Ok(()),
    }
}

/// `3 x 5`.
pub(super) fn by([height, width]: Window) -> String {
    format!("{height} x {width}")
}

/// The shape after a sliding window that leaves this number of channels.
pub(super) fn after_window(
    input: Shape,
    channels: usize,
    (name, window): (&str, Window),
    stride: Window,
    padding: Padding,
) -> Result<Shape, String> {
    check_window(name, window)?;
    check_window("stride", stride)?;
    let rows = padding.windows(input.height, window[0], stride[0]);
    let columns = padding.windows(input.width, window[1], stride[1]);
    match (rows, columns) {
        (Some(rows), Some(columns)) => {
            Ok(Shape { channels, height: rows.count, width: columns.count })
        }
        _ => Err(format!(
            "must have a {name} that fits into a map of {1}, as it has no padding, but found {0}",
            by(window),
            by([input.height, input.width])
        )),
    }
}

/// Refuses an output without channels.
pub(super) fn check_channels(channels: usize) -> Result<(), String> {
    match channels {
        0 => Err("must have at least 1 channel, but found 0".to_owned()),
        _ => Ok(()),
    }
}
