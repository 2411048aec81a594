//! A pickle machine that can build tensors and plain containers, and nothing else.
//!
//! A pickle is a program for a small stack machine, and Python's own machine lets it call anything. Ours knows the
//! opcodes that PyTorch's files use (protocol 2, and the same objects in protocols 3 to 5) and the fixed list of
//! constructors in [`globals`]. Training programs save more next to the tensors: settings, paths, dates, objects of
//! their own classes. Those stay names ([`Value::Inert`]): they take arguments, state, items and keys without effect. A
//! name that only an attack asks for is an error with its place. Values live on a flat heap and point at each other by
//! number, so that even deep nesting needs no recursion; every opcode costs at least a byte of input, and stack,
//! memo and heap are bounded.

mod flatten;
mod globals;
mod heap;
mod reader;
mod reduce;

use std::collections::HashMap;

pub use flatten::Leaf;
pub use heap::{Heap, StorageRef, TensorRef, Value};

use crate::error::Fault;
use globals::Global;
use reader::Reader;

/// The opcode every pickle since protocol 2 opens with.
pub const PROTO: u8 = 0x80;
/// Largest pickle read, in bytes; the pickle of a giga checkpoint has 60 kB.
pub const MAX_BYTES: usize = 64 << 20;
/// Values on the stack, and marks.
const MAX_STACK: usize = 1 << 20;
/// Values in the memo.
const MAX_MEMO: usize = 1 << 20;

/// The result of a pickle.
#[derive(Debug)]
pub struct Pickle<'a> {
    /// Its values.
    pub heap: Heap<'a>,
    /// Its final value.
    pub root: Value,
    /// Bytes up to and including its last opcode.
    pub len: usize,
}

