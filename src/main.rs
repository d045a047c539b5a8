//! Hands over the arguments and returns the exit code.

fn main() {}
