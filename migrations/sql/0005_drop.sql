-- Undoes 0005. Every tenant falls back to the model's bundled background.
drop table footfall.calibrations;
