//! `rinalmo model`: shows, converts, checks and downloads checkpoints.

mod calibrate;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use indicatif::HumanBytes;
use rinalmo::checkpoint::{
    self, Checkpoint, Dtype, Layout, OpenOptions, WriteOptions, download, multimolecule, registry,
};
use serde_json::json;

use crate::commands::choose::parse_size;
use crate::context::{Context, Outcome};
use crate::io::{DownloadBar, ForceArgs, print};
use crate::stop::Leftovers;

/// Show, convert, calibrate, verify, list and download models
#[derive(Args)]
pub struct ModelArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Show(ShowArgs),
    Convert(ConvertArgs),
    Calibrate(calibrate::CalibrateArgs),
    Verify(VerifyArgs),
    List(ListArgs),
    Download(DownloadArgs),
}

impl ModelArgs {
    /// Can it be stopped at any point without leaving files? Then a signal may end it at once.
    pub fn ends_anywhere(&self) -> bool {
        !matches!(self.action, Action::Convert(_) | Action::Calibrate(_))
    }
}

/// Runs the command.
pub fn run(args: ModelArgs, context: &Context) -> Result<Outcome> {
    match args.action {
        Action::Show(args) => args.run(),
        Action::Convert(args) => args.run(context),
        Action::Calibrate(args) => args.run(context),
        Action::Verify(args) => args.run(context),
        Action::List(args) => args.run(),
        Action::Download(args) => args.run(context),
    }
}

/// Which checkpoint.
#[derive(Args)]
struct Source {
    /// A name from `rinalmo model list`, or a path
    #[arg(value_name = "NAME|PATH")]
    model: String,
    /// Number of attention heads, if neither the checkpoint nor a config.json next to it has it; the published sizes
    /// (20 heads) do not need it
    #[arg(long, value_name = "N")]
    heads: Option<usize>,
}

impl Source {
    fn open(&self) -> Result<Checkpoint> {
        Ok(checkpoint::open(&self.model, &OpenOptions::default().heads(self.heads))?)
    }
}

/// Show the contents of a checkpoint: task, sizes, threshold, licence, checksum
#[derive(Args)]
struct ShowArgs {
    #[command(flatten)]
    source: Source,
    /// Print as JSON
    #[arg(long)]
    json: bool,
    /// List every tensor with its type and shape
    #[arg(long)]
    tensors: bool,
}

impl ShowArgs {
    fn run(&self) -> Result<Outcome> {
        let checkpoint = self.source.open()?;
        if self.json {
            let mut value = json!({
                "document": checkpoint.document(),
                "parameters": checkpoint.config.parameters(),
                "path": checkpoint.path(),
                "bytes": checkpoint.file_len(),
                "sha256": checkpoint.sha256(),
                "family": checkpoint.meta.family,
                "file_format": checkpoint.meta.format,
                "dtype": checkpoint.meta.dtype,
            });
            if self.tensors {
                let tensors = checkpoint.tensors();
                value["tensors"] =
                    tensors.map(|(name, t)| json!({"name": name, "dtype": t.dtype, "shape": t.shape})).collect();
            }
            print(format!("{value:#}\n"))?;
            return Ok(Outcome::Done);
        }
        let mut text = describe(&checkpoint);
        if self.tensors {
            for (name, tensor) in checkpoint.tensors() {
                text.push_str(&format!("{:5} {:?} {name}\n", tensor.dtype.name(), tensor.shape));
            }
        }
        print(&text)?;
        Ok(Outcome::Done)
    }
}

