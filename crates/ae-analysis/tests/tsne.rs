//! t-SNE: groups come apart, neighbours stay, and nothing depends on the threads.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_analysis::{
    AnalysisError, Pca, Rows, TSNE_MOST_ROWS, classify_by_neighbours, trustworthiness, tsne,
};

const COLUMNS: usize = 10;
const GROUPS: usize = 8;

// import numpy as np
// i, c = np.arange(400)[:, None], np.arange(10)
// k = i % 8
// x = (k*5 + c*3 + k*c*7 + k*k) % 11 / 2 + (i*7919 + c*104729 + i*i*31*(c+1)) % 1009 / 504.5
fn grouped() -> Vec<f32> {
    let value = |i: usize, c: usize| {
        let k = i % GROUPS;
        let centre = ((k * 5 + c * 3 + k * c * 7 + k * k) % 11) as f32 / 2.0;
        centre + ((i * 7919 + c * 104_729 + i * i * 31 * (c + 1)) % 1009) as f32 / 504.5
    };
    (0..400).flat_map(|i| (0..COLUMNS).map(move |c| value(i, c))).collect()
}

fn mapped(values: &[f32]) -> Vec<f32> {
    tsne(Rows::new(values, COLUMNS).unwrap(), &mut |_, _| {}).unwrap()
}

#[test]
fn groups_come_apart_and_neighbours_stay_where_pca_mixes_them() {
    let values = grouped();
    let rows = Rows::new(&values, COLUMNS).unwrap();
    let labels: Vec<u8> = (0..400).map(|i| (i % GROUPS) as u8).collect();
    let judged = |map: &[f32]| {
        let map = Rows::new(map, 2).unwrap();
        // Each point is its own nearest neighbour; the other two outvote it, or agree.
        let found = classify_by_neighbours(map, &labels, map, 3).unwrap();
        let right = found.iter().zip(&labels).filter(|(a, b)| a == b).count();
        (trustworthiness(rows, map, 5).unwrap(), right)
    };
    let (trusted, right) = judged(&mapped(&values));
    let (by_pca, mixed) = judged(&Pca::fit(rows, 2).unwrap().encode(rows).unwrap());
    // from sklearn.manifold import TSNE, trustworthiness; from sklearn.decomposition import PCA
    // trustworthiness(x, TSNE(init="pca", method="exact").fit_transform(x)): 0.9876
    // trustworthiness(x, PCA(2).fit_transform(x)): 0.93998
    assert!(trusted > 0.98, "{trusted}");
    assert!((by_pca - 0.939_976).abs() < 1e-4, "{by_pca}");
    assert!(right == 400 && mixed < 390, "{right} {mixed}");
}

#[test]
fn the_same_bits_for_one_thread_and_three() {
    let values = grouped();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| mapped(&values).into_iter().map(f32::to_bits).collect::<Vec<_>>())
    };
    assert!(on(1) == on(3));
}

#[test]
fn few_rows_and_equal_ones_have_a_map_and_too_few_have_none() {
    let of = |values: &[f32]| tsne(Rows::new(values, 2).unwrap(), &mut |_, _| {});
    let mut steps = Vec::new();
    let map = tsne(
        Rows::new(&[0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 9.0, 9.0], 2).unwrap(),
        &mut |done, total| steps.push((done, total)),
    );
    assert!(map.unwrap().iter().all(|place| place.is_finite()));
    assert_eq!((steps.len(), steps.last()), (750, Some(&(750, 750))));

    // A hundred times the same row, and one other.
    let mut values = vec![0.25; 200];
    values.extend([0.5, 0.75]);
    let map = of(&values).unwrap();
    assert!(map.iter().all(|place| place.is_finite()), "{map:?}");
    assert_eq!(map[..2], map[2..4]);

    let said = |values: &[f32]| of(values).unwrap_err().to_string();
    assert_eq!(said(&[0.0; 6]), "the number of rows must be from 4 to 10000, found 3");
    assert_eq!(
        said(&[0.5; 16]),
        "the rows do not vary, so that no distance can be measured by them"
    );
    assert!(said(&[0.0, f32::NAN, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0]).contains("is NaN"));
    let many = vec![0.0; 2 * (TSNE_MOST_ROWS + 1)];
    assert!(matches!(of(&many), Err(AnalysisError::Range { .. })));
    let line = Rows::new(&[0.0, 1.0, 2.0, 3.0], 1).unwrap();
    let error = tsne(line, &mut |_, _| {}).unwrap_err().to_string();
    assert_eq!(error, "the number of components must be from 1 to 1, found 2");
}
