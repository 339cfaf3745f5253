//! The files of a page, within the program.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// A file of the page.
#[derive(Debug)]
pub(crate) struct PageFile {
    pub(crate) path: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) contents: &'static str,
}

pub(crate) const HTML: &str = "text/html; charset=utf-8";
pub(crate) const CSS: &str = "text/css; charset=utf-8";
pub(crate) const SCRIPT: &str = "text/javascript; charset=utf-8";
pub(crate) const SVG: &str = "image/svg+xml";

macro_rules! file {
    ($path:literal, $kind:expr, $name:literal) => {
        PageFile { path: $path, kind: $kind, contents: include_str!(concat!("../../page/", $name)) }
    };
}

/// A file as an answer.
pub(crate) fn page_file(file: &PageFile) -> Response {
    let mut response = Response::new(Body::from(file.contents));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
    // The next version of the program has other files under the same names.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// All files of the page of a model.
pub(crate) const FILES: [PageFile; 12] = [
    file!("/", HTML, "index.html"),
    file!("/page/style.css", CSS, "style.css"),
    file!("/page/icon.svg", SVG, "icon.svg"),
    file!("/page/main.js", SCRIPT, "main.js"),
    file!("/page/api.js", SCRIPT, "api.js"),
    file!("/page/backend.js", SCRIPT, "backend.js"),
    file!("/page/marks.js", SCRIPT, "marks.js"),
    file!("/page/pad.js", SCRIPT, "pad.js"),
    file!("/page/pictures.js", SCRIPT, "pictures.js"),
    file!("/page/results.js", SCRIPT, "results.js"),
    file!("/page/codes.js", SCRIPT, "codes.js"),
    file!("/page/table.js", SCRIPT, "table.js"),
];
