//! Maps of codes in the plane, what the plane decodes to, and ways between images.

use crate::npy;
use crate::support::{SIDE, Sandbox, TEST_IMAGES};

/// A sandbox with data and a model whose codes are pairs.
fn with_plane() -> Sandbox {
    let sandbox = Sandbox::with_data();
    sandbox.ae("train --data data --widths 16,2 --epochs 3 --out plane").succeeds();
    sandbox
}

/// The lines of a CSV of points: item, x, y, label.
fn points(csv: &str) -> Vec<(String, f32, f32, String)> {
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("item,x,y,label"));
    let point = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let [item, x, y, label] = fields[..] else { panic!("{line}") };
        (item.to_owned(), x.parse().unwrap(), y.parse().unwrap(), label.to_owned())
    };
    lines.map(point).collect()
}

#[test]
fn the_map_of_a_model_of_two_numbers_is_its_codes() {
    let sandbox = with_plane();
    let told = sandbox.ae("project plane data -o map.csv --force --json").succeeds();
    assert!(told.stderr.contains("the map is the plane of its codes"), "{}", told.stderr);
    let told = told.json();
    assert_eq!(
        (&told["method"], &told["images"], &told["of"]),
        (&"model".into(), &100.into(), &100.into())
    );
    sandbox.ae("encode plane data -o codes.npy").succeeds();
    let (_, codes) = npy::read(&sandbox.read("codes.npy"));
    let points = points(&sandbox.read_text("map.csv"));
    assert_eq!(points.len(), TEST_IMAGES);
    for (place, ((item, x, y, label), code)) in points.iter().zip(codes.chunks(2)).enumerate() {
        assert_eq!((item, [*x, *y].as_slice()), (&place.to_string(), code));
        assert_eq!(label, &(place % 10).to_string());
    }
    // An encoder alone has a map, but no way back.
    sandbox.ae("project plane/encoder.safetensors data -o same.csv").succeeds();
    assert_eq!(sandbox.read("same.csv"), sandbox.read("map.csv"));
    sandbox
        .ae("project plane/encoder.safetensors data --grid grid.png")
        .fails_with(&["encoder.safetensors", "encoder"]);
    assert!(!sandbox.path("grid.png").exists());
    sandbox.holds_no_temporary_files();
}

#[test]
fn maps_by_pca_and_tsne_are_drawn_and_do_not_depend_on_the_threads() {
    let sandbox = Sandbox::with_run();
    for (method, words) in [
        ("pca", &["first principal component", "second principal component"][..]),
        ("tsne", &["t-SNE of its codes, whose axes mean"][..]),
    ] {
        let command = format!("project run data --method {method}");
        let text = sandbox.ae(&format!("{command} -o map.svg --force")).succeeds().stdout;
        assert_eq!(text, "a map of 100 images written to map.svg\n");
        let svg = sandbox.read_text("map.svg");
        for words in words.iter().chain(&["Map of the codes", "folder: 100 images", ">9</text>"]) {
            assert!(svg.contains(words), "{method}: {words}");
        }
        sandbox.ae(&format!("{command} -o map.png --force")).succeeds();
        assert!(sandbox.read("map.png").starts_with(b"\x89PNG"));
        sandbox.ae(&format!("{command} -o one.csv --force --threads 1")).succeeds();
        sandbox.ae(&format!("{command} -o three.csv --force --threads 3")).succeeds();
        assert!(sandbox.read("one.csv") == sandbox.read("three.csv"), "{method}");
    }
    let told = sandbox.ae("project run data -o map.csv --force").succeeds().stderr;
    assert!(told.contains("the map is the first two principal components of its codes"), "{told}");
}

