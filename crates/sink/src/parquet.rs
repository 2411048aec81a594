//! The `.parquet` format: a long table, one row for each vector.
//!
//! | column | type | |
//! |---|---|---|
//! | `id` | string | repeated ids are numbered: `x`, `x_2` |
//! | `kind` | string | `tokens`, `mean`, `cls` or `logits` |
//! | `position` | int32 | the base, from 1; null for `mean` and `cls` |
//! | `values` | list of float32 | the vector |
//!
//! So `df[df.kind == "mean"]` always has one row for each record. The key-value metadata have the settings of the run
//! under `rinalmo`, and under `names` a table of the records whose names differ from their ids.

use std::{
    io::{self, Write},
    sync::Arc,
};

use ::parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, DataType, FloatType, Int32Type},
    errors::Result,
    file::{
        metadata::KeyValue,
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::{parser::parse_message_type, types::ColumnPath},
};

use super::{names::Names, rows::rows, spool::Spool};

const SCHEMA: &str = "message arrays {
    required binary id (STRING);
    required binary kind (STRING);
    optional int32 position;
    required group values (LIST) { repeated group list { required float element; } }
}";
/// Numbers buffered until a row group is written: 32 MiB.
const GROUP_VALUES: usize = 8 << 20;
/// Rows buffered until a row group is written.
const GROUP_ROWS: usize = 1 << 20;

/// Writes all records of the spool.
pub(super) fn encode<W: Write + Send>(spool: &Spool, names: &Names, settings: &str, out: W) -> io::Result<W> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let element = ["values", "list", "element"].map(String::from).to_vec();
    let table = names.table().map(|table| KeyValue::new("names".to_owned(), table));
    let metadata = [KeyValue::new("rinalmo".to_owned(), settings.to_owned())].into_iter().chain(table).collect();
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_column_dictionary_enabled(ColumnPath::new(element), false) // embeddings do not repeat
        .set_key_value_metadata(Some(metadata))
        .build();
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
    let mut group = Group::default();
    for head in spool.heads() {
        let head = head?;
        let name = ByteArray::from(names.of(head.index));
        for array in &head.arrays {
            let kind = ByteArray::from(array.kind.name());
            rows(spool, array, |position, values| {
                group.push(name.clone(), kind.clone(), position, values)?;
                if group.is_full() { Ok(group.write(&mut writer)?) } else { Ok(()) }
            })?;
        }
    }
    if !group.ids.is_empty() {
        group.write(&mut writer)?;
    }
    Ok(writer.into_inner()?)
}

/// The rows of one row group, column by column, with the levels that mark null and empty ones.
#[derive(Default)]
struct Group {
    ids: Vec<ByteArray>,
    kinds: Vec<ByteArray>,
    positions: Vec<i32>,
    position_levels: Vec<i16>,
    values: Vec<f32>,
    widths: Vec<usize>,
}

impl Group {
    fn push(&mut self, id: ByteArray, kind: ByteArray, position: Option<usize>, values: &[f32]) -> io::Result<()> {
        self.ids.push(id);
        self.kinds.push(kind);
        self.position_levels.push(i16::from(position.is_some()));
        if let Some(position) = position {
            self.positions.push(i32::try_from(position).map_err(io::Error::other)?);
        }
        self.values.extend(values);
        self.widths.push(values.len());
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.values.len() >= GROUP_VALUES || self.ids.len() >= GROUP_ROWS
    }

    fn write<W: Write + Send>(&mut self, writer: &mut SerializedFileWriter<W>) -> Result<()> {
        let mut group = writer.next_row_group()?;
        write_column::<ByteArrayType, _>(&mut group, &self.ids, None)?;
        write_column::<ByteArrayType, _>(&mut group, &self.kinds, None)?;
        write_column::<Int32Type, _>(&mut group, &self.positions, Some(&self.position_levels))?;
        self.write_values(&mut group)?;
        group.close()?;
        *self = Self::default();
        Ok(())
    }

    /// Writes the lists. The first number of each has repetition level 0, the others level 1. An empty list has
    /// definition level 0.
    fn write_values<W: Write + Send>(&self, group: &mut SerializedRowGroupWriter<'_, W>) -> Result<()> {
        let Some(mut column) = group.next_column()? else { return Ok(()) };
        let mut values = &self.values[..];
        let (mut defined, mut repeated) = (Vec::new(), Vec::new());
        for &width in &self.widths {
            let (row, rest) = values.split_at(width);
            values = rest;
            defined.clear();
            defined.resize(width.max(1), i16::from(width > 0));
            repeated.clear();
            repeated.resize(width.max(1), 1);
            repeated[0] = 0;
            column.typed::<FloatType>().write_batch(row, Some(&defined), Some(&repeated))?;
        }
        column.close()
    }
}

fn write_column<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    defined: Option<&[i16]>,
) -> Result<()> {
    let Some(mut column) = group.next_column()? else { return Ok(()) };
    column.typed::<T>().write_batch(values, defined, None)?;
    column.close()
}
