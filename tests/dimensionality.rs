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
    let trusted = |map: &str| record["metrics"][format!("{map}_trustworthiness")].as_f64().unwrap();
    // x, t: training and test images / 255, flattened; q = PCA(d).fit(x)
    // sklearn.manifold.trustworthiness(t, q.transform(t), n_neighbors=5), d = 2, 3
    for (map, expected) in [("pca_2", 0.955_152_173_9), ("pca_3", 0.983_195_652_2)] {
        assert!((trusted(map) - expected).abs() < 1e-4, "{map}: {}", trusted(map));
    }
    // t-SNE keeps the neighbours of the codes that it maps, which have hardly been trained.
    assert!((trusted("tsne") - trusted("autoencoder_3")).abs() < 0.1, "{}", trusted("tsne"));
    for map in ["autoencoder_2", "autoencoder_3"] {
        assert!(trusted(map) < trusted("pca_2"), "{map}: {}", trusted(map));
    }
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
