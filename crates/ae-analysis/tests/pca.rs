//! PCA against scikit-learn, and what must hold of it for any rows.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test may panic")]

use ae_analysis::{AnalysisError, Pca, Rows};
use ae_random::Seed;

const COLUMNS: usize = 5;

/// 40 rows by a rule that Python can follow.
fn rows() -> Vec<f32> {
    let value = |row: usize, column: usize| {
        ((row * 7 + column * 13) % 11) as f32 / 11.0 + ((row * column) % 5) as f32 / 10.0
    };
    (0..40).flat_map(|row| (0..COLUMNS).map(move |column| value(row, column))).collect()
}

// import numpy as np
// from sklearn.decomposition import PCA
// x = np.array([[((r*7+c*13) % 11)/11 + ((r*c) % 5)/10 for c in range(5)] for r in range(40)])
// p = PCA(3, svd_solver="full").fit(x.astype(np.float32))
// z = p.inverse_transform(p.transform(x))
// print(p.explained_variance_, ((z - x)**2).sum(1).mean(), p.mean_)
// c = p.components_; print(c * np.sign(c[np.arange(3), np.abs(c).argmax(1)])[:, None])
#[test]
fn it_is_what_scikit_learn_finds() {
    let values = rows();
    let rows = Rows::new(&values, COLUMNS).unwrap();
    let pca = Pca::fit(rows, 3).unwrap();
    let near = |found: f64, expected: f64| {
        assert!((found - expected).abs() < 2e-5, "{found} instead of {expected}");
    };
    for (&found, expected) in pca.variances().iter().zip([0.190001, 0.140538, 0.069341]) {
        near(found, expected);
    }
    let directions: [[f64; COLUMNS]; 3] = [
        [0.19750, 0.59290, 0.32317, -0.42712, -0.56797],
        [-0.63133, 0.01595, 0.65499, 0.39494, -0.12718],
        [-0.03080, -0.09634, 0.46749, -0.62056, 0.62139],
    ];
    // The sign that makes the largest entry positive: the first direction's is turned round.
    for (found, expected) in pca.directions().chunks(COLUMNS).zip(directions) {
        let largest = expected.iter().fold(0.0_f64, |a, &b| if b.abs() > a.abs() { b } else { a });
        for (&found, expected) in found.iter().zip(expected) {
            near(f64::from(found), expected * largest.signum());
        }
    }
    for (&found, expected) in
        pca.mean().iter().zip([0.459091, 0.640909, 0.647727, 0.654545, 0.661364])
    {
        near(f64::from(found), expected);
    }
    let again = pca.reconstruct(rows).unwrap();
    let error: f32 = again.iter().zip(&values).map(|(a, b)| (a - b) * (a - b)).sum();
    near(f64::from(error) / 40.0, 0.097131);
}

#[test]
fn all_components_lose_nothing_and_codes_have_the_variances() {
    let mut values = vec![0.0; 1200 * 7];
    Seed::new(5).stream("rows").fill_normal(&mut values);
    let rows = Rows::new(&values, 7).unwrap();
    let pca = Pca::fit(rows, 7).unwrap();
    for (a, b) in pca.reconstruct(rows).unwrap().iter().zip(&values) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
    let codes = pca.encode(rows).unwrap();
    for (place, &variance) in pca.variances().iter().enumerate() {
        let squares: f64 = codes.chunks(7).map(|code| f64::from(code[place]).powi(2)).sum();
        assert!((squares / 1199.0 - variance).abs() < 1e-4, "{place}");
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let mut values = vec![0.0; 5000 * 20];
    Seed::new(6).stream("rows").fill_normal(&mut values);
    let fit = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Pca::fit(Rows::new(&values, 20).unwrap(), 4).unwrap())
    };
    assert_eq!(fit(1), fit(3));
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let values = rows();
    let fit = |values: &[f32], columns, components| {
        Rows::new(values, columns).and_then(|rows| Pca::fit(rows, components)).unwrap_err()
    };
    assert!(matches!(fit(&values, 3, 1), AnalysisError::NotWholeRows { columns: 3, values: 200 }));
    assert!(matches!(fit(&[], 3, 1), AnalysisError::NotWholeRows { .. }));
    assert_eq!(
        fit(&values, COLUMNS, 6).to_string(),
        "the number of components must be from 1 to 5, found 6"
    );
    assert_eq!(
        fit(&values, COLUMNS, 0).to_string(),
        "the number of components must be from 1 to 5, found 0"
    );
    assert!(matches!(fit(&values[..5], COLUMNS, 1), AnalysisError::Range { least: 2, .. }));
    let mut damaged = values.clone();
    damaged[7] = f32::NAN;
    assert_eq!(
        fit(&damaged, COLUMNS, 1).to_string(),
        "number 2 of row 1 is NaN, expected a finite number"
    );
    let pca = Pca::fit(Rows::new(&values, COLUMNS).unwrap(), 2).unwrap();
    let error = pca.encode(Rows::new(&values, 4).unwrap()).unwrap_err();
    assert!(matches!(error, AnalysisError::Columns { expected: 5, found: 4 }));
}

