//! Doubles of the vendor clouds, a house with a battery behind them, and their faults.
