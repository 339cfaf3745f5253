//! The scaling of a table's columns as nodes of an ONNX graph.

use super::TableColumns;
use super::graph::GraphBuilder;
use super::proto::{Attribute, DOUBLE, FLOAT};

impl GraphBuilder<'_> {
    /// `(x / 2 - zero / 2) / (one / 2 - zero / 2)`: halves, so that the range of the largest numbers is finite as well.
    pub(super) fn scale_rows(&mut self, columns: &TableColumns) -> String {
        let bounds = || columns.zero.iter().zip(&columns.one);
        let range = |(&zero, &one): (&f64, &f64)| {
            if is_constant(zero, one) { 1.0 } else { one / 2.0 - zero / 2.0 }
        };
        let limit = |side: usize| {
            let limits = bounds().zip(&columns.shown);
            limits
                .map(
                    move |((&zero, &one), shown)| {
                        if is_constant(zero, one) { 0.0 } else { shown[side] }
                    },
                )
                .collect::<Vec<f32>>()
        };
        self.doubles("scaling.half", &[0.5]);
        self.doubles(
            "scaling.zero",
            &columns.zero.iter().map(|zero| zero / 2.0).collect::<Vec<_>>(),
        );
        self.doubles("scaling.range", &bounds().map(range).collect::<Vec<_>>());
        self.floats("scaling.lowest", &[columns.shown.len()], &limit(0));
        self.floats("scaling.highest", &[columns.shown.len()], &limit(1));
        let halved = self.node("Mul", &["rows", "scaling.half"], "scaling.halved", vec![]);
        let shifted = self.node("Sub", &[&halved, "scaling.zero"], "scaling.shifted", vec![]);
        let scaled = self.node("Div", &[&shifted, "scaling.range"], "scaling.divided", vec![]);
        let to_float = vec![Attribute::int("to", i64::from(FLOAT))];
        let scaled = self.node("Cast", &[&scaled], "scaling.scaled", to_float);
        let clamped = self.node("Max", &[&scaled, "scaling.lowest"], "scaling.at_least", vec![]);
        self.node("Min", &[&clamped, "scaling.highest"], "scaling.at_most", vec![])
    }

    /// `zero (1 - y) + one y`, with `y = 0` for constant columns.
    pub(super) fn unscale_rows(&mut self, outputs: &str, columns: &TableColumns, name: &str) {
        let bounds = columns.zero.iter().zip(&columns.one);
        let learned = |(&zero, &one): (&f64, &f64)| if is_constant(zero, one) { 0.0 } else { 1.0 };
        self.doubles("units.one", &[1.0]);
        self.doubles("units.learned", &bounds.map(learned).collect::<Vec<_>>());
        self.doubles("units.low", &columns.zero);
        self.doubles("units.high", &columns.one);
        let to_double = vec![Attribute::int("to", i64::from(DOUBLE))];
        let wide = self.node("Cast", &[outputs], "units.double", to_double);
        let learned = self.node("Mul", &[&wide, "units.learned"], "units.masked", vec![]);
        let rest = self.node("Sub", &["units.one", &learned], "units.rest", vec![]);
        let low = self.node("Mul", &["units.low", &rest], "units.of_low", vec![]);
        let high = self.node("Mul", &["units.high", &learned], "units.of_high", vec![]);
        self.node("Add", &[&low, &high], name, vec![]);
    }
}

fn is_constant(zero: f64, one: f64) -> bool {
    zero >= one
}
