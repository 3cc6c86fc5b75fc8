"""The jobs that walk back from noise, by their addresses."""

WALK = "fmstudio.laboratory.diffusion:walk"
BETWEEN = "fmstudio.laboratory.diffusion:between"
EDIT = "fmstudio.laboratory.diffusion_editing:edit"
