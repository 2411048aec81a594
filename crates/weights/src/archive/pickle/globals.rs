//! The only names a pickle may ask for, and what each means to us.

use crate::dtype::Dtype;

/// A constructor from the allow-list. None of them runs code of the file's choosing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Global {
    /// `collections.OrderedDict`: an empty dictionary, or one of the pairs it is given.
    OrderedDict,
    /// A storage class: the type of the elements.
    Storage(Dtype),
    /// `torch._utils._rebuild_tensor[_v2]`: a view of a storage.
    RebuildTensor,
    /// `torch._utils._rebuild_parameter`: the tensor it is given.
    RebuildParameter,
    /// `torch.Size`: the tuple it is given.
    Size,
    /// `torch.device`: not of interest here.
    Device,
    /// `_codecs.encode`: how protocol 2 writes bytes, as Latin-1 text.
    Encode,
    /// `numpy.dtype`: a number type.
    NumpyType,
    /// `numpy.core.multiarray.scalar`: one number.
    NumpyScalar,
}

const GLOBALS: [(&str, &str, Global); 31] = [
    ("collections", "OrderedDict", Global::OrderedDict),
    ("torch._utils", "_rebuild_tensor", Global::RebuildTensor),
    ("torch._utils", "_rebuild_tensor_v2", Global::RebuildTensor),
    ("torch._utils", "_rebuild_parameter", Global::RebuildParameter),
    ("torch._utils", "_rebuild_parameter_with_state", Global::RebuildParameter),
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

/// Opcodes that Python knows and that we do not follow.
const REFUSED: [(u8, &str); 22] = [
    (b'i', "INST"),
    (b'o', "OBJ"),
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
    (0x8f, "EMPTY_SET"),
    (0x90, "ADDITEMS"),
    (0x91, "FROZENSET"),
    (0x92, "NEWOBJ_EX"),
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
