//! The geometry of a convolution: shapes and paddings.

use thiserror::Error;

pub(super) use crate::layer::Direction;
pub(super) use crate::{Extent, Padding, Shape};

/// The most positions of a stride: 256 x 256.
const LARGEST_STRIDE: usize = 1 << 16;

/// Why a convolution has no output.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum GeometryError {
    /// A shape, a kernel or a stride has no extent.
    #[error("expected at least 1 for {what}, found 0")]
    Zero {
        /// What is 0.
        what: &'static str,
    },
    /// No window lies within the map.
    #[error("expected a kernel within the map's {found} {what}, found one of {kernel}")]
    KernelBeyondMap {
        /// The axis.
        what: &'static str,
        /// Extent of the kernel.
        kernel: usize,
        /// Extent of the map.
        found: usize,
    },
    /// The adjoint has a part of its own for each position of a stride that meets the kernel and the map.
    #[error("expected at most {LARGEST_STRIDE} positions from window to window, found {found}")]
    Stride {
        /// Positions of a stride that meet the kernel and the map.
        found: usize,
    },
    /// A map, or the weight, has more numbers than memory can hold.
    #[error("expected {what} that fits into memory, found one that does not")]
    TooLarge {
        /// What is too large.
        what: &'static str,
    },
}

/// A convolution (a cross-correlation, as in every framework), or a transposed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// The map over which windows slide: the input, or the output of a transposed convolution.
    pub(super) map: Shape,
    /// One position for each window: the output, or the input of a transposed convolution.
    pub(super) windows: Shape,
    pub(super) kernel: Extent,
    pub(super) stride: Extent,
    /// Zeros above and to the left of the map.
    pub(super) before: Extent,
    pub(super) direction: Direction,
}

impl Geometry {
    /// A convolution of maps of shape `input` to `channels` channels. Its weight is PyTorch's, of shape (channels,
    /// input channels, kernel height, kernel width).
    ///
    /// # Errors
    /// If an extent is 0, the kernel does not fit into the map, or a map is too large.
    pub(crate) fn new(
        input: Shape,
        channels: usize,
        kernel: Extent,
        stride: Extent,
        padding: Padding,
    ) -> Result<Self, GeometryError> {
        check_not_zero(input, channels, kernel, stride)?;
        let rows = padding.windows(input.height, kernel.height, stride.height).ok_or(
            GeometryError::KernelBeyondMap {
                what: "rows",
                kernel: kernel.height,
                found: input.height,
            },
        )?;
        let columns = padding.windows(input.width, kernel.width, stride.width).ok_or(
            GeometryError::KernelBeyondMap {
                what: "columns",
                kernel: kernel.width,
                found: input.width,
            },
        )?;
        let windows = Shape { channels, height: rows.count, width: columns.count };
        let before = Extent { height: rows.before, width: columns.before };
        let direction = Direction::Forward;
        Self { map: input, windows, kernel, stride, before, direction }.checked()
    }

    /// A transposed convolution of maps of shape `input` to `channels` channels: the adjoint of the convolution that
    /// makes `input` of the output. The output has `n stride` rows with [`Padding::Same`] and `(n - 1) stride + kernel`
    /// with [`Padding::Valid`]. Its weight is PyTorch's, of shape (input channels, channels, kernel height, kernel
    /// width).
    ///
    /// # Errors
    /// If an extent is 0 or a map is too large.
    pub(crate) fn transposed(
        input: Shape,
        channels: usize,
        kernel: Extent,
        stride: Extent,
        padding: Padding,
    ) -> Result<Self, GeometryError> {
        check_not_zero(input, channels, kernel, stride)?;
        let height = padding.transposed_length(input.height, kernel.height, stride.height);
        let width = padding.transposed_length(input.width, kernel.width, stride.width);
        let map = Shape { channels, height, width };
        let of = Self::new(map, input.channels, kernel, stride, padding)?;
        Ok(Self { direction: Direction::Transposed, ..of })
    }

    /// The geometry of a layer whose shapes were checked by [`Self::new`] or [`Self::transposed`].
    pub(crate) fn between(
        direction: Direction,
        [input, output]: [Shape; 2],
        [kernel, stride]: [Extent; 2],
        padding: Padding,
    ) -> Self {
        let (map, windows) = match direction {
            Direction::Forward => (input, output),
            Direction::Transposed => (output, input),
        };
        let before = Extent {
            height: padding.before(map.height, windows.height, kernel.height, stride.height),
            width: padding.before(map.width, windows.width, kernel.width, stride.width),
        };
        Self { map, windows, kernel, stride, before, direction }
    }

    fn checked(self) -> Result<Self, GeometryError> {
        let Extent { height, width } = self.kernel;
        let weight = Shape { channels: self.map.channels, height, width }.numbers();
        // With zeros around it and with channels padded to whole vectors.
        let padded = |shape: Shape| Shape {
            channels: shape.channels.saturating_add(64),
            height: shape.height.saturating_add(height),
            width: shape.width.saturating_add(width),
        };
        let limit = isize::MAX as usize / size_of::<f32>();
        for (what, count) in [
            ("a feature map", padded(self.map).numbers()),
            ("a feature map", padded(self.windows).numbers()),
            ("a weight", weight.saturating_mul(self.windows.channels.saturating_add(64))),
        ] {
            if count > limit {
                return Err(GeometryError::TooLarge { what });
            }
        }
        let Self { map, kernel, stride, .. } = self;
        let rows = stride.height.min(kernel.height).min(map.height);
        let found = rows.saturating_mul(stride.width.min(kernel.width).min(map.width));
        if found > LARGEST_STRIDE {
            return Err(GeometryError::Stride { found });
        }
        Ok(self)
    }

    /// Whether it is transposed.
    pub(crate) fn is_transposed(&self) -> bool {
        self.direction == Direction::Transposed
    }

    /// Shape of an item of the input.
    pub(crate) fn input(&self) -> Shape {
        match self.direction {
            Direction::Forward => self.map,
            Direction::Transposed => self.windows,
        }
    }

    /// Shape of an item of the output.
    pub(crate) fn output(&self) -> Shape {
        match self.direction {
            Direction::Forward => self.windows,
            Direction::Transposed => self.map,
        }
    }

    /// Numbers of the weight.
    pub(crate) fn weight_count(&self) -> usize {
        self.map.channels * self.windows.channels * self.kernel.height * self.kernel.width
    }
}

fn check_not_zero(
    input: Shape,
    channels: usize,
    kernel: Extent,
    stride: Extent,
) -> Result<(), GeometryError> {
    for (what, extent) in [
        ("the channels of the input", input.channels),
        ("the height of the input", input.height),
        ("the width of the input", input.width),
        ("the channels of the output", channels),
        ("the height of the kernel", kernel.height),
        ("the width of the kernel", kernel.width),
        ("the vertical stride", stride.height),
        ("the horizontal stride", stride.width),
    ] {
        if extent == 0 {
            return Err(GeometryError::Zero { what });
        }
    }
    Ok(())
}
