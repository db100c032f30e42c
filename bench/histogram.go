package bench

import (
	"github.com/HdrHistogram/hdrhistogram-go"
)

// The range of a Histogram. Below one nanosecond no clock here sees anything; what takes a minute is no latency.
const (
	histogramMinNanos = 1
	histogramMaxNanos = 60_000_000_000
	histogramDigits   = 3
)

// Histogram records durations. Units: nanoseconds, 1 ns to 60 s with three digits; sum, count and extremes are exact.
//
// Owner: one goroutine at a time. Recording allocates nothing.
type Histogram struct {
	values  *hdrhistogram.Histogram
	n       int64
	sum     int64
	min     int64
	max     int64
	outside int64
}

// Summary is what is published of a Histogram. All fields are 0 where n is 0.
type Summary struct {
	MeanNanos float64 `json:"mean_ns"`
	P50Nanos  int64   `json:"p50_ns"`
	P99Nanos  int64   `json:"p99_ns"`
	P999Nanos int64   `json:"p999_ns"`
	MaxNanos  int64   `json:"max_ns"`
	N         int64   `json:"n"`
}

// NewHistogram makes an empty histogram (about 200 KiB).
func NewHistogram() *Histogram {
	return &Histogram{values: hdrhistogram.New(histogramMinNanos, histogramMaxNanos, histogramDigits)}
}

// Record adds one duration. One that is negative or over 60 s enters at the edge of the range and is counted in
// Outside, so that a broken clock or a stall shows.
func (h *Histogram) Record(nanos int64) {
	clipped := min(max(nanos, 0), histogramMaxNanos)
	if clipped != nanos {
		h.outside++
	}
	if h.values.RecordValue(clipped) != nil {
		panic("bench: a clipped value is out of the histogram's range")
	}
	if h.n == 0 || clipped < h.min {
		h.min = clipped
	}
	h.max = max(h.max, clipped)
	h.n++
	h.sum += clipped
}

// Summary is the state so far.
func (h *Histogram) Summary() Summary {
	if h.n == 0 {
		return Summary{}
	}
	return Summary{
		MeanNanos: h.Mean(),
		P50Nanos:  h.Quantile(50),
		P99Nanos:  h.Quantile(99),
		P999Nanos: h.Quantile(99.9),
		MaxNanos:  h.max,
		N:         h.n,
	}
}

// Quantile is the duration that percent of all values do not exceed, 0 where there is none.
func (h *Histogram) Quantile(percent float64) int64 {
	return min(h.values.ValueAtQuantile(percent), h.max)
}

// Mean is exact: the sum over the count, 0 where there is none.
func (h *Histogram) Mean() float64 {
	if h.n == 0 {
		return 0
	}
	return float64(h.sum) / float64(h.n)
}

// Count is how many values were recorded.
func (h *Histogram) Count() int64 { return h.n }

// Sum is the exact sum of all values.
func (h *Histogram) Sum() int64 { return h.sum }

// Min is the smallest value, 0 where there is none.
func (h *Histogram) Min() int64 { return h.min }

// Max is the largest value.
func (h *Histogram) Max() int64 { return h.max }

// Outside is how many values did not fit and were recorded at the edge.
func (h *Histogram) Outside() int64 { return h.outside }

// Merge adds all of other's values.
func (h *Histogram) Merge(other *Histogram) {
	if other.n == 0 {
		return
	}
	if h.values.Merge(other.values) != 0 {
		panic("bench: two histograms of one range do not merge")
	}
	if h.n == 0 || other.min < h.min {
		h.min = other.min
	}
	h.max = max(h.max, other.max)
	h.n += other.n
	h.sum += other.sum
	h.outside += other.outside
}

// Reset empties the histogram for the next run.
func (h *Histogram) Reset() {
	h.values.Reset()
	*h = Histogram{values: h.values}
}
