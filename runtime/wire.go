package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
	"orderwire/wsproto"
	"orderwire/wsproto/http1"
)

// Wire is a WebSocket connection while it is cold: blocking, in the control plane, one goroutine. The
// supervisor logs in over it and then hands it to the loop; a tool may use it whole.
//
// It is born by Open: resolve, connect, TLS handshake, upgrade, each under one deadline.
type Wire struct {
	conn      Conn
	link      *tlsio.Link // nil over plain ws
	reader    *wsproto.Reader
	http      *http1.Reader // in place of reader, on a connection opened with HTTP
	masks     *wsproto.Masks
	authority string
	cipher    []byte // received, not yet opened
	plain     []byte // opened, not yet read
	out       []byte
	early     [][]byte // whole messages that came before anybody but the login read them
	note      string
}

// WireConfig says what to open.
type WireConfig struct {
	URL             string // ws:// or wss://, with path
	TLS             tlsio.Config
	Subprotocols    []string
	HTTP            bool // speak HTTP/1.1: no upgrade; the URL's scheme only says whether there is TLS
	MessageMaxBytes int  // default 1 MiB
	Network         Network
	Rand            io.Reader
}

// maskPool is how many mask keys a connection keeps drawn ahead.
const maskPool = 256

// Open resolves, connects, handshakes and upgrades. ctx bounds all of it. Each failure says which step failed, and where.
func Open(ctx context.Context, c WireConfig) (*Wire, error) {
	target, err := parseTarget(c.URL)
	if err != nil {
		return nil, err
	}
	addrs, err := c.Network.Lookup(ctx, target.host)
	if err != nil {
		return nil, fmt.Errorf("runtime: resolve %s: %w", target.host, err)
	}
	ends := make([]netip.AddrPort, len(addrs))
	for i, a := range addrs {
		ends[i] = netip.AddrPortFrom(a, target.port)
	}
	conn, err := c.Network.Dial(ctx, ends)
	if err != nil {
		return nil, fmt.Errorf("runtime: connect %s: %w", target.hostPort, err)
	}
	w, err := upgradeOver(ctx, conn, target, c)
	if err != nil {
		return nil, errors.Join(err, ignoreClosed(conn.Close()))
	}
	return w, nil
}

func upgradeOver(ctx context.Context, conn Conn, target target, c WireConfig) (*Wire, error) {
	setDefault(&c.MessageMaxBytes, 1<<20)
	w := &Wire{conn: conn, masks: wsproto.NewMasks(c.Rand, maskPool), authority: target.authority}
	if err := w.masks.Fill(); err != nil {
		return nil, err
	}
	if target.tls {
		setDefault(&c.TLS.ServerName, target.host)
		link, err := tlsio.Handshake(ctx, conn, c.TLS)
		if err != nil {
			return nil, fmt.Errorf("runtime: TLS with %s: %w", target.hostPort, err)
		}
		w.link, w.note = link, noteOf(&link.Info)
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return nil, fmt.Errorf("runtime: deadline on %s: %w", target.hostPort, err)
		}
	}
	if c.HTTP {
		w.http = http1.NewReader(http1.Config{MaxBody: c.MessageMaxBytes})
		return w, nil
	}
	if err := w.upgrade(target, c); err != nil {
		return nil, fmt.Errorf("runtime: WebSocket upgrade at %s: %w", target.hostPort, err)
	}
	w.reader = wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: c.MessageMaxBytes})
	return w, nil
}

// noteOf is what was negotiated, for logs.
func noteOf(i *tlsio.Info) string {
	return fmt.Sprintf("%s %s, hello %s, resumed %t, sealed by %s", i.Version, i.Suite, i.Hello, i.Resumed, i.SealedBy)
}

// upgrade speaks the opening handshake and keeps what the server sent right behind it.
func (w *Wire) upgrade(target target, c WireConfig) error {
	up := wsproto.Upgrade{Host: target.authority, Path: target.path, Subprotocols: c.Subprotocols}
	var nonce [16]byte
	if _, err := io.ReadFull(c.Rand, nonce[:]); err != nil {
		return fmt.Errorf("random nonce: %w", err)
	}
	request, err := up.AppendRequest(nil, nonce)
	if err != nil {
		return err
	}
	if err := w.write(request); err != nil {
		return err
	}
	reply := wsproto.NewUpgradeReader(&up, nonce)
	for {
		done, used, err := reply.Next(w.plain)
		w.plain = w.plain[used:]
		if done || err != nil {
			return err
		}
		if used > 0 {
			continue
		}
		if err := w.more(); err != nil {
			if errors.Is(err, io.EOF) {
				return errors.Join(err, reply.End())
			}
			return err
		}
	}
}

// Send sends one message and returns when the kernel has it. It borrows payload.
func (w *Wire) Send(op wsproto.Opcode, payload []byte) error {
	if w.masks.Left() == 0 {
		if err := w.masks.Fill(); err != nil {
			return err
		}
	}
	buf := make([]byte, wsproto.MaxHeader+len(payload))
	copy(buf[wsproto.MaxHeader:], payload)
	from, n := wsproto.FrameInPlace(buf, wsproto.MaxHeader, len(payload), op, w.masks.Next())
	return w.write(buf[from : from+n])
}

