"""Measurements of the product as it stands: accuracy and speed, side by side with others. No product code, no tests.

`python -m benchmarks <command>`; a command is a module named in `benchmarks.commands`.
"""
