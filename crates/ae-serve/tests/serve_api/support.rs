//! Models, a server on a thread, and a client that sends bytes.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use ae_analysis::{AnomalyScore, ThresholdRule};
use ae_apply::{AnomalyDetector, ErrorSpec, Model, Normals, SCALING, SavedModel};
use ae_dataset::{Images, InputReader, Pixels, ReadOptions};
use ae_models::{Activation, DenseConfig, ModelKind, ModelSpec, Shape, variational};
use ae_random::Seed;
use ae_serve::{Access, Hosts, Limits, Server, Stop, Subject, router};
use serde_json::Value;

/// A server on a thread. It ends when this is dropped.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    pub(crate) stop: Stop,
    pub(crate) subject: Arc<Subject>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub(crate) fn model(model: Model) -> Self {
        Self::with(model, Limits::default(), Access::new(Hosts::loopback(), None))
    }

    pub(crate) fn limited(model: Model, limits: Limits) -> Self {
        Self::with(model, limits, Access::new(Hosts::loopback(), None))
    }

    pub(crate) fn with(model: Model, limits: Limits, access: Access) -> Self {
        let subject = Arc::new(Subject::new("tested", model).unwrap());
        let server = Server::bind(([127, 0, 0, 1], 0).into()).unwrap();
        let routes = router(&subject, &limits, &access).unwrap();
        let (address, stop) = (server.address(), Stop::default());
        let stopped = stop.clone();
        let thread = std::thread::spawn(move || server.run(routes, &limits, &stopped).unwrap());
        Self { address, stop, subject, thread: Some(thread) }
    }

    /// Waits for the end of the server.
    pub(crate) fn end(&mut self) {
        self.thread.take().unwrap().join().unwrap();
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends bytes on a connection of their own and reads the answer.
    pub(crate) fn send(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        Answer::read(&mut stream)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(head("GET", path, &[], None).as_bytes())
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Answer {
        self.send(&post(path, "application/json", body.as_bytes()))
    }

    pub(crate) fn post_picture(&self, path: &str, body: &[u8]) -> Answer {
        self.send(&post(path, "image/png", body))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.request();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The head of a request that is the last one of its connection.
pub(crate) fn head(
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    length: Option<usize>,
) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        head.push_str("Host: localhost\r\n");
    }
    if !headers.iter().any(|(name, _)| *name == "Connection") {
        head.push_str("Connection: close\r\n");
    }
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    if let Some(length) = length {
        write!(head, "Content-Length: {length}\r\n").unwrap();
    }
    head + "\r\n"
}

/// A whole request with a body.
pub(crate) fn post(path: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head = head("POST", path, &[("Content-Type", kind)], Some(body.len()));
    [head.as_bytes(), body].concat()
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Reads one answer and no byte behind it: the connection may stay open, and the next answer may be there already.
    pub(crate) fn read(stream: &mut TcpStream) -> Self {
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut byte) {
                Ok(0) => panic!("the connection ended after {:?}", String::from_utf8_lossy(&head)),
                Ok(_) => head.push(byte[0]),
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&head)),
            }
        }
        let head = String::from_utf8(head).unwrap().trim_end().to_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = header_of(&head, "content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        stream
            .read_exact(&mut body)
            .unwrap_or_else(|error| panic!("{error}: no body after {head}"));
        Self { status, head, body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header_of(&self.head, name)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The answer of a request that succeeds.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        self.json()
    }

    /// Checks status and form of a fault, and that it holds a word.
    pub(crate) fn is_fault(&self, status: u16, word: &str) {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        let told = self.json();
        for field in ["error", "expected", "found", "what_to_do"] {
            let sentence = told[field].as_str().unwrap_or_else(|| panic!("no {field}: {text}"));
            assert!(!sentence.is_empty(), "{field}: {text}");
        }
        assert!(text.contains(word), "{word}: {text}");
    }
}

fn header_of<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Sends the first bytes of a request and closes the sending side.
pub(crate) fn half_close(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
}

fn of_spec(spec: ModelSpec) -> SavedModel {
    let parameters = spec.architecture().unwrap().initialise(Seed::new(7));
    SavedModel::new(spec, parameters)
}

fn dense(kind: ModelKind, image: [usize; 2]) -> ModelSpec {
    let size = image[0] * image[1];
    let layers = DenseConfig {
        image,
        encoder: vec![size, 3],
        decoder: vec![3, size],
        ..DenseConfig::default()
    };
    layers.model(kind).unwrap()
}

/// Images of 4 x 5 pixels with codes of three numbers.
pub(crate) fn regular() -> Model {
    Model::new(of_spec(dense(ModelKind::Regular, [4, 5]))).unwrap()
}

pub(crate) fn denoising() -> Model {
    Model::new(of_spec(dense(ModelKind::Denoising, [4, 5]))).unwrap()
}

/// The tutorial's: 784-32-784.
pub(crate) fn tutorial() -> Model {
    Model::new(of_spec(ModelSpec::tutorial(ModelKind::Regular))).unwrap()
}

pub(crate) fn residual() -> Model {
    let layers = DenseConfig {
        image: [4, 5],
        encoder: vec![20, 3],
        decoder: vec![3, 20],
        output_activation: Activation::Linear,
        ..DenseConfig::default()
    };
    let mut spec = layers.model(ModelKind::Denoising).unwrap();
    spec.network.residual = true;
    Model::new(of_spec(spec)).unwrap()
}

pub(crate) fn vae() -> Model {
    let shape = Shape { channels: 1, height: 4, width: 5 };
    let network = variational(shape, &[8], 2, Activation::Sigmoid);
    Model::new(of_spec(ModelSpec { kind: ModelKind::Regular, network })).unwrap()
}

/// Rows of two columns: from 0 to 10, and from -1 to 1.
pub(crate) fn table() -> Model {
    let mut saved = of_spec(dense(ModelKind::Regular, [1, 2]));
    let scaling = serde_json::json!({
        "names": ["length", "weight"], "minimum": [0.0, -1.0], "maximum": [10.0, 1.0], "constant_columns": "unit",
    });
    saved.attachments.set(SCALING, &scaling).unwrap();
    Model::new(saved).unwrap()
}

/// The regular model with a detector.
pub(crate) fn detecting() -> AnomalyDetector {
    let values = numbers(40 * 20);
    let open = |model: &Model| {
        let images = Images::of_shape(model.shape(), Pixels::Floats(values.clone()))?;
        let (format, options) = (model.format().clone(), ReadOptions::default());
        Ok(InputReader::of_images("normals", images, format, options)?)
    };
    let error = ErrorSpec { score: AnomalyScore::Squared, noise: None, smoothing: 0.0 };
    let (rule, step) = (ThresholdRule::Quantile(0.9), &mut |_, _| {});
    AnomalyDetector::fit(regular(), error, rule, Normals::New, open, step).unwrap().detector
}

/// Numbers in [0, 1] without a pattern.
pub(crate) fn numbers(count: usize) -> Vec<f32> {
    (0..count).map(|i| (i * 37 % 101) as f32 / 100.0).collect()
}

/// The numbers of a list as single floats.
pub(crate) fn floats(list: &Value) -> Vec<f32> {
    list.as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}
