//! Files made by PyTorch, damaged files, hostile files, and the way into a model.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use candle_core::{DType, Device, Tensor, Var};
use candle_nn::VarMap;

use super::{Weights, legacy, read, save};
use crate::{Rng, nn};

// import collections, torch                                  # PyTorch 2.15
// w = torch.arange(12, dtype=torch.float32).reshape(3, 2, 2) / 4
// sd = collections.OrderedDict()
// sd["conv.weight"] = w.permute(2, 0, 1)                     # strides (1, 4, 2)
// sd["conv.bias"] = torch.nn.Parameter(torch.tensor([-1.5, 2.0], dtype=torch.float64))
// sd["bn.num_batches_tracked"] = torch.tensor(7)
// sd["part"] = w[1:, :, 1]                                   # strides (4, 2), offset 5, the same storage
// sd["half"] = torch.tensor([0.5, -2.0]).half()
// sd["brain"] = torch.tensor([0.5, -2.0]).bfloat16()
// sd["int"] = torch.tensor([[-5]], dtype=torch.int32)
// sd["byte"] = torch.tensor([200, 3], dtype=torch.uint8)
// sd["flag"] = torch.tensor([True, False])
// sd["empty"] = torch.zeros(0, 3)
// sd._metadata = collections.OrderedDict([("", {"version": 1}), ("bn", {"version": 2})])
// torch.save(sd, "zip.pth")
// torch.save(sd, "legacy.pth", _use_new_zipfile_serialization=False)
// torch.save({"epoch": 3, "lr": 0.1, "best": None, "done": [True, 1 << 40], "state_dict": {"w": torch.ones(2)}},
//            "checkpoint.pth")
const ZIP: &[u8] = include_bytes!("fixtures/zip.pth");
const LEGACY: &[u8] = include_bytes!("fixtures/legacy.pth");
const CHECKPOINT: &[u8] = include_bytes!("fixtures/checkpoint.pth");

fn parse(bytes: &[u8]) -> crate::Result<Weights> {
    Weights::parse(bytes, Path::new("w.pth"))
}

fn error(bytes: &[u8]) -> String {
    parse(bytes).unwrap_err().to_string()
}

/// Names, types, shapes and numbers.
fn content(weights: &Weights) -> Vec<(String, DType, Vec<usize>, Vec<f64>)> {
    let one = |(name, tensor): (&str, &Tensor)| {
        let numbers = tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1();
        (name.to_string(), tensor.dtype(), tensor.dims().to_vec(), numbers.unwrap())
    };
    weights.iter().map(one).collect()
}

#[test]
fn both_formats_of_pytorch_give_its_numbers() {
    let expected: [(&str, DType, &[usize], &[f64]); 10] = [
        ("bn.num_batches_tracked", DType::I64, &[], &[7.0]),
        ("brain", DType::BF16, &[2], &[0.5, -2.0]),
        ("byte", DType::U8, &[2], &[200.0, 3.0]),
        ("conv.bias", DType::F64, &[2], &[-1.5, 2.0]),
        (
            "conv.weight",
            DType::F32,
            &[2, 3, 2],
            &[0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75],
        ),
        ("empty", DType::F32, &[0, 3], &[]),
        ("flag", DType::U8, &[2], &[1.0, 0.0]),
        ("half", DType::F16, &[2], &[0.5, -2.0]),
        ("int", DType::I32, &[1, 1], &[-5.0]),
        ("part", DType::F32, &[2, 2], &[1.25, 1.75, 2.25, 2.75]),
    ];
    let expected = expected.map(|(name, dtype, shape, numbers)| {
        (name.to_string(), dtype, shape.to_vec(), numbers.to_vec())
    });
    for bytes in [ZIP, LEGACY] {
        let weights = parse(bytes).unwrap();
        assert_eq!(content(&weights), expected);
        assert_eq!((weights.len(), weights.is_empty()), (10, false));
        assert!(weights.get("part").is_some() && weights.get("no").is_none());
    }
}

#[test]
fn a_checkpoint_gives_its_state_dict() {
    let weights = parse(CHECKPOINT).unwrap();
    assert_eq!(content(&weights), [("w".to_string(), DType::F32, vec![2], vec![1.0, 1.0])]);
}

#[test]
fn a_damaged_file_is_told_or_read_as_it_was_and_never_panics() {
    let whole = content(&parse(ZIP).unwrap());
    let mut refused = 0;
    for (file, checked) in [(ZIP, true), (LEGACY, false)] {
        for at in 0..file.len() {
            assert!(parse(&file[..at]).is_err(), "cut off at {at}");
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = file.to_vec();
                bytes[at] ^= flip;
                match parse(&bytes) {
                    // The check sums of the zip file see every change of a name or a number.
                    Ok(weights) if checked => assert_eq!(content(&weights), whole, "{at} {flip}"),
                    Ok(_) => {}
                    Err(error) => {
                        refused += 1;
                        assert!(error.to_string().contains("веса, файл «w.pth»: "), "{error}");
                    }
                }
            }
        }
    }
    assert!(refused > 6_000, "{refused}");
}

