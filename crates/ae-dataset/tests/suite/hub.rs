//! The hub's real client against servers on this machine, which behave or misbehave.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{env, fs};

use ae_dataset::{Dataset, Hub, HubDataset, HubError, HubLimits, TransferError};
use tempfile::TempDir;

use server::{Behaviour, Server};

mod server;

const TRAIN: &str = "mnist/train/0000.parquet";

/// A hub at an address, with an empty cache and time limits for slow machines.
fn hub(endpoint: &str) -> (TempDir, Hub) {
    let dir = tempfile::tempdir().unwrap();
    let limits = HubLimits { pause: Duration::from_millis(10), ..HubLimits::default() };
    let hub = Hub { endpoint: endpoint.to_owned(), cache: dir.path().join("hub"), limits };
    (dir, hub)
}

fn fetch(hub: &Hub) -> Result<Dataset, HubError> {
    hub.fetch(HubDataset::Mnist, &mut ())
}

/// Why the hub provided nothing.
fn reason(result: Result<Dataset, HubError>) -> TransferError {
    match result {
        Err(HubError::Transfer { source, .. }) => source,
        other => panic!("expected the hub to fail, found {other:?}"),
    }
}

/// Asserts that the images are those of the script in `server.rs`.
fn assert_genuine(dataset: &Dataset) {
    for (images, n) in [(&dataset.train, 12), (&dataset.test, 5)] {
        let pixel = |i, y, x| (i * 31 + y * 7 + x * 3) as u8;
        let pixels = |i| (0..30).map(move |place| pixel(i, place / 6, place % 6));
        assert_eq!((images.height(), images.width()), (5, 6));
        assert_eq!(images.bytes().unwrap(), (0..n).flat_map(pixels).collect::<Vec<_>>());
        assert_eq!(
            images.labels().unwrap(),
            (0..n).map(|i| (i * 3 % 10) as u8).collect::<Vec<_>>()
        );
    }
}

/// The files that another program would take for complete.
fn whole_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files =
        entries.flat_map(|path| if path.is_dir() { whole_files(&path) } else { vec![path] });
    let unfinished = |path: &PathBuf| path.extension().is_some_and(|e| e == "part" || e == "lock");
    files.filter(|path| !unfinished(path)).collect()
}

/// The file of the training images in the cache.
fn cached_train(hub: &Hub) -> PathBuf {
    let files = whole_files(&hub.cache);
    files.into_iter().find(|path| path.ends_with(TRAIN)).unwrap()
}

#[test]
fn a_data_set_is_fetched_once_and_then_read_from_the_cache() {
    let server = Server::start(Behaviour::Serve);
    let (_dir, hub) = hub(&server.address());
    assert!(hub.cached(HubDataset::Mnist).unwrap().is_none());

    let mut heard = Vec::new();
    let mut progress = |file: &str, done: u64, total: Option<u64>| {
        heard.push((file.to_owned(), done, total));
    };
    let fetched = hub.fetch(HubDataset::Mnist, &mut progress).unwrap();

    assert_genuine(&fetched);
    assert_eq!(fetched.origin.name, "mnist");
    assert_eq!(fetched.origin.location, format!("{}/datasets/ylecun/mnist", server.address()));
    assert!(heard.contains(&(TRAIN.to_owned(), 3616, Some(3616))), "{heard:?}");
    assert_eq!(heard.last().unwrap(), &("mnist/test/0000.parquet".to_owned(), 1571, Some(1571)));
    assert!(server.requests() > 0);

    let asked = server.requests();
    assert_eq!(fetch(&hub).unwrap(), fetched);
    assert_eq!(hub.cached(HubDataset::Mnist).unwrap().unwrap(), fetched);
    assert_eq!(server.requests(), asked);
    assert!(hub.cached(HubDataset::FashionMnist).unwrap().is_none());
}

#[test]
fn fashion_mnist_has_its_own_address() {
    let server = Server::start(Behaviour::Serve);
    let (_dir, hub) = hub(&server.address());
    let fetched = hub.fetch(HubDataset::FashionMnist, &mut ()).unwrap();
    assert_eq!(fetched.origin.name, "fashion-mnist");
    assert!(fetched.origin.location.ends_with("/datasets/zalando-datasets/fashion_mnist"));
}

