//! Curves over epochs, drawn for the page: their values can be read with the pointer and with the arrow keys.

use super::numbers::number;
use crate::axis::{Axis, drawable};

/// Most epochs that are drawn; of more, every second, third .. one.
const MOST_EPOCHS: usize = 800;
/// The axis is logarithmic if the largest value is more than this multiple of the smallest.
const WIDE: f64 = 40.0;
/// Lines have colours of their own up to this number; further ones repeat them with other dashes.
const COLOURS: usize = 6;
/// The side of the drawing in its own units, which are stretched to the size of the plot.
const SIDE: f32 = 1000.0;

/// Curves over the same epochs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CurveChart {
    /// What is shown, such as `binary cross-entropy`.
    pub title: String,
    /// The lines below it; may be empty.
    pub caption: String,
    /// The epochs, rising.
    pub epochs: Vec<u32>,
    /// The curves, with a value for each epoch.
    pub lines: Vec<CurveLine>,
    /// Values that are marked across the plot.
    pub references: Vec<CurveReference>,
}

/// A curve.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CurveLine {
    /// Its name in the legend.
    pub label: String,
    /// Its values; none, or one that is not finite, leaves a gap.
    pub values: Vec<Option<f64>>,
}

/// A value that is marked across the plot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CurveReference {
    /// Its name.
    pub label: String,
    /// The value.
    pub value: f64,
}

/// What the template draws.
#[derive(Debug)]
pub(super) struct ChartView {
    pub(super) epochs: String,
    /// Their places from the left, in per cent.
    pub(super) places: String,
    pub(super) last_epoch: u32,
    pub(super) last_place: usize,
    pub(super) x_ticks: Vec<Tick>,
    pub(super) y_ticks: Vec<Tick>,
    pub(super) lines: Vec<LineView>,
    pub(super) references: Vec<Tick>,
    /// What a screen reader says of the last epoch.
    pub(super) last: String,
    /// What was changed for the drawing; may be empty.
    pub(super) note: String,
}

/// A labelled place on an axis, in per cent from the left or from the bottom.
#[derive(Debug, PartialEq)]
pub(super) struct Tick {
    pub(super) percent: String,
    pub(super) label: String,
}

#[derive(Debug)]
pub(super) struct LineView {
    pub(super) label: String,
    /// Its colour and its dashes, from 1.
    pub(super) colour: usize,
    pub(super) dashes: usize,
    /// The pieces between gaps, as points of a polyline.
    pub(super) pieces: Vec<String>,
    /// Those of a single point: twice the same, a line of no length, which round ends make visible.
    pub(super) points: Vec<String>,
    /// The values as text, empty at gaps, and their heights in per cent.
    pub(super) values: String,
    pub(super) heights: String,
    /// Its last value.
    pub(super) last: String,
}

impl CurveChart {
    /// Whether there is anything to draw.
    pub fn is_drawable(&self) -> bool {
        !self.epochs.is_empty() && self.values().next().is_some()
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        let values = self.lines.iter().flat_map(|line| line.values.iter().flatten().copied());
        values.filter(|value| drawable(*value))
    }

