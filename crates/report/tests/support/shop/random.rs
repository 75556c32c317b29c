//! Random numbers that are the same on each run.

/// A linear congruential generator, by its state.
pub(super) struct Random(pub(super) u64);

impl Random {
    /// A number that is about normal with mean 0 and deviation 1.
    pub(super) fn normal(&mut self) -> f64 {
        let mut uniform = || {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as f64 / (1u64 << 31) as f64
        };
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    }
}
