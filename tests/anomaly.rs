//! Anomaly detection: fitted to normal items, kept in the model's file, applied to others.

use std::cmp::Ordering;
use std::path::Path;

use image::{GrayImage, Luma};
use serde_json::json;

use crate::support::{SIDE, Sandbox, TEST_IMAGES};

/// 120 rows on a line through three columns, and in `strange.csv` as many, every tenth far off it.
fn with_table() -> Sandbox {
    let sandbox = Sandbox::new();
    let row = |i: u32, off: f64| {
        let x = f64::from(i * 37 % 120) + 0.1 * f64::from(i % 7);
        format!("{x},{},{}\n", 3.0 * x + 0.1 * f64::from(i % 5) + off, -x)
    };
    let table = |off: &dyn Fn(u32) -> f64| {
        "a,b,c\n".to_owned() + &(0..120).map(|i| row(i, off(i))).collect::<String>()
    };
    sandbox.write("normal.csv", table(&|_| 0.0));
    sandbox.write("strange.csv", table(&|i| if i % 10 == 3 { 200.0 } else { 0.0 }));
    sandbox
        .ae("train --data normal.csv --widths 8,1 --epochs 200 --out run --batch-size 8 \
             --learning-rate 0.01 --loss mean-squared-error --progress none")
        .succeeds();
    sandbox
}

#[test]
fn rows_off_the_line_are_anomalies() {
    let sandbox = with_table();
    for score in ["squared", "standardised", "likelihood"] {
        let weights = sandbox.read_json("run/record.json")["weights_sha256"].clone();
        let fit = sandbox.ae(&format!("anomaly fit run normal.csv --score {score} --json"));
        let told = fit.succeeds().json();
        assert_eq!(told["items"], 120);
        assert_eq!(told["output"], "run/model.safetensors");
        let inspected = sandbox.ae("inspect run --json").succeeds().json();
        assert_eq!(inspected["weights_sha256"], weights);
        assert_eq!(inspected["attachments"]["anomaly"]["error"]["score"], score);

        let csv = sandbox.ae("anomaly score run strange.csv").succeeds().stdout;
        let mut lines = csv.lines();
        assert_eq!(lines.next(), Some("item,score,p_value,label"));
        for (i, line) in lines.enumerate() {
            let fields: Vec<&str> = line.split(',').collect();
            assert_eq!(fields[0], i.to_string());
            if i % 10 == 3 {
                // Stranger than each of the 120 normal rows: 1 / 121.
                assert_eq!(fields[3], "anomaly", "{score}: {line}");
                assert!((fields[2].parse::<f64>().unwrap() - 1.0 / 121.0).abs() < 1e-12, "{line}");
            }
        }
        assert_eq!(csv.lines().count(), 121);
        // At most 2 of the 120 normal rows are above their quantile of 0.99.
        assert!(csv.matches(",anomaly").count() <= 12 + 2, "{csv}");
        assert_eq!(sandbox.ae("anomaly score run strange.csv --threads 1").stdout, csv);
    }
    sandbox.holds_no_temporary_files();
}

#[test]
fn a_contamination_says_how_many_are_anomalies() {
    let sandbox = with_table();
    sandbox.ae("anomaly fit run strange.csv --contamination 0.1 -o fitted.safetensors").succeeds();
    let scored = sandbox.ae("anomaly score fitted.safetensors strange.csv --json").succeeds();
    let told = scored.json();
    assert_eq!((&told["items"], &told["anomalies"]), (&json!(120), &json!(12)));
    assert_eq!(told["scores"][3]["label"], "anomaly");
    sandbox.ae("anomaly score run strange.csv").fails_with(&["run holds no anomaly detector"]);
}

