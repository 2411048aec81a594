//! The `.h5ad` format: one row for each record, as AnnData (`anndata`, `scanpy`) opens it.
//!
//! | place | holds |
//! |---|---|
//! | `X` | the vectors, `[records, dims]` |
//! | `obs` | the names of the records, and columns of labels |
//! | `obsm` | other vectors or places of the records, such as `X_umap` |
//! | `uns` | texts about the whole file |
//!
//! Groups and attributes are those of the AnnData specification, version 0.1.0: every element says its encoding. A file
//! is made in memory, as programs that open it read it into memory too.

use std::io;

use hdf5_pure::{AttrValue, DatasetBuilder, FileBuilder, GroupBuilder};

/// Numbers by row.
#[derive(Debug, Clone, PartialEq)]
pub enum Matrix {
    /// `[rows, columns]` in single precision.
    F32 {
        /// Its number of columns.
        columns: usize,
        /// All values, row by row.
        values: Vec<f32>,
    },
    /// Places in the plane.
    Plane(Vec<[f64; 2]>),
}

/// A column of labels; records may have none.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelColumn {
    /// Its name.
    pub name: String,
    /// A label for each record.
    pub labels: Vec<Option<String>>,
}

/// What an `.h5ad` file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct AnnData {
    /// A name for each record, which no other has.
    pub names: Vec<String>,
    /// The vectors, a row for each record.
    pub x: Matrix,
    /// Labels of the records.
    pub labels: Vec<LabelColumn>,
    /// More numbers for each record, by name.
    pub more: Vec<(String, Matrix)>,
    /// Texts about the whole file, by name.
    pub texts: Vec<(String, String)>,
}

impl AnnData {
    /// The bytes of the file.
    ///
    /// # Errors
    /// If a matrix or a column has not one row for each record, or two elements of a place have one name.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        self.check()?;
        let mut file = FileBuilder::new();
        for (name, value) in encoding("anndata", "0.1.0") {
            file.set_attr(name, value);
        }
        self.x.fill(file.create_dataset("X"), self.names.len());
        let mut obs = frame(&mut file, "obs", &self.names, self.labels.iter().map(|column| column.name.clone()));
        self.labels.iter().for_each(|column| column.add(&mut obs));
        file.add_group(obs.finish());
        let columns: Vec<String> = (0..self.x.columns()).map(|column| column.to_string()).collect();
        let var = frame(&mut file, "var", &columns, std::iter::empty());
        file.add_group(var.finish());
        for name in ["obsm", "varm", "obsp", "varp", "layers", "uns"] {
            let mut group = file.create_group(name);
            set(&mut group, "dict", "0.1.0");
            match name {
                "obsm" => {
                    self.more
                        .iter()
                        .for_each(|(name, matrix)| matrix.fill(group.create_dataset(name), self.names.len()));
                }
                "uns" => self.texts.iter().for_each(|(name, text)| {
                    let dataset = group.create_dataset(name).with_vlen_strings(&[text]).with_shape(&[]);
                    mark(dataset, "string", "0.2.0");
                }),
                _ => {}
            }
            file.add_group(group.finish());
        }
        file.finish().map_err(io::Error::other)
    }

    /// Checks that everything has a row for each record and a name of its own.
    fn check(&self) -> io::Result<()> {
        let rows = self.names.len();
        let matrices = self.more.iter().map(|(name, matrix)| (name.as_str(), matrix)).chain([("X", &self.x)]);
        let matrices = matrices.map(|(name, matrix)| (name, matrix.columns() * rows, matrix.count()));
        let columns = self.labels.iter().map(|column| (column.name.as_str(), rows, column.labels.len()));
        if let Some((name, expected, found)) = matrices.chain(columns).find(|(_, expected, found)| expected != found) {
            return Err(io::Error::other(format!("`{name}`: expected {expected} values, found {found}")));
        }
        self.labels
            .iter()
            .filter(|column| column.name != IDS)
            .try_for_each(|column| check_label(&column.name))
            .map_err(io::Error::other)?;
        let is_twice = |names: &[&str]| names.iter().enumerate().any(|(place, name)| names[..place].contains(name));
        let labels: Vec<&str> = self.labels.iter().map(|column| column.name.as_str()).collect();
        let more: Vec<&str> = self.more.iter().map(|(name, _)| name.as_str()).collect();
        let texts: Vec<&str> = self.texts.iter().map(|(name, _)| name.as_str()).collect();
        if [labels, more, texts].iter().any(|names| is_twice(names)) {
            return Err(io::Error::other("two elements have the same name"));
        }
        Ok(())
    }
}

/// The name of the column of names.
const INDEX: &str = "_index";
/// The name of the column of ids, if these are not the names.
pub const IDS: &str = "id";

/// Checks that a column of labels can have this name, before the work that the labels are for.
///
/// # Errors
/// What the name is in conflict with.
pub fn check_label(name: &str) -> Result<(), String> {
    let taken = [INDEX, IDS].contains(&name);
    if name.is_empty() || name.contains('/') || taken {
        return Err(format!(
            "a column of a .h5ad file cannot be named `{name}`; expected a name without `/`, other than `{INDEX}` and `{IDS}`"
        ));
    }
    Ok(())
}

impl Matrix {
    fn columns(&self) -> usize {
        match self {
            Self::F32 { columns, .. } => *columns,
            Self::Plane(_) => 2,
        }
    }

    /// The number of values.
    fn count(&self) -> usize {
        match self {
            Self::F32 { values, .. } => values.len(),
            Self::Plane(places) => 2 * places.len(),
        }
    }

