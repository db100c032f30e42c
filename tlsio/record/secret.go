package record

import "fmt"

// trafficSecret keeps the bytes of a secret behind a closure: fmt prints what hangs under an unexported field without asking any
// method, and a func is the one thing that it shows as an address only.
type trafficSecret struct {
	reveal func() []byte
}

// hide copies from; nothing to hide gives the zero value.
func hide(from []byte) trafficSecret {
	if len(from) == 0 {
		return trafficSecret{}
	}
	kept := append([]byte(nil), from...)
	return trafficSecret{func() []byte { return kept }}
}

func (t trafficSecret) bytes() []byte {
	if t.reveal == nil {
		return nil
	}
	return t.reveal()
}

const redacted = "[redacted]"

// Format keeps keys out of every verb.
func (s *Sealer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("record.Sealer" + redacted)) }

// Format keeps keys out of every verb.
func (o *Opener) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("record.Opener" + redacted)) }

// Format keeps keys out of every verb.
func (l *Link) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("record.Link" + redacted)) }
