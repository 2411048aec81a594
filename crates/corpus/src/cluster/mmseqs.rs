//! The engine of the paper: `mmseqs easy-linclust` (MMseqs2; Steinegger & Söding 2017, 2018), run as a program.
//!
//! Unlike [`Builtin`](super::Builtin), it always compares both strands, and requires an E-value of at most 10⁻³ of
//! gapped hits, which sequences of some 20 bases cannot reach.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use super::{Clusters, Engine, Error, Options, Sequences};

/// Lines of a failed program's output that are shown.
const SHOWN_LINES: usize = 12;

/// `mmseqs easy-linclust`, with the files it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mmseqs {
    /// The program: a path, or a name that is searched for on `PATH`.
    pub program: PathBuf,
    /// The folder for its temporary folder; the system's if `None`.
    pub scratch: Option<PathBuf>,
    /// Further arguments of `easy-linclust`, after ours.
    pub arguments: Vec<String>,
}

impl Default for Mmseqs {
    fn default() -> Self {
        Self { program: "mmseqs".into(), scratch: None, arguments: Vec::new() }
    }
}

impl Engine for Mmseqs {
    fn name(&self) -> &'static str {
        "mmseqs"
    }

    fn version(&self) -> Result<String, Error> {
        let output = Command::new(&self.program).arg("version").stdin(Stdio::null()).output();
        let output = output.map_err(|source| self.missing(source))?;
        if !output.status.success() {
            let said = last_lines(&String::from_utf8_lossy(&output.stderr));
            return Err(self.failed("version", output.status, said));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn cluster(&self, sequences: &dyn Sequences, options: &Options) -> Result<Clusters, Error> {
        options.check()?;
        if sequences.count() >= u32::MAX as usize {
            return Err(Error::TooMany { count: sequences.count() });
        }
        self.version()?;
        let parent = self.scratch.clone().unwrap_or_else(std::env::temp_dir);
        // Removed when it goes out of scope, also after an error.
        let folder = tempfile::Builder::new().prefix("rinalmo-mmseqs-").tempdir_in(&parent);
        let folder = folder.map_err(|source| Error::Scratch { folder: parent, source })?;
        let scratch = |source| Error::Scratch { folder: folder.path().to_owned(), source };
        let written = write_fasta(sequences, &folder.path().join("input.fa")).map_err(scratch)?;
        if written == 0 {
            return Clusters::new((0..sequences.count() as u32).collect());
        }
        self.run(folder.path(), options)?;
        let answer = File::open(folder.path().join("out_cluster.tsv")).map_err(scratch)?;
        read_answer(BufReader::new(answer), sequences).map_err(|error| error.unwrap_or_else(scratch))
    }
}

impl Mmseqs {
    fn run(&self, folder: &Path, options: &Options) -> Result<(), Error> {
        let scratch = |source| Error::Scratch { folder: folder.to_owned(), source };
        let log = folder.join("log");
        let output = File::create(&log).map_err(scratch)?;
        let errors = output.try_clone().map_err(scratch)?;
        // It runs in its own folder, where a relative path would lead elsewhere; a bare name does not.
        let path = self.program.components().nth(1).and_then(|_| std::path::absolute(&self.program).ok());
        let mut command = Command::new(path.as_ref().unwrap_or(&self.program));
        command.arg("easy-linclust").args(["input.fa", "out", "tmp"]).current_dir(folder);
        command.args(["--dbtype", "2", "--cov-mode", &options.mode.number().to_string()]);
        command.args(["--min-seq-id", &options.identity.to_string(), "-c", &options.coverage.to_string()]);
        command.args(["--split-memory-limit", &format!("{}B", options.memory)]);
        command.args(["--threads", &rayon::current_num_threads().to_string()]).args(&self.arguments);
        let status = command.stdin(Stdio::null()).stdout(output).stderr(errors).status();
        let status = status.map_err(|source| self.missing(source))?;
        if status.success() {
            return Ok(());
        }
        let said = fs::read(log).map_err(scratch)?;
        Err(self.failed("easy-linclust", status, last_lines(&String::from_utf8_lossy(&said))))
    }

    fn missing(&self, source: io::Error) -> Error {
        Error::Missing { program: self.program.clone(), source }
    }

    fn failed(&self, action: &'static str, status: std::process::ExitStatus, said: String) -> Error {
        Error::Failed { program: self.program.clone(), action, status, said }
    }
}

/// Writes all sequences that are not empty, numbered, and says how many those are.
///
/// Letters other than A C G T become N: version 14-7e284 crashes on some that are not IUPAC letters.
fn write_fasta(sequences: &dyn Sequences, path: &Path) -> io::Result<usize> {
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let (mut letters, mut written) = (Vec::new(), 0);
    for index in 0..sequences.count() {
        sequences.read(index, &mut letters);
        if letters.is_empty() {
            continue;
        }
        for letter in &mut letters {
            *letter = match letter.to_ascii_uppercase() {
                b'U' => b'T',
                base @ (b'A' | b'C' | b'G' | b'T') => base,
                _ => b'N',
            };
        }
        writeln!(file, ">{index}")?;
        file.write_all(&letters)?;
        file.write_all(b"\n")?;
        written += 1;
    }
    file.flush()?;
    Ok(written)
}

/// Reads lines of representative and member; `Err(Err(_))` if they cannot be read.
fn read_answer(answer: impl BufRead, sequences: &dyn Sequences) -> Result<Clusters, Result<Error, io::Error>> {
    let mut representatives: Vec<Option<u32>> = vec![None; sequences.count()];
    let mut last = 0;
    for (number, line) in answer.lines().enumerate() {
        let (line, number) = (line.map_err(Err)?, number + 1);
        let wrong = |message: String| Ok(Error::Answer { line: number, message });
        let parsed =
            line.split_once('\t').and_then(|(of, member)| Some((of.parse().ok()?, member.trim().parse().ok()?)));
        let Some((of, member)): Option<(u32, usize)> = parsed else {
            return Err(wrong(format!("expected two numbers, found `{line}`")));
        };
        match representatives.get_mut(member) {
            None => return Err(wrong(format!("there is no sequence {member}"))),
            Some(Some(_)) => return Err(wrong(format!("sequence {member} occurs twice"))),
            Some(place) => *place = Some(of),
        }
        last = number;
    }
    let missing = |index: usize| sequences.length(index) > 0 && representatives[index].is_none();
    if let Some(index) = (0..sequences.count()).find(|&index| missing(index)) {
        return Err(Ok(Error::Answer { line: last, message: format!("it ends without sequence {index}") }));
    }
    let alone = |(index, of): (usize, Option<u32>)| of.unwrap_or(index as u32);
    Clusters::new(representatives.into_iter().enumerate().map(alone).collect()).map_err(Ok)
}

/// The last lines that are not blank, each indented.
fn last_lines(text: &str) -> String {
    // Progress bars overwrite themselves.
    let lines: Vec<&str> = text.split(['\n', '\r']).map(str::trim_end).filter(|line| !line.is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
    last.iter().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str, sequences: &[&str]) -> Result<Clusters, String> {
        let of_error = |error: Result<Error, io::Error>| error.unwrap().to_string();
        read_answer(answer.as_bytes(), &sequences.to_vec()).map_err(of_error)
    }

    #[test]
    fn an_answer_gives_every_sequence_its_representative() {
        assert_eq!(read("2\t2\n2\t0\n", &["A", "", "C"]).unwrap().representatives(), [2, 1, 2]);
    }

    #[test]
    fn a_wrong_answer_is_reported_by_line() {
        let message = |answer| read(answer, &["A", "C"]).unwrap_err();
        assert_eq!(
            message("0\t0\nx\t1\n"),
            "clusters: line 2 of the program's answer: expected two numbers, found `x\t1`"
        );
        assert_eq!(message("0\t7\n"), "clusters: line 1 of the program's answer: there is no sequence 7");
        assert_eq!(message("0\t0\n0\t0\n"), "clusters: line 2 of the program's answer: sequence 0 occurs twice");
        assert_eq!(message("0\t0\n"), "clusters: line 1 of the program's answer: it ends without sequence 1");
        assert_eq!(message("1\t0\n0\t1\n"), "clusters: sequence 0 is given to 1, which does not represent itself");
    }

    #[test]
    fn last_words_leave_out_blank_lines_and_old_progress() {
        assert_eq!(last_lines("a\n\n[=  ]\r[== ]\nError: died\n"), "    a\n    [=  ]\n    [== ]\n    Error: died");
        assert_eq!(last_lines(&"x\n".repeat(40)).lines().count(), SHOWN_LINES);
    }

    #[test]
    fn a_missing_program_is_said_to_be_missing() {
        let engine = Mmseqs { program: "/no/such/mmseqs".into(), ..Mmseqs::default() };
        let error = engine.cluster(&["ACGT"], &Options::default()).unwrap_err();
        assert!(error.to_string().starts_with("clusters: `/no/such/mmseqs` cannot be run; install MMseqs2"), "{error}");
    }
}
