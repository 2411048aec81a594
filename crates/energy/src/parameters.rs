//! Free energies of the loops of a structure at 37 °C, as published.
//!
//! The numbers are Turner 2004 (Mathews et al., PNAS 101 (2004) 7287; Turner and Mathews, Nucleic Acids Res. 38 (2010)
//! D280), stored in `parameters/turner2004.txt`. `extract.py` in the same folder wrote that file and describes its
//! order. All energies here are in 0.01 kcal/mol.

use std::collections::HashMap;

use crate::letters::{LETTERS, PAIRS, UNKNOWN, code};

const TEXT: &str = include_str!("../parameters/turner2004.txt");

/// Letters of the published tables, which have no unknown letter.
const KNOWN: usize = 4;

/// Energy that replaces 0 for a neighbour, in 0.01 kcal/mol. ViennaRNA smooths the step between a bonus and none so
/// that energies can be differentiated by temperature, and results here must be comparable. Only a G or U before a GC
/// pair at the very end of a sequence is affected, by 0.017 kcal/mol.
const NO_BONUS: f64 = -1.698;

/// Tables by kind of pair and by the letters next to it, see [`crate::letters`].
///
/// Letters are indexed in order around the loop: `[kind][i + 1][j - 1]` for the letters inside a pair,
/// `[kind][i - 1][j + 1]` for those outside.
pub(crate) struct Parameters {
    /// `[outer][inner from the other strand]`, as in all tables of two pairs.
    pub stack: Vec<i32>,
    pub mismatch_hairpin: Vec<i32>,
    pub mismatch_internal: Vec<i32>,
    pub mismatch_internal_1n: Vec<i32>,
    pub mismatch_internal_23: Vec<i32>,
    pub mismatch_multi: Vec<i32>,
    pub mismatch_exterior: Vec<i32>,
    pub dangle5: Vec<i32>,
    pub dangle3: Vec<i32>,
    /// One unpaired base on each side: `[outer][inner][i + 1][j - 1]`.
    pub int11: Vec<i32>,
    /// One on the left, two on the right: `[outer][inner][i + 1][q + 1][j - 1]`.
    pub int21: Vec<i32>,
    /// Two on each side: `[outer][inner][i + 1][p - 1][q + 1][j - 1]`.
    pub int22: Vec<i32>,
    /// By the number of unpaired bases, 0 to 30; the next two also.
    pub hairpin: Vec<i32>,
    pub bulge: Vec<i32>,
    pub internal: Vec<i32>,
    /// Energies of an unpaired base, of the closing pair, and of each branch.
    pub multiloop: [i32; 3],
    /// Energy for each base by which the sides of an internal loop differ, and the largest total.
    pub asymmetry: [i32; 2],
    pub terminal_au: i32,
    /// Coefficient of `ln(length / 30)`, added for hairpins longer than 30.
    pub logarithm: f64,
    /// Hairpins with their own energy, as codes of letters, closing pair included.
    pub hairpins: Vec<(Vec<u8>, i32)>,
}

impl Parameters {
    /// The published values.
    pub fn turner2004() -> Self {
        let sections = sections(TEXT);
        let table = |name: &str| -> Vec<i32> { sections[name].iter().map(|word| number(word)).collect() };
        let wide = |name: &str, pairs: u32, letters: u32| with_unknown(&table(name), PAIRS.pow(pairs), letters);
        let one = |name: &str| number(sections[name][0]);
        let several = |name: &str| -> Vec<i32> { sections[name].iter().map(|word| number(word)).collect() };
        Self {
            stack: table("stack"),
            mismatch_hairpin: wide("mismatch_hairpin", 1, 2),
            mismatch_internal: wide("mismatch_internal", 1, 2),
            mismatch_internal_1n: wide("mismatch_internal_1n", 1, 2),
            mismatch_internal_23: wide("mismatch_internal_23", 1, 2),
            mismatch_multi: table("mismatch_multi"),
            mismatch_exterior: table("mismatch_exterior"),
            dangle5: table("dangle5"),
            dangle3: table("dangle3"),
            int11: wide("int11", 2, 2),
            int21: wide("int21", 2, 3),
            int22: wide("int22", 2, 4),
            hairpin: table("hairpin"),
            bulge: table("bulge"),
            internal: table("internal"),
            multiloop: several("multiloop").try_into().expect("three numbers of the multiloop"),
            asymmetry: several("asymmetry").try_into().expect("two numbers of the asymmetry"),
            terminal_au: one("terminal_au"),
            logarithm: sections["logarithm"][0].parse().expect("turner2004.txt holds a number here"),
            hairpins: sections["hairpins"].chunks_exact(2).map(|pair| (codes(pair[0]), number(pair[1]))).collect(),
        }
    }

