// Package whale is one strategy: it follows takers who sweep the book.
//
// A large taker hides behind small prints: in the recording of 2024-08-08 no single print reaches 100 kUSDT,
// and yet 16 takers spent more than that each. What betrays them is that all prints of one taker order carry
// the same trade time and the same aggressor. So prints are grouped by (symbol, time, aggressor), and the sweep
// triggers once, at the print with which its running notional first reaches the threshold, without waiting for
// its end:
//
//	print  T=…302 sell  61601.90 x 0.40   24 640      below the threshold
//	print  T=…302 sell  61601.89 x 0.75   70 841      below
//	print  T=…302 sell  61601.00 x 0.98  131 210      Decision{Sell, 61600.95, 0.001, LIMIT IOC}
//	print  T=…302 sell  61600.52 x 1.20  205 131      the same sweep: nothing more
//
// The decision follows the aggressor's side, a few ticks beyond the print, as LIMIT IOC: it takes what the sweep
// left behind it, or nothing.
//
// A Detector belongs to one loop. Its memory is made once, for the symbols of its Config; it allocates nothing
// afterwards, reads no clock, and knows nothing of orders that are open. Sums are exact (fixed.Sum). It is an
// example of a strategy and no advice: a decision says what the rule says, not that it earns.
//
// Start reading at Detector.See.
package whale