#[test]
fn images_are_scored_ranked_and_drawn() {
    let sandbox = Sandbox::with_run();
    let fit = "anomaly fit run data --noise masking:0.3 --draws 2 --smoothing 0.7";
    let text = sandbox.ae(fit).succeeds().stdout;
    assert!(text.starts_with("fitted to 100 items, threshold "), "{text}");
    assert!(text.ends_with("; kept in run/model.safetensors\n"), "{text}");
    sandbox
        .ae("anomaly score run data -o scores.json --heat-map where.svg --force --normal-class 1 --count 3")
        .succeeds();
    let scores = sandbox.read_json("scores.json");
    assert_eq!(scores["scores"].as_array().unwrap().len(), TEST_IMAGES);
    // How often an item of another class than 1 has a larger score than one of class 1.
    let items = scores["scores"].as_array().unwrap();
    let score = |item: usize| items[item]["score"].as_f64().unwrap();
    let classes = |is_normal: bool| (0..TEST_IMAGES).filter(move |i| (i % 10 == 1) == is_normal);
    let pairs = classes(true).flat_map(|normal| classes(false).map(move |other| [normal, other]));
    let above = |[normal, other]: [usize; 2]| match score(other).total_cmp(&score(normal)) {
        Ordering::Less => 0.0,
        Ordering::Equal => 0.5,
        Ordering::Greater => 1.0,
    };
    let expected = pairs.map(above).sum::<f64>() / (10.0 * 90.0);
    let auroc = scores["auroc"].as_f64().unwrap();
    assert!((auroc - expected).abs() < 1e-9, "{auroc} {expected}");
    assert_eq!(scores["share_of_anomalies"], 0.9);
    let svg = sandbox.read_text("where.svg");
    for words in ["Where the error is", "image", "reconstruction", "error"] {
        assert!(svg.contains(words), "{words}");
    }
    sandbox
        .ae("anomaly score run data --normal-class none")
        .fails_with(&["--normal-class must be one of the items' classes (0, 1, ", "found none"]);
    let constant = vec![0_u8; 16 + 5 * SIDE * SIDE];
    let mut idx = constant.clone();
    idx[..16].copy_from_slice(&[0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 14, 0, 0, 0, 14]);
    sandbox.write("constant", idx);
    sandbox.ae("anomaly fit run constant -o c.safetensors --force").succeeds();
    sandbox
        .ae("anomaly fit run constant -o c.safetensors --force --score latent")
        .fails_with(&["the codes of the normal items do not vary", "`squared`"]);
    sandbox
        .ae("anomaly score run constant --normal-class 1")
        .fails_with(&["needs items with classes"]);
}

#[test]
fn rates_out_of_range_and_missing_items_are_refused() {
    let sandbox = Sandbox::with_run();
    for rate in ["0", "0.51", "nan", "-0.1"] {
        sandbox
            .ae(&format!("anomaly fit run data --contamination={rate}"))
            .refuses_with(&["expected a number above 0 and at most 0.5"]);
    }
    sandbox.ae("anomaly fit run data --quantile 1").refuses_with(&["above 0 and below 1"]);
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.ae("anomaly fit run empty").fails_with(&["empty"]);
}

#[test]
fn a_model_that_is_fitted_to_its_training_rows_says_so() {
    let sandbox = with_table();
    let told = sandbox.ae("anomaly fit run normal.csv").succeeds().stderr;
    let trained = "the model was trained on 108 of these 120 items";
    assert!(told.contains(trained), "{told}");
    // A file in the run's folder is the run's.
    let told = sandbox.ae("anomaly fit run/model.safetensors ./normal.csv").succeeds().stderr;
    assert!(told.contains(trained), "{told}");
    let told = sandbox.ae("anomaly fit run strange.csv").succeeds().stderr;
    assert!(!told.contains("trained on"), "{told}");
}

#[test]
fn few_rows_are_warned_about_and_fewer_refused() {
    let sandbox = with_table();
    let lines: Vec<String> = sandbox.read_text("strange.csv").lines().map(str::to_owned).collect();
    for (rows, is_warned) in [(3, true), (99, true), (100, false)] {
        sandbox.write("few.csv", lines[..=rows].join("\n") + "\n");
        for score in ["squared", "standardised", "latent", "likelihood"] {
            let fit = format!("anomaly fit run few.csv --score {score} -o few.safetensors --force");
            let told = sandbox.ae(&fit).succeeds().stderr;
            let says = told.contains("100 items are needed");
            assert_eq!(says, is_warned, "{rows} {score}: {told}");
        }
        let fit = "anomaly fit run few.csv --quantile 0.5 -o few.safetensors --force";
        assert!(!sandbox.ae(fit).succeeds().stderr.contains("are needed"), "{rows}");
    }
    sandbox.write("few.csv", lines[..=2].join("\n") + "\n");
    for score in ["squared", "standardised", "latent", "likelihood"] {
        sandbox
            .ae(&format!("anomaly fit run few.csv --score {score} -o few.safetensors --force"))
            .fails_with(&["at least 3 normal items, found 2"]);
    }
}

#[test]
fn a_heat_map_has_the_same_scale_in_any_company() {
    let sandbox = with_table();
    sandbox.ae("anomaly fit run normal.csv").succeeds();
    let lines: Vec<String> = sandbox.read_text("strange.csv").lines().map(str::to_owned).collect();
    sandbox.write("one.csv", format!("{}\n{}\n", lines[0], lines[1]));
    sandbox.write("two.csv", format!("{}\n{}\n{}\n", lines[0], lines[1], lines[4]));
    let end = |table: &str| {
        let score = format!("anomaly score run {table} --heat-map where.svg -o scores.csv --force");
        sandbox.ae(&score).succeeds();
        let svg = sandbox.read_text("where.svg");
        let from = svg.find("the scale ends at an error of").unwrap_or_else(|| panic!("{svg}"));
        svg[from..].split(',').next().unwrap().to_owned()
    };
    // The second has a row whose errors are far larger.
    assert_eq!(end("one.csv"), end("two.csv"));
}