/// Runs the pickle that starts `bytes`. `place` names it in errors.
///
/// # Errors
/// [`Fault::Refused`] for anything but containers and tensors, [`Fault::Damaged`] for nonsense.
pub fn parse<'a>(bytes: &'a [u8], place: &'static str) -> Result<Pickle<'a>, Fault> {
    let bytes = &bytes[..bytes.len().min(MAX_BYTES)];
    let mut machine = Machine {
        reader: Reader::new(bytes, place),
        heap: Heap::default(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
    };
    let root = machine.run()?;
    Ok(Pickle { heap: machine.heap, root, len: machine.reader.at() })
}

struct Machine<'a> {
    reader: Reader<'a>,
    heap: Heap<'a>,
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

impl<'a> Machine<'a> {
    fn run(&mut self) -> Result<Value, Fault> {
        loop {
            let opcode = self.reader.byte()?;
            if opcode == b'.' {
                return self.pop();
            }
            self.step(opcode)?;
            if self.stack.len() > MAX_STACK || self.memo.len() > MAX_MEMO || self.heap.is_full() {
                return Err(self.reader.damaged("more values than any checkpoint has"));
            }
        }
    }

    /// One opcode; grouped as in Python's `pickletools`.
    fn step(&mut self, opcode: u8) -> Result<(), Fault> {
        let value = match opcode {
            PROTO => {
                let protocol = self.reader.byte()?;
                return if (2..=5).contains(&protocol) {
                    Ok(())
                } else {
                    Err(self.reader.damaged(format!("pickle protocol {protocol}, expected 2 to 5")))
                };
            }
            0x95 => return self.reader.take(8).map(drop), // FRAME: only a hint for buffering
            // plain values
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'J' => Value::Int(self.reader.int::<4>()?),
            b'K' => Value::Int(self.reader.unsigned::<1>()? as i64),
            b'M' => Value::Int(self.reader.unsigned::<2>()? as i64),
            0x8a => Value::Int(self.reader.long::<1>()?),
            0x8b => Value::Int(self.reader.long::<4>()?),
            b'G' => Value::Float(self.reader.float()?),
            b'X' => self.text::<4>()?,
            0x8c | b'U' => self.text::<1>()?, // U: a Python 2 string, which in these files is ASCII
            b'T' => self.text::<4>()?,
            0x8d => self.text::<8>()?,
            b'B' => self.blob::<4>()?,
            b'C' => self.blob::<1>()?,
            0x8e => self.blob::<8>()?,
            // containers
            b')' => self.heap.tuple(Vec::new()),
            b']' => self.heap.list(Vec::new()),
            b'}' => self.heap.dict(Vec::new()),
            b't' => {
                let items = self.pop_mark()?;
                self.heap.tuple(items)
            }
            0x85..=0x87 => {
                let items = self.pop_many(usize::from(opcode - 0x84))?;
                self.heap.tuple(items)
            }
            b'l' => {
                let items = self.pop_mark()?;
                self.heap.list(items)
            }
            b'd' => {
                let items = self.pop_mark()?;
                let pairs = self.pairs(items)?;
                self.heap.dict(pairs)
            }
            b'a' => {
                let items = self.pop_many(1)?;
                return self.extend_list(items);
            }
            b'e' => {
                let items = self.pop_mark()?;
                return self.extend_list(items);
            }
            b's' => {
                let items = self.pop_many(2)?;
                return self.extend_dict(items);
            }
            b'u' => {
                let items = self.pop_mark()?;
                return self.extend_dict(items);
            }
            // sets, which hold no tensors: names like any other object
            0x8f => self.heap.inert("builtins.set".into()),
            0x91 => {
                self.pop_mark()?;
                self.heap.inert("builtins.frozenset".into())
            }
            0x90 => {
                self.pop_mark()?;
                return self.expect_inert("items for something that is not a set");
            }
            // stack
            b'(' => {
                self.marks.push(self.stack.len());
                return if self.marks.len() > MAX_STACK { Err(self.reader.damaged("too many marks")) } else { Ok(()) };
            }
            b'0' => return self.pop().map(drop),
            b'1' => return self.pop_mark().map(drop),
            b'2' => self.top()?,
            // memo
            b'q' => return self.remember::<1>(),
            b'r' => return self.remember::<4>(),
            0x94 => {
                let (next, top) = (self.memo.len() as u32, self.top()?);
                self.memo.insert(next, top);
                return Ok(());
            }
            b'h' => self.recall::<1>()?,
            b'j' => self.recall::<4>()?,
            // objects
            b'c' => {
                let (at, module, name) = (self.reader.at() - 1, self.reader.line()?, self.reader.line()?);
                self.global(at, module, name)?
            }
            0x93 => {
                let at = self.reader.at() - 1;
                let (name, module) = (self.pop()?, self.pop()?);
                let (Some(module), Some(name)) = (self.heap.text(module), self.heap.text(name)) else {
                    return Err(self.reader.damaged("a global whose name is not text"));
                };
                self.global(at, module, name)?
            }
            b'R' | 0x81 => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                reduce::reduce(&mut self.heap, callable, arguments).map_err(|reason| self.reader.damaged(reason))?
            }
            0x92 => {
                let (_named, _arguments, class) = (self.pop()?, self.pop()?, self.pop()?);
                self.instance(class)?
            }
            b'o' => {
                let items = self.pop_mark()?;
                let class = items.first().copied().ok_or_else(|| self.reader.damaged("an object without a class"))?;
                self.instance(class)?
            }
            b'i' => {
                let (at, module, name) = (self.reader.at() - 1, self.reader.line()?, self.reader.line()?);
                self.pop_mark()?;
                let class = self.global(at, module, name)?;
                self.instance(class)?
            }
            b'b' => return self.build(),
            b'Q' => {
                let id = self.pop()?;
                reduce::storage(&mut self.heap, id).map_err(|reason| self.reader.damaged(reason))?
            }
            other => return Err(self.reader.refused(self.reader.at() - 1, globals::opcode_name(other))),
        };
        self.stack.push(value);
        Ok(())
    }

    fn global(&mut self, at: usize, module: &str, name: &str) -> Result<Value, Fault> {
        match Global::find(module, name) {
            Some(global) => Ok(Value::Global(global)),
            None if globals::is_hostile(module, name) => Err(self.reader.refused(at, format!("{module}.{name}"))),
            None => Ok(self.heap.inert(format!("{module}.{name}"))),
        }
    }

    /// An object of a class that takes its arguments by name, or in an old way: none of our constructors does.
    fn instance(&self, class: Value) -> Result<Value, Fault> {
        match class {
            Value::Inert(_) => Ok(class),
            _ => Err(self.reader.damaged("arguments by name for something that takes none")),
        }
    }

    fn expect_inert(&self, otherwise: &str) -> Result<(), Fault> {
        match self.top()? {
            Value::Inert(_) => Ok(()),
            _ => Err(self.reader.damaged(otherwise)),
        }
    }

    /// BUILD sets the state of an object. Those of ours that get one (the `_metadata` of a state dictionary, the byte
    /// order of a number type) do not need it.
    fn build(&mut self) -> Result<(), Fault> {
        self.pop()?;
        match self.top()? {
            Value::Dict(_) | Value::Tensor(_) | Value::NumpyType(_) | Value::Inert(_) => Ok(()),
            _ => Err(self.reader.damaged("state for something that has none")),
        }
    }

    fn text<const N: usize>(&mut self) -> Result<Value, Fault> {
        let bytes = self.reader.counted::<N>()?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(self.heap.new_text(text)),
            Err(_) => Err(self.reader.damaged("text that is not UTF-8")),
        }
    }

    fn blob<const N: usize>(&mut self) -> Result<Value, Fault> {
        let bytes = self.reader.counted::<N>()?;
        Ok(self.heap.blob(bytes.into()))
    }

    fn top(&self) -> Result<Value, Fault> {
        let floor = self.marks.last().copied().unwrap_or(0);
        self.stack[floor..].last().copied().ok_or_else(|| self.reader.damaged("the stack is empty"))
    }

    fn pop(&mut self) -> Result<Value, Fault> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    fn pop_many(&mut self, count: usize) -> Result<Vec<Value>, Fault> {
        let floor = self.marks.last().copied().unwrap_or(0);
        match self.stack.len().checked_sub(count) {
            Some(start) if start >= floor => Ok(self.stack.split_off(start)),
            _ => Err(self.reader.damaged("the stack is empty")),
        }
    }

    fn pop_mark(&mut self) -> Result<Vec<Value>, Fault> {
        match self.marks.pop() {
            Some(mark) => Ok(self.stack.split_off(mark)),
            None => Err(self.reader.damaged("no mark on the stack")),
        }
    }

    fn pairs(&self, items: Vec<Value>) -> Result<Vec<(Value, Value)>, Fault> {
        match items.as_chunks::<2>() {
            (pairs, []) => Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect()),
            _ => Err(self.reader.damaged("a key without a value")),
        }
    }

    fn extend_list(&mut self, items: Vec<Value>) -> Result<(), Fault> {
        match self.top()? {
            Value::List(id) => {
                self.heap.extend_list(id, items);
                Ok(())
            }
            Value::Inert(_) => Ok(()),
            _ => Err(self.reader.damaged("items for something that is not a list")),
        }
    }

    fn extend_dict(&mut self, items: Vec<Value>) -> Result<(), Fault> {
        let pairs = self.pairs(items)?;
        match self.top()? {
            Value::Dict(id) => {
                self.heap.extend_dict(id, pairs);
                Ok(())
            }
            Value::Inert(_) => Ok(()),
            _ => Err(self.reader.damaged("keys for something that is not a dictionary")),
        }
    }

    fn remember<const N: usize>(&mut self) -> Result<(), Fault> {
        let key = self.reader.unsigned::<N>()? as u32;
        let top = self.top()?;
        self.memo.insert(key, top);
        Ok(())
    }

    fn recall<const N: usize>(&mut self) -> Result<Value, Fault> {
        let key = self.reader.unsigned::<N>()? as u32;
        self.memo.get(&key).copied().ok_or_else(|| self.reader.damaged(format!("nothing remembered as {key}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(pickle: &[u8]) -> String {
        parse(pickle, "data.pkl").unwrap_err().to_string()
    }

    #[test]
    fn a_call_of_os_system_is_refused_by_name_and_place() {
        let refused =
            "refused: byte 2 of data.pkl asks for `os.system`, which no checkpoint needs; nothing was executed";
        assert_eq!(complaint(b"\x80\x02cos\nsystem\nX\x02\0\0\0ls\x85R."), refused);
        let modern = complaint(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02ls\x85R.");
        assert!(modern.contains("byte 14 of data.pkl asks for `os.system`"), "{modern}");
    }

    #[test]
    fn opcodes_we_do_not_need_are_refused_by_name() {
        assert!(complaint(b"\x80\x02(ios\nsystem\n.").contains("asks for `os.system`"));
        assert!(complaint(b"\x80\x02\x82\x01.").contains("`opcode EXT1`"));
        assert!(complaint(b"\x80\x02\xff.").contains("`opcode 0xff`"));
    }

    #[test]
    fn nonsense_is_damage_with_its_place() {
        assert_eq!(complaint(b"\x80\x02R."), "damaged pickle: the stack is empty (byte 3 of data.pkl)");
        assert_eq!(complaint(b"\x80\x02N"), "damaged pickle: ends too early (byte 3 of data.pkl)");
        assert!(complaint(b"\x80\x02(t0").contains("ends too early"));
        assert!(complaint(b"\x80\x02\x8d\xff\xff\xff\xff\xff\xff\xff\xff").contains("ends too early"));
        assert!(complaint(b"\x80\x02h\x07.").contains("nothing remembered as 7"));
        assert!(complaint(b"\x80\x02}(Nu.").contains("a key without a value"));
        assert!(complaint(b"\x80\x02N(Ne.").contains("items for something that is not a list"));
    }

    /// What a program saves next to its tensors, as Python writes it: protocol 2 and 4, and the older ways.
    #[test]
    fn objects_of_unknown_classes_are_names() {
        let objects: [(&str, &[u8]); 12] = [
            ("argparse.Namespace", b"cargparse\nNamespace\n)\x81}X\x01\0\0\0aK\x01sb"),
            ("argparse.Namespace", b"ccopy_reg\n_reconstructor\n(cargparse\nNamespace\nc__builtin__\nobject\nNtR}b"),
            ("pathlib.PosixPath", b"cpathlib\nPosixPath\n(X\x01\0\0\0/X\x03\0\0\0tmptR"),
            ("builtins.set", b"cbuiltins\nset\n](K\x01K\x02e\x85R"),
            ("builtins.set", b"\x8f(K\x01K\x02\x90"),
            ("builtins.frozenset", b"(K\x01K\x02\x91"),
            ("datetime.datetime", b"\x8c\x08datetime\x8c\x08datetime\x93C\x0a\x07\xea\x01\x01\0\0\0\0\0\0\x85R"),
            ("collections.Counter", b"ccollections\nCounter\n}X\x01\0\0\0aK\x01s\x85R"),
            ("my.List", b"cmy\nList\n)\x81(K\x01K\x02eK\x03a"),
            ("my.Dict", b"cmy\nDict\n)\x81K\x01K\x02s(K\x03K\x04u"),
            ("my.Cfg", b"cmy\nCfg\n)}X\x01\0\0\0aK\x01s\x92"),
            ("my.Old", b"(imy\nOld\n}b"),
        ];
        for (name, object) in objects {
            let pickle = [b"\x80\x04", object, b"."].concat();
            let found = parse(&pickle, "data.pkl").unwrap_or_else(|fault| panic!("{name}: {fault}"));
            assert_eq!(found.heap.name(found.root), Some(name));
        }
        let found = parse(b"\x80\x02(cmy\nOld\nK\x01o.", "data.pkl").unwrap();
        assert_eq!(found.heap.name(found.root), Some("my.Old"));
        // A method of one is one too, and so is what a call of that makes.
        let method = b"\x80\x02cbuiltins\ngetattr\ncmy\nCfg\nX\x04\0\0\0make\x86R)R.";
        assert_eq!(parse(method, "data.pkl").unwrap().heap.name(Value::Inert(0)), Some("builtins.getattr"));
    }

    #[test]
    fn names_that_only_an_attack_asks_for_are_refused() {
        for (module, name) in [
            ("os", "system"),
            ("posix", "system"),
            ("subprocess", "Popen"),
            ("builtins", "eval"),
            ("__builtin__", "exec"),
            ("builtins", "eval.__call__"),
            ("importlib", "import_module"),
            ("torch", "os.system"),
            ("socket.socket", "connect"),
        ] {
            let pickle = format!("\u{2}c{module}\n{name}\n)R.");
            let text = complaint(&[b"\x80", pickle.as_bytes()].concat());
            assert!(text.contains(&format!("asks for `{module}.{name}`, which no checkpoint needs")), "{text}");
        }
    }

    #[test]
    fn deep_nesting_neither_recurses_nor_overflows() {
        let mut pickle = vec![PROTO, 2, b')'];
        pickle.extend(std::iter::repeat_n(0x85, 500_000)); // a tuple in a tuple in a tuple …
        pickle.push(b'.');
        assert!(matches!(parse(&pickle, "data.pkl").unwrap().root, Value::Tuple(_)));
    }

    #[test]
    fn endless_stacks_are_cut_short() {
        let mut pickle = vec![PROTO, 2];
        pickle.extend(std::iter::repeat_n(b'N', MAX_STACK + 1));
        assert!(complaint(&pickle).contains("more values than any checkpoint has"));
    }
}
