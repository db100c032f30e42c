package tlsio

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	utls "github.com/refraction-networking/utls"

	"orderwire/tlsio/record"
)

var (
	// ErrTrailing: the server sent handshake data behind its Finished, under keys that do not cover it (CVE-2025-61730).
	ErrTrailing = errors.New("tlsio: data behind the server's Finished")
	// ErrPolicy: the library accepted something that this room does not (version, suite, protocol).
	ErrPolicy = errors.New("tlsio: the server chose what the policy forbids")

	errKeyLogLine = errors.New("tlsio: malformed key log line")
)

// Class says what kind of failure a handshake met, for callers that decide on it.
type Class uint8

// The classes of handshake failures.
const (
	ClassProtocol         Class = iota // the peer broke a rule of TLS
	ClassTimeout                       // deadline or cancellation
	ClassNetwork                       // the connection failed or ended
	ClassName                          // the certificate is for another name
	ClassExpired                       // a certificate of the chain has expired
	ClassNotYetValid                   // a certificate of the chain is not valid yet
	ClassSelfSigned                    // the server's certificate signed itself
	ClassUnknownAuthority              // no chain to a trusted root
	ClassCertificate                   // the chain is wrong in another way
	ClassPin                           // the chain is good, but no pin matches
	ClassVersion                       // no common protocol version
	ClassSuite                         // no common cipher suite
	ClassAlert                         // the server sent an alert
	ClassNotTLS                        // the server does not speak TLS
	ClassTrailing                      // handshake data where none may be
	ClassLibrary                       // the handshake library failed by itself
	ClassConfig                        // the configuration cannot work
)

var classNames = [...]string{
	"protocol", "timeout", "network", "wrong-name", "expired", "not-yet-valid", "self-signed", "unknown-authority",
	"certificate", "pin-mismatch", "version", "suite", "alert", "not-tls", "trailing-data", "library", "config",
}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "unknown"
}

// HandshakeError says what failed, where, and what can be done. It never carries a secret.
type HandshakeError struct {
	Host  string
	Class Class
	What  string // what failed, in one clause
	Fix   string // what the reader can do about it; may be empty
	Err   error  // the cause
	// Again: nothing is wrong with the server. A session was offered that did not work out; it was dropped, and a new connection
	// made at once will do a full handshake.
	Again bool
}

func (e *HandshakeError) Error() string {
	text := "tlsio: " + e.Host + ": " + e.What
	if e.Err != nil {
		text += ": " + strings.TrimPrefix(e.Err.Error(), "tlsio: ")
	}
	if e.Fix != "" {
		text += " (" + e.Fix + ")"
	}
	return text
}

func (e *HandshakeError) Unwrap() error { return e.Err }

// explain turns any failure of a handshake into a HandshakeError.
func explain(host string, err error) error {
	var done *HandshakeError
	if errors.As(err, &done) {
		return err
	}
	e := &HandshakeError{Host: host, Err: err, Class: ClassProtocol, What: "TLS handshake failed"}
	var (
		verification *utls.CertificateVerificationError
		header       utls.RecordHeaderError
		timeout      net.Error
		ours         *record.AlertError
		pin          *PinError
		panicking    *libraryPanic
	)
	switch {
	case errors.As(err, &panicking):
		e.Class, e.Fix = ClassLibrary, "try another hello"
	case errors.As(err, &pin):
		e.Class, e.What = ClassPin, "certificate pins refused the server"
		e.Fix = "if the change is genuine, check it with `orderwire certs` from another network and update the pins"
	case errors.As(err, &verification):
		explainChain(e, verification)
	case errors.As(err, &header) && header.Conn != nil:
		e.Class, e.What, e.Fix = ClassNotTLS, "the server does not speak TLS", "check the port and the scheme"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		e.Class, e.What, e.Fix = ClassTimeout, "TLS handshake did not end in time", "check the network path, or allow more time"
	case errors.Is(err, ErrTrailing):
		e.Class, e.What, e.Fix = ClassTrailing, "TLS handshake refused", "do not trust this server: its stream may have been tampered with"
	case errors.As(err, &ours):
		e.Class = ClassProtocol
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Class, e.What, e.Fix = ClassNetwork, "the server ended the connection during the TLS handshake", "check that the port speaks TLS and that the server accepts this client"
	case errors.As(err, &timeout) && timeout.Timeout():
		e.Class, e.What, e.Fix = ClassTimeout, "TLS handshake did not end in time", "check the network path, or allow more time"
	default:
		explainText(e, err)
	}
	return e
}

// explainChain splits the reasons for which a chain is refused.
func explainChain(e *HandshakeError, verification *utls.CertificateVerificationError) {
	e.Class, e.What = ClassCertificate, "the server's certificate is refused"
	var (
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
	)
	chain := verification.UnverifiedCertificates
	switch err := verification.Err; {
	case errors.As(err, &name):
		e.Class, e.Fix = ClassName, "check the host name, or connect to the name that the certificate carries"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired && strings.Contains(invalid.Detail, "is before"):
		e.Class, e.Fix = ClassNotYetValid, "check this machine's clock"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Class, e.Fix = ClassExpired, "the server must renew it; check this machine's clock"
	case errors.As(err, &unknown) && len(chain) > 0 && selfSigned(chain[0]):
		e.Class, e.Fix = ClassSelfSigned, "if it is yours, put its certificate authority into a PEM file and name that file as the root"
	case errors.As(err, &unknown) && len(chain) == 1:
		e.Class, e.Fix = ClassUnknownAuthority, "the server sent no intermediate certificate, or its authority is not among the roots: see `orderwire certs`"
	case errors.As(err, &unknown):
		e.Class, e.Fix = ClassUnknownAuthority, "its authority is not among the roots: see `orderwire certs`"
	}
}

func selfSigned(c *x509.Certificate) bool {
	return string(c.RawIssuer) == string(c.RawSubject) && c.CheckSignatureFrom(c) == nil ||
		c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// explainText sorts what the library only says in words.
func explainText(e *HandshakeError, err error) {
	var operation *net.OpError
	text := err.Error()
	switch {
	case strings.Contains(text, "unsupported protocol version"), strings.Contains(text, "protocol version not supported"),
		strings.Contains(text, "downgrade attempt"):
		e.Class, e.What, e.Fix = ClassVersion, "no protocol version in common", "this program speaks TLS 1.2 and 1.3 only"
	case strings.Contains(text, "unconfigured cipher suite"):
		e.Class, e.What, e.Fix = ClassSuite, "no cipher suite in common", "this program speaks AEAD suites with ephemeral keys only"
	case errors.As(err, &operation) && operation.Op == "remote error":
		e.Class, e.What = ClassAlert, "the server refused the TLS handshake"
		e.Fix = "see the server's log; it may ask for another version, another name or a client certificate"
	case errors.As(err, &operation) && operation.Op != "local error":
		e.Class, e.What = ClassNetwork, "the connection failed during the TLS handshake"
	}
}

// panicked turns a panic of the library into an error that says so.
func panicked(value any) error {
	return &libraryPanic{text: fmt.Sprint(value)}
}

type libraryPanic struct{ text string }

func (p *libraryPanic) Error() string { return "tlsio: the handshake library panicked: " + p.text }
