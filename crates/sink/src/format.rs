//! The file format of a path, and what each format can hold.

use std::{ffi::OsStr, fmt, path::Path};

use super::{ArrayKind, Dtype, Error};

/// A file format arrays can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A zip of `.npy` files, read by `numpy.load`.
    Npz,
    /// Hugging Face's safetensors.
    Safetensors,
    /// A column table.
    Parquet,
    /// AnnData's HDF5: one vector for each record, for scanpy.
    H5ad,
    /// A text table.
    Tsv,
    /// A text table, gzipped.
    TsvGz,
}

/// What an output holds: either vectors and maps for each record, or base-pair probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Layout {
    /// Everything except pairs.
    #[default]
    Vectors,
    /// Only base-pair probabilities: whole matrices in `.npz`; in `.tsv` the pairs `i < j` above the cutoff.
    Pairs {
        /// A pair is listed when its probability is greater than this.
        cutoff: f32,
    },
}

/// Endings of file names. An ending that contains another comes first.
const ENDINGS: [(&str, Format); 6] = [
    (".npz", Format::Npz),
    (".safetensors", Format::Safetensors),
    (".parquet", Format::Parquet),
    (".h5ad", Format::H5ad),
    (".tsv.gz", Format::TsvGz),
    (".tsv", Format::Tsv),
];

impl Format {
    /// The format of a path by its ending; `-` is a text table on standard output.
    ///
    /// # Errors
    /// If the ending is unknown, or its format was left out of this build.
    pub fn of(path: &Path) -> Result<Self, Error> {
        if path == Path::new("-") {
            return Ok(Format::Tsv);
        }
        let name = path.file_name().unwrap_or(OsStr::new("")).to_string_lossy().to_ascii_lowercase();
        let known = ENDINGS.iter().find(|(ending, _)| name.ends_with(ending));
        match known {
            Some((_, Format::Parquet)) if cfg!(not(feature = "parquet")) => {
                Err(Error::NotBuilt { path: path.to_owned(), feature: "parquet" })
            }
            Some((_, Format::H5ad)) if cfg!(not(feature = "h5ad")) => {
                Err(Error::NotBuilt { path: path.to_owned(), feature: "h5ad" })
            }
            Some((_, format)) => Ok(*format),
            None => Err(Error::UnknownExtension { path: path.to_owned() }),
        }
    }

    /// Checks in advance that this format can hold such an output.
    pub(super) fn check(self, layout: Layout, dtype: Dtype) -> Result<(), Error> {
        match (self, layout) {
            (Format::Safetensors | Format::Parquet | Format::H5ad, Layout::Pairs { .. }) => {
                return Err(Error::NoPairs { format: self });
            }
            (Format::Tsv | Format::TsvGz, Layout::Pairs { cutoff }) if !(0.0..=1.0).contains(&cutoff) => {
                return Err(Error::Cutoff { cutoff });
            }
            _ => {}
        }
        match (self, dtype) {
            (Format::Safetensors, _) | (_, Dtype::F32) | (Format::Npz, Dtype::F16) => Ok(()),
            _ => Err(Error::NoSuchDtype { format: self, dtype }),
        }
    }

    /// Checks that an array of this kind can be written in this format and layout.
    ///
    /// # Errors
    /// If attentions are sent to a table, pairs and other kinds into one file, or several vectors of a record to `.h5ad`.
    pub fn check_kind(self, layout: Layout, kind: ArrayKind) -> Result<(), Error> {
        let fits = match layout {
            Layout::Pairs { .. } => kind == ArrayKind::Pairs,
            Layout::Vectors if self == Format::H5ad => matches!(kind, ArrayKind::Mean | ArrayKind::Cls),
            Layout::Vectors => kind != ArrayKind::Pairs && (kind != ArrayKind::Attentions || !self.is_table()),
        };
        if fits { Ok(()) } else { Err(Error::NoSuchKind { format: self, kind }) }
    }

    /// Are the arrays rows of one table, instead of named arrays?
    pub(super) fn is_table(self) -> bool {
        matches!(self, Format::Parquet | Format::H5ad | Format::Tsv | Format::TsvGz)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = ENDINGS.iter().find(|row| row.1 == *self).expect("every format has an ending");
        f.write_str(row.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_chooses_the_format_whatever_its_case() {
        for (name, format) in [
            ("a.npz", Format::Npz),
            ("dir.tsv/a.safetensors", Format::Safetensors),
            #[cfg(feature = "parquet")]
            ("A.PARQUET", Format::Parquet),
            #[cfg(feature = "h5ad")]
            ("a.h5ad", Format::H5ad),
            ("a.b.tsv", Format::Tsv),
            ("a.tsv.gz", Format::TsvGz),
            ("-", Format::Tsv),
        ] {
            assert_eq!(Format::of(Path::new(name)).unwrap(), format, "{name}");
        }
    }

    #[test]
    fn the_error_of_an_unknown_ending_lists_the_known_ones() {
        for name in ["a.csv", "npz", "a.gz", "..", ""] {
            let message = Format::of(Path::new(name)).unwrap_err().to_string();
            for ending in [".npz", ".safetensors", ".parquet", ".h5ad", ".tsv"] {
                assert!(message.contains(ending), "{message}");
            }
        }
    }

    #[test]
    fn types_a_format_lacks_are_refused_up_front() {
        use Dtype::*;
        let check = |format: Format, dtype| format.check(Layout::Vectors, dtype).is_ok();
        assert_eq!([F32, F16, Bf16].map(|d| check(Format::Safetensors, d)), [true, true, true]);
        assert_eq!([F32, F16, Bf16].map(|d| check(Format::Npz, d)), [true, true, false]);
        assert_eq!([F32, F16, Bf16].map(|d| check(Format::Parquet, d)), [true, false, false]);
        assert_eq!([F32, F16, Bf16].map(|d| check(Format::Tsv, d)), [true, false, false]);
    }

    #[test]
    fn pairs_keep_to_their_own_files() {
        let pairs = Layout::Pairs { cutoff: 0.1 };
        assert!(Format::Npz.check(pairs, Dtype::F32).is_ok() && Format::Tsv.check(pairs, Dtype::F32).is_ok());
        assert!(Format::Parquet.check(pairs, Dtype::F32).is_err());
        assert!(Format::Tsv.check(Layout::Pairs { cutoff: f32::NAN }, Dtype::F32).is_err());
        assert!(Format::Npz.check_kind(pairs, ArrayKind::Tokens).is_err());
        assert!(Format::Npz.check_kind(Layout::Vectors, ArrayKind::Pairs).is_err());
        assert!(Format::Npz.check_kind(Layout::Vectors, ArrayKind::Attentions).is_ok());
        assert!(Format::Parquet.check_kind(Layout::Vectors, ArrayKind::Attentions).is_err());
        assert!(Format::H5ad.check(pairs, Dtype::F32).is_err());
        assert!(Format::H5ad.check_kind(Layout::Vectors, ArrayKind::Tokens).is_err());
    }
}