#[test]
fn random_bytes_after_a_true_start_never_panic() {
    let mut rng = Rng::seed(5);
    let commands = b"(.tRQ)]}Nseuabchqrj\x85\x86\x87\x88\x89XKMJ\x8aG\x00\x01\x02\n";
    for _ in 0..20_000 {
        let length = rng.below(60);
        let mut bytes = legacy::MAGIC.to_vec();
        bytes.extend_from_slice(b"\x80\x02M\xe9\x03.\x80\x02}.");
        bytes.extend((0..length).map(|_| commands[rng.below(commands.len())]));
        let text = error(&bytes);
        assert!(text.contains("веса, файл"), "{text}");
    }
}

/// A legacy file with this object, these names of storages (a pickle), and these bytes after them.
fn legacy_file(object: &[u8], keys: &[u8], storages: &[u8]) -> Vec<u8> {
    let start: [&[u8]; 2] = [legacy::MAGIC, b"\x80\x02M\xe9\x03.\x80\x02}."];
    [&start.concat(), object, keys, storages].concat()
}

/// A dictionary with the tensor `w`: f32, shape (2), in the storage `0`, which has `count` numbers by its own account.
fn one_tensor(count: u64) -> Vec<u8> {
    let object = b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storage\
        ctorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x02NtQK\x00K\x02\x85K\x01\x85\x89NtRs.";
    let keys = b"\x80\x02]X\x01\x00\x00\x000a.";
    legacy_file(object, keys, &[&count.to_le_bytes()[..], &[0, 0, 0x80, 0x3f, 0, 0, 0, 0]].concat())
}

#[test]
fn sizes_are_checked_against_the_file() {
    let weights = parse(&one_tensor(2)).unwrap();
    assert_eq!(content(&weights)[0].3, [1.0, 0.0]);
    for count in [3, 1 << 40, u64::MAX / 4 + 1, u64::MAX] {
        let error = error(&one_tensor(count));
        assert!(error.contains("файл обрывается: хранилище «0»"), "{error}");
    }
    let error = error(&one_tensor(1));
    assert!(error.contains("тензор «w»") && error.contains("хранилища из 1 чисел"), "{error}");
}

