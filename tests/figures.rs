//! Figures of large pictures, wide tables and long texts: they are fitted or left out, and never fail a run.

use serde_json::Value;

use crate::npy;
use crate::support::Sandbox;

/// An array of `count` square pictures in `rows.npy`.
fn large_pictures(sandbox: &Sandbox, count: usize, side: usize) {
    let values: Vec<u8> = (0..count * side * side).map(|at| (at / 7 % 251) as u8).collect();
    sandbox.write("large.npy", npy::write("|u1", &format!("({count}, {side}, {side})"), &values));
}

/// The notes on figures in a record.
fn notes(record: &Value) -> Vec<String> {
    let notes = record["figure_notes"].as_array().cloned().unwrap_or_default();
    notes.iter().map(|note| note.as_str().unwrap().to_owned()).collect()
}

/// Width and height of a PNG.
fn size(png: &[u8]) -> [u32; 2] {
    [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()))
}

#[test]
fn training_on_large_pictures_ends_with_a_record_and_smaller_figures() {
    let sandbox = Sandbox::new();
    large_pictures(&sandbox, 5, 600);
    let train = "train --data large.npy --widths 2 --epochs 1 --batch-size 2 --out run";
    let told = sandbox.ae(train).succeeds();
    let record = sandbox.read_json("run/record.json");
    assert_eq!(record["figures"].as_array().unwrap().len(), 4);
    let notes = notes(&record);
    for figure in ["reconstructions", "worst", "filters"] {
        let note = notes.iter().find(|note| note.starts_with(figure)).unwrap();
        assert!(note.contains("600 x 600 pixels are drawn smaller"), "{note}");
        assert!(note.contains("the mean of 3 x 3"), "{note}");
        assert!(told.stdout.contains(&format!("figure {note}")), "{}", told.stdout);
        let [width, height] = size(&sandbox.read(&format!("run/{figure}.png")));
        assert!(width < 2000 && height < 1200, "{width} x {height}");
    }
    sandbox.ae("resume run").succeeds();
    let again = sandbox.ae("reconstruct run large.npy -o figure.png --count 5").succeeds();
    assert!(again.stderr.contains("figure.png: images of 600 x 600"), "{}", again.stderr);
}

#[test]
fn a_wide_table_is_drawn_in_strips_that_can_be_seen() {
    let sandbox = Sandbox::new();
    let columns = 3000;
    let row = |row: usize| {
        let cells = (0..columns).map(|column| ((row * 31 + column * 7) % 97).to_string());
        cells.collect::<Vec<_>>().join(",") + "\n"
    };
    sandbox.write("wide.csv", (0..12).map(row).collect::<String>());
    let train = "train --data wide.csv --widths 70 --epochs 1 --batch-size 4 --out run";
    sandbox.ae(train).succeeds();
    let record = sandbox.read_json("run/record.json");
    assert_eq!(record["figures"].as_array().unwrap().len(), 4);
    let notes = notes(&record);
    let note = notes.iter().find(|note| note.starts_with("filters")).unwrap();
    assert!(note.contains("units of 3000 numbers are drawn smaller"), "{note}");
    let caption = record["figures"][3]["caption"].as_str().unwrap();
    assert!(caption.contains("the first 64 of 70 units"), "{caption}");
    let svg = sandbox.read_text("run/reconstructions.svg");
    // 3000 columns by twelves, and twelve pixels high.
    assert!(svg.contains("width=\"250\" height=\"12\""), "{}", &svg[..3000]);
}

#[test]
fn a_table_of_one_column_is_drawn() {
    let sandbox = Sandbox::new();
    sandbox.write("one.csv", (0..40).map(|row| format!("{}\n", row % 9)).collect::<String>());
    sandbox.ae("train --data one.csv --widths 1 --epochs 1 --out run").succeeds();
    let record = sandbox.read_json("run/record.json");
    assert_eq!(record["figures"].as_array().unwrap().len(), 4);
    assert_eq!(notes(&record), Vec::<String>::new());
}

/// A table of two columns around 50.
fn table(rows: usize) -> String {
    let row = |row: usize| format!("{},{}\n", 40 + row * 7 % 21, 50 + row * 3 % 11);
    "a,b\n".to_owned() + &(0..rows).map(row).collect::<String>()
}

/// How many of the 32 x 32 large numbers of a row are neither black nor white in a figure, whose pixels are
/// 2 x 2 in its PNG.
fn grey_cells(png: &[u8]) -> usize {
    let figure = image::load_from_memory(png).unwrap().to_rgb8();
    let is_grey = |[r, g, b]: [u8; 3]| r == g && g == b && (5..250).contains(&r);
    figure.pixels().filter(|pixel| is_grey(pixel.0)).count() / (64 * 64)
}

