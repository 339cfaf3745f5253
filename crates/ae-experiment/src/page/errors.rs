//! Where the error is: by class, by pixel or by column.

use ae_report::page::{Block, Cell, ErrorMap, Finding, PageTable, Section, counted, number};

use super::story::Story;
use crate::{ErrorParts, Record};

/// Columns of a table that are shown: those with the largest errors.
const SHOWN_COLUMNS: usize = 40;

impl Story {
    pub(super) fn errors(&self, record: &Record) -> Section {
        let has_one_model = record.models.is_empty();
        let mut blocks = Vec::new();
        match &record.errors {
            Some(errors) if !errors.is_empty() => blocks.extend(self.error_blocks(record, errors)),
            None if has_one_model => blocks.push(Block::Findings(vec![Finding::neutral(
                "The record has no errors by class and by place: it is of an earlier version, or the clean values are not \
                 known.",
            )])),
            _ => {}
        }
        self.section("errors", "Where the error is", blocks)
    }

    fn error_blocks(&self, record: &Record, errors: &ErrorParts) -> Vec<Block> {
        let mut blocks = Vec::new();
        if !errors.by_class.is_empty() {
            blocks.push(Block::Table(by_class(errors)));
        }
        if record.dataset.scaling.is_some() {
            blocks.extend(by_column(record, errors).map(Block::Table));
            return blocks;
        }
        let map = ErrorMap {
            title: "By pixel".to_owned(),
            caption: format!(
                "The squared error at each place, the mean over all {} validation {}.{}",
                counted(record.dataset.test_images),
                self.noun(),
                if errors.by_place.len() < record.dataset.height {
                    " A cell is a block of pixels."
                } else {
                    ""
                }
            ),
            rows: errors.by_place.clone(),
        };
        if map.is_drawable() {
            blocks.push(Block::ErrorMap(map));
        }
        blocks
    }
}

fn by_class(errors: &ErrorParts) -> PageTable {
    let largest = errors.by_class.iter().map(|class| class.mse).fold(f64::MIN_POSITIVE, f64::max);
    let row = |class: &crate::ClassError| {
        vec![
            class.class.as_str().into(),
            counted(class.items).into(),
            Cell::from(number(class.mse)).with_bar(class.mse / largest),
        ]
    };
    PageTable {
        title: "By class".to_owned(),
        caption: "The squared error per value on the validation items of each class.".to_owned(),
        columns: ["class", "items", "squared error"].map(str::to_owned).to_vec(),
        rows: errors.by_class.iter().map(row).collect(),
    }
}

/// The columns with the largest errors.
fn by_column(record: &Record, errors: &ErrorParts) -> Option<PageTable> {
    let values = errors.by_place.first()?;
    let names = record.dataset.scaling.as_ref().and_then(|scaling| scaling.names.as_ref());
    let name = |column: usize| {
        let own = names.and_then(|names| names.get(column));
        own.cloned().unwrap_or_else(|| format!("column {}", column + 1))
    };
    let mut order: Vec<usize> = (0..values.len()).collect();
    // Equal ones keep the table's order.
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order.truncate(SHOWN_COLUMNS);
    let largest = f64::from(order.first().map_or(0.0, |&column| values[column]));
    let row = |&column: &usize| {
        let error = f64::from(values[column]);
        vec![
            name(column).into(),
            Cell::from(number(error)).with_bar(error / largest.max(f64::MIN_POSITIVE)),
        ]
    };
    let all = values.len();
    let shown = match all > SHOWN_COLUMNS {
        true => format!(" The {SHOWN_COLUMNS} largest of {all} are shown."),
        false => String::new(),
    };
    Some(PageTable {
        title: "By column".to_owned(),
        caption: format!(
            "The squared error of each scaled column on the validation rows, the largest first. Of a standardised column, \
             1 is what predicting its mean would give.{shown}"
        ),
        columns: ["column", "squared error"].map(str::to_owned).to_vec(),
        rows: order.iter().map(row).collect(),
    })
}
