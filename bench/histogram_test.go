package bench_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"orderwire/bench"
)

func TestHistogramAgreesWithSortedValues(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	h := bench.NewHistogram()
	values := make([]int64, 0, 20_000)
	sum := int64(0)
	for range cap(values) {
		v := int64(random.ExpFloat64() * 3000)
		values = append(values, v)
		sum += v
		h.Record(v)
	}
	slices.Sort(values)
	at := func(percent float64) int64 { return values[int(percent/100*float64(len(values)))-1] }
	got := h.Summary()
	cases := []struct {
		name      string
		got, want int64
	}{
		{"p50", got.P50Nanos, at(50)},
		{"p99", got.P99Nanos, at(99)},
		{"p99.9", got.P999Nanos, at(99.9)},
	}
	for _, c := range cases {
		if c.got < c.want || float64(c.got) > float64(c.want)*1.001+1 {
			t.Errorf("%s is %d, the sorted values say %d", c.name, c.got, c.want)
		}
	}
	if got.MaxNanos != values[len(values)-1] || h.Min() != values[0] || got.N != int64(len(values)) {
		t.Errorf("max %d min %d n %d, want %d %d %d", got.MaxNanos, h.Min(), got.N, values[len(values)-1], values[0], len(values))
	}
	if want := float64(sum) / float64(len(values)); got.MeanNanos != want {
		t.Errorf("mean is %v, want exactly %v", got.MeanNanos, want)
	}
}

func TestHistogramCountsWhatDoesNotFit(t *testing.T) {
	h := bench.NewHistogram()
	for _, v := range []int64{-5, 0, 60_000_000_000, 60_000_000_001, 1 << 62} {
		h.Record(v)
	}
	if h.Outside() != 3 || h.Count() != 5 || h.Max() != 60_000_000_000 || h.Min() != 0 {
		t.Errorf("outside %d count %d max %d min %d, want 3 5 60e9 0", h.Outside(), h.Count(), h.Max(), h.Min())
	}
}

func TestHistogramMergeIsTheUnion(t *testing.T) {
	left, right, both := bench.NewHistogram(), bench.NewHistogram(), bench.NewHistogram()
	for i := range int64(1000) {
		left.Record(i + 7)
		right.Record(i * 1000)
		both.Record(i + 7)
		both.Record(i * 1000)
	}
	left.Merge(right)
	left.Merge(bench.NewHistogram())
	if left.Summary() != both.Summary() || left.Min() != both.Min() || left.Sum() != both.Sum() {
		t.Errorf("merged %+v, want %+v", left.Summary(), both.Summary())
	}
	left.Reset()
	if left.Summary() != (bench.Summary{}) {
		t.Errorf("after Reset: %+v", left.Summary())
	}
	left.Record(3)
	if left.Min() != 3 {
		t.Errorf("min after Reset is %d, want 3", left.Min())
	}
}

func TestHistogramRecordAllocatesNothing(t *testing.T) {
	h := bench.NewHistogram()
	v := int64(1)
	if n := testing.AllocsPerRun(1000, func() { h.Record(v); v = v * 3 % 70_000_000_000 }); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

func BenchmarkHistogramRecord(b *testing.B) {
	h := bench.NewHistogram()
	for i := 0; b.Loop(); i++ {
		h.Record(int64(i) & 0xffff)
	}
}
