//! The list of a model's layers, as `print(model)` and `named_modules` of PyTorch. Not here: the layers themselves.

use std::fmt;

use candle_core::{Tensor, Var};

use super::VisionModel;
use super::unit::{Activation, Sizes, Unit};

/// A layer or a block of a model, made by [`VisionModel::named_modules`].
///
/// ```
/// use lab::{candle_core::Device, candle_nn::VarMap, models, nn};
/// let model = models::resnet18(10, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
/// let modules = model.named_modules();
/// let head = modules.iter().find(|module| module.path == "fc");
/// assert_eq!(head.map(|head| (head.params, head.trainable)), Some((5130, true))); // 512 * 10 + 10
/// assert_eq!(modules.iter().map(|module| module.params).sum::<usize>(), model.params().count());
/// # Ok::<(), lab::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedModule {
    /// The path of its variables, `layer1.0.conv1`.
    pub path: String,
    /// What it is, with its sizes.
    pub text: String,
    /// The number of its own parameters; 0 for a block, whose layers follow.
    pub params: usize,
    /// Whether its parameters are trained.
    pub trainable: bool,
}

/// A module with its parameters.
pub(super) struct Module {
    pub(super) info: NamedModule,
    pub(super) tensors: Vec<(&'static str, Var)>,
}

impl Module {
    fn new(path: &str, text: String, trainable: bool, tensors: &[(&'static str, &Tensor)]) -> Self {
        // Tensors that come from no map are no parameters.
        let var = |(name, tensor): &(_, &Tensor)| {
            let var = tensor.is_variable().then(|| Var::from_tensor(tensor).ok()).flatten();
            var.map(|var| (*name, var))
        };
        let params = tensors.iter().map(|(_, tensor)| tensor.elem_count()).sum();
        let info = NamedModule { path: path.to_string(), text, params, trainable };
        Self { info, tensors: tensors.iter().filter_map(var).collect() }
    }
}

impl VisionModel {
    /// The layers and blocks in the order of the forward pass, with paths, sizes and numbers of parameters.
    ///
    /// ```
    /// use lab::{candle_core::Device, candle_nn::VarMap, models, nn};
    /// let model = models::resnet18(1000, nn::var_builder(&VarMap::new(), 42, &Device::Cpu))?;
    /// let first = &model.named_modules()[0];
    /// assert_eq!((first.path.as_str(), first.params), ("conv1", 9408));
    /// assert_eq!(first.text, "Conv2d 3 -> 64, 7x7, шаг 2");
    /// # Ok::<(), lab::Error>(())
    /// ```
    pub fn named_modules(&self) -> Vec<NamedModule> {
        self.modules().into_iter().map(|module| module.info).collect()
    }

    /// The layers and blocks with their parameters.
    pub(super) fn modules(&self) -> Vec<Module> {
        let mut modules = Vec::new();
        for (i, block) in self.blocks.iter().enumerate() {
            let trained = i >= self.first_trained();
            if !block.name.is_empty() {
                modules.push(Module::new(&block.name, block.kind.to_string(), trained, &[]));
            }
            for unit in block.units() {
                modules.extend(unit_modules(unit, trained));
            }
            if i == 0 && self.max_pool.is_some() {
                modules.push(Module::new("maxpool", "MaxPool2d 3x3, шаг 2".into(), false, &[]));
            }
        }
        modules.push(Module::new("avgpool", "среднее по изображению".into(), false, &[]));
        if let Some(dropout) = &self.dropout {
            let text = format!("Dropout p = {}", dropout.p());
            modules.push(Module::new("_dropout", text, false, &[]));
        }
        let (weight, bias) = (self.head.weight(), self.head.bias());
        let inputs = weight.elem_count() / bias.elem_count().max(1);
        let text = format!("Linear {inputs} -> {}", bias.elem_count());
        modules.push(Module::new(
            self.head_name,
            text,
            true,
            &[("weight", weight), ("bias", bias)],
        ));
        modules
    }
}

/// The convolution and the batch norm of a unit.
fn unit_modules(unit: &Unit, trained: bool) -> [Module; 2] {
    let Sizes { inputs, outputs, kernel, stride, groups } = unit.sizes;
    let mut conv = format!("Conv2d {inputs} -> {outputs}, {kernel}x{kernel}");
    if stride > 1 {
        conv += &format!(", шаг {stride}");
    }
    if groups > 1 {
        conv += &format!(", групп {groups}");
    }
    let after = match unit.activation {
        Activation::None => "",
        Activation::Relu => ", затем ReLU",
        Activation::Relu6 => ", затем ReLU6",
    };
    let bn = unit.conv_bn.bn();
    let (conv_weight, [conv_name, bn_name]) = (unit.conv_bn.conv().weight(), &unit.names);
    let pair = [("weight", bn.weight()), ("bias", bn.bias())];
    [
        Module::new(conv_name, conv, trained, &[("weight", conv_weight)]),
        Module::new(bn_name, format!("BatchNorm2d {outputs}{after}"), trained, &pair),
    ]
}

impl fmt::Display for VisionModel {
    /// A line for each layer, like `print(model)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let modules = self.named_modules();
        let width = modules.iter().map(|module| module.path.len()).max().unwrap_or(0);
        writeln!(f, "{}", self.name)?;
        for NamedModule { path, text, .. } in modules {
            writeln!(f, "  {path:width$}  {text}")?;
        }
        Ok(())
    }
}
