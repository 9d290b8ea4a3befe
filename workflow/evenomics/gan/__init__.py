"""Wasserstein GANs with gradient penalty for small, wide tables (Cusworth et al. 2024)."""
