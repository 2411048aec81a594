//! Where the data of each benchmark are published.

use std::path::{Path, PathBuf};

use rinalmo_download::{Job, Options, Plan, Progress, fetch};

use super::Benchmark;
use crate::Error;

/// A published file of a benchmark's data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    /// The benchmark.
    pub benchmark: Benchmark,
    /// Its address.
    pub url: &'static str,
    /// Who made it.
    pub by: &'static str,
}

const SOURCES: [Source; 6] = [
    Source {
        benchmark: Benchmark::BpRna,
        url: "https://dl.dropboxusercontent.com/s/w3kc4iro8ztbf3m/bpRNA_dataset.zip",
        by: "SPOT-RNA (Singh et al. 2019), from bpRNA-1m at 80 % identity",
    },
    Source {
        benchmark: Benchmark::ArchiveII,
        url: "https://github.com/marcellszi/dl-rna/releases/download/Data/ct-splits.tar.gz",
        by: "Szikszai et al. 2022, from ArchiveII (Sloma and Mathews 2016)",
    },
    Source {
        benchmark: Benchmark::Mrl,
        url: "https://ftp.ncbi.nlm.nih.gov/geo/samples/GSM4084nnn/GSM4084997/suppl/GSM4084997_varying_length_25to100.csv.gz",
        by: "Sample et al. 2019, GEO series GSE114002",
    },
    Source {
        benchmark: Benchmark::Splice,
        url: "https://git.unistra.fr/nscalzitti/spliceator/-/archive/master/spliceator-master.tar.gz",
        by: "Spliceator (Scalzitti et al. 2021)",
    },
    Source {
        benchmark: Benchmark::Family,
        url: "https://raw.githubusercontent.com/bioinformatics-sannio/ncrna-deep/master/datasets/nRC-public/dataset_nRC_train.fasta",
        by: "nRC (Fiannaca et al. 2017), 13 classes, as kept by Noviello et al. 2020",
    },
    Source {
        benchmark: Benchmark::Family,
        url: "https://raw.githubusercontent.com/bioinformatics-sannio/ncrna-deep/master/datasets/nRC-public/dataset_nRC_test.fasta",
        by: "nRC, its test set",
    },
];

/// The files that are known to be public. The paper's ncRNA families (Rfam-novel) are only available as an R image, so
/// those of nRC are listed for families.
pub fn sources(benchmark: Benchmark) -> impl Iterator<Item = &'static Source> {
    SOURCES.iter().filter(move |source| source.benchmark == benchmark)
}

impl Source {
    /// Downloads it into a folder, unless it is already there; returns its path.
    ///
    /// # Errors
    /// The download failed. The message says where to put a copy from elsewhere.
    pub fn fetch(
        &self,
        folder: &Path,
        options: &Options,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<PathBuf, Error> {
        let failed = |error: rinalmo_download::Error| Error::Options(error.to_string());
        let job = Job::new(self.url, folder).map_err(failed)?;
        let path = job.path.clone();
        let plan = Plan { folder: folder.to_owned(), jobs: vec![job] };
        fetch(&plan, options, progress).map_err(failed)?;
        Ok(path)
    }
}
