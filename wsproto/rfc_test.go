package wsproto_test

import (
	"bytes"
	"testing"

	"orderwire/wsproto"
)

// TestAcceptOfRFC is the example of RFC 6455 §1.3.
func TestAcceptOfRFC(t *testing.T) {
	if got, want := wsproto.Accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; got != want {
		t.Fatalf("Accept = %q, want %q", got, want)
	}
	if got, want := wsproto.Key([16]byte([]byte("the sample nonce"))), "dGhlIHNhbXBsZSBub25jZQ=="; got != want {
		t.Fatalf("Key = %q, want %q", got, want)
	}
}

// TestFrameOfRFC is the masked "Hello" of RFC 6455 §5.7.
func TestFrameOfRFC(t *testing.T) {
	buf := append(make([]byte, wsproto.MaxHeader), "Hello"...)
	from, size := wsproto.FrameInPlace(buf, wsproto.MaxHeader, 5, wsproto.OpText, [4]byte{0x37, 0xfa, 0x21, 0x3d})
	want := []byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}
	if got := buf[from : from+size]; !bytes.Equal(got, want) {
		t.Fatalf("frame = % x, want % x", got, want)
	}
}

// TestReaderOfRFC reads the unmasked examples of RFC 6455 §5.7 as one stream.
func TestReaderOfRFC(t *testing.T) {
	stream := []byte{0x81, 0x05, 'H', 'e', 'l', 'l', 'o'} // a single-frame unmasked text message
	stream = append(stream, 0x01, 0x03, 'H', 'e', 'l')    // a fragmented unmasked text message
	stream = append(stream, 0x80, 0x02, 'l', 'o')
	stream = append(stream, 0x89, 0x05, 'H', 'e', 'l', 'l', 'o')                                // unmasked ping
	stream = append(append(stream, 0x82, 0x7e, 0x01, 0x00), make([]byte, 256)...)               // 256 bytes of binary
	stream = append(append(stream, 0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0), make([]byte, 65536)...) // 64 KiB of binary
	reader := wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: 65536})
	var got []wsproto.EventKind
	var sizes []int
	for in := stream; len(in) > 0; {
		ev, used, err := reader.Next(in)
		if err != nil || used == 0 {
			t.Fatalf("after %d events: used %d, err %v", len(got), used, err)
		}
		in = in[used:]
		if ev.Kind != wsproto.EventNone {
			got, sizes = append(got, ev.Kind), append(sizes, len(ev.Payload))
		}
	}
	wantKinds := []wsproto.EventKind{
		wsproto.EventText, wsproto.EventText, wsproto.EventPing, wsproto.EventBinary, wsproto.EventBinary,
	}
	wantSizes := []int{5, 5, 5, 256, 65536}
	for i := range wantKinds {
		if i >= len(got) || got[i] != wantKinds[i] || sizes[i] != wantSizes[i] {
			t.Fatalf("events %v of sizes %v, want %v of %v", got, sizes, wantKinds, wantSizes)
		}
	}
}
