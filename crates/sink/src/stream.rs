//! A text table that is written record by record, for pipes.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
};

use super::{
    ArrayRecord, Error, Layout,
    array::row_shape,
    names::{Giver, Renamed, Use},
    tsv::Table,
};

/// A table on a stream. Its first record decides how many columns there are.
pub(super) struct Stream {
    state: State,
    layout: Layout,
    names: Giver,
}

type Out = BufWriter<Box<dyn Write + Send>>;

enum State {
    Before(Out),
    Begun(Table<Out>),
    /// A write failed: further rows would follow an incomplete one.
    Broken,
}

impl Stream {
    pub fn new(out: Box<dyn Write + Send>, layout: Layout) -> Self {
        Self { state: State::Before(BufWriter::new(out)), layout, names: Giver::new(Use::Table) }
    }

    /// Writes the rows of a record and flushes them.
    pub fn write(&mut self, record: &ArrayRecord) -> Result<(), Error> {
        let widest = record.arrays.iter().max_by_key(|array| row_shape(&array.shape).1);
        let width = widest.map_or(0, |array| row_shape(&array.shape).1);
        let mut table = self.begin(width).map_err(failed)?;
        if let Some(array) = widest.filter(|_| self.layout == Layout::Vectors && width > table.width()) {
            let (id, kind, expected) = (record.id.clone(), array.kind, table.width());
            self.state = State::Begun(table);
            return Err(Error::Width { id, kind, found: width, expected });
        }
        let name = self.names.give(record.index, &record.id);
        write_rows(&mut table, &name, record).map_err(failed)?;
        self.state = State::Begun(table);
        Ok(())
    }

    /// Takes the table and writes its header line if needed. The state is broken until the table is put back.
    fn begin(&mut self, width: usize) -> io::Result<Table<Out>> {
        match std::mem::replace(&mut self.state, State::Broken) {
            State::Begun(table) => Ok(table),
            State::Before(out) => Table::new(out, self.layout, width),
            State::Broken => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Writes at least the header line, and flushes. Returns the records whose names differ from their ids.
    pub fn finish(mut self) -> Result<Vec<Renamed>, Error> {
        let mut table = self.begin(0).map_err(failed)?;
        table.out.flush().map_err(failed)?;
        Ok(self.names.changed)
    }
}

fn write_rows(table: &mut Table<Out>, name: &str, record: &ArrayRecord) -> io::Result<()> {
    for array in &record.arrays {
        let (count, width) = row_shape(&array.shape);
        for row in 0..count {
            let position = (array.shape.len() > 1).then_some(row + 1);
            table.row(name, array.kind.name(), position, &array.data[row * width..(row + 1) * width])?;
        }
    }
    table.out.flush()
}

fn failed(source: io::Error) -> Error {
    Error::io("cannot write", Path::new("-"))(source)
}
