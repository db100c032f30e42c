package fixed_test

import (
	"bytes"
	"errors"
	"math/big"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"orderwire/orders/fixed"
)

func TestParse(t *testing.T) {
	for _, row := range []struct {
		text string
		want fixed.Number
		err  error
	}{
		{"0", fixed.Number{}, nil},
		{"1", fixed.Number{1, 0}, nil},
		{"1.50", fixed.Number{150, 2}, nil},
		{"0.00000000", fixed.Number{0, 8}, nil},
		{"61837.63000000", fixed.Number{6183763000000, 8}, nil},
		{"61837.630000001", fixed.Number{61837630000001, 9}, nil},
		{"007.5", fixed.Number{75, 1}, nil},
		{"9223372036854775807", fixed.Number{9223372036854775807, 0}, nil},
		{"9223372036854775808", fixed.Number{}, fixed.ErrOverflow},
		{"9.223372036854775807", fixed.Number{9223372036854775807, 18}, nil},
		{"9.223372036854775808", fixed.Number{}, fixed.ErrOverflow},
		{"99999999999999999999", fixed.Number{}, fixed.ErrOverflow},
		{"18446744073709551616", fixed.Number{}, fixed.ErrOverflow}, // 2^64: wraps to 0
		{"0.000000000000000001", fixed.Number{1, 18}, nil},
		{"0.0000000000000000001", fixed.Number{}, fixed.ErrScale},
		{"", fixed.Number{}, fixed.ErrSyntax},
		{".", fixed.Number{}, fixed.ErrSyntax},
		{".5", fixed.Number{}, fixed.ErrSyntax},
		{"5.", fixed.Number{}, fixed.ErrSyntax},
		{"5..0", fixed.Number{}, fixed.ErrSyntax},
		{"5.0.0", fixed.Number{}, fixed.ErrSyntax},
		{"5,0", fixed.Number{}, fixed.ErrSyntax},
		{" 5", fixed.Number{}, fixed.ErrSyntax},
		{"5 ", fixed.Number{}, fixed.ErrSyntax},
		{"0x5", fixed.Number{}, fixed.ErrSyntax},
		{"NaN", fixed.Number{}, fixed.ErrSyntax},
		{"1_000", fixed.Number{}, fixed.ErrSyntax},
		{"\xff1", fixed.Number{}, fixed.ErrSyntax},
		{"-5", fixed.Number{}, fixed.ErrSign},
		{"+5", fixed.Number{}, fixed.ErrSign},
		{"1e5", fixed.Number{}, fixed.ErrExponent},
		{"4.65e-05", fixed.Number{}, fixed.ErrExponent},
		{"1E5", fixed.Number{}, fixed.ErrExponent},
	} {
		t.Run(row.text, func(t *testing.T) {
			got, err := fixed.Parse([]byte(row.text))
			if got != row.want || !errors.Is(err, row.err) {
				t.Errorf("Parse(%q) = %+v, %v; want %+v, %v", row.text, got, err, row.want, row.err)
			}
		})
	}
}

func TestParseSigned(t *testing.T) {
	for _, row := range []struct {
		text string
		want fixed.Number
		err  error
	}{
		{"-1.5", fixed.Number{-15, 1}, nil},
		{"1.5", fixed.Number{15, 1}, nil},
		{"-0", fixed.Number{}, nil},
		{"--1", fixed.Number{}, fixed.ErrSign},
		{"-", fixed.Number{}, fixed.ErrSyntax},
		{"+1", fixed.Number{}, fixed.ErrSign},
	} {
		got, err := fixed.ParseSigned([]byte(row.text))
		if got != row.want || !errors.Is(err, row.err) {
			t.Errorf("ParseSigned(%q) = %+v, %v; want %+v, %v", row.text, got, err, row.want, row.err)
		}
	}
}

func TestQuoted(t *testing.T) {
	for _, row := range []struct {
		text string
		want fixed.Number
		used int
	}{
		{`"1.50"`, fixed.Number{150, 2}, 6},
		{`"1.50","x"`, fixed.Number{150, 2}, 6},
		{`"61837.63000000"]`, fixed.Number{6183763000000, 8}, 16},
		{`"1.50`, fixed.Number{}, 0},
		{`1.50`, fixed.Number{}, 0},
		{`"1.50 "`, fixed.Number{}, 0},
		{`""`, fixed.Number{}, 0},
		{``, fixed.Number{}, 0},
		{`"-1"`, fixed.Number{}, 0},
		{`"1e3"`, fixed.Number{}, 0},
		{`"1\u002e5"`, fixed.Number{}, 0},
	} {
		got, used := fixed.Quoted([]byte(row.text))
		if got != row.want || used != row.used {
			t.Errorf("Quoted(%q) = %+v, %d; want %+v, %d", row.text, got, used, row.want, row.used)
		}
	}
}

// TestParseAgainstRat reads random decimals of every length, with and without bytes behind them, so that
// each path of Prefix is taken, and compares with math/big.
func TestParseAgainstRat(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		text := randomDecimal(random)
		checkPrefix(t, text, "")
		checkPrefix(t, text, `"],["61837.63000000"`)
	}
}

