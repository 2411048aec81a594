//! Where a pickle's values live: containers in flat tables, pointing at each other by number.

use std::borrow::Cow;

use super::globals::Global;
use crate::dtype::Dtype;

/// Values in all tables, with the items in them: more than any checkpoint has.
const MAX_ITEMS: usize = 1 << 22;

/// A value; containers and strings are indices into their tables.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value {
    /// Python's `None`, and objects that are not needed here.
    None,
    /// A class or function that we do not know, or an object of it: only a name. Nothing that the pickle
    /// does with it has an effect.
    Inert(u32),
    /// A flag.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(u32),
    /// Bytes.
    Blob(u32),
    /// A list.
    List(u32),
    /// A tuple.
    Tuple(u32),
    /// A dictionary.
    Dict(u32),
    /// A constructor.
    Global(Global),
    /// A number type of numpy.
    NumpyType(Dtype),
    /// A storage.
    Storage(u32),
    /// A tensor.
    Tensor(u32),
}

/// A run of elements that tensors are views of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorageRef {
    /// Its name in the file.
    pub key: String,
    /// Type of its elements.
    pub dtype: Dtype,
    /// Number of its elements.
    pub count: usize,
    /// Where, in elements, this view of it starts.
    pub offset: usize,
}

/// A view of a storage; offset and strides count elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorRef {
    /// The storage.
    pub storage: StorageRef,
    /// First element.
    pub offset: usize,
    /// Sizes.
    pub shape: Vec<usize>,
    /// Steps.
    pub strides: Vec<usize>,
}

/// The tables.
#[derive(Debug, Default)]
pub struct Heap<'a> {
    texts: Vec<&'a str>,
    blobs: Vec<Cow<'a, [u8]>>,
    sequences: Vec<Vec<Value>>,
    dicts: Vec<Vec<(Value, Value)>>,
    storages: Vec<StorageRef>,
    tensors: Vec<TensorRef>,
    names: Vec<String>,
    items: usize,
}

impl<'a> Heap<'a> {
    /// Whether it holds more than any checkpoint would.
    pub(super) fn is_full(&self) -> bool {
        self.items > MAX_ITEMS
    }

    fn put<T>(items: &mut usize, table: &mut Vec<T>, value: T, size: usize) -> u32 {
        *items += 1 + size;
        table.push(value);
        (table.len() - 1) as u32 // bounded by MAX_ITEMS
    }

    pub(super) fn new_text(&mut self, text: &'a str) -> Value {
        Value::Text(Self::put(&mut self.items, &mut self.texts, text, 0))
    }

    pub(super) fn blob(&mut self, bytes: Cow<'a, [u8]>) -> Value {
        Value::Blob(Self::put(&mut self.items, &mut self.blobs, bytes, 0))
    }

    pub(super) fn tuple(&mut self, items: Vec<Value>) -> Value {
        let size = items.len();
        Value::Tuple(Self::put(&mut self.items, &mut self.sequences, items, size))
    }

    pub(super) fn list(&mut self, items: Vec<Value>) -> Value {
        let size = items.len();
        Value::List(Self::put(&mut self.items, &mut self.sequences, items, size))
    }

    pub(super) fn dict(&mut self, pairs: Vec<(Value, Value)>) -> Value {
        let size = pairs.len();
        Value::Dict(Self::put(&mut self.items, &mut self.dicts, pairs, size))
    }

    pub(super) fn new_storage(&mut self, storage: StorageRef) -> Value {
        Value::Storage(Self::put(&mut self.items, &mut self.storages, storage, 0))
    }

    pub(super) fn new_tensor(&mut self, tensor: TensorRef) -> Value {
        let size = tensor.shape.len();
        Value::Tensor(Self::put(&mut self.items, &mut self.tensors, tensor, size))
    }

    pub(super) fn inert(&mut self, name: String) -> Value {
        Value::Inert(Self::put(&mut self.items, &mut self.names, name, 0))
    }

    /// The name of an inert object.
    pub fn name(&self, value: Value) -> Option<&str> {
        match value {
            Value::Inert(id) => self.names.get(id as usize).map(String::as_str),
            _ => None,
        }
    }

    pub(super) fn extend_list(&mut self, id: u32, items: Vec<Value>) {
        self.items += items.len();
        self.sequences[id as usize].extend(items);
    }

    pub(super) fn extend_dict(&mut self, id: u32, pairs: Vec<(Value, Value)>) {
        self.items += pairs.len();
        self.dicts[id as usize].extend(pairs);
    }

    /// The text of a value, if it is one.
    pub fn text(&self, value: Value) -> Option<&'a str> {
        match value {
            Value::Text(id) => self.texts.get(id as usize).copied(),
            _ => None,
        }
    }

    /// The bytes of a value, if it is such.
    pub(super) fn bytes(&self, value: Value) -> Option<&[u8]> {
        match value {
            Value::Blob(id) => self.blobs.get(id as usize).map(AsRef::as_ref),
            _ => None,
        }
    }

    /// The items of a list or tuple.
    pub fn sequence(&self, value: Value) -> Option<&[Value]> {
        match value {
            Value::List(id) | Value::Tuple(id) => self.sequences.get(id as usize).map(Vec::as_slice),
            _ => None,
        }
    }

    /// The pairs of a dictionary, in the order of insertion.
    pub fn pairs(&self, value: Value) -> Option<&[(Value, Value)]> {
        match value {
            Value::Dict(id) => self.dicts.get(id as usize).map(Vec::as_slice),
            _ => None,
        }
    }

    /// The value of a text key in a dictionary; the last one inserted counts.
    pub fn get(&self, dict: Value, key: &str) -> Option<Value> {
        let pair = self.pairs(dict)?.iter().rev().find(|(k, _)| self.text(*k) == Some(key))?;
        Some(pair.1)
    }

    /// The storage of a value, if it is one.
    pub(super) fn storage(&self, value: Value) -> Option<&StorageRef> {
        match value {
            Value::Storage(id) => self.storages.get(id as usize),
            _ => None,
        }
    }

    /// Every storage that the pickle names.
    pub fn storages(&self) -> &[StorageRef] {
        &self.storages
    }

    /// The tensor of a value, if it is one.
    pub fn tensor(&self, value: Value) -> Option<&TensorRef> {
        match value {
            Value::Tensor(id) => self.tensors.get(id as usize),
            _ => None,
        }
    }
}