#[test]
fn the_files_of_the_main_revision_are_used_if_the_others_are_missing() {
    let server = Server::start(Behaviour::OnlyMain);
    let (_dir, hub) = hub(&server.address());
    assert_genuine(&fetch(&hub).unwrap());
    assert_genuine(&hub.cached(HubDataset::Mnist).unwrap().unwrap());
}

#[test]
fn a_missing_file_is_named_and_not_requested_again() {
    let server = Server::start(Behaviour::Status(404));
    let (_dir, hub) = hub(&server.address());
    let error = fetch(&hub).unwrap_err().to_string();
    let file = "datasets/ylecun/mnist/resolve/main/mnist/train-00000-of-00001.parquet";
    let expected = format!("{}/{file}: request error: http status: 404", server.address());
    assert_eq!(error, expected);
    assert_eq!(server.requests(), 2);
    assert_eq!(whole_files(&hub.cache), [""; 0].map(PathBuf::from));
}

#[test]
fn a_failing_server_is_asked_a_bounded_number_of_times() {
    let server = Server::start(Behaviour::Status(500));
    let (_dir, hub) = hub(&server.address());
    assert_eq!(reason(fetch(&hub)).to_string(), "request error: http status: 500");
    assert_eq!(server.requests(), 3);

    let recovering = Server::start(Behaviour::StatusOnce(503));
    let hub = Hub { endpoint: recovering.address(), ..hub };
    assert_genuine(&fetch(&hub).unwrap());
}

