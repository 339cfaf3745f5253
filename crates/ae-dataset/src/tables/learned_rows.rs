//! The rows of a table that a model learns from, as they are read and until they are scaled.

use std::path::{Path, PathBuf};

use crate::limits::MAX_TABLE_NUMBERS;
use crate::mapped::scaled_rows;
use crate::tables::classes::{ClassColumn, Labelled};
use crate::tables::row_store::{RowStore, Visit};
use crate::{DatasetError, ImageShape, Images, LoadOptions, Mapping, Pixels, Progress, Scaling};

/// Rows that can be used, in the order of the file. Their numbers are in memory, or in a temporary file if the table is
/// mapped or too large.
#[derive(Debug)]
pub(crate) struct LearnedRows {
    path: PathBuf,
    /// The folder of the temporary file.
    scratch: PathBuf,
    columns: usize,
    numbers: RowStore,
    /// The most numbers in memory.
    most_numbers: usize,
    count: u32,
    classes: ClassColumn,
    /// The places of the rows that were left out, ascending.
    left_out: Vec<u64>,
    /// The smallest and the largest number of the first column.
    first: [f64; 2],
    /// The number of rows that were left out.
    pub(crate) skipped: usize,
}

impl LearnedRows {
    /// No rows yet, of so many numbers each.
    ///
    /// # Errors
    /// If the table is mapped and the temporary file cannot be made.
    pub(crate) fn new(
        path: &Path,
        columns: usize,
        options: &LoadOptions,
    ) -> Result<Self, DatasetError> {
        let scratch = options.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let numbers = match options.mapping {
            Mapping::Large => RowStore::Memory(Vec::new()),
            Mapping::Always => RowStore::on_disk(path, &scratch)?,
        };
        Ok(Self {
            path: path.to_owned(),
            scratch,
            columns,
            numbers,
            most_numbers: MAX_TABLE_NUMBERS,
            count: 0,
            classes: ClassColumn::default(),
            left_out: Vec::new(),
            first: [f64::MAX, f64::MIN],
            skipped: 0,
        })
    }

