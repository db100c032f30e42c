package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"orderwire/netpoll"
	"orderwire/tlsio"
	"orderwire/tlsio/record"
	"orderwire/wsproto"
)

// Limits of a tool's WebSocket. A server can be slow, silent or hostile: each wait has an end.
const (
	openTimeout  = 10 * time.Second // resolve, connect, TLS and upgrade together
	writeTimeout = 30 * time.Second // a peer that does not read
	closeTimeout = time.Second      // how long a peer may take to end its side
	inPlaceMax   = 64 << 10         // larger frames are gathered by the reader, so that the inbox need not hold them
	messageMax   = 1 << 30          // the largest --limit and SIZE
	masksAhead   = 64
)

// wsClient is one WebSocket connection, blocking, for one goroutine.
type wsClient struct {
	conn   *netpoll.Conn
	link   *tlsio.Link // nil over ws://
	reader *wsproto.Reader
	masks  *wsproto.Masks
	cipher inbox // received over TLS, not opened
	plain  inbox // opened, not read
	frame  []byte
	sealed []byte
	halted atomic.Bool // interrupted: every wait ends at once
}

// wsTarget is a URL taken apart.
type wsTarget struct {
	secure    bool
	host      string
	port      uint16
	authority string
	path      string
}

// wsConfig says what to open.
type wsConfig struct {
	target      wsTarget
	caFile      string // "" trusts the system's roots
	subprotocol string
	limitBytes  int           // of one message, at least 1
	openTimeout time.Duration // openTimeout at most
	patience    time.Duration // how long one event may take
}

// parseWSURL accepts ws:// and wss:// only, without user and fragment (RFC 6455 section 3).
func parseWSURL(text string) (wsTarget, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "ws" && u.Scheme != "wss") || u.Hostname() == "" || u.Opaque != "" {
		return wsTarget{}, fmt.Errorf("%q is not ws://HOST[:PORT]/PATH or wss://HOST[:PORT]/PATH", text)
	}
	if u.User != nil {
		return wsTarget{}, errors.New("the URL holds a user or password: credentials do not belong there")
	}
	if u.Fragment != "" {
		return wsTarget{}, fmt.Errorf("%q has a fragment, which a WebSocket URL cannot have", text)
	}
	t := wsTarget{secure: u.Scheme == "wss", host: u.Hostname(), authority: u.Host, path: u.RequestURI(), port: 80}
	if t.secure {
		t.port = 443
	}
	if text := u.Port(); text != "" {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port == 0 {
			return wsTarget{}, fmt.Errorf("port %q is not 1..65535", text)
		}
		t.port = uint16(port)
	}
	return t, nil
}

// where is host:port, for sentences.
func (t wsTarget) where() string { return net.JoinHostPort(t.host, strconv.Itoa(int(t.port))) }

// openWS resolves, connects, handshakes and upgrades, all within c.openTimeout. A failure leaves nothing open.
func openWS(ctx context.Context, c wsConfig) (*wsClient, error) {
	roots, err := tlsio.LoadRoots(c.caFile)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.openTimeout)
	defer cancel()
	conn, err := dialTarget(ctx, c.target)
	if err != nil {
		return nil, err
	}
	w := &wsClient{
		conn:   conn,
		masks:  wsproto.NewMasks(rand.Reader, masksAhead),
		cipher: newInbox(2 * record.MaxRecord),
		plain:  newInbox(inPlaceMax + wsproto.MaxHeader + 2*record.MaxRecord),
	}
	stop := context.AfterFunc(ctx, w.interrupt)
	err = w.open(ctx, c, tlsio.Trust{Roots: roots})
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, errors.Join(err, w.drop())
	}
	return w, nil
}

func dialTarget(ctx context.Context, t wsTarget) (*netpoll.Conn, error) {
	answer, err := netpoll.NewResolver(netpoll.ResolverConfig{}).Lookup(ctx, t.host)
	if err != nil {
		return nil, err
	}
	ends := make([]netip.AddrPort, len(answer.Addrs))
	for i, addr := range answer.Addrs {
		ends[i] = netip.AddrPortFrom(addr, t.port)
	}
	return netpoll.Dial(ctx, netpoll.DialConfig{Addrs: ends, Timeout: openTimeout})
}

