//! The standard normal distribution, as far as intervals and tests need it.

use std::f64::consts::SQRT_2;

use statrs::function::erf::erfc;

/// Returns z with `level` of a standard normal distribution between -z and z.
pub(crate) fn two_sided_z(level: f64) -> f64 {
    quantile(0.5 + level / 2.0)
}

/// Returns the quantile of a standard normal distribution for 0 < p < 1.
///
/// Wichura's algorithm AS 241 (Applied Statistics 37, 1988), routine PPND16, good
/// to 16 digits. The inverse in statrs 0.19 is off by 2e-11 at p = 0.95.
fn quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * polynomial(&CENTRE.0, r) / polynomial(&CENTRE.1, r);
    }
    let r = (-(if q < 0.0 { p } else { 1.0 - p }).ln()).sqrt();
    let z = if r <= 5.0 {
        polynomial(&TAIL.0, r - 1.6) / polynomial(&TAIL.1, r - 1.6)
    } else {
        polynomial(&FAR_TAIL.0, r - 5.0) / polynomial(&FAR_TAIL.1, r - 5.0)
    };
    if q < 0.0 { -z } else { z }
}

/// Evaluates a polynomial, lowest power first.
fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, c| sum * x + c)
}

/// Numerator and denominator.
type Ratio = ([f64; 8], [f64; 8]);

/// For p from 0.075 to 0.925.
const CENTRE: Ratio = (
    [
        3.387_132_872_796_366_6,
        133.141_667_891_784_38,
        1_971.590_950_306_551_4,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
);

/// For p beyond that, down to exp(-25).
const TAIL: Ratio = (
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
);

/// For what is left.
const FAR_TAIL: Ratio = (
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
);

/// Returns the chance of a value at least as far from zero as `z`.
pub(crate) fn two_sided_p(z: f64) -> f64 {
    erfc(z.abs() / SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_levels_have_their_tabulated_z() {
        // R: qnorm(c(0.95, 0.975, 0.995)), 15 digits.
        for (level, z) in [
            (0.90, 1.644_853_626_951_472),
            (0.95, 1.959_963_984_540_054),
            (0.99, 2.575_829_303_548_901),
        ] {
            let got = two_sided_z(level);
            assert!((got - z).abs() < 1e-13, "{level}: {got}");
        }
    }

    #[test]
    fn small_and_large_levels_are_as_good() {
        // mpmath: sqrt(2) * erfinv(level), 15 digits.
        for (level, z) in [
            (0.001, 0.001_253_314_465_432_55),
            (1.0 - 1e-9, 6.109_410_209_383_45),
        ] {
            let got = two_sided_z(level);
            // 1 - level has lost 7 of its 16 digits before it arrives here.
            assert!((got / z - 1.0).abs() < 1e-8, "{level}: {got}");
        }
    }

    #[test]
    fn p_is_the_inverse_of_z() {
        for level in [0.01, 0.5, 0.95, 0.999_999] {
            let p = two_sided_p(two_sided_z(level));
            assert!((p - (1.0 - level)).abs() < 1e-10, "{level}");
        }
    }
}
