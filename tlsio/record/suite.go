package record

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
)

// Version is a protocol version as it stands on the wire.
type Version uint16

// The versions this room speaks.
const (
	TLS12 Version = 0x0303
	TLS13 Version = 0x0304
)

func (v Version) String() string {
	switch v {
	case TLS12:
		return "TLS 1.2"
	case TLS13:
		return "TLS 1.3"
	}
	return fmt.Sprintf("version 0x%04x", uint16(v))
}

// Suite is a cipher suite by its IANA number.
type Suite uint16

// The suites this room speaks: the three of TLS 1.3 and the ECDHE suites of TLS 1.2 with the same AEADs.
const (
	AES128GCM        Suite = 0x1301 // TLS_AES_128_GCM_SHA256
	AES256GCM        Suite = 0x1302 // TLS_AES_256_GCM_SHA384
	ChaCha20Poly1305 Suite = 0x1303 // TLS_CHACHA20_POLY1305_SHA256

	ECDHEECDSAAES128GCM        Suite = 0xc02b
	ECDHEECDSAAES256GCM        Suite = 0xc02c
	ECDHERSAAES128GCM          Suite = 0xc02f
	ECDHERSAAES256GCM          Suite = 0xc030
	ECDHERSAChaCha20Poly1305   Suite = 0xcca8
	ECDHEECDSAChaCha20Poly1305 Suite = 0xcca9
)

// aeadKind is the cipher of a suite.
type aeadKind uint8

const (
	kindAES128GCM aeadKind = iota
	kindAES256GCM
	kindChaCha20Poly1305
)

func (k aeadKind) gcm() bool { return k != kindChaCha20Poly1305 }

// keyLen in bytes.
func (k aeadKind) keyLen() int {
	if k == kindAES128GCM {
		return 16
	}
	return 32
}

// suiteRow is what the record layer must know of a suite.
type suiteRow struct {
	suite   Suite
	version Version
	kind    aeadKind
	sha384  bool
	name    string
}

var suiteRows = [...]suiteRow{
	{AES128GCM, TLS13, kindAES128GCM, false, "TLS_AES_128_GCM_SHA256"},
	{AES256GCM, TLS13, kindAES256GCM, true, "TLS_AES_256_GCM_SHA384"},
	{ChaCha20Poly1305, TLS13, kindChaCha20Poly1305, false, "TLS_CHACHA20_POLY1305_SHA256"},
	{ECDHEECDSAAES128GCM, TLS12, kindAES128GCM, false, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	{ECDHEECDSAAES256GCM, TLS12, kindAES256GCM, true, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
	{ECDHERSAAES128GCM, TLS12, kindAES128GCM, false, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
	{ECDHERSAAES256GCM, TLS12, kindAES256GCM, true, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
	{ECDHERSAChaCha20Poly1305, TLS12, kindChaCha20Poly1305, false, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
	{ECDHEECDSAChaCha20Poly1305, TLS12, kindChaCha20Poly1305, false, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
}

func (s Suite) row() (suiteRow, bool) {
	for _, row := range suiteRows {
		if row.suite == s {
			return row, true
		}
	}
	return suiteRow{}, false
}

func (s Suite) String() string {
	if row, ok := s.row(); ok {
		return row.name
	}
	return fmt.Sprintf("suite 0x%04x", uint16(s))
}

// Supports tells whether the record layer speaks suite s in version v.
func Supports(v Version, s Suite) bool {
	row, ok := s.row()
	return ok && row.version == v
}

// Suites lists what the record layer speaks in version v, for tables and tests.
func Suites(v Version) []Suite {
	var list []Suite
	for _, row := range suiteRows {
		if row.version == v {
			list = append(list, row.suite)
		}
	}
	return list
}

// Hash is the hash function of the suite's key schedule.
func (s Suite) Hash() func() hash.Hash {
	if row, ok := s.row(); ok && row.sha384 {
		return sha512.New384
	}
	return sha256.New
}
