//! Variants as users write them.

use rinalmo::Variant;

/// A variant that is read is written in its normal form, read back unchanged, and compared with a sequence.
pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for line in text.lines() {
        if let Ok(variant) = line.parse::<Variant>() {
            let _ = variant.check(b"GGGGAAAACCCC");
            let Ok(again) = variant.to_string().parse::<Variant>() else { panic!("`{line}` is not read back") };
            assert_eq!(again.substitutions(), variant.substitutions(), "`{line}` is read back as another variant");
        }
    }
}

/// Every spelling.
pub fn seeds() -> Vec<Vec<u8>> {
    super::texts(&["G1A\nG1A+C9U\nG1A:C9T\nn.1G>A\nr.1g>a\n", "c.12A>G\na:n.3G>C\nG1del\nn.2_3delinsA\nn.4dup\n"])
}