/// A checkpoint in lines of `name  value`.
fn describe(checkpoint: &Checkpoint) -> String {
    let (config, meta) = (&checkpoint.config, &checkpoint.meta);
    let preset = config.preset().map_or_else(|| "none of the published".to_owned(), |preset| preset.name.to_owned());
    let mut lines = vec![
        ("name", meta.name.clone()),
        ("task", meta.task.to_owned()),
        ("size", preset),
        ("parameters", config.parameters().to_string()),
        ("encoder", config.encoder.describe()),
        ("head", config.head.as_ref().map_or_else(|| "none".to_owned(), |head| format!("{head:?}"))),
        ("masked-LM head", if config.mlm { "yes" } else { "no" }.to_owned()),
    ];
    lines.extend(meta.threshold.map(|threshold| ("threshold", threshold.to_string())));
    lines.extend(meta.decode.clone().map(|decode| ("decode", decode)));
    let within = config.ensemble().is_some();
    lines.extend(meta.calibration.map(|found| {
        let own = found.curve();
        let probability = match found.energy_share {
            0.0 => own.to_string(),
            share if within => format!("{own}, logits with {:.2} of the head's bonuses", 1.0 - share),
            share => format!("{:.2} · {own} + {share:.2} · that of the learned energies", 1.0 - share),
        };
        ("calibration", format!("probability = {probability}, and what F1 to expect"))
    }));
    lines.extend(meta.scaler.map(|scaler| ("scaler", format!("mean {}, sd {}", scaler.mean, scaler.std))));
    lines.extend(meta.labels.as_ref().map(|labels| ("labels", labels.join(", "))));
    lines.extend(meta.provenance.clone().map(|text| ("provenance", text)));
    if !checkpoint.members().is_empty() {
        lines.push(("more models", checkpoint.members().join(", ")));
    }
    lines.push(("licence", meta.license.clone().unwrap_or_else(|| "not stated in the file".to_owned())));
    lines.push(("file", format!("{} ({})", checkpoint.path().display(), HumanBytes(checkpoint.file_len() as u64))));
    lines.push(("form", format!("{} tensors as {}, mostly {}", meta.family, meta.format.name(), meta.dtype.name())));
    lines.push(("sha256", checkpoint.sha256().to_owned()));
    lines.into_iter().map(|(name, value)| format!("{name:15} {value}\n")).collect()
}

/// Convert a checkpoint to another form or number type
#[derive(Args)]
struct ConvertArgs {
    #[command(flatten)]
    source: Source,
    /// Write the converted model to OUTPUT
    #[arg(value_name = "OUTPUT")]
    output: PathBuf,
    /// Write this form
    #[arg(long, value_enum, default_value = "own")]
    to: LayoutArg,
    /// Store weights of this type [default: unchanged]
    #[arg(long, value_enum)]
    dtype: Option<DtypeArg>,
    /// Store this name
    #[arg(long)]
    name: Option<String>,
    /// Store this licence for all models in the file
    #[arg(long)]
    license: Option<String>,
    /// Store where the weights come from
    #[arg(long)]
    provenance: Option<String>,
    /// Merge adapters of `rinalmo finetune` into the weights that they were trained with
    #[arg(long, value_name = "FILE")]
    adapter: Option<PathBuf>,
    /// Add another model to the same file, with only the weights that differ: one that shares the encoder, or adapters
    /// that were trained with it. `--model OUTPUT#NAME` opens it. May be given several times
    #[arg(long, value_name = "NAME=MODEL")]
    with: Vec<String>,
    #[command(flatten)]
    force: ForceArgs,
}

/// `--to`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum LayoutArg {
    /// One .safetensors with everything in it
    Own,
    /// A folder with model.safetensors and config.json
    OwnFolder,
    /// A .safetensors with the released code's tensor names
    Official,
    /// A folder that the multimolecule library's `from_pretrained` opens
    Multimolecule,
}

/// `--dtype`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum DtypeArg {
    F32,
    F16,
    Bf16,
}

impl ConvertArgs {
    fn run(&self, context: &Context) -> Result<Outcome> {
        let mut checkpoint = self.source.open()?;
        self.force.check(&self.output)?;
        let _leftovers = Leftovers::next_to(&self.output, checkpoint::unfinished());
        let merged = self.adapter.as_ref().map(|adapter| self.merge(&checkpoint, adapter)).transpose()?;
        if let Some(path) = &merged {
            checkpoint = Checkpoint::open(path, &OpenOptions::default())?;
        }
        let meta = &mut checkpoint.meta;
        meta.name = self.name.clone().unwrap_or_else(|| meta.name.clone());
        meta.license = self.license.clone().or(meta.license.take());
        meta.provenance = self.provenance.clone().or(meta.provenance.take());
        let layout = match self.to {
            LayoutArg::Own => Layout::Own,
            LayoutArg::OwnFolder => Layout::OwnFolder,
            LayoutArg::Official => Layout::Official,
            LayoutArg::Multimolecule => Layout::Multimolecule,
        };
        let dtype = self.dtype.map(|dtype| match dtype {
            DtypeArg::F32 => Dtype::F32,
            DtypeArg::F16 => Dtype::F16,
            DtypeArg::Bf16 => Dtype::Bf16,
        });
        let mut members = self.with.iter().map(|with| member(with, &checkpoint)).collect::<Result<Vec<_>>>()?;
        for member in &mut members {
            member.meta.license = self.license.clone().or(member.meta.license.take());
        }
        let converted =
            checkpoint.write_with(&members, &self.output, &WriteOptions::default().layout(layout).dtype(dtype));
        if let Some(path) = merged {
            let _ = std::fs::remove_file(path); // it was only needed for the conversion
        }
        converted?;
        if layout == Layout::Multimolecule {
            note_multimolecule(&checkpoint, context);
        }
        let written = Checkpoint::open(&self.output, &OpenOptions::default().heads(checkpoint.config.encoder.heads))?;
        let size = HumanBytes(written.file_len() as u64);
        context.note(format!("{}: {size}, sha256 {}", self.output.display(), written.sha256()));
        Ok(Outcome::Done)
    }
}

