package tlsio

import (
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"net"
	"slices"

	utls "github.com/refraction-networking/utls"

	"orderwire/tlsio/record"
)

// libraryConfig translates a Config for the library. Verification is the library's own and stays on.
func libraryConfig(c Config, keys *secrets) *utls.Config {
	lib := &utls.Config{
		ServerName:                         c.ServerName,
		RootCAs:                            c.Trust.Roots,
		Rand:                               c.Rand,
		Time:                               c.Time,
		MinVersion:                         uint16(c.minVersion()),
		MaxVersion:                         uint16(c.maxVersion()),
		NextProtos:                         c.protocols(),
		KeyLogWriter:                       keys,
		CipherSuites:                       c.narrow(suites12()),
		SessionTicketsDisabled:             c.Sessions == nil,
		OmitEmptyPsk:                       true,
		PreferSkipResumptionOnNilExtension: true,
		Renegotiation:                      utls.RenegotiateNever,
	}
	if lib.Rand == nil {
		lib.Rand = rand.Reader
	}
	for _, curve := range c.Curves {
		lib.CurvePreferences = append(lib.CurvePreferences, utls.CurveID(curve))
	}
	if c.Certificate != nil {
		mine := libraryCertificate(c.Certificate)
		lib.GetClientCertificate = func(request *utls.CertificateRequestInfo) (*utls.Certificate, error) {
			// A certificate that the server cannot use ends the handshake: to go on without it would look like success.
			if request.Version == utls.VersionTLS12 {
				open := *request
				open.AcceptableCAs = nil // a list that leaves ours out is a hint, not a rule: the server decides
				return &mine, open.SupportsCertificate(&mine)
			}
			return &mine, nil // the library looks for a common scheme by itself, and sends the alert
		}
	}
	return lib
}

func libraryCertificate(c *tls.Certificate) utls.Certificate {
	out := utls.Certificate{
		Certificate: c.Certificate, PrivateKey: c.PrivateKey, OCSPStaple: c.OCSPStaple,
		SignedCertificateTimestamps: c.SignedCertificateTimestamps, Leaf: c.Leaf,
	}
	for _, scheme := range c.SupportedSignatureAlgorithms {
		out.SupportedSignatureAlgorithms = append(out.SupportedSignatureAlgorithms, utls.SignatureScheme(scheme))
	}
	if out.SupportedSignatureAlgorithms == nil {
		for _, scheme := range defaultSignatures {
			out.SupportedSignatureAlgorithms = append(out.SupportedSignatureAlgorithms, utls.SignatureScheme(scheme))
		}
	}
	return out
}

// defaultSignatures leaves out SHA-1, which utls still offers and would still sign with. Source: RFC 9155.
var defaultSignatures = []tls.SignatureScheme{
	tls.PSSWithSHA256, tls.ECDSAWithP256AndSHA256, tls.Ed25519, tls.PSSWithSHA384, tls.PSSWithSHA512,
	tls.PKCS1WithSHA256, tls.PKCS1WithSHA384, tls.PKCS1WithSHA512, tls.ECDSAWithP384AndSHA384, tls.ECDSAWithP521AndSHA512,
}

func suites12() []uint16 {
	var list []uint16
	for _, suite := range record.Suites(record.TLS12) {
		list = append(list, uint16(suite))
	}
	return list
}

// newClient makes the library's connection over the gate with the chosen hello.
func newClient(g *gate, c Config, lib *utls.Config) (*utls.UConn, error) {
	var parrot utls.ClientHelloID
	switch c.hello() {
	case HelloGolang:
		return newGolang(g, c, lib)
	case HelloChrome:
		parrot = utls.HelloChrome_Auto
	case HelloFirefox:
		parrot = utls.HelloFirefox_Auto
	default:
		return nil, &HandshakeError{Class: ClassConfig, What: fmt.Sprintf("unknown hello %q", c.Hello), Fix: "use golang, chrome or firefox"}
	}
	spec, err := utls.UTLSIdToSpec(parrot)
	if err != nil {
		return nil, fmt.Errorf("tlsio: hello %s: %w", c.hello(), err)
	}
	edit(&spec, c)
	client := utls.UClient(g, lib, utls.HelloCustom)
	if err := client.ApplyPreset(&spec); err != nil {
		return nil, fmt.Errorf("tlsio: hello %s: %w", c.hello(), err)
	}
	return client, nil
}

