//! Tests of `../optimizer.rs`.
#![allow(clippy::unwrap_used)]
use super::super::trajectory::{assert_near, start};
use super::super::{Adagrad, Adam, Sgd};
use super::*;
use candle_core::{DType, Device, Var};

// torch.optim.SGD([{params: [w]}, {params: [b], lr: 0.01, weight_decay: 0}], lr=0.1, momentum=0.9,
// weight_decay=0.01): see trajectory.rs for the script.
const GROUPS: [[f64; 3]; 3] = [
    [-0.4372578125, 0.8304375, -0.7725],
    [-0.4370851831562461, 0.11760060255193927, -0.8429922933025],
    [-0.4122380425060726, -11.46123827735155, -0.8651140033681454],
];

#[test]
fn groups_have_their_own_rate_and_decay() {
    let rule = Sgd { momentum: 0.9, weight_decay: 0.01, ..Sgd::lr(0.1) };
    let groups = |[w, b]: &[Var; 2]| {
        let bias = Group { lr: Some(0.01), weight_decay: Some(0.0), ..Group::new(b) };
        vec![Group::new(w), bias]
    };
    assert_near(rule.into(), groups, DType::F64, GROUPS, 1e-13);
}

#[test]
fn rates_are_set_for_all_groups_or_one() {
    let [w, b] = start(DType::F32);
    let groups = [Group::new(&w), Group { lr: Some(0.5), ..Group::new(&b) }];
    let mut opt = Optimizer::with_groups(Sgd::lr(0.1), groups).unwrap();
    assert_eq!((opt.lr(), opt.lrs()), (0.1, vec![0.1, 0.5]));
    opt.set_group_lr(1, 0.2).unwrap();
    assert_eq!(opt.lrs(), [0.1, 0.2]);
    let error = opt.set_group_lr(2, 0.2).unwrap_err().to_string();
    assert!(error.contains("группа 2") && error.contains("от 0 до 1"), "{error}");
    opt.set_lr(0.3).unwrap();
    assert_eq!(opt.lrs(), [0.3, 0.3]);
    assert!(opt.set_lr(f64::NAN).unwrap_err().to_string().contains("lr = NaN"));
    assert_eq!(opt.lrs(), [0.3, 0.3], "a refused rate changes nothing");
}

#[test]
fn wrong_parameters_are_named() {
    let message = |rule: Rule, params: Params| {
        Optimizer::new(rule, params).map(|_| ()).unwrap_err().to_string()
    };
    let (rule, [w, b]) = (Rule::from(Sgd::lr(0.1)), start(DType::F32));
    let text = message(rule, Params::from(Vec::<Var>::new()));
    assert!(text.contains("нет ни одного параметра"), "{text}");
    let text = message(rule, Params::from([&w, &b, &w]));
    assert!(text.contains("«2»") && text.contains("«0»"), "{text}");
    let same = |var: &Var| ("w".to_string(), var.clone());
    let text = message(rule, Params::from(vec![same(&w), same(&b)]));
    assert!(text.contains("два параметра с именем «w»"), "{text}");
    let whole = Var::zeros(2, DType::U32, &Device::Cpu).unwrap();
    let text = message(rule, Params::from(&whole));
    assert!(text.contains("U32") && text.contains("f32"), "{text}");
    let text = message(Sgd::lr(-1.0).into(), Params::from(&w));
    assert!(text.contains("lr = -1"), "{text}");
    let group = Group { weight_decay: Some(-1.0), ..Group::new(&w) };
    let text = Optimizer::with_groups(rule, [group]).unwrap_err().to_string();
    assert!(text.contains("группа 0: weight_decay = -1"), "{text}");
}

#[test]
fn momentum_is_set_where_there_is_one() {
    let [w, _] = start(DType::F32);
    let mut opt = Optimizer::new(Adam::lr(0.1), &w).unwrap();
    opt.set_momentum(0.5).unwrap();
    assert_eq!(*opt.rule(), Adam { betas: (0.5, 0.999), ..Adam::lr(0.1) }.into());
    assert!(opt.set_momentum(1.0).unwrap_err().to_string().contains("betas.0 = 1"));
    let mut opt = Optimizer::new(Adagrad::lr(0.1), &w).unwrap();
    assert!(opt.set_momentum(0.5).unwrap_err().to_string().contains("Adagrad"));
}