// Next waits for one event. Pings are answered by it. Its payload lives until the next call.
func (w *Wire) Next() (wsproto.Event, error) {
	for {
		ev, used, err := w.reader.Next(w.plain)
		if err != nil {
			return ev, errors.Join(err, w.closeFor(err))
		}
		w.plain = w.plain[used:]
		switch {
		case ev.Kind == wsproto.EventPing:
			if err := w.Send(wsproto.OpPong, ev.Payload); err != nil {
				return ev, err
			}
		case ev.Kind != wsproto.EventNone:
			return ev, nil
		case used == 0:
			if err := w.more(); err != nil {
				return ev, w.ended(err)
			}
		}
	}
}

// ended says what the end of the stream means here.
func (w *Wire) ended(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	if broken := w.reader.End(); broken != nil {
		return broken
	}
	return io.EOF
}

// closeFor tells the peer which rule it broke.
func (w *Wire) closeFor(err error) error {
	var broken *wsproto.ProtocolError
	if !errors.As(err, &broken) {
		return nil
	}
	return w.Send(wsproto.OpClose, wsproto.AppendClose(nil, broken.Code, broken.Rule))
}

// SetDeadline bounds all calls that wait.
func (w *Wire) SetDeadline(t time.Time) error { return w.conn.SetDeadline(t) }

// String says what was negotiated; it holds no secret.
func (w *Wire) String() string { return w.note }

// Close ends the connection: close_notify, then the socket.
func (w *Wire) Close() error {
	if w.link != nil {
		if !w.link.Finished() {
			// The peer may be gone already; the socket's end is what matters.
			_, _ = w.conn.Write(w.link.AppendAlert(nil, record.AlertCloseNotify))
		}
		w.link.Wipe()
	}
	return ignoreClosed(w.conn.Close())
}

// write seals text into records and writes them all.
func (w *Wire) write(text []byte) error {
	if w.link == nil {
		_, err := w.conn.Write(text)
		return err
	}
	for len(text) > 0 {
		if err := w.flushControl(); err != nil {
			return err
		}
		n := min(len(text), record.MaxPlaintext)
		buf := append(w.out[:0], make([]byte, record.MaxHead+n+record.MaxTail)...)
		copy(buf[record.MaxHead:], text[:n])
		from, to := w.link.SealInPlace(buf, record.MaxHead, n)
		if _, err := w.conn.Write(buf[from:to]); err != nil {
			return err
		}
		w.out, text = buf, text[n:]
	}
	return nil
}

func (w *Wire) flushControl() error {
	if !w.link.PendingControl() {
		return nil
	}
	out, err := w.link.AppendControl(nil)
	if err != nil {
		return err
	}
	_, err = w.conn.Write(out)
	return err
}

// more adds plaintext: from what was received before, or from the socket.
func (w *Wire) more() error {
	if w.link == nil {
		return w.read(&w.plain)
	}
	for {
		ev, used, err := w.link.Next(w.cipher)
		if err != nil {
			_, _ = w.conn.Write(w.link.AppendError(nil, err)) // the alert is a courtesy; err is what counts
			return err
		}
		if ev.Kind == record.EventData {
			w.plain = append(w.plain[:len(w.plain):len(w.plain)], ev.Data...)
		}
		if ev.Kind == record.EventTicket || ev.Kind == record.EventKeyUpdate {
			if err := w.link.Ticket(ev.Data); err != nil {
				return err
			}
		}
		w.cipher = w.cipher[used:]
		if err := w.flushControl(); err != nil {
			return err
		}
		switch {
		case ev.Kind == record.EventData:
			return nil
		case ev.Kind == record.EventCloseNotify:
			return io.EOF
		case used == 0:
			if err := w.read(&w.cipher); err != nil {
				return err
			}
		}
	}
}

// read appends what the socket has to *dst.
func (w *Wire) read(dst *[]byte) error {
	const chunk = 16 << 10
	kept := len(*dst)
	grown := make([]byte, kept+chunk)
	copy(grown, *dst)
	n, err := w.conn.Read(grown[kept:])
	*dst = grown[:kept+n]
	if n > 0 {
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	return err
}

// target is a URL taken apart.
type target struct {
	tls       bool
	host      string // without brackets and port
	port      uint16
	authority string // as the Host field has it
	hostPort  string // for messages
	path      string
}

func parseTarget(text string) (target, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || (u.Scheme != "ws" && u.Scheme != "wss") {
		return target{}, fmt.Errorf("runtime: %q is not ws://host[:port]/path or wss://host[:port]/path", text)
	}
	t := target{tls: u.Scheme == "wss", host: u.Hostname(), authority: u.Host, path: u.RequestURI(), port: 80}
	if t.tls {
		t.port = 443
	}
	if p := u.Port(); p != "" {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return target{}, fmt.Errorf("runtime: %q has no valid port", text)
		}
		t.port = uint16(n)
	}
	t.hostPort = net.JoinHostPort(t.host, strconv.Itoa(int(t.port)))
	return t, nil
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
