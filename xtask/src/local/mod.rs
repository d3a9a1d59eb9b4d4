//! Platforms' local runtimes.