#[test]
fn constant_rows_have_no_variance() {
    let values = [0.5; 30];
    let pca = Pca::fit(Rows::new(&values, 3).unwrap(), 2).unwrap();
    assert_eq!(pca.variances(), [0.0, 0.0]);
    assert_eq!(pca.reconstruct(Rows::new(&values, 3).unwrap()).unwrap(), values);
}

/// The mean squared error of reconstructions.
fn error_of(pca: &Pca, rows: Rows<'_>) -> f64 {
    let found = pca.reconstruct(rows).unwrap();
    let squares = found.iter().zip(rows.values()).map(|(y, x)| f64::from(y - x).powi(2));
    squares.sum::<f64>() / found.len() as f64
}

#[test]
fn subspace_iteration_finds_the_plane_of_the_whole_decomposition() {
    // Decreasing variances and noise, as pictures have; more columns than rows, and fewer.
    for (count, columns) in [(60, 200), (400, 50), (40, COLUMNS)] {
        let mut normals = vec![0.0; count * (columns + 20)];
        Seed::new(3).stream("test").fill_uniform(&mut normals);
        let (factors, noise) = normals.split_at(count * 20);
        let value = |row: usize, column: usize| {
            let wave = |k: usize| ((column * (k + 1)) as f32 * 0.37).sin() / (k + 1) as f32;
            let signal: f32 = (0..20).map(|k| factors[row * 20 + k] * wave(k)).sum();
            signal + 0.05 * noise[row * columns + column]
        };
        let values: Vec<f32> = (0..count)
            .flat_map(|row| (0..columns).map(move |column| (row, column)))
            .map(|(row, column)| value(row, column))
            .collect();
        let rows = Rows::new(&values, columns).unwrap();
        for components in [1, 4] {
            let exact = error_of(&Pca::fit(rows, components).unwrap(), rows);
            let pca = Pca::approximate(rows, components).unwrap();
            let found = error_of(&pca, rows);
            assert!(found < 1.002 * exact, "{components} of {columns}: {found} for {exact}");
            assert!(pca.variances().is_sorted_by(|a, b| a >= b));
        }
    }
}

#[test]
fn rows_of_lower_rank_have_fewer_directions_and_no_error() {
    // All on a line: of three directions two are nothing.
    let values: Vec<f32> =
        (0..20).flat_map(|row| [1.0, 2.0, -1.0, 0.5].map(|x| x * row as f32)).collect();
    let rows = Rows::new(&values, 4).unwrap();
    let pca = Pca::approximate(rows, 3).unwrap();
    assert!(error_of(&pca, rows) < 1e-8);
    let same = [2.0_f32; 12];
    let constant = Pca::approximate(Rows::new(&same, 4).unwrap(), 2).unwrap();
    assert_eq!(error_of(&constant, Rows::new(&same, 4).unwrap()), 0.0);
}
