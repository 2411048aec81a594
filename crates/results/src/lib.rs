//! Results as JSON objects and rows of tables: what the command line writes with `-f json`, and what the server answers.
//!
//! ```
//! use rinalmo_results::{Row, number};
//!
//! let row = Row(vec![("id", "hairpin".into()), ("perplexity", number(3.5))]);
//! assert_eq!(serde_json::to_string(&row)?, r#"{"id":"hairpin","perplexity":3.5}"#);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod fold;
mod model;
mod row;

pub use fold::{BindingColumn, EnergyColumns, Folded, hundredths, round, significant};
pub use model::ModelName;
pub use row::{Field, Row, number, predicted, scored, variant_scored};
