package tlsio

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

const (
	headerLen    = 5
	maxBody      = 1<<14 + 2048 // the longest body of any version: RFC 5246 §6.2.3
	typeCCS      = 20
	typeAlert    = 21
	typeHand     = 22
	typeData     = 23
	alertFatal   = 2
	finishedLen  = 16 // a TLS 1.2 Finished: 4 bytes of header, 12 of verify_data
	messageStart = 4
)

// gate is the net.Conn that the library gets instead of the real one. It reads exactly one record at a time, shows it to the
// flight, and yields no byte past it: when the handshake is over, the library holds nothing that is ours. It counts what the
// record layer will have to know.
type gate struct {
	conn   net.Conn
	flight *flight

	record []byte // the record being yielded
	given  int    // bytes of it already yielded
	failed error  // the first error of the real connection or of the flight; final

	outHeader [headerLen]byte // the header of the record being written, as far as it has come
	outHave   int
	outLeft   int // bytes of its body still to come

	parked *parked // after the take-over: where injected records come from
}

// Read yields bytes of at most one record.
func (g *gate) Read(p []byte) (int, error) {
	if g.parked != nil {
		return g.parked.read(p)
	}
	if g.given == len(g.record) {
		if g.failed != nil {
			return 0, g.failed
		}
		if err := g.readRecord(); err != nil {
			g.failed = err
			return 0, err
		}
	}
	n := copy(p, g.record[g.given:])
	g.given += n
	return n, nil
}

// readRecord reads one whole record. A header that cannot be right is yielded alone: the library refuses it with the right
// alert, and nobody waits for a body that may never come.
func (g *gate) readRecord() error {
	g.given = 0
	if g.record == nil {
		g.record = make([]byte, 0, headerLen+maxBody)
	}
	g.record = g.record[:headerLen]
	if n, err := io.ReadFull(g.conn, g.record); err != nil {
		g.record = g.record[:0]
		if errors.Is(err, io.EOF) && n == 0 {
			return io.EOF
		}
		return err
	}
	body := int(binary.BigEndian.Uint16(g.record[3:5]))
	if kind := g.record[0]; kind < typeCCS || kind > typeData || g.record[1] != 3 || body > maxBody {
		return nil
	}
	g.record = g.record[:headerLen+body]
	if _, err := io.ReadFull(g.conn, g.record[headerLen:]); err != nil {
		g.record = g.record[:0]
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	return g.flight.received(g.record)
}

// Write hands the library's records on and counts them. A short or failed write is final: what is on the wire is then unknown.
func (g *gate) Write(p []byte) (int, error) {
	if g.parked != nil {
		return 0, errParked
	}
	if g.failed != nil {
		return 0, g.failed
	}
	g.watch(p)
	n, err := g.conn.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		g.failed = err
	}
	return n, err
}

// watch splits what is written into records and shows each of them to the flight.
func (g *gate) watch(p []byte) {
	for len(p) > 0 {
		if g.outLeft == 0 {
			n := copy(g.outHeader[g.outHave:], p)
			g.outHave, p = g.outHave+n, p[n:]
			if g.outHave < headerLen {
				return
			}
			g.outHave, g.outLeft = 0, int(binary.BigEndian.Uint16(g.outHeader[3:5]))
			g.flight.sending(g.outHeader[0])
		}
		n := min(g.outLeft, len(p))
		g.flight.sendingBody(g.outHeader[0], p[:n])
		g.outLeft, p = g.outLeft-n, p[n:]
	}
}

// whole tells that everything the library has written were whole records, and that it has read all that it was given.
func (g *gate) whole() bool {
	return g.failed == nil && g.outHave == 0 && g.outLeft == 0 && g.given == len(g.record)
}

// Close does not close the caller's connection: it only makes a blocked call return.
func (g *gate) Close() error { return g.conn.SetDeadline(time.Unix(1, 0)) }

func (g *gate) LocalAddr() net.Addr                { return g.conn.LocalAddr() }
func (g *gate) RemoteAddr() net.Addr               { return g.conn.RemoteAddr() }
func (g *gate) SetDeadline(t time.Time) error      { return g.conn.SetDeadline(t) }
func (g *gate) SetReadDeadline(t time.Time) error  { return g.conn.SetReadDeadline(t) }
func (g *gate) SetWriteDeadline(t time.Time) error { return g.conn.SetWriteDeadline(t) }

var errParked = errors.New("tlsio: the library may not send after the take-over")

// parked feeds a library connection whose socket has been taken away: injected records first, then a temporary error, on which
// the library returns and stays usable.
type parked struct{ in []byte }

func (p *parked) read(b []byte) (int, error) {
	if len(p.in) == 0 {
		return 0, errNothingMore
	}
	n := copy(b, p.in)
	p.in = p.in[n:]
	return n, nil
}

// errNothingMore is a net.Error that says of itself that it is temporary: the library keeps its state on such an error.
var errNothingMore net.Error = nothingMore{os.ErrDeadlineExceeded}

type nothingMore struct{ error }

func (nothingMore) Timeout() bool   { return true }
func (nothingMore) Temporary() bool { return true }
