package tlsio_test

import (
	"crypto/tls"
	"errors"
	"io"
	"testing"
	"time"

	"orderwire/tlsio"
	"orderwire/tlsio/record"
)

// once connects, reads until the server's greeting (tickets come before it), and ends the connection.
func once(tb testing.TB, server *tls.Config, c tlsio.Config) (info tlsio.Info, tickets int) {
	tb.Helper()
	p := serve(tb, server, func(c *tls.Conn) error {
		if _, err := c.Write([]byte("hello")); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, c)
		return err
	})
	link, err := p.connect(tb, c)
	if err != nil {
		tb.Fatal(err)
	}
	defer link.Wipe()
	s := newStream(link, p.near, 0)
	if text, err := s.read(5); err != nil || string(text) != "hello" {
		tb.Fatalf("%q, %v", text, err)
	}
	if _, err := p.near.Write(link.AppendAlert(nil, record.AlertCloseNotify)); err != nil {
		tb.Fatal(err)
	}
	return link.Info, s.tickets
}

func TestResumption(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	pins := tlsio.PinSet{}
	pins.Add(host, tlsio.Pin{SPKI: tlsio.SPKIOf(leaf.Leaf)})
	for _, version := range []record.Version{record.TLS12, record.TLS13} {
		for _, hello := range []tlsio.Hello{tlsio.HelloGolang, tlsio.HelloChrome, tlsio.HelloFirefox} {
			t.Run(version.String()+"/"+string(hello), func(t *testing.T) {
				server := &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: uint16(version), MaxVersion: uint16(version)}
				sessions := tlsio.NewSessions(8, 0, nil)
				c := tlsio.Config{
					ServerName: host, Hello: hello, Sessions: sessions,
					Trust: tlsio.Trust{Roots: ca.pool(), Mode: tlsio.TrustPin, Pins: pins},
				}
				for i := range 4 {
					info, tickets := once(t, server, c)
					if info.Resumed != (i > 0) {
						t.Fatalf("connection %d: resumed %v", i, info.Resumed)
					}
					if version == record.TLS13 && tickets == 0 || sessions.Len() == 0 {
						t.Fatalf("connection %d: %d tickets, %d sessions", i, tickets, sessions.Len())
					}
					if len(info.PeerSPKI) != 2 {
						t.Fatalf("connection %d: chain %v", i, info.PeerSPKI)
					}
				}
				// Another policy must not live on these sessions: the pins are checked on the resumed chain too.
				other := c
				other.Trust.Pins = tlsio.PinSet{host: {{SPKI: tlsio.SPKI{1}}}}
				p := serve(t, server, nil)
				link, err := p.connect(t, other)
				wantClass(t, link, err, tlsio.ClassPin)
			})
		}
	}
}

// TestHelloRetryRequest asks for another key share, without and with a session on offer.
func TestHelloRetryRequest(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	for _, hello := range []tlsio.Hello{tlsio.HelloGolang, tlsio.HelloChrome, tlsio.HelloFirefox} {
		t.Run(string(hello), func(t *testing.T) {
			server := &tls.Config{Certificates: []tls.Certificate{leaf}, CurvePreferences: []tls.CurveID{tls.CurveP384}}
			c := tlsio.Config{
				ServerName: host, Hello: hello, Sessions: tlsio.NewSessions(8, 0, nil), Trust: tlsio.Trust{Roots: ca.pool()},
			}
			info, _ := once(t, server, c)
			if !info.Retried || info.Curve != tls.CurveP384 || info.Resumed {
				t.Fatalf("%+v", info)
			}
			p := serve(t, server, nil)
			link, err := p.connect(t, c)
			if hello == tlsio.HelloGolang {
				if err != nil || !link.Info.Resumed || !link.Info.Retried {
					t.Fatalf("%v", err)
				}
				link.Wipe()
				return
			}
			if failure := wantClass(t, link, err, tlsio.ClassLibrary); !failure.Again {
				t.Fatalf("the caller is not told to connect again: %v", err)
			}
			if info, _ := once(t, server, c); info.Resumed {
				t.Fatal("the session was not dropped")
			}
		})
	}
}

func TestSessionBounds(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{names: []string{host, "two.test", "three.test"}})
	now := time.Now()
	sessions := tlsio.NewSessions(2, time.Hour, func() time.Time { return now })
	server := &tls.Config{Certificates: []tls.Certificate{leaf}, MaxVersion: tls.VersionTLS12}
	trust := tlsio.Trust{Roots: ca.pool()}
	visit := func(name string) tlsio.Info {
		t.Helper()
		info, _ := once(t, server, tlsio.Config{ServerName: name, Sessions: sessions, Trust: trust})
		return info
	}
	// Each TLS 1.2 endpoint has one session; the third endpoint pushes the oldest out.
	for i, step := range []struct {
		name    string
		resumed bool
	}{{host, false}, {host, true}, {"two.test", false}, {"three.test", false}} {
		if visit(step.name).Resumed != step.resumed {
			t.Fatalf("visit %d to %s: resumed %v", i, step.name, !step.resumed)
		}
	}
	other := tlsio.Config{ServerName: "three.test", Sessions: sessions, Trust: tlsio.Trust{Roots: ca.pool()}}
	if info, _ := once(t, server, other); info.Resumed {
		t.Fatal("another pool of roots lives on this one's session")
	}
	if sessions.Len() != 2 || visit(host).Resumed {
		t.Fatalf("%d sessions in a cache of 2", sessions.Len())
	}
	now = now.Add(time.Hour + time.Second)
	if visit(host).Resumed {
		t.Fatal("an expired session was used")
	}
	sessions.Clear()
	if sessions.Len() != 0 || visit(host).Resumed {
		t.Fatal("a cleared cache still serves")
	}
}

