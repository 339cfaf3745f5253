//! A server that answers like the hub or fails in one way. It is also a proxy.
//!
//! It serves two files that PyArrow 26 wrote in the hub's form:
//! ```python
//! import io, pyarrow as pa, pyarrow.parquet as pq
//! from PIL import Image
//! def png(i):
//!     pixels = bytes((i * 31 + y * 7 + x * 3) % 256 for y in range(5) for x in range(6))
//!     out = io.BytesIO(); Image.frombytes("L", (6, 5), pixels).save(out, "PNG"); return out.getvalue()
//! cell = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
//! for name, n in [("train", 12), ("test", 5)]:
//!     images = pa.array([{"bytes": png(i), "path": f"{i}.png"} for i in range(n)], cell)
//!     labels = pa.array([i * 3 % 10 for i in range(n)], pa.int64())
//!     table = pa.table({"image": images, "label": labels})
//!     pq.write_table(table, f"{name}.parquet", row_group_size=5, compression="snappy")
//! ```

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

pub(crate) const TRAIN_SHA256: &str =
    "7bf3cd4609e55884ca7fe9f628c884a735e8fa274d59ac05ca6fb6aeffd4a60c";
const TEST_SHA256: &str = "3eaadff4f5bf8ae83ce9ad31a542c6779ce7c577c68ce1f6a0c3e701a66aff40";
const TRAIN: &[u8] = include_bytes!("../../data/train.parquet");
const TEST: &[u8] = include_bytes!("../../data/test.parquet");

/// What the server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// Serves both files.
    Serve,
    /// Serves the main revision only.
    OnlyMain,
    /// Answers with a status.
    Status(u16),
    /// Answers the first request with a status, then serves.
    StatusOnce(u16),
    /// Never answers.
    SilentFromTheStart,
    /// Sends 1000 bytes of a file and holds the connection.
    SilentInTheMiddle,
    /// Sends a byte of a file every 50 ms.
    Drip,
    /// Announces the whole file and closes after 1000 bytes.
    Cut,
    /// The same, but only once.
    CutOnce,
    /// Announces one byte more than it sends.
    Short,
    /// Serves other bytes of the same length.
    Garbage,
    /// Serves other bytes of the same length, without announcing a SHA-256.
    NotParquet,
    /// Redirects without an address.
    RedirectToNowhere,
}

/// A running server. It ends with the process.
pub(crate) struct Server {
    address: SocketAddr,
    /// The header `Range` of every request until now, empty if there was none.
    ranges: Arc<Mutex<Vec<String>>>,
}

struct Request {
    method: String,
    path: String,
    range: String,
}

impl Server {
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let server = Self { address, ranges: Arc::clone(&ranges) };
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let ranges = Arc::clone(&ranges);
                thread::spawn(move || serve(stream, behaviour, &ranges));
            }
        });
        server
    }

    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> usize {
        self.ranges.lock().unwrap().len()
    }

    pub(crate) fn ranges(&self) -> Vec<String> {
        self.ranges.lock().unwrap().clone()
    }
}

/// Answers the requests of a connection until an answer closes it.
fn serve(mut stream: TcpStream, behaviour: Behaviour, ranges: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let request = read_request(&mut reader)?;
        if request.method == "CONNECT" {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
            continue;
        }
        let nth = {
            let mut ranges = ranges.lock().unwrap();
            ranges.push(request.range.clone());
            ranges.len()
        };
        if behaviour == Behaviour::SilentFromTheStart {
            thread::sleep(Duration::from_secs(60));
        }
        answer(&mut stream, behaviour, &request, nth)?;
    }
}

fn read_request(reader: &mut impl BufRead) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|&bytes| bytes > 0)?;
    let (method, rest) = line.split_once(' ')?;
    let (method, path) = (method.to_owned(), rest.split_once(' ')?.0.to_owned());
    let mut range = String::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|&bytes| bytes > 0)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else {
            return Some(Request { method, path, range });
        };
        if name.eq_ignore_ascii_case("range") {
            value.clone_into(&mut range);
        }
    }
}

/// Answers like the hub: with a redirect that names the revision and the SHA-256, and there with the file.
fn answer(
    stream: &mut TcpStream,
    behaviour: Behaviour,
    request: &Request,
    nth: usize,
) -> Option<()> {
    let path = &request.path;
    let (sha256, name) =
        if path.contains("train") { (TRAIN_SHA256, "train") } else { (TEST_SHA256, "test") };
    let status = match behaviour {
        Behaviour::Status(status) => Some(status),
        Behaviour::StatusOnce(status) if nth == 1 => Some(status),
        Behaviour::OnlyMain if path.contains("/resolve/refs%2Fconvert%2Fparquet/") => Some(404),
        _ => None,
    };
    if let Some(status) = status {
        return head(stream, &format!("{status} Refused"), "Content-Length: 0\r\n");
    }
    if !path.contains("/resolve/") {
        return send_file(stream, behaviour, name, &request.range);
    }
    let etag = if behaviour == Behaviour::NotParquet { "plain" } else { sha256 };
    let location = match behaviour {
        Behaviour::RedirectToNowhere => String::new(),
        _ => format!("Location: http://{}/{name}\r\n", stream.local_addr().ok()?),
    };
    let headers = format!(
        "{location}X-Repo-Commit: c0ffee\r\nX-Linked-Etag: \"{etag}\"\r\nContent-Length: 0\r\n"
    );
    head(stream, "302 Found", &headers)
}

fn send_file(stream: &mut TcpStream, behaviour: Behaviour, name: &str, range: &str) -> Option<()> {
    let mut file = if name == "train" { TRAIN } else { TEST }.to_vec();
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let probe = !last.is_empty();
    let announced = file.len();
    match behaviour {
        Behaviour::Garbage | Behaviour::NotParquet => file.fill(b'?'),
        Behaviour::Short if !probe => file.truncate(announced - 1),
        _ => {}
    }
    let end = if probe { first + 1 } else { file.len() };
    let body = &file[first..end];
    let headers = format!(
        "Content-Range: bytes {first}-{}/{announced}\r\nContent-Length: {}\r\n",
        end - 1,
        body.len()
    );
    head(stream, "206 Partial Content", &headers)?;
    let start = &body[..body.len().min(1000)];
    match behaviour {
        _ if probe => stream.write_all(body).ok(),
        Behaviour::SilentInTheMiddle => {
            stream.write_all(start).ok()?;
            thread::sleep(Duration::from_secs(60));
            None
        }
        Behaviour::Drip => body.iter().try_for_each(|&byte| {
            thread::sleep(Duration::from_millis(50));
            stream.write_all(&[byte]).ok()
        }),
        Behaviour::Cut => stream.write_all(start).ok().and(None),
        Behaviour::CutOnce if first == 0 => stream.write_all(start).ok().and(None),
        _ => stream.write_all(body).ok(),
    }
}

fn head(stream: &mut TcpStream, status: &str, headers: &str) -> Option<()> {
    stream.write_all(format!("HTTP/1.1 {status}\r\n{headers}\r\n").as_bytes()).ok()
}