    /// Appends a row. `place` is its place in the file, counted from 0 with the rows that are left out.
    ///
    /// # Errors
    /// If there are too many rows or classes, or the temporary file cannot be written.
    pub(crate) fn push(
        &mut self,
        place: u64,
        row: &[f64],
        class: Option<String>,
    ) -> Result<(), DatasetError> {
        let expected = u64::from(self.count) + self.left_out.len() as u64;
        self.left_out.extend(expected..place);
        if let RowStore::Memory(numbers) = &self.numbers
            && numbers.len() + row.len() > self.most_numbers
        {
            self.numbers.spill(&self.path, &self.scratch)?;
        }
        self.numbers.push(row)?;
        class.map_or(Ok(()), |class| self.classes.push(class))?;
        let [low, high] = &mut self.first;
        if let Some(&value) = row.first() {
            (*low, *high) = (low.min(value), high.max(value));
        }
        let images = self.count as usize + 1;
        self.count = u32::try_from(images)
            .map_err(|_| DatasetError::TooManyImages { part: "train", images })?;
        Ok(())
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// If the temporary file cannot be written.
    pub(crate) fn seal(&mut self) -> Result<(), DatasetError> {
        self.numbers.seal()
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.count as usize
    }

    /// The place of a row in the file, counted from 0.
    pub(crate) fn place(&self, row: u32) -> u64 {
        // So many rows come before each of those that are left out.
        let before = |(at, place): (u64, &u64)| place - at <= u64::from(row);
        let passed = (0..).zip(&self.left_out).take_while(|&pair| before(pair)).count();
        u64::from(row) + passed as u64
    }

    /// The labels of the rows, if they have classes.
    ///
    /// # Errors
    /// If there are more than 256 classes.
    pub(crate) fn label(&self) -> Result<Option<Labelled>, DatasetError> {
        self.classes.label()
    }

    /// Visits the chosen rows, which ascend.
    ///
    /// # Errors
    /// If the temporary file cannot be read, or as `visit`.
    pub(crate) fn each(&self, chosen: &[u32], visit: Visit<'_>) -> Result<(), DatasetError> {
        self.numbers.each(chosen, self.columns, visit)
    }

    /// If the first column holds the numbers from 0 or 1 on, each once: the first and the last of them.
    ///
    /// # Errors
    /// If the temporary file cannot be read.
    pub(crate) fn counted_by_first(&self) -> Result<Option<[f64; 2]>, DatasetError> {
        let [start, last] = self.first;
        let rows = self.len();
        if ![0.0, 1.0].contains(&start) || rows <= 2 || last != start + (rows - 1) as f64 {
            return Ok(None);
        }
        let mut met = vec![0_u64; rows.div_ceil(64)];
        let all: Vec<u32> = (0..self.count).collect();
        self.each(&all, &mut |_, row| {
            let number = row.first().copied().unwrap_or_default() - start;
            if number.fract() == 0.0 {
                let place = number as usize;
                met[place / 64] |= 1 << (place % 64);
            }
            Ok(())
        })?;
        let met: usize = met.iter().map(|bits| bits.count_ones() as usize).sum();
        Ok((met == rows).then_some([start, last]))
    }

    /// The scaled rows as images of one row: those for training and those for testing, with their labels.
    ///
    /// # Errors
    /// If there are none, or the temporary file cannot be read or written.
    pub(crate) fn into_images(
        self,
        [train, test]: [&[u32]; 2],
        scaling: &Scaling,
        progress: &mut dyn Progress,
    ) -> Result<[Images; 2], DatasetError> {
        let labelled = self.label()?;
        let halves = match self.numbers {
            RowStore::Memory(numbers) => {
                let half = |chosen: &[u32]| {
                    let row = |&row: &u32| &numbers[row as usize * self.columns..][..self.columns];
                    let values = chosen.iter().flat_map(|at| scaling.apply(row(at))).collect();
                    let shape = ImageShape::grey(1, self.columns);
                    Images::of_shape(shape, Pixels::Floats(values))
                };
                [half(train)?, half(test)?]
            }
            RowStore::Disk(rows) => {
                let images = scaled_rows(rows.into_scaled(scaling)?, self.columns, progress)?;
                [images.select(train)?, images.select(test)?]
            }
        };
        let Some(Labelled { labels, names }) = labelled else { return Ok(halves) };
        let [first, second] = halves;
        let with_labels = |images: Images, chosen: &[u32]| {
            let labels = chosen.iter().filter_map(|&row| labels.get(row as usize).copied());
            images.with_labels(labels.collect())?.with_class_names(names.clone())
        };
        Ok([with_labels(first, train)?, with_labels(second, test)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Some rows of two numbers, without the one at place 3. `most` of their numbers stay in memory.
    fn rows(mapping: Mapping, most: usize, scratch: &Path) -> LearnedRows {
        let options =
            LoadOptions { mapping, scratch: Some(scratch.to_owned()), ..Default::default() };
        let mut rows = LearnedRows::new(Path::new("t.csv"), 2, &options).unwrap();
        rows.most_numbers = most;
        for place in (0..500_u32).filter(|place| *place != 3) {
            let row = [f64::from(place) / 7.0, f64::from(place * place % 11)];
            rows.push(place.into(), &row, Some((place % 3).to_string())).unwrap();
        }
        rows.seal().unwrap();
        rows
    }

    #[test]
    fn rows_are_the_same_in_memory_on_the_disk_and_moved_there() {
        let folder = tempfile::tempdir().unwrap();
        let chosen: [Vec<u32>; 2] = [(0..499).step_by(3).collect(), vec![1, 2, 400, 498]];
        let images = |mapping, most| {
            let rows = rows(mapping, most, folder.path());
            assert_eq!([0, 2, 3, 498].map(|row| rows.place(row)), [0, 2, 4, 499]);
            let fit = |visit: &mut dyn FnMut(&[f64])| {
                rows.each(&chosen[0], &mut |_, row| {
                    visit(row);
                    Ok(())
                })
            };
            let scaling = Scaling::fit_standard(None, 2, fit).unwrap();
            let halves = [chosen[0].as_slice(), &chosen[1]];
            (rows.into_images(halves, &scaling, &mut ()).unwrap(), scaling)
        };
        let (memory, scaling) = images(Mapping::Large, usize::MAX);
        for (mapping, most) in [(Mapping::Always, usize::MAX), (Mapping::Large, 100)] {
            let (found, other) = images(mapping, most);
            assert_eq!(other, scaling);
            for (found, expected) in found.iter().zip(&memory) {
                assert!(matches!(found.pixels(), Pixels::Mapped(_)));
                assert_eq!(found.to_floats(), expected.to_floats());
                assert_eq!(found.labels(), expected.labels());
                assert_eq!(found.class_names(), expected.class_names());
            }
        }
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "the file has a name");
    }

    #[test]
    fn a_first_column_that_counts_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let counted = |numbers: &[f64]| {
            let options = LoadOptions {
                mapping: Mapping::Always,
                scratch: Some(folder.path().to_owned()),
                ..Default::default()
            };
            let mut rows = LearnedRows::new(Path::new("t.csv"), 1, &options).unwrap();
            (0..).zip(numbers).for_each(|(place, &number)| {
                rows.push(place, &[number], None).unwrap();
            });
            rows.seal().unwrap();
            rows.counted_by_first().unwrap()
        };
        assert_eq!(counted(&[2.0, 0.0, 1.0, 3.0]), Some([0.0, 3.0]));
        assert_eq!(counted(&[1.0, 2.0, 3.0]), Some([1.0, 3.0]));
        for none in [&[0.0, 1.0][..], &[0.0, 1.0, 1.0, 3.0], &[0.0, 0.5, 2.0], &[2.0, 3.0, 4.0]] {
            assert_eq!(counted(none), None, "{none:?}");
        }
    }
}
