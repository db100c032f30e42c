package simex_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/big"
	"math/bits"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"orderwire/bench/simex"
)

func TestJSONIsStricterThanTheStandardLibraryWhereItShouldBe(t *testing.T) {
	for _, row := range []struct {
		name, text string
		fine       bool
	}{
		{"empty", ``, false},
		{"object", `{"a":[1,-0.5e+7,"x",true,false,null,{}],"b":{}}`, true},
		{"white space", " \t\r\n[ 1 , 2 ] \n", true},
		{"form feed", "[1\f]", false},
		{"name twice", `{"a":1,"a":2}`, false},
		{"name twice, once escaped", `{"a":1,"\u0061":2}`, false},
		{"same name in two objects", `[{"a":1},{"a":2}]`, true},
		{"surrogate pair", `"\ud83d\ude00"`, true},
		{"high surrogate alone", `"\ud83d"`, false},
		{"low surrogate alone", `"\ude00"`, false},
		{"two high surrogates", `"\ud83d\ud83d"`, false},
		{"bad UTF-8", "\"\xff\"", false},
		{"leading zero", `01`, false},
		{"minus zero", `-0`, true},
		{"plus", `+1`, false},
		{"point without digits", `1.`, false},
		{"exponent without digits", `1e`, false},
		{"NaN", `NaN`, false},
		{"single quotes", `{'a':1}`, false},
		{"comma at the end", `[1,]`, false},
		{"two values", `1 2`, false},
		{"string without an end", `"abc`, false},
		{"bad escape", `"\x41"`, false},
		{"short escape", `"\u12"`, false},
		{"newline in a string", "\"a\nb\"", false},
		{"too deep", strings.Repeat("[", 17) + strings.Repeat("]", 17), false},
		{"deep enough", strings.Repeat("[", 16) + strings.Repeat("]", 16), true},
	} {
		if err := simex.ParseJSON([]byte(row.text)); (err == nil) != row.fine {
			t.Errorf("%s: error is %v", row.name, err)
		}
	}
}

// FuzzJSON holds the parser against encoding/json: what is accepted must be valid there, and what is refused must be
// invalid there or break one of the stricter rules.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"id":1,"method":"order.place","params":{"a":"b"}}`, `[1e5,"\u00e9",null]`, `"\ud83d\ude00"`, `{"a":1,"a":2}`, ` 1 `} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := simex.ParseJSON(text)
		if err == nil && !json.Valid(text) {
			t.Fatalf("accepted what encoding/json refuses: %q", text)
		}
		if err != nil && json.Valid(text) && !strictReason(text) {
			t.Fatalf("refused %q: %v", text, err)
		}
	})
}

var escapedSurrogate = regexp.MustCompile(`\\u[dD][89a-fA-F]`)

// strictReason tells whether one of the rules that encoding/json does not have may apply.
func strictReason(text []byte) bool {
	if !utf8.Valid(text) || escapedSurrogate.Match(text) {
		return true
	}
	depth, names := 0, []map[string]bool{}
	expectName := []bool{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return false
		}
		if err != nil {
			return true
		}
		delim, isDelim := token.(json.Delim)
		switch {
		case isDelim && (delim == '{' || delim == '['):
			if depth++; depth > 16 {
				return true
			}
			if n := len(expectName); n > 0 {
				expectName[n-1] = true
			}
			names, expectName = append(names, map[string]bool{}), append(expectName, delim == '{')
			if delim == '[' {
				names[len(names)-1] = nil
			}
		case isDelim:
			depth--
			names, expectName = names[:len(names)-1], expectName[:len(expectName)-1]
		default:
			n := len(names)
			if n == 0 || names[n-1] == nil {
				continue
			}
			if expectName[n-1] {
				name, _ := token.(string)
				if names[n-1][name] {
					return true
				}
				names[n-1][name] = true
			}
			expectName[n-1] = !expectName[n-1]
		}
	}
}

func TestAmountsHaveOneForm(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "1": 100_000_000, "0.1": 10_000_000, "61000.01000000": 6_100_001_000_000, "00012.5": 1_250_000_000,
		"0.00000001": 1, "1.00000000000000000000": 100_000_000, "90000000000": 9_000_000_000_000_000_000,
	} {
		if got, ok := simex.ParseAmount([]byte(text)); !ok || got != want {
			t.Errorf("%q is %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{
		"", ".", "1.", ".5", "-1", "+1", "1e5", "1,5", " 1", "1 ", "0x1", "1.2.3", "\u0661", "0.000000001", "90000000001",
		"123456789012345678901", "1.123456789012345678901", "NaN", "1_000",
	} {
		if got, ok := simex.ParseAmount([]byte(text)); ok {
			t.Errorf("%q was taken as %d", text, got)
		}
	}
}

// FuzzAmount holds parsing, writing and arithmetic against math/big.
func FuzzAmount(f *testing.F) {
	f.Add("61000.01", "0.001")
	f.Add("0.00000001", "90000000000")
	f.Fuzz(func(t *testing.T, first, second string) {
		a, ok := simex.ParseAmount([]byte(first))
		if !ok {
			return
		}
		exact, fine := new(big.Rat).SetString(first)
		if !fine || exact.Cmp(big.NewRat(a, 100_000_000)) != 0 {
			t.Fatalf("%q became %d", first, a)
		}
		if again, ok := simex.ParseAmount([]byte(simex.FixedText(a))); !ok || again != a {
			t.Fatalf("%d was written as %q", a, simex.FixedText(a))
		}
		b, ok := simex.ParseAmount([]byte(second))
		if !ok {
			return
		}
		if high, _ := bits.Mul64(uint64(a), uint64(b)); high < 1000 {
			want := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
			if want.Quo(want, big.NewInt(100_000_000)).Cmp(big.NewInt(simex.Times(a, b))) != 0 {
				t.Fatalf("%q times %q is %d", first, second, simex.Times(a, b))
			}
		}
		if high, _ := bits.Mul64(uint64(a), 100_000_000); b > 0 && high < uint64(b)>>2 {
			want := new(big.Int).Mul(big.NewInt(a), big.NewInt(100_000_000))
			if want.Quo(want, big.NewInt(b)).Cmp(big.NewInt(simex.Over(a, b))) != 0 {
				t.Fatalf("%q over %q is %d", first, second, simex.Over(a, b))
			}
		}
	})
}

func TestChanceRepeatsFollowTheBirthdayRule(t *testing.T) {
	for _, row := range []struct{ n, least, most uint64 }{
		{1, 0, 0}, {2, 0, 0}, {10, 0, 0}, {2000, 1, 2}, {100_000, 8, 16}, {500_000, 55, 75},
	} {
		if got := simex.ChanceRepeats(row.n); got < row.least || got > row.most {
			t.Errorf("%d keys may repeat %d times, not %d to %d", row.n, got, row.least, row.most)
		}
	}
}