/// The texts of a figure, a caption's lines as one.
fn words(svg: &str) -> String {
    let texts = svg.split("</text>").filter_map(|part| Some(part.rsplit_once('>')?.1));
    texts.collect::<Vec<_>>().join(" ")
}

#[test]
fn figures_of_standardised_rows_show_the_range_of_training_and_say_so() {
    let sandbox = Sandbox::new();
    sandbox.write("t.csv", table(60));
    sandbox
        .ae("train --data t.csv --widths 2 --epochs 30 --scaling standard --loss mean-squared-error --out run")
        .succeeds();
    sandbox.ae("anomaly fit run t.csv").succeeds();
    let range = "in standard deviations";
    for (command, at_least) in [
        ("reconstruct run t.csv -o f.svg --force", 30),
        // The third of its rows, the errors, is in colours.
        ("anomaly score run t.csv -o s.csv --heat-map f.svg --force", 20),
        ("project run t.csv --grid f.svg --force --side 3", 14),
        ("interpolate run t.csv -o f.svg --force", 16),
    ] {
        sandbox.ae(command).succeeds();
        let words = words(&sandbox.read_text("f.svg"));
        assert!(words.contains("black is -") && words.contains(range), "{command}: {words}");
        sandbox.ae(&command.replace("f.svg", "f.png")).succeeds();
        let greys = grey_cells(&sandbox.read("f.png"));
        assert!(greys >= at_least, "{command}: {greys}");
    }
    let shown = sandbox.ae("reconstruct run t.csv --show").succeeds();
    assert!(shown.stderr.contains(range), "{}", shown.stderr);
    for (figure, says) in
        [("reconstructions", true), ("worst", true), ("loss", false), ("filters", false)]
    {
        let words = words(&sandbox.read_text(&format!("run/{figure}.svg")));
        assert_eq!(words.contains("black is -"), says, "{figure}: {words}");
        assert_eq!(words.contains("index among the held-out rows"), figure == "worst", "{words}");
    }
}

#[test]
fn a_heat_map_names_rows_and_files() {
    let sandbox = Sandbox::new();
    sandbox.write("t.csv", table(60));
    sandbox.ae("train --data t.csv --widths 2 --epochs 2 --out run").succeeds();
    sandbox.ae("anomaly fit run t.csv").succeeds();
    sandbox.write("far.csv", table(4) + "50,9000\n");
    sandbox.ae("anomaly score run far.csv -o s.csv --heat-map f.svg --force --count 1").succeeds();
    let svg = sandbox.read_text("f.svg");
    for words in [">item</text>", ">row 4</text>", ">score</text>"] {
        assert!(svg.contains(words), "{words}: {svg}");
    }
}

#[test]
fn one_of_a_kind_is_singular() {
    let sandbox = Sandbox::new();
    sandbox.write("one.csv", (0..40).map(|row| format!("{}\n", row % 9)).collect::<String>());
    let train = "train --data one.csv --widths 1 --epochs 1 --batch-size 64 --out run";
    let told = sandbox.ae(train).succeeds();
    let all = told.stdout + &told.stderr;
    for words in ["no PCA, as the code is longer than half", "1 step in 1 epoch", "1 column"] {
        assert!(all.contains(words), "{words}: {all}");
    }
    sandbox.write(
        "two.csv",
        (0..40).map(|row| format!("{},{}\n", row % 9, row % 7)).collect::<String>(),
    );
    let told = sandbox.ae(&train.replace("one.csv", "two.csv").replace("out run", "out two"));
    let all = all + &told.succeeds().stdout;
    assert!(all.contains("PCA with 1 component "), "{all}");
    for plural in ["1 components", "1 steps", "1 epochs", "1 columns", "1 rows", "1 numbers"] {
        assert!(!all.contains(&format!(" {plural}")), "{plural}: {all}");
    }
    let told = sandbox.ae("data info --data one.csv").succeeds();
    assert!(told.stdout.contains("rows of 1 column\n"), "{}", told.stdout);
    let told = sandbox.ae("encode run one.csv -o codes.npy").succeeds();
    assert!(told.stdout.contains("encoded to 1 number each"), "{}", told.stdout);
}

#[test]
fn names_in_other_scripts_and_with_xml_are_shown() {
    let sandbox = Sandbox::with_run();
    let pictures = npy::write("|u1", "(3, 14, 14)", &[7; 3 * 14 * 14]);
    sandbox.write("<цифры>&\"数字\".npy", pictures);
    let told = sandbox.ae("reconstruct <цифры>&\"数字\".npy -m run -o f.svg --force").succeeds();
    assert!(
        told.stderr.contains("f.svg: the PNG's font has Latin letters only"),
        "{}",
        told.stderr
    );
    let svg = sandbox.read_text("f.svg");
    assert!(svg.contains("&lt;цифры&gt;&amp;\"数字\".npy"), "{svg}");
}