    fn fill(&self, dataset: &mut DatasetBuilder, rows: usize) {
        match self {
            Self::F32 { values, .. } => dataset.with_f32_data(values),
            Self::Plane(places) => dataset.with_f64_data(places.as_flattened()),
        };
        dataset.with_shape(&[rows as u64, self.columns() as u64]);
        mark(dataset, "array", "0.2.0");
    }
}

impl LabelColumn {
    /// Adds it as a categorical column: the sorted labels, and for each record the place of its own, -1 for none.
    fn add(&self, frame: &mut GroupBuilder) {
        let mut known: Vec<&str> = self.labels.iter().flatten().map(String::as_str).collect();
        known.sort_unstable();
        known.dedup();
        let code = |label: &Option<String>| {
            label.as_deref().and_then(|label| known.binary_search(&label).ok()).map_or(-1, |place| place as i32)
        };
        let codes: Vec<i32> = self.labels.iter().map(code).collect();
        let mut group = frame.create_group(&self.name);
        set(&mut group, "categorical", "0.2.0");
        group.set_attr("ordered", AttrValue::U8(0));
        mark(group.create_dataset("codes").with_i32_data(&codes), "array", "0.2.0");
        mark(group.create_dataset("categories").with_vlen_strings(&known), "string-array", "0.2.0");
        frame.add_group(group.finish());
    }
}

/// A group that is a data frame with these row names and columns.
fn frame(file: &mut FileBuilder, name: &str, rows: &[String], columns: impl Iterator<Item = String>) -> GroupBuilder {
    let mut group = file.create_group(name);
    set(&mut group, "dataframe", "0.2.0");
    group.set_attr("_index", AttrValue::VarLenString(INDEX.into()));
    group.set_attr("column-order", AttrValue::VarLenStringArray(columns.collect()));
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    mark(group.create_dataset(INDEX).with_vlen_strings(&rows), "string-array", "0.2.0");
    group
}

fn encoding(kind: &str, version: &str) -> [(&'static str, AttrValue); 2] {
    let text = |text: &str| AttrValue::VarLenString(text.to_owned());
    [("encoding-type", text(kind)), ("encoding-version", text(version))]
}

fn set(group: &mut GroupBuilder, kind: &str, version: &str) {
    for (name, value) in encoding(kind, version) {
        group.set_attr(name, value);
    }
}

fn mark(dataset: &mut DatasetBuilder, kind: &str, version: &str) {
    for (name, value) in encoding(kind, version) {
        dataset.set_attr(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdf5_pure::File;

    fn data() -> AnnData {
        AnnData {
            names: vec!["x".into(), "é \"q\"".into(), String::new()],
            x: Matrix::F32 { columns: 2, values: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.5] },
            labels: vec![LabelColumn {
                name: "family".into(),
                labels: vec![Some("tRNA".into()), None, Some("5S".into())],
            }],
            more: vec![("X_umap".into(), Matrix::Plane(vec![[0.5, 1.5], [2.0, 3.0], [4.0, 5.0]]))],
            texts: vec![("rinalmo".into(), "model=nano".into())],
        }
    }

    #[test]
    fn everything_is_where_the_specification_puts_it() {
        let file = File::from_bytes(data().bytes().unwrap()).unwrap();
        let said = |path: &str| match path {
            "" => file.root().attrs().unwrap(),
            group => file.group(group).unwrap().attrs().unwrap(),
        };
        let encoding = |attrs: &std::collections::HashMap<String, AttrValue>| match &attrs["encoding-type"] {
            AttrValue::VarLenString(text) | AttrValue::String(text) => text.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(encoding(&said("")), "anndata");
        assert_eq!(["obs", "var"].map(|group| encoding(&said(group))), ["dataframe", "dataframe"]);
        assert_eq!(
            ["obsm", "varm", "layers", "uns"].map(|group| encoding(&said(group))),
            ["dict"; 4].map(String::from)
        );
        assert_eq!(encoding(&said("obs/family")), "categorical");
        assert_eq!(file.dataset("X").unwrap().shape().unwrap(), [3, 2]);
        assert_eq!(file.dataset("X").unwrap().read_f32().unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.5]);
        assert_eq!(file.dataset("obs/_index").unwrap().read_string().unwrap(), ["x", "é \"q\"", ""]);
        assert_eq!(file.dataset("var/_index").unwrap().read_string().unwrap(), ["0", "1"]);
        assert_eq!(file.dataset("obs/family/codes").unwrap().read_i32().unwrap(), [1, -1, 0]);
        assert_eq!(file.dataset("obs/family/categories").unwrap().read_string().unwrap(), ["5S", "tRNA"]);
        assert_eq!(file.dataset("obsm/X_umap").unwrap().read_f64().unwrap(), [0.5, 1.5, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(file.dataset("uns/rinalmo").unwrap().read_string().unwrap(), ["model=nano"]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let message = |data: AnnData| data.bytes().unwrap_err().to_string();
        let mut wrong = data();
        wrong.names.pop();
        assert_eq!(message(wrong), "`X_umap`: expected 4 values, found 6");
        let mut wrong = data();
        wrong.labels[0].labels.pop();
        assert_eq!(message(wrong), "`family`: expected 3 values, found 2");
        let mut wrong = data();
        wrong.labels.push(wrong.labels[0].clone());
        assert_eq!(message(wrong), "two elements have the same name");
        for name in ["_index", "a/b", ""] {
            let mut wrong = data();
            wrong.labels[0].name = name.into();
            assert!(message(wrong).contains(&format!("cannot be named `{name}`")));
        }
        let empty = AnnData {
            names: Vec::new(),
            x: Matrix::F32 { columns: 0, values: Vec::new() },
            labels: Vec::new(),
            more: Vec::new(),
            texts: Vec::new(),
        };
        assert!(empty.bytes().is_ok());
    }
}
