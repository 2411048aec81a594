//! What the constructors on the allow-list build from their arguments.

use super::globals::Global;
use super::heap::{Heap, StorageRef, TensorRef, Value};
use crate::dtype::Dtype;

/// A persistent id names a storage: `('storage', class, key, location, count[, view])`.
pub(super) fn storage(heap: &mut Heap<'_>, id: Value) -> Result<Value, String> {
    let items = heap.sequence(id).unwrap_or_default();
    let [kind, class, key, _location, count, view @ ..] = items else {
        return Err("a persistent id that is not a storage's".into());
    };
    let (Some("storage"), Some(key)) = (heap.text(*kind), name(heap, *key)) else {
        return Err("a persistent id that is not a storage's".into());
    };
    let dtype = match *class {
        Value::Global(Global::Storage(dtype)) => dtype,
        Value::Inert(_) => return Ok(*class), // of a type that no weight has
        _ => return Err("a persistent id that is not a storage's".into()),
    };
    let count = size(*count)?;
    // A view of a storage, which only the legacy stream has: `(key, offset, count)` in elements.
    let offset = match view.first().and_then(|view| heap.sequence(*view)) {
        Some([_key, offset, _count]) => size(*offset)?,
        _ => 0,
    };
    Ok(heap.new_storage(StorageRef { key, dtype, count, offset }))
}

/// Calls a constructor of the list.
pub(super) fn reduce(heap: &mut Heap<'_>, callable: Value, arguments: Value) -> Result<Value, String> {
    let global = match callable {
        Value::Global(global) => global,
        Value::Inert(_) => return Ok(made_by(heap, callable, arguments)),
        _ => return Err("a call of something that is not a constructor".into()),
    };
    let Some(arguments) = heap.sequence(arguments).map(<[Value]>::to_vec) else {
        return Err("a call whose arguments are not a tuple".into());
    };
    match (global, arguments.as_slice()) {
        (Global::OrderedDict, []) => Ok(heap.dict(Vec::new())),
        (Global::OrderedDict, [pairs]) => ordered_dict(heap, *pairs),
        (Global::DefaultDict, _) => Ok(heap.dict(Vec::new())),
        (Global::RebuildFromType, [function, _class, arguments, ..]) if *function != callable => {
            reduce(heap, *function, *arguments)
        }
        (Global::RebuildTensor | Global::RebuildParameter, [Value::Inert(id), ..]) => Ok(Value::Inert(*id)),
        (Global::RebuildTensor, [storage, offset, shape, strides, ..]) => {
            tensor(heap, *storage, *offset, *shape, *strides)
        }
        (Global::RebuildParameter, [data, ..]) if heap.tensor(*data).is_some() => Ok(*data),
        (Global::Size, [sizes]) if heap.sequence(*sizes).is_some() => Ok(*sizes),
        (Global::Device, _) => Ok(Value::None),
        (Global::Encode, [text, ..]) => latin1(heap, *text),
        (Global::NumpyType, [code, ..]) => numpy_type(heap, *code),
        (Global::NumpyScalar, [Value::Inert(id), ..]) => Ok(Value::Inert(*id)),
        (Global::NumpyScalar, [Value::NumpyType(dtype), data]) => {
            let number = heap.bytes(*data).and_then(|bytes| dtype.number(bytes));
            number.map(Value::Float).ok_or_else(|| "a number without its bytes".into())
        }
        _ => Err(format!("arguments that `{global:?}` does not take")),
    }
}

/// The result of an unknown callable: an object of its name. `copyreg` makes objects of the given class.
fn made_by(heap: &Heap<'_>, callable: Value, arguments: Value) -> Value {
    let makers = ["copy_reg._reconstructor", "copyreg._reconstructor", "copyreg.__newobj__"];
    let class = heap.sequence(arguments).and_then(|arguments| arguments.first()).copied();
    match (heap.name(callable), class) {
        (Some(maker), Some(class @ Value::Inert(_))) if makers.contains(&maker) => class,
        _ => callable,
    }
}

