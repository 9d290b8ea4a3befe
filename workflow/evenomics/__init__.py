"""Balance the classes of small, wide omics tables, and tell honestly whether it helped."""

__version__ = "0.1.0"