// TestColumnAgainstQuoted reads random columns, of steady and of changing widths, in both ways.
func TestColumnAgainstQuoted(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	var column fixed.Column
	for i := range 200_000 {
		text := `"` + randomDecimal(random) + `"`
		for range random.IntN(4) { // again with other digits, some of them none
			damaged := []byte(text + `,"1.0"]]}`[:random.IntN(10)])
			for range random.IntN(3) {
				damaged[random.IntN(len(damaged))] = "0123456789.\"/:x\x00\xff"[random.IntN(17)]
			}
			want, wantUsed := fixed.Quoted(damaged)
			if got, used := column.Quoted(damaged); got != want || used != wantUsed {
				t.Fatalf("row %d: %q: %+v, %d; want %+v, %d", i, damaged, got, used, want, wantUsed)
			}
		}
	}
}

func randomDecimal(random *rand.Rand) string {
	var text strings.Builder
	for range 1 + random.IntN(12) {
		text.WriteByte('0' + byte(random.IntN(10)))
	}
	if decimals := random.IntN(21); decimals > 0 {
		text.WriteByte('.')
		for range decimals {
			text.WriteByte('0' + byte(random.IntN(10)))
		}
	}
	return text.String()
}

func checkPrefix(t *testing.T, text, tail string) {
	t.Helper()
	got, used := fixed.Prefix([]byte(text + tail))
	want, fits := oracle(text)
	if !fits {
		if used != 0 || got != (fixed.Number{}) {
			t.Fatalf("Prefix(%q) = %+v, %d; want a refusal", text+tail, got, used)
		}
		return
	}
	if used != len(text) || got != want {
		t.Fatalf("Prefix(%q) = %+v, %d; want %+v, %d", text+tail, got, used, want, len(text))
	}
	if back := got.String(); value(got).Cmp(rat(text)) != 0 || rat(back).Cmp(rat(text)) != 0 {
		t.Fatalf("%q reads as %+v and is written as %q", text, got, back)
	}
}

// oracle is Parse by strconv: the digits without the dot are the mantissa.
func oracle(text string) (fixed.Number, bool) {
	whole, part, _ := strings.Cut(text, ".")
	mantissa, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil || len(part) > 18 {
		return fixed.Number{}, false
	}
	return fixed.Number{Mantissa: mantissa, Scale: uint8(len(part))}, true
}

func rat(text string) *big.Rat {
	value, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("not a number: " + text)
	}
	return value
}

// value is what a Number means, by its definition.
func value(n fixed.Number) *big.Rat {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n.Scale)), nil)
	return new(big.Rat).SetFrac(big.NewInt(n.Mantissa), power)
}

var plain = regexp.MustCompile(`^[0-9]+(\.[0-9]{1,18})?$`)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"0", "61837.63000000", "1e5", "-1", "9223372036854775808", "12345678", "1234567.12345678", "1.", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := fixed.Parse(text)
		if err != nil {
			if plain.Match(text) {
				if _, fits := oracle(string(text)); fits {
					t.Fatalf("Parse(%q) refuses a plain decimal: %v", text, err)
				}
			}
			return
		}
		if !plain.Match(text) {
			t.Fatalf("Parse(%q) accepts %+v", text, n)
		}
		if value(n).Cmp(rat(string(text))) != 0 {
			t.Fatalf("Parse(%q) = %+v", text, n)
		}
		canonical := bytes.TrimLeft(text, "0")
		if len(canonical) == 0 || canonical[0] == '.' {
			canonical = append([]byte("0"), canonical...)
		}
		if got := fixed.Append(nil, n); !bytes.Equal(got, canonical) {
			t.Fatalf("Append(Parse(%q)) = %q", text, got)
		}
	})
}

func TestParseAllocs(t *testing.T) {
	texts := [][]byte{[]byte("61837.63000000"), []byte("0.00100000 tail of the text"), []byte("x"), []byte("1e5")}
	dst := make([]byte, 0, 64)
	if allocs := testing.AllocsPerRun(100, func() {
		for _, text := range texts {
			n, _ := fixed.Parse(text)
			dst = fixed.Append(dst[:0], n)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations, want 0", allocs)
	}
}

func BenchmarkParse(b *testing.B) {
	for _, row := range []struct{ name, text string }{
		{"price", `61837.63000000","3.78826000"]`},
		{"size", `0.02000000","T":1723161255342`},
		{"end", `0.02000000`},
		{"long", `12345678.12345678901"]`},
	} {
		text := []byte(row.text)
		b.Run("text="+row.name, func(b *testing.B) {
			for b.Loop() {
				if _, used := fixed.Prefix(text); used == 0 {
					b.Fatal("refused")
				}
			}
		})
	}
	b.Run("text=column", func(b *testing.B) {
		var column fixed.Column
		text := []byte(`"61837.63000000","3.78826000"]`)
		for b.Loop() {
			if _, used := column.Quoted(text); used == 0 {
				b.Fatal("refused")
			}
		}
	})
	b.Run("text=price/peer=strconv.ParseFloat", func(b *testing.B) { // what most clients do, wrongly
		for b.Loop() {
			if _, err := strconv.ParseFloat("61837.63000000", 64); err != nil {
				b.Fatal(err)
			}
		}
	})
}
