//! From nested dictionaries to one list of named tensors and numbers.

use super::{Pickle, TensorRef, Value};
use crate::error::Fault;

/// Levels of nested dictionaries, and visits to values in them: more than any checkpoint has.
const MAX_DEPTH: usize = 16;
const MAX_ENTRIES: usize = 1 << 18;

/// Dictionaries that training programs wrap around the tensors.
const WRAPPERS: [&str; 3] = ["state_dict", "model_state_dict", "model"];
/// Further ones with less specific names: they count only if they hold tensors and nothing next to them does.
const RARE_WRAPPERS: [&str; 5] = ["model_state", "module", "net", "weights", "params"];

/// Something with a name: a tensor or a number.
#[derive(Debug, Clone, PartialEq)]
pub enum Leaf {
    /// A tensor.
    Tensor(TensorRef),
    /// A floating-point number.
    Number(f64),
}

impl Pickle<'_> {
    /// Every tensor and number below the root, or below its `state_dict` if it has one (numbers next to that are kept
    /// too). Keys of nested dictionaries are joined by dots; text, lists and the like are left out.
    ///
    /// # Errors
    /// The root is not a dictionary, or dictionaries are nested too deeply.
    pub fn flatten(&self) -> Result<Vec<(String, Leaf)>, Fault> {
        let heap = &self.heap;
        let Some(pairs) = heap.pairs(self.root) else {
            let what = heap.name(self.root).map_or("something".to_owned(), |name| format!("an object of `{name}`"));
            return Err(Fault::Unsupported(format!(
                "the file holds {what}, expected a dictionary of tensors\n\
                 hint: save only the tensors, in Python: torch.save(model.state_dict(), \"weights.pt\")"
            )));
        };
        let holds_tensors =
            |dict: Value| heap.pairs(dict).is_some_and(|pairs| pairs.iter().any(|(_, v)| heap.tensor(*v).is_some()));
        let rare = || RARE_WRAPPERS.iter().filter(|_| !holds_tensors(self.root));
        let wrapped = WRAPPERS
            .iter()
            .find_map(|key| heap.get(self.root, key).filter(|v| heap.pairs(*v).is_some()))
            .or_else(|| rare().find_map(|key| heap.get(self.root, key).filter(|v| holds_tensors(*v))));
        let mut out = Vec::new();
        let mut open = Vec::new();
        if let Some(inner) = wrapped {
            open.push((String::new(), inner, 1));
            out.extend(pairs.iter().filter_map(|(key, value)| Some((heap.text(*key)?.to_owned(), number(*value)?))));
        } else {
            open.push((String::new(), self.root, 0));
        }
        let mut visits = 0;
        while let Some((prefix, dict, depth)) = open.pop() {
            for (key, value) in heap.pairs(dict).unwrap_or_default() {
                visits += 1;
                if visits > MAX_ENTRIES || depth > MAX_DEPTH {
                    return Err(Fault::damaged("pickle", "dictionaries nested too deeply"));
                }
                let key = match *key {
                    Value::Int(number) => format!("{prefix}{number}"),
                    other => match heap.text(other) {
                        Some(text) => format!("{prefix}{text}"),
                        None => continue,
                    },
                };
                if let Some(tensor) = heap.tensor(*value) {
                    out.push((key, Leaf::Tensor(tensor.clone())));
                } else if let Some(number) = number(*value) {
                    out.push((key, number));
                } else if matches!(value, Value::Dict(_)) {
                    open.push((key + ".", *value, depth + 1));
                }
            }
        }
        Ok(out)
    }
}

fn number(value: Value) -> Option<Leaf> {
    match value {
        Value::Int(number) => Some(Leaf::Number(number as f64)),
        Value::Float(number) => Some(Leaf::Number(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn a_state_dict_is_found_and_numbers_beside_it_kept() {
        let pickle =
            b"\x80\x02}(X\x0a\0\0\0state_dict}X\x01\0\0\0aK\x01sX\x09\0\0\0thresholdK\x02X\x04\0\0\0rest}X\x01\0\0\0bK\x03su.";
        let mut found = parse(pickle, "data.pkl").unwrap().flatten().unwrap();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(found, [("a".into(), Leaf::Number(1.0)), ("threshold".into(), Leaf::Number(2.0))]);
    }

    #[test]
    fn a_dictionary_within_itself_ends() {
        let error = parse(b"\x80\x02}q\0X\x01\0\0\0ah\0s.", "data.pkl").unwrap().flatten().unwrap_err();
        assert!(error.to_string().contains("nested too deeply"), "{error}");
    }

    #[test]
    fn many_laughs_end() {
        // each dictionary holds the one before it under two keys
        let mut pickle = b"\x80\x02}q\0".to_vec();
        for i in 0..15u8 {
            pickle.extend([b'}', b'q', i + 1, b'(', 0x8c, 1, b'a', b'h', i, 0x8c, 1, b'b', b'h', i, b'u']);
        }
        pickle.extend(b"}(");
        for name in b'a'..=b'z' {
            pickle.extend([0x8c, 1, name, b'h', 15]);
        }
        pickle.extend(b"u.");
        assert!(parse(&pickle, "data.pkl").unwrap().flatten().unwrap_err().to_string().contains("nested too deeply"));
    }
}