fn ordered_dict(heap: &mut Heap<'_>, pairs: Value) -> Result<Value, String> {
    let pairs = heap.sequence(pairs).ok_or("an ordered dictionary of something that is not a list")?;
    let pairs = pairs.iter().map(|pair| match heap.sequence(*pair) {
        Some([key, value]) => Ok((*key, *value)),
        _ => Err("an ordered dictionary of something that is not pairs"),
    });
    let pairs = pairs.collect::<Result<_, _>>()?;
    Ok(heap.dict(pairs))
}

fn tensor(heap: &mut Heap<'_>, storage: Value, offset: Value, shape: Value, strides: Value) -> Result<Value, String> {
    let storage = heap.storage(storage).ok_or("a tensor without a storage")?.clone();
    let sizes = |value| -> Result<Vec<usize>, String> {
        heap.sequence(value).ok_or("a tensor whose sizes are not a tuple")?.iter().map(|v| size(*v)).collect()
    };
    let (shape, strides) = (sizes(shape)?, sizes(strides)?);
    let offset = size(offset)?.checked_add(storage.offset).ok_or("a tensor that starts beyond any storage")?;
    if shape.len() > 8 {
        return Err(format!("a tensor of {} dimensions", shape.len()));
    }
    Ok(heap.new_tensor(TensorRef { storage, offset, shape, strides }))
}

/// Protocol 2 writes bytes as the text of their Latin-1 characters.
fn latin1(heap: &mut Heap<'_>, text: Value) -> Result<Value, String> {
    let text = heap.text(text).ok_or("an encoding of something that is not text")?;
    let bytes = text.chars().map(|c| u8::try_from(c).map_err(|_| "bytes that are not Latin-1"));
    let bytes: Vec<u8> = bytes.collect::<Result<_, _>>()?;
    Ok(heap.blob(bytes.into()))
}

fn numpy_type(heap: &mut Heap<'_>, code: Value) -> Result<Value, String> {
    let code = heap.text(code).ok_or("a numpy type without a name")?;
    let dtype = match code.trim_start_matches('<') {
        "f2" => Dtype::F16,
        "f4" => Dtype::F32,
        "f8" => Dtype::F64,
        "i4" => Dtype::I32,
        "i8" => Dtype::I64,
        "b1" => Dtype::Bool,
        other => return Ok(heap.inert(format!("numpy.dtype {other}"))),
    };
    Ok(Value::NumpyType(dtype))
}

/// Storages are named by text, in some old files by a number.
fn name(heap: &Heap<'_>, key: Value) -> Option<String> {
    match key {
        Value::Int(number) => Some(number.to_string()),
        other => heap.text(other).map(str::to_owned),
    }
}

fn size(value: Value) -> Result<usize, String> {
    match value {
        Value::Int(number) => usize::try_from(number).map_err(|_| format!("a size of {number}")),
        _ => Err("a size that is not an integer".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn a_numpy_threshold_is_a_number() {
        // numpy.core.multiarray.scalar(numpy.dtype('f8', 0, 1), _codecs.encode('\0\0\0\0\0\0\xe0?', 'latin1'))
        let mut pickle = b"\x80\x02cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\0\0\0f8K\0K\x01\x87R".to_vec();
        pickle.extend(b"(K\x03X\x01\0\0\0<NNNtbc_codecs\nencode\nX\x09\0\0\0");
        pickle.extend("\0\0\0\0\0\0\u{e0}?".as_bytes());
        pickle.extend(b"X\x06\0\0\0latin1\x86R\x86R.");
        assert_eq!(parse(&pickle, "data.pkl").unwrap().root, Value::Float(0.5));
    }

    #[test]
    fn a_constructor_with_the_wrong_arguments_is_damage() {
        let error = parse(b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.", "data.pkl").unwrap_err();
        assert!(error.to_string().contains("arguments that `RebuildTensor` does not take"), "{error}");
    }
}
