package scan_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"orderwire/orders/scan"
)

func TestTime(t *testing.T) {
	for _, row := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"1970-01-01T00:00:00Z", 0, true},
		{"2023-10-06T17:35:55.440295Z", 1696613755440295000, true},
		{"2026-04-07T14:30:02.789012Z", 1775572202789012000, true},
		{"2021-04-17T16:43:30.244075Z", 1618677810244075000, true},
		{"2024-02-29T23:59:59.999999999Z", 1709251199999999999, true},
		{"2024-02-29T23:59:59.9999999999Z", 1709251199999999999, true},
		{"2026-04-07 14:30:10.000000000+00:00", 1775572210000000000, true},
		{"2016-12-31T23:59:60Z", 1483228800000000000, true},
		{"2023-02-29T00:00:00Z", 0, false},
		{"2023-13-01T00:00:00Z", 0, false},
		{"2023-00-01T00:00:00Z", 0, false},
		{"2023-01-00T00:00:00Z", 0, false},
		{"2023-01-01T24:00:00Z", 0, false},
		{"2023-01-01T00:60:00Z", 0, false},
		{"2023-01-01T00:00:00", 0, false},
		{"2023-01-01T00:00:00.Z", 0, false},
		{"2023-01-01T00:00:00+02:00", 0, false},
		{"2023-01-01T00:00:00Zx", 0, false},
		{"2023-01-01X00:00:00Z", 0, false},
		{"2o23-01-01T00:00:00Z", 0, false},
		{"1969-12-31T23:59:59Z", 0, false},
		{"2262-01-01T00:00:00Z", 0, false},
		{"", 0, false},
	} {
		if got, ok := scan.Time([]byte(row.text)); got != row.want || ok != row.ok {
			t.Errorf("Time(%q) = %d, %v; want %d, %v", row.text, got, ok, row.want, row.ok)
		}
	}
}

func TestTimeAgainstStandard(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	for range 100_000 {
		want := random.Int64N(9_200_000_000 * 1e9)
		text := time.Unix(0, want).UTC().Format(time.RFC3339Nano)
		if got, ok := scan.Time([]byte(text)); !ok || got != want {
			t.Fatalf("Time(%q) = %d, %v; want %d", text, got, ok, want)
		}
	}
}

func FuzzTime(f *testing.F) {
	f.Add("2023-10-06T17:35:55.440295Z")
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := scan.Time([]byte(text))
		want, err := time.Parse(time.RFC3339Nano, text)
		if ok && err == nil && want.UnixNano() != got {
			t.Fatalf("Time(%q) = %d, want %d", text, got, want.UnixNano())
		}
		// The standard parser is laxer; what it writes itself must be read.
		if !ok && err == nil && want.UTC().Format(time.RFC3339Nano) == text && want.Year() >= 1970 && want.Year() <= 2261 {
			t.Fatalf("Time(%q) is refused", text)
		}
	})
}
