"""The film prior: a diffusion model that knows what undamaged film looks like."""
