//! Energy models: structures by free energies, without weights.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyDict, PyList};
use rinalmo::energy::{BuiltIn, Conditions, Dangles, EnergyModel, Evaluation, Parameters};
use rinalmo::seq::{InputOptions, SequenceRecord, Structure};
use rinalmo::{EnergyFolder, FoldRequest};

use crate::asked::{Asked, Given, Results};
use crate::folding::{FoldSettings, constrained};
use crate::work::gathered;
use crate::{error, folded, work};

/// An energy model at a temperature.
#[pyclass(frozen, module = "rinalmo._rinalmo")]
pub struct EnergyEngine {
    folder: Arc<EnergyFolder>,
    threads: Option<usize>,
    max_memory: Option<u64>,
}

#[pymethods]
impl EnergyEngine {
    /// The built-in model `name`; or, if there is `text`, the model of that parameter file, which results call `name`.
    #[new]
    fn new(
        py: Python<'_>,
        name: &str,
        text: Option<&str>,
        temperature: f64,
        dangles: u8,
        threads: Option<usize>,
        max_memory: Option<u64>,
    ) -> PyResult<Self> {
        let dangles = match dangles {
            0 => Dangles::None,
            2 => Dangles::Both,
            other => return Err(error::input(py, format!("dangles: expected 0 or 2, found {other}"))),
        };
        let conditions = Conditions::default().temperature(temperature).dangles(dangles);
        let model = match text {
            Some(text) => {
                let parameters: Parameters =
                    text.parse().map_err(|mistake| error::input(py, format!("{name}: {mistake}")))?;
                EnergyModel::new(&parameters, conditions)
            }
            None => EnergyModel::new(built_in(py, name)?, conditions),
        };
        let model = model.map_err(|mistake| error::input(py, mistake.to_string()))?;
        let folder = Arc::new(EnergyFolder::new(name, model).max_memory(max_memory));
        Ok(Self { folder, threads, max_memory })
    }

    fn fold<'py>(
        &self,
        py: Python<'py>,
        given: Given,
        first: usize,
        on_error: &str,
        settings: FoldSettings,
    ) -> PyResult<Results<'py>> {
        let options = InputOptions { strands: true, ..InputOptions::default() };
        let asked = Asked::with(py, &given, first, on_error, options)?;
        if settings.keeps_probabilities() {
            asked.check_kept(py, self.max_memory)?;
        }
        let (options, folder) = (settings.options(py)?, self.folder.clone());
        let ask = |record: &SequenceRecord| settings.request(py, record.index - first, record);
        let work = move |requests: Vec<FoldRequest<'static>>, all: bool, stop: &work::Stop| {
            let constraints = requests.iter().map(|request| request.constraint.clone()).collect();
            let folds = folder.folds(requests, &options)?;
            Ok(gathered(constrained(folds, constraints), all, stop))
        };
        asked.each(py, self.threads, ask, work, |record, folded| folded::fields(py, record, folded))
    }

    /// The free energy of a structure in kcal/mol, and its loops. With a `nick`, that base is the first one of a second
    /// strand.
    fn evaluate<'py>(
        &self,
        py: Python<'py>,
        letters: PyBackedBytes,
        pairs: Vec<(usize, usize)>,
        nick: Option<usize>,
    ) -> PyResult<(f64, Bound<'py, PyList>)> {
        let structure = Structure::new(letters.len(), pairs).map_err(|error| error::of_file(py, &error))?;
        let evaluation = self.folder.model().evaluate_strands(&letters, nick, structure.pairs());
        let evaluation = evaluation.map_err(|mistake| error::input(py, mistake.to_string()))?;
        Ok((evaluation.energy(), loops(py, &evaluation)?))
    }
}

fn built_in(py: Python<'_>, name: &str) -> PyResult<&'static Parameters> {
    let unknown = || {
        error::input(py, format!("parameters: expected \"turner2004\", \"rinalmo2026\" or a file, found \"{name}\""))
    };
    BuiltIn::find(name).map(BuiltIn::parameters).ok_or_else(unknown)
}

/// The loops as dictionaries. Positions count from 0.
fn loops<'py>(py: Python<'py>, evaluation: &Evaluation) -> PyResult<Bound<'py, PyList>> {
    let loops = PyList::empty(py);
    for part in evaluation.loops() {
        let fields = PyDict::new(py);
        fields.set_item("loop", part.kind.name())?;
        fields.set_item("closing", part.closing)?;
        fields.set_item("branches", &part.branches)?;
        fields.set_item("unpaired", part.unpaired)?;
        fields.set_item("energy", part.energy())?;
        loops.append(fields)?;
    }
    Ok(loops)
}