#[test]
fn a_limit_chooses_by_the_seed_and_says_so() {
    let sandbox = with_plane();
    let items = |flags: &str| -> Vec<String> {
        sandbox.ae(&format!("project plane data -o map.csv --force {flags}")).succeeds();
        points(&sandbox.read_text("map.csv")).into_iter().map(|point| point.0).collect()
    };
    let all = items("");
    let (few, more, other) =
        (items("--limit 10"), items("--limit 40"), items("--limit 40 --seed 7"));
    assert_eq!((few.len(), more.len(), all.len()), (10, 40, 100));
    assert!(few.iter().all(|item| more.contains(item)) && more != other, "{few:?} {more:?}");
    let told = sandbox.ae("project plane data -o map.svg --force --limit 40").succeeds();
    assert!(told.stderr.contains("on the map are 40 of 100 images, chosen by the seed 42"));
    assert!(sandbox.read_text("map.svg").contains("40 of 100 images, chosen by the seed 42"));
    assert_eq!(
        sandbox.ae("project plane data -o map.svg --force --limit 40 -q").succeeds().stderr,
        ""
    );
    for limit in ["0", "10001", "many"] {
        sandbox
            .ae(&format!("project plane data -o map.csv --force --limit {limit}"))
            .refuses_with(&["a whole number from 1 to 10000"]);
    }
}

#[test]
fn the_plane_decodes_to_a_grid_of_images() {
    let sandbox = with_plane();
    sandbox.ae("train --data data --widths 8 --epochs 1 --out wide").succeeds();
    for (model, words) in [("plane", "the plane of its codes"), ("wide", "principal components")] {
        let command = format!("project {model} data --grid grid.svg --force --side 4");
        let text = sandbox.ae(&command).succeeds().stdout;
        assert_eq!(text, "a grid of 4 x 4 points to grid.svg\n");
        let svg = sandbox.read_text("grid.svg");
        assert_eq!(svg.matches("<image").count(), 16);
        assert!(svg.contains(words) && svg.contains("across "), "{svg}");
    }
    // What does not fit into a figure is not promised.
    let told = sandbox.ae("project plane data --grid grid.svg --force --side 100").succeeds();
    let drawn = sandbox.read_text("grid.svg").matches("<image").count().isqrt();
    assert!((40..100).contains(&drawn), "{drawn}");
    assert_eq!(told.stdout, format!("a grid of {drawn} x {drawn} points to grid.svg\n"));
    let instead = format!("the grid has {drawn} x {drawn} points instead of 100 x 100");
    assert!(told.stderr.contains(&instead), "{}", told.stderr);
    sandbox
        .ae("project plane data --method tsne --grid grid.svg --force")
        .refuses_with(&["the method must be model or pca, which lead back to images, found tsne"]);
}

#[test]
fn what_has_no_map_is_refused() {
    let sandbox = Sandbox::with_run();
    let pixels = vec![9_u8; SIDE * SIDE];
    let shape = |count: usize| format!("({count}, {SIDE}, {SIDE})");
    sandbox.write("one.npy", npy::write("|u1", &shape(1), &pixels));
    sandbox.write("same.npy", npy::write("|u1", &shape(6), &pixels.repeat(6)));
    sandbox.write("wrong.npy", npy::write("|u1", "(2, 3, 3)", &[0; 18]));
    let map = |data: &str, flags: &str| {
        sandbox.ae(&format!("project run {data} -o map.csv --force {flags}"))
    };
    map("one.npy", "").fails_with(&["one.npy: a map by PCA needs at least 2 items, found 1"]);
    map("one.npy", "--method tsne")
        .fails_with(&["one.npy: a map by t-SNE needs at least 4 items, found 1"]);
    map("data", "--method tsne --limit 3")
        .fails_with(&["data: a map by t-SNE needs at least 4 items, found 3"]);
    for method in ["pca", "tsne"] {
        map("same.npy", &format!("--method {method}")).fails_with(&["the codes do not vary"]);
    }
    map("data", "--method model")
        .refuses_with(&["the method must be pca or tsne for codes of 8 numbers, found model"]);
    map("wrong.npy", "").fails_with(&["wrong.npy", "14 x 14", "3 x 3"]);
    map("nowhere", "").fails_with(&["nowhere"]);
    sandbox.ae("train --data data --widths 1 --epochs 1 --out line").succeeds();
    sandbox
        .ae("project line data -o map.csv --force")
        .fails_with(&["needs codes of at least 2 numbers; the model's codes have 1"]);
    sandbox.ae("project run data -o map.npy").refuses_with(&[".svg, .png or .csv"]);
    sandbox.ae("project run data").refuses_with(&["--out"]);
    sandbox.ae("project run data -o map.csv --force --side 4").refuses_with(&["--grid"]);
    assert!(!sandbox.path("map.csv").exists());
}

