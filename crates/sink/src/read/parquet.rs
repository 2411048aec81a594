//! Rows of `.parquet` tables, as the sink writes them: `id`, `kind`, `position`, `values`.

use std::fs::File;
use std::path::Path;

use ::parquet::column::reader::get_typed_column_reader;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, FloatType};
use ::parquet::file::reader::{FileReader as _, RowGroupReader, SerializedFileReader};

use super::{Found, text, tsv::Rows};
use crate::ArrayKind;

/// The columns that are read, in the order of the file's schema.
const COLUMNS: [&str; 3] = ["id", "kind", "values.list.element"];

/// Reads the rows of the chosen kind.
pub(super) fn read(path: &Path, found: &mut Found) -> Result<(), String> {
    let reader = SerializedFileReader::new(File::open(path).map_err(text)?).map_err(text)?;
    let metadata = reader.metadata().file_metadata();
    let pairs = metadata.key_value_metadata().into_iter().flatten();
    let tables = pairs.filter(|pair| pair.key == "names").filter_map(|pair| pair.value.as_deref());
    tables.for_each(|table| found.set_ids(table));
    let schema = metadata.schema_descr();
    let find = |name: &str| {
        let place = (0..schema.num_columns()).find(|&column| schema.column(column).path().string() == name);
        place.ok_or_else(|| format!("no column `{name}`, expected a table that `rinalmo embed` wrote"))
    };
    let [id, kind, values] = [find(COLUMNS[0])?, find(COLUMNS[1])?, find(COLUMNS[2])?];
    let mut kinds = Vec::new();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(text)?;
        kinds.extend(column::<ByteArrayType>(&*group, kind)?.0);
    }
    let named = |kind: &ByteArray| ArrayKind::named(kind.as_utf8().ok()?);
    let chosen = found.choose(kinds.iter().filter_map(named))?;
    let mut rows = Rows::new(found);
    let mut first = 0;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(text)?;
        let ids = column::<ByteArrayType>(&*group, id)?.0;
        let (values, starts) = column::<FloatType>(&*group, values)?;
        let ends = starts.iter().skip(1).copied().chain([values.len()]);
        for ((place, id), (start, end)) in ids.iter().enumerate().zip(starts.iter().copied().zip(ends)) {
            if kinds.get(first + place).and_then(named) == Some(chosen) {
                rows.add(id.as_utf8().map_err(text)?, &values[start..end])?;
            }
        }
        first += ids.len();
    }
    rows.finish()
}

/// All values of a column, and where those of each row begin.
fn column<T: DataType>(group: &dyn RowGroupReader, column: usize) -> Result<(Vec<T::T>, Vec<usize>), String> {
    let physical = group.metadata().column(column).column_type();
    if physical != T::get_physical_type() {
        return Err(format!("column {}: expected {}, found {physical}", column + 1, T::get_physical_type()));
    }
    let count = group.metadata().num_rows() as usize;
    let mut reader = get_typed_column_reader::<T>(group.get_column_reader(column).map_err(text)?);
    let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    let mut records = 0;
    while records < count {
        let (read, ..) =
            reader.read_records(count - records, Some(&mut defined), Some(&mut repeated), &mut values).map_err(text)?;
        if read == 0 {
            return Err(format!("column {} ends after {records} of {count} rows", column + 1));
        }
        records += read;
    }
    Ok((values, starts(group, column, count, &defined, &repeated)))
}

/// Where the values of each row begin. A column without levels has one value in each row.
fn starts(group: &dyn RowGroupReader, column: usize, count: usize, defined: &[i16], repeated: &[i16]) -> Vec<usize> {
    let description = group.metadata().column(column).column_descr();
    if description.max_rep_level() == 0 {
        return (0..count).collect();
    }
    let full = description.max_def_level();
    let mut seen = 0;
    let mut starts = Vec::with_capacity(count);
    for (place, &repeated) in repeated.iter().enumerate() {
        if repeated == 0 {
            starts.push(seen);
        }
        seen += usize::from(defined.get(place).is_none_or(|&level| level == full));
    }
    starts
}
