//! Constraint files of folding, read and applied.

use rinalmo::constraints;
use rinalmo_decode::{DecodeOptions, Method};
use rinalmo_seq::alphabet;

/// Decodes with every record that can be read.
pub fn run(bytes: &[u8]) {
    let Ok(records) = constraints::read(bytes) else { return };
    for record in records {
        let Some(sequence) = record.sequence.filter(|letters| (1..64).contains(&letters.len())) else { continue };
        if !sequence.iter().all(|&letter| alphabet::is_base(letter)) {
            continue;
        }
        let Ok(constraint) = record.constraint else { continue };
        let map = vec![0.4; sequence.len() * sequence.len()];
        for method in Method::ALL {
            let options = DecodeOptions::default().constraint(constraint.clone());
            let _ = method.decode(&map, &sequence, &options);
        }
    }
}

/// Constraints as in RNAfold.
pub fn seeds() -> Vec<Vec<u8>> {
    super::texts(&[
        ">a\nGGGGAAAACCCC\n((((xxxx))))\n>b\nGGGAAACCC\n|||...<<<\n",
        ">a\n..xx..\n# comment\n>b\nACGUACGU\n<<....>>\n",
        "GGGGAAAACCCC\n((..xxxx..))\n",
    ])
}