/// Prints what multimolecule cannot represent.
fn note_multimolecule(checkpoint: &Checkpoint, context: &Context) {
    match &checkpoint.config.head {
        Some(head) if !multimolecule::takes_head(head) => context
            .note(format!("note: multimolecule has no such {} head: the encoder is written without it", head.task())),
        Some(_) => context.note(format!(
            "note: multimolecule folds at a threshold of 0.5, this model at {}",
            checkpoint.meta.threshold.unwrap_or(0.5)
        )),
        None => {}
    }
}

/// `NAME=MODEL`, opened with a model whose encoder it may share.
fn member(with: &str, base: &Checkpoint) -> Result<Checkpoint> {
    let Some((name, model)) = with.split_once('=') else { bail!("--with {with}: expected NAME=MODEL") };
    let mut found = match Checkpoint::open_beside(model, base)? {
        Some(adapted) => adapted,
        None => checkpoint::open(model, &OpenOptions::default())?,
    };
    found.meta.name = name.to_owned();
    Ok(found)
}

impl ConvertArgs {
    /// Writes the merged model next to the output, and returns its path.
    fn merge(&self, base: &Checkpoint, adapter: &std::path::Path) -> Result<PathBuf> {
        let mut path = self.output.clone().into_os_string();
        path.push(".merged");
        checkpoint::merge(base, adapter, path.as_ref())?;
        Ok(path.into())
    }
}

/// Check that a checkpoint is complete, finite, and equal to the published file
#[derive(Args)]
struct VerifyArgs {
    #[command(flatten)]
    source: Source,
    /// Require this SHA-256 of the file
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
}

impl VerifyArgs {
    fn run(&self, context: &Context) -> Result<Outcome> {
        let checkpoint = self.source.open()?;
        let mut faults = Vec::new();
        for (name, tensor) in checkpoint.tensors() {
            if let Some((index, value)) = tensor.first_not_finite() {
                faults.push(format!("tensor `{name}`: value {index} is {value}"));
            }
        }
        if let Some(expected) = self.sha256.as_deref().filter(|hex| !hex.eq_ignore_ascii_case(checkpoint.sha256())) {
            faults.push(format!("sha256 is {}, expected {expected}", checkpoint.sha256()));
        }
        let compared =
            if checkpoint.path().exists() { self.compare_with_record(&checkpoint, context)? } else { Vec::new() };
        if !faults.is_empty() {
            bail!("{}: {}", self.source.model, faults.join("\n"));
        }
        let count = checkpoint.tensors().len();
        let mut text = format!("{}: {count} tensors, all present and finite\n", checkpoint.meta.name);
        text.push_str(&format!("sha256 {}\n", checkpoint.sha256()));
        compared.iter().for_each(|line| text.push_str(&format!("{line}\n")));
        print(&text)?;
        Ok(Outcome::Done)
    }

    /// Compares the checksum of a downloaded file with its record and the registry.
    fn compare_with_record(&self, checkpoint: &Checkpoint, context: &Context) -> Result<Vec<String>> {
        let entry = registry::find(&self.source.model);
        let bar = DownloadBar::new(context);
        let path = match entry {
            Some(_) => download::locate(&self.source.model, &download::FetchOptions::default())?,
            None => checkpoint.path().to_owned(),
        };
        let verified = download::verify(&path, entry, &mut |progress| bar.show(progress))?;
        let line = |file: &download::Verified| {
            let compared = if file.compared { "as it was downloaded or published" } else { "nothing to compare with" };
            format!("{}: {compared}", file.path.display())
        };
        Ok(verified.iter().map(line).collect())
    }
}

