// Package fixed is exact decimal numbers: an int64 mantissa and a number of decimals.
//
// A price on the wire is text, and it stays exact here: "61837.63000000" becomes (6183763000000, 8) and is
// written back as the same bytes. No float takes part, because 0.1 has none that equals it, and because a
// venue refuses "4.65e-05" (shared requirement R17).
//
//	"61837.63000000" ── Parse, Prefix, Quoted ──► Number{6183763000000, 8} ── Append, AppendFixed ──► text
//	                                              Rescale, Add, Sub, Mul, Cmp: exact, or they say that they are not
//
// Rules of the text form, in one place:
//   - digits, then optionally a dot and digits: `^[0-9]+(\.[0-9]+)?$`. That is what Binance's -1100 quotes as legal;
//   - no plus sign; a minus sign only through ParseSigned (fees, differences), never in prices and sizes;
//   - no exponent: refused with ErrExponent, so that a venue that begins to send them is seen at once;
//   - at most 18 decimals (ErrScale) and a mantissa that fits an int64 (ErrOverflow);
//   - the scale is what was written: 1.50 and 1.5 differ as structs and are equal by Cmp.
//
// Nothing here rounds. What cannot be exact answers ok == false, and the caller decides. Sum is the one wider
// thing: a 128-bit running total of price times quantity, for strategies that add up notional.
//
// The room owns no memory and keeps none of its arguments. It does no currency conversion and no rounding to
// ticks: instruments do that, from venue data.
//
// Start reading at Prefix.
package fixed
