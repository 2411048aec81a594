//! `rinalmo corpus download`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use rinalmo::corpus::sources::{self, Options, Request};

use crate::commands::choose::parse_size;
use crate::context::{Context, Outcome};
use crate::io::{DownloadBar, print};

/// Fetch public sequences: RNAcentral, Rfam, Ensembl, nt
///
/// Resumes an interrupted download, checks size and published checksums, and keeps each file with a record in
/// DIR/SOURCE/RELEASE/. Existing files are kept. Prints the paths, for `rinalmo corpus build`.
#[derive(Args)]
pub struct DownloadArgs {
    /// Sources to fetch: a name from --list, with `:part` if it has parts, and `@release` (default: the newest);
    /// rnacentral, rfam:RF00005, ensembl:homo_sapiens@113, ensembl@113 for all species
    #[arg(value_name = "SOURCE", required_unless_present = "list")]
    sources: Vec<String>,
    /// Keep the files in DIR
    #[arg(short, long, value_name = "DIR", required_unless_present = "list")]
    output: Option<PathBuf>,
    /// Fetch release N of the sources that name none
    #[arg(long, value_name = "N")]
    release: Option<String>,
    /// Fetch from the server at URL, which has a copy of the publishers' folders, instead of https://HOST
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
    /// List the sources
    #[arg(long, conflicts_with_all = ["sources", "output", "release", "mirror", "force", "yes"])]
    list: bool,
    /// Fetch existing files again
    #[arg(long)]
    force: bool,
    /// Also fetch very large sources (nt)
    #[arg(long)]
    yes: bool,
    /// Fetch no file that is larger than this, such as 4G; the default limit is the free space of the disk
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    max_size: Option<u64>,
}

impl DownloadArgs {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let Some(folder) = self.output.as_ref().filter(|_| !self.list) else {
            print(list())?;
            return Ok(Outcome::Done);
        };
        let requests = self.sources.iter().map(|text| self.request(text)).collect::<Result<Vec<_>, _>>()?;
        let mut options = Options { mirror: self.mirror.clone(), large: self.yes, ..Options::new(folder) };
        options.transfer.force = self.force;
        options.transfer.max_size = self.max_size;
        let bar = DownloadBar::new(context);
        let mut paths = Vec::new();
        for request in &requests {
            let source = request.source();
            let note = source.note.map_or_else(String::new, |note| format!("; {note}"));
            context.note(format!("{request}: {}, licence: {}{note}", source.url(request.release()), source.license));
            let files = sources::fetch(request, &options, &mut |step| bar.show(step))?;
            paths.extend(files.into_iter().map(|file| file.path));
        }
        bar.clear();
        for path in paths {
            print(format_args!("{}\n", path.display()))?;
        }
        Ok(Outcome::Done)
    }

    fn request(&self, text: &str) -> Result<Request, sources::Error> {
        let request: Request = text.parse()?;
        match &self.release {
            Some(release) => request.or_release(release),
            None => Ok(request),
        }
    }
}

/// The sources as a table.
fn list() -> String {
    let size =
        |bytes: Option<u64>| bytes.map_or_else(|| "?".to_owned(), |bytes| format!("{:.1} GB", bytes as f64 / 1e9));
    let heading = ["source", "about", "licence", "what it is"].map(str::to_owned);
    let rows = sources::all()
        .iter()
        .map(|source| [source.usage(), size(source.size), source.license.to_owned(), source.description.to_owned()]);
    let rows: Vec<[String; 4]> = std::iter::once(heading).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let (first, second, third) = (width(0), width(1), width(2));
    let mut text = String::new();
    for [source, size, license, what] in &rows {
        text.push_str(&format!("{source:first$}  {size:>second$}  {license:third$}  {what}\n"));
    }
    for (name, note) in sources::all().iter().filter_map(|source| Some((source.name, source.note?))) {
        text.push_str(&format!("\n{name}: {note}"));
    }
    text.push('\n');
    text
}