#[test]
fn pictures_stand_on_the_map_as_many_as_are_asked_for() {
    let sandbox = with_plane();
    let drawn = |flags: &str| {
        sandbox.ae(&format!("project plane data -o map.svg --force {flags}")).succeeds();
        sandbox.read_text("map.svg").matches("<image").count()
    };
    assert_eq!(drawn("--thumbnails 0"), 0);
    let (few, more) = (drawn("--thumbnails 5"), drawn(""));
    assert!((1..=5).contains(&few) && few < more && more <= 40, "{few} {more}");
    sandbox
        .ae("project plane data -o map.svg --thumbnails 10001")
        .refuses_with(&["from 0 to 10000"]);
    // A row of a table says little as a picture.
    sandbox.write(
        "t.csv",
        (0..40).map(|i| format!("{},{},{}\n", i % 9, i % 7, i)).collect::<String>(),
    );
    sandbox.ae("train --data t.csv --widths 2 --epochs 1 --out rows").succeeds();
    sandbox.ae("project rows t.csv -o map.svg --force").succeeds();
    assert!(!sandbox.read_text("map.svg").contains("<image"));
}

/// What the script of an interactive map reads.
fn data_of(html: &str) -> serde_json::Value {
    let (_, data) = html.split_once("id=\"data\">").unwrap();
    serde_json::from_str(data.split("</script>").next().unwrap()).unwrap()
}

#[test]
fn an_interactive_map_is_one_file_with_all_items() {
    let sandbox = with_plane();
    let told = sandbox.ae("project plane data -o map.html").succeeds().stdout;
    assert_eq!(told, "a map of 100 images written to map.html\n");
    let html = sandbox.read_text("map.html");
    for words in ["default-src 'none'", "data:image/png;base64,", "100 images of 10 classes"] {
        assert!(html.contains(words), "{words}");
    }
    let data = data_of(&html);
    assert_eq!(data["points"].as_array().unwrap().len(), 200);
    assert_eq!(data["labels"].as_array().unwrap().len(), 100);
    assert_eq!(data["cells"][99], 99);
    assert_eq!(data["cell"], serde_json::json!([SIDE, SIDE]));
    assert_eq!(data["score"], "reconstruction error");
    assert!(data["scores"].as_array().unwrap().iter().all(|score| score.is_string()), "{data}");
    sandbox.ae("project plane data -o again.html --threads 1").succeeds();
    assert_eq!(sandbox.read_text("again.html"), html);
    sandbox.ae("project plane data -o none.html --thumbnails 0").succeeds();
    assert!(!sandbox.read_text("none.html").contains("data:image"));
}

/// The noise on an item depends on its place, so the scores tell whether the places are the same.
#[test]
fn an_interactive_map_has_the_scores_of_the_detector() {
    let sandbox = with_plane();
    sandbox.ae("anomaly fit plane data --noise gaussian:0.3").succeeds();
    let scored = sandbox.ae("anomaly score plane data").succeeds().stdout;
    sandbox.ae("project plane data -o map.html --limit 30").succeeds();
    let data = data_of(&sandbox.read_text("map.html"));
    assert_eq!(data["score"], "anomaly score");
    let scored: Vec<f64> = scored
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(1).unwrap().parse().unwrap())
        .collect();
    let (places, scores) = (data["places"].as_array().unwrap(), data["scores"].as_array().unwrap());
    assert_eq!((places.len(), scores.len()), (30, 30));
    for (place, score) in places.iter().zip(scores) {
        let expected = scored[place.as_u64().unwrap() as usize];
        let found: f64 = score.as_str().unwrap().parse().unwrap();
        assert!((found / expected - 1.0).abs() < 1e-3, "{place}: {found} {expected}");
    }
    // An encoder alone scores nothing.
    sandbox.ae("project plane/encoder.safetensors data -o codes.html").succeeds();
    assert_eq!(data_of(&sandbox.read_text("codes.html"))["score"], "");
}

