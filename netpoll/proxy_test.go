package netpoll_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"orderwire/netpoll"
)

// serve runs handle for each connection to a loopback listener, until the test ends.
func serve(t *testing.T, handle func(net.Conn)) netip.AddrPort {
	t.Helper()
	l := listen(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				handle(c)
			}()
		}
	}()
	return addrOf(l)
}

// splice joins two connections until one ends.
func splice(a, b net.Conn) {
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].Close()
			done <- struct{}{}
		}()
	}
	<-done
	<-done
}

// greeter greets at once: its first byte is glued behind the proxy's answer.
func greeter(t *testing.T) netip.AddrPort {
	return serve(t, func(c net.Conn) {
		_, _ = io.WriteString(c, "hello")
		_, _ = io.Copy(c, c)
	})
}

// httpProxy is an honest CONNECT proxy, which wants the given Basic login.
func httpProxy(t *testing.T, user, password string) netip.AddrPort {
	return serve(t, func(c net.Conn) {
		request, err := http.ReadRequest(bufio.NewReader(c))
		if err != nil || request.Method != http.MethodConnect || request.Host != request.RequestURI {
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
			return
		}
		checked := &http.Request{Header: http.Header{"Authorization": request.Header["Proxy-Authorization"]}}
		if u, p, _ := checked.BasicAuth(); u != user || p != password {
			_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
			return
		}
		out, err := net.Dial("tcp", request.Host)
		if err != nil {
			_, _ = io.WriteString(c, "HTTP/1.1 502 Bad Gateway\r\nX-Note: gone\r\n\r\n")
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 Connection established\r\nX-Note: yes\r\n\r\n")
		splice(c, out)
	})
}

// socksProxy is the part of RFC 1928 and 1929 that a client can ask for.
func socksProxy(t *testing.T, user, password string) netip.AddrPort {
	return serve(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		read := func(n int) []byte {
			b := make([]byte, n)
			_, _ = io.ReadFull(r, b)
			return b
		}
		read(int(read(2)[1]))
		if user != "" {
			_, _ = c.Write([]byte{5, 2})
			read(1)
			u := read(int(read(1)[0]))
			p := read(int(read(1)[0]))
			if string(u) != user || string(p) != password {
				_, _ = c.Write([]byte{1, 1})
				return
			}
			_, _ = c.Write([]byte{1, 0})
		} else {
			_, _ = c.Write([]byte{5, 0})
		}
		host := ""
		switch kind := read(4)[3]; kind {
		case 1:
			host = net.IP(read(4)).String()
		case 3:
			host = string(read(int(read(1)[0])))
		}
		port := binary.BigEndian.Uint16(read(2))
		out, err := net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
		if err != nil {
			_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
			return
		}
		_, _ = c.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 9})
		splice(c, out)
	})
}

