//! The layout of the parameter buffer: the name, shape and place of each parameter.

use std::ops::Range;

/// A parameter's name, shape and place in the flat buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterView {
    /// The name, which is PyTorch's, such as `encoder.0.weight`.
    pub name: String,
    /// Lengths of the axes, row-major; a weight is (out, in).
    pub shape: Vec<usize>,
    /// Index of the first value in the flat buffer.
    pub offset: usize,
}

impl ParameterView {
    /// Numbers in this parameter; `usize::MAX` if there are more than that.
    pub fn len(&self) -> usize {
        self.shape.iter().fold(1, |product, &length| product.saturating_mul(length))
    }

    /// Whether an axis has the length 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The places of its values in the flat buffer.
    pub fn range(&self) -> Range<usize> {
        self.offset..self.offset.saturating_add(self.len())
    }
}

/// Names, shapes and places of a model's parameters, one after the other without gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    views: Vec<ParameterView>,
    len: usize,
}

impl Layout {
    /// Lays parameters out in the order given.
    ///
    /// Lengths saturate: no buffer fits a layout of `usize::MAX` numbers or more.
    pub fn new(parameters: Vec<(String, Vec<usize>)>) -> Self {
        let mut len = 0;
        let mut views = Vec::new();
        for (name, shape) in parameters {
            let view = ParameterView { name, shape, offset: len };
            len = view.range().end;
            views.push(view);
        }
        Self { views, len }
    }

    /// Numbers in the flat buffer.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no numbers.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The parameters in the buffer's order.
    pub fn views(&self) -> &[ParameterView] {
        &self.views
    }
}
