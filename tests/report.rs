//! `ae report`: the page of a run, of a study and of a reproduction.

use std::fs;

use crate::support::Sandbox;

#[test]
fn the_page_of_a_run_is_written_into_it_or_to_a_file() {
    let sandbox = Sandbox::with_run();
    let written = sandbox.read_text("run/report.html");
    fs::remove_file(sandbox.path("run/report.html")).unwrap();
    let told = sandbox.ae("report run").succeeds().stdout;
    assert!(told.starts_with("report: run"), "{told}");
    assert_eq!(sandbox.read_text("run/report.html"), written);

    sandbox.ae("report run -o page.html").succeeds();
    assert_eq!(sandbox.read_text("page.html"), written);
    sandbox.ae("report run -o page.html").fails_with(&["page.html exists already", "--force"]);
    sandbox.ae("report run -o page.html --force").succeeds();
    // The default writes it there.
    sandbox.ae("report run -o run/report.html --force").fails_with(&["lies within run"]);
    sandbox.ae("report data").fails_with(&["spec.toml"]);
    assert!(!sandbox.path("data/report.html").exists());
}

#[test]
fn a_page_is_replaced_with_its_run() {
    let sandbox = Sandbox::with_run();
    sandbox.ae("train --data data --widths 8 --epochs 1 --out run --force").succeeds();
    assert!(sandbox.read_text("run/report.html").contains("<dd>1 <small>"));
}

#[test]
fn the_page_of_a_reproduction_is_made_of_its_runs() {
    let sandbox = Sandbox::new();
    sandbox.write_data("data", [300, 50], 28);
    sandbox
        .ae("reproduce --data data --epochs 1 --only regular --only denoising --out results")
        .succeeds();
    let told = sandbox.ae("report results -o all.html --json").succeeds().json();
    assert_eq!(told["report"], "all.html");
    let [page, written] = ["all.html", "results/report.html"].map(|file| sandbox.read_text(file));
    for part in
        ["<section id=\"regular\">", "<section id=\"denoising\">", "ae train regular/spec.toml"]
    {
        assert!(page.contains(part), "no {part} in {page}");
    }
    assert_eq!(page.matches("<img").count(), written.matches("<img").count());
    assert!(page.len() < 3_000_000);
    // The run's own page is a page of its own.
    assert!(sandbox.read_text("results/regular/report.html").contains("<h1>regular</h1>"));
}
