"""Fills by pretrained diffusion pipelines."""
