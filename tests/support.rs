//! A folder for one test, the program in it, and small data.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

/// The files of a data folder: training images and labels, test images and labels.
pub(crate) const DATA_FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Rows and columns of the images of [`Sandbox::with_data`].
pub(crate) const SIDE: usize = 14;
/// Test images of [`Sandbox::with_data`].
pub(crate) const TEST_IMAGES: usize = 100;

/// An experiment on the data of [`Sandbox::with_data`].
pub(crate) const SPEC: &str = r#"name = "small"
question = "Does it learn?"
seed = 7

[data]
source = "data"

[model]
kind = "denoising"
encoder = [196, 8]
decoder = [8, 196]
hidden_activation = "relu"
code_activation = "relu"
output_activation = "sigmoid"
tied_weights = false

[corruption]
noise = "gaussian:0.5"
drawn = "every-epoch"

[training]
epochs = 3
batch_size = 64
loss = "binary-cross-entropy"
code_l1 = 0.0

[training.optimizer]
kind = "adam"
learning_rate = 0.001
beta1 = 0.9
beta2 = 0.999
epsilon = 1e-7

[training.schedule]
kind = "constant"

[checkpoints]
keep = 2
"#;

/// An empty folder in which the program runs, removed at the end of the test.
pub(crate) struct Sandbox {
    folder: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A sandbox with a data set of 400 + 100 images of 14 x 14 in the folder `data`.
    pub(crate) fn with_data() -> Self {
        let sandbox = Self::new();
        sandbox.write_data("data", [400, TEST_IMAGES], SIDE);
        sandbox
    }

    /// Also a trained model of 196-8-196 in the run `run`. It is trained once for all tests of a process.
    pub(crate) fn with_run() -> Self {
        static TRAINED: OnceLock<Sandbox> = OnceLock::new();
        let trained = TRAINED.get_or_init(|| {
            let sandbox = Self::with_data();
            sandbox.ae("train --data data --widths 8 --epochs 2 --out run").succeeds();
            sandbox
        });
        trained.copy()
    }

    /// Another folder with the same files.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new();
        copy_folder(self.folder.path(), copy.folder.path());
        copy
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `ae` with these arguments, which are separated by spaces, to its end.
    pub(crate) fn ae(&self, arguments: &str) -> Finished {
        Finished::new(arguments, self.command(arguments).output().unwrap())
    }

    /// `ae`, to be started, with nothing in its environment but a home in the sandbox.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ae"));
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.path("home"))
            // Tests run side by side: more threads for each program only get in each other's way.
            .env("RAYON_NUM_THREADS", "1")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn read_text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(crate) fn read_json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Writes a data folder of so many training and test images.
    pub(crate) fn write_data(&self, folder: &str, counts: [usize; 2], side: usize) {
        let [train, test] = counts.map(|count| (images(count, side), labels(count)));
        let contents = [train.0, train.1, test.0, test.1];
        for (name, bytes) in DATA_FILES.iter().zip(contents) {
            self.write(&format!("{folder}/{name}"), bytes);
        }
    }

    /// A run's `weights_sha256`.
    pub(crate) fn weights_of(&self, run: &str) -> String {
        let record = self.read_json(&format!("{run}/record.json"));
        record["weights_sha256"].as_str().unwrap().to_owned()
    }

    /// Everything in a folder and below it, hidden files too: path and contents.
    pub(crate) fn contents_of(&self, folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let mut contents = Vec::new();
        collect(&self.path(folder), &mut contents);
        contents.sort();
        contents
    }

    /// Asserts that no half-written file is left anywhere.
    pub(crate) fn holds_no_temporary_files(&self) {
        let all = self.contents_of("");
        let hidden = |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with('.');
        let left: Vec<_> = all.iter().map(|(path, _)| path).filter(|path| hidden(path)).collect();
        assert!(left.is_empty(), "left behind: {left:?}");
    }
}