    /// Energy of the letters `five` and `three` outside a pair, in the kind of loop that `mismatch` is for.
    ///
    /// A letter that is missing or unknown contributes nothing; the other one then counts as a dangling end.
    pub fn outer_mismatch(&self, mismatch: &[i32], pair: usize, five: u8, three: u8) -> f64 {
        let energy = match (five, three) {
            (UNKNOWN, UNKNOWN) => return 0.0,
            (five, UNKNOWN) => self.dangle5[pair * KNOWN + five as usize],
            (UNKNOWN, three) => self.dangle3[pair * KNOWN + three as usize],
            (five, three) => mismatch[(pair * KNOWN + five as usize) * KNOWN + three as usize],
        };
        if energy == 0 { NO_BONUS } else { f64::from(energy) }
    }
}

/// The words of each `# name: remark` section.
fn sections(text: &str) -> HashMap<&str, Vec<&str>> {
    let blocks = text.split("# ").skip(1).filter_map(|block| block.split_once('\n'));
    blocks.map(|(title, body)| (title.split(':').next().unwrap_or(title), body.split_whitespace().collect())).collect()
}

fn number(word: &str) -> i32 {
    word.parse().expect("turner2004.txt holds integers here")
}

fn codes(letters: &str) -> Vec<u8> {
    letters.bytes().map(code).collect()
}

/// The table with a fifth letter on every axis: an unknown letter counts as the least favourable of the four.
fn with_unknown(table: &[i32], pairs: usize, letters: u32) -> Vec<i32> {
    assert_eq!(table.len(), pairs * KNOWN.pow(letters), "the tables of turner2004.txt are complete");
    let wide = LETTERS.pow(letters);
    let at = |pair: usize, cell: usize| -> i32 {
        let mut cells = vec![pair]; // all cells that the letters may stand for
        for axis in (0..letters).rev() {
            let letter = cell / LETTERS.pow(axis) % LETTERS;
            let choices = if letter == UNKNOWN as usize { 0..KNOWN } else { letter..letter + 1 };
            cells = cells.iter().flat_map(|&cell| choices.clone().map(move |letter| cell * KNOWN + letter)).collect();
        }
        cells.into_iter().map(|cell| table[cell]).max().expect("every letter stands for at least one")
    };
    (0..pairs * wide).map(|cell| at(cell / wide, cell % wide)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_letter_is_the_least_favourable() {
        let parameters = Parameters::turner2004();
        let [a, unknown] = [0, UNKNOWN as usize];
        let row = |first: usize| &parameters.mismatch_hairpin[first * LETTERS..(first + 1) * LETTERS]; // of pair CG
        assert_eq!(row(a)[..4], [-150, -150, -140, -150]);
        assert_eq!(row(a)[unknown], -140);
        assert_eq!(row(unknown)[unknown], -80);
    }

    #[test]
    fn tables_read_the_same_from_both_strands() {
        let parameters = Parameters::turner2004();
        for (outer, inner) in (0..PAIRS).flat_map(|outer| (0..PAIRS).map(move |inner| (outer, inner))) {
            assert_eq!(parameters.stack[outer * PAIRS + inner], parameters.stack[inner * PAIRS + outer]);
            for (x, y) in (0..LETTERS).flat_map(|x| (0..LETTERS).map(move |y| (x, y))) {
                let at = |outer, inner, x, y| ((outer * PAIRS + inner) * LETTERS + x) * LETTERS + y;
                assert_eq!(parameters.int11[at(outer, inner, x, y)], parameters.int11[at(inner, outer, y, x)]);
            }
        }
    }
}