#[test]
fn a_ranking_says_what_chance_reaches() {
    let sandbox = with_table();
    sandbox.ae("anomaly fit run normal.csv").succeeds();
    let rows = sandbox.read_text("strange.csv");
    let classes = rows.lines().skip(1).enumerate();
    let classed =
        classes.map(|(i, row)| format!("{row},{}\n", if i % 10 == 3 { "far" } else { "near" }));
    sandbox.write("classed.csv", "a,b,c,class\n".to_owned() + &classed.collect::<String>());
    let score =
        "anomaly score run classed.csv --label-column class -o scores.csv --force --normal-class";
    let told = sandbox.ae(&format!("{score} near")).succeeds().stdout;
    let ends = "AUROC 1.0000, average precision 1.0000 (fraction of anomalies 0.1000); written to scores.csv\n";
    assert!(told.ends_with(ends) && told.contains("larger is stranger"), "{told}");
    let told = sandbox.ae(&format!("{score} far")).succeeds().stdout;
    assert!(told.contains("AUROC 0.0000 (worse than chance: 0.5), average precision 0."), "{told}");
    assert!(told.contains("(fraction of anomalies 0.9000)"), "{told}");
}

#[test]
fn where_the_training_data_is_fitted_to_its_held_out_part_calibrates() {
    let sandbox = Sandbox::new();
    let cell = |i: u32| f64::from(i.wrapping_mul(2_654_435_761) >> 16) / 65536.0;
    let row = |i: u32| format!("{},{},{}\n", cell(3 * i), cell(3 * i + 1), cell(3 * i + 2));
    let rows = |range: std::ops::Range<u32>| range.map(row).collect::<String>();
    sandbox.write("own.csv", format!("a,b,c\n{}", rows(0..300)));
    sandbox.write("copy.csv", format!("a,b,c\n{}", rows(0..300)));
    sandbox.ae("train --data own.csv --epochs 5 --out run").succeeds();
    let fitted = sandbox.ae("anomaly fit run own.csv --json").succeeds();
    let told = "come from the 30 of these 300 items that the training held out";
    assert!(fitted.stderr.contains(told) && !fitted.stderr.contains("was trained on 270"));
    let json = fitted.json();
    assert_eq!((&json["items"], &json["calibrated_on"]), (&300.into(), &30.into()));
    // Other data calibrates as a whole, and fewer held-out rows than 19 correct the scores of the others.
    let json = sandbox.ae("anomaly fit run copy.csv --json").succeeds().json();
    assert_eq!(json["calibrated_on"], 300);
    sandbox.ae("train --data own.csv --epochs 5 --test-fraction 0.06 --out few").succeeds();
    let fitted = sandbox.ae("anomaly fit few own.csv --json").succeeds();
    assert!(fitted.stderr.contains("was trained on 282 of these 300 items"), "{}", fitted.stderr);
    assert!(fitted.stderr.contains("corrected by the score of the few others"));
    assert_eq!(fitted.json()["calibrated_on"], 300);
}