#[test]
fn an_address_where_nobody_listens_fails_at_once() {
    let (_dir, hub) = hub("http://127.0.0.1:1");
    let began = Instant::now();
    let error = fetch(&hub).unwrap_err().to_string();
    assert!(error.starts_with("http://127.0.0.1:1/datasets/ylecun/mnist/resolve/"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn a_server_that_does_not_answer_times_out() {
    let server = Server::start(Behaviour::SilentFromTheStart);
    let (_dir, mut hub) = hub(&server.address());
    hub.limits.answer = Duration::from_millis(300);
    let began = Instant::now();
    assert_eq!(reason(fetch(&hub)).to_string(), "no answer within 300ms");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(whole_files(&hub.cache).is_empty());
}

#[test]
fn a_server_that_falls_silent_times_out() {
    let server = Server::start(Behaviour::SilentInTheMiddle);
    let (_dir, mut hub) = hub(&server.address());
    hub.limits.silence = Duration::from_millis(300);
    let began = Instant::now();
    assert_eq!(reason(fetch(&hub)).to_string(), "no data arrived for 300ms");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(whole_files(&hub.cache).is_empty());
    assert!(hub.cached(HubDataset::Mnist).unwrap().is_none());
}

#[test]
fn a_server_that_drips_times_out() {
    let server = Server::start(Behaviour::Drip);
    let (_dir, mut hub) = hub(&server.address());
    hub.limits.whole = Duration::from_millis(500);
    let began = Instant::now();
    assert_eq!(reason(fetch(&hub)).to_string(), "not complete after 500ms");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(whole_files(&hub.cache).is_empty());
}

#[test]
fn a_cut_transfer_continues_where_it_stopped() {
    let server = Server::start(Behaviour::CutOnce);
    let (_dir, hub) = hub(&server.address());
    assert_genuine(&fetch(&hub).unwrap());
    assert!(server.ranges().contains(&"bytes=1000-".to_owned()), "{:?}", server.ranges());
}

#[test]
fn a_transfer_that_is_always_cut_leaves_no_cached_file() {
    let server = Server::start(Behaviour::Cut);
    let (_dir, mut hub) = hub(&server.address());
    hub.limits.attempts = 2;
    assert!(matches!(reason(fetch(&hub)), TransferError::Client(_)));
    assert!(whole_files(&hub.cache).is_empty());
    assert!(hub.cached(HubDataset::Mnist).unwrap().is_none());
}

#[test]
fn a_part_that_a_killed_process_left_is_not_believed() {
    let server = Server::start(Behaviour::Serve);
    for left in [vec![7; 100], vec![7; 1_000_000]] {
        let (_dir, hub) = hub(&server.address());
        let blobs = hub.cache.join("datasets--ylecun--mnist/blobs");
        fs::create_dir_all(&blobs).unwrap();
        fs::write(blobs.join(format!("{}.part", server::TRAIN_SHA256)), left).unwrap();
        assert_genuine(&fetch(&hub).unwrap());
    }
}

#[test]
fn damaged_files_are_refused_and_leave_nothing() {
    let damages = [
        (Behaviour::Garbage, "the downloaded data is damaged: SHA-256 "),
        (
            Behaviour::NotParquet,
            "the downloaded data is damaged: not the parquet file of a set of images: ",
        ),
        (Behaviour::Short, "the downloaded data is damaged: cut short: 3615 bytes, expected 3616"),
    ];
    for (damage, expected) in damages {
        let server = Server::start(damage);
        let (_dir, hub) = hub(&server.address());
        let error = reason(fetch(&hub)).to_string();
        assert!(error.starts_with(expected), "{error}");
        let left = whole_files(&hub.cache);
        assert!(left.iter().all(|path| path.ends_with("refs/convert/parquet")), "{left:?}");
        assert!(hub.cached(HubDataset::Mnist).unwrap().is_none());
    }
}

#[test]
fn a_panic_of_the_client_is_an_error() {
    let server = Server::start(Behaviour::RedirectToNowhere);
    let (_dir, hub) = hub(&server.address());
    let error = reason(fetch(&hub)).to_string();
    assert_eq!(error, "the hub's client failed on the answer");
}

#[test]
fn a_damaged_cached_file_is_reported_offline_and_fetched_again_otherwise() {
    let server = Server::start(Behaviour::Serve);
    let (_dir, hub) = hub(&server.address());
    fetch(&hub).unwrap();
    let train = cached_train(&hub);
    let mut bytes = fs::read(&train).unwrap();
    bytes[2000] ^= 1;
    fs::write(&train, bytes).unwrap();

    let error = hub.cached(HubDataset::Mnist).unwrap_err().to_string();
    let sound = server::TRAIN_SHA256;
    assert!(error.starts_with(&format!("{}: SHA-256 ", train.display())), "{error}");
    assert!(error.ends_with(&format!(", expected {sound}")), "{error}");

    assert_genuine(&fetch(&hub).unwrap());
    assert_genuine(&hub.cached(HubDataset::Mnist).unwrap().unwrap());
}

/// Tells the test to fetch.
const FETCH: &str = "AE_TEST_FETCH";

/// Runs [`fetch_as_the_environment_says`] in a process with these variables and no others.
fn fetch_with(variables: &[(&str, &str)]) {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "hub::fetch_as_the_environment_says"])
        .env_clear()
        .env(FETCH, "yes")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// The tests below start this one in a process of its own. Otherwise it only checks the address.
#[test]
fn fetch_as_the_environment_says() {
    let hub = Hub::from_env();
    if env::var_os(FETCH).is_none() {
        assert!(hub.cache.ends_with("hub"), "{}", hub.cache.display());
        return;
    }
    assert_eq!(hub.cache, PathBuf::from(env::var_os("HF_HOME").unwrap()).join("hub"));
    assert_genuine(&fetch(&hub).unwrap());
}

#[test]
fn proxies_of_the_environment_are_used_unless_excepted() {
    let server = Server::start(Behaviour::Serve);
    let address = server.address();
    for variable in ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy"] {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap();
        // This host does not exist, so only the proxy can answer.
        let asked = server.requests();
        fetch_with(&[
            ("HF_ENDPOINT", "http://hub.invalid/"),
            ("HF_HOME", home),
            (variable, &address),
        ]);
        assert!(server.requests() > asked);
    }
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().to_str().unwrap();
    let nobody = "http://127.0.0.1:1";
    fetch_with(&[
        ("HF_ENDPOINT", &address),
        ("HF_HOME", home),
        ("ALL_PROXY", nobody),
        ("NO_PROXY", "127.0.0.1"),
    ]);
}
