//! `POST /v1/format`: a structure as the text of a file, as `rinalmo fold -f` writes it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use rinalmo::seq::{Error, bpseq, ct, dot_bracket};
use serde::Deserialize;

use super::draw::{letters, parse};
use crate::app::App;
use crate::body;
use crate::failure::Failure;
use crate::info::text;

/// What may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FormatRequest {
    format: Format,
    sequence: String,
    structure: String,
    /// The first line of the record.
    #[serde(default)]
    id: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Dbn,
    Ct,
    Bpseq,
}

/// `POST /v1/format`.
pub async fn format(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let request: FormatRequest = body::read(request, &app.limits).await?;
    Ok(text("text/plain; charset=utf-8", request.write(&app)?))
}

impl FormatRequest {
    fn write(&self, app: &App) -> Result<Vec<u8>, Failure> {
        let structure = parse("structure", &self.structure, app)?;
        let sequence = letters(&self.sequence, &structure, app)?;
        if sequence.is_empty() {
            return Err(Failure::empty("sequence: there are no letters"));
        }
        let header = self.id.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut out = Vec::new();
        let written: Result<(), Error> = match self.format {
            Format::Dbn => {
                let record = dot_bracket::Record { header, sequence, structure, score: None };
                dot_bracket::Writer::new(&mut out).write(&record)
            }
            Format::Ct => ct::Writer::new(&mut out).write(&ct::Record { header, sequence, structure }),
            Format::Bpseq => bpseq::Writer::new(&mut out).write(&bpseq::Record { header, sequence, structure }),
        };
        written.map(|()| out).map_err(Failure::from)
    }
}
