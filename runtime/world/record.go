package world

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"orderwire/orders"
	"orderwire/orders/fixed"
	"orderwire/orders/journal"
	"orderwire/runtime"
)

// record is the event log of a world: decisions, what the venue did, what the journal says, faults. Its hash is the
// world's fingerprint; ciphertext is not in it.
type record struct {
	s    *stage
	sum  hash.Hash
	to   *bufio.Writer
	text io.Writer // nil: only the hash is wanted
	n    int
}

func newRecord(s *stage, text io.Writer) *record {
	r := &record{s: s, sum: sha256.New(), text: text}
	to := io.Writer(r.sum)
	if text != nil {
		to = io.MultiWriter(r.sum, text)
	}
	r.to = bufio.NewWriterSize(to, 16<<10)
	return r
}

// line writes one event.
func (r *record) line(format string, args ...any) {
	r.n++
	fmt.Fprintf(r.to, "%d ", r.s.now-bootNanos)
	fmt.Fprintf(r.to, format, args...)
	r.to.WriteByte('\n') // a bufio.Writer keeps its error for Flush
}

// end gives the hash.
func (r *record) end() (string, error) {
	if err := r.to.Flush(); err != nil {
		return "", fmt.Errorf("world: event log: %w", err)
	}
	return hex.EncodeToString(r.sum.Sum(nil)[:16]), nil
}

func (r *record) push(d *decision, id uint64, outcome orders.Outcome, epoch uint32) {
	r.line("push %d: %s %d/%d armed %d %s at %s", d.number, outcome, epoch, id, d.armed, d.qty, d.price)
}

func (r *record) cancel(id uint64, outcome orders.Outcome, epoch uint32) {
	r.line("cancel %d/%d: %s", epoch, id, outcome)
}

func (r *record) receipt(p *orders.Receipt, epoch uint32) {
	r.line("receipt %d/%d target %d: %s after %s by %d code %d, %s of it now %s", epoch, p.ID, p.Target, p.State, p.Before, p.Kind, p.Code, p.LastQty, p.CumQty)
}

func (r *record) intent(i *journal.IntentRecord) {
	r.line("intent %d/%d target %d %s at %s", i.Epoch, i.ID, i.Target, fixed.Number(i.Qty), fixed.Number(i.Price))
}

func (r *record) outcome(o *journal.OutcomeRecord) {
	r.line("outcome %d/%d: %s", o.Epoch, o.ID, o.State)
}

func (r *record) session(l *life, e *runtime.SessionEvent) {
	r.line("session %d: %s %s %v", l.number, e.Role, e.Phase, e.Err)
}
