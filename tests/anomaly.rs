//! Anomaly detection: fitted to normal items, kept in the model's file, applied to others.

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
        let fit = sandbox.ae(&format!("anomaly fit normal.csv -m run --score {score} --json"));
        let told = fit.succeeds().json();
        assert_eq!(told["items"], 120);
        assert_eq!(told["output"], "run/model.safetensors");
        let inspected = sandbox.ae("inspect run --json").succeeds().json();
        assert_eq!(inspected["weights_sha256"], weights);
        assert_eq!(inspected["attachments"]["anomaly"]["error"]["score"], score);

        let csv = sandbox.ae("anomaly score strange.csv -m run").succeeds().stdout;
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
        assert_eq!(sandbox.ae("anomaly score strange.csv -m run --threads 1").stdout, csv);
    }
    sandbox.holds_no_temporary_files();
}

#[test]
fn a_contamination_says_how_many_are_anomalies() {
    let sandbox = with_table();
    sandbox
        .ae("anomaly fit strange.csv -m run --contamination 0.1 -o fitted.safetensors")
        .succeeds();
    let scored = sandbox.ae("anomaly score strange.csv -m fitted.safetensors --json").succeeds();
    let told = scored.json();
    assert_eq!((&told["items"], &told["anomalies"]), (&json!(120), &json!(12)));
    assert_eq!(told["scores"][3]["label"], "anomaly");
    sandbox.ae("anomaly score strange.csv -m run").fails_with(&["run holds no anomaly detector"]);
}

#[test]
fn images_are_scored_ranked_and_drawn() {
    let sandbox = Sandbox::with_run();
    let fit = "anomaly fit data -m run --noise masking:0.3 --draws 2 --smoothing 0.7";
    let text = sandbox.ae(fit).succeeds().stdout;
    assert!(text.starts_with("fitted to 100 items, threshold "), "{text}");
    assert!(text.ends_with("; kept in run/model.safetensors\n"), "{text}");
    sandbox
        .ae("anomaly score data -m run -o scores.json --heat-map where.svg --normal-class 1 --count 3")
        .succeeds();
    let scores = sandbox.read_json("scores.json");
    assert_eq!(scores["scores"].as_array().unwrap().len(), TEST_IMAGES);
    let auroc = scores["auroc"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&auroc), "{auroc}");
    let svg = sandbox.read_text("where.svg");
    for words in ["Where the error is", "image", "reconstruction", "error"] {
        assert!(svg.contains(words), "{words}");
    }
    sandbox
        .ae("anomaly score data -m run --normal-class none")
        .fails_with(&["--normal-class must be one of the items' classes (0, 1, ", "found none"]);
    let constant = vec![0_u8; 16 + 5 * SIDE * SIDE];
    let mut idx = constant.clone();
    idx[..16].copy_from_slice(&[0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 14, 0, 0, 0, 14]);
    sandbox.write("constant", idx);
    sandbox.ae("anomaly fit constant -m run -o c.safetensors").succeeds();
    sandbox
        .ae("anomaly fit constant -m run -o c.safetensors --score latent")
        .fails_with(&["the codes of the normal items do not vary"]);
    sandbox
        .ae("anomaly score constant -m run --normal-class 1")
        .fails_with(&["needs items with classes"]);
}

#[test]
fn rates_out_of_range_and_missing_items_are_refused() {
    let sandbox = Sandbox::with_run();
    for rate in ["0", "0.51", "nan", "-0.1"] {
        sandbox
            .ae(&format!("anomaly fit data -m run --contamination={rate}"))
            .refuses_with(&["expected a number above 0 and at most 0.5"]);
    }
    sandbox.ae("anomaly fit data -m run --quantile 1").refuses_with(&["above 0 and below 1"]);
    std::fs::create_dir(sandbox.path("empty")).unwrap();
    sandbox.ae("anomaly fit empty -m run").fails_with(&["empty"]);
}
