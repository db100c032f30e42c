package bench

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// MarkCount is how many marks a push can have: Triggered and the seven stages after it.
const MarkCount = 8

// The rows of the table: the marks in the order in which they are hit, each named by the mark that ends it. Index 0 of
// the marks is Triggered, which ends nothing; its row is Total.
const (
	total = iota
	patched
	signed
	framed
	sealed
	submitted
	completed
	acked
)

var stageNames = [MarkCount]string{
	"Total", "Patched", "Signed", "Framed", "Sealed", "Submitted", "Completed", "Acked",
}

var printOrder = [...]int{patched, signed, framed, sealed, submitted, total, completed, acked}

// Stages holds one histogram a stage. Owner: one goroutine at a time. Adding allocates nothing.
type Stages struct {
	rows [MarkCount]*Histogram
	torn int64 // pushes whose marks do not rise, or stop before Submitted
}

// NewStages makes an empty set.
func NewStages() *Stages {
	s := &Stages{}
	for i := range s.rows {
		s.rows[i] = NewHistogram()
	}
	return s
}

// Add takes the marks of one push: clock readings of Triggered, Patched, Signed, Framed, Sealed, Submitted, Completed,
// Acked, 0 where a mark was not hit. Completed and Acked may be missing, and may come in either order. A push whose
// marks up to Submitted are not all there and rising enters no row (Torn): a row of it would break the sum.
func (s *Stages) Add(at *[MarkCount]int64) {
	for i := patched; i <= submitted; i++ {
		if at[i-1] == 0 || at[i] < at[i-1] {
			s.torn++
			return
		}
	}
	for i := patched; i <= submitted; i++ {
		s.rows[i].Record(at[i] - at[i-1])
	}
	s.rows[total].Record(at[submitted] - at[0])
	for _, i := range [...]int{completed, acked} {
		if at[i] == 0 {
			continue
		}
		before := at[submitted]
		if i == acked && at[completed] != 0 && at[completed] <= at[acked] {
			before = at[completed]
		}
		s.rows[i].Record(at[i] - before)
	}
}

// Torn is how many pushes were left out.
func (s *Stages) Torn() int64 { return s.torn }

// Summaries is the JSON form: a row for each stage that has values.
func (s *Stages) Summaries() map[string]Summary {
	out := make(map[string]Summary, MarkCount)
	for i, row := range s.rows {
		if row.Count() > 0 {
			out[stageNames[i]] = row.Summary()
		}
	}
	return out
}

// Print writes the table. Units: nanoseconds.
func (s *Stages) Print(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%-10s %12s %10s %10s %10s %10s %8s\n", "stage [ns]", "mean", "p50", "p99", "p99.9", "max", "n")
	for _, i := range printOrder {
		if s.rows[i].Count() == 0 {
			continue
		}
		printRow(&text, stageNames[i], s.rows[i].Summary())
	}
	sum := 0.0
	for i := patched; i <= submitted; i++ {
		sum += s.rows[i].Mean()
	}
	fmt.Fprintf(&text, "each stage is the time since the mark before it; %s\n", sumSentence(sum, s.rows[total].Mean()))
	if s.torn > 0 {
		fmt.Fprintf(&text, "%d pushes had torn marks and are in no row\n", s.torn)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// PrintSummary writes one more row in the columns of Stages.Print.
func PrintSummary(w io.Writer, name string, s Summary) error {
	var text strings.Builder
	printRow(&text, name, s)
	_, err := io.WriteString(w, text.String())
	return err
}

func printRow(w io.Writer, name string, s Summary) {
	fmt.Fprintf(w, "%-10s %12.1f %10d %10d %10d %10d %8d\n", name, s.MeanNanos, s.P50Nanos, s.P99Nanos, s.P999Nanos, s.MaxNanos, s.N)
}

// sumSentence compares to the digit that is printed: the parts are exact sums over one count, so that more can only be
// a row that took part in one of them alone.
func sumSentence(sum, whole float64) string {
	if math.Abs(sum-whole) < 0.05 {
		return fmt.Sprintf("the means of Patched to Submitted add up to Total: %.1f = %.1f", sum, whole)
	}
	return fmt.Sprintf("THE MEANS DO NOT ADD UP: Patched to Submitted give %.1f, Total says %.1f", sum, whole)
}