#[test]
fn nothing_is_executed_and_the_stranger_is_named() {
    let told = |object: &[u8]| error(&legacy_file(object, b"\x80\x02].", b""));
    let text = told(b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R.");
    assert!(text.contains("«os.system»") && text.contains("model.state_dict()"), "{text}");
    assert!(told(b"\x80\x02ctorchvision.models.resnet\nResNet\n)\x81.").contains("resnet.ResNet"));
    assert!(
        told(b"\x80\x02ccollections\nOrderedDict\nX\x01\x00\x00\x00a\x85R.")
            .contains("не складываются")
    );
    assert!(told(b"\x80\x04}.").contains("протокол pickle 4, а нужен 2"));
    assert!(told(b"\x80\x02}\x93.").contains("команда pickle 0x93"));
    assert!(told(b"\x80\x02K\x05.").contains("целое число, а нужен словарь"));
    assert!(
        told(b"\x80\x02}X\x01\x00\x00\x00aK\x05s.")
            .contains("запись «a»: целое число, а нужен тензор")
    );
    assert!(told(b"\x80\x02}K\x01K\x05s.").contains("имя тензора - целое число"));
}

#[test]
fn deep_and_circular_values_are_harmless() {
    let told = |object: &[u8]| error(&legacy_file(object, b"\x80\x02].", b""));
    let deep = [&b"\x80\x02)"[..], &vec![0x85; 1_000_000], b"."].concat();
    assert!(told(&deep).contains("кортеж, а нужен словарь"));
    // A list that holds itself, and a doubling of lists that would have 2^40 ends when copied.
    assert!(told(b"\x80\x02]q\x00h\x00a.").contains("список, а нужен словарь"));
    let double = b"q\x00](h\x00h\x00e".repeat(40);
    assert!(told(&[&b"\x80\x02]"[..], &double, b"."].concat()).contains("список, а нужен словарь"));
    let endless = [&b"\x80\x02"[..], &vec![b'N'; (1 << 22) + 1]].concat();
    assert!(told(&endless).contains("больше 4194304 команд"));
}

#[test]
fn other_files_are_told() {
    assert!(error(b"").contains("0 байт, первые -"));
    assert!(error(b"<!DOCTYPE html>").contains("первые 3c 21 44 4f"));
    assert!(error(b"PK\x03\x04 is no zip").contains("архив zip повреждён"));
    assert!(error(b"\x08\0\0\0\0\0\0\0{\"a\":1}}").contains("safetensors повреждён"));
    let missing = read("нет/такого.pth").unwrap_err().to_string();
    assert!(missing.contains("нет/такого.pth"), "{missing}");
}

fn model(seed: u64, outputs: usize) -> VarMap {
    let map = VarMap::new();
    let vb = nn::var_builder(&map, seed, &Device::Cpu);
    nn::linear(3, 2, vb.pp("body")).unwrap();
    nn::linear(2, outputs, vb.pp("fc")).unwrap();
    map
}

fn numbers(map: &VarMap, name: &str) -> Vec<f32> {
    map.data().lock().unwrap()[name].flatten_all().unwrap().to_vec1().unwrap()
}

/// The weights of `map`, by way of a file.
fn saved(map: &VarMap, test: &str) -> Weights {
    let path = std::env::temp_dir().join(format!("lab-weights-{test}-{}", std::process::id()));
    save(map, &path).unwrap();
    let weights = read(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    weights
}

#[test]
fn weights_go_into_a_model_of_the_same_names_and_shapes() {
    let (one, two) = (model(1, 4), model(2, 4));
    let before = numbers(&two, "body.weight");
    // A counter of batch norm in the file is no name too many.
    let counter = Var::zeros((), DType::I64, &Device::Cpu).unwrap();
    one.data().lock().unwrap().insert("bn.num_batches_tracked".into(), counter);
    let loaded = saved(&one, "same").load_into(&two).unwrap();
    assert_eq!(loaded.to_string(), "загружено тензоров: 4, чисел: 20");
    for name in ["body.weight", "body.bias", "fc.weight", "fc.bias"] {
        assert_eq!(numbers(&one, name), numbers(&two, name));
    }
    assert_ne!(numbers(&two, "body.weight"), before);
}

#[test]
fn what_does_not_fit_is_listed_and_nothing_is_changed() {
    let (one, two) = (model(1, 4), model(2, 5));
    let before = numbers(&two, "body.weight");
    nn::linear(1, 1, nn::var_builder(&two, 1, &Device::Cpu).pp("new")).unwrap();
    nn::linear(1, 1, nn::var_builder(&one, 1, &Device::Cpu).pp("old")).unwrap();
    let error = saved(&one, "other").load_into(&two).unwrap_err().to_string();
    for line in [
        "\n  нет весов для: new.bias, new.weight\n",
        "\n  лишние: old.bias, old.weight\n",
        "\n  другая форма: fc.bias: [4], а нужно [5], fc.weight: [4, 2], а нужно [5, 2]\n",
    ] {
        assert!(error.contains(line), "{error}");
    }
    assert_eq!(numbers(&two, "body.weight"), before);
}

#[test]
fn a_head_for_other_classes_may_be_left_out() {
    let (one, two) = (model(1, 4), model(2, 5));
    let head = numbers(&two, "fc.weight");
    let loaded = saved(&one, "head").load_except(&two, "fc.").unwrap();
    assert_eq!(loaded.kept, ["fc.bias", "fc.weight"]);
    assert!(loaded.to_string().ends_with("чисел: 8; оставлено как есть: fc.bias, fc.weight"));
    assert_eq!(numbers(&two, "body.weight"), numbers(&one, "body.weight"));
    assert_eq!(numbers(&two, "fc.weight"), head);
    let error = saved(&one, "head2").load_except(&two, "head.").unwrap_err().to_string();
    assert!(error.contains("«head.»") && error.contains("fc.bias"), "{error}");
}

#[test]
fn numbers_are_converted_to_the_type_of_the_variable() {
    let map = VarMap::new();
    let bias = Var::zeros(2, DType::F32, &Device::Cpu).unwrap();
    map.data().lock().unwrap().insert("w".into(), bias.clone());
    parse(CHECKPOINT).unwrap().load_into(&map).unwrap();
    assert_eq!(bias.to_vec1::<f32>().unwrap(), [1.0, 1.0]);
    let map = VarMap::new();
    let half = Var::zeros(2, DType::F64, &Device::Cpu).unwrap();
    map.data().lock().unwrap().insert("w".into(), half.clone());
    parse(CHECKPOINT).unwrap().load_into(&map).unwrap();
    assert_eq!(half.to_vec1::<f64>().unwrap(), [1.0, 1.0]);
}
