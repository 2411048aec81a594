//! What the server did, as text that Prometheus reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper ends of the classes of times, in seconds.
const SECONDS: [f64; 9] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0];

/// Counts since the start.
#[derive(Default)]
pub struct Metrics {
    /// By path and status code.
    requests: Mutex<BTreeMap<(String, u16), u64>>,
    /// By path.
    times: Mutex<BTreeMap<String, Times>>,
    batches: AtomicU64,
    batched: AtomicU64,
    bases: AtomicU64,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Times {
    classes: [u64; SECONDS.len()],
    count: u64,
    sum: f64,
}

impl Metrics {
    /// Counts a request that was answered.
    pub fn request(&self, path: &str, status: u16, time: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry((path.to_owned(), status)).or_default() += 1;
        drop(requests);
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let times = times.entry(path.to_owned()).or_default();
        let seconds = time.as_secs_f64();
        times.count += 1;
        times.sum += seconds;
        for (class, end) in times.classes.iter_mut().zip(SECONDS) {
            *class += u64::from(seconds <= end);
        }
    }

    /// Counts a call of a model with all requests that it answers, and their bases.
    pub fn batch(&self, requests: usize, bases: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.batched.fetch_add(requests as u64, Ordering::Relaxed);
        self.bases.fetch_add(bases as u64, Ordering::Relaxed);
    }

    /// Counts requests that nobody waited for any more, so that they were not computed.
    pub fn dropped(&self, requests: usize) {
        self.dropped.fetch_add(requests as u64, Ordering::Relaxed);
    }

    /// The text, with what is true now: names, descriptions, values.
    pub fn text(&self, now: &[(&str, &str, u64)]) -> String {
        let mut text = String::new();
        self.write(&mut text, now).expect("writing to a string does not fail");
        text
    }

    fn write(&self, text: &mut String, now: &[(&str, &str, u64)]) -> std::fmt::Result {
        writeln!(text, "# HELP rinalmo_requests_total Requests that were answered.")?;
        writeln!(text, "# TYPE rinalmo_requests_total counter")?;
        for ((path, status), count) in &*self.requests.lock().unwrap_or_else(PoisonError::into_inner) {
            writeln!(text, "rinalmo_requests_total{{path=\"{path}\",status=\"{status}\"}} {count}")?;
        }
        writeln!(text, "# HELP rinalmo_request_seconds Time from the head of a request to its answer.")?;
        writeln!(text, "# TYPE rinalmo_request_seconds histogram")?;
        for (path, times) in &*self.times.lock().unwrap_or_else(PoisonError::into_inner) {
            for (class, end) in times.classes.iter().zip(SECONDS) {
                writeln!(text, "rinalmo_request_seconds_bucket{{path=\"{path}\",le=\"{end}\"}} {class}")?;
            }
            writeln!(text, "rinalmo_request_seconds_bucket{{path=\"{path}\",le=\"+Inf\"}} {}", times.count)?;
            writeln!(text, "rinalmo_request_seconds_sum{{path=\"{path}\"}} {}", times.sum)?;
            writeln!(text, "rinalmo_request_seconds_count{{path=\"{path}\"}} {}", times.count)?;
        }
        let get = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = [
            ("batches_total", "Calls of models.", get(&self.batches)),
            ("batched_requests_total", "Requests in these calls.", get(&self.batched)),
            ("bases_total", "Bases in these calls.", get(&self.bases)),
            ("dropped_requests_total", "Requests whose client was gone before its turn.", get(&self.dropped)),
        ];
        for (kind, rows) in [("counter", &counts[..]), ("gauge", now)] {
            for (name, help, value) in rows {
                writeln!(text, "# HELP rinalmo_{name} {help}\n# TYPE rinalmo_{name} {kind}\nrinalmo_{name} {value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_times_are_cumulative() {
        let metrics = Metrics::default();
        metrics.request("/v1/fold", 200, Duration::from_millis(20));
        metrics.request("/v1/fold", 200, Duration::from_secs(2));
        metrics.batch(2, 100);
        let text = metrics.text(&[("waiting_requests", "Requests that wait.", 3)]);
        for line in [
            "rinalmo_requests_total{path=\"/v1/fold\",status=\"200\"} 2",
            "rinalmo_request_seconds_bucket{path=\"/v1/fold\",le=\"0.01\"} 0",
            "rinalmo_request_seconds_bucket{path=\"/v1/fold\",le=\"0.03\"} 1",
            "rinalmo_request_seconds_bucket{path=\"/v1/fold\",le=\"+Inf\"} 2",
            "rinalmo_bases_total 100",
            "rinalmo_waiting_requests 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