func (w *wsClient) open(ctx context.Context, c wsConfig, trust tlsio.Trust) error {
	if c.target.secure {
		link, err := tlsio.Handshake(ctx, w.conn, tlsio.Config{ServerName: c.target.host, Trust: trust})
		if err != nil {
			return err
		}
		w.link = link
	}
	if err := w.until(time.Now().Add(c.openTimeout)); err != nil { // ctx ends it earlier, by interrupt
		return err
	}
	if err := w.upgrade(c); err != nil {
		return fmt.Errorf("WebSocket handshake with %s failed: %w", c.target.where(), err)
	}
	w.reader = wsproto.NewReader(wsproto.ReaderConfig{MaxMessage: c.limitBytes, InPlace: min(inPlaceMax, c.limitBytes+wsproto.MaxHeader+125)})
	return nil
}

// upgrade speaks the opening handshake. What the server sent right behind its 101 stays in the inbox.
func (w *wsClient) upgrade(c wsConfig) error {
	request := wsproto.Upgrade{Host: c.target.authority, Path: c.target.path}
	if c.subprotocol != "" {
		request.Subprotocols = []string{c.subprotocol}
	}
	var nonce [16]byte
	if _, err := io.ReadFull(rand.Reader, nonce[:]); err != nil {
		return fmt.Errorf("no random bytes: %w", err)
	}
	text, err := request.AppendRequest(nil, nonce)
	if err != nil {
		return err
	}
	if err := w.write(text); err != nil {
		return err
	}
	reply := wsproto.NewUpgradeReader(&request, nonce)
	for {
		done, used, err := reply.Next(w.plain.bytes())
		if err != nil {
			return err
		}
		w.plain.take(used)
		if done {
			return nil
		}
		if used > 0 {
			continue
		}
		if err := w.fill(); err != nil {
			return w.unanswered(reply, err)
		}
	}
}

// unanswered says why the reply did not come: a refusal without its whole body is still a refusal.
func (w *wsClient) unanswered(reply *wsproto.UpgradeReader, err error) error {
	var status *wsproto.StatusError
	if end := reply.End(); errors.As(end, &status) {
		return end
	} else if errors.Is(err, io.EOF) {
		return end
	}
	return err
}

// next waits for one event, until end. Its payload lives until the next call.
func (w *wsClient) next(end time.Time) (wsproto.Event, error) {
	if err := w.until(end); err != nil {
		return wsproto.Event{}, err
	}
	for {
		ev, used, err := w.reader.Next(w.plain.bytes())
		if err != nil {
			return ev, err
		}
		w.plain.take(used)
		if ev.Kind != wsproto.EventNone {
			return ev, nil
		}
		if time.Now().After(end) { // a stream that never pauses and never says anything meets no deadline of the socket
			return ev, os.ErrDeadlineExceeded
		}
		if used > 0 {
			continue
		}
		if err := w.fill(); errors.Is(err, io.EOF) {
			return ev, cmp.Or(w.reader.End(), err)
		} else if err != nil {
			return ev, err
		}
	}
}

// until sets the deadline of all waits. After an interrupt they end at once.
func (w *wsClient) until(end time.Time) error {
	if err := w.conn.SetDeadline(end); err != nil {
		return err
	}
	if w.halted.Load() {
		w.interrupt()
	}
	return nil
}

