//! The learning rate of every step: a warm-up, then constant, linear or cosine.
//!
//! The first step is 0. The formulas are those of PyTorch's `LinearLR` and `CosineAnnealingLR`, combined by
//! `SequentialLR`. RiNALMo warms up from 1e-7 over 2000 steps and follows a cosine to 1e-5 over 200,000.

use serde::{Deserialize, Serialize};

/// A learning rate for every step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The highest rate, reached when the warm-up ends.
    pub peak: f64,
    /// The warm-up; the first step has the peak rate if it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<WarmUp>,
    /// The course after the warm-up.
    #[serde(default)]
    pub then: Course,
}

/// A linear increase to the peak.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarmUp {
    /// The rate of step 0.
    pub from: f64,
    /// The step that has the peak's rate.
    pub steps: u64,
}

/// The rate after its peak; `steps` are counted from there.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Course {
    /// Constant.
    #[default]
    Constant,
    /// Linear, then constant at its last rate.
    Linear {
        /// The last rate.
        to: f64,
        /// Its length in steps.
        steps: u64,
    },
    /// Half a cosine, `to + (peak − to)·(1 + cos(π·t/steps))/2`, then constant at its last rate. (PyTorch's would rise
    /// again.)
    Cosine {
        /// The last rate.
        to: f64,
        /// Its length in steps, PyTorch's `T_max`.
        steps: u64,
    },
}

impl Schedule {
    /// The same rate for every step.
    pub fn constant(rate: f64) -> Self {
        Self { peak: rate, warm_up: None, then: Course::Constant }
    }

    /// The published schedule of pre-training, with a peak of 5e-5 for giga and 1e-4 for smaller models.
    pub fn published(peak: f64) -> Self {
        Self {
            peak,
            warm_up: Some(WarmUp { from: 1e-7, steps: 2000 }),
            then: Course::Cosine { to: 1e-5, steps: 200_000 },
        }
    }

    /// The rate of a step, counted from 0.
    pub fn rate(&self, step: u64) -> f64 {
        let warm = self.warm_up.map_or(0, |warm_up| warm_up.steps);
        match self.warm_up {
            Some(WarmUp { from, steps }) if step < steps => from + (self.peak - from) * step as f64 / steps as f64,
            _ => self.then.rate(self.peak, step - warm),
        }
    }

    /// # Errors
    /// A sentence that names the invalid rate.
    pub(crate) fn check(&self) -> Result<(), String> {
        let to = match self.then {
            Course::Constant => None,
            Course::Linear { to, .. } | Course::Cosine { to, .. } => Some(("then.to", to)),
        };
        let from = self.warm_up.map(|warm_up| ("warm_up.from", warm_up.from));
        for (name, rate) in [Some(("peak", self.peak)), from, to].into_iter().flatten() {
            if !(rate.is_finite() && rate >= 0.0) {
                return Err(format!("schedule.{name} = {rate}, expected a number that is not negative"));
            }
        }
        Ok(())
    }
}

impl Course {
    fn rate(&self, peak: f64, step: u64) -> f64 {
        let passed = |steps: u64| if step >= steps { 1.0 } else { step as f64 / steps as f64 };
        match *self {
            Self::Constant => peak,
            Self::Linear { to, steps } => peak + (to - peak) * passed(steps),
            Self::Cosine { to, steps } => to + (peak - to) * (1.0 + (std::f64::consts::PI * passed(steps)).cos()) / 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12 * expected.abs().max(1e-9), "{found}, expected {expected}");
    }

    #[test]
    fn the_published_schedule_is_pytorchs() {
        // torch 2.11: SequentialLR([LinearLR(start_factor=1e-7/1e-4, total_iters=2000),
        // CosineAnnealingLR(T_max=200_000, eta_min=1e-5)], milestones=[2000]), get_last_lr() after so many steps.
        let schedule = Schedule::published(1e-4);
        GOLDEN.iter().for_each(|&(step, rate)| {
            let found = schedule.rate(step);
            assert!((found - rate).abs() < 1e-9 * rate, "step {step}: {found}, PyTorch {rate}");
        });
        near(schedule.rate(202_000), 1e-5);
        near(schedule.rate(300_000), 1e-5);
    }

    const GOLDEN: [(u64, f64); 9] = [
        (0, 9.999999999999998e-08),
        (1, 1.4995e-07),
        (1000, 5.004999999999993e-05),
        (1999, 9.995005000000064e-05),
        (2000, 0.0001),
        (2001, 9.999999999444835e-05),
        (52_000, 8.681980515339281e-05),
        (102_000, 5.500000000003902e-05),
        (152_000, 2.3180194846642766e-05),
    ];

    #[test]
    fn a_line_ends_at_its_end() {
        let then = Course::Linear { to: 1e-5, steps: 7000 };
        let schedule = Schedule { peak: 1e-4, warm_up: None, then };
        near(schedule.rate(0), 1e-4);
        near(schedule.rate(3500), 5.5e-5);
        near(schedule.rate(7000), 1e-5);
        near(schedule.rate(7001), 1e-5);
    }

    #[test]
    fn constant_and_empty_courses_have_a_rate_everywhere() {
        near(Schedule::constant(0.5).rate(u64::MAX), 0.5);
        let empty = Schedule { peak: 1.0, warm_up: None, then: Course::Cosine { to: 0.5, steps: 0 } };
        near(empty.rate(0), 0.5);
    }

    #[test]
    fn invalid_rates_are_named() {
        let complaint = Schedule { peak: f64::NAN, ..Schedule::published(1.0) }.check().unwrap_err();
        assert!(complaint.starts_with("schedule.peak = NaN"));
        assert!(Schedule::published(1e-4).check().is_ok());
    }

    #[test]
    fn it_reads_as_it_is_written() {
        for schedule in [Schedule::published(1e-4), Schedule::constant(1.0)] {
            let text = serde_json::to_string(&schedule).unwrap();
            assert_eq!(serde_json::from_str::<Schedule>(&text).unwrap(), schedule);
        }
    }
}
