//! Least squares.

/// A measured time, and what it depends on.
pub(crate) type Row = (Vec<f64>, f64);

/// Returns the coefficients by which the sum of squared deviations is smallest, from the normal equations.
pub(crate) fn fit(rows: &[Row]) -> Vec<f64> {
    let width = rows.first().map_or(0, |(row, _)| row.len());
    let sum = |term: &dyn Fn(&Row) -> f64| rows.iter().map(term).sum::<f64>();
    let mut equations: Vec<Vec<f64>> = (0..width)
        .map(|one| {
            let products = (0..width).map(|other| sum(&|(row, _)| row[one] * row[other]));
            products.chain([sum(&|(row, time)| row[one] * time)]).collect()
        })
        .collect();
    for pivot in 0..width {
        // The matrix of normal equations is positive definite: no pivot is zero.
        let by = equations[pivot][pivot];
        equations[pivot].iter_mut().for_each(|value| *value /= by);
        let solved = equations[pivot].clone();
        for (_, equation) in equations.iter_mut().enumerate().filter(|(index, _)| *index != pivot) {
            let by = equation[pivot];
            equation.iter_mut().zip(&solved).for_each(|(value, solved)| *value -= by * solved);
        }
    }
    equations.iter().filter_map(|equation| equation.last().copied()).collect()
}

/// Returns by which factor the measured time is above or below the fitted one, at most.
pub(crate) fn largest_deviation(rows: &[Row], coefficients: &[f64]) -> f64 {
    let deviation = |(row, time): &Row| {
        let fitted: f64 = row.iter().zip(coefficients).map(|(value, by)| value * by).sum();
        (time / fitted).max(fitted / time)
    };
    rows.iter().map(deviation).fold(1.0, f64::max)
}
