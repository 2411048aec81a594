//! Progress of a download, on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rinalmo::corpus::sources::Progress;

use crate::context::Context;
use crate::io::say::say;

/// A bar for the current file, and lines for messages that stay.
pub struct DownloadBar {
    bar: ProgressBar,
    quiet: bool,
}

impl DownloadBar {
    /// Drawn if standard error is a terminal and `-q` is not given.
    pub fn new(context: &Context) -> Self {
        let target = if context.quiet() { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        bar.set_style(ProgressStyle::with_template(style).expect("the template is well formed"));
        Self { bar, quiet: context.quiet() }
    }

    /// Shows one event.
    pub fn show(&self, progress: Progress<'_>) {
        match progress {
            Progress::Waiting { file } => self.line(&format!("{file}: another process is fetching it; waiting")),
            Progress::Asking { url } => self.bar.set_message(format!("reading {url}")),
            Progress::Fetching { file, done, total } => self.step(file.to_string(), done, total),
            Progress::Checking { file, done, total } => self.step(format!("checking {file}"), done, Some(total)),
            Progress::Retrying { file, attempt, wait, cause } => {
                self.line(&format!("{file}: {cause}; attempt {attempt} in {:.0} s", wait.as_secs_f32()));
            }
            Progress::Done { file, present } => {
                self.line(&format!("{file}: {}", if present { "already here" } else { "done" }));
            }
            _ => {}
        }
    }

    fn step(&self, what: String, done: u64, total: Option<u64>) {
        self.bar.set_message(what);
        if let Some(total) = total {
            self.bar.set_length(total);
        }
        self.bar.set_position(done);
    }

    fn line(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| say(text));
        }
    }

    /// Removes the bar.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
