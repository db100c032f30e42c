package wsproto_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"orderwire/wsproto"
)

var benchSizes = []int{16, 128, 300, 1024, 16384}

func BenchmarkFrame(b *testing.B) {
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			buf := make([]byte, wsproto.MaxHeader+size)
			b.SetBytes(int64(size))
			for b.Loop() {
				wsproto.FrameInPlace(buf, wsproto.MaxHeader, size, wsproto.OpText, mask)
			}
		})
	}
}

func BenchmarkMask(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			buf := make([]byte, size)
			b.SetBytes(int64(size))
			for b.Loop() {
				wsproto.MaskWords(buf, 0x3d21fa37)
			}
		})
	}
}

// BenchmarkRead parses one unfragmented frame that is wholly there.
func BenchmarkRead(b *testing.B) {
	texts := []struct {
		name   string
		opcode byte
		unit   string
	}{{"binary", 0x2, "x"}, {"text", 0x1, "x"}, {"text-3byte", 0x1, "€"}}
	for _, text := range texts {
		for _, size := range benchSizes {
			b.Run(fmt.Sprintf("kind=%s/size=%d", text.name, size), func(b *testing.B) {
				payload := strings.Repeat(text.unit, size/len(text.unit))
				frame := serverFrame(true, text.opcode, []byte(payload))
				reader := wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: 1 << 16})
				b.SetBytes(int64(len(payload)))
				for b.Loop() {
					if ev, used, err := reader.Next(frame); used != len(frame) || ev.Kind == wsproto.EventNone || err != nil {
						b.Fatal("frame not read")
					}
				}
			})
		}
	}
}

// BenchmarkValid compares our UTF-8 check of ASCII with the standard library's.
func BenchmarkValid(b *testing.B) {
	checks := []struct {
		name  string
		valid func([]byte) bool
	}{{"ours", wsproto.ValidText}, {"std", utf8.Valid}}
	for _, size := range benchSizes {
		for _, check := range checks {
			b.Run(fmt.Sprintf("check=%s/size=%d", check.name, size), func(b *testing.B) {
				text := bytes.Repeat([]byte("x"), size)
				for b.Loop() {
					if !check.valid(text) {
						b.Fatal("text not valid")
					}
				}
			})
		}
	}
}

func BenchmarkMasks(b *testing.B) {
	masks := wsproto.NewMasks(rand.Reader, 1024)
	for b.Loop() {
		if masks.Left() == 0 {
			b.StopTimer()
			if err := masks.Fill(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
		masks.Next()
	}
}
