//! Tables, files of labels and files of known structures, as training and evaluation read them.
//!
//! The first byte selects the extension of the file.

use std::path::Path;

use rinalmo::evaluate::{FamilyFrom, Predictions, References};
use rinalmo_seq::labelled::labels::{self, Columns};
use rinalmo_seq::labelled::structures as dataset;

use crate::scratch::with_file;

const ENDINGS: &[&str] = &[".csv", ".tsv", ".txt", ".dbn", ".ct", ".bpseq", ".sto", ".st", ".fa", ".json"];

/// Reads the file as labels, as a training set of structures, as references, and as predictions for them.
pub fn run(bytes: &[u8]) {
    let Some((ending, bytes)) = bytes.split_first() else { return };
    with_file(bytes, ENDINGS[usize::from(*ending) % ENDINGS.len()], read);
}

fn read(path: &Path) {
    if let Ok(items) = labels::read(path, &Columns::default()) {
        for item in items {
            let _ = (item.number(), item.numbers(), item.classes());
        }
    }
    let _ = dataset::read(path, &dataset::ReadOptions::default());
    if let Ok(references) = References::open(path, &FamilyFrom::default(), None) {
        let _ = Predictions::open(path, &references);
    }
}

/// Some of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    super::texts(&[
        "\u{0}id,sequence,label,family\na,GGGAAACCC,1.5,x\nb,ACGU,0,y\n",
        "\u{0}id;sequence;label\na;GGGAAACCC;1,5\n;;\nb;ACGU;0,0\n",
        "\u{0}id,sequence,structure\na,GGGAAACCC,(((...)))\n",
        "\u{0}id,sequence,base_pairs\na,GGGAAACCC,\"[[1,9],[2,8]]\"\nb,GGGAAACCC,\"[(1, 9)]\"\n",
        "\u{1}id\tsequence\tlabel\na\tGGGAAACCC\tyes\nb\tACGU\tno\n",
        "\u{1}id\tsequence\tlabel\na\tGGGA\t0 1 0 1\nb\tACGU\t1 0 , 1\n",
        "\u{3}>a\nGGGAAACCC\n(((...)))\n",
        "\u{4}4 a\n1 G 0 2 4 1\n2 A 1 3 0 2\n3 A 2 4 0 3\n4 C 3 0 1 4\n",
        "\u{5}1 G 4\n2 A 0\n3 A 0\n4 C 1\n",
        "\u{6}# STOCKHOLM 1.0\na GGGAAACCC\n#=GC SS_cons <<<...>>>\n//\n",
        "\u{8}>a 1.5\nGGGAAACCC\n>b 0\nACGU\n",
    ])
}
