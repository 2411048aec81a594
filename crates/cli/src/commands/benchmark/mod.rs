//! `rinalmo benchmark`.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use rinalmo::benchmark::{Benchmark, Fold, Plan, Standing, sources};
use rinalmo::finetune::{Config, Kind, Labelled, Request, Resume, Run, RunConfig, Structure};
use rinalmo::pretrain::{Alone, Ended, Share};
use rinalmo::{LoadOptions, Model, Precision};

use super::evaluate::Watching;
use super::finetune::go;
use super::training::{LimitArgs, name, overrides, program};
use crate::context::{Context, Outcome};
use crate::io::say;
use crate::io::{DownloadBar, print};

/// Repeat an experiment of the paper and compare with the published figures
///
/// Reads the data as published, trains each fold in its own folder in OUT, as `rinalmo finetune` does, evaluates its
/// best model on the test data, and writes OUT/table.md and OUT/results.json. Run the same command again to continue
/// where it stopped; finished folds are kept.
///
/// Every fold trains a new head. Test records that are similar to training records are searched for and reported below
/// the table.
#[derive(Args)]
pub struct BenchmarkArgs {
    /// Experiment to repeat
    #[arg(value_name = "NAME", value_parser = benchmarks())]
    benchmark: Benchmark,
    /// Read these data: files, folders and archives as published, or tables
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "download")]
    data: Vec<PathBuf>,
    /// Fetch the published data into OUT/download, unless they are already there
    #[arg(long, conflicts_with = "data")]
    download: bool,
    /// Start every fold from this model, by name or path; the default is random weights of the config's `[model]`
    #[arg(long, value_name = "MODEL")]
    from: Option<String>,
    /// Search the data that this model was trained on for test records: files or folders
    #[arg(long, value_name = "PATH", num_args = 1..)]
    trained_on: Vec<PathBuf>,
    /// Recipe: a TOML file, or the name of a built-in one [default: the paper's]
    #[arg(long, value_name = "FILE|NAME")]
    config: Option<PathBuf>,
    /// Keep all folds in this folder
    #[arg(long, value_name = "OUT")]
    out: PathBuf,
    /// Run only these folds
    #[arg(long, value_name = "FOLD", num_args = 1..)]
    folds: Vec<String>,
    /// List the folds with their training data, and exit
    #[arg(long)]
    list: bool,
    /// Name of the model in the table [default: the name of --from or of the config]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Compare with a folding program, by name (`evaluate structure --list-programs`) or command, such as
    /// "RNAfold --noPS". May be given several times
    #[arg(long = "run", value_name = "[NAME=]COMMAND")]
    programs: Vec<String>,
    /// Compare with another OUT of the same benchmark. May be given several times
    #[arg(long, value_name = "OUT")]
    beside: Vec<PathBuf>,
    /// Change a key of the config; may be given several times
    #[arg(long, value_name = "SECTION.KEY=VALUE")]
    set: Vec<String>,
    /// Use this random seed instead of the config's `train.seed`
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Train each fold for N steps, instead of the config's limits
    #[arg(long, value_name = "N")]
    steps: Option<u64>,
    /// Train each fold for N epochs, instead of the config's limits
    #[arg(long, value_name = "N")]
    epochs: Option<u64>,
}

/// The experiments, by name.
fn benchmarks() -> impl TypedValueParser<Value = Benchmark> {
    let value = |benchmark: Benchmark| PossibleValue::new(benchmark.name()).help(benchmark.about());
    PossibleValuesParser::new(Benchmark::all().map(value).collect::<Vec<_>>())
        .map(|name| Benchmark::find(&name).expect("a possible value is a benchmark's name"))
}

/// Runs the command.
pub fn run(args: BenchmarkArgs, context: &Context) -> Result<Outcome> {
    let benchmark = args.benchmark;
    if benchmark.question().is_some() && !args.programs.is_empty() {
        bail!("--run: folding programs cannot be used for `{}`", benchmark.name());
    }
    let data = if args.download { download(benchmark, &args.out, context)? } else { args.data.clone() };
    let plan = Plan::open(benchmark, &data, &args.out)?.only(&args.folds)?.trained_on(args.trained_on.clone());
    plan.notes().iter().for_each(|line| context.note(line));
    if args.list {
        return list(&plan);
    }
    match Labelled::of(benchmark.task()) {
        Some(labelled) => args.folds(labelled, &plan, context),
        None => args.folds(Structure, &plan, context),
    }
}

/// Fetches all data that are public.
fn download(benchmark: Benchmark, out: &Path, context: &Context) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for source in sources(benchmark) {
        context.note(format!("{}, by {}", source.url, source.by));
        let bar = DownloadBar::new(context);
        paths.push(source.fetch(&out.join("download"), &Default::default(), &mut |step| bar.show(step))?);
        bar.clear();
    }
    if paths.is_empty() {
        bail!(
            "`{}` has no data that can be fetched\nhint: give --data; docs/benchmarks.md says which",
            benchmark.name()
        );
    }
    Ok(paths)
}

