"""Benchmarks: the only source of claims about speed."""