/// How a command ended and what it printed.
pub(crate) struct Finished {
    arguments: String,
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    pub(crate) fn new(arguments: &str, output: Output) -> Self {
        Self {
            arguments: arguments.to_owned(),
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Asserts that it ended well.
    pub(crate) fn succeeds(self) -> Self {
        self.ends_with(0)
    }

    /// Asserts the exit status.
    pub(crate) fn ends_with(self, status: i32) -> Self {
        let Self { arguments, stdout, stderr, .. } = &self;
        assert_eq!(self.status, Some(status), "ae {arguments}\n{stdout}\n{stderr}");
        self
    }

    /// Asserts that it failed with status 1 and an error on stderr that holds all of these.
    pub(crate) fn fails_with(self, fragments: &[&str]) -> Self {
        let finished = self.ends_with(1);
        let Self { arguments, stdout, stderr, .. } = &finished;
        assert_eq!(stdout, "", "ae {arguments}");
        let told = stderr.lines().any(|line| line.starts_with("error: "));
        assert!(told, "ae {arguments}\n{stderr}");
        for fragment in fragments {
            assert!(stderr.contains(fragment), "ae {arguments}\nlacks {fragment:?}:\n{stderr}");
        }
        finished
    }

    /// Asserts that it refused what was typed, with status 2, and named all of these.
    pub(crate) fn refuses_with(self, fragments: &[&str]) -> Self {
        let finished = self.ends_with(2);
        let Self { arguments, stdout, stderr, .. } = &finished;
        assert_eq!(stdout, "", "ae {arguments}");
        for fragment in fragments {
            assert!(stderr.contains(fragment), "ae {arguments}\nlacks {fragment:?}:\n{stderr}");
        }
        finished
    }

    /// The one line of JSON on stdout.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{}", self.stdout);
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// Whether a file of a run says how long it took: the record and the page. All others are the same in every repetition.
pub(crate) fn has_times(path: &Path) -> bool {
    ["record.json", "report.html"].iter().any(|name| path.ends_with(name))
}

/// An IDX file: magic number, sizes, values.
pub(crate) fn idx(magic: u32, sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let header = std::iter::once(&magic).chain(sizes).flat_map(|word| word.to_be_bytes());
    header.chain(values.iter().copied()).collect()
}

/// An IDX file of white rectangles on black, each at another place and of another size.
pub(crate) fn images(count: usize, side: usize) -> Vec<u8> {
    let pixel = |image: usize, row: usize, column: usize| {
        let (top, left) = (image % 7, image / 7 % 5);
        let (height, width) = (side / 3 + image % 4, side / 3 + image / 4 % 3);
        let inside = (top..top + height).contains(&row) && (left..left + width).contains(&column);
        if inside { 255 - (image % 10) as u8 } else { 0 }
    };
    let values: Vec<u8> = (0..count * side * side)
        .map(|at| pixel(at / (side * side), at / side % side, at % side))
        .collect();
    idx(0x803, &[count as u32, side as u32, side as u32], &values)
}

/// An IDX file of labels.
pub(crate) fn labels(count: usize) -> Vec<u8> {
    let values: Vec<u8> = (0..count).map(|label| (label % 10) as u8).collect();
    idx(0x801, &[count as u32], &values)
}

/// Sends a request to a server of this machine; returns the status and the body.
pub(crate) fn http(
    port: u16,
    request: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut head =
        format!("{request} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "Host") {
        head += "Host: localhost\r\n";
    }
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

/// Says why a part of a test is left out on this machine.
///
/// Unlike `eprintln!`, this is also seen if the test passes.
pub(crate) fn skip(reason: &str) {
    io::stderr().write_all(format!("skipped: {reason}\n").as_bytes()).unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir(&target).unwrap();
            copy_folder(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

fn collect(folder: &Path, contents: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, contents);
        } else {
            let bytes = fs::read(&path).unwrap();
            contents.push((path, bytes));
        }
    }
}
