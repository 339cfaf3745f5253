//! Which item of the input each row of an output is.

use std::path::{Path, PathBuf};

use ae_dataset::Inputs;
use ae_files::write_atomic;

use crate::delivery::csv_cell;

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

    /// Whether there are several items whose files have names.
    pub(crate) fn has_names(&self) -> bool {
        self.names.len() > 1
    }

    /// Writes `NAME.index.csv` beside `NAME.npy` if items were left out, so that rows and items have other
    /// numbers, or if an index of former rows stands there.
    pub(crate) fn write_beside(
        &self,
        output: &Path,
        skipped: usize,
    ) -> anyhow::Result<Option<PathBuf>> {
        let path = output.with_extension("index.csv");
        if skipped == 0 && !path.exists() {
            return Ok(None);
        }
        let mut text = "row,item,name\n".to_owned();
        for (row, item) in self.items.iter().enumerate() {
            let name = self.names.get(row).map(|name| csv_cell(&name.display().to_string()));
            text.push_str(&format!("{row},{item},{}\n", name.unwrap_or_default()));
        }
        write_atomic(&path, text.as_bytes())?;
        Ok(Some(path))
    }
}
