package guestabi

// Vector instructions, all behind the prefix 0xfd.
var simdRows = []opRow{
	{prefixSIMD, immMemArg, "i>v", 4, "v128.load"},
	{prefixSIMD | 0x01, immMemArg, "i>v", 3, "" +
		"v128.load8x8_s v128.load8x8_u v128.load16x4_s v128.load16x4_u v128.load32x2_s " +
		"v128.load32x2_u"},
	{prefixSIMD | 0x07, immMemArg, "i>v", 0, "v128.load8_splat"},
	{prefixSIMD | 0x08, immMemArg, "i>v", 1, "v128.load16_splat"},
	{prefixSIMD | 0x09, immMemArg, "i>v", 2, "v128.load32_splat"},
	{prefixSIMD | 0x0a, immMemArg, "i>v", 3, "v128.load64_splat"},
	{prefixSIMD | 0x0b, immMemArg, "iv>", 4, "v128.store"},
	{prefixSIMD | 0x0c, immV128, ">v", 0, "v128.const"},
	{prefixSIMD | 0x0d, immShuffle, "vv>v", 0, "i8x16.shuffle"},
	{prefixSIMD | 0x0e, immNone, "vv>v", 0, "i8x16.swizzle"},
	{prefixSIMD | 0x0f, immNone, "i>v", 0, "i8x16.splat i16x8.splat i32x4.splat"},
	{prefixSIMD | 0x12, immNone, "l>v", 0, "i64x2.splat"},
	{prefixSIMD | 0x13, immNone, "f>v", 0, "f32x4.splat"},
	{prefixSIMD | 0x14, immNone, "d>v", 0, "f64x2.splat"},
	{prefixSIMD | 0x15, immLane, "v>i", 16, "i8x16.extract_lane_s i8x16.extract_lane_u"},
	{prefixSIMD | 0x17, immLane, "vi>v", 16, "i8x16.replace_lane"},
	{prefixSIMD | 0x18, immLane, "v>i", 8, "i16x8.extract_lane_s i16x8.extract_lane_u"},
	{prefixSIMD | 0x1a, immLane, "vi>v", 8, "i16x8.replace_lane"},
	{prefixSIMD | 0x1b, immLane, "v>i", 4, "i32x4.extract_lane"},
	{prefixSIMD | 0x1c, immLane, "vi>v", 4, "i32x4.replace_lane"},
	{prefixSIMD | 0x1d, immLane, "v>l", 2, "i64x2.extract_lane"},
	{prefixSIMD | 0x1e, immLane, "vl>v", 2, "i64x2.replace_lane"},
	{prefixSIMD | 0x1f, immLane, "v>f", 4, "f32x4.extract_lane"},
	{prefixSIMD | 0x20, immLane, "vf>v", 4, "f32x4.replace_lane"},
	{prefixSIMD | 0x21, immLane, "v>d", 2, "f64x2.extract_lane"},
	{prefixSIMD | 0x22, immLane, "vd>v", 2, "f64x2.replace_lane"},
	{prefixSIMD | 0x23, immNone, "vv>v", 0, "" +
		"i8x16.eq i8x16.ne i8x16.lt_s i8x16.lt_u i8x16.gt_s i8x16.gt_u i8x16.le_s i8x16.le_u " +
		"i8x16.ge_s i8x16.ge_u"},
	{prefixSIMD | 0x2d, immNone, "vv>v", 0, "" +
		"i16x8.eq i16x8.ne i16x8.lt_s i16x8.lt_u i16x8.gt_s i16x8.gt_u i16x8.le_s i16x8.le_u " +
		"i16x8.ge_s i16x8.ge_u"},
	{prefixSIMD | 0x37, immNone, "vv>v", 0, "" +
		"i32x4.eq i32x4.ne i32x4.lt_s i32x4.lt_u i32x4.gt_s i32x4.gt_u i32x4.le_s i32x4.le_u " +
		"i32x4.ge_s i32x4.ge_u"},
	{prefixSIMD | 0x41, immNone, "vv>v", 0, "f32x4.eq f32x4.ne f32x4.lt f32x4.gt f32x4.le f32x4.ge"},
	{prefixSIMD | 0x47, immNone, "vv>v", 0, "f64x2.eq f64x2.ne f64x2.lt f64x2.gt f64x2.le f64x2.ge"},
	{prefixSIMD | 0x4d, immNone, "v>v", 0, "v128.not"},
	{prefixSIMD | 0x4e, immNone, "vv>v", 0, "v128.and v128.andnot v128.or v128.xor"},
	{prefixSIMD | 0x52, immNone, "vvv>v", 0, "v128.bitselect"},
	{prefixSIMD | 0x53, immNone, "v>i", 0, "v128.any_true"},
	{prefixSIMD | 0x54, immMemLane, "iv>v", 0, "v128.load8_lane"},
	{prefixSIMD | 0x55, immMemLane, "iv>v", 1, "v128.load16_lane"},
	{prefixSIMD | 0x56, immMemLane, "iv>v", 2, "v128.load32_lane"},
	{prefixSIMD | 0x57, immMemLane, "iv>v", 3, "v128.load64_lane"},
	{prefixSIMD | 0x58, immMemLane, "iv>", 0, "v128.store8_lane"},
	{prefixSIMD | 0x59, immMemLane, "iv>", 1, "v128.store16_lane"},
	{prefixSIMD | 0x5a, immMemLane, "iv>", 2, "v128.store32_lane"},
	{prefixSIMD | 0x5b, immMemLane, "iv>", 3, "v128.store64_lane"},
	{prefixSIMD | 0x5c, immMemArg, "i>v", 2, "v128.load32_zero"},
	{prefixSIMD | 0x5d, immMemArg, "i>v", 3, "v128.load64_zero"},
	{prefixSIMD | 0x5e, immNone, "v>v", 0, "f32x4.demote_f64x2_zero f64x2.promote_low_f32x4"},
	{prefixSIMD | 0x60, immNone, "v>v", 0, "i8x16.abs i8x16.neg i8x16.popcnt"},
	{prefixSIMD | 0x63, immNone, "v>i", 0, "i8x16.all_true i8x16.bitmask"},
	{prefixSIMD | 0x65, immNone, "vv>v", 0, "i8x16.narrow_i16x8_s i8x16.narrow_i16x8_u"},
	{prefixSIMD | 0x67, immNone, "v>v", 0, "f32x4.ceil f32x4.floor f32x4.trunc f32x4.nearest"},
	{prefixSIMD | 0x6b, immNone, "vi>v", 0, "i8x16.shl i8x16.shr_s i8x16.shr_u"},
	{prefixSIMD | 0x6e, immNone, "vv>v", 0, "" +
		"i8x16.add i8x16.add_sat_s i8x16.add_sat_u i8x16.sub i8x16.sub_sat_s i8x16.sub_sat_u"},
	{prefixSIMD | 0x74, immNone, "v>v", 0, "f64x2.ceil f64x2.floor"},
	{prefixSIMD | 0x76, immNone, "vv>v", 0, "i8x16.min_s i8x16.min_u i8x16.max_s i8x16.max_u"},
	{prefixSIMD | 0x7a, immNone, "v>v", 0, "f64x2.trunc"},
	{prefixSIMD | 0x7b, immNone, "vv>v", 0, "i8x16.avgr_u"},
	{prefixSIMD | 0x7c, immNone, "v>v", 0, "" +
		"i16x8.extadd_pairwise_i8x16_s i16x8.extadd_pairwise_i8x16_u " +
		"i32x4.extadd_pairwise_i16x8_s i32x4.extadd_pairwise_i16x8_u"},
	{prefixSIMD | 0x80, immNone, "v>v", 0, "i16x8.abs i16x8.neg"},
	{prefixSIMD | 0x82, immNone, "vv>v", 0, "i16x8.q15mulr_sat_s"},
	{prefixSIMD | 0x83, immNone, "v>i", 0, "i16x8.all_true i16x8.bitmask"},
	{prefixSIMD | 0x85, immNone, "vv>v", 0, "i16x8.narrow_i32x4_s i16x8.narrow_i32x4_u"},
	{prefixSIMD | 0x87, immNone, "v>v", 0, "" +
		"i16x8.extend_low_i8x16_s i16x8.extend_high_i8x16_s i16x8.extend_low_i8x16_u " +
		"i16x8.extend_high_i8x16_u"},
	{prefixSIMD | 0x8b, immNone, "vi>v", 0, "i16x8.shl i16x8.shr_s i16x8.shr_u"},
	{prefixSIMD | 0x8e, immNone, "vv>v", 0, "" +
		"i16x8.add i16x8.add_sat_s i16x8.add_sat_u i16x8.sub i16x8.sub_sat_s i16x8.sub_sat_u"},
	{prefixSIMD | 0x94, immNone, "v>v", 0, "f64x2.nearest"},
	{prefixSIMD | 0x95, immNone, "vv>v", 0, "i16x8.mul i16x8.min_s i16x8.min_u i16x8.max_s i16x8.max_u"},
	{prefixSIMD | 0x9b, immNone, "vv>v", 0, "i16x8.avgr_u"},
	{prefixSIMD | 0x9c, immNone, "vv>v", 0, "" +
		"i16x8.extmul_low_i8x16_s i16x8.extmul_high_i8x16_s i16x8.extmul_low_i8x16_u " +
		"i16x8.extmul_high_i8x16_u"},
	{prefixSIMD | 0xa0, immNone, "v>v", 0, "i32x4.abs i32x4.neg"},
	{prefixSIMD | 0xa3, immNone, "v>i", 0, "i32x4.all_true i32x4.bitmask"},
	{prefixSIMD | 0xa7, immNone, "v>v", 0, "" +
		"i32x4.extend_low_i16x8_s i32x4.extend_high_i16x8_s i32x4.extend_low_i16x8_u " +
		"i32x4.extend_high_i16x8_u"},
	{prefixSIMD | 0xab, immNone, "vi>v", 0, "i32x4.shl i32x4.shr_s i32x4.shr_u"},
	{prefixSIMD | 0xae, immNone, "vv>v", 0, "i32x4.add"},
	{prefixSIMD | 0xb1, immNone, "vv>v", 0, "i32x4.sub"},
	{prefixSIMD | 0xb5, immNone, "vv>v", 0, "" +
		"i32x4.mul i32x4.min_s i32x4.min_u i32x4.max_s i32x4.max_u i32x4.dot_i16x8_s"},
	{prefixSIMD | 0xbc, immNone, "vv>v", 0, "" +
		"i32x4.extmul_low_i16x8_s i32x4.extmul_high_i16x8_s i32x4.extmul_low_i16x8_u " +
		"i32x4.extmul_high_i16x8_u"},
	{prefixSIMD | 0xc0, immNone, "v>v", 0, "i64x2.abs i64x2.neg"},
	{prefixSIMD | 0xc3, immNone, "v>i", 0, "i64x2.all_true i64x2.bitmask"},
	{prefixSIMD | 0xc7, immNone, "v>v", 0, "" +
		"i64x2.extend_low_i32x4_s i64x2.extend_high_i32x4_s i64x2.extend_low_i32x4_u " +
		"i64x2.extend_high_i32x4_u"},
	{prefixSIMD | 0xcb, immNone, "vi>v", 0, "i64x2.shl i64x2.shr_s i64x2.shr_u"},
	{prefixSIMD | 0xce, immNone, "vv>v", 0, "i64x2.add"},
	{prefixSIMD | 0xd1, immNone, "vv>v", 0, "i64x2.sub"},
	{prefixSIMD | 0xd5, immNone, "vv>v", 0, "" +
		"i64x2.mul i64x2.eq i64x2.ne i64x2.lt_s i64x2.gt_s i64x2.le_s i64x2.ge_s"},
	{prefixSIMD | 0xdc, immNone, "vv>v", 0, "" +
		"i64x2.extmul_low_i32x4_s i64x2.extmul_high_i32x4_s i64x2.extmul_low_i32x4_u " +
		"i64x2.extmul_high_i32x4_u"},
	{prefixSIMD | 0xe0, immNone, "v>v", 0, "f32x4.abs f32x4.neg"},
	{prefixSIMD | 0xe3, immNone, "v>v", 0, "f32x4.sqrt"},
	{prefixSIMD | 0xe4, immNone, "vv>v", 0, "" +
		"f32x4.add f32x4.sub f32x4.mul f32x4.div f32x4.min f32x4.max f32x4.pmin f32x4.pmax"},
	{prefixSIMD | 0xec, immNone, "v>v", 0, "f64x2.abs f64x2.neg"},
	{prefixSIMD | 0xef, immNone, "v>v", 0, "f64x2.sqrt"},
	{prefixSIMD | 0xf0, immNone, "vv>v", 0, "" +
		"f64x2.add f64x2.sub f64x2.mul f64x2.div f64x2.min f64x2.max f64x2.pmin f64x2.pmax"},
	{prefixSIMD | 0xf8, immNone, "v>v", 0, "" +
		"i32x4.trunc_sat_f32x4_s i32x4.trunc_sat_f32x4_u f32x4.convert_i32x4_s " +
		"f32x4.convert_i32x4_u i32x4.trunc_sat_f64x2_s_zero i32x4.trunc_sat_f64x2_u_zero " +
		"f64x2.convert_low_i32x4_s f64x2.convert_low_i32x4_u"},
}