// newGolang makes a connection with Go's own hello.
func newGolang(g *gate, c Config, lib *utls.Config) (*utls.UConn, error) {
	client := utls.UClient(g, lib, utls.HelloGolang)
	if err := client.BuildHandshakeState(); err != nil {
		return nil, fmt.Errorf("tlsio: hello golang: %w", err)
	}
	hello := client.HandshakeState.Hello
	hello.CipherSuites = c.narrow(hello.CipherSuites)
	hello.SupportedSignatureAlgorithms = nil
	for _, scheme := range c.signatures() {
		hello.SupportedSignatureAlgorithms = append(hello.SupportedSignatureAlgorithms, utls.SignatureScheme(scheme))
	}
	return client, nil
}

// narrow leaves out the suites that were not asked for; a browser's GREASE stays.
func (c Config) narrow(list []uint16) []uint16 {
	if c.suites == nil {
		return list
	}
	return slices.DeleteFunc(slices.Clone(list), func(id uint16) bool {
		return id&0x0f0f != 0x0a0a && !slices.Contains(c.suites, record.Suite(id))
	})
}

// finiteField tells a group of RFC 7919, which Firefox offers and the library cannot use.
func finiteField(id utls.CurveID) bool { return id>>8 == 1 }

// usableShares leaves out the key shares behind the first plain curve: the library keeps one plain key only, and fails when a
// server takes another. Without the share, such a server asks again for it.
func usableShares(shares []utls.KeyShare) []utls.KeyShare {
	for i, share := range shares {
		switch share.Group {
		case utls.X25519, utls.CurveP256, utls.CurveP384, utls.CurveP521:
			return shares[:i+1]
		}
	}
	return shares
}

// edit changes a browser's hello where it would be a lie: it asks for HTTP/1.1 (no HTTP/2, so no application settings either),
// names no version that is not accepted, offers nothing that the library cannot do, sends no IP address as a server name, and can resume.
func edit(spec *utls.ClientHelloSpec, c Config) {
	spec.CipherSuites = c.narrow(spec.CipherSuites)
	spec.TLSVersMin, spec.TLSVersMax = 0, 0 // so that the list of versions below decides
	kept := spec.Extensions[:0]
	for _, extension := range spec.Extensions {
		switch e := extension.(type) {
		case *utls.ALPNExtension:
			if len(c.protocols()) == 0 {
				continue
			}
			e.AlpnProtocols = c.protocols()
		case *utls.ApplicationSettingsExtension, *utls.ApplicationSettingsExtensionNew:
			continue
		case *utls.SNIExtension:
			if net.ParseIP(c.ServerName) != nil {
				continue
			}
		case *utls.SupportedVersionsExtension:
			e.Versions = slices.DeleteFunc(slices.Clone(e.Versions), func(v uint16) bool {
				version := record.Version(v)
				return version >= 0x0300 && version <= record.TLS13 && (version < c.minVersion() || version > c.maxVersion())
			})
		case *utls.RenegotiationInfoExtension:
			e.Renegotiation = utls.RenegotiateNever // it is announced, and never done
		case *utls.SupportedCurvesExtension:
			e.Curves = slices.DeleteFunc(slices.Clone(e.Curves), func(id utls.CurveID) bool { return finiteField(id) })
		case *utls.KeyShareExtension:
			e.KeyShares = usableShares(e.KeyShares)
		case *utls.SessionTicketExtension:
			if c.Sessions == nil {
				continue
			}
		case *utls.UtlsPreSharedKeyExtension:
			continue
		case *utls.FakeRecordSizeLimitExtension, *utls.FakeDelegatedCredentialsExtension:
			continue // the library only pretends, and a server may take either at its word
		}
		kept = append(kept, extension)
	}
	spec.Extensions = kept
	if c.Sessions != nil && c.maxVersion() >= record.TLS13 {
		spec.Extensions = append(spec.Extensions, &utls.UtlsPreSharedKeyExtension{}) // it must stand last: RFC 8446 §4.2.11
	}
}