/// A texture without defects, `height x width`, as a .png file.
fn texture(sandbox: &Sandbox, name: &str, [height, width]: [u32; 2], defect: Option<[u32; 2]>) {
    let picture = GrayImage::from_fn(width, height, |x, y| {
        let wave = f64::from(x + name.len() as u32) / 3.0 + f64::from(y) / 5.0;
        let is_in = |[top, left]: [u32; 2]| y.wrapping_sub(top) < 4 && x.wrapping_sub(left) < 4;
        match defect {
            Some(place) if is_in(place) => Luma([if (x + y) % 2 == 0 { 255 } else { 0 }]),
            _ => Luma([(127.0 + 40.0 * wave.sin()) as u8]),
        }
    });
    let path = sandbox.path(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    picture.save(path).unwrap();
}

/// The heat map of a picture in the folder `maps`.
fn heat_map_of(sandbox: &Sandbox, name: &str) -> GrayImage {
    let contents = sandbox.contents_of("maps");
    let is_of = |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with(name);
    let (_, bytes) = contents.iter().find(|(path, _)| is_of(path)).unwrap();
    image::load_from_memory(bytes).unwrap().to_luma8()
}

#[test]
fn a_defect_in_a_larger_picture_is_found_and_drawn() {
    let sandbox = Sandbox::new();
    for number in 0..8 {
        let size = [30 + number, 41 - number];
        texture(&sandbox, &format!("photos/{}.png", "x".repeat(number as usize + 1)), size, None);
    }
    for number in 0..20 {
        let name = format!("normal/{}.png", "y".repeat(number + 1));
        texture(&sandbox, &name, [40, 36 + number as u32], None);
    }
    texture(&sandbox, "new/bad.png", [50, 61], Some([33, 20]));
    texture(&sandbox, "new/good.png", [44, 40], None);
    texture(&sandbox, "new/own.png", [12, 12], None);
    let conv = "--network conv-denoiser --noise gaussian:0.1 --epochs 4";
    let dense = "--widths 8 --epochs 20";
    for network in [conv, dense] {
        let train = "train --data photos --patches 12x12:200 --batch-size 16";
        sandbox.ae(&format!("{train} {network} --out run --force")).succeeds();
        let fit = sandbox.ae("anomaly fit run normal --quantile 0.9 --json").succeeds();
        assert!(fit.stderr.contains("strangest window of 12 x 12"), "{}", fit.stderr);
        assert_eq!(fit.json()["calibrated_on"], 20);
        let score = "anomaly score run new --heat-map maps/ --force --json";
        let told = sandbox.ae(score).succeeds().json();
        let (bad, own) = (&told["scores"][0], &told["scores"][2]);
        assert_eq!((&bad["item"], &bad["label"]), (&json!("bad.png"), &json!("anomaly")), "{told}");
        assert_eq!(own["windows"], 1);
        // The window holds the defect, and the map is brightest there.
        let place = |axis: &str| bad["strangest"][axis].as_u64().unwrap();
        assert!((22..=36).contains(&place("top")) && (9..=23).contains(&place("left")), "{bad}");
        let map = heat_map_of(&sandbox, "bad.png.score-");
        assert_eq!([map.height(), map.width()], [50, 61]);
        let brightness = |[y, x]: [u32; 2]| -> u32 {
            let places = (0..16).map(|place| map.get_pixel(x + place % 4, y + place / 4).0[0]);
            places.map(u32::from).sum()
        };
        let blocks = (0..=46).flat_map(|y| (0..=57).map(move |x| [y, x]));
        let [y, x] = blocks.max_by_key(|&block| brightness(block)).unwrap();
        assert!(y.abs_diff(33) < 4 && x.abs_diff(20) < 4, "{network}: {y} {x}");
        let map = heat_map_of(&sandbox, "good.png.score-");
        assert_eq!([map.height(), map.width()], [44, 40]);
        // A picture of the model's size has the score that it has as an item.
        let alone = sandbox.ae("anomaly score run new/own.png --json").succeeds().json();
        assert_eq!(alone["scores"][0]["score"], own["score"]);
        // Of one picture, and the figure of its strangest window.
        let one = "anomaly score run new/bad.png --heat-map where.png --force --threads 1 --json";
        let one = sandbox.ae(one).succeeds().json();
        assert_eq!(one["scores"][0]["score"], bad["score"]);
        assert_eq!(one["scores"][0]["strangest"], bad["strangest"]);
    }
    let other = "anomaly fit run normal --score latent";
    sandbox.ae(other).refuses_with(&["the score must be squared", "the model's size"]);
    texture(&sandbox, "new/small.png", [11, 40], None);
    for command in ["fit", "score"] {
        let told = sandbox.ae(&format!("anomaly {command} run new"));
        told.fails_with(&["small.png", "at least 12 x 12", "resize"]);
    }
    sandbox
        .ae("anomaly score run new/own.png --heat-map other/")
        .fails_with(&["--heat-map other/", "a .png or .svg"]);
}

#[test]
fn a_detector_of_items_scores_larger_pictures_for_all_their_windows() {
    let sandbox = Sandbox::with_run();
    texture(&sandbox, "page.png", [28, 35], Some([9, 15]));
    let page = image::open(sandbox.path("page.png")).unwrap();
    for score in ["squared", "standardised", "latent", "likelihood"] {
        sandbox.ae(&format!("anomaly fit run data --score {score} --quantile 0.9")).succeeds();
        let told = sandbox.ae("anomaly score run page.png --json").succeeds();
        let found = told.json()["scores"][0].clone();
        // 3 x 4 windows of 14 x 14 for 100 normal items: the strangest of all is at 12 / 101.
        assert_eq!(found["windows"], 12, "{score}");
        assert!(told.stderr.contains("up to 11.88 % of normal pictures"), "{}", told.stderr);
        let place = |axis: &str| found["strangest"][axis].as_u64().unwrap() as u32;
        page.crop_imm(place("left"), place("top"), 14, 14).save(sandbox.path("part.png")).unwrap();
        let part = sandbox.ae("anomaly score run part.png --json").succeeds().json();
        let part = &part["scores"][0];
        assert_eq!(part["score"], found["score"], "{score}");
        let p_value = |it: &serde_json::Value| it["p_value"].as_f64().unwrap();
        let expected = (12.0 * p_value(part)).min(1.0);
        assert!((p_value(&found) - expected).abs() < 1e-12, "{score}: {found} {part}");
    }
}
