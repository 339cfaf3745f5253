//! What codes are worth, against scikit-learn.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_analysis::{
    AnalysisError, LogisticRegression, Pca, Rows, accuracy, classify_by_neighbours, nearest,
    trustworthiness,
};
use ae_random::Seed;

const COLUMNS: usize = 5;

// import numpy as np
// i, c = np.arange(60), np.arange(5)
// x = ((i[:, None]*7 + c*13 + (i[:, None]*c) % 11) % 23).astype(np.float32)
fn rows() -> Vec<f32> {
    let value =
        |row: usize, column: usize| ((row * 7 + column * 13 + row * column % 11) % 23) as f32;
    (0..60).flat_map(|row| (0..COLUMNS).map(move |column| value(row, column))).collect()
}

// y = (x[:, 0] + 2*x[:, 1] > 30).astype(int) + (x[:, 2] > 12)
fn labels(values: &[f32]) -> Vec<u8> {
    let label = |row: &[f32]| u8::from(row[0] + 2.0 * row[1] > 30.0) + u8::from(row[2] > 12.0);
    values.chunks(COLUMNS).map(label).collect()
}

// d = ((x[:, None] - x)**2).sum(-1)
// [sorted(range(60), key=lambda j: (d[q, j], j))[:3] for q in range(4)]
#[test]
fn neighbours_come_by_distance_then_by_index() {
    let values = rows();
    let rows = Rows::new(&values, COLUMNS).unwrap();
    let found = nearest(rows, Rows::new(&values[..4 * COLUMNS], COLUMNS).unwrap(), 3).unwrap();
    assert_eq!(found, [0, 33, 23, 1, 34, 44, 2, 35, 45, 3, 36, 48]);
}

#[test]
fn a_tied_vote_goes_to_the_nearest() {
    let line = [0.0, 1.0, 3.0, 4.0];
    let references = Rows::new(&line, 1).unwrap();
    let classes = |at: f32, k| {
        classify_by_neighbours(references, &[7, 2, 2, 7], Rows::new(&[at], 1).unwrap(), k).unwrap()
    };
    assert_eq!(classes(0.2, 2), [7]);
    assert_eq!(classes(0.9, 2), [2]);
    assert_eq!(classes(0.2, 3), [2]);
    assert_eq!(classes(9.0, 4), [7]);
}

#[test]
fn many_neighbours_are_those_of_a_plain_search() {
    let mut values = vec![0.0; 2500 * 3];
    Seed::new(3).stream("rows").fill_uniform(&mut values);
    let rows = Rows::new(&values, 3).unwrap();
    let queries = Rows::new(&values[..300 * 3], 3).unwrap();
    let found = nearest(rows, queries, 7).unwrap();
    let mut different = 0;
    for (query, found) in queries.iter().zip(found.chunks(7)) {
        let distance = |row: usize| -> f32 {
            rows.row(row).iter().zip(query).map(|(a, b)| (a - b) * (a - b)).sum()
        };
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|&a, &b| distance(a).total_cmp(&distance(b)));
        different += found.iter().zip(order).filter(|&(&a, b)| a as usize != b).count();
    }
    // Distances that agree to the last bits may change places.
    assert!(different <= 4, "{different} of 2100");
}

/// Far from the origin the terms of a distance are 1e10 times as large as the distance.
#[test]
fn a_large_translation_changes_no_neighbour() {
    fn rows(values: &[f32], columns: usize) -> Rows<'_> {
        Rows::new(values, columns).unwrap()
    }
    // Whole numbers, so that a translation changes no difference, and queries beside the references.
    let value = |i: usize, c: usize| ((i * 35 + c * 271 + i * i * (c + 3)) % 509) as f32;
    let near: Vec<f32> = (0..40).flat_map(|i| (0..4).map(move |c| value(i, c))).collect();
    let queries: Vec<f32> = near[..80].iter().map(|value| value + 1.0).collect();
    let plane: Vec<f32> = near.chunks(4).flat_map(|row| [row[0], row[1]]).collect();
    let expected = nearest(rows(&near, 4), rows(&queries, 4), 5).unwrap();
    let trusted = trustworthiness(rows(&near, 4), rows(&plane, 2), 5).unwrap();
    assert!(trusted > 0.5 && trusted < 0.99, "{trusted}");
    for shift in [1e4_f32, -1e5, 1e6, 8e6] {
        let [near, queries, plane] = [&near, &queries, &plane]
            .map(|values| values.iter().map(|value| value + shift).collect::<Vec<f32>>());
        let found = nearest(rows(&near, 4), rows(&queries, 4), 5).unwrap();
        assert_eq!(found, expected, "{shift}");
        let found = trustworthiness(rows(&near, 4), rows(&plane, 2), 5).unwrap();
        assert_eq!(found, trusted, "{shift}");
    }
}

