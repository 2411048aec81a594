//! Hints for the library's errors. The library says what is wrong; the flags that help are known here.

use std::error::Error as StdError;

use rinalmo::checkpoint::{CheckpointError, download};
use rinalmo::corpus::sources;
use rinalmo::{Cause, EnergyFolder, Error, Precision, recipes, sink};

use crate::commands::thermodynamics::built_in;

/// The hint for an error, if there is one beyond what its own message says.
pub fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(of_one)
}

/// The message of one error of the chain, with the flag that it is about.
pub fn message(error: &(dyn StdError + 'static)) -> String {
    match error.downcast_ref() {
        Some(change @ rinalmo::pretrain::Error::Change { .. }) => format!("--set {change}"),
        _ => error.to_string(),
    }
}

/// Of one error of the chain. An error that a part of the library wraps without being its source is looked at by the
/// part's own function.
fn of_one(error: &(dyn StdError + 'static)) -> Option<String> {
    let by_model = error.downcast_ref().and_then(of_infer).or_else(|| error.downcast_ref().and_then(of_weights));
    by_model
        .or_else(|| error.downcast_ref().and_then(of_download))
        .or_else(|| error.downcast_ref().and_then(of_sources))
        .or_else(|| error.downcast_ref().and_then(of_sink))
        .or_else(|| error.downcast_ref().and_then(of_run))
        .or_else(|| error.downcast_ref().and_then(of_evaluate))
        .or_else(|| error.downcast_ref().and_then(of_benchmark))
        .or_else(|| error.downcast_ref().and_then(of_server))
}

fn of_server(error: &rinalmo_server::Error) -> Option<String> {
    use rinalmo_server::Error as E;
    match error {
        E::TokenRequired { .. } => Some("--token FILE, or the variable RINALMO_TOKEN, gives one".into()),
        E::Bind { .. } => Some("--port 0 takes any free port".into()),
        E::Model { source, .. } => of_infer(source),
        E::SameName { .. } => Some("`--model NAME=MODEL` gives a model another name".into()),
        _ => None,
    }
}

fn of_evaluate(error: &rinalmo::evaluate::Error) -> Option<String> {
    use rinalmo::evaluate::Error as E;
    match error {
        E::Infer(error) => of_infer(error),
        E::Weights(error) => of_weights(error),
        _ => None,
    }
}

fn of_benchmark(error: &rinalmo::benchmark::Error) -> Option<String> {
    use rinalmo::benchmark::Error as E;
    match error {
        E::OtherData { .. } => Some("another --out, or the same --data".into()),
        E::Changed { .. } => Some("give the same options, or another --out".into()),
        E::Infer(error) => of_infer(error),
        E::Run(error) => of_run(error),
        E::Evaluate(error) => of_evaluate(error),
        _ => None,
    }
}

fn of_infer(error: &Error) -> Option<String> {
    Some(match error {
        Error::Weights(error) => return of_weights(error),
        Error::Download(error) => return of_download(error),
        Error::DeviceFailed { .. } => "--device cpu can use all of the machine's memory".into(),
        Error::NoHead { .. } => "`rinalmo model list` names models by what they are for".into(),
        Error::TooLong { fits, what: EnergyFolder::PURPOSE, .. } => format!(
            "up to {fits} nt fit; `--beam 200` keeps only the best stretches at each base, `--max-span N` only pairs that \
             span up to N bases (but --bpp takes memory for all); or raise --max-memory if the machine has more"
        ),
        Error::TooLong { fits, .. } => format!("up to {fits} nt fit; raise --max-memory if the machine has more"),
        Error::TooManyStructures { .. } => {
            "a narrower --band has fewer; --alternatives K prints a few that stand for all".into()
        }
        Error::TooLongForPositions { .. } => "use --window".into(),
        Error::LongerThanPadding { .. } => "raise --pad-to, or trim to the 3' end".into(),
        Error::UnknownModel { name, .. } if built_in(Some(name)).is_some() => {
            format!(
                "`{name}` is an energy model, which only `rinalmo fold` and `rinalmo energy` use; `evaluate structure` runs \
                 it as a program: --run \"{name}=rinalmo fold -q -m {name}\""
            )
        }
        Error::UnknownModel { nearest: Some(nearest), .. } => {
            format!("did you mean `{nearest}`? `rinalmo model list` names the models")
        }
        Error::UnknownModel { .. } => "`rinalmo model list` names the models".into(),
        Error::NotFinite { cause: Cause::Weight(_), .. } => {
            "the checkpoint is damaged or its training diverged; `rinalmo model verify` names all such tensors".into()
        }
        Error::NotFinite { cause: Cause::Overflow(Precision::F32), .. } => {
            "compare the checkpoint with its source; weights this large are unusable".into()
        }
        Error::NotFinite { cause: Cause::Overflow(precision), .. } => {
            format!("it computed in {}; try `--dtype f32`", precision.name())
        }
        _ => return None,
    })
}

fn of_run(error: &rinalmo::pretrain::Error) -> Option<String> {
    use rinalmo::pretrain::Error as E;
    let hint = match error {
        E::Infer(error) => return of_infer(error),
        E::Weights(error) => return of_weights(error),
        E::HoldsRun { .. } => "--resume continues it, another --out starts a new run",
        E::NoRun { .. } => "without --resume a run starts there",
        E::Changed { .. } => "a run keeps its settings; another --out starts a new run",
        E::OtherModel { .. } => "leave --from out",
        E::UnknownConfig { nearest: Some(nearest), .. } => {
            return Some(format!("did you mean `{nearest}`? `rinalmo config list` names all that are built in"));
        }
        E::UnknownConfig { .. } => "`rinalmo config list` names those that are built in",
        E::OtherTask { name, found, expected } => return Some(of_other_task(name, found, expected)),
        E::NoEnd => "[train.until] with steps, epochs or seconds; or --steps, --epochs, --time",
        E::NoModel => "--from nano, for example; or [model] in the config for a new encoder",
        E::SizesDiffer { .. } => "give only one of [model] and --from",
        E::OtherHead { model, .. } => {
            return Some(format!(
                "--fresh-head starts with a new head; or leave these keys out to continue with the one of `{model}`"
            ));
        }
        E::NothingToHoldOut { by_item: false, .. } => {
            "give more training data, or --validation FILE; or `--set hold_out.share=0` for no validation"
        }
        E::NothingToHoldOut { .. } => {
            "--validation FILE; or `--set hold_out.by=item` holds single sequences out, even if they have near copies; or \
             `--set hold_out.share=0` for no validation"
        }
        E::Unfit { given: true, .. } => {
            "other --validation data; without any, a share of the training data is held out"
        }
        E::Unfit { .. } => "--validation FILE, or a larger hold_out.share",
        E::Unaffordable { part: "validation", what } => {
            return Some(format!("`--set data.max_len={}` leaves longer ones out", what.fits));
        }
        E::Unaffordable { .. } => "leave longer ones out of --test, or give the run more memory",
        _ => return None,
    };
    Some(hint.into())
}

/// What a config for the task `found` is used by, and which configs there are for the task `expected`.
fn of_other_task(name: &str, found: &str, expected: &str) -> String {
    let command = match found {
        recipes::PRETRAIN => format!("rinalmo pretrain {name} …"),
        _ => format!("rinalmo finetune {found} --config {name} …"),
    };
    let is_known = recipes::of_task(found).next().is_some();
    let use_it = if is_known { format!("`{command}` uses it; ") } else { String::new() };
    let names: Vec<&str> = recipes::of_task(expected).map(|recipe| recipe.name).collect();
    format!("{use_it}for `{expected}` there are {}", names.join(", "))
}

fn of_weights(error: &CheckpointError) -> Option<String> {
    match error {
        CheckpointError::Heads { .. } => Some(
            "give the number of attention heads with `--heads`; `rinalmo model convert FILE OUT --heads N` writes it into \
             the file"
                .into(),
        ),
        _ => None,
    }
}

fn of_download(error: &download::Error) -> Option<String> {
    use download::{Error as E, TransferError};
    match error {
        E::Missing { name, .. } => Some(format!(
            "`rinalmo model download {name}` fetches it; without a network, get them on another machine and copy them there"
        )),
        E::UnknownModel { nearest: None, .. } => Some("`rinalmo model list` names them all".into()),
        E::Transfer(TransferError::Offline { .. }) => {
            Some("a file that is here under another name goes in with `--from`".into())
        }
        _ => None,
    }
}

fn of_sources(error: &sources::Error) -> Option<String> {
    match error {
        sources::Error::Large { .. } => Some("`--yes` requests it".into()),
        _ => None,
    }
}

fn of_sink(error: &sink::Error) -> Option<String> {
    let hint = match error {
        sink::Error::InputChanged { .. } => {
            "the input has changed; start again with `--restart`, or resume with the input of the first run"
        }
        sink::Error::Unfinished { .. } => "`--resume` continues that run, `--restart` starts again",
        sink::Error::Settings { .. } => "use the settings of that run, or start again with `--restart`",
        _ => return None,
    };
    Some(hint.into())
}
