//! Which item of the input each row of an output is.

use std::path::{Path, PathBuf};

use ae_dataset::Inputs;
use ae_files::write_atomic;

use crate::csv::cell;

/// Places and names of the items whose rows were written.
#[derive(Debug, Default)]
pub(crate) struct ItemIndex {
    items: Vec<u64>,
    names: Vec<PathBuf>,
}

impl ItemIndex {
    /// The next items.
    pub(crate) fn add(&mut self, inputs: &Inputs) {
        self.items.extend(&inputs.items);
        self.names.extend(inputs.files.iter().flatten().cloned());
    }

    /// The names of the items' files, if each has one.
    pub(crate) fn names(&self) -> Vec<String> {
        let all = if self.names.len() == self.items.len() { self.names.as_slice() } else { &[] };
        all.iter().map(|name| name.to_string_lossy().into_owned()).collect()
    }

    /// Writes `NAME.index.csv` beside `NAME.npy` if items were left out, so that rows and items have other
    /// numbers, if an index of former rows stands there, or if it is kept in any case.
    pub(crate) fn write_beside(
        &self,
        output: &Path,
        skipped: usize,
        keeps_index: bool,
    ) -> anyhow::Result<Option<PathBuf>> {
        let path = output.with_extension("index.csv");
        if skipped == 0 && !keeps_index && !path.exists() {
            return Ok(None);
        }
        let mut text = "row,item,name\n".to_owned();
        for (row, item) in self.items.iter().enumerate() {
            let name = self.names.get(row).map(|name| cell(&name.display().to_string()));
            text.push_str(&format!("{row},{item},{}\n", name.unwrap_or_default()));
        }
        write_atomic(&path, text.as_bytes())?;
        Ok(Some(path))
    }
}
