//! The folder of a playground: the page of ae-serve with another backend, the module, and the model.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use ae_files::{make_folder, write_atomic};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The file by which a playground is known.
const MARK: &str = "playground.json";
/// What a page may load: files beside it, and the model's module.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
                      img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'";

/// Seen after a while if no script has begun: browsers load modules of files from servers alone.
const STUCK: &str = "<p class=\"notice stuck\">This page has not started. If it was opened as a file: browsers run it from a \
                     file server alone. Run <code>python3 -m http.server</code> in this folder, and open the address that it \
                     prints.</p>";

/// A folder that may be written.
pub(super) struct Folder {
    path: PathBuf,
}

/// Bytes of the parts.
pub(super) struct Sizes {
    page: usize,
    module: usize,
    model: usize,
    examples: usize,
}

impl Folder {
    /// A folder that is new, empty, or an earlier playground.
    pub(super) fn new(path: &Path) -> Result<Self> {
        let is_free = match fs::read_dir(path) {
            Ok(mut entries) => entries.next().is_none() || path.join(MARK).is_file(),
            Err(_) => !path.exists(),
        };
        let expected = "expected a new or empty folder or an earlier playground; choose another one with --out";
        ensure!(is_free, "{}: {expected}", path.display());
        Ok(Self { path: path.to_owned() })
    }

    /// Writes all files.
    pub(super) fn write(
        &self,
        root: &Path,
        module: &Path,
        weights: &Path,
        about: &Value,
    ) -> Result<Sizes> {
        let files = page(root)?;
        let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
        let (module, model) = (read(module)?, read(weights)?);
        let about = serde_json::to_vec(about)?;
        let sizes = Sizes {
            page: files.iter().map(|(_, contents)| contents.len()).sum(),
            module: module.len(),
            model: model.len(),
            examples: about.len(),
        };
        make_folder(&self.path.join("page"))?;
        let parts = [("playground.wasm", module), ("model.safetensors", model), (MARK, about)];
        let parts = parts.map(|(name, contents)| (PathBuf::from(name), contents));
        for (name, contents) in files.into_iter().chain(parts) {
            write_atomic(&self.path.join(name), &contents)?;
        }
        Ok(sizes)
    }
}

/// Names and contents of the page's files: those of ae-serve, in part replaced by those of ae-playground.
fn page(root: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for source in ["crates/ae-serve/page", "crates/ae-playground/page"] {
        let folder = root.join(source);
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            // A folder is another page.
            if path.is_dir() {
                continue;
            }
            let contents = fs::read(&path).with_context(|| path.display().to_string())?;
            let name = PathBuf::from(path.file_name().unwrap_or_default());
            files.retain(|(known, _)| *known != Path::new("page").join(&name));
            files.push(match name.to_str() {
                Some("index.html") => (name, of_files(&contents)?),
                _ => (Path::new("page").join(name), contents),
            });
        }
    }
    Ok(files)
}

/// The page with the rules that a server would send as a header, and with words for who opens it without a server.
fn of_files(html: &[u8]) -> Result<Vec<u8>> {
    let html = std::str::from_utf8(html).context("index.html")?;
    let (head, rest) = html.split_once("<title>").context("index.html has no title")?;
    let (page, end) = rest.split_once("</main>").context("index.html has no main part")?;
    let rule = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">");
    Ok(format!("{head}{rule}\n<title>{page}</main>\n{STUCK}{end}").into_bytes())
}

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { page, module, model, examples } = *self;
        let kilobytes = |bytes: usize| bytes.div_ceil(1000);
        let all = kilobytes(page + module + model + examples);
        write!(
            f,
            "{all} kB: page {}, module {}, model {}, examples {}",
            kilobytes(page),
            kilobytes(module),
            kilobytes(model),
            kilobytes(examples)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    #[test]
    fn a_folder_with_other_files_is_refused() {
        let place = tempfile::tempdir().unwrap();
        assert!(Folder::new(&place.path().join("new")).is_ok());
        assert!(Folder::new(place.path()).is_ok());
        fs::write(place.path().join("letter.txt"), "dear").unwrap();
        let refused = Folder::new(place.path()).err().unwrap().to_string();
        assert!(refused.contains("--out"), "{refused}");
        let file = Folder::new(&place.path().join("letter.txt"));
        assert!(file.is_err());
        fs::write(place.path().join(MARK), "{}").unwrap();
        assert!(Folder::new(place.path()).is_ok());
    }

    /// Every file that the page or a script names is there, by a relative address.
    #[test]
    fn the_page_is_whole() {
        let files = page(&workspace::root()).unwrap();
        let text = |name: &str| {
            let file = files.iter().find(|(path, _)| path == Path::new(name));
            String::from_utf8(file.unwrap_or_else(|| panic!("no {name}")).1.clone()).unwrap()
        };
        let html = text("index.html");
        assert!(html.contains("python3 -m http.server"), "{html}");
        assert!(html.contains("wasm-unsafe-eval") && !html.contains("\"/"), "{html}");
        for part in html.split("=\"page/").skip(1) {
            text(&format!("page/{}", part.split('"').next().unwrap()));
        }
        for (path, contents) in
            files.iter().filter(|(path, _)| path.extension() == Some("js".as_ref()))
        {
            let script = String::from_utf8(contents.clone()).unwrap();
            for part in script.split("from \"./").skip(1) {
                text(&format!("page/{}", part.split('"').next().unwrap()));
            }
            assert!(!script.contains("fetch(\"/"), "{}", path.display());
        }
        assert!(text("page/backend.js").contains("Worker"));
    }
}
