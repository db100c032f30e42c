package orders

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is all that any printer ever sees of a Secret.
const redacted = "[redacted]"

// Secret is bytes that must never be seen: keys, passphrases, tokens. No verb of fmt, no marshaller and no logger
// shows them. The zero Secret is empty.
//
// The bytes sit behind a closure because fmt prints what hangs under an unexported field without asking any
// method, and prints a func as its address only.
type Secret struct {
	bytes func() []byte
}

// NewSecret copies text, so that the caller can wipe what it read.
func NewSecret(text []byte) Secret {
	own := append([]byte(nil), text...)
	return Secret{bytes: func() []byte { return own }}
}

// Reveal is the bytes themselves, owned by the Secret: the caller keeps them no longer than it must. Only orders/**
// calls it.
func (s Secret) Reveal() []byte {
	if s.bytes == nil {
		return nil
	}
	return s.bytes()
}

// Empty tells whether there is nothing to keep secret.
func (s Secret) Empty() bool { return len(s.Reveal()) == 0 }

// Wipe overwrites the bytes with zeros. All copies of the Secret share them. What the garbage collector or a
// compiler moved elsewhere stays: this is best effort.
func (s Secret) Wipe() { clear(s.Reveal()) }

// String redacts.
func (s Secret) String() string { return redacted }

// GoString redacts.
func (s Secret) GoString() string { return redacted }

// Format redacts for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText redacts.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON redacts.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// LogValue redacts.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