    pub(super) fn view(&self) -> ChartView {
        let places = self.places();
        let marks = self.references.iter().map(|mark| mark.value).filter(|value| drawable(*value));
        let scale = Scale::covering(&self.values().chain(marks).collect::<Vec<_>>());
        let epoch = |&place: &usize| f64::from(self.epochs[place]);
        let axis = Axis::covering(places.iter().map(epoch), 1.0);
        let x = |place: &usize| axis.fraction(epoch(place));
        let lines: Vec<LineView> = self
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| {
                // The first colour is grey, for what the second one is compared with.
                let index = if self.lines.len() == 1 { 1 } else { index };
                line_view(index, line, &places, &scale, x)
            })
            .collect();
        let last_epoch = self.epochs.last().copied().unwrap_or_default();
        // A curve may end before the others.
        let at_last = |line: &LineView| match line.values.rsplit(' ').next() {
            None | Some("") => format!("{} –", line.label),
            Some(value) => format!("{} {value}", line.label),
        };
        let told: Vec<String> = lines.iter().map(at_last).collect();
        let texts: Vec<String> =
            places.iter().map(|&place| self.epochs[place].to_string()).collect();
        let skipped = self.epochs.len() > places.len();
        ChartView {
            epochs: texts.join(" "),
            places: places.iter().map(|place| percent(x(place))).collect::<Vec<_>>().join(" "),
            last_epoch,
            last_place: places.len().saturating_sub(1),
            x_ticks: axis
                .ticks()
                .into_iter()
                .map(|(value, label)| Tick { percent: percent(axis.fraction(value)), label })
                .collect(),
            y_ticks: scale.ticks(),
            lines,
            references: self
                .references
                .iter()
                .filter(|mark| drawable(mark.value) && scale.holds(mark.value))
                .map(|mark| Tick {
                    percent: percent(scale.fraction(mark.value)),
                    label: mark.label.clone(),
                })
                .collect(),
            last: format!("epoch {last_epoch}: {}", told.join(", ")),
            note: match skipped {
                true => format!(
                    "{} of {} epochs are drawn, evenly spaced.",
                    places.len(),
                    self.epochs.len()
                ),
                false => String::new(),
            },
        }
    }

    /// The places of the epochs that are drawn: evenly spaced, the last one among them.
    fn places(&self) -> Vec<usize> {
        let count = self.epochs.len();
        let step = count.div_ceil(MOST_EPOCHS).max(1);
        let mut places: Vec<usize> = (0..count).rev().step_by(step).collect();
        places.reverse();
        places
    }
}

fn line_view(
    index: usize,
    line: &CurveLine,
    places: &[usize],
    scale: &Scale,
    x: impl Fn(&usize) -> f32,
) -> LineView {
    let value = |place: &usize| {
        let value = line.values.get(*place).copied().flatten();
        value.filter(|&value| drawable(value) && scale.holds(value))
    };
    let runs = places.split(|place| value(place).is_none()).filter(|run| !run.is_empty());
    let piece = |run: &[usize]| {
        let points = run.iter().filter_map(|place| {
            let y = 1.0 - scale.fraction(value(place)?);
            Some(format!("{:.1},{:.1}", SIDE * x(place), SIDE * y))
        });
        points.collect::<Vec<String>>().join(" ")
    };
    let text = |place: &usize| value(place).map(number).unwrap_or_default();
    let height = |place: &usize| {
        value(place).map(|value| percent(scale.fraction(value))).unwrap_or_default()
    };
    let (single, longer): (Vec<&[usize]>, Vec<&[usize]>) = runs.partition(|run| run.len() == 1);
    LineView {
        label: line.label.clone(),
        colour: index % COLOURS + 1,
        dashes: index / COLOURS + 1,
        pieces: longer.into_iter().map(piece).collect(),
        points: single.into_iter().map(|run| [piece(run), piece(run)].join(" ")).collect(),
        values: places.iter().map(text).collect::<Vec<_>>().join(" "),
        heights: places.iter().map(height).collect::<Vec<_>>().join(" "),
        last: places.iter().rev().find_map(value).map_or_else(|| "–".to_owned(), number),
    }
}

/// The axis of the values.
enum Scale {
    Linear(Axis),
    /// Between two powers of ten, which need not be whole.
    Logarithmic {
        low: f64,
        high: f64,
    },
}

impl Scale {
    fn covering(values: &[f64]) -> Self {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if low > 1e-100 && high > WIDE * low {
            return Self::Logarithmic { low: low.log10() - 0.05, high: high.log10() + 0.05 };
        }
        Self::Linear(Axis::covering(values.iter().copied(), 0.0))
    }

    fn holds(&self, value: f64) -> bool {
        matches!(self, Self::Linear(_)) || value > 0.0
    }

