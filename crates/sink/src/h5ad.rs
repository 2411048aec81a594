//! An `.h5ad` file of the records: `X` has their means, or their `<cls>` vectors if there are no means; with both, those
//! of `<cls>` are in `obsm`. Ids that are not the names of their records are the column `id`.

use std::io::{self, Write};

use super::ArrayKind;
use super::anndata::{AnnData, LabelColumn, Matrix};
use super::{names::Names, rows::rows, spool::Spool};

/// The text that says what `X` holds.
pub(super) const KIND: &str = "vectors";

/// Writes all records of the spool.
pub(super) fn encode<W: Write>(spool: &Spool, names: &Names, settings: &str, mut out: W) -> io::Result<W> {
    let mut tables = [ArrayKind::Mean, ArrayKind::Cls].map(|kind| (kind, 0, Vec::new()));
    let (mut all, mut ids) = (Vec::new(), Vec::new());
    for head in spool.heads() {
        let head = head?;
        all.push(names.of(head.index).to_owned());
        ids.push(Some(head.id));
        for array in &head.arrays {
            let Some((_, columns, values)) = tables.iter_mut().find(|table| table.0 == array.kind) else { continue };
            rows(spool, array, |_, row| {
                *columns = row.len();
                values.extend(row);
                Ok(())
            })?;
        }
    }
    let mut found = tables.into_iter().filter(|table| !table.2.is_empty());
    let (kind, columns, values) = found.next().unwrap_or((ArrayKind::Mean, 0, Vec::new()));
    let others = found.map(|(kind, columns, values)| (kind.name().to_owned(), Matrix::F32 { columns, values }));
    let ids = LabelColumn { name: "id".into(), labels: ids };
    let data = AnnData {
        names: all,
        x: Matrix::F32 { columns, values },
        labels: if names.changed.is_empty() { Vec::new() } else { vec![ids] },
        more: others.collect(),
        texts: vec![("rinalmo".into(), settings.to_owned()), (KIND.into(), kind.name().into())],
    };
    out.write_all(&data.bytes()?)?;
    Ok(out)
}
