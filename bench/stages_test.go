package bench_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"orderwire/bench"
)

// marks gives clock readings from durations; a negative duration leaves its mark out.
func marks(start int64, durations ...int64) *[bench.MarkCount]int64 {
	var at [bench.MarkCount]int64
	at[0] = start
	for i, d := range durations {
		if d >= 0 {
			start += d
			at[i+1] = start
		}
	}
	return &at
}

func TestStagesAddUp(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	s := bench.NewStages()
	for range 5000 {
		d := func(scale float64) int64 { return int64(random.ExpFloat64() * scale) }
		s.Add(marks(1+d(1e9), d(50), d(300), d(20), d(120), d(1500), -1, d(40_000)))
	}
	rows := s.Summaries()
	sum := 0.0
	for _, name := range []string{"Patched", "Signed", "Framed", "Sealed", "Submitted"} {
		if rows[name].N != 5000 {
			t.Errorf("%s has n %d, want 5000", name, rows[name].N)
		}
		sum += rows[name].MeanNanos
	}
	if whole := rows["Total"].MeanNanos; math.Abs(sum-whole) > 1e-6 {
		t.Errorf("means add up to %v, Total says %v", sum, whole)
	}
	if _, ok := rows["Completed"]; ok {
		t.Error("a row for Completed, which no push had")
	}
	var out bytes.Buffer
	if err := s.Print(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "add up to Total") {
		t.Errorf("the table does not say that the means add up:\n%s", out.String())
	}
}

func TestStagesByHand(t *testing.T) {
	s := bench.NewStages()
	s.Add(marks(1000, 10, 20, 30, 40, 50, 5, 100))
	want := map[string]int64{
		"Patched": 10, "Signed": 20, "Framed": 30, "Sealed": 40, "Submitted": 50, "Completed": 5, "Acked": 100, "Total": 150,
	}
	rows := s.Summaries()
	for name, nanos := range want {
		if rows[name].MaxNanos != nanos || rows[name].MeanNanos != float64(nanos) {
			t.Errorf("%s is %+v, want %d", name, rows[name], nanos)
		}
	}
}

// TestStagesAckBeforeCompletion has the kernel report the send after the ack was read: the ack then counts from Submitted.
func TestStagesAckBeforeCompletion(t *testing.T) {
	s := bench.NewStages()
	at := marks(1000, 1, 1, 1, 1, 1, 500, 0)
	at[7] = at[5] + 300
	s.Add(at)
	rows := s.Summaries()
	if rows["Acked"].MaxNanos != 300 || rows["Completed"].MaxNanos != 500 {
		t.Errorf("Acked %d Completed %d, want 300 500", rows["Acked"].MaxNanos, rows["Completed"].MaxNanos)
	}
}

func TestStagesTornPushEntersNoRow(t *testing.T) {
	s := bench.NewStages()
	s.Add(marks(1000, 1, 1, -1, 1, 1)) // a mark is missing
	s.Add(marks(0, 1, 1, 1, 1, 1))     // so is Triggered
	falling := marks(1000, 5, 5, 5, 5, 5)
	falling[3] = falling[2] - 1
	s.Add(falling)
	if s.Torn() != 3 || len(s.Summaries()) != 0 {
		t.Errorf("torn %d rows %v, want 3 and none", s.Torn(), s.Summaries())
	}
	var out bytes.Buffer
	if err := s.Print(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "3 pushes had torn marks") {
		t.Errorf("the table hides the torn pushes:\n%s", out.String())
	}
}

func TestStagesAddAllocatesNothing(t *testing.T) {
	s := bench.NewStages()
	at := marks(1000, 10, 20, 30, 40, 50, 5, 100)
	if n := testing.AllocsPerRun(1000, func() { s.Add(at) }); n != 0 {
		t.Errorf("%v allocations an Add", n)
	}
}
