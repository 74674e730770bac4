"""Configuration files to a generation: policy part and trust part, or every problem with its place.

Way in: `generation.py` (`build`), `texts.py` (what goes in), `settings.py` (`gateway.toml`, which is not
part of a generation), `problem.py` (what is wrong), `bundle.py` (a generation as one file).
"""
