"""The baseline of `diffusion.py`: what examples/unconditional_image_generation of `diffusers` does, on pictures in
memory instead of a folder. A `UNet2DModel` learns the noise of a DDPMScheduler and is drawn with through its EMAModel.
"""

from collections.abc import Iterator

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMScheduler, UNet2DModel
from diffusers.optimization import get_scheduler
from diffusers.training_utils import EMAModel
from torch.nn import functional

BATCH = 16
"""As in the example."""


def network() -> UNet2DModel:
    """The kinds of blocks that `UNet2DModel` has by default, at a size of 0.95 million parameters."""
    torch.manual_seed(0)
    return UNet2DModel(
        sample_size=32,
        block_out_channels=(32, 48, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "DownBlock2D", "AttnDownBlock2D"),
        up_block_types=("AttnUpBlock2D", "UpBlock2D", "UpBlock2D"),
        norm_num_groups=16,
    )


def average_of(model: UNet2DModel) -> EMAModel:
    """The running average that the example keeps."""
    return EMAModel(model.parameters(), decay=0.9999, use_ema_warmup=True, inv_gamma=1.0, power=0.75)


def steps(pictures: np.ndarray, model: UNet2DModel, average: EMAModel, total: int) -> Iterator[int]:
    """Training steps without end, each yielded as its number of pictures; `total` is for the learning rate alone.

    pictures: (count, height, width, channels) of uint8. The warm-up is the example's 500 steps, or a tenth of all
    steps where that is less.
    """
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
    scheduler = DDPMScheduler(num_train_timesteps=1000, beta_schedule="linear")
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.95, 0.999), weight_decay=1e-6, eps=1e-8)
    rate = get_scheduler("cosine", optimiser, num_warmup_steps=min(500, total // 10), num_training_steps=total)
    while True:
        for rows in torch.randperm(len(images)).split(BATCH):
            clean = images[rows].float() / 127.5 - 1.0
            noise, times = torch.randn_like(clean), torch.randint(0, 1000, (len(clean),))
            answer = model(scheduler.add_noise(clean, noise, times), times).sample
            functional.mse_loss(answer, noise).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            rate.step()
            optimiser.zero_grad()
            average.step(model.parameters())
            yield len(clean)


@torch.inference_mode()
def draw(model: UNet2DModel, count: int, steps: int) -> np.ndarray:
    """Pictures by DDIM, (count, height, width, channels) of uint8."""
    scheduler = DDIMScheduler(1000, beta_schedule="linear", timestep_spacing="trailing")
    scheduler.set_timesteps(steps)
    drawn = []
    for start in range(0, count, 100):
        x = torch.randn(min(100, count - start), 3, 32, 32, generator=torch.Generator().manual_seed(start))
        for k in scheduler.timesteps:
            x = scheduler.step(model(x, k).sample, k, x).prev_sample
        drawn.append(((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).numpy())
    return np.concatenate(drawn)
