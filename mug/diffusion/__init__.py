"""The diffusion model: schedules, parameterizations, the U-Net, samplers."""