func TestProxies(t *testing.T) {
	target := greeter(t).String()
	secret := func() (string, string) { return "desk", "pass:word" }
	wrong := func() (string, string) { return "desk", "guess" }
	for _, row := range []struct {
		name  string
		proxy netpoll.Proxy
		to    string
		want  error
	}{
		{"http", netpoll.Proxy{Kind: netpoll.HTTPConnect, Dial: to(httpProxy(t, "", ""))}, target, nil},
		{"http with a login", netpoll.Proxy{Kind: netpoll.HTTPConnect, Dial: to(httpProxy(t, "desk", "pass:word")), Login: secret}, target, nil},
		{"http with a wrong login", netpoll.Proxy{Kind: netpoll.HTTPConnect, Dial: to(httpProxy(t, "desk", "pass:word")), Login: wrong}, target, netpoll.ErrProxyLogin},
		{"http to nobody", netpoll.Proxy{Kind: netpoll.HTTPConnect, Dial: to(httpProxy(t, "", ""))}, refusingAddr(t).String(), netpoll.ErrProxyRefused},
		{"socks", netpoll.Proxy{Kind: netpoll.SOCKS5, Dial: to(socksProxy(t, "", ""))}, target, nil},
		{"socks by name", netpoll.Proxy{Kind: netpoll.SOCKS5, Dial: to(socksProxy(t, "", ""))}, "localhost" + target[strings.LastIndex(target, ":"):], nil},
		{"socks with a login", netpoll.Proxy{Kind: netpoll.SOCKS5, Dial: to(socksProxy(t, "desk", "pass:word")), Login: secret}, target, nil},
		{"socks with a wrong login", netpoll.Proxy{Kind: netpoll.SOCKS5, Dial: to(socksProxy(t, "desk", "pass:word")), Login: wrong}, target, netpoll.ErrProxyLogin},
		{"socks to nobody", netpoll.Proxy{Kind: netpoll.SOCKS5, Dial: to(socksProxy(t, "", ""))}, refusingAddr(t).String(), netpoll.ErrProxyRefused},
	} {
		t.Run(row.name, func(t *testing.T) {
			conn, err := row.proxy.Through(t.Context(), row.to)
			if row.want != nil {
				if !errors.Is(err, row.want) {
					t.Errorf("got %v, want %v", err, row.want)
				}
				if strings.Contains(fmt.Sprintf("%v %+v", err, row.proxy), "guess") {
					t.Error("the password is printed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			b := make([]byte, 5)
			if _, err := io.ReadFull(conn, b); err != nil || string(b) != "hello" {
				t.Errorf("through the tunnel: %q, %v", b, err)
			}
			if _, err := conn.Write([]byte("again")); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, b); err != nil || string(b) != "again" {
				t.Errorf("and back: %q, %v", b, err)
			}
		})
	}
}

func to(a netip.AddrPort) netpoll.DialConfig {
	return netpoll.DialConfig{Addrs: []netip.AddrPort{a}, Timeout: 5 * time.Second}
}

func TestProxiesThatMisbehave(t *testing.T) {
	says := func(text string) netpoll.DialConfig {
		return to(serve(t, func(c net.Conn) {
			_, _ = io.WriteString(c, text)
			_, _ = io.Copy(io.Discard, c) // read the request, so that the answer is not lost to a reset
		}))
	}
	for _, row := range []struct {
		name string
		dial netpoll.DialConfig
		want error
	}{
		{"another protocol", says("SSH-2.0-OpenSSH_9.9\r\n\r\n"), netpoll.ErrProxyTalk},
		{"a status that is none", says("HTTP/1.1 2OO OK\r\n\r\n"), netpoll.ErrProxyTalk},
		{"no end of its answer", says("HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 4000)), netpoll.ErrProxyTalk},
		{"a redirect", says("HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n"), netpoll.ErrProxyRefused},
		{"nothing", to(serve(t, func(net.Conn) {})), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			conn, err := netpoll.Proxy{Kind: netpoll.HTTPConnect, Dial: row.dial}.Through(t.Context(), "venue.test:443")
			if err == nil {
				_ = conn.Close()
				t.Fatal("connected")
			}
			if row.want != nil && !errors.Is(err, row.want) {
				t.Errorf("got %v, want %v", err, row.want)
			}
		})
	}
	for _, target := range []string{"venue.test", "venue.test:x", ":443", "a b:443", "a\r\nX:443", "user@venue.test:443", "venue.test:70000"} {
		if _, err := (netpoll.Proxy{Kind: netpoll.HTTPConnect}).Through(t.Context(), target); err == nil {
			t.Errorf("target %q was accepted", target)
		}
	}
	if _, err := (netpoll.Proxy{Kind: "gopher"}).Through(t.Context(), "venue.test:443"); err == nil {
		t.Error("an unknown kind of proxy was accepted")
	}
}

// TestProxyThatStaysSilent ends by the context: the proxy took the connection and never answers.
func TestProxyThatStaysSilent(t *testing.T) {
	for _, kind := range []netpoll.ProxyKind{netpoll.HTTPConnect, netpoll.SOCKS5} {
		t.Run(string(kind), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			dial := to(serve(t, func(c net.Conn) {
				b := make([]byte, 1)
				_, _ = c.Read(b)
				cancel()
				_, _ = io.Copy(io.Discard, c)
			}))
			conn, err := netpoll.Proxy{Kind: kind, Dial: dial}.Through(ctx, "venue.test:443")
			if err == nil {
				_ = conn.Close()
				t.Fatal("connected")
			}
		})
	}
}
