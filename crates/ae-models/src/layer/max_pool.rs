//! Max pooling.

use serde::{Deserialize, Serialize};

use super::geometry::{Window, after_window, extent, same, window};
use super::kind::{LayerKind, Slide};
use crate::{Padding, Shape};

/// The largest number of each window. With `same` padding a window may go beyond the map; numbers there are never the
/// largest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaxPool {
    /// Height and width of a window.
    #[serde(deserialize_with = "window")]
    pub size: Window,
    /// The step from one window to the next, down and across; the window's size if it is not written.
    #[serde(default, deserialize_with = "some_window", skip_serializing_if = "Option::is_none")]
    pub stride: Option<Window>,
    /// How the map is extended; `same` if it is not written.
    #[serde(default = "same")]
    pub padding: Padding,
}

fn some_window<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Window>, D::Error> {
    window(from).map(Some)
}

impl MaxPool {
    /// The step from one window to the next.
    pub fn stride(&self) -> Window {
        self.stride.unwrap_or(self.size)
    }
}

impl LayerKind for MaxPool {
    fn output(&self, input: Shape) -> Result<Shape, String> {
        after_window(input, input.channels, ("size", self.size), self.stride(), self.padding)
    }

    fn for_kernels(&self, _input: Shape, _offset: &dyn Fn(&str) -> usize) -> ae_kernels::Layer {
        let pooling = ae_kernels::MaxPooling {
            size: extent(self.size),
            stride: extent(self.stride()),
            padding: self.padding,
        };
        pooling.into()
    }

    fn slides(&self) -> Option<[Slide; 2]> {
        let slides = || Slide::windows(self.size, self.stride());
        (self.padding == Padding::Same).then(slides)
    }
}

#[cfg(feature = "candle")]
mod tensors {
    use candle_core::{DType, Result, Tensor};

    use super::MaxPool;
    use crate::ModelError;
    use crate::candle::{LayerWeights, Pass, TensorKind, TensorLayer, places};
    use crate::layer::{Axis, axes};

    impl TensorKind for MaxPool {
        fn over(
            &self,
            weights: &LayerWeights<'_>,
        ) -> std::result::Result<Box<dyn TensorLayer>, ModelError> {
            let (input, output) = (weights.layer.input, weights.layer.output);
            let axes = axes(input, output, self.size, self.stride());
            Ok(Box::new(Pooling { axes }))
        }
    }

    /// Max pooling. The gradient goes to the first maximum of a window in row-major order; candle's own pooling has no
    /// padding and divides the gradient by the window's size.
    struct Pooling {
        axes: [Axis; 2],
    }

    impl TensorLayer for Pooling {
        fn forward(
            &self,
            input: &Tensor,
            _pass: &mut Pass<'_>,
        ) -> std::result::Result<Tensor, ModelError> {
            let (n, channels, height, width) = input.dims4()?;
            let winners = self.winners(&input.detach())?;
            let (_, _, down, across) = winners.dims4()?;
            let winners = winners.reshape((n, channels, down * across))?;
            let maps = input.reshape((n, channels, height * width))?;
            let output = maps.gather(&winners.contiguous()?, 2)?;
            Ok(output.reshape((n, channels, down, across))?)
        }
    }

    impl Pooling {
        /// The places of the maxima in their maps, counted row by row.
        fn winners(&self, input: &Tensor) -> Result<Tensor> {
            let (_, _, height, width) = input.dims4()?;
            let own = Tensor::arange(0, (height * width) as u32, input.device())?;
            let own = own.reshape((1, 1, height, width))?.broadcast_as(input.dims())?;
            // In each row the first maximum, and among the rows the first: the first in row-major order.
            let of_rows = first_maxima((input.clone(), own.contiguous()?), 3, &self.axes[1])?;
            let (_, winners) = first_maxima(of_rows, 2, &self.axes[0])?;
            Ok(winners)
        }
    }

    /// The first maximum of each window along an axis, with what belongs to it.
    fn first_maxima(
        (values, belongings): (Tensor, Tensor),
        dim: usize,
        axis: &Axis,
    ) -> Result<(Tensor, Tensor)> {
        debug_assert_eq!(belongings.dtype(), DType::U32);
        let before = axis.before();
        // Beyond the map a window meets the map's border once more, which changes no first maximum.
        let at = |offset: usize| {
            (0..axis.places).map(move |place| {
                (place * axis.stride + offset)
                    .saturating_sub(before)
                    .min(axis.map.saturating_sub(1))
            })
        };
        let mut offsets = axis.taps();
        let first = offsets.next().unwrap_or_default();
        let mut best = places(&values, dim, at(first))?;
        let mut found = places(&belongings, dim, at(first))?;
        for offset in offsets {
            let candidate = places(&values, dim, at(offset))?;
            // A NaN must show.
            let is_larger = (candidate.gt(&best)? + candidate.ne(&candidate)?)?;
            found = is_larger.where_cond(&places(&belongings, dim, at(offset))?, &found)?;
            best = is_larger.where_cond(&candidate, &best)?;
        }
        Ok((best, found))
    }
}

#[cfg(feature = "exchange")]
mod onnx {
    use super::MaxPool;
    use crate::exchange::{ExchangeError, Flow, LayerGraph, OnnxKind, window_attributes};
    use crate::layer::axes;

    impl OnnxKind for MaxPool {
        fn add(&self, at: &mut LayerGraph<'_, '_>, input: Flow) -> Result<Flow, ExchangeError> {
            let input = at.maps(input);
            let axes = axes(at.layer.input, at.layer.output, self.size, self.stride());
            Ok(Flow::Maps(at.node("MaxPool", &[&input], "pooled", window_attributes(&axes))))
        }
    }
}