// send sends one whole message and returns when the kernel has it.
func (w *wsClient) send(op wsproto.Opcode, payload []byte) error {
	if w.masks.Left() == 0 {
		if err := w.masks.Fill(); err != nil {
			return err
		}
	}
	if need := wsproto.MaxHeader + len(payload); cap(w.frame) < need {
		w.frame = make([]byte, need)
	}
	frame := w.frame[:wsproto.MaxHeader+len(payload)]
	copy(frame[wsproto.MaxHeader:], payload)
	from, size := wsproto.FrameInPlace(frame, wsproto.MaxHeader, len(payload), op, w.masks.Next())
	if err := w.until(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	return w.write(frame[from : from+size])
}

// write seals text into records, where there is TLS, and writes it all.
func (w *wsClient) write(text []byte) error {
	if w.link == nil {
		_, err := w.conn.Write(text)
		return err
	}
	if w.sealed == nil {
		w.sealed = make([]byte, record.MaxHead+record.MaxPlaintext+record.MaxTail)
	}
	for len(text) > 0 {
		if err := w.control(); err != nil {
			return err
		}
		if w.link.Left() == 0 {
			return errors.New("the TLS key is used up: connect again")
		}
		n := copy(w.sealed[record.MaxHead:record.MaxHead+record.MaxPlaintext], text)
		from, to := w.link.SealInPlace(w.sealed, record.MaxHead, n)
		if _, err := w.conn.Write(w.sealed[from:to]); err != nil {
			return err
		}
		text = text[n:]
	}
	return nil
}

// control sends the TLS record that must leave before the next data, if there is one.
func (w *wsClient) control() error {
	if w.link == nil || !w.link.PendingControl() {
		return nil
	}
	out, err := w.link.AppendControl(nil)
	if err != nil {
		return err
	}
	_, err = w.conn.Write(out)
	return err
}

// fill adds at least one byte to the plain inbox.
func (w *wsClient) fill() error {
	if w.link == nil {
		return w.plain.read(w.conn)
	}
	for {
		ev, used, err := w.link.Next(w.cipher.bytes())
		if err != nil {
			return w.alert(err)
		}
		if ev.Kind == record.EventData {
			w.plain.put(ev.Data)
		}
		w.cipher.take(used)
		if err := w.control(); err != nil {
			return err
		}
		switch {
		case ev.Kind == record.EventData && len(ev.Data) > 0:
			return nil
		case ev.Kind == record.EventCloseNotify:
			return io.EOF
		case used == 0:
			if err := w.cipher.read(w.conn); err != nil {
				return err
			}
		}
	}
}

// alert tells the peer what was wrong with its record; err is what counts.
func (w *wsClient) alert(err error) error {
	if out := w.link.AppendError(nil, err); len(out) > 0 {
		_, late := w.conn.Write(out)
		return errors.Join(err, late)
	}
	return err
}

// interrupt ends every wait under way.
func (w *wsClient) interrupt() {
	w.halted.Store(true)
	_ = w.conn.SetDeadline(time.Unix(1, 0)) // it fails on a closed connection only, where nothing waits
}

// finish says the last words: a Close frame (code 0 sends none), close_notify, then the socket, which is closed when the
// peer has ended its side, so that the last words are not lost in a reset. All of it takes closeTimeout at most.
func (w *wsClient) finish(code uint16, reason string) error {
	end := time.Now().Add(closeTimeout)
	if err := w.conn.SetDeadline(end); err != nil {
		return errors.Join(err, w.drop())
	}
	said := w.lastWords(code, reason)
	if errors.Is(said, syscall.EPIPE) || errors.Is(said, syscall.ECONNRESET) {
		return w.drop() // the peer has gone: there is nobody to say anything to
	}
	if said == nil {
		w.drain(end)
	}
	return errors.Join(said, w.drop())
}

func (w *wsClient) lastWords(code uint16, reason string) error {
	if w.link != nil && w.link.Finished() {
		return nil // an alert was the last word
	}
	if code != 0 {
		payload := wsproto.AppendClose(make([]byte, wsproto.MaxHeader, 256), code, reason)
		if w.masks.Left() == 0 {
			if err := w.masks.Fill(); err != nil {
				return err
			}
		}
		from, size := wsproto.FrameInPlace(payload, wsproto.MaxHeader, len(payload)-wsproto.MaxHeader, wsproto.OpClose, w.masks.Next())
		if err := w.write(payload[from : from+size]); err != nil {
			return err
		}
	}
	if w.link == nil {
		return nil
	}
	if err := w.control(); err != nil {
		return err
	}
	_, err := w.conn.Write(w.link.AppendAlert(nil, record.AlertCloseNotify))
	return err
}

// drain reads and forgets what the peer still sends, until it ends its side or time is up.
func (w *wsClient) drain(end time.Time) {
	var sink [4096]byte
	for time.Now().Before(end) {
		if _, err := w.conn.Read(sink[:]); err != nil {
			return // end, reset or deadline: in each case there is nothing more to wait for
		}
	}
}

// drop closes the socket and forgets the keys.
func (w *wsClient) drop() error {
	if w.link != nil {
		w.link.Wipe()
	}
	if err := w.conn.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}
