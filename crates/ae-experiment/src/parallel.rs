//! Two tasks in parallel, with a fixed order of their errors.

use crate::ExperimentError;

/// Runs two tasks in parallel. If both fail, the error of the first one is returned, whichever failed earlier.
pub(crate) fn in_order<A: Send, B: Send>(
    first: impl FnOnce() -> Result<A, ExperimentError> + Send,
    second: impl FnOnce() -> Result<B, ExperimentError> + Send,
) -> Result<(A, B), ExperimentError> {
    let (first, second) = rayon::join(first, second);
    Ok((first?, second?))
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use super::*;

    fn failure(name: &str) -> ExperimentError {
        ExperimentError::Study { name: name.to_owned() }
    }

    #[test]
    fn of_two_failures_the_first_in_order_is_returned() {
        let late = || {
            thread::sleep(Duration::from_millis(20));
            Err::<(), _>(failure("first"))
        };
        let error = in_order(late, || Err::<(), _>(failure("second"))).unwrap_err();
        assert_eq!(error.to_string(), failure("first").to_string());
        assert_eq!(in_order(|| Ok(1), || Ok(2)).unwrap(), (1, 2));
        let error = in_order(|| Ok(1), || Err::<(), _>(failure("second"))).unwrap_err();
        assert_eq!(error.to_string(), failure("second").to_string());
    }
}
