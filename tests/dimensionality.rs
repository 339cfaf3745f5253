//! The study of dimensionality reduction, on small data.

use crate::support::{SPEC, Sandbox};

const STUDY: &str = r#"
[study]
kind = "dimensionality-reduction"
hidden = [8]
dimensions = [2, 3]
"#;

#[test]
fn the_study_leaves_maps_a_grid_a_way_and_a_table() {
    let sandbox = Sandbox::with_data();
    let regular = SPEC.replace("kind = \"denoising\"", "kind = \"regular\"");
    let regular =
        regular.replace("[corruption]\nnoise = \"gaussian:0.5\"\ndrawn = \"every-epoch\"\n", "");
    sandbox.write("study.toml", regular + STUDY);
    sandbox.ae("study study.toml --out study --progress none").succeeds();
    let record = sandbox.read_json("study/record.json");
    for metric in ["autoencoder_2", "pca_2", "autoencoder_3", "pca_3"] {
        let trusted = record["metrics"][format!("{metric}_trustworthiness")].as_f64().unwrap();
        assert!((0.3..=1.0).contains(&trusted), "{metric}: {trusted}");
    }
    assert!(record["metrics"]["tsne_trustworthiness"].is_number());
    for figure in ["map-autoencoder", "map-pca", "map-tsne", "decoded-plane", "interpolation"] {
        assert!(sandbox.read(&format!("study/{figure}.png")).starts_with(b"\x89PNG"), "{figure}");
        assert!(sandbox.read_text(&format!("study/{figure}.svg")).starts_with("<svg"), "{figure}");
    }
    let table = sandbox.read_text("study/dimensions.csv");
    assert!(table.starts_with("dimensions,method,mse,ssim,trustworthiness,"), "{table}");
    assert_eq!(table.lines().count(), 5);
    // Nothing of it is foreign to the folder.
    sandbox.ae("study study.toml --out study --progress none --force --threads 1").succeeds();
    assert_eq!(sandbox.read_json("study/record.json")["metrics"], record["metrics"]);
}