// from sklearn.manifold import trustworthiness
// i, c = np.arange(24), np.arange(5)
// s = ((i[:, None]*35 + c*271 + i[:, None]**2*(c+3)) % 509).astype(float)
// trustworthiness(s, s[:, :2], n_neighbors=5)
// No two distances are equal, so that no order of ties comes in.
#[test]
fn trustworthiness_is_scikit_learns() {
    let value = |i: usize, c: usize| ((i * 35 + c * 271 + i * i * (c + 3)) % 509) as f32;
    let all = |columns: usize| -> Vec<f32> {
        (0..24).flat_map(|i| (0..columns).map(move |c| value(i, c))).collect()
    };
    let (values, plane) = (all(COLUMNS), all(2));
    let data = Rows::new(&values, COLUMNS).unwrap();
    let found = trustworthiness(data, Rows::new(&plane, 2).unwrap(), 5).unwrap();
    assert!((found - 0.732_291_666_7).abs() < 1e-9, "{found}");
    assert_eq!(trustworthiness(data, data, 5).unwrap(), 1.0);
}

// from sklearn.linear_model import LogisticRegression; from sklearn.preprocessing import StandardScaler
// z = StandardScaler().fit_transform(x.astype(float))
// LogisticRegression(C=1.0, tol=1e-8, max_iter=10000).fit(z, y).score(z, y)
#[test]
fn logistic_regression_is_scikit_learns() {
    let values = rows();
    let rows = Rows::new(&values, COLUMNS).unwrap();
    let labels = labels(&values);
    let found = LogisticRegression::fit(rows, &labels).unwrap().predict(rows).unwrap();
    assert!((accuracy(&found, &labels) - 0.916_667).abs() < 1e-6);
    let wrong: Vec<usize> = (0..60).filter(|&row| found[row] != labels[row]).collect();
    assert_eq!(wrong, [10, 24, 34, 55, 56]);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let mut values = vec![0.0; 5000 * 8];
    Seed::new(4).stream("rows").fill_normal(&mut values);
    let rows = Rows::new(&values, 8).unwrap();
    let labels: Vec<u8> = rows.iter().map(|row| u8::from(row[0] * row[1] + row[2] > 0.0)).collect();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let fitted = LogisticRegression::fit(rows, &labels).unwrap();
            (fitted, nearest(rows, rows, 4).unwrap())
        })
    };
    assert!(run(1) == run(3));
}

#[test]
fn what_cannot_be_learned_is_refused() {
    let values = rows();
    let rows = Rows::new(&values, COLUMNS).unwrap();
    let refused = |result: Result<(), AnalysisError>, expected: &str| {
        assert_eq!(result.unwrap_err().to_string(), expected);
    };
    refused(
        LogisticRegression::fit(rows, &[3; 60]).map(drop),
        "the number of classes must be from 2 to 256, found 1",
    );
    refused(
        classify_by_neighbours(rows, &[1; 59], rows, 1).map(drop),
        "expected 60 labels, found 59",
    );
    refused(
        nearest(rows, rows, 61).map(drop),
        "the number of neighbours must be from 1 to 60, found 61",
    );
}

#[test]
fn fewer_components_are_the_first_of_more() {
    let values = rows();
    let rows = Rows::new(&values, COLUMNS).unwrap();
    let all = Pca::fit(rows, 4).unwrap();
    assert_eq!(all.truncated(2).unwrap(), Pca::fit(rows, 2).unwrap());
    assert!(all.truncated(5).is_err());
}