    fn fraction(&self, value: f64) -> f32 {
        match self {
            Self::Linear(axis) => axis.fraction(value),
            Self::Logarithmic { low, high } => ((value.log10() - low) / (high - low)) as f32,
        }
    }

    fn ticks(&self) -> Vec<Tick> {
        let tick =
            |value: f64, label: String| Tick { percent: percent(self.fraction(value)), label };
        match self {
            Self::Linear(axis) => {
                axis.ticks().into_iter().map(|(value, label)| tick(value, label)).collect()
            }
            Self::Logarithmic { low, high } => {
                let decades = low.floor() as i32..=high.ceil() as i32;
                let steps: &[f64] = if high - low < 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
                // Of very many powers of ten some are left out.
                let stride = (((high - low) / 8.0).ceil() as usize).max(1);
                let values = decades
                    .step_by(stride)
                    .flat_map(|power| steps.iter().map(move |step| (*step, power)));
                let shown = values.filter(|&(step, power)| {
                    (*low..=*high).contains(&(step.log10() + f64::from(power)))
                });
                shown
                    .map(|(step, power)| {
                        let label = match power {
                            -4..=3 => format!(
                                "{:.*}",
                                (-power).max(0) as usize,
                                step * 10_f64.powi(power)
                            ),
                            _ => format!("{step}e{power}"),
                        };
                        tick(step * 10_f64.powi(power), label)
                    })
                    .collect()
            }
        }
    }
}

fn percent(fraction: f32) -> String {
    format!("{:.2}", 100.0 * fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(values: &[Option<f64>]) -> CurveChart {
        CurveChart {
            epochs: (1..=values.len() as u32).collect(),
            lines: vec![CurveLine { label: "validation".to_owned(), values: values.to_vec() }],
            ..CurveChart::default()
        }
    }

    #[test]
    fn values_are_placed_on_round_axes() {
        let view = chart(&[Some(0.4), Some(0.2), Some(0.1)]).view();
        let labels: Vec<&str> = view.y_ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["0.1", "0.2", "0.3", "0.4"]);
        assert_eq!(view.lines[0].heights, "100.00 33.33 0.00");
        assert_eq!(view.lines[0].pieces, ["0.0,0.0 500.0,666.7 1000.0,1000.0"]);
        assert_eq!(view.last, "epoch 3: validation 0.1000");
    }

    #[test]
    fn a_gap_splits_a_curve_and_a_single_value_is_a_point() {
        let view = chart(&[Some(1.0), None, Some(f64::NAN), Some(2.0), Some(3.0)]).view();
        let line = &view.lines[0];
        assert_eq!(line.points, ["0.0,1000.0 0.0,1000.0"]);
        assert_eq!(line.pieces, ["750.0,500.0 1000.0,0.0"]);
        assert_eq!(line.values, "1.000   2.000 3.000");
        assert!(!chart(&[None, Some(f64::INFINITY)]).is_drawable());
    }

    #[test]
    fn values_of_many_magnitudes_get_a_logarithmic_axis() {
        let view = chart(&[Some(100.0), Some(10.0), Some(1.0)]).view();
        let labels: Vec<&str> = view.y_ticks.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(labels, ["1", "2", "5", "10", "20", "50", "100"]);
        assert_eq!(view.lines[0].heights, "97.62 50.00 2.38");
        // What a logarithm does not have is a gap.
        let mut chart = chart(&[Some(1e4), Some(1.0)]);
        chart.references = vec![CurveReference { label: "none".to_owned(), value: 5.0 }];
        assert_eq!(chart.view().references.len(), 1);
    }

    #[test]
    fn of_very_many_epochs_some_are_drawn_with_the_last_one() {
        let view = chart(&vec![Some(1.0); 1601]).view();
        let epochs: Vec<u32> = view.epochs.split(' ').map(|it| it.parse().unwrap()).collect();
        assert_eq!((epochs.len(), epochs[0], epochs[533]), (534, 2, 1601));
        assert_eq!(view.note, "534 of 1601 epochs are drawn, evenly spaced.");
    }
}
