//! `docs/new-task.md` adds a task. Here its row and its config go from labels to predictions, so that the page stays
//! true.

use std::path::PathBuf;

use rinalmo_infer::{Device, Model, PredictOptions, Said};
use rinalmo_model::{HeadConfig, LabelSpec, Meaning, Pooling, TaskSpec};
use rinalmo_train::{Alone, Share, Stop};

use super::{Config, Files, Kind, LabelConfig, Labelled, Request, Run, RunConfig};
use crate::recipes::check_task;
use crate::run::Program;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/new-task.md"); // not in the package

static GC: TaskSpec = TaskSpec {
    name: "gc",
    about: "fraction of G and C in a sequence",
    data: "tables with numbers",
    head: Some(HeadConfig::Sequence { hidden: 16, outputs: 1, pooling: Pooling::Mean }),
    labels: Some(LabelSpec {
        meaning: Some(Meaning::Number),
        least: Some(0.0),
        gives: "Gives id and gc, a share.",
        known: &["gc", "label"],
        predicted: &["gc", "prediction"],
        ..LabelSpec::PLAIN
    }),
    ..TaskSpec::PLAIN
};

/// The lines of a fenced block of the page.
fn block(language: &str) -> Vec<String> {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let lines = page.lines().skip_while(|line| *line != format!("```{language}")).skip(1);
    lines.take_while(|line| *line != "```").map(str::to_owned).collect()
}

#[test]
fn the_row_of_the_page_is_the_one_tested_here() {
    let lines = block("diff");
    let added = lines.iter().filter_map(|line| line.strip_prefix('+')).map(str::trim);
    let fields: Vec<&str> = added.filter(|line| !line.starts_with("++") && *line != "TaskSpec {").collect();
    let (_, fields) = fields.split_last().unwrap(); // the closing brace
    let tested: Vec<&str> = include_str!("new_task.rs").lines().map(str::trim).collect();
    assert!(tested.windows(fields.len()).any(|lines| lines == fields), "{fields:#?}");
}

#[test]
fn a_task_of_one_row_is_trained_and_predicts() {
    let config = block("toml").join("\n");
    assert!(check_task(&config, "gc.toml", "gc").is_ok() && check_task(&config, "gc.toml", "sequence").is_err());
    let mut random = fastrand::Rng::with_seed(1);
    let mut sequence = |share: f64| -> String {
        let letter = |random: &mut fastrand::Rng| {
            let pair = if random.f64() < share { ['G', 'C'] } else { ['A', 'U'] };
            pair[usize::from(!random.bool())]
        };
        (0..30).map(|_| letter(&mut random)).collect()
    };
    let gc = |sequence: &str| sequence.matches(['G', 'C']).count() as f32 / sequence.len() as f32;
    let rows = (0..64).map(|number| {
        let sequence = sequence(f64::from(number % 8) / 7.0);
        format!("r{number},{sequence},{}\n", gc(&sequence))
    });
    let text = format!("id,sequence,gc\n{}", rows.collect::<String>());
    let folder = tempfile::tempdir().unwrap();
    let table: PathBuf = folder.path().join("gc.csv");
    std::fs::write(&table, text).unwrap();

    let kind = Labelled::of(&GC).unwrap();
    assert_eq!((kind.name(), kind.published()), ("gc", GC.head.clone().unwrap()));
    let sizes = ["dim=16", "blocks=1", "heads=2"].map(|size| format!("model.{size}"));
    let config: Config<LabelConfig> = Config::read(&config, "gc.toml", &sizes).unwrap();
    let data = Files { train: vec![table.clone()], validation: vec![table], ..Files::default() };
    let out = folder.path().join("run");
    let request =
        Request { name: "gc".into(), config, data, out: out.clone(), from: None, program: Program::default() };
    let run = Run::begin(kind, request, &Device::cpu(), Share::default()).unwrap();
    let finished = run.go(Alone, &Stop::default(), &mut ()).unwrap();
    let figure = GC.labels.unwrap().chosen_by(Meaning::Number);
    let found = finished.validation.unwrap().validation.part(figure).unwrap().mean().unwrap();
    assert!(found > 0.5, "{figure} {found}");

    let model = Model::load(&out.join("model.safetensors").to_string_lossy(), &Device::cpu()).unwrap();
    let said = |sequence: &str| match model.predict(&GC, &[sequence], &PredictOptions::default()).unwrap()[0].said[..] {
        [Said::Number(share)] => share,
        ref other => panic!("{other:?}"),
    };
    assert!(said("GCGGCCGCGGCCGCGCGGCCGG") > said("GAUUCAAUGCAUAUUACAGUAA"));
    assert!(said("AUUAAUAUUAAUAUAUAUUAAU") >= 0.0, "no share is negative");
    let splice =
        model.predict(TaskSpec::named("splice"), &["ACGU"], &PredictOptions::default()).unwrap_err().to_string();
    assert!(splice.contains("has no splice head"), "{splice}");
}
