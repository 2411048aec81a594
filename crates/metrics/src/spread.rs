//! Mean and standard deviation of repeated measurements.

/// Mean and sample standard deviation. The deviation of a single value is 0; both are 0 without values.
///
/// ```
/// assert_eq!(rinalmo_metrics::spread::spread(&[1.0, 3.0]), (2.0, 2f64.sqrt()));
/// ```
pub fn spread(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count.max(1.0);
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 })
}