/// List models: bundled, published, and which of them are on this machine
#[derive(Args)]
struct ListArgs {
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl ListArgs {
    fn run(&self) -> Result<Outcome> {
        let options = download::FetchOptions::default();
        let rows: Vec<_> = registry::all()
            .iter()
            .map(|entry| {
                let here = download::cached(entry.name, &options);
                (entry, here)
            })
            .collect();
        if self.json {
            let published = rows.iter().map(|(entry, here)| {
                json!({
                    "name": entry.name, "task": entry.task.to_string(), "size": entry.preset,
                    "description": entry.description, "held_out": entry.held_out, "license": entry.license,
                    "source": entry.source.page(), "path": here,
                })
            });
            let mut all: Vec<_> = published.collect();
            for (place, name) in checkpoint::all_bundled().into_iter().enumerate() {
                let built_in = checkpoint::open(&name, &OpenOptions::default())?;
                let license = built_in.meta.license.clone();
                all.insert(
                    place,
                    json!({"name": name, "task": built_in.meta.task, "size": "nano", "license": license}),
                );
            }
            print(format!("{:#}\n", serde_json::Value::from(all)))?;
            return Ok(Outcome::Done);
        }
        let width = rows.iter().map(|(entry, _)| entry.name.len()).max().unwrap_or(0);
        let mut text = String::new();
        for name in checkpoint::all_bundled() {
            let task = checkpoint::open(&name, &OpenOptions::default())?.meta.task;
            text.push_str(&format!("* {name:width$}  {task:9}  bundled\n"));
        }
        for (entry, here) in &rows {
            let mark = if here.is_some() { '*' } else { ' ' };
            text.push_str(&format!(
                "{mark} {:width$}  {:9}  {}\n",
                entry.name,
                entry.task.to_string(),
                entry.description
            ));
        }
        text.push_str("\n* is on this machine; `rinalmo model download NAME` fetches the others\n");
        print(&text)?;
        Ok(Outcome::Done)
    }
}

/// Fetch a published model
///
/// Resumes an interrupted download, checks size and checksum if they are known, and keeps the file in
/// RINALMO_HOME or the platform's cache folder. RINALMO_MIRROR names another server
/// (`<mirror>/<name>/<file>`). If no checksum is known, the first bytes must be those of a checkpoint:
/// a login page is not stored.
#[derive(Args)]
struct DownloadArgs {
    /// A name from `rinalmo model list`, or a URL
    #[arg(value_name = "NAME|URL")]
    name: String,
    /// Require this SHA-256 of the file
    #[arg(long, value_name = "HEX")]
    sha256: Option<String>,
    /// Copy this file instead of downloading it
    #[arg(long, value_name = "FILE", conflicts_with = "sha256")]
    from: Option<PathBuf>,
    /// Fetch an existing file again
    #[arg(long)]
    force: bool,
    /// Fetch no file that is larger than this, such as 4G
    #[arg(long, value_name = "SIZE", value_parser = parse_size, default_value = "64G")]
    max_size: u64,
}

impl DownloadArgs {
    fn run(&self, context: &Context) -> Result<Outcome> {
        let options =
            download::FetchOptions::default().sha256(self.sha256.clone()).force(self.force).max_size(self.max_size);
        let bar = DownloadBar::new(context);
        let is_address = self.name.starts_with("http://") || self.name.starts_with("https://");
        let entry = registry::find(&self.name);
        let fetched = match (entry, &self.from) {
            (Some(entry), Some(from)) => download::adopt(entry, from, &options, &mut |step| bar.show(step))?,
            (Some(entry), None) => download::fetch(entry, &options, &mut |step| bar.show(step))?,
            (None, None) if is_address => download::fetch(self.name.as_str(), &options, &mut |step| bar.show(step))?,
            _ => bail!("{}", unknown(&self.name)),
        };
        bar.clear();
        if let Some(entry) = entry {
            context.note(format!("{}, licence {}", entry.source.page(), entry.license));
            context.note(format!("use it with `--model {}`", entry.name));
        }
        print(format!("{}\n", fetched.path.display()))?;
        Ok(Outcome::Done)
    }
}

fn unknown(name: &str) -> String {
    let hint = registry::nearest(name)
        .map_or_else(|| "`rinalmo model list` lists them".into(), |n| format!("did you mean `{n}`?"));
    format!("{name}: no published model of this name, and no URL\nhint: {hint}")
}
