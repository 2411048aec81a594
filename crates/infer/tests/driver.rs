//! Both forms of the verbs: lazy, in order, and with an error for each item.
#![cfg(feature = "bundled")]

use std::cell::Cell;

use rinalmo_infer::{Device, EmbedOptions, Error, FoldOptions, Model, ScoreOptions, VariantRequest};

const SEQUENCES: [&str; 6] = ["GGGGAAAACCCC", "ACGU", "GGGAAACCCAAAGGGAAACCC", "ACGU", "A", "GGGGAAAACCCC"];

fn model(name: &str) -> Model {
    Model::load(name, &Device::cpu()).unwrap()
}

#[test]
fn a_stream_reads_a_batch_and_one_more() {
    let read = Cell::new(0);
    let endless = std::iter::repeat_with(|| {
        read.set(read.get() + 1);
        "GGGGAAAACCCC"
    });
    let model = model("nano");
    let options = FoldOptions::default().batch_tokens(4 * 14);
    let mut folds = model.folds(endless, &options).unwrap();
    assert_eq!(read.get(), 0, "nothing is read before the first result is asked for");
    for number in 0..9 {
        assert_eq!(folds.next().unwrap().unwrap().structure.len(), 12);
        assert_eq!(read.get(), 4 * (number / 4 + 1) + 1);
        assert_eq!(folds.size_hint().0, 3 - number % 4, "results that are ready");
    }
}

#[test]
fn both_forms_have_the_same_results_in_order() {
    let (folding, masked) = (model("nano"), model("nano-mlm"));
    let lengths = SEQUENCES.map(str::len);
    for tokens in [1, 30, 4096] {
        let options = FoldOptions::default().batch_tokens(tokens).probabilities(true);
        let all = folding.fold(&SEQUENCES, &options).unwrap();
        let streamed = folding.folds(SEQUENCES, &options).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(all.iter().map(|fold| fold.structure.len()).collect::<Vec<_>>(), lengths);
        assert!(all.iter().zip(&streamed).all(|(one, other)| one.probabilities == other.probabilities));

        let options = EmbedOptions::default().batch_tokens(tokens);
        let all = folding.embed(&SEQUENCES, &options).unwrap();
        let streamed = folding.embeddings(SEQUENCES, &options).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(all, streamed);

        let options = ScoreOptions::default().batch_tokens(tokens);
        let all = masked.score(&SEQUENCES, &options).unwrap();
        let streamed = masked.scores(SEQUENCES, &options).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(all, streamed);
        assert_eq!(all.iter().map(|score| score.log_likelihoods.len()).collect::<Vec<_>>(), lengths);
    }
}

#[test]
fn an_item_that_fails_is_an_error_of_that_item_only() {
    let masked = model("nano-mlm");
    let found: Vec<_> = masked.scores(["ACGU", "", "GGG"], &ScoreOptions::default()).unwrap().collect();
    assert!(matches!(found[..], [Ok(_), Err(Error::EmptySequence), Ok(_)]), "{found:?}");
    let requests = ["A1C", "C1A", "A1G+U4C"].map(|text| VariantRequest::new("ACGU", vec![text.parse().unwrap()]));
    let found: Vec<_> = masked.variant_scores(requests, &ScoreOptions::default()).unwrap().collect();
    assert!(matches!(found[..], [Ok(_), Err(Error::Variant { .. }), Ok(_)]), "{found:?}");
    assert!(masked.score(["ACGU", ""], &ScoreOptions::default()).is_err());
}
