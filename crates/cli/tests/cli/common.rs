//! An empty folder with a ready command, and sequences to give it.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A folder in which commands run, with a model cache of its own.
pub struct Sandbox {
    folder: TempDir,
}

/// How a command ended.
pub struct Run {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error, the sandbox's folder written as `[folder]`.
    pub err: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file; gives the sandbox back, so that files can be listed one after another.
    pub fn with(self, name: &str, contents: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), contents).unwrap();
        self
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of the files in a folder, sorted.
    pub fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The program in this folder, its arguments given as words.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("rinalmo"));
        command.current_dir(self.folder.path()).args(words.split_whitespace());
        command.env("RINALMO_HOME", self.path("home")).env_remove("RINALMO_MIRROR").env("RUST_BACKTRACE", "0");
        command.env("RINALMO_PROGRESS_SECONDS", "3600"); // a slow machine prints no lines in between
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program with no input.
    pub fn run(&self, words: &str) -> Run {
        self.finish(assert_cmd::Command::from_std(self.command(words)))
    }

    /// Runs the program with this standard input.
    pub fn pipe(&self, words: &str, input: impl Into<Vec<u8>>) -> Run {
        let mut command = assert_cmd::Command::from_std(self.command(words));
        command.write_stdin(input);
        self.finish(command)
    }

    /// Runs a command made by [`Self::command`].
    pub fn finish(&self, mut command: assert_cmd::Command) -> Run {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Run {
            code: output.status.code().unwrap_or(-1),
            out: text(output.stdout),
            err: text(output.stderr).replace(&*self.folder.path().to_string_lossy(), "[folder]"),
        }
    }

    /// Starts the program with its output in pipes.
    pub fn spawn(&self, words: &str) -> Child {
        self.command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

impl Run {
    /// The run, if it ended with code 0 and said nothing but its results.
    #[track_caller]
    pub fn done(self) -> Self {
        assert!(self.code == 0 && self.err.is_empty(), "{self}");
        self
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, out, err } = self;
        writeln!(f, "exit {code}")?;
        [("out", out), ("err", err)].into_iter().filter(|(_, text)| !text.is_empty()).try_for_each(|(name, text)| {
            let end = if text.ends_with('\n') { "" } else { "(no end of line)\n" };
            write!(f, "[{name}]\n{text}{end}")
        })
    }
}

/// Three short records; the first and second are one sequence in two spellings.
pub const SMALL: &str = ">hp a hairpin\nGGGGAAAACCCC\n>low\nggggaaaacccc\n>T\nGGGGTTTTCCCCT\n";

/// A FASTA of `count` sequences of `len` bases, the same every time, called r1, r2, ...
pub fn random_fasta(count: usize, len: impl Fn(usize) -> usize) -> String {
    let mut state = 1_u64;
    let mut base = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407); // Knuth's MMIX generator
        char::from(b"ACGU"[(state >> 62) as usize])
    };
    (1..=count).map(|i| format!(">r{i}\n{}\n", (0..len(i)).map(|_| base()).collect::<String>())).collect()
}

/// A checkpoint of the shared fixtures; none, with a remark, where they are not.
pub fn fixture(name: &str) -> Option<String> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/fixtures")).join(name);
    match path.exists() {
        true => Some(path.to_string_lossy().into_owned()),
        false => {
            rinalmo_skips::skip!("no {}", path.display());
            None
        }
    }
}

impl Run {
    /// The run, if it ended with code 0.
    #[track_caller]
    pub fn well(self) -> Self {
        assert!(self.code == 0, "{self}");
        self
    }

    /// What it said, if it could not run.
    #[track_caller]
    pub fn refused(self) -> String {
        assert!(self.code == 2 && self.out.is_empty(), "{self}");
        self.err
    }
}

/// A model that trains in no time, from nothing.
pub const TINY: &str = "\
[model]
dim = 16
blocks = 2
heads = 2

[data]
batch = 2

[unfreeze]
after = 1
blocks = 1
every = 1

[train]
validate = \"epoch\"
save = { steps = 3 }
schedule = { peak = 3e-3, then = { linear = { to = 1e-3, steps = 20 } } }
optimizer = { rule = \"adam\", weight_decay = 0.0 }
until = { epochs = 3 }
explosion = inf
";

/// Hairpins as a table.
pub fn hairpins(count: usize) -> String {
    let mut text = "name\tseq\tstruct\n".to_owned();
    for number in 0..count {
        let (stem, inside) = (3 + number % 4, 4 + number % 3);
        let sequence = ["G".repeat(stem), "A".repeat(inside), "C".repeat(stem)].concat();
        let brackets = ["(".repeat(stem), ".".repeat(inside), ")".repeat(stem)].concat();
        let _ = writeln!(text, "h{number}\t{sequence}\t{brackets}"); // a string takes everything
    }
    text
}
