//! How tests compare a number with a published one.

/// Checks that there is a number and how far it is from another at most.
#[track_caller]
pub(crate) fn close(actual: Option<f64>, expected: f64, tolerance: f64) {
    let actual = actual.unwrap();
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} is not {expected}"
    );
}
