package wsproto_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"orderwire/wsproto"
)

// utf8Row is a row of RFC 3629 §4's grammar: the start bytes, and the range of each byte behind them.
type utf8Row struct {
	from, to byte
	tail     [][2]byte
}

var utf8Grammar = []utf8Row{
	{0x00, 0x7f, nil},
	{0xc2, 0xdf, [][2]byte{{0x80, 0xbf}}},
	{0xe0, 0xe0, [][2]byte{{0xa0, 0xbf}, {0x80, 0xbf}}},
	{0xe1, 0xec, [][2]byte{{0x80, 0xbf}, {0x80, 0xbf}}},
	{0xed, 0xed, [][2]byte{{0x80, 0x9f}, {0x80, 0xbf}}},
	{0xee, 0xef, [][2]byte{{0x80, 0xbf}, {0x80, 0xbf}}},
	{0xf0, 0xf0, [][2]byte{{0x90, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
	{0xf1, 0xf3, [][2]byte{{0x80, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
	{0xf4, 0xf4, [][2]byte{{0x80, 0x8f}, {0x80, 0xbf}, {0x80, 0xbf}}},
}

// firstBad reads text by the grammar: the index of the first byte that cannot be, len(text) where the text is cut inside a
// rune, and -1 where it is valid. It is the oracle, and shares nothing with the code or with unicode/utf8.
func firstBad(text []byte) int {
	var tail [][2]byte
next:
	for i, b := range text {
		if len(tail) > 0 {
			if b < tail[0][0] || b > tail[0][1] {
				return i
			}
			tail = tail[1:]
			continue
		}
		for _, row := range utf8Grammar {
			if b >= row.from && b <= row.to {
				tail = row.tail
				continue next
			}
		}
		return i
	}
	if len(tail) > 0 {
		return len(text)
	}
	return -1
}

// failsAt feeds a text frame byte by byte and returns the index of the payload byte that made the reader fail: len(text)
// where only the end of the message did, -1 where nothing did.
func failsAt(t *testing.T, text []byte, inPlace int) int {
	t.Helper()
	// The frame announces one byte more than comes first, so that a cut rune is seen to be no failure yet.
	frame := serverFrame(true, 0x1, append(text[:len(text):len(text)], 'x'))
	head := len(frame) - len(text) - 1
	reader := wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: len(text) + 1, InPlace: inPlace})
	from := 0
	for to := range len(frame) + 1 {
		for {
			_, used, err := reader.Next(frame[from:to])
			var broken *wsproto.ProtocolError
			if errors.As(err, &broken) {
				if broken.Code != wsproto.CloseBadData {
					t.Fatalf("%q: %v", text, err)
				}
				return to - 1 - head
			}
			if used == 0 {
				break
			}
			from += used
		}
	}
	return -1
}

// TestTextFailsAtTheFirstBadByte: inside an incomplete frame, in place and gathered (RFC 6455 §8.1, RFC 3629 §4).
func TestTextFailsAtTheFirstBadByte(t *testing.T) {
	texts := [][]byte{[]byte("κόσμε\xf4\x90\x80\x80edited")}
	for _, invalid := range invalidTexts() {
		texts = append(texts, []byte(invalid), []byte("κόσμε"+invalid), []byte("plain ASCII before it "+invalid))
	}
	for _, valid := range validTexts() {
		texts = append(texts, []byte(valid))
	}
	random := rand.New(rand.NewPCG(3629, 4))
	for range 2000 {
		texts = append(texts, almostText(random))
	}
	for _, text := range texts {
		want := firstBad(append(text[:len(text):len(text)], 'x'))
		for _, inPlace := range []int{0, 2} {
			if got := failsAt(t, text, inPlace); got != want {
				t.Errorf("%q (in place up to %d): fails at byte %d, want %d", text, inPlace, got, want)
			}
		}
	}
}

// almostText is a random text of long and short runes with at most one damaged byte.
func almostText(random *rand.Rand) []byte {
	var out []byte
	for range random.IntN(20) {
		planes := []rune{0x7f, 0x7ff, 0xffff, 0x10ffff}
		out = utf8.AppendRune(out, rune(random.IntN(int(planes[random.IntN(4)])+1)))
	}
	if len(out) > 0 && random.IntN(2) == 0 {
		out[random.IntN(len(out))] = byte(random.Uint32())
	}
	return out
}

// TestValidTextAgreesWithTheGrammar tries each length and each place of a rune, and random damage.
func TestValidTextAgreesWithTheGrammar(t *testing.T) {
	random := rand.New(rand.NewPCG(3629, 5))
	check := func(text []byte) {
		t.Helper()
		if got, want := wsproto.ValidText(text), firstBad(text) < 0; got != want {
			t.Fatalf("ValidText(%q) = %v, want %v", text, got, want)
		}
	}
	for size := range 100 {
		plain := make([]byte, size)
		for i := range plain {
			plain[i] = byte('a' + i%26)
		}
		check(plain)
		for at := range plain {
			saved := plain[at]
			plain[at] = 0xff
			check(plain)
			plain[at] = saved
			check(append(append(append([]byte(nil), plain[:at]...), "é"...), plain[at:]...))
		}
	}
	for range 20000 {
		check(almostText(random))
	}
}

// TestWholeRunesOfEachEnd walks all ends of up to three bytes over the bytes that matter.
func TestWholeRunesOfEachEnd(t *testing.T) {
	letters := []byte{'a', 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff}
	var walk func(text []byte, depth int)
	walk = func(text []byte, depth int) {
		cut := wsproto.WholeRunes(text)
		// What is held back must be a start that could still become valid, and only that.
		if bad := firstBad(text[cut:]); cut < len(text) && bad != len(text)-cut {
			t.Fatalf("WholeRunes(%q) = %d: what is held back cannot become a rune", text, cut)
		}
		if cut == len(text) && firstBad(text) == len(text) {
			t.Fatalf("WholeRunes(%q) = %d: a rune that is cut short was not held back", text, cut)
		}
		if depth > 0 {
			for _, letter := range letters {
				walk(append(text[:len(text):len(text)], letter), depth-1)
			}
		}
	}
	walk(nil, 4)
}
