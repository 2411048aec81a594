//! Structure files: records that a writer accepts are read back unchanged.
//!
//! The first byte selects the format, so that all formats share one corpus.

use rinalmo_seq::{bpseq, ct, dot_bracket, st, stockholm};

/// Reads the input as the format that the first byte selects.
pub fn run(bytes: &[u8]) {
    let Some((format, bytes)) = bytes.split_first() else { return };
    match format % 5 {
        0 => round_trip!(dot_bracket, bytes),
        1 => round_trip!(ct, bytes),
        2 => round_trip!(bpseq, bytes),
        3 => round_trip!(stockholm, bytes),
        _ => round_trip!(st, bytes),
    }
}

/// Some of each format.
pub fn seeds() -> Vec<Vec<u8>> {
    super::texts(&[
        "\u{0}>a one\nGGGAAACCC\n(((...))) (-1.20)\n>b\nGGGG\n....\n",
        "\u{0}>a\nGGGAAACCC\n(((...))) ( -3.60)\n(((...))) [ -3.70]\n.((...)). { -2.00 d=0.50}\n frequency of mfe 0.9;\n",
        "\u{0}#Name: bpRNA_1\n#Length: 9\nGGGAAACCC\n([{...)]}\n",
        "\u{1}9 ENERGY = -1.2 a\n1 G 0 2 9 1\n2 G 1 3 8 2\n3 G 2 4 7 3\n4 A 3 5 0 4\n5 A 4 6 0 5\n6 A 5 7 0 6\n\
         7 C 6 8 3 7\n8 C 7 9 2 8\n9 C 8 0 1 9\n",
        "\u{2}# a\n1 G 4\n2 A 0\n3 A 0\n4 C 1\n",
        "\u{3}# STOCKHOLM 1.0\n#=GF ID x\na GGG-AACCC\n#=GR a SS <<<....>>\nb GGGAAACC.\n#=GC SS_cons <<<...>>>\n//\n",
        "\u{4}#Name: bpRNA_2\n#Length: 9\n#PageNumber: 1\nGGGAAACCC\n(((...)))\nSSSHHHSSS\nNNNNNNNNN\n",
    ])
}