#[test]
fn without_labels_the_map_has_no_classes() {
    let sandbox = with_plane();
    sandbox.ae("project plane data/t10k-images-idx3-ubyte -o map.csv --force").succeeds();
    let points = points(&sandbox.read_text("map.csv"));
    assert!(points.len() == TEST_IMAGES && points.iter().all(|point| point.3.is_empty()));
    sandbox.ae("project plane data/t10k-images-idx3-ubyte -o map.svg --force").succeeds();
    let svg = sandbox.read_text("map.svg");
    assert!(svg.contains("#009696") && !svg.contains("#e1327d"));
}

#[test]
fn the_way_between_two_images_begins_and_ends_with_them() {
    let sandbox = Sandbox::with_run();
    let way = "interpolate run data --from 3 --to 12 --steps 5 -o way.svg --force";
    assert_eq!(
        sandbox.ae(way).succeeds().stdout,
        "5 points of the interpolation written to way.svg\n"
    );
    let svg = sandbox.read_text("way.svg");
    assert_eq!(svg.matches("<image").count(), 7);
    for words in
        ["original", "0.00", "0.25", "0.50", "1.00", "image 3 of folder to image 12 of folder"]
    {
        assert!(svg.contains(words), "{words}");
    }
    // Fewer points have the same ends.
    sandbox.ae("interpolate run data -o way.svg --force --from 3 --to 12 --steps 2").succeeds();
    let two = sandbox.read_text("way.svg");
    let embedded = |svg: &str| -> Vec<String> {
        svg.split("base64,")
            .skip(1)
            .map(|part| part.split('"').next().unwrap().to_owned())
            .collect()
    };
    let (five, two) = (embedded(&svg), embedded(&two));
    assert_eq!([&five[0], &five[1], &five[5], &five[6]], [&two[0], &two[1], &two[2], &two[3]]);

    let json = sandbox.ae("interpolate run data data -o way.png --json").succeeds().json();
    assert_eq!((&json["from"], &json["to"], &json["steps"]), (&0.into(), &0.into(), &9.into()));
    sandbox.write("one.npy", npy::write("|u1", "(1, 14, 14)", &[7; SIDE * SIDE]));
    sandbox
        .ae("interpolate run one.npy -o no.png")
        .fails_with(&["one.npy holds 1 image; an interpolation needs two"]);
    sandbox
        .ae("interpolate run data one.npy --from 100 -o no.png")
        .fails_with(&["data holds 100 images, and --from asks for image 100"]);
    sandbox
        .ae("interpolate run/encoder.safetensors data -o no.png")
        .fails_with(&["encoder.safetensors"]);
    sandbox.ae("interpolate run data -o no.png --steps 1").refuses_with(&["from 2 to 100"]);
    sandbox.ae("interpolate run data -o no.npy").refuses_with(&[".png or .svg"]);
    assert!(!sandbox.path("no.png").exists());
}

#[test]
fn the_ends_of_a_way_are_items_of_the_input_also_where_some_are_left_out() {
    let sandbox = Sandbox::new();
    sandbox.write("t.csv", "a,b\n1,2\n?,2\n3,4\n5,6\n2,1\n4,4\n");
    sandbox.ae("train --data t.csv --skip-bad --widths 1 --epochs 1 --out run").succeeds();
    let way = "interpolate run t.csv -o way.svg --force";
    sandbox.ae(&format!("{way} --from 2 --to 5")).succeeds();
    sandbox
        .ae(&format!("{way} --from 1 --to 5"))
        .fails_with(&["--from asks for row 1, which was left out"]);
    sandbox.ae(&format!("{way} --from 0 --to 6")).fails_with(&["holds 6 rows"]);
}
