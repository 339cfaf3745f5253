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
    /// Whether training changes it by its gradient. Running statistics of a batch normalisation are not trained: their
    /// gradient is 0, no optimizer touches them, and the engine updates them after each step.
    pub is_trained: bool,
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
    /// Lays trained parameters out in the order given.
    ///
    /// Lengths saturate: no buffer fits a layout of `usize::MAX` numbers or more.
    pub fn new(parameters: Vec<(String, Vec<usize>)>) -> Self {
        let mut layout = Self { views: Vec::new(), len: 0 };
        for (name, shape) in parameters {
            layout.push(name, shape, true);
        }
        layout
    }

    /// The same layout with this parameter, which is not trained, at its end.
    #[must_use]
    pub fn with_untrained(mut self, name: String, shape: Vec<usize>) -> Self {
        self.push(name, shape, false);
        self
    }

    pub(crate) fn push(&mut self, name: String, shape: Vec<usize>, is_trained: bool) {
        let view = ParameterView { name, shape, offset: self.len, is_trained };
        self.len = view.range().end;
        self.views.push(view);
    }

    /// The places of parameters that are not trained, in the buffer's order; neighbours are joined.
    pub fn untrained(&self) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for view in self.views.iter().filter(|view| !view.is_trained) {
            match ranges.last_mut() {
                Some(last) if last.end == view.offset => last.end = view.range().end,
                _ => ranges.push(view.range()),
            }
        }
        ranges
    }

    /// The parameter of this name.
    pub fn view(&self, name: &str) -> Option<&ParameterView> {
        self.views.iter().find(|view| view.name == name)
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
