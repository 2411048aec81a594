//! `POST /v1/predict`: what a task's head says, as `rinalmo predict TASK -f json` writes it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use rinalmo::results::{Row, predicted};
use rinalmo::seq::InputOptions;
use rinalmo::task::{LabelSpec, TaskSpec};
use serde::Deserialize;

use super::plan::{self, Plan, Show, another};
use crate::Limits;
use crate::app::App;
use crate::body;
use crate::failure::Failure;
use crate::queue::{Answer, Question};
use crate::sequences::{self, Found, Inputs};

/// What may be asked.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictRequest {
    task: String,
    inputs: Option<Inputs>,
    text: Option<String>,
    model: Option<String>,
    /// Tokens to pad to, if the head looks at padding.
    pad_to: Option<usize>,
    /// Whether to list the logits of all classes.
    #[serde(default)]
    logits: bool,
}

/// `POST /v1/predict`.
pub async fn predict(State(app): State<Arc<App>>, request: Request) -> Result<Response, Failure> {
    let request: PredictRequest = body::read(request, &app.limits).await?;
    let (plan, found) = request.plan(&app, &app.limits)?;
    plan.reply(&app, found).await
}

impl PredictRequest {
    /// # Errors
    /// A field is not what was expected.
    pub fn plan(self, app: &App, limits: &Limits) -> Result<(Plan, Found), Failure> {
        let (task, labels) = find(&self.task)?;
        let what = format!("predict {}", task.name);
        let model = app.models.find(self.model.as_deref(), &what, |can| can.predict.contains(&task.name))?;
        check_padding(self.pad_to, labels, limits.length)?;
        let found = sequences::read(self.inputs, self.text, InputOptions::default(), limits)?.without_constraints();
        let show: Show = Box::new(move |record, answer| {
            let Answer::Prediction(answer) = answer else { return Err(another()) };
            plan::text(&Row(predicted(&record.record.id, task, labels, answer, self.logits)))
        });
        Ok((Plan { model, question: Question::Predict(task, self.pad_to), show }, found))
    }
}

fn find(name: &str) -> Result<(&'static TaskSpec, &'static LabelSpec), Failure> {
    let found = TaskSpec::of_labels().find(|(task, _)| task.answers_to(name));
    found.ok_or_else(|| {
        let names: Vec<&str> = TaskSpec::of_labels().map(|(task, _)| task.name).collect();
        let shown: String = name.chars().take(100).collect();
        Failure::invalid(format!("task: expected one of {}, found `{shown}`", names.join(", ")))
    })
}

/// # Errors
/// The head does not look at padding, or so many tokens make no sense.
fn check_padding(pad_to: Option<usize>, labels: &LabelSpec, most: usize) -> Result<(), Failure> {
    match pad_to {
        None => Ok(()),
        Some(_) if labels.pad_to.is_none() => Err(Failure::invalid("pad_to: this task has no padding")),
        Some(tokens) if (3..=most).contains(&tokens) => Ok(()),
        Some(tokens) => Err(Failure::invalid(format!("pad_to: expected 3 to {most} tokens, found {tokens}"))),
    }
}
