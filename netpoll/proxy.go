package netpoll

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/proxy"
)

// ProxyKind is how a proxy is spoken to.
type ProxyKind string

// The kinds of proxy.
const (
	HTTPConnect ProxyKind = "http"   // RFC 9110 section 9.3.6
	SOCKS5      ProxyKind = "socks5" // RFC 1928, RFC 1929
)

// Proxy is a way round a firewall, for the cold path: never for racing unless the operator asks.
type Proxy struct {
	Kind ProxyKind
	// Dial reaches the proxy itself.
	Dial DialConfig
	// Login tells user and password. Default: none. A closure, because what hangs under a field is printed.
	Login func() (user, password string)
}

// Errors that a proxy's OpError may wrap.
var (
	ErrProxyLogin   = errors.New("the proxy wants other credentials")
	ErrProxyRefused = errors.New("the proxy refused")
	ErrProxyTalk    = errors.New("the proxy does not speak this protocol")
)

// maxProxyHead bounds what a CONNECT answer may have before its empty line.
const maxProxyHead = 16 << 10

// Through connects to target ("host:port") by way of the proxy. The name is resolved there, not here. The
// connection is as Dial's: not a byte behind the proxy's answer has been read.
//
// Errors: *OpError; ErrProxyLogin, ErrProxyRefused or ErrProxyTalk where the proxy was reached.
func (p Proxy) Through(ctx context.Context, target string) (*Conn, error) {
	host, port, err := net.SplitHostPort(target)
	if _, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || !plainHost(host) {
		return nil, &OpError{Op: "proxy", Addr: strconv.Quote(target), Cause: errors.New("want host:port")}
	}
	switch p.Kind {
	case HTTPConnect:
		return p.connect(ctx, target)
	case SOCKS5:
		return p.socks(ctx, target)
	}
	return nil, &OpError{Op: "proxy", Addr: target, Cause: fmt.Errorf("unknown kind of proxy %q", p.Kind)}
}

// plainHost keeps line breaks and blanks out of the request line.
func plainHost(host string) bool {
	if host == "" || len(host) > 255 {
		return false
	}
	return !strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '/' || r == '@' })
}

// connect asks an HTTP proxy for a tunnel.
func (p Proxy) connect(ctx context.Context, target string) (*Conn, error) {
	conn, err := Dial(ctx, p.Dial)
	if err != nil {
		return nil, err
	}
	stop := deadlineOf(ctx, conn, p.Dial.Timeout)
	err = p.tunnel(conn, target)
	if stopErr := stop(); err == nil {
		err = stopErr
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// tunnel writes the request and reads the answer's head, and nothing after it.
func (p Proxy) tunnel(conn *Conn, target string) error {
	var request bytes.Buffer
	fmt.Fprintf(&request, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n", target, target)
	if p.Login != nil {
		user, password := p.Login()
		login := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
		fmt.Fprintf(&request, "Proxy-Authorization: Basic %s\r\n", login)
	}
	request.WriteString("\r\n")
	if _, err := conn.Write(request.Bytes()); err != nil {
		return err
	}
	head := make([]byte, 0, 512)
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) { // byte by byte: what follows belongs to the tunnel
		if len(head) == maxProxyHead {
			return p.complain(conn, fmt.Errorf("%w: %d bytes and no end of its answer", ErrProxyTalk, maxProxyHead))
		}
		var b [1]byte
		if _, err := conn.Read(b[:]); err != nil {
			return p.complain(conn, fmt.Errorf("answer cut short: %w", err))
		}
		head = append(head, b[0])
	}
	return p.judge(conn, string(head))
}

// judge reads the status line.
func (p Proxy) judge(conn *Conn, head string) error {
	line, _, _ := strings.Cut(head, "\r\n")
	version, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	switch {
	case err != nil || len(code) != 3 || version != "HTTP/1.1" && version != "HTTP/1.0":
		return p.complain(conn, fmt.Errorf("%w: it answered %s", ErrProxyTalk, strconv.Quote(line[:min(len(line), 80)])))
	case status >= 200 && status < 300:
		return nil
	case status == 407:
		return p.complain(conn, ErrProxyLogin)
	}
	return p.complain(conn, fmt.Errorf("%w with status %d", ErrProxyRefused, status))
}

func (p Proxy) complain(conn *Conn, cause error) error {
	return &OpError{Op: "proxy", Addr: conn.Remote().String(), Cause: cause}
}

// socks lets the library speak, over a connection of ours.
func (p Proxy) socks(ctx context.Context, target string) (*Conn, error) {
	var login *proxy.Auth
	if p.Login != nil {
		user, password := p.Login()
		login = &proxy.Auth{User: user, Password: password}
	}
	forward := &forwarder{config: p.Dial}
	dialer, err := proxy.SOCKS5("tcp", "proxy", login, forward)
	if err != nil {
		return nil, &OpError{Op: "proxy", Addr: target, Cause: err}
	}
	_, err = dialer.(proxy.ContextDialer).DialContext(ctx, "tcp", target)
	if forward.conn == nil {
		return nil, forward.err
	}
	if err == nil {
		err = forward.stop()
	}
	if err != nil {
		cause := fmt.Errorf("%w: %w", ErrProxyRefused, err)
		// The library tells no kinds of failure apart but by their text; a login is what the user can mend.
		if strings.Contains(err.Error(), "authentication") {
			cause = fmt.Errorf("%w: %w", ErrProxyLogin, err)
		}
		return nil, errors.Join(&OpError{Op: "proxy", Addr: forward.conn.Remote().String(), Cause: cause}, closeQuietly(forward.conn))
	}
	return forward.conn, nil
}

// closeQuietly closes c, which the library may have closed already.
func closeQuietly(c *Conn) error {
	if err := c.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// forwarder dials the proxy for the SOCKS5 library, and keeps the connection: the library wraps its own type around it.
type forwarder struct {
	config DialConfig
	conn   *Conn
	stop   func() error
	err    error
}

// Dial is DialContext without one.
func (f *forwarder) Dial(network, address string) (net.Conn, error) {
	return f.DialContext(context.Background(), network, address)
}

// DialContext connects to the configured proxy, whatever the address says.
func (f *forwarder) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	f.conn, f.err = Dial(ctx, f.config)
	if f.err != nil {
		return nil, f.err
	}
	f.stop = deadlineOf(ctx, f.conn, f.config.Timeout)
	return f.conn, nil
}

// deadlineOf ends reads and writes on conn with ctx, or after timeout. stop lifts that again, and tells the
// context's error if it came first.
func deadlineOf(ctx context.Context, conn *Conn, timeout time.Duration) (stop func() error) {
	if timeout <= 0 {
		timeout = defaultDialTimeout
	}
	limit := time.Now().Add(timeout)
	if t, ok := ctx.Deadline(); ok && t.Before(limit) {
		limit = t
	}
	if err := conn.SetDeadline(limit); err != nil {
		return func() error { return err }
	}
	release := context.AfterFunc(ctx, func() {
		_ = conn.SetDeadline(time.Unix(1, 0)) // fails only on a closed connection, which needs no ending
	})
	return func() error {
		if !release() {
			return &OpError{Op: "proxy", Addr: conn.Remote().String(), Cause: ctx.Err()}
		}
		return conn.SetDeadline(time.Time{})
	}
}
