//! Hand-made data sets and hostile ones.
