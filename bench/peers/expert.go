package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"time"
)

// expert is what one who knows Go and the protocols writes with the standard library alone: crypto/tls over a raw
// descriptor, frames put together by hand.
type expert struct {
	conn   *tls.Conn
	order  *carefulOrder
	frame  []byte
	masks  [4096]byte
	nextAt int
	in     []byte
	have   int

	shadow      *tls.Conn
	shadowOrder *carefulOrder
	far         *spinConn
	sink        []byte
}

func newExpert(t *target, rehearsed bool) (client, error) {
	config, err := t.tlsConfig()
	if err != nil {
		return nil, err
	}
	raw, err := dialSpin(t)
	if err != nil {
		return nil, err
	}
	e := &expert{conn: tls.Client(raw, config), order: newCarefulOrder(t), frame: make([]byte, 0, 2048), in: make([]byte, 64<<10), sink: make([]byte, 4096)}
	e.nextAt = len(e.masks)
	if err := e.upgrade(t); err != nil {
		return nil, err
	}
	if !rehearsed {
		return e, nil
	}
	e.shadowOrder = newCarefulOrder(&target{key: t.key, secret: "not the real one"})
	return &rehearsingExpert{e}, e.openShadow()
}

// upgrade speaks the opening handshake (RFC 6455 section 4).
func (e *expert) upgrade(t *target) error {
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(e.conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n",
		t.path, t.address(), base64.StdEncoding.EncodeToString(nonce[:])); err != nil {
		return err
	}
	// The far end sends nothing behind its answer until it is asked.
	reply, err := http.ReadResponse(bufio.NewReaderSize(e.conn, 4096), nil)
	if err != nil {
		return err
	}
	if reply.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("upgrade: %s", reply.Status)
	}
	return nil
}

func (e *expert) push(id uint64, price, qty int64) error {
	return e.write(e.conn, e.order.build(id, price, qty))
}

// write masks payload into one text frame and sends it as one record.
func (e *expert) write(conn *tls.Conn, payload []byte) error {
	if e.nextAt == len(e.masks) {
		if _, err := rand.Read(e.masks[:]); err != nil {
			return err
		}
		e.nextAt = 0
	}
	mask := e.masks[e.nextAt : e.nextAt+4]
	e.nextAt += 4
	f := append(e.frame[:0], 0x81, 0x80|126, byte(len(payload)>>8), byte(len(payload)))
	f = append(append(f, mask...), payload...)
	word := binary.LittleEndian.Uint32(mask)
	wide := uint64(word) | uint64(word)<<32
	body := f[8:]
	for len(body) >= 8 {
		binary.LittleEndian.PutUint64(body, binary.LittleEndian.Uint64(body)^wide)
		body = body[8:]
	}
	for i := range body {
		body[i] ^= mask[i&3]
	}
	_, err := conn.Write(f)
	return err
}

func (e *expert) answer() (ack, error) {
	for {
		if payload, size := frameOf(e.in[:e.have]); size > 0 {
			a, err := carefulAck(payload)
			e.have = copy(e.in, e.in[size:e.have])
			return a, err
		}
		n, err := e.conn.Read(e.in[e.have:])
		if err != nil {
			return ack{}, err
		}
		e.have += n
	}
}

// frameOf is the payload of the first whole text frame of in, and the frame's size; 0 where there is none.
func frameOf(in []byte) (payload []byte, size int) {
	if len(in) < 2 {
		return nil, 0
	}
	head, n := 2, int(in[1])
	if n == 126 {
		if len(in) < 4 {
			return nil, 0
		}
		head, n = 4, int(binary.BigEndian.Uint16(in[2:]))
	}
	if len(in) < head+n {
		return nil, 0
	}
	return in[head : head+n], head + n
}

func (e *expert) suite() string { return tls.CipherSuiteName(e.conn.ConnectionState().CipherSuite) }

// rehearsingExpert is an expert with a shadow connection.
type rehearsingExpert struct{ *expert }

// rehearse pushes one order on the shadow and takes what arrives off its far end.
func (e *rehearsingExpert) rehearse() error {
	if err := e.write(e.shadow, e.shadowOrder.build(1, 6412345, 1000)); err != nil {
		return err
	}
	for {
		n, errno := rawRead(e.far.fd, e.sink)
		if errno != 0 || n < len(e.sink) {
			return nil // empty
		}
	}
}

// openShadow makes a TLS connection inside this process. Its far end never opens a record.
func (e *expert) openShadow() error {
	near, far, err := pair()
	if err != nil {
		return err
	}
	nearConn, err1 := newSpinConn(near)
	farConn, err2 := newSpinConn(far)
	certificate, pool, err3 := ownCertificate()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	e.far = farConn
	e.shadow = tls.Client(nearConn, &tls.Config{RootCAs: pool, ServerName: "shadow", DynamicRecordSizingDisabled: true})
	done := make(chan error, 1)
	go func() {
		server := tls.Server(farConn, &tls.Config{Certificates: []tls.Certificate{certificate}, SessionTicketsDisabled: true})
		done <- server.Handshake()
	}()
	return errors.Join(e.shadow.Handshake(), <-done)
}

func ownCertificate() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"shadow"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool, nil
}

var _ rehearser = (*rehearsingExpert)(nil)
