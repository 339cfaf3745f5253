//! Anomaly detection: fitted to normal items, kept in the model's file, applied to others.

use std::cmp::Ordering;

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
    let white = |table: &str| {
        let score = format!("anomaly score run {table} --heat-map where.svg -o scores.csv --force");
        sandbox.ae(&score).succeeds();
        let svg = sandbox.read_text("where.svg");
        let from = svg.find("white is an error of").unwrap_or_else(|| panic!("{svg}"));
        svg[from..].split(',').next().unwrap().to_owned()
    };
    // The second has a row whose errors are far larger.
    assert_eq!(white("one.csv"), white("two.csv"));
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
