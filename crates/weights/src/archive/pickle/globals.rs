//! The names a pickle may ask for, and what each one means here.
//!
//! There are three kinds: constructors of tensors and of the containers around them, which we build; names that only an
//! attack asks for, which are an error; and all others, classes of the program that saved the file, which stay names.
//! Nothing is ever called.

use crate::dtype::Dtype;

/// A constructor from the allow-list. None of them runs code of the file's choosing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    /// `collections.OrderedDict`: an empty dictionary, or one of the pairs it is given.
    OrderedDict,
    /// `collections.defaultdict`: an empty dictionary; its default for missing keys is ignored.
    DefaultDict,
    /// A storage class: the type of the elements.
    Storage(Dtype),
    /// `torch._utils._rebuild_tensor[_v2]`: a view of a storage.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`: the tensor it is given.
    RebuildParameter,
    /// `torch._tensor._rebuild_from_type_v2`: the result of the given function on its arguments; how PyTorch saves
    /// tensors of a subclass.
    RebuildFromType,
    /// `torch.Size`: the tuple it is given.
    Size,
    /// `torch.device`: ignored.
    Device,
    /// `_codecs.encode`: how protocol 2 writes bytes, as Latin-1 text.
    Encode,
    /// `numpy.dtype`: a number type.
    NumpyType,
    /// `numpy.core.multiarray.scalar`: one number.
    NumpyScalar,
}

const GLOBALS: [(&str, &str, Global); 33] = [
    ("collections", "OrderedDict", Global::OrderedDict),
    ("collections", "defaultdict", Global::DefaultDict),
    ("torch._utils", "_rebuild_tensor", Global::RebuildTensor),
    ("torch._utils", "_rebuild_tensor_v2", Global::RebuildTensor),
    ("torch._utils", "_rebuild_parameter", Global::RebuildParameter),
    ("torch._utils", "_rebuild_parameter_with_state", Global::RebuildParameter),
    ("torch._tensor", "_rebuild_from_type_v2", Global::RebuildFromType),
    ("torch", "Size", Global::Size),
    ("torch", "device", Global::Device),
    ("torch", "DoubleStorage", Global::Storage(Dtype::F64)),
    ("torch", "FloatStorage", Global::Storage(Dtype::F32)),
    ("torch", "HalfStorage", Global::Storage(Dtype::F16)),
    ("torch", "BFloat16Storage", Global::Storage(Dtype::Bf16)),
    ("torch", "LongStorage", Global::Storage(Dtype::I64)),
    ("torch", "IntStorage", Global::Storage(Dtype::I32)),
    ("torch", "ShortStorage", Global::Storage(Dtype::I16)),
    ("torch", "CharStorage", Global::Storage(Dtype::I8)),
    ("torch", "ByteStorage", Global::Storage(Dtype::U8)),
    ("torch", "BoolStorage", Global::Storage(Dtype::Bool)),
    ("torch.cuda", "DoubleStorage", Global::Storage(Dtype::F64)),
    ("torch.cuda", "FloatStorage", Global::Storage(Dtype::F32)),
    ("torch.cuda", "HalfStorage", Global::Storage(Dtype::F16)),
    ("torch.cuda", "BFloat16Storage", Global::Storage(Dtype::Bf16)),
    ("torch.cuda", "LongStorage", Global::Storage(Dtype::I64)),
    ("torch.cuda", "IntStorage", Global::Storage(Dtype::I32)),
    ("torch.cuda", "ShortStorage", Global::Storage(Dtype::I16)),
    ("torch.cuda", "CharStorage", Global::Storage(Dtype::I8)),
    ("torch.cuda", "ByteStorage", Global::Storage(Dtype::U8)),
    ("torch.cuda", "BoolStorage", Global::Storage(Dtype::Bool)),
    ("_codecs", "encode", Global::Encode),
    ("numpy", "dtype", Global::NumpyType),
    ("numpy.core.multiarray", "scalar", Global::NumpyScalar),
    ("numpy._core.multiarray", "scalar", Global::NumpyScalar),
];

impl Global {
    /// The constructor of this name, if it is on the list.
    pub(super) fn find(module: &str, name: &str) -> Option<Self> {
        GLOBALS.iter().find(|(m, n, _)| *m == module && *n == name).map(|(_, _, global)| *global)
    }
}

/// Modules that reach out of the pickle: to the system, to other programs, to the network, to code.
const HOSTILE_MODULES: [&str; 13] = [
    "os",
    "posix",
    "nt",
    "subprocess",
    "pty",
    "socket",
    "ctypes",
    "shutil",
    "runpy",
    "importlib",
    "webbrowser",
    "pickle",
    "_pickle",
];
/// Functions of `builtins` that run text as code or open files.
const HOSTILE_BUILTINS: [&str; 7] = ["eval", "exec", "execfile", "compile", "__import__", "open", "input"];

/// Whether no training program leaves this name in a checkpoint.
pub(super) fn is_hostile(module: &str, name: &str) -> bool {
    let package = module.split('.').next().unwrap_or(module);
    // Protocol 4 may write `builtins` and `eval.__call__`, or a function through a module: `x` and `os.system`.
    let parts: Vec<&str> = name.split('.').collect();
    let builtin = matches!(package, "builtins" | "__builtin__") && HOSTILE_BUILTINS.contains(&parts[0]);
    let behind = parts.len() > 1 && parts[..parts.len() - 1].iter().any(|part| HOSTILE_MODULES.contains(part));
    builtin || behind || HOSTILE_MODULES.contains(&package)
}

/// Opcodes that Python knows and we do not support.
const REFUSED: [(u8, &str); 16] = [
    (b'P', "PERSID"),
    (b'I', "INT"),
    (b'L', "LONG"),
    (b'F', "FLOAT"),
    (b'S', "STRING"),
    (b'V', "UNICODE"),
    (b'p', "PUT"),
    (b'g', "GET"),
    (0x82, "EXT1"),
    (0x83, "EXT2"),
    (0x84, "EXT4"),
    (0x96, "BYTEARRAY8"),
    (0x97, "NEXT_BUFFER"),
    (0x98, "READONLY_BUFFER"),
    (b'.', "STOP"),
    (0x80, "PROTO"),
];

/// An opcode's name in Python's `pickletools`, or its number.
pub(super) fn opcode_name(opcode: u8) -> String {
    match REFUSED.iter().find(|(code, _)| *code == opcode) {
        Some((_, name)) => format!("opcode {name}"),
        None => format!("opcode {opcode:#04x}"),
    }
}