func TestTicketGarbage(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	sessions := tlsio.NewSessions(8, 0, nil)
	p := serve(t, &tls.Config{Certificates: []tls.Certificate{leaf}}, nil)
	link, err := p.connect(t, tlsio.Config{ServerName: host, Sessions: sessions, Trust: tlsio.Trust{Roots: ca.pool()}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range [][]byte{{24, 0, 0, 1, 0}, {4, 0, 0, 9, 1}, {4}} {
		if err := link.Ticket(text); err == nil {
			t.Fatalf("%x was taken for a ticket", text)
		}
	}
	zero := []byte{4, 0, 0, 14, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 1, 't', 0, 0} // a lifetime of zero: not kept
	if err := link.Ticket(zero); err != nil || sessions.Len() != 0 {
		t.Fatalf("%v, %d sessions", err, sessions.Len())
	}
	if err := link.Ticket([]byte{4, 0, 0, 3, 0, 0, 0}); err == nil {
		t.Fatal("a broken ticket was taken")
	}
	if err := link.Ticket(zero); err != nil {
		t.Fatalf("after the library's half was dropped: %v", err)
	}
	link.Wipe()
}

// TestKeyUpdateWithCryptoTLS asks a server of the standard library for new keys, several times, under load, and sends it ours.
func TestKeyUpdateWithCryptoTLS(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	for _, suite := range record.Suites(record.TLS13) {
		t.Run(suite.String(), func(t *testing.T) {
			p := serve(t, &tls.Config{Certificates: []tls.Certificate{leaf}}, echo)
			c := tlsio.WithSuite(tlsio.Config{ServerName: host, Trust: tlsio.Trust{Roots: ca.pool()}}, suite)
			link, err := p.connect(t, c)
			if err != nil {
				t.Fatal(err)
			}
			s := newStream(link, p.near, 0)
			for i := range 50 {
				if i%5 == 0 {
					rec, err := link.AppendKeyUpdate(nil, i%10 == 0)
					if err != nil {
						t.Fatal(err)
					}
					if _, err := p.near.Write(rec); err != nil {
						t.Fatal(err)
					}
				}
				if err := s.send([]byte("ping")); err != nil {
					t.Fatal(err)
				}
				if text, err := s.read(4); err != nil || string(text) != "ping" {
					t.Fatalf("round %d: %q, %v", i, text, err)
				}
			}
			if epoch, _ := link.Opener.Gate(); epoch != 5 || s.updates != 5 {
				t.Fatalf("the server updated %d times, epoch %d", s.updates, epoch)
			}
			if epoch, _ := link.Sealer.Gate(); epoch != 10 {
				t.Fatalf("our epoch is %d", epoch)
			}
		})
	}
}

// TestTicketAfterKeyUpdate gives the library a ticket that came under a later key.
func TestTicketAfterKeyUpdate(t *testing.T) {
	ca := newAuthority(t, "root")
	leaf := ca.issue(t, leafOptions{})
	sessions := tlsio.NewSessions(8, 0, nil)
	server := &tls.Config{Certificates: []tls.Certificate{leaf}}
	c := tlsio.Config{ServerName: host, Sessions: sessions, Trust: tlsio.Trust{Roots: ca.pool()}}
	p := serve(t, server, echo)
	link, err := p.connect(t, c)
	if err != nil {
		t.Fatal(err)
	}
	// crypto/tls sends its ticket with the handshake; hold it back until the keys have changed.
	var held []byte
	s := newStream(link, p.near, 0)
	rec, err := link.AppendKeyUpdate(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.near.Write(rec); err != nil {
		t.Fatal(err)
	}
	for held == nil || s.updates == 0 {
		ev, used, err := link.Next(s.buf)
		if err != nil {
			t.Fatal(err)
		}
		switch ev.Kind {
		case record.EventTicket:
			held = append([]byte(nil), ev.Data...)
		case record.EventKeyUpdate:
			s.updates++
		}
		s.buf = s.buf[used:]
		if used == 0 {
			if err := s.fill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := link.Ticket(held); err != nil || sessions.Len() != 1 {
		t.Fatalf("%v, %d sessions", err, sessions.Len())
	}
	if info, _ := once(t, server, c); !info.Resumed {
		t.Fatal("the ticket does not resume")
	}
	if errors.Is(link.End(), nil) {
		t.Fatal("the stream has not ended")
	}
}
