// Package bench measures: histograms, the table of stages, what the host is, and how quiet it was.
//
//	marks of one push ──► Stages ──► Histogram (one a stage) ──► Summary ──► table, JSON
//	empty spin        ──► Jitter ─┐
//	/proc, /sys       ──► Host   ─┴► Result (the JSON of `orderwire demo`)
//
// # What a figure here means
//
// A stage is the time since the mark before it; Total is Triggered to Submitted. The mean of a stage is exact (a sum
// of nanoseconds over a count, kept beside the histogram), so that the means of Patched to Submitted add up to the
// mean of Total, and the table shows that sum. Percentiles come from a histogram with three digits: a value is at
// most 0.1 % below what is printed. The maximum is exact.
//
// A figure alone says little: the same code is half as fast beside a noisy neighbour. So Result carries the host, the
// time that the hypervisor took away, and the jitter of an empty loop measured in the same process.
//
// # Rules
//
// Record and Add allocate nothing and never fail: what does not fit is counted, not dropped in silence. They belong
// to one goroutine at a time. Nothing here runs on the loop: the loop writes marks, an observer brings them here.
//
// Read Stages.Add first.
package bench