/// A line for each fold.
fn list(plan: &Plan) -> Result<Outcome> {
    let mut out = String::new();
    writeln!(out, "fold\tstanding\ttrain\ttest")?;
    for fold in plan.folds() {
        let standing = match plan.standing(fold)? {
            Standing::New => "new",
            Standing::Begun => "begun",
            Standing::Trained => "trained",
            Standing::Tried(_) => "done",
        };
        let joined =
            |paths: &[PathBuf]| paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ");
        let tests: Vec<PathBuf> = fold.trials.iter().map(|trial| trial.path.clone()).collect();
        writeln!(out, "{}\t{standing}\t{}\t{}", fold.name, joined(&fold.files.train), joined(&tests))?;
    }
    print(out)?;
    Ok(Outcome::Done)
}

impl BenchmarkArgs {
    /// Trains and evaluates the folds that are not done yet.
    fn folds<K: Kind>(&self, kind: K, plan: &Plan, context: &Context) -> Result<Outcome> {
        let config = self.read(kind, plan.benchmark())?;
        let all = plan.folds().len();
        for (number, fold) in plan.folds().iter().enumerate() {
            let standing = plan.standing(fold)?;
            plan.check(fold, &config, self.from.as_deref())?;
            if let Standing::Tried(_) = standing {
                continue;
            }
            context.note(format!("fold {} ({} of {all})", fold.name, number + 1));
            let stopped = match standing {
                Standing::Trained | Standing::Tried(_) => false,
                Standing::New => self.train(self.begin(kind, plan, fold, &config, context)?, context)?,
                Standing::Begun => self.train(resume(kind, &plan.folder(fold), context)?, context)?,
            };
            if stopped || !self.attempt(plan, fold, context)? {
                say(format_args!("stopped in fold {}; the same command continues", fold.name));
                return Ok(Outcome::Interrupted);
            }
            plan.write_table(&[])?;
        }
        let table = plan.write_table(&self.beside)?;
        print(table)?;
        context.note(format!("the table is in {}/table.md, every figure in results.json", self.out.display()));
        Ok(Outcome::Done)
    }

    /// Trains a fold; returns whether it was stopped.
    fn train<K: Kind>(&self, run: Run<K>, context: &Context) -> Result<bool> {
        Ok(go(run, Alone, context)?.ended == Ended::Stopped)
    }

    fn begin<K: Kind>(
        &self,
        kind: K,
        plan: &Plan,
        fold: &Fold,
        config: &Config<K::Data>,
        context: &Context,
    ) -> Result<Run<K>> {
        let request = Request {
            name: format!("{}-{}", plan.benchmark().name(), fold.name),
            config: config.clone(),
            data: fold.files.clone(),
            out: plan.folder(fold),
            from: self.from.clone(),
            program: program(),
        };
        Ok(Run::begin(kind, request, &context.device()?, Share::default())?)
    }

    /// Evaluates a fold; returns whether it was finished.
    fn attempt(&self, plan: &Plan, fold: &Fold, context: &Context) -> Result<bool> {
        let device = context.device()?;
        let options = LoadOptions::default().precision(Precision::F32);
        let model = Model::load_with(&plan.folder(fold).to_string_lossy(), &options, &device)?;
        let mut watch = Watching::new(context);
        let result = plan.attempt(fold, &self.called(), &model, &self.programs, &mut watch)?;
        watch.progress.finish();
        Ok(result.is_some())
    }

    /// The name of the model in the table.
    fn called(&self) -> String {
        let from = self.from.as_deref().map(|from| name(Some(Path::new(from))));
        let given = self.name.clone().or(from);
        given.unwrap_or_else(|| self.config.as_deref().map_or("paper's recipe".into(), |config| name(Some(config))))
    }

    /// The config with the changes of the flags.
    fn read<K: Kind>(&self, kind: K, benchmark: Benchmark) -> Result<Config<K::Data>> {
        let overrides = overrides(&self.set, self.seed);
        let mut config: Config<K::Data> = match &self.config {
            Some(path) => Config::open_for(kind.name(), path, &overrides)?,
            None => Config::read(benchmark.recipe(), "the paper's recipe", &overrides)?,
        };
        config.fresh_head = true; // as in the paper, whatever head the model of --from has
        LimitArgs { steps: self.steps, epochs: self.epochs, time: None }.replace(&mut config.train.until);
        Ok(config)
    }
}

fn resume<K: Kind>(kind: K, folder: &Path, context: &Context) -> Result<Run<K>> {
    let resume = Resume { out: folder.to_owned(), program: program(), ..Resume::default() };
    Ok(Run::resume(kind, resume, &context.device()?, Share::default())?)
}
