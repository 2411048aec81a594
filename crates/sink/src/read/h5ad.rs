//! Vectors of `.h5ad` files: the matrix `X`.

use std::path::Path;

use hdf5_pure::{Dataset, File};

use super::{Found, text};
use crate::ArrayKind;
use crate::h5ad::KIND;

/// Reads the rows of `X`; `obsm/cls` if those of `<cls>` are asked for and `X` has others.
pub(super) fn read(path: &Path, found: &mut Found) -> Result<(), String> {
    let file = File::open_streaming(path).map_err(text)?;
    let strings = |dataset: Dataset| dataset.read_string().map_err(text);
    let said = file.dataset(&format!("uns/{KIND}")).ok().map(strings).transpose()?.unwrap_or_default();
    let of_x = said.first().and_then(|kind| ArrayKind::named(kind)).unwrap_or(ArrayKind::Mean);
    let others = file.group("obsm").and_then(|group| group.datasets()).unwrap_or_default();
    let kinds = [of_x].into_iter().chain(others.iter().filter_map(|name| ArrayKind::named(name)));
    let kind = found.choose(kinds)?;
    let place = if kind == of_x { "X".to_owned() } else { format!("obsm/{}", kind.name()) };
    let matrix =
        file.dataset(&place).map_err(|_| format!("`{place}`: expected a matrix of numbers, not a sparse one"))?;
    let shape = matrix.shape().map_err(text)?;
    let &[rows, dims] = &shape[..] else {
        return Err(format!("`{place}`: expected two dimensions, found {}", shape.len()));
    };
    let values = matrix.read_f32().or_else(|_| {
        let values = matrix.read_f64().map_err(|error| format!("`{place}`: {error}"))?;
        Ok::<_, String>(values.into_iter().map(|value| value as f32).collect())
    })?;
    let (names, ids) = (index(&file)?, column(&file, "id")?);
    if names.len() as u64 != rows || values.len() as u64 != rows.saturating_mul(dims) {
        return Err(format!("`{place}` has {rows} rows of {dims}, and there are {} names", names.len()));
    }
    found.ids.extend(names.iter().cloned().zip(ids));
    let dims = usize::try_from(dims).map_err(text)?;
    names.iter().zip(values.chunks(dims.max(1))).try_for_each(|(name, row)| found.add(name, &[dims], row))
}

/// The names of the rows, in the column of `obs` that is its index.
fn index(file: &File) -> Result<Vec<String>, String> {
    use hdf5_pure::AttrValue;
    let attrs = file.group("obs").and_then(|group| group.attrs()).map_err(|error| format!("`obs`: {error}"))?;
    let name = match attrs.get("_index") {
        Some(AttrValue::VarLenString(name) | AttrValue::String(name) | AttrValue::AsciiString(name)) => name,
        _ => "_index",
    };
    let names = file.dataset(&format!("obs/{name}")).and_then(|dataset| dataset.read_string());
    names.map_err(|error| format!("`obs/{name}`: {error}"))
}

/// The labels of a categorical column; empty if there is none.
fn column(file: &File, name: &str) -> Result<Vec<String>, String> {
    let dataset = |part: &str| file.dataset(&format!("obs/{name}/{part}"));
    let (Ok(codes), Ok(categories)) = (dataset("codes"), dataset("categories")) else { return Ok(Vec::new()) };
    let (codes, categories) = (codes.read_i32().map_err(text)?, categories.read_string().map_err(text)?);
    let label = |code: &i32| usize::try_from(*code).ok().and_then(|code| categories.get(code).cloned());
    Ok(codes.iter().map(|code| label(code).unwrap_or_default()).collect())
}
